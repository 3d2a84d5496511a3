// Our own contract, for any shop that can post JSON: docs/storefronts/custom.md. Signatures are Standard Webhooks:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { Currency } from '../../core/money.ts';
import { MAX_LINES, MAX_QUANTITY, OrderDocument } from '../../core/order-document.ts';
import type { Delivery } from '../delivery.ts';
import { failureOf } from '../http.ts';
import { type PayloadKind, readMoney, readPayload } from '../payload.ts';
import { type SignatureScheme, sign } from '../signature.ts';
import { defineStorefront, type Parsed, type Shipped, type StockLevel, type StockTold, type StorefrontCall } from '../storefront.ts';

const described = (description: string) => ({ description });
const Amount = z.string().max(26).meta(described('A decimal as text with at most the places of the currency, such as "12.34" or "1500"'));
const OffsetInstant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 instant with its zone, such as 2026-11-20T09:30:00Z' });

const Line = z
  .strictObject({
    id: z.string().min(1).max(80),
    sku: z.string().trim().max(80).nullable().default(null).meta(described('Exactly as in the stock list; null for a line that is no product')),
    title: z.string().max(300).default(''),
    quantity: z.int().min(0).max(MAX_QUANTITY).meta(described('Units to ship: without those cancelled or refunded')),
    unitPrice: Amount,
    requiresShipping: z.boolean().default(true),
  })
  .meta({ title: 'Line' });

const Customer = z.strictObject({
  email: z.string().max(254).nullable().default(null),
  phone: z.string().max(40).nullable().default(null),
  locale: z.string().min(2).max(20).default('en').meta(described('BCP 47 language for messages to the customer')),
});

/** What a custom storefront posts, as JSON: the whole order as it is now, at every change. */
export const CustomPayload = z
  .strictObject({
    type: z
      .enum(['order.created', 'order.updated', 'order.paid', 'order.refunded', 'order.cancelled'])
      .meta(described('What happened. For people: what counts is the state in `data`')),
    timestamp: OffsetInstant.meta(described('When it happened')),
    data: z.strictObject({
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
    }),
  })
  .meta({ title: 'Crossdock custom storefront: order' });

const Settings = z.strictObject({
  callbackUrl: z.url({ protocol: /^https?$/ }).meta({ title: 'Address that is told when a parcel leaves, and of stock' }),
  toleranceSeconds: z.int().min(30).max(3600).default(300).meta({ title: 'How far the time of a webhook may be from ours, in seconds' }),
});
type Settings = z.infer<typeof Settings>;
type Call = StorefrontCall<Settings>;

const PAYLOAD: PayloadKind = { code: 'storefront.payload-unreadable', what: 'The order', personal: new Set(['shipTo', 'customer']) };
const Typed = z.object({ type: z.string() });

export default defineStorefront<Settings>({ id: 'custom', title: 'Custom storefront (Standard Webhooks)', settings: Settings, signature, parse, markShipped, setStock });

function signature(settings: Settings): SignatureScheme {
  return { family: 'standard-webhooks', key: 'base64', toleranceSeconds: settings.toleranceSeconds };
}

function parse(delivery: Delivery): Parsed {
  const payload = parseJson(delivery.body, 'plain');
  const { type } = readPayload(Typed, payload, PAYLOAD);
  const used = CustomPayload.shape.type.options;
  if (!used.some((one) => one === type)) return { kind: 'ignored', reason: `type ${JSON.stringify(type.slice(0, 60))} is not one of ${used.join(', ')}` };
  return { kind: 'order', order: orderOf(readPayload(CustomPayload, payload, PAYLOAD).data, delivery) };
}

function orderOf(data: z.infer<typeof CustomPayload>['data'], delivery: Delivery): OrderDocument {
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
    total: amountOf('data.total', data.total, data.currency),
    lines: data.lines.map((line, index) => ({
      lineId: line.id,
      sku: line.sku || null,
      title: line.title,
      quantity: line.quantity,
      unitPrice: amountOf(`data.lines[${index}].unitPrice`, line.unitPrice, data.currency),
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
  const id = `stock_${createHash('sha256')
    .update(JSON.stringify(levels.map(({ eventId, quantity }) => [eventId, quantity])))
    .digest('hex')
    .slice(0, 32)}`;
  await post(id, { type: 'stock.changed', timestamp, data: { levels: told } }, call);
  return levels.map(({ sku }) => ({ sku, became: 'set' }));
}

async function post(id: string, notice: { readonly type: string; readonly timestamp: string; readonly data: object }, { settings, signingSecret, http, now }: Call): Promise<void> {
  const body = Buffer.from(JSON.stringify(notice));
  const headers = { 'content-type': 'application/json', ...sign(body, signature(settings), signingSecret, { id, at: now }) };
  const response = await http({ method: 'POST', url: settings.callbackUrl, headers, body });
  if (response.status < 200 || response.status >= 300) throw failureOf(response, 'storefront', response.status === 410 ? 'gone: it wants no more of these' : '');
}
