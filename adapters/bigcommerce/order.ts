// https://github.com/bigcommerce/docs/blob/main/reference/orders.v2.oas2.yml, with its consignments in the object structure
import * as z from 'zod';
import type { Address } from '../../core/address.ts';
import { parseJson } from '../../core/json.ts';
import { Currency, type Minor } from '../../core/money.ts';
import { MAX_QUANTITY, OrderDocument, type OrderLine } from '../../core/order-document.ts';
import type { Delivery } from '../delivery.ts';
import { Digits, text } from '../fields.ts';
import { type PayloadKind, readPayload, readRoundedMoney } from '../payload.ts';
import type { Parsed } from '../storefront.ts';
import { OrderDate } from './date.ts';
import { regionOf } from './regions.ts';
import type { Settings } from './settings.ts';
import { STATUSES, type Standing } from './status.ts';

const PAYLOAD: PayloadKind = {
  code: 'storefront.payload-unreadable',
  what: 'The BigCommerce order',
  personal: new Set(['billing_address', 'first_name', 'last_name', 'company', 'street_1', 'street_2', 'city', 'state', 'zip', 'phone', 'email', 'shipTo']),
};

const Amount = z.union([z.string().regex(/^\d/), z.int().min(0)], { error: 'must be a decimal of zero or more such as "12.3400"' });
const Units = z.int({ error: 'must be a whole number' }).min(0).max(MAX_QUANTITY);

const Product = z.object({
  id: Digits,
  sku: text,
  name: text,
  type: z.enum(['physical', 'digital', 'giftcertificate']),
  quantity: Units,
  quantity_shipped: Units.nullish(),
  quantity_refunded: Units.nullish(),
  price_inc_tax: Amount,
});
type Product = z.infer<typeof Product>;

const Contact = z.object({ phone: text, email: text });

const ShippingAddress = Contact.extend({
  id: Digits,
  first_name: text,
  last_name: text,
  company: text,
  street_1: text,
  street_2: text,
  city: text,
  state: text,
  zip: text,
  country_iso2: text,
  line_items: z.array(Product),
});
type ShippingAddress = z.infer<typeof ShippingAddress>;

const Unshipped = z
  .array(z.object({ line_items: z.array(Product) }))
  .nullish()
  .transform((parts) => parts ?? []);

/** What we use of an order. */
export const Order = z.object({
  id: Digits,
  status_id: z.literal([...STATUSES.keys()]),
  is_deleted: z.boolean().nullish(),
  date_created: OrderDate,
  date_modified: OrderDate,
  currency_code: Currency.nullish(),
  default_currency_code: Currency.nullish(),
  total_inc_tax: Amount,
  payment_method: text,
  customer_locale: text,
  billing_address: Contact.nullish(),
  consignments: z.object({
    shipping: z.array(ShippingAddress),
    pickups: Unshipped,
    downloads: Unshipped,
    email: z.object({ gift_certificates: Unshipped }).nullish(),
  }),
});
export type Order = z.infer<typeof Order>;

/** Reads an order as the API answers it. @throws Rejected naming the field that cannot be read */
export function readOrderBody(body: unknown): Order {
  return readPayload(Order, body, PAYLOAD);
}

/** What a status means. */
export function standingOf({ status_id }: Pick<Order, 'status_id'>): Standing {
  // The schema lets none but the table's through.
  return STATUSES.get(status_id) ?? 'waiting';
}

/** Whether an order is wanted no more. Orders that went out are put into the archive to tidy up; one that did not is as good as deleted. */
export function isCancelled(order: Pick<Order, 'status_id' | 'is_deleted'>): boolean {
  const standing = standingOf(order);
  return standing === 'cancelled' || (order.is_deleted === true && standing !== 'shipped');
}

/** One address with what goes there; null for what goes nowhere. */
interface Part {
  readonly address: ShippingAddress | null;
  readonly shipped: readonly Product[];
  /** Downloads, gift certificates and what is fetched at a counter. */
  readonly others: readonly Product[];
}

/** Turns an order into one canonical order for each address it goes to. */
export function parseOrder(delivery: Delivery, settings: Settings): Parsed {
  const order = readOrderBody(parseJson(delivery.body));
  if (standingOf(order) === 'checkout') return { kind: 'ignored', reason: 'the checkout was not finished' };
  const parts = partsOf(order);
  const totals = sharesOf(parts, order);
  const orders = parts.map((part, index) => {
    const name = parts.length === 1 ? { sourceId: order.id, number: order.id } : { sourceId: `${order.id}-${part.address?.id ?? ''}`, number: `${order.id}-${index + 1}` };
    const document = { ...headOf(order, settings), ...name, ...bodyOf(part, order), connectionId: delivery.connectionId, total: totals[index] };
    return readPayload(OrderDocument, document, PAYLOAD);
  });
  const gone = goneOf(order, orders);
  return { kind: 'orders', orders, ...(gone.length > 0 && { gone }) };
}

/** What goes nowhere is kept with the first address. */
function partsOf({ consignments }: Order): Part[] {
  const { shipping, pickups, downloads, email } = consignments;
  const others = [...pickups, ...downloads, ...(email?.gift_certificates ?? [])].flatMap(({ line_items }) => line_items);
  const used = shipping.filter(({ line_items }) => line_items.length > 0).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  if (used.length === 0) return [{ address: shipping[0] ?? null, shipped: [], others }];
  return used.map((address, index) => ({ address, shipped: address.line_items, others: index === 0 ? others : [] }));
}

/** Names that an order may have had while it went to more, or fewer, addresses than it does now. */
function goneOf({ id, consignments }: Order, orders: readonly OrderDocument[]): string[] {
  const { shipping } = consignments;
  if (shipping.length < 2) return [];
  const current = new Set(orders.map(({ sourceId }) => sourceId));
  return [id, ...shipping.map((address) => `${id}-${address.id}`)].filter((name) => !current.has(name));
}

/**
 * Splits the total in proportion to what the lines of each part cost, evenly where they cost nothing. Each part gets what the parts up to
 * it come to, rounded down, less what those before it got: the shares always add up to the total.
 */
function sharesOf(parts: readonly Part[], order: Order): Minor[] {
  const total = BigInt(amountOf('total_inc_tax', order.total_inc_tax, order));
  const costs = parts.map(({ shipped, others }) => [...shipped, ...others].reduce((sum, line) => sum + costOf(line, order), 0n));
  const sum = costs.reduce((a, b) => a + b, 0n);
  const weights = sum === 0n ? costs.map(() => 1n) : costs;
  const whole = weights.reduce((a, b) => a + b, 0n);
  let upTo = 0n;
  return weights.map((weight) => {
    const before = (total * upTo) / whole;
    upTo += weight;
    return Number((total * upTo) / whole - before);
  });
}

function costOf({ price_inc_tax, quantity }: Product, order: Order): bigint {
  return BigInt(amountOf('price_inc_tax', price_inc_tax, order)) * BigInt(quantity);
}

type Head = Pick<OrderDocument, 'sourceVersion' | 'placedAt' | 'test' | 'cancelled' | 'paid' | 'currency' | 'email' | 'phone' | 'locale'>;

function headOf(order: Order, { paidStatusIds }: Settings): Head {
  const { billing_address: billing, consignments, customer_locale: locale } = order;
  const [first] = consignments.shipping;
  const standing = standingOf(order);
  return {
    sourceVersion: order.date_modified,
    placedAt: new Date(order.date_created).toISOString(),
    test: order.payment_method?.trim().toLowerCase() === 'test payment gateway',
    cancelled: isCancelled(order),
    paid: standing === 'open' || standing === 'shipped' || paidStatusIds.some((id) => id === order.status_id),
    currency: currencyOf(order),
    // Whoever bought it is told; the address may be somebody else's, as with a gift.
    email: billing?.email || first?.email || null,
    phone: billing?.phone || first?.phone || null,
    locale: locale && locale.length <= 20 ? locale : 'en',
  };
}

function bodyOf({ address, shipped, others }: Part, order: Order): Pick<OrderDocument, 'lines' | 'shipTo'> {
  return {
    shipTo: address === null || isBlank(address) ? null : addressOf(address, order),
    lines: [...shipped.map((product) => lineOf(product, true, order)), ...others.map((product) => lineOf(product, false, order))],
  };
}

function lineOf(product: Product, isShipped: boolean, order: Order): OrderLine {
  const quantity = Math.max(0, product.quantity - (product.quantity_refunded ?? 0));
  // A person may set an order to Shipped or Completed without a shipment of each line.
  const fulfilled = standingOf(order) === 'shipped' ? quantity : Math.min(quantity, product.quantity_shipped ?? 0);
  return {
    lineId: product.id,
    sku: product.sku?.trim() || null,
    title: (product.name ?? '').slice(0, 300),
    quantity,
    fulfilled,
    unitPrice: amountOf('price_inc_tax', product.price_inc_tax, order),
    requiresShipping: isShipped && product.type === 'physical',
  };
}

/** What the buyer paid in; `currency_code` may be one that prices were only shown in. */
function currencyOf({ default_currency_code, currency_code }: Order): string {
  return default_currency_code ?? currency_code ?? '';
}

function amountOf(field: string, amount: string | number, order: Order): Minor {
  return readRoundedMoney(field, amount, currencyOf(order));
}

function isBlank({ street_1, city, zip, country_iso2 }: ShippingAddress): boolean {
  return !street_1 && !city && !zip && !country_iso2;
}

function addressOf(theirs: ShippingAddress, { billing_address: billing }: Order): Address {
  const { company, street_2: line2, zip } = theirs;
  // A country that is no two-letter code becomes an address hold, where a person can mend it.
  const country = theirs.country_iso2?.length === 2 ? theirs.country_iso2.toUpperCase() : '';
  const region = regionOf(theirs.state ?? '', country);
  const phone = theirs.phone || billing?.phone;
  return {
    name: [theirs.first_name, theirs.last_name].filter(Boolean).join(' '),
    line1: theirs.street_1 ?? '',
    city: theirs.city ?? '',
    country,
    ...(company && { company }),
    ...(line2 && { line2 }),
    ...(region && { region }),
    ...(zip && { postalCode: zip }),
    ...(phone && { phone }),
  };
}
