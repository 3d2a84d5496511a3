// The order as webhooks post it, in the shape of the former REST resource: https://shopify.dev/docs/api/admin-rest/latest/resources/order
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import type { Json } from '../../core/json.ts';
import { Currency } from '../../core/money.ts';
import { MAX_QUANTITY } from '../../core/order-document.ts';
import { Digits, text } from '../fields.ts';
import { readPayload } from '../payload.ts';
import { Amount, exactId, isUnclear, type LineUnits, OffsetInstant, PAYLOAD, type SoldLine, type SoldOrder, Units } from './order.ts';

const Line = z.object({
  id: Digits,
  sku: text,
  title: text,
  quantity: Units.nullish(),
  current_quantity: Units.nullish(),
  fulfillable_quantity: Units.nullish(),
  price: Amount,
  requires_shipping: z.boolean().nullish(),
  gift_card: z.boolean().nullish(),
});
type Line = z.infer<typeof Line>;

const ShippingAddress = z.object({
  first_name: text,
  last_name: text,
  name: text,
  company: text,
  address1: text,
  address2: text,
  city: text,
  province: text,
  province_code: text,
  zip: text,
  country_code: text,
  phone: text,
});

const Fulfillment = z.object({ status: text, line_items: z.array(z.object({ id: Digits, quantity: Units })).nullish() });

const Gid = z
  .string()
  .regex(/^gid:\/\/shopify\/Order\/[1-9]\d{0,19}$/, { error: 'must be gid://shopify/Order/<digits>' })
  .nullish();

const PostedOrder = z.object({
  id: Digits,
  admin_graphql_api_id: Gid,
  name: text,
  order_number: Digits.nullish(),
  created_at: OffsetInstant,
  updated_at: OffsetInstant,
  cancelled_at: text,
  test: z.boolean().nullish(),
  financial_status: text,
  currency: Currency,
  current_total_price: Amount.nullish(),
  total_price: Amount.nullish(),
  line_items: z.array(Line),
  fulfillments: z.array(Fulfillment).nullish(),
  shipping_address: ShippingAddress.nullish(),
  email: text,
  contact_email: text,
  phone: text,
  customer_locale: text,
});
type PostedOrder = z.infer<typeof PostedOrder>;

/** What a post says of an order. `clear` is false where its counts do not tell which units are left to ship: then it must be fetched. */
export interface Posted {
  readonly sold: SoldOrder;
  readonly clear: boolean;
}

/** Reads an order as it was posted. @throws Rejected with the field and the value that cannot be read */
export function readPosted(body: Json): Posted {
  const order = readPayload(PostedOrder, body, PAYLOAD);
  const shipped = shippedIn(order);
  const lines = order.line_items.map((line, index) => lineOf(line, index, shipped.get(line.id) ?? 0, order));
  return { sold: soldOrderOf(order, lines), clear: order.cancelled_at ? true : order.line_items.every((line) => isClear(line, shipped)) };
}

function soldOrderOf(order: PostedOrder, lines: readonly SoldLine[]): SoldOrder {
  const address = order.shipping_address;
  return {
    id: exactId(order.id, order.admin_graphql_api_id),
    number: order.name || (order.order_number ? `#${order.order_number}` : ''),
    createdAt: order.created_at,
    updatedAt: order.updated_at,
    cancelledAt: order.cancelled_at,
    test: order.test,
    financialStatus: order.financial_status ?? '',
    currency: order.currency,
    total: order.current_total_price ?? order.total_price ?? '',
    lines,
    address: address && {
      ...address,
      firstName: address.first_name,
      lastName: address.last_name,
      provinceCode: address.province_code,
      country: address.country_code,
    },
    email: order.email || order.contact_email,
    phone: order.phone,
    locale: order.customer_locale,
  };
}

/** Units per line in fulfilments that succeeded. */
function shippedIn({ fulfillments }: PostedOrder): ReadonlyMap<string, number> {
  const shipped = new Map<string, number>();
  for (const { status, line_items } of fulfillments ?? []) {
    if (status !== 'success') continue;
    for (const { id, quantity } of line_items ?? []) shipped.set(id, (shipped.get(id) ?? 0) + quantity);
  }
  return shipped;
}

function isClear(line: Line, shipped: ReadonlyMap<string, number>): boolean {
  const current = line.current_quantity;
  if (current === null || current === undefined || !needsShipping(line)) return true;
  return !isUnclear({ sold: line.quantity ?? current, current, shipped: (shipped.get(line.id) ?? 0) > 0 });
}

function needsShipping({ requires_shipping, gift_card }: Line): boolean {
  return (requires_shipping ?? true) && gift_card !== true;
}

function lineOf(line: Line, index: number, shipped: number, { cancelled_at }: PostedOrder): SoldLine {
  const quantity = wantedOf(line, shipped);
  if (quantity === undefined) throw new Rejected(PAYLOAD.code, `${PAYLOAD.what} cannot be read: line_items[${index}] has no quantity.`);
  const units: LineUnits = cancelled_at ? { quantity } : { quantity, fulfilled: Math.min(quantity, shipped) };
  return { id: line.id, sku: line.sku, title: line.title, price: line.price, priceField: `line_items[${index}].price`, requiresShipping: needsShipping(line), units };
}

/** `quantity` counts refunded and removed units too; `fulfillable_quantity` leaves out what has shipped. */
function wantedOf({ quantity, current_quantity: current, fulfillable_quantity: fulfillable }: Line, shipped: number): number | undefined {
  if (current !== null && current !== undefined) return current;
  if (fulfillable !== null && fulfillable !== undefined) return Math.min(MAX_QUANTITY, fulfillable + shipped);
  return quantity ?? undefined;
}
