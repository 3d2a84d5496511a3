// Our own contract, for any shop that can post JSON: docs/storefronts/custom.md. Signatures are Standard Webhooks, by a shared secret
// or by keys of each side's own: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { Currency } from '../../core/money.ts';
import { MAX_LINES, MAX_QUANTITY, OrderDocument } from '../../core/order-document.ts';
import { secretField } from '../credential.ts';
import type { Delivery } from '../delivery.ts';
import { failureOf } from '../http.ts';
import { type PayloadKind, readMoney, readPayload } from '../payload.ts';
import type { SignatureScheme } from '../signature.ts';
// From its own module: the table of all families would come with it.
import { type StandardWebhooks, standardWebhooks } from '../signatures/standard-webhooks.ts';
import { type Cursor, defineStorefront, type Page, type Parsed, type Shipped, type StockLevel, type StockTold, type StorefrontCall } from '../storefront.ts';

const described = (description: string) => ({ description });
const Amount = z.string().max(26).meta(described('A decimal as text with at most the places of the currency, such as "12.34" or "1500"'));
const OffsetInstant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 instant with its zone, such as 2026-11-20T09:30:00Z' });

const Line = z
  .strictObject({
    id: z.string().min(1).max(80),
    sku: z.string().trim().max(80).nullable().default(null).meta(described('Exactly as in the stock list; null for a line that is no product')),
    title: z.string().max(300).default(''),
    quantity: z.int().min(0).max(MAX_QUANTITY).meta(described('Units to ship in all: without those cancelled or refunded, with those shipped')),
    fulfilled: z.int().min(0).max(MAX_QUANTITY).optional().meta(described('Of these, the units that you count as shipped, by us or by others. Leave it out when only we ship')),
    unitPrice: Amount,
    requiresShipping: z.boolean().default(true),
  })
  .meta({ title: 'Line' });

const Customer = z.strictObject({
  email: z.string().max(254).nullable().default(null),
  phone: z.string().max(40).nullable().default(null),
  locale: z.string().min(2).max(20).default('en').meta(described('BCP 47 language for messages to the customer')),
});

const CustomOrder = z.strictObject({
  id: z.string().min(1).max(120).meta(described('Your id of the order, always the same for one order')),
  number: z.string().min(1).max(60).meta(described('The number people know the order by')),
  version: z.int().min(0).meta(described('Higher with every change of the order: a counter, or the milliseconds of your clock')),
  placedAt: OffsetInstant,
  test: z.boolean().default(false).meta(described('A test order is recorded and never shipped')),
  status: z.enum(['open', 'cancelled']),
  paid: z.boolean().meta(described('Whether it may ship: an unpaid order is held until a version says true')),
  currency: Currency.meta(described('ISO 4217, of the total and of every unit price')),
  total: Amount.meta(described('What the customer pays for the whole order')),
  lines: z.array(Line).min(1).max(MAX_LINES),
  shipTo: z.strictObject(Address.shape).nullable().default(null).meta(described('Where the parcel goes; without it the order is held')),
  customer: Customer.prefault({}),
});
type CustomOrder = z.infer<typeof CustomOrder>;

/** What a custom storefront posts, as JSON: the whole order as it is now, at every change. */
export const CustomPayload = z
  .strictObject({
    type: z
      .enum(['order.created', 'order.updated', 'order.paid', 'order.refunded', 'order.cancelled'])
      .meta(described('What happened. For people: what counts is the state in `data`')),
    timestamp: OffsetInstant.meta(described('When it happened')),
    data: CustomOrder,
  })
  .meta({ title: 'Crossdock custom storefront: order' });

/** What a shop answers that is asked for its orders. */
const OrdersPage = z.strictObject({ orders: z.array(z.unknown()).max(500), next: z.string().min(1).max(500).nullable() });

const Settings = z.strictObject({
  callbackUrl: z.url({ protocol: /^https?$/ }).meta({ title: 'Address that is told when a parcel leaves, and of stock' }),
  ordersUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ title: 'Address that lists the orders that changed since an instant, where the shop has one' }),
  toleranceSeconds: z.int().min(30).max(3600).default(300).meta({ title: 'How far the time of a webhook may be from ours, in seconds' }),
});
type Settings = z.infer<typeof Settings>;
type Call = StorefrontCall<Settings>;

const PAYLOAD: PayloadKind = { code: 'storefront.payload-unreadable', what: 'The order', personal: new Set(['shipTo', 'customer']) };
const PAGE: PayloadKind = { code: 'storefront.payload-unreadable', what: 'The page of orders', personal: new Set(['orders']) };
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
const Typed = z.object({ type: z.string() });

const Secrets = z.strictObject({
  signing: secretField('What the shop signs with: whsec_ and base64, shared by both sides; or whpk_ and base64, its public key'),
  token: secretField('What the hub signs with where the shop has a key of its own: whsk_ and base64, our private key').optional(),
});

export default defineStorefront<Settings>({
  id: 'custom',
  title: 'Custom storefront (Standard Webhooks)',
  settings: Settings,
  secrets: Secrets,
  capabilities: ({ ordersUrl }) => ['webhooks', ...(ordersUrl === undefined ? [] : (['polls'] as const)), 'writesTracking', 'writesStock'],
  signature,
  parse,
  poll,
  markShipped,
  setStock,
});

function signature(settings: Settings): SignatureScheme {
  return { family: 'standard-webhooks', ...schemeOf(settings) };
}

function schemeOf({ toleranceSeconds }: Settings): StandardWebhooks {
  return { key: 'base64', toleranceSeconds };
}

function parse(delivery: Delivery): Parsed {
  const payload = parseJson(delivery.body, 'plain');
  if ((delivery.via ?? 'webhook') !== 'webhook') return { kind: 'orders', orders: [orderOf(readPayload(CustomOrder, payload, PAYLOAD), delivery, '')] };
  const { type } = readPayload(Typed, payload, PAYLOAD);
  const used = CustomPayload.shape.type.options;
  if (!used.some((one) => one === type)) return { kind: 'ignored', reason: `type ${JSON.stringify(type.slice(0, 60))} is not one of ${used.join(', ')}` };
  return { kind: 'orders', orders: [orderOf(readPayload(CustomPayload, payload, PAYLOAD).data, delivery, 'data.')] };
}

function orderOf(data: CustomOrder, delivery: Delivery, at: string): OrderDocument {
  const order = {
    connectionId: delivery.connectionId,
    sourceId: data.id,
    number: data.number,
    sourceVersion: data.version,
    placedAt: new Date(data.placedAt).toISOString(),
    test: data.test,
    cancelled: data.status === 'cancelled',
    paid: data.paid,
    currency: data.currency,
    total: amountOf(`${at}total`, data.total, data.currency),
    lines: data.lines.map((line, index) => ({
      lineId: line.id,
      sku: line.sku || null,
      title: line.title,
      quantity: line.quantity,
      ...(line.fulfilled !== undefined && { fulfilled: line.fulfilled }),
      unitPrice: amountOf(`${at}lines[${index}].unitPrice`, line.unitPrice, data.currency),
      requiresShipping: line.requiresShipping,
    })),
    shipTo: data.shipTo,
    email: data.customer.email || null,
    phone: data.customer.phone || data.shipTo?.phone || null,
    locale: data.customer.locale,
  };
  return readPayload(OrderDocument, order, PAYLOAD);
}

function amountOf(field: string, text: string, currency: string): number {
  const amount = readMoney(field, text, currency);
  if (amount < 0) throw new Rejected('money.negative', `Field ${field}: ${JSON.stringify(text)} is negative; prices and totals are zero or more.`, { seen: text });
  return amount;
}

/** Asks the shop itself: `GET {ordersUrl}?since=<instant>&page=<token>`. As there is no body, the query is signed in its place. */
async function poll({ since, page }: Cursor, call: Call): Promise<Page> {
  const { settings, http } = call;
  if (settings.ordersUrl === undefined) throw new Rejected('storefront.unreadable', 'The connection has no ordersUrl: its orders cannot be listed.');
  const url = new URL(settings.ordersUrl);
  url.hash = '';
  url.searchParams.set('since', since);
  if (page !== null) url.searchParams.set('page', page);
  const query = url.search.slice(1);
  const headers = { accept: 'application/json', ...signedByUs(Buffer.from(query), `orders_${digestOf(query)}`, call) };
  const response = await http({ method: 'GET', url: url.href, headers, maxBytes: MAX_PAGE_BYTES });
  if (response.status !== 200) throw failureOf(response, 'storefront');
  const { orders, next } = readPayload(OrdersPage, parseJson(response.body, 'plain'), PAGE);
  if (next !== null && next === page)
    throw new Rejected(
      'storefront.page-repeated',
      'The page of orders names itself as the next one, so the reading would never end; next must lead on, or be null on the last page.',
    );
  // One that cannot be read is found out by itself, when it is parsed.
  return { bodies: orders.map((order) => Buffer.from(JSON.stringify(order))), next };
}

/** Nothing can be looked up there: a repeat, also after no answer, has the same id, by which the shop drops it. */
async function markShipped(shipped: Shipped, call: Call): Promise<'written'> {
  const id = noticeIdOf(shipped);
  const { sourceId: orderId, parcel, carrier, trackingNumber, trackingUrl, units, shippedAt } = shipped;
  await post(id, { type: 'parcel.shipped', timestamp: shippedAt, data: { orderId, parcel, carrier, trackingNumber, trackingUrl, units, shippedAt } }, call);
  return 'written';
}

/** The same for every attempt, so that the receiver drops repeats by it; the dot separates signed parts and may not be in an id. */
function noticeIdOf({ orderId, parcel }: Shipped): string {
  return `${orderId}_${parcel}_shipped`.replaceAll('.', '~2e~');
}

/** A shop of this kind cannot be read: what keeps an older figure from following a newer one there is the sequence. */
async function setStock(levels: readonly StockLevel[], call: Call): Promise<StockTold[]> {
  const timestamp =
    levels
      .map(({ at }) => at)
      .sort()
      .at(-1) ?? '';
  const told = levels.map(({ sku, quantity, sequence }) => ({ sku, quantity, sequence }));
  const id = `stock_${digestOf(JSON.stringify(levels.map(({ eventId, quantity }) => [eventId, quantity])))}`;
  await post(id, { type: 'stock.changed', timestamp, data: { levels: told } }, call);
  return levels.map(({ sku }) => ({ sku, became: 'set' }));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

async function post(id: string, notice: { readonly type: string; readonly timestamp: string; readonly data: object }, call: Call): Promise<void> {
  const body = Buffer.from(JSON.stringify(notice));
  const headers = { 'content-type': 'application/json', ...signedByUs(body, id, call) };
  const response = await call.http({ method: 'POST', url: call.settings.callbackUrl, headers, body });
  if (response.status < 200 || response.status >= 300) throw failureOf(response, 'storefront', response.status === 410 ? 'gone: it wants no more of these' : '');
}

function signedByUs(body: Buffer, id: string, { settings, signingSecret, token, now }: Call): Record<string, string> {
  return standardWebhooks.sign(body, schemeOf(settings), signingSecret.startsWith('whpk_') ? token : signingSecret, { id, at: now });
}
