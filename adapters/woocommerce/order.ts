// The order as `GET /wc/v3/orders/{id}` and the webhooks have it: https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties
// and its refunds: https://woocommerce.github.io/woocommerce-rest-api-docs/#refund-properties
import * as z from 'zod';
import type { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import { Currency } from '../../core/money.ts';
import { MAX_QUANTITY, OrderDocument } from '../../core/order-document.ts';
import { Digits, text } from '../fields.ts';
import { type PayloadKind, readPayload, readRoundedMoney } from '../payload.ts';
import { decodeEntities } from './entities.ts';
import { Gmt, type Settings, type State, stateOf } from './settings.ts';

export const PAYLOAD: PayloadKind = {
  code: 'storefront.payload-unreadable',
  what: 'The WooCommerce order',
  personal: new Set(['billing', 'shipping', 'shipTo', 'email', 'phone']),
};

/** A millionth of a unit: sites may sell fractions, and floats do not add up. */
const MILLIONTHS = 1_000_000;
const Quantity = z
  .union([z.int().min(-1_000_000).max(1_000_000), z.string().regex(/^-?\d{1,7}(\.\d{1,20})?$/)], { error: 'must be a quantity' })
  .transform((quantity) => Math.round(Number(quantity) * MILLIONTHS));
const Amount = z.union([z.string(), z.int()], { error: 'must be a decimal such as "12.34"' });
/** Of a line in the same order: extensions write a number or text, and `""`, `0` or `false` for none. */
const LineId = z.union([z.int(), z.string(), z.literal(false)]).nullish();

const Line = z.object({
  id: Digits,
  name: text,
  sku: text,
  quantity: Quantity,
  total: Amount,
  product_id: LineId,
  variation_id: LineId,
  bundled_by: LineId,
  bundled_items: z.array(LineId).nullish(),
  composite_parent: LineId,
  composite_children: z.array(LineId).nullish(),
});
type Line = z.infer<typeof Line>;

const Fee = z.object({ id: Digits, name: text, total: Amount });

const Contact = z.object({
  first_name: text,
  last_name: text,
  company: text,
  address_1: text,
  address_2: text,
  city: text,
  state: text,
  postcode: text,
  country: text,
  phone: text,
  email: text,
});
type Contact = z.infer<typeof Contact>;

/** An order; of what it holds, the fields that are used. */
export const WooOrder = z.object({
  id: Digits,
  number: z.union([z.string(), z.int()]).nullish(),
  status: z.string(),
  currency: Currency,
  date_created_gmt: Gmt,
  date_modified_gmt: Gmt,
  total: Amount,
  needs_processing: z.boolean().nullish(),
  billing: Contact,
  shipping: Contact,
  line_items: z.array(Line),
  fee_lines: z.array(Fee),
  shipping_lines: z.array(z.object({ method_id: text })),
  refunds: z.array(z.object({ id: Digits, total: Amount.nullish() })),
});
export type WooOrder = z.infer<typeof WooOrder>;

/** A refund of an order; its lines are named by `_refunded_item_id`. */
export const Refund = z.object({
  line_items: z.array(z.object({ quantity: Quantity, product_id: LineId, variation_id: LineId, meta_data: z.array(z.unknown()).nullish() })),
});
type Refund = z.infer<typeof Refund>;
const RefundedItem = z.object({ key: z.literal('_refunded_item_id'), value: Digits });

/**
 * Turns an order and its refunds into the canonical order.
 * @returns undefined for a draft, which may never become an order
 * @throws Rejected with the field that cannot be read, or the status that nobody has explained
 */
export function documentOf(order: WooOrder, refunds: readonly Refund[], connectionId: string, settings: Settings): OrderDocument | undefined {
  const state = stateOf(order.status, settings);
  if (state === undefined) throw unknownStatus(order);
  if (state === 'draft') return undefined;
  const lines = linesOf(order, refunds, state, settings);
  const isShipped = lines.some(({ requiresShipping }) => requiresShipping);
  return readPayload(
    OrderDocument,
    {
      connectionId,
      sourceId: order.id,
      number: (String(order.number ?? '').trim() || order.id).slice(0, 60),
      sourceVersion: order.date_modified_gmt,
      placedAt: new Date(order.date_created_gmt).toISOString(),
      test: false,
      cancelled: state === 'cancelled',
      paid: state === 'paid' || state === 'shipped',
      currency: order.currency,
      total: totalOf(order),
      lines,
      shipTo: isShipped ? shipToOf(order) : null,
      email: order.billing.email || null,
      phone: order.billing.phone || order.shipping.phone || null,
      locale: settings.locale,
    } satisfies OrderDocument,
    PAYLOAD,
  );
}

function unknownStatus({ status }: WooOrder): Rejected {
  const seen = status.slice(0, 60);
  return new Rejected(
    'storefront.shape-changed',
    `The WooCommerce order has status ${JSON.stringify(seen)}, and nobody has said what it means: add it to paidStatuses, heldStatuses, cancelledStatuses or shippedStatuses in the client's file.`,
    { seen },
  );
}

/** What the customer pays: the order's total keeps what was refunded. */
function totalOf({ total, refunds, currency }: WooOrder): number {
  const refunded = refunds.reduce((sum, refund, index) => sum + Math.abs(readRoundedMoney(`refunds[${index}].total`, refund.total ?? '0', currency)), 0);
  return Math.max(0, readRoundedMoney('total', total, currency) - refunded);
}

type OrderLine = OrderDocument['lines'][number];

function linesOf(order: WooOrder, refunds: readonly Refund[], state: State, settings: Settings): OrderLine[] {
  const refunded = refundedOf(refunds, order.line_items);
  const containers = containersIn(order.line_items);
  const goods = order.line_items.map((line, index) => {
    const requiresShipping = !containers.has(line.id) && isGoods(line, order, settings);
    return lineOf({ line, field: `line_items[${index}]`, left: Math.max(0, line.quantity - (refunded.get(line.id) ?? 0)), requiresShipping }, order, state);
  });
  const lines = [...goods, ...order.fee_lines.map((fee, index) => feeOf(fee, index, order))];
  // A person may take every line off an order, and put others on it later: until then it is an order with nothing to ship.
  return lines.length > 0 ? lines : [{ lineId: 'none', sku: null, title: '', quantity: 0, unitPrice: 0, requiresShipping: false }];
}

/** An order does not say which products are virtual, only that none of them needs work; a product that was deleted since is not among those asked. */
function isGoods({ sku }: Line, { needs_processing }: WooOrder, { virtualSkus }: Settings): boolean {
  const isDeleted = sku === null || sku === undefined;
  return (needs_processing !== false || isDeleted) && !virtualSkus.includes(sku?.trim() ?? '');
}

/** Ids of lines that only hold others together: of bundles and composites, the parts are shipped. */
function containersIn(lines: readonly Line[]): ReadonlySet<string> {
  const named = lines.flatMap(({ bundled_by, composite_parent }) => [bundled_by, composite_parent].filter(Boolean).map(String));
  const naming = lines.filter(({ bundled_items, composite_children }) => (bundled_items?.length ?? 0) + (composite_children?.length ?? 0) > 0).map(({ id }) => id);
  return new Set([...named, ...naming]);
}

interface ReadLine {
  readonly line: Line;
  readonly field: string;
  /** Millionths of units that were not refunded. */
  readonly left: number;
  readonly requiresShipping: boolean;
}

function lineOf({ line, field, left, requiresShipping }: ReadLine, { currency }: WooOrder, state: State): OrderLine {
  const quantity = requiresShipping ? wholeUnits(left, field) : Math.ceil(left / MILLIONTHS);
  if (line.quantity < 0) throw new Rejected(PAYLOAD.code, `${PAYLOAD.what} cannot be read: ${field}.quantity is below 0.`, { seen: `${field}.quantity` });
  const total = readRoundedMoney(`${field}.total`, line.total, currency);
  return {
    lineId: line.id,
    sku: line.sku?.trim() || null,
    title: decodeEntities(line.name ?? '').slice(0, 300),
    quantity,
    ...(state === 'shipped' && requiresShipping && { fulfilled: quantity }),
    // `price` is a float without tax; the total of the line is exact, and what its units cost after discounts.
    unitPrice: Math.round(total / Math.max(1, Math.ceil(line.quantity / MILLIONTHS))),
    requiresShipping,
  };
}

function wholeUnits(millionths: number, field: string): number {
  const units = millionths / MILLIONTHS;
  if (Number.isInteger(units) && units <= MAX_QUANTITY) return units;
  throw new Rejected(
    'storefront.quantity-unfit',
    `The WooCommerce order cannot be shipped: ${field}.quantity leaves ${units}, and what leaves a warehouse are whole units, at most ${MAX_QUANTITY}; have the order changed, or name the SKU in virtualSkus.`,
    { seen: String(units) },
  );
}

function feeOf({ id, name, total }: z.infer<typeof Fee>, index: number, { currency }: WooOrder): OrderLine {
  const unitPrice = readRoundedMoney(`fee_lines[${index}].total`, total, currency);
  return { lineId: id, sku: null, title: decodeEntities(name ?? '').slice(0, 300), quantity: 1, unitPrice, requiresShipping: false };
}

/** Millionths of units refunded, by line; an amount that was refunded without units takes none. */
function refundedOf(refunds: readonly Refund[], lines: readonly Line[]): ReadonlyMap<string, number> {
  const refunded = new Map<string, number>();
  for (const [index, refund] of refunds.entries()) {
    for (const item of refund.line_items) {
      if (item.quantity === 0) continue;
      const lineId = refundedLine(item, lines, refunded) ?? unmatched(index);
      refunded.set(lineId, (refunded.get(lineId) ?? 0) + Math.abs(item.quantity));
    }
  }
  return refunded;
}

/** The line that an item of a refund is about: as it says, else one of its product that has enough left. */
function refundedLine(item: Refund['line_items'][number], lines: readonly Line[], refunded: ReadonlyMap<string, number>): string | undefined {
  const named = item.meta_data?.flatMap((entry) => RefundedItem.safeParse(entry).data?.value ?? [])[0];
  if (named !== undefined) return named;
  const alike = lines.filter(({ product_id, variation_id }) => String(product_id) === String(item.product_id) && String(variation_id) === String(item.variation_id));
  return (alike.find(({ id, quantity }) => quantity - (refunded.get(id) ?? 0) >= Math.abs(item.quantity)) ?? alike[0])?.id;
}

function unmatched(index: number): never {
  const seen = `refunds[${index}].line_items`;
  throw new Rejected('storefront.shape-changed', `${PAYLOAD.what} cannot be read: ${seen} names no line by _refunded_item_id, and no line has its product.`, { seen });
}

const PICKUP = /^(local_pickup|pickup_location)(:|$)/;

/** Null for pick-up. A site that ships to the billing address leaves `shipping` empty. */
function shipToOf({ shipping, billing, shipping_lines }: WooOrder): Address | null {
  if (shipping_lines.length > 0 && shipping_lines.every(({ method_id }) => PICKUP.test(method_id ?? ''))) return null;
  const theirs = [shipping, billing].find(({ address_1, address_2, city, postcode }) => [address_1, address_2, city, postcode].some((part) => part?.trim()));
  return theirs === undefined ? null : addressOf(theirs, billing);
}

function addressOf(theirs: Contact, billing: Contact): Address {
  const part = (value: string | null | undefined) => decodeEntities(value ?? '').trim();
  const [company, line2, region, postalCode] = [theirs.company, theirs.address_2, theirs.state, theirs.postcode].map(part);
  const phone = part(theirs.phone || billing.phone);
  // A country that is no two-letter code becomes an address hold, where a person can mend it.
  const country = theirs.country?.length === 2 ? theirs.country.toUpperCase() : '';
  return {
    name: [part(theirs.first_name), part(theirs.last_name)].filter(Boolean).join(' '),
    line1: part(theirs.address_1),
    city: part(theirs.city),
    country,
    ...(company && { company }),
    ...(line2 && { line2 }),
    ...(region && { region }),
    ...(postalCode && { postalCode }),
    ...(phone && { phone }),
  };
}
