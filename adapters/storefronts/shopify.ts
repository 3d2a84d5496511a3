// Shopify Admin, webhooks with the REST order resource and GraphQL for write-back, written for version 2026-07:
// https://shopify.dev/docs/apps/build/webhooks and https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/fulfillmentCreate
// Not confirmed by a live call, so handled tolerantly: which personal fields a shop withholds without protected-data approval
// (all may be null), and `current_quantity` in payloads of older API versions (falls back).
import * as z from 'zod';
import type { Address } from '../../core/address.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { Demand } from '../../core/inventory.ts';
import { parseJson } from '../../core/json.ts';
import { Currency } from '../../core/money.ts';
import { MAX_QUANTITY, OrderDocument } from '../../core/order.ts';
import type { Delivery } from '../delivery.ts';
import { failureOf, type HttpResponse } from '../http.ts';
import { type PayloadKind, readMoney, readPayload } from '../payload.ts';
import type { SignatureScheme } from '../signature.ts';
import { defineStorefront, type Parsed, type Shipped, type StorefrontCall } from '../storefront.ts';

const Settings = z.strictObject({
  shopDomain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/, { error: 'must be the shop as <name>.myshopify.com' })
    .meta({ title: 'Shop, as <name>.myshopify.com' }),
  apiVersion: z
    .string()
    .regex(/^\d{4}-(01|04|07|10)$/, { error: 'must be a version such as 2026-07' })
    .default('2026-07')
    .meta({ title: 'Version of the Admin API' }),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ title: 'Address of the GraphQL API, where it is not the usual one of the shop' }),
  paidStatuses: z
    .array(z.enum(['authorized', 'paid', 'partially_paid', 'partially_refunded', 'pending']))
    .min(1)
    .default(['paid', 'partially_refunded'])
    .meta({ title: 'Financial statuses with which an order may ship' }),
  notifyCustomer: z.boolean().default(false).meta({ title: 'Whether Shopify mails the customer when a parcel leaves' }),
});
type Settings = z.infer<typeof Settings>;
type Call = StorefrontCall<Settings>;

export default defineStorefront<Settings>({ id: 'shopify', title: 'Shopify', settings: Settings, signature, parse, markShipped });

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

const text = z.string().nullish();
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

// Shopify builds tracking links for names on its list alone, spelt exactly so; other names are passed on as they are.
// https://shopify.dev/docs/api/admin-graphql/2026-07/input-objects/FulfillmentTrackingInput
const COMPANIES: ReadonlyMap<string, string> = new Map([
  ['AustraliaPost', 'Australia Post'],
  ['CanadaPost', 'Canada Post'],
  ['DHLEcs', 'DHL eCommerce'],
  ['DHLExpress', 'DHL Express'],
  ['DPDUK', 'DPD UK'],
  ['RoyalMail', 'Royal Mail'],
]);

// Two fulfilment orders a page keep the query under the 1,000 points that one query may cost.
const LOOK = `query OrderFulfillments($order: ID!, $after: String) {
  order(id: $order) {
    fulfillments(first: 50) { id status totalQuantity trackingInfo(first: 5) { number } }
    fulfillmentOrders(first: 2, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id
        status
        supportedActions { action }
        assignedLocation { location { id } }
        lineItems(first: 200) { nodes { id sku remainingQuantity } }
      }
    }
  }
}`;

const LOOK_INSIDE = `query FulfilledUnits($fulfillment: ID!) {
  fulfillment(id: $fulfillment) { fulfillmentLineItems(first: 200) { nodes { quantity lineItem { sku } } } }
}`;

const FULFIL = `mutation CreateFulfillment($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } }
}`;

const FulfillmentOrder = z.object({
  id: z.string(),
  status: z.string(),
  supportedActions: z.array(z.object({ action: z.string() })),
  assignedLocation: z.object({ location: z.object({ id: z.string() }).nullish() }).nullish(),
  lineItems: z.object({ nodes: z.array(z.object({ id: z.string(), sku: text, remainingQuantity: z.int().min(0) })) }),
});
type FulfillmentOrder = z.infer<typeof FulfillmentOrder>;

const Fulfillment = z.object({
  id: z.string(),
  status: z.string().nullish(),
  totalQuantity: z.int().nullish(),
  trackingInfo: z.array(z.object({ number: text })),
});
type Fulfillment = z.infer<typeof Fulfillment>;

const Looked = z.object({
  order: z
    .object({
      fulfillments: z.array(Fulfillment),
      fulfillmentOrders: z.object({ pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: text }), nodes: z.array(FulfillmentOrder) }),
    })
    .nullable(),
});
type LookedOrder = NonNullable<z.infer<typeof Looked>['order']>;
const LookedInside = z.object({
  fulfillment: z.object({ fulfillmentLineItems: z.object({ nodes: z.array(z.object({ quantity: z.int().nullish(), lineItem: z.object({ sku: text }) })) }) }).nullable(),
});
const Fulfilled = z.object({
  fulfillmentCreate: z
    .object({ fulfillment: z.object({ id: z.string() }).nullish(), userErrors: z.array(z.object({ field: z.array(z.string()).nullish(), message: z.string() })) })
    .nullable(),
});

async function markShipped(shipped: Shipped, call: Call): Promise<'written' | 'known'> {
  const { fulfillments, fulfillmentOrders } = await look(shipped, call);
  // fulfillmentCreate takes no idempotency key: what an earlier try has written is found by the tracking number.
  const ours = fulfillments.filter((fulfillment) => isOurs(fulfillment, shipped));
  const open = ours.length === 0 ? shipped.units : await unitsNotIn(ours, shipped.units, call);
  if (open.length === 0) return 'known';
  for (const lineItemsByFulfillmentOrder of planFulfillments(open, fulfillmentOrders, shipped)) await fulfil(lineItemsByFulfillmentOrder, shipped, call);
  return 'written';
}

async function look(shipped: Shipped, call: Call): Promise<{ readonly fulfillments: readonly Fulfillment[]; readonly fulfillmentOrders: readonly FulfillmentOrder[] }> {
  const fulfillmentOrders: FulfillmentOrder[] = [];
  for (let after: string | null = null; ; ) {
    const order: LookedOrder = await lookAtPage(shipped, after, call);
    fulfillmentOrders.push(...order.fulfillmentOrders.nodes);
    const { hasNextPage, endCursor } = order.fulfillmentOrders.pageInfo;
    if (!hasNextPage || !endCursor || endCursor === after) return { fulfillments: order.fulfillments, fulfillmentOrders };
    after = endCursor;
  }
}

async function lookAtPage({ sourceId }: Shipped, after: string | null, call: Call): Promise<LookedOrder> {
  const { order } = await graphql('OrderFulfillments', LOOK, { order: `gid://shopify/Order/${sourceId}`, after }, Looked, call);
  if (order === null)
    throw new Rejected('storefront.order-absent', `Shopify does not know order ${sourceId}; it was deleted, or the token is for another shop.`, { seen: sourceId });
  return order;
}

function isOurs({ status, trackingInfo }: Fulfillment, { trackingNumber }: Shipped): boolean {
  return !['CANCELLED', 'ERROR', 'FAILURE'].includes(status ?? '') && trackingInfo.some(({ number }) => number === trackingNumber);
}

/** Units that fulfilments with our tracking number leave open: none, unless a try over two locations stopped half-way. */
async function unitsNotIn(fulfillments: readonly Fulfillment[], units: readonly Demand[], call: Call): Promise<Demand[]> {
  const total = units.reduce((sum, { quantity }) => sum + quantity, 0);
  // A count that is not told is taken as whole: better to write too little than to fulfil twice.
  if (fulfillments.reduce((sum, { totalQuantity }) => sum + (totalQuantity ?? total), 0) >= total) return [];
  const open = new Map(units.map(({ sku, quantity }) => [sku, quantity]));
  for (const { id } of fulfillments) {
    const { fulfillment } = await graphql('FulfilledUnits', LOOK_INSIDE, { fulfillment: id }, LookedInside, call);
    for (const { quantity, lineItem } of fulfillment?.fulfillmentLineItems.nodes ?? []) {
      const sku = skuOf(lineItem);
      open.set(sku, (open.get(sku) ?? 0) - (quantity ?? 0));
    }
  }
  return [...open].filter(([, quantity]) => quantity > 0).map(([sku, quantity]) => ({ sku, quantity }));
}

interface FulfillmentOrderLines {
  readonly fulfillmentOrderId: string;
  readonly fulfillmentOrderLineItems: { readonly id: string; readonly quantity: number }[];
}

/**
 * Spreads units over the fulfilment orders that may be fulfilled, never more than remain. One call takes one location,
 * so a location that has all of them is preferred, and otherwise each location gets its own.
 */
function planFulfillments(units: readonly Demand[], fulfillmentOrders: readonly FulfillmentOrder[], shipped: Shipped): FulfillmentOrderLines[][] {
  const fulfillable = fulfillmentOrders.filter(
    ({ status, supportedActions }) => (status === 'OPEN' || status === 'IN_PROGRESS') && supportedActions.some(({ action }) => action === 'CREATE_FULFILLMENT'),
  );
  const byLocation = [...Map.groupBy(fulfillable, ({ assignedLocation }) => assignedLocation?.location?.id ?? '').values()];
  for (const orders of byLocation) {
    const { lines, missing } = spread(units, orders);
    if (missing.length === 0) return [lines];
  }
  const calls: FulfillmentOrderLines[][] = [];
  let open = units;
  for (const orders of byLocation) {
    const { lines, missing } = spread(open, orders);
    if (lines.length > 0) calls.push(lines);
    open = missing;
  }
  if (open.length === 0) return calls;
  const states = fulfillmentOrders.map(({ status }) => status).join(', ') || 'none';
  throw new Rejected(
    'storefront.units-unmatched',
    `Shopify order ${shipped.sourceId} has no open fulfilment order for ${open.map(({ sku, quantity }) => `${quantity} x ${sku}`).join(', ')} (fulfilment orders: ${states}); a hold, a cancellation or a fulfilment by hand is in the way.`,
    { seen: states },
  );
}

function spread(units: readonly Demand[], orders: readonly FulfillmentOrder[]): { readonly lines: FulfillmentOrderLines[]; readonly missing: Demand[] } {
  const open = new Map(units.map(({ sku, quantity }) => [sku, quantity]));
  const lines: FulfillmentOrderLines[] = [];
  for (const order of orders) {
    const taken = order.lineItems.nodes.flatMap((line) => {
      const sku = skuOf(line);
      const quantity = Math.min(open.get(sku) ?? 0, line.remainingQuantity);
      open.set(sku, (open.get(sku) ?? 0) - quantity);
      return quantity > 0 ? [{ id: line.id, quantity }] : [];
    });
    if (taken.length > 0) lines.push({ fulfillmentOrderId: order.id, fulfillmentOrderLineItems: taken });
  }
  return { lines, missing: units.flatMap(({ sku }) => ((open.get(sku) ?? 0) > 0 ? [{ sku, quantity: open.get(sku) ?? 0 }] : [])) };
}

function skuOf({ sku }: { readonly sku?: string | null | undefined }): string {
  return sku?.trim() ?? '';
}

async function fulfil(lineItemsByFulfillmentOrder: FulfillmentOrderLines[], shipped: Shipped, call: Call): Promise<void> {
  const { carrier, trackingNumber: number, trackingUrl: url } = shipped;
  const trackingInfo = { company: COMPANIES.get(carrier) ?? carrier, number, ...(url && { url }) };
  const fulfillment = { lineItemsByFulfillmentOrder, notifyCustomer: call.settings.notifyCustomer, trackingInfo };
  const { fulfillmentCreate } = await graphql('CreateFulfillment', FULFIL, { fulfillment }, Fulfilled, call);
  const errors = fulfillmentCreate?.userErrors ?? [];
  if (errors.length > 0) {
    const said = errors.slice(0, 5).map(({ field, message }) => `${field?.join('.') ?? 'fulfillment'}: ${message.slice(0, 120)}`);
    throw new Rejected('storefront.fulfilment-refused', `Shopify refused to fulfil order ${shipped.sourceId}: ${said.join('; ')}.`);
  }
  if (!fulfillmentCreate?.fulfillment)
    throw new Unavailable('storefront.answer-unreadable', `Shopify did not say whether order ${shipped.sourceId} was fulfilled; the next try looks first.`);
}

const GraphqlErrors = z.object({
  errors: z.array(z.object({ message: z.string().nullish(), extensions: z.object({ code: z.string().nullish() }).nullish() })).min(1),
  extensions: z.object({ cost: z.object({ requestedQueryCost: z.number(), throttleStatus: z.object({ currentlyAvailable: z.number(), restoreRate: z.number() }) }) }).nullish(),
});
const Answer = z.object({ data: z.unknown() });
const PASSING_ERRORS = new Set(['THROTTLED', 'INTERNAL_SERVER_ERROR', 'TIMEOUT', 'SERVICE_UNAVAILABLE']);

async function graphql<Schema extends z.ZodType>(operationName: string, query: string, variables: object, answers: Schema, call: Call): Promise<z.output<Schema>> {
  const { shopDomain, apiVersion, endpoint = `https://${shopDomain}/admin/api/${apiVersion}/graphql.json` } = call.settings;
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'x-shopify-access-token': call.token };
  const response = await call.http({ method: 'POST', url: endpoint, headers, body: JSON.stringify({ query, operationName, variables }) });
  if (response.status < 200 || response.status >= 300) throw failureOf(response, 'storefront');
  const answer = answerOf(response);
  const failed = GraphqlErrors.safeParse(answer).data;
  if (failed !== undefined) throw graphqlFailure(failed);
  const read = answers.safeParse(Answer.safeParse(answer).data?.data);
  if (read.success) return read.data;
  throw new Unavailable('storefront.answer-unreadable', `Shopify's answer to ${operationName} cannot be read; the next try looks first.`, { cause: read.error });
}

function answerOf({ body }: HttpResponse): unknown {
  try {
    // Nothing here is an id in digits: gids are text, and the throttle status has fractions.
    return parseJson(body, 'plain');
  } catch (cause) {
    throw new Unavailable('storefront.answer-unreadable', "Shopify's answer is not readable as JSON; the next try looks first.", { cause });
  }
}

function graphqlFailure({ errors, extensions }: z.infer<typeof GraphqlErrors>): Unavailable | Rejected {
  const code = errors[0]?.extensions?.code ?? 'no code';
  if (!errors.some((error) => PASSING_ERRORS.has(error.extensions?.code ?? ''))) {
    return new Rejected('storefront.refused', `Shopify refused the request (${code}): ${(errors[0]?.message ?? '').slice(0, 200)}`, { seen: code });
  }
  const { requestedQueryCost = 0, throttleStatus: { currentlyAvailable = 0, restoreRate = 0 } = {} } = extensions?.cost ?? {};
  const retryAfterSeconds = restoreRate > 0 ? Math.max(1, Math.ceil((requestedQueryCost - currentlyAvailable) / restoreRate)) : 1;
  return new Unavailable('storefront.unavailable', `Shopify could not answer now (${code}); the request will be repeated later.`, { seen: code, retryAfterSeconds });
}
