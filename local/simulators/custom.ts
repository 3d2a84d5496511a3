import type { DatabaseSync } from 'node:sqlite';
import { Webhook } from 'standardwebhooks';
import * as z from 'zod';
import { type SignatureScheme, sign } from '../../adapters/signature.ts';
import { count, inTransaction, openDatabase, type Row, text } from './database.ts';
import { type Answer, type Call, listen } from './listen.ts';
import type { Posting } from './outbox.ts';
import type { Happening, PlayedShop, ShopOptions, ShopOrder, Writer } from './shop.ts';
import { decimal, type SoldOrder, type SoldVersion, totalOf, unitsBought, unitsLeft } from './sold-order.ts';

/** Our own storefront contract's event types. */
type CustomTopic = `order.${Happening}`;

/** A parcel that the shop was told about. */
interface TrackingNote {
  readonly webhookId: string;
  readonly orderId: string;
  readonly carrier: string;
  readonly trackingNumber: string;
  /** By SKU. */
  readonly units: Readonly<Record<string, number>>;
  /** How often it was told. */
  readonly copies: number;
}

/** A wholesale shop that speaks our own contract. It has no subscriptions: it posts as long as it is there. */
export interface CustomShop extends PlayedShop {
  readonly callbackUrl: string;
  notes(): TrackingNote[];
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sold (source_id TEXT PRIMARY KEY, version INTEGER, changed INTEGER, sold TEXT, state TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS sold_changed ON sold (changed, source_id);
  CREATE TABLE IF NOT EXISTS told (webhook_id TEXT PRIMARY KEY, order_id TEXT, carrier TEXT, number TEXT, units TEXT, copies INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS telling_fault (source_id TEXT PRIMARY KEY, kind TEXT, left INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS offer (sku TEXT PRIMARY KEY, quantity INTEGER, sequence INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS complaint (what TEXT) STRICT;
`;
const PAGE = 50;
/** Of a figure that nobody told it yet. */
const NO_SEQUENCE = -1;
const SCHEME: SignatureScheme = { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 };
const TOPICS: readonly CustomTopic[] = ['order.created', 'order.updated', 'order.paid', 'order.cancelled'];

const Units = z.strictObject({ sku: z.string().min(1), quantity: z.int().min(1) });
const Shipped = z.strictObject({
  type: z.literal('parcel.shipped'),
  timestamp: z.iso.datetime(),
  data: z.strictObject({
    orderId: z.string(),
    parcel: z.int().min(1),
    carrier: z.string(),
    trackingNumber: z.string().min(1),
    trackingUrl: z.string(),
    units: z.array(Units).min(1),
    shippedAt: z.iso.datetime(),
  }),
});
const Stock = z.strictObject({
  type: z.literal('stock.changed'),
  timestamp: z.iso.datetime(),
  data: z.strictObject({ levels: z.array(z.strictObject({ sku: z.string().min(1), quantity: z.int().min(0), sequence: z.int().min(0) })).min(1) }),
});
const Notice = z.discriminatedUnion('type', [Shipped, Stock]);
type Parcel = z.infer<typeof Shipped>['data'];
type Levels = z.infer<typeof Stock>['data']['levels'];

/** Opens the shop on the loopback interface: the address that is told things, and the one that lists its orders. https://www.standardwebhooks.com */
export async function openCustom({ connectionId, file, secret: { signing }, hookUrl }: ShopOptions): Promise<CustomShop> {
  const database = openDatabase(file, SCHEMA);
  const server = await listen((call) => answer(database, call, signing));
  const callbackUrl = `${server.url}/crossdock`;
  return {
    connectionId,
    callbackUrl,
    settings: { callbackUrl, ordersUrl: `${server.url}/orders` },
    address: (posting, now) => customAddress(hookUrl(), signing)(posting, now),
    place: (order, version) => place(database, order, version),
    expect: (faults) => {
      for (const { sourceId, fault } of faults) database.prepare('INSERT OR IGNORE INTO telling_fault VALUES (?, ?, 1)').run(sourceId, fault);
    },
    stock: (units) => {
      for (const [sku, quantity] of Object.entries(units)) database.prepare('INSERT OR IGNORE INTO offer VALUES (?, ?, ?)').run(sku, quantity, NO_SEQUENCE);
    },
    unsubscribe: () => {},
    subscribed: () => TOPICS,
    orders: () => ordersOf(database),
    available: () => Object.fromEntries(rowsOf(database, 'SELECT * FROM offer ORDER BY sku').map((row) => [text(row, 'sku'), count(row, 'quantity')])),
    complaints: () => rowsOf(database, 'SELECT what FROM complaint').map((row) => text(row, 'what')),
    notes: () => notesOf(database),
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

/** How the shop addresses and signs what it posts: the time is signed too, so each attempt is signed anew. */
export function customAddress(
  hookUrl: string,
  secret: string,
): (posting: Pick<Posting, 'body' | 'meta'>, now: Date) => { readonly url: string; readonly headers: Record<string, string> } {
  return ({ body, meta }, now) => {
    const at = meta.signedAt === undefined ? now : new Date(meta.signedAt);
    return { url: hookUrl, headers: { 'content-type': 'application/json', ...sign(body, SCHEME, secret, { id: meta.webhookId ?? '', at }) } };
  };
}

/** Writes what the shop posts when an order comes to a version. */
export const writeCustom: Writer = (happening, order, version, id) => {
  const topic: CustomTopic = `order.${happening}`;
  return { body: customOrder(topic, order, version), meta: { topic, webhookId: `msg_${id.replaceAll('.', '-')}` } };
};

/** Writes one version of an order in our own contract's words. */
function customOrder(topic: CustomTopic, order: SoldOrder, version: SoldVersion): Buffer {
  return Buffer.from(JSON.stringify({ type: topic, timestamp: version.updatedAt, data: dataOf(order, version) }));
}

function dataOf(order: SoldOrder, version: SoldVersion): object {
  const { buyer } = order;
  const shipTo = {
    name: `${buyer.firstName} ${buyer.lastName}`,
    ...(buyer.company !== '' && { company: buyer.company }),
    line1: buyer.line1,
    ...(buyer.line2 !== '' && { line2: buyer.line2 }),
    city: buyer.city,
    ...(buyer.region !== '' && { region: buyer.region }),
    postalCode: buyer.postalCode,
    country: buyer.country,
    phone: buyer.phone,
  };
  return {
    id: order.sourceId,
    number: order.number,
    version: version.version,
    placedAt: order.placedAt,
    test: order.test,
    status: version.cancelled ? 'cancelled' : 'open',
    paid: version.paid,
    currency: order.currency,
    total: decimal(totalOf(order, version)),
    lines: order.lines.flatMap((line) => {
      const quantity = unitsLeft(line, version);
      if (quantity === 0) return [];
      return [{ id: line.lineId, sku: line.sku, title: line.title, quantity, unitPrice: decimal(line.unitPrice), requiresShipping: line.kind === 'goods' }];
    }),
    shipTo: order.shipped ? shipTo : null,
    customer: { email: buyer.email, phone: buyer.phone, locale: buyer.locale },
  };
}

function place(database: DatabaseSync, order: SoldOrder, version: SoldVersion): void {
  database
    .prepare(
      `INSERT INTO sold VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, changed = excluded.changed, sold = excluded.sold, state = excluded.state
       WHERE excluded.version > version`,
    )
    .run(order.sourceId, version.version, Date.now(), JSON.stringify(order), JSON.stringify(version));
}

function answer(database: DatabaseSync, call: Call, secret: string): Answer {
  const isOrders = call.path === '/orders' && call.method === 'GET';
  if (!isOrders && !(call.path === '/crossdock' && call.method === 'POST')) return complain(database, 404, `${call.method} ${call.path} is nothing here`);
  // The published library checks what our own code signed.
  if (!isGenuine(call, isOrders ? call.query : call.body, secret)) return complain(database, 401, `${call.method} ${call.path} was not signed as it must be`);
  return isOrders ? list(database, new URLSearchParams(call.query)) : take(database, call);
}

function isGenuine({ headers }: Call, signed: string, secret: string): boolean {
  const header = (name: string) => String(headers[name] ?? '');
  const named = { 'webhook-id': header('webhook-id'), 'webhook-timestamp': header('webhook-timestamp'), 'webhook-signature': header('webhook-signature') };
  try {
    new Webhook(secret).verify(signed, named, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

/** Refuses a call that breaks the contract, and remembers it. */
function complain(database: DatabaseSync, status: number, what: string): Answer {
  database.prepare('INSERT INTO complaint VALUES (?)').run(what);
  return { status, json: { error: what } };
}

function list(database: DatabaseSync, query: URLSearchParams): Answer {
  const since = Date.parse(query.get('since') ?? '');
  const [, changed = '', after = ''] = /^(\d+):(.*)$/.exec(query.get('page') ?? `${since}:`) ?? [];
  const unknown = [...query.keys()].filter((key) => key !== 'since' && key !== 'page');
  if (Number.isNaN(since) || changed === '' || unknown.length > 0) return complain(database, 400, `the query ${query} is not since=<instant> and a page of ours`);
  const rows = database
    .prepare('SELECT * FROM sold WHERE changed >= ? AND (changed > ? OR (changed = ? AND source_id > ?)) ORDER BY changed, source_id LIMIT ?')
    .all(since, Number(changed), Number(changed), after, PAGE + 1);
  const page = rows.slice(0, PAGE);
  const last = rows.length > PAGE ? page.at(-1) : undefined;
  return {
    status: 200,
    json: { orders: page.map((row) => dataOf(soldIn(row), stateIn(row))), next: last === undefined ? null : `${count(last, 'changed')}:${text(last, 'source_id')}` },
  };
}

function take(database: DatabaseSync, call: Call): Answer {
  const notice = Notice.safeParse(JSON.parse(call.body));
  if (!notice.success) return complain(database, 400, `${call.path}: ${notice.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`);
  if (notice.data.type === 'stock.changed') return offer(database, notice.data.data.levels);
  return hear(database, String(call.headers['webhook-id']), notice.data.data);
}

function hear(database: DatabaseSync, webhookId: string, parcel: Parcel): Answer {
  const fault = takeFault(database, parcel.orderId);
  if (fault === 'busy') return { status: 429, headers: { 'retry-after': '1' } };
  if (fault === 'broken') return { status: 500 };
  const again = database.prepare('UPDATE told SET copies = copies + 1 WHERE webhook_id = ?').run(webhookId);
  const wrong = again.changes > 0 ? undefined : objectionTo(database, parcel);
  if (wrong !== undefined) return complain(database, 409, `parcel ${parcel.parcel} of ${parcel.orderId}: ${wrong}`);
  if (again.changes === 0) {
    const units = addedUp(parcel.units);
    database.prepare('INSERT INTO told VALUES (?, ?, ?, ?, ?, 1)').run(webhookId, parcel.orderId, parcel.carrier, parcel.trackingNumber, JSON.stringify(units));
  }
  return fault === 'hang-after' ? 'hang' : { status: 200 };
}

/** Why a parcel cannot be: its order is not here, it was told before under another id, or it holds more than was ever bought. */
function objectionTo(database: DatabaseSync, { orderId, trackingNumber, units }: Parcel): string | undefined {
  const row = database.prepare('SELECT * FROM sold WHERE source_id = ?').get(orderId);
  if (row === undefined) return 'no such order was placed';
  const told = notesOf(database).filter((note) => note.orderId === orderId);
  if (told.some((note) => note.trackingNumber === trackingNumber)) return `${trackingNumber} was told before under another webhook-id`;
  const bought = addedUp(soldIn(row).lines.map((line) => ({ sku: line.sku ?? '', quantity: unitsBought(line, stateIn(row)) })));
  const shipped = addedUp([...told.flatMap((note) => unitsIn(note.units)), ...units]);
  const [over] = unitsIn(shipped).filter(({ sku, quantity }) => quantity > (bought[sku] ?? 0));
  return over === undefined ? undefined : `${over.quantity} of ${over.sku} in all, and ${bought[over.sku] ?? 0} were bought`;
}

function offer(database: DatabaseSync, levels: Levels): Answer {
  const newest = database.prepare(
    'INSERT INTO offer VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET quantity = excluded.quantity, sequence = excluded.sequence WHERE excluded.sequence > sequence',
  );
  inTransaction(database, () => {
    for (const { sku, quantity, sequence } of levels) newest.run(sku, quantity, sequence);
  });
  return { status: 200 };
}

function takeFault(database: DatabaseSync, sourceId: string): string | undefined {
  const row = database.prepare('UPDATE telling_fault SET left = left - 1 WHERE left > 0 AND source_id = ? RETURNING kind').get(sourceId);
  return row === undefined ? undefined : text(row, 'kind');
}

function notesOf(database: DatabaseSync): TrackingNote[] {
  return rowsOf(database, 'SELECT * FROM told ORDER BY rowid').map((row) => ({
    webhookId: text(row, 'webhook_id'),
    orderId: text(row, 'order_id'),
    carrier: text(row, 'carrier'),
    trackingNumber: text(row, 'number'),
    units: JSON.parse(text(row, 'units')),
    copies: count(row, 'copies'),
  }));
}

function ordersOf(database: DatabaseSync): ShopOrder[] {
  const notes = Map.groupBy(notesOf(database), ({ orderId }) => orderId);
  return rowsOf(database, 'SELECT * FROM sold ORDER BY source_id').map((row) => {
    const told = notes.get(text(row, 'source_id')) ?? [];
    const fulfilled = addedUp(told.flatMap(({ units }) => unitsIn(units)));
    return {
      sourceId: text(row, 'source_id'),
      fulfilled,
      trackingNumbers: told.map(({ trackingNumber }) => trackingNumber),
      status: statusOf(soldIn(row), stateIn(row), fulfilled),
      mails: told.map(() => 'tracking'),
    };
  });
}

function statusOf({ lines }: SoldOrder, version: SoldVersion, fulfilled: Readonly<Record<string, number>>): string {
  if (version.cancelled) return 'cancelled';
  if (Object.keys(fulfilled).length === 0) return 'open';
  const wanted = addedUp(lines.filter(({ kind }) => kind === 'goods').map((line) => ({ sku: line.sku ?? '', quantity: unitsLeft(line, version) })));
  return unitsIn(wanted).every(({ sku, quantity }) => (fulfilled[sku] ?? 0) >= quantity) ? 'shipped' : 'partly shipped';
}

function addedUp(units: readonly { readonly sku: string; readonly quantity: number }[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { sku, quantity } of units) if (quantity > 0) sums[sku] = (sums[sku] ?? 0) + quantity;
  return sums;
}

function unitsIn(sums: Readonly<Record<string, number>>): { sku: string; quantity: number }[] {
  return Object.entries(sums).map(([sku, quantity]) => ({ sku, quantity }));
}

function soldIn(row: Row): SoldOrder {
  return JSON.parse(text(row, 'sold'));
}

function stateIn(row: Row): SoldVersion {
  return JSON.parse(text(row, 'state'));
}

function rowsOf(database: DatabaseSync, select: string): Row[] {
  return database.prepare(select).all();
}
