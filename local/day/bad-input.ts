import { createHash } from 'node:crypto';
import { sign } from '../../adapters/signature.ts';
import type { Posting } from '../simulators/outbox.ts';
import type { Vendors } from '../simulators/vendors.ts';
import type { Plan } from './plan.ts';

/** What must become of a bad input: refused at the edge, or taken and quarantined with its bytes, or taken and ignored. */
type Fate = 'refused' | 'quarantined' | 'ignored';

/** One bad input, ready to be sent. */
export interface BadInput {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly status: number;
  readonly fate: Fate;
}

/** Who sends bad input, and how they would sign. */
export interface BadInputOptions {
  readonly shop: string;
  readonly wholesale: string;
  readonly carrier: string;
  readonly vendors: Pick<Vendors, 'address'>;
  readonly plan: Plan;
  readonly now: Date;
  /** Tokens without and with the scope for stock. */
  readonly tokens: { readonly reader: string; readonly stock: string };
}

/** The bytes by which a quarantined input is known again. */
export function fingerprint(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Every malformed, unsigned, replayed or absurd thing that the day throws at the hub, with the answer it must get. */
export function badInputs(options: BadInputOptions): BadInput[] {
  return [...absurdOrders(options), ...forgeries(options), ...oddUpdates(options), ...badRequests(options)];
}

/** A genuine wholesale order, spoilt: signed all the same, so that only its content is wrong. */
function absurdOrders(options: BadInputOptions): BadInput[] {
  const { wholesale, shop } = options;
  const order = orderOf(wholesale, options.plan);
  const spoilt = (name: string, sender: string, body: Buffer | string, fate: Fate = 'quarantined'): BadInput => signed(name, sender, Buffer.from(body), options, 200, fate);
  return [
    spoilt('empty body', shop, ''),
    { ...spoilt('body of 2 MB that does not compress', shop, incompressible(2_000_000), 'refused'), status: 413 },
    spoilt('invalid UTF-8', wholesale, Buffer.concat([Buffer.from('{"type":"order.created","note":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"}')])),
    spoilt('JSON nested 100,000 deep', shop, '['.repeat(100_000)),
    spoilt('not JSON', wholesale, 'order=1&total=2'),
    spoilt('__proto__ in the order', wholesale, order.replace('"data":{', '"data":{"__proto__":{"paid":true},')),
    spoilt('negative quantity', wholesale, order.replace(/"quantity":\d+/, '"quantity":-3')),
    spoilt('fractional quantity', wholesale, order.replace(/"quantity":\d+/, '"quantity":1.5')),
    spoilt('quantity of 1e309', wholesale, order.replace(/"quantity":\d+/, '"quantity":1e309')),
    spoilt('unknown currency', wholesale, order.replaceAll(/"currency":"[A-Z]{3}"/g, '"currency":"ZQX"')),
    spoilt('300 lines', wholesale, manyLines(order, 300)),
    spoilt('array instead of an order', shop, '[]'),
    spoilt('unknown event type', wholesale, '{"type":"shop.renamed","timestamp":"2026-11-22T09:00:00Z","data":{}}', 'ignored'),
    { ...spoilt('topic the hub does not use', shop, '{"id":1}', 'ignored'), headers: headersOf(shop, Buffer.from('{"id":1}'), options, 'app/uninstalled') },
  ];
}

function forgeries(options: BadInputOptions): BadInput[] {
  const { wholesale, shop, carrier, now } = options;
  const body = Buffer.from(orderOf(wholesale, options.plan));
  const shopBody = Buffer.from(orderOf(shop, options.plan));
  const good = signed('', wholesale, body, options, 200, 'ignored');
  const shopGood = signed('', shop, shopBody, options, 200, 'ignored');
  const refused = (name: string, change: Partial<BadInput>): BadInput => ({ ...good, ...change, name, status: 401, fate: 'refused' });
  const old = signed('', wholesale, body, { ...options, now: new Date(now.getTime() - 3_600_000) }, 401, 'refused');
  const foreign = sign(body, { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 }, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', { id: 'msg_forged', at: now });
  return [
    refused('unsigned', { headers: { 'content-type': 'application/json' } }),
    refused('unsigned, Shopify', { path: shopGood.path, headers: { 'content-type': 'application/json', 'x-shopify-topic': 'orders/create' }, body: shopBody }),
    refused('signed with another secret', { headers: { ...good.headers, ...foreign } }),
    refused('replayed an hour later', { headers: old.headers }),
    refused('changed after it was signed', { body: Buffer.from(body.toString().replace(/"paid":true/, '"paid":false')) }),
    refused('signed for another shop', { ...shopGood, headers: { ...shopGood.headers, 'x-shopify-shop-domain': 'somebody-else.myshopify.com' } }),
    refused('unknown connection', { path: '/hooks/nobody' }),
    refused('carrier update without a signature', { path: `/updates/${carrier}`, headers: { 'content-type': 'application/json' } }),
    refused('carrier update for an unknown carrier', { path: '/updates/nobody', headers: { 'x-hmac-signature': `hmac-sha256-hex=${'0'.repeat(64)}` } }),
  ];
}

function oddUpdates(options: BadInputOptions): BadInput[] {
  const update = (name: string, body: string, fate: Fate): BadInput => signed(name, options.carrier, Buffer.from(body), options, 200, fate);
  return [
    update('carrier update that is not JSON', 'status=delivered', 'quarantined'),
    update('carrier update without a tracking code', '{"object":"Event","description":"tracker.updated","result":{"object":"Tracker"}}', 'quarantined'),
    update('carrier event about something else', '{"object":"Event","description":"batch.created","result":{"object":"Batch"}}', 'ignored'),
  ];
}

function badRequests({ tokens, now }: BadInputOptions): BadInput[] {
  const request = (name: string, status: number, change: Partial<BadInput>): BadInput => ({
    name,
    method: 'POST',
    path: '/stock/bookings',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.stock}` },
    body: Buffer.from(JSON.stringify({ kind: 'receipt', id: `bad-${now.getTime()}`, warehouse: 'nowhere', lines: [{ sku: 'NOTHING', quantity: 1 }] })),
    status,
    fate: 'refused',
    ...change,
  });
  return [
    request('receipt without a token', 401, { headers: { 'content-type': 'application/json' } }),
    request('receipt with a token for something else', 403, { headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.reader}` } }),
    request('receipt for an unknown warehouse', 400, {}),
    request('receipt of a negative quantity', 400, { body: Buffer.from('{"kind":"receipt","id":"bad","warehouse":"hamburg","lines":[{"sku":"TENT-2P","quantity":-1}]}') }),
    request('look at an order that does not exist', 404, { method: 'GET', path: '/orders/shop:0', headers: { authorization: `Bearer ${tokens.reader}` }, body: Buffer.alloc(0) }),
    request('unknown route', 404, { path: '/wp-admin' }),
    request('body of 11 MB', 413, { path: '/hooks/shop', body: Buffer.alloc(11 * 1024 * 1024, 'x') }),
  ];
}

function signed(name: string, sender: string, body: Buffer, options: BadInputOptions, status: number, fate: Fate): BadInput {
  const path = sender === options.carrier ? `/updates/${sender}` : `/hooks/${sender}`;
  return { name, method: 'POST', path, headers: headersOf(sender, body, options, 'orders/create'), body, status, fate };
}

function headersOf(sender: string, body: Buffer, { vendors, now }: BadInputOptions, topic: string): Readonly<Record<string, string>> {
  const posting: Posting = { id: '', sender, meta: { topic, webhookId: `bad_${fingerprint(body).slice(0, 16)}` }, body, due: null };
  return vendors.address(posting, now).headers;
}

/** The first clean order of a connection, as it was sent, under an id nobody has. */
function orderOf(connectionId: string, plan: Plan): string {
  const order = plan.orders.find((candidate) => candidate.connectionId === connectionId && candidate.course.name === 'clean');
  const posting = plan.postings.find(({ id }) => id === `${order?.orderId}/0`);
  if (order === undefined || posting === undefined) throw new Error(`The day is too short to have a clean order of ${connectionId}; ask for more orders.`);
  return posting.body.toString().replaceAll(order.sold.sourceId, '999000999');
}

function manyLines(order: string, count: number): string {
  const line = '{"id":"1","sku":"X","title":"x","quantity":1,"unitPrice":"1.00","requiresShipping":true}';
  return order.replace(/"lines":\[.*?\]/, `"lines":[${Array.from({ length: count }, () => line).join(',')}]`);
}

/** JSON that no compressor shrinks much, the same every time. */
function incompressible(bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_, index) => createHash('sha512').update(`${index}`).digest());
  return Buffer.from(`{"noise":"${Buffer.concat(blocks).toString('base64')}"}`);
}
