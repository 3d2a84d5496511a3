import { createHash, randomUUID } from 'node:crypto';
import type { Posting } from '../simulators/outbox.ts';
import type { Vendors } from '../simulators/vendors.ts';
import type { Plan } from './plan.ts';
import type { Storefront } from './stage.ts';

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
  readonly storefronts: readonly Storefront[];
  readonly carrier: string;
  readonly vendors: Pick<Vendors, 'address'>;
  readonly plan: Plan;
  readonly now: Date;
  /** Tokens without and with the scope for stock. */
  readonly tokens: { readonly reader: string; readonly stock: string };
}

/** A genuine posting of a storefront, about an order that nobody has. */
interface Genuine {
  readonly storefront: Storefront;
  readonly body: Buffer;
  readonly meta: Posting['meta'];
}

/** Source id of an order that nobody placed. */
const NOBODYS = '999000999';

/** The bytes by which a quarantined input is known again. */
export function fingerprint(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Every malformed, unsigned, replayed or absurd thing that the day throws at the hub, with the answer it must get. */
export function badInputs(options: BadInputOptions): BadInput[] {
  const genuine = options.storefronts.map((storefront) => genuineOf(storefront, options.plan));
  return [
    ...genuine.flatMap((one) => [...forgeries(one, options), ...nonsense(one, options)]),
    ...genuine.flatMap((one) => BY_KIND.get(one.storefront.kind)?.(one, options) ?? []),
    ...strangers(options),
    ...oddUpdates(options),
    ...badRequests(options),
  ];
}

/** What no storefront ever sent, though it looks as if: refused, and not told so where the storefront would take offence. */
function forgeries(one: Genuine, options: BadInputOptions): BadInput[] {
  const { storefront, body } = one;
  const good = signed('', one, body, options);
  const refused = (name: string, change: Partial<BadInput>): BadInput => ({
    ...good,
    ...change,
    name: `${storefront.id}: ${name}`,
    status: storefront.refusesSilently ? 200 : 401,
    fate: 'refused',
  });
  const changed = Buffer.from(body.toString().replace(NOBODYS, '999000998'));
  return [refused('unsigned', { headers: { 'content-type': 'application/json' } }), refused('changed after it was signed', { body: changed })];
}

/** Signed all the same, so that only its content is wrong. */
function nonsense(one: Genuine, options: BadInputOptions): BadInput[] {
  const spoilt = (name: string, body: string): BadInput => signed(`${one.storefront.id}: ${name}`, one, Buffer.from(body), options, 'quarantined');
  return [spoilt('not JSON', `order=1&shop=${one.storefront.id}`), spoilt('array instead of an object', `["${one.storefront.id}"]`)];
}

type Spoil = (one: Genuine, options: BadInputOptions) => BadInput[];

/** What can go wrong with one kind of storefront alone. */
const BY_KIND: ReadonlyMap<string, Spoil> = new Map<string, Spoil>([
  ['custom', absurdOrders],
  ['shopify', shopifyOddities],
  ['woocommerce', wooOddities],
  ['bigcommerce', bigOddities],
]);

function absurdOrders(one: Genuine, options: BadInputOptions): BadInput[] {
  const order = one.body.toString();
  const spoilt = (name: string, body: Buffer | string, fate: Fate = 'quarantined'): BadInput => signed(name, one, Buffer.from(body), options, fate);
  const old = signed('', one, one.body, { ...options, now: new Date(options.now.getTime() - 3_600_000) });
  return [
    { ...old, name: 'replayed an hour later', status: 401, fate: 'refused' },
    spoilt('invalid UTF-8', Buffer.concat([Buffer.from('{"type":"order.created","note":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"}')])),
    spoilt('__proto__ in the order', order.replace('"data":{', '"data":{"__proto__":{"paid":true},')),
    spoilt('negative quantity', order.replace(/"quantity":\d+/, '"quantity":-3')),
    spoilt('fractional quantity', order.replace(/"quantity":\d+/, '"quantity":1.5')),
    spoilt('quantity of 1e309', order.replace(/"quantity":\d+/, '"quantity":1e309')),
    spoilt('unknown currency', order.replaceAll(/"currency":"[A-Z]{3}"/g, '"currency":"ZQX"')),
    spoilt('300 lines', manyLines(order, 300)),
    spoilt('unknown event type', '{"type":"shop.renamed","timestamp":"2026-11-22T09:00:00Z","data":{}}', 'ignored'),
  ];
}

function shopifyOddities(one: Genuine, options: BadInputOptions): BadInput[] {
  const posted = (name: string, body: Buffer, fate: Fate, headers: Readonly<Record<string, string>> = {}): BadInput => {
    const good = signed(name, one, body, options, fate);
    return { ...good, headers: { ...good.headers, ...headers } };
  };
  return [
    posted('empty body', Buffer.alloc(0), 'quarantined'),
    posted('JSON nested 100,000 deep', Buffer.from('['.repeat(100_000)), 'quarantined'),
    { ...posted('body of 2 MB that does not compress', incompressible(2_000_000), 'refused'), status: 413 },
    posted('topic the hub does not use', Buffer.from('{"id":1}'), 'ignored', { 'x-shopify-topic': 'products/update' }),
    posted('the deletion of an order that nobody has', Buffer.from(`{"id":${NOBODYS}}`), 'ignored', { 'x-shopify-topic': 'orders/delete' }),
    { ...posted('signed for another shop', one.body, 'refused', { 'x-shopify-shop-domain': 'somebody-else.myshopify.com' }), status: 401 },
  ];
}

function wooOddities(one: Genuine, options: BadInputOptions): BadInput[] {
  const refusal = '{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot view this resource.","data":{"status":401}}';
  const ping = signed('a ping without a signature', one, Buffer.from('webhook_id=7'), options, 'ignored');
  return [
    { ...ping, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    signed('an error in the place of an order', one, Buffer.from(refusal), options, 'quarantined'),
  ];
}

function bigOddities(one: Genuine, options: BadInputOptions): BadInput[] {
  const foreign = one.body.toString().replace(/stores\/[^"]+/, 'stores/somebodyelse');
  return [signed('an order of another store', one, Buffer.from(foreign), options, 'quarantined')];
}

function strangers({ carrier, plan }: BadInputOptions): BadInput[] {
  const refused = (name: string, path: string, headers: Readonly<Record<string, string>> = {}): BadInput => ({
    name,
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: plan.postings[0]?.body ?? Buffer.from('{}'),
    status: 401,
    fate: 'refused',
  });
  return [
    refused('unknown connection', '/hooks/nobody'),
    refused('carrier update without a signature', `/updates/${carrier}`),
    refused('carrier update for an unknown carrier', '/updates/nobody', { 'x-hmac-signature': `hmac-sha256-hex=${'0'.repeat(64)}` }),
  ];
}

function oddUpdates({ carrier, vendors, now }: BadInputOptions): BadInput[] {
  const update = (name: string, text: string, fate: Fate): BadInput => {
    const body = Buffer.from(text);
    return { name, method: 'POST', path: `/updates/${carrier}`, headers: headersOf({ id: '', sender: carrier, meta: {}, body, due: null }, vendors, now), body, status: 200, fate };
  };
  return [
    update('carrier update that is not JSON', 'status=delivered', 'quarantined'),
    update('carrier update without a tracking code', '{"object":"Event","description":"tracker.updated","result":{"object":"Tracker"}}', 'quarantined'),
    update('carrier event about something else', '{"object":"Event","description":"batch.created","result":{"object":"Batch"}}', 'ignored'),
  ];
}

function badRequests({ tokens, now, storefronts }: BadInputOptions): BadInput[] {
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
  const reader = { authorization: `Bearer ${tokens.reader}` };
  return [
    request('receipt without a token', 401, { headers: { 'content-type': 'application/json' } }),
    request('receipt with a token for something else', 403, { headers: { 'content-type': 'application/json', ...reader } }),
    request('receipt for an unknown warehouse', 400, {}),
    request('receipt of a negative quantity', 400, { body: Buffer.from('{"kind":"receipt","id":"bad","warehouse":"hamburg","lines":[{"sku":"TENT-2P","quantity":-1}]}') }),
    request('look at an order that does not exist', 404, { method: 'GET', path: '/orders/shop:0', headers: reader, body: Buffer.alloc(0) }),
    request('unknown route', 404, { path: '/wp-admin' }),
    request('body of 11 MB', 413, { path: `/hooks/${storefronts[0]?.id}`, body: Buffer.alloc(11 * 1024 * 1024, 'x') }),
  ];
}

function signed(name: string, { storefront, meta }: Genuine, body: Buffer, { vendors, now }: BadInputOptions, fate: Fate = 'ignored'): BadInput {
  // Some storefronts send a posting only once: none of these may be taken for another.
  const posting: Posting = { id: randomUUID(), sender: storefront.id, meta: { ...meta, webhookId: `bad_${fingerprint(body).slice(0, 16)}` }, body, due: null };
  return { name, method: 'POST', path: `/hooks/${storefront.id}`, headers: headersOf(posting, vendors, now), body, status: 200, fate };
}

function headersOf(posting: Posting, vendors: BadInputOptions['vendors'], now: Date): Readonly<Record<string, string>> {
  const address = vendors.address(posting, now);
  if (address instanceof Promise) throw new Error(`${posting.sender} asks for a token before it posts: it cannot be planned what it sends.`);
  if (address === undefined) throw new Error(`${posting.sender} posts nothing of the topic ${posting.meta.topic}: nobody is subscribed to it.`);
  return address.headers;
}

/** The first clean order of a storefront, as it was first posted, under an id nobody has. */
function genuineOf(storefront: Storefront, plan: Plan): Genuine {
  const order = plan.orders.find((candidate) => candidate.connectionId === storefront.id && candidate.course.name === 'clean');
  const posting = plan.postings.find(({ id }) => id === `${order?.orderId}/0`);
  if (order === undefined || posting === undefined) throw new Error(`The day is too short to have a clean order of ${storefront.id}; ask for more orders.`);
  return { storefront, meta: posting.meta, body: Buffer.from(posting.body.toString().replaceAll(order.sold.sourceId, NOBODYS)) };
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
