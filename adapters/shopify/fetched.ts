// The order as the GraphQL Admin API gives it: https://shopify.dev/docs/api/admin-graphql/2026-07/objects/Order
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { Currency } from '../../core/money.ts';
import { text } from '../fields.ts';
import { readPayload } from '../payload.ts';
import { Amount, isUnclear, type LineUnits, OffsetInstant, PAYLOAD, type SoldLine, type SoldOrder, Units } from './order.ts';
import { digitsOf } from './settings.ts';

function gidOf(noun: string) {
  return z.string().regex(new RegExp(`^gid://shopify/${noun}/[1-9]\\d{0,19}$`), { error: `must be gid://shopify/${noun}/<digits>` });
}

const Money = z.object({ shopMoney: z.object({ amount: Amount }) });
const LineId = gidOf('LineItem');

const Line = z.object({
  id: LineId,
  sku: text,
  title: text,
  quantity: Units,
  currentQuantity: Units,
  unfulfilledQuantity: Units,
  requiresShipping: z.boolean(),
  isGiftCard: z.boolean(),
  originalUnitPriceSet: Money,
});
type Line = z.infer<typeof Line>;

const ShippingAddress = z.object({
  firstName: text,
  lastName: text,
  name: text,
  company: text,
  address1: text,
  address2: text,
  city: text,
  province: text,
  provinceCode: text,
  zip: text,
  countryCodeV2: text,
  phone: text,
});

const FetchedOrder = z.object({
  id: gidOf('Order'),
  name: z.string(),
  createdAt: OffsetInstant,
  updatedAt: OffsetInstant,
  cancelledAt: text,
  test: z.boolean(),
  displayFinancialStatus: text,
  displayFulfillmentStatus: z.string(),
  currencyCode: Currency,
  currentTotalPriceSet: Money,
  email: text,
  phone: text,
  customerLocale: text,
  shippingAddress: ShippingAddress.nullish(),
  lineItems: z.array(Line),
});
type FetchedOrder = z.infer<typeof FetchedOrder>;

const LineQuantity = z.object({ lineId: LineId, quantity: Units });

const FetchedBody = z.object({
  order: FetchedOrder,
  /** What left in fulfilments that succeeded, from our locations alone where those count; null where the counts of the lines say enough. */
  shipped: z.array(LineQuantity).nullable(),
  /** What is left in fulfilment orders that are ours, and when any of them last changed; null where all of an order is ours. */
  assigned: z.object({ lines: z.array(LineQuantity), changedAt: OffsetInstant.nullable() }).nullable(),
});
type FetchedBody = z.infer<typeof FetchedBody>;

/** Units of a line of an order. */
export type LineQuantity = z.infer<typeof LineQuantity>;

/** What is known of an order's units beside the counts of its lines. */
export type KnownUnits = Pick<FetchedBody, 'shipped' | 'assigned'>;

/** Writes a body for `readFetched`. */
export function writeFetched(order: object, units: KnownUnits): Buffer {
  return Buffer.from(JSON.stringify({ order, ...units }));
}

/** Reads an order as it was fetched. @throws Rejected with the field and the value that cannot be read */
export function readFetched(bytes: Buffer): SoldOrder {
  const { order, shipped, assigned } = readPayload(FetchedBody, parseJson(bytes), PAYLOAD);
  const shippedUnits = shipped === null ? null : unitsByLine(shipped);
  const assignedUnits = assigned === null ? null : unitsByLine(assigned.lines);
  const { shippingAddress: address } = order;
  return {
    id: digitsOf(order.id),
    number: order.name,
    createdAt: order.createdAt,
    // What is assigned to us changes without the order.
    updatedAt: later(order.updatedAt, assigned?.changedAt),
    cancelledAt: order.cancelledAt,
    test: order.test,
    financialStatus: (order.displayFinancialStatus ?? '').toLowerCase(),
    currency: order.currencyCode,
    total: order.currentTotalPriceSet.shopMoney.amount,
    lines: order.lineItems.map((line, index) => lineOf(line, index, unitsOf(line, order, shippedUnits, assignedUnits))),
    address: address && { ...address, country: address.countryCodeV2 },
    email: order.email,
    phone: order.phone,
    locale: order.customerLocale,
  };
}

function later(one: string, other: string | null | undefined): string {
  return other && Date.parse(other) > Date.parse(one) ? other : one;
}

function unitsByLine(quantities: readonly LineQuantity[]): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const { lineId, quantity } of quantities) units.set(lineId, (units.get(lineId) ?? 0) + quantity);
  return units;
}

function lineOf(line: Line, index: number, units: LineUnits): SoldLine {
  const { id, sku, title, originalUnitPriceSet } = line;
  return { id: digitsOf(id), sku, title, price: originalUnitPriceSet.shopMoney.amount, priceField: `lineItems[${index}].price`, requiresShipping: needsShipping(line), units };
}

function needsShipping({ requiresShipping, isGiftCard }: Pick<Line, 'requiresShipping' | 'isGiftCard'>): boolean {
  return requiresShipping && !isGiftCard;
}

type ByLine = ReadonlyMap<string, number> | null;

function unitsOf(line: Line, { cancelledAt, displayFulfillmentStatus }: FetchedOrder, shipped: ByLine, assigned: ByLine): LineUnits {
  const { id, quantity: sold, currentQuantity: current, unfulfilledQuantity: unfulfilled } = line;
  if (!needsShipping(line)) return { quantity: current };
  const gone = shipped?.get(id) ?? 0;
  if (assigned !== null) return { quantity: gone + (assigned.get(id) ?? 0), fulfilled: gone };
  if (cancelledAt) return { quantity: current };
  if (displayFulfillmentStatus === NOTHING_SHIPPED) return { quantity: current, fulfilled: 0 };
  if (shipped === null && !isUnclearLine(line)) return { quantity: current, fulfilled: Math.max(0, current - unfulfilled) };
  if (shipped === null) throw new Rejected(PAYLOAD.code, `${PAYLOAD.what} cannot be read: line ${digitsOf(id)} was refunded and shipped in part, and its fulfilments are missing.`);
  // Nothing shipped of it, or nothing refunded: the counts are plain, and those that the post of the same order has.
  if (gone === 0 || current === sold) return { quantity: current, fulfilled: Math.min(current, gone) };
  // Refunded units that had left are shipped all the same: what is still unfulfilled is left to ship beside them.
  return { quantity: Math.min(sold, gone + unfulfilled), fulfilled: Math.min(sold, gone) };
}

const NOTHING_SHIPPED = 'UNFULFILLED';

/** What tells whether the counts of a line are enough to know what is left to ship of it. */
const Counts = z.object({
  order: z.object({ displayFulfillmentStatus: text, cancelledAt: text }),
  lines: z.array(Line.pick({ quantity: true, currentQuantity: true, requiresShipping: true, isGiftCard: true })),
});

function isUnclearLine({ quantity, currentQuantity }: Pick<Line, 'quantity' | 'currentQuantity'>): boolean {
  return isUnclear({ sold: quantity, current: currentQuantity, shipped: true });
}

/** Whether the fulfilments of an order are needed to know what is left to ship of it. What cannot be read is refused later, by `readFetched`. */
export function needsFulfilments(order: object, lines: readonly unknown[]): boolean {
  const counts = Counts.safeParse({ order, lines }).data;
  if (counts === undefined || counts.order.cancelledAt || counts.order.displayFulfillmentStatus === NOTHING_SHIPPED) return false;
  return counts.lines.some((line) => needsShipping(line) && isUnclearLine(line));
}
