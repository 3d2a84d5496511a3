// Shopify Admin, webhooks with the REST order resource and GraphQL for write-back, written for version 2026-07:
// https://shopify.dev/docs/apps/build/webhooks; what is written back is in adapters/shopify.
// Not confirmed by a live call, so handled tolerantly: which personal fields a shop withholds without protected-data approval
// (all may be null), and `current_quantity` in payloads of older API versions (falls back).
import * as z from 'zod';
import type { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { Currency } from '../../core/money.ts';
import { MAX_QUANTITY, OrderDocument } from '../../core/order-document.ts';
import type { Delivery } from '../delivery.ts';
import { type PayloadKind, readMoney, readPayload } from '../payload.ts';
import { markShipped } from '../shopify/fulfilment.ts';
import { setStock } from '../shopify/inventory.ts';
import { Settings, text } from '../shopify/settings.ts';
import type { SignatureScheme } from '../signature.ts';
import { defineStorefront, type Parsed } from '../storefront.ts';

export default defineStorefront<Settings>({ id: 'shopify', title: 'Shopify', settings: Settings, signature, parse, markShipped, setStock });

function signature({ shopDomain }: Settings): SignatureScheme {
  return { family: 'hmac-body', header: 'x-shopify-hmac-sha256', encoding: 'base64', sender: { header: 'x-shopify-shop-domain', value: shopDomain } };
}

// Headers are not signed: the topic says whether the body is an order, and the body alone says in what state.
const ORDER_TOPICS = new Set(['orders/create', 'orders/updated', 'orders/paid', 'orders/cancelled']);

const PAYLOAD: PayloadKind = {
  code: 'storefront.payload-unreadable',
  what: 'The Shopify order',
  personal: new Set(['shipping_address', 'shipTo', 'email', 'contact_email', 'phone']),
};

const Digits = z.union([z.int().min(1), z.string().regex(/^[1-9]\d{0,19}$/)], { error: 'must be a whole number above 0' }).transform(String);
const Amount = z.union([z.string(), z.int()], { error: 'must be a decimal such as "12.34"' });
const Units = z.int({ error: 'must be a whole number' }).min(0).max(MAX_QUANTITY);
const OffsetInstant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 instant with its zone' });

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

const ShopifyOrder = z.object({
  id: Digits,
  admin_graphql_api_id: z
    .string()
    .regex(/^gid:\/\/shopify\/Order\/[1-9]\d{0,19}$/, { error: 'must be gid://shopify/Order/<digits>' })
    .nullish(),
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
  shipping_address: ShippingAddress.nullish(),
  email: text,
  contact_email: text,
  phone: text,
  customer_locale: text,
});
type ShopifyOrder = z.infer<typeof ShopifyOrder>;

function parse(delivery: Delivery, settings: Settings): Parsed {
  const topic = delivery.headers['x-shopify-topic'] ?? '';
  if (topic !== '' && !ORDER_TOPICS.has(topic)) return { kind: 'ignored', reason: `topic ${JSON.stringify(topic.slice(0, 60))} is not used` };
  const order = readPayload(ShopifyOrder, parseJson(delivery.body), PAYLOAD);
  return { kind: 'order', order: readPayload(OrderDocument, documentOf(order, delivery.connectionId, settings), PAYLOAD) };
}

function documentOf(order: ShopifyOrder, connectionId: string, settings: Settings): OrderDocument {
  const lines = order.line_items.map((line, index) => lineOf(line, index, order.currency));
  const status = order.financial_status ?? '';
  const isRefundedWhole = (status === 'refunded' || status === 'voided') && lines.every((line) => line.quantity === 0);
  return {
    connectionId,
    sourceId: sourceIdOf(order),
    number: (order.name || (order.order_number ? `#${order.order_number}` : '')).slice(0, 60),
    sourceVersion: Date.parse(order.updated_at),
    placedAt: new Date(order.created_at).toISOString(),
    test: order.test ?? false,
    cancelled: Boolean(order.cancelled_at) || isRefundedWhole,
    paid: settings.paidStatuses.some((paid) => paid === status),
    currency: order.currency,
    total: readMoney('total_price', order.current_total_price ?? order.total_price ?? '', order.currency),
    lines,
    shipTo: order.shipping_address ? addressOf(order.shipping_address) : null,
    email: order.email || order.contact_email || null,
    phone: order.phone || order.shipping_address?.phone || null,
    locale: localeOf(order.customer_locale),
  };
}

function lineOf(line: z.infer<typeof Line>, index: number, currency: string): OrderDocument['lines'][number] {
  // `quantity` counts refunded and removed units too. `fulfillable_quantity` leaves out what has shipped, so it comes second.
  const quantity = line.current_quantity ?? line.fulfillable_quantity ?? line.quantity;
  if (quantity === null || quantity === undefined) throw new Rejected(PAYLOAD.code, `${PAYLOAD.what} cannot be read: line_items[${index}] has no quantity.`);
  return {
    lineId: line.id,
    sku: line.sku?.trim() || null,
    title: (line.title ?? '').slice(0, 300),
    quantity,
    unitPrice: readMoney(`line_items[${index}].price`, line.price, currency),
    requiresShipping: (line.requires_shipping ?? true) && line.gift_card !== true,
  };
}

/** Ids pass 2^53: a relay that read them as floats damages `id`, but not the digits in the text of the gid. */
function sourceIdOf({ id, admin_graphql_api_id: gid }: ShopifyOrder): string {
  const exact = gid?.split('/').at(-1) ?? id;
  if (exact === id) return id;
  const isRounded = Number(exact) > Number.MAX_SAFE_INTEGER && Number(exact) === Number(id);
  if (isRounded) return exact;
  throw new Rejected('storefront.id-mismatch', `The Shopify order names two orders: id ${id} and admin_graphql_api_id ${exact}.`, { seen: id });
}

function addressOf(theirs: z.infer<typeof ShippingAddress>): Address {
  const { company, address2, zip, phone } = theirs;
  const name = theirs.name?.trim() || [theirs.first_name, theirs.last_name].filter(Boolean).join(' ');
  const region = theirs.province_code || theirs.province;
  // A country that is no two-letter code becomes an address hold, where a person can mend it.
  const country = theirs.country_code?.length === 2 ? theirs.country_code.toUpperCase() : '';
  return {
    name,
    line1: theirs.address1 ?? '',
    city: theirs.city ?? '',
    country,
    ...(company && { company }),
    ...(address2 && { line2: address2 }),
    ...(region && { region }),
    ...(zip && { postalCode: zip }),
    ...(phone && { phone }),
  };
}

function localeOf(locale: string | null | undefined): string {
  return locale && locale.length <= 20 ? locale : 'en';
}
