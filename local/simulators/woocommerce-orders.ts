import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { count, type Row, text } from './database.ts';
import type { Answer } from './listen.ts';
import type { ShopOrder } from './shop.ts';
import { type SoldOrder, type SoldVersion, unitsLeft } from './sold-order.ts';
import { statusOf, wooOrder, wooRefunds } from './woocommerce-payload.ts';
import { answered, bodyOf, type Complain, fieldsOf, pageOf, type RestCall, type Route, refused } from './woocommerce-rest.ts';

/** The tables of orders, of what was written to them, and of the mails that customers got. */
export const ORDERS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS sold (source_id TEXT PRIMARY KEY, version INTEGER, modified INTEGER, status TEXT, sold TEXT, state TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS sold_modified ON sold (modified, source_id);
  CREATE TABLE IF NOT EXISTS tracking (id INTEGER PRIMARY KEY, source_id TEXT, provider TEXT, link TEXT, number TEXT, shipped TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, source_id TEXT, note TEXT, customer_note INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, source_id TEXT, what TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS telling_fault (source_id TEXT PRIMARY KEY, kind TEXT, left INTEGER) STRICT;
`;
const SECOND_MS = 1_000;

/** What orders are written with, and who hears of it. */
export interface OrderDesk {
  readonly database: DatabaseSync;
  /** Whether the Shipment Tracking plugin is switched on. */
  readonly hasPlugin: boolean;
  readonly complain: Complain;
  /** Told of an order that was written to. */
  changed(sourceId: string): void;
}

/** The order is at this version now; one that is not newer changes nothing. What was completed stays so until it is cancelled. */
export function placeOrder(database: DatabaseSync, order: SoldOrder, version: SoldVersion): void {
  const before = rowOf(database, order.sourceId);
  if (before !== undefined && count(before, 'version') >= version.version) return;
  const modified = Math.max(Date.parse(version.updatedAt), before === undefined ? 0 : count(before, 'modified') + SECOND_MS);
  const status = text(before, 'status') === 'completed' && !version.cancelled ? 'completed' : statusOf(version);
  database.prepare('INSERT OR REPLACE INTO sold VALUES (?, ?, ?, ?, ?, ?)').run(order.sourceId, version.version, modified, status, JSON.stringify(order), JSON.stringify(version));
}

/** Sets an order's status as the site's own people do. */
export function setStatus(database: DatabaseSync, sourceId: string, status: string): void {
  database.prepare('UPDATE sold SET status = ?, modified = modified + ? WHERE source_id = ?').run(status, SECOND_MS, sourceId);
}

/** An order's body as it is now; undefined when there is none. */
export function orderBody(database: DatabaseSync, sourceId: string): Buffer | undefined {
  const row = rowOf(database, sourceId);
  return row === undefined ? undefined : bodyOfRow(row);
}

/** https://woocommerce.github.io/woocommerce-rest-api-docs/#orders and https://woocommerce.com/document/shipment-tracking/ */
export function orderRoutes(desk: OrderDesk): Route[] {
  const core: Route[] = [
    ['GET', /^\/wc\/v3\/orders$/, (call) => list(desk, call)],
    ['GET', /^\/wc\/v3\/orders\/(\d+)$/, (call) => of(desk, call, (row) => answered(shown(row, call)))],
    ['PUT', /^\/wc\/v3\/orders\/(\d+)$/, (call) => of(desk, call, (row) => update(desk, row, call))],
    ['GET', /^\/wc\/v3\/orders\/(\d+)\/refunds$/, (call) => of(desk, call, (row) => answered(refunds(row, call)))],
    ['GET', /^\/wc\/v3\/orders\/(\d+)\/notes$/, (call) => of(desk, call, (row) => answered(notesOf(desk, row)))],
    ['POST', /^\/wc\/v3\/orders\/(\d+)\/notes$/, (call) => of(desk, call, (row) => tell(desk, row, () => addNote(desk, row, call)))],
  ];
  const path = /^\/wc-shipment-tracking\/v3\/orders\/(\d+)\/shipment-trackings$/;
  const plugin: Route[] = [
    ['GET', path, (call) => of(desk, call, (row) => answered(trackingsOf(desk, row)))],
    ['POST', path, (call) => of(desk, call, (row) => tell(desk, row, () => addTracking(desk, row, call)))],
  ];
  return desk.hasPlugin ? [...core, ...plugin] : core;
}

function of({ database }: OrderDesk, { parts }: RestCall, act: (row: Row) => Answer): Answer {
  const row = rowOf(database, parts[0] ?? '');
  return row === undefined ? refused(404, 'woocommerce_rest_shop_order_invalid_id', 'Invalid ID.') : act(row);
}

/** `any` leaves out what is in the trash; `modified_after` leaves out the second that it names. */
function list({ database, complain }: OrderDesk, call: RestCall): Answer {
  const { limit, offset } = pageOf(call);
  const { query } = call;
  if (query.get('dates_are_gmt') !== 'true') complain("GET /wc/v3/orders: modified_after in the site's own zone");
  if (query.get('orderby') !== 'modified' || query.get('order') !== 'asc') complain('GET /wc/v3/orders: changed orders in no lasting order');
  const after = Date.parse(`${query.get('modified_after') ?? '1970-01-01T00:00:00'}Z`);
  const isTrash = query.get('status') === 'trash' ? 1 : 0;
  const rows = database
    .prepare(
      `SELECT * FROM sold WHERE modified > ? AND (status = 'trash') = ? AND source_id NOT IN (SELECT value FROM json_each(?))
       ORDER BY modified, source_id LIMIT ? OFFSET ?`,
    )
    .all(after, isTrash, JSON.stringify(query.get('exclude')?.split(',') ?? []), limit, offset);
  const bodies = rows.map((row) => bodyOfRow(row).toString());
  return answered(Buffer.from(`[${bodies.join(',')}]`));
}

function shown(row: Row, call: RestCall): object {
  if (!call.query.has('_fields')) return bodyOfRow(row);
  const whole: object = JSON.parse(bodyOfRow(row).toString());
  return fieldsOf(whole, call);
}

function refunds(row: Row, call: RestCall): object {
  pageOf(call);
  const { order, version } = soldOf(row);
  return wooRefunds(order, version);
}

const Update = z.strictObject({ status: z.enum(['pending', 'processing', 'on-hold', 'completed', 'cancelled', 'refunded', 'failed']) });

/** The Completed e-mail shows the tracking numbers that are there by then. */
function update(desk: OrderDesk, row: Row, call: RestCall): Answer {
  const { database, complain } = desk;
  const { status } = bodyOf(Update, call);
  const sourceId = text(row, 'source_id');
  const before = text(row, 'status');
  if (status !== before) {
    if (before !== 'processing') complain(`order ${sourceId}: ${before} became ${status}`);
    if (status === 'completed' && numbersOf(database, sourceId).length === 0) complain(`order ${sourceId}: completed before its tracking number was there`);
    setStatus(database, sourceId, status);
    mail(desk, sourceId, status);
    desk.changed(sourceId);
  }
  return answered(orderBody(database, sourceId));
}

/** Takes what is told of a parcel, unless something is to go wrong with it once. */
function tell({ database }: OrderDesk, row: Row, act: () => Answer): Answer {
  const sourceId = text(row, 'source_id');
  const fault = text(database.prepare('UPDATE telling_fault SET left = left - 1 WHERE source_id = ? AND left > 0 RETURNING kind').get(sourceId), 'kind');
  if (fault === 'busy') return { status: 429, headers: { 'retry-after': '1' } };
  if (fault === 'broken') return { status: 500, bytes: Buffer.from('<html><body>There has been a critical error on this website.</body></html>') };
  const answer = act();
  return fault === 'hang-after' ? 'hang' : answer;
}

const Note = z.strictObject({ note: z.string().min(1), customer_note: z.boolean().default(false) });

function addNote(desk: OrderDesk, row: Row, call: RestCall): Answer {
  const { note, customer_note } = bodyOf(Note, call);
  const sourceId = text(row, 'source_id');
  const added = desk.database
    .prepare('INSERT INTO note (source_id, note, customer_note) VALUES (?, ?, ?) RETURNING *')
    .get(sourceId, note.replaceAll('&', '&amp;'), customer_note ? 1 : 0);
  if (customer_note) mail(desk, sourceId, 'tracking');
  desk.changed(sourceId);
  return answered(noteOf(added), 201);
}

function notesOf({ database }: OrderDesk, row: Row) {
  return database.prepare('SELECT * FROM note WHERE source_id = ? ORDER BY id DESC').all(text(row, 'source_id')).map(noteOf);
}

function noteOf(row: Row | undefined) {
  return { id: count(row, 'id'), author: 'WooCommerce', note: text(row, 'note'), customer_note: count(row, 'customer_note') === 1 };
}

const Tracking = z
  .strictObject({
    tracking_provider: z.string().min(1).optional(),
    custom_tracking_provider: z.string().min(1).optional(),
    custom_tracking_link: z.url().optional(),
    tracking_number: z.string().min(1),
    date_shipped: z.iso.date().optional(),
  })
  .refine((one) => (one.tracking_provider === undefined) !== (one.custom_tracking_provider === undefined), {
    error: 'needs one of tracking_provider and custom_tracking_provider',
  });

function addTracking(desk: OrderDesk, row: Row, call: RestCall): Answer {
  const tracking = bodyOf(Tracking, call);
  const sourceId = text(row, 'source_id');
  if (numbersOf(desk.database, sourceId).includes(tracking.tracking_number)) desk.complain(`order ${sourceId}: tracking number ${tracking.tracking_number} twice`);
  const provider = tracking.custom_tracking_provider ?? tracking.tracking_provider ?? '';
  const added = desk.database
    .prepare('INSERT INTO tracking (source_id, provider, link, number, shipped) VALUES (?, ?, ?, ?, ?) RETURNING *')
    .get(sourceId, provider, tracking.custom_tracking_link ?? '', tracking.tracking_number, tracking.date_shipped ?? '');
  mail(desk, sourceId, 'tracking');
  // The plugin keeps it with the order, which so counts as changed.
  desk.database.prepare('UPDATE sold SET modified = modified + ? WHERE source_id = ?').run(SECOND_MS, sourceId);
  desk.changed(sourceId);
  return answered(trackingOf(added), 201);
}

function trackingsOf({ database }: OrderDesk, row: Row) {
  return database.prepare('SELECT * FROM tracking WHERE source_id = ? ORDER BY id').all(text(row, 'source_id')).map(trackingOf);
}

function trackingOf(row: Row | undefined) {
  return {
    tracking_id: text(row, 'id').padStart(32, '0'),
    tracking_provider: text(row, 'provider'),
    tracking_link: text(row, 'link'),
    tracking_number: text(row, 'number'),
    date_shipped: text(row, 'shipped'),
  };
}

/** Numbers that the customer can see: of the plugin, and in notes, where they stand after the last colon but one of a link. */
function numbersOf(database: DatabaseSync, sourceId: string): string[] {
  const trackings = database.prepare('SELECT number FROM tracking WHERE source_id = ? ORDER BY id').all(sourceId);
  const notes = database.prepare('SELECT note FROM note WHERE source_id = ? AND customer_note = 1 ORDER BY id').all(sourceId);
  const inNotes = notes.flatMap((row) => /Tracking number: (\S+)/.exec(text(row, 'note'))?.[1] ?? []);
  return [...trackings.map((row) => text(row, 'number')), ...inNotes];
}

function mail({ database }: OrderDesk, sourceId: string, what: string): void {
  database.prepare('INSERT INTO mail (source_id, what) VALUES (?, ?)').run(sourceId, what);
}

/** All orders as the site's own people see them. It counts no units: a completed order has left whole. */
export function shopOrders(database: DatabaseSync): ShopOrder[] {
  return database
    .prepare('SELECT * FROM sold ORDER BY source_id')
    .all()
    .map((row): ShopOrder => {
      const sourceId = text(row, 'source_id');
      const mails = database.prepare('SELECT what FROM mail WHERE source_id = ? ORDER BY id').all(sourceId);
      return {
        sourceId,
        fulfilled: text(row, 'status') === 'completed' ? goodsIn(row) : {},
        trackingNumbers: numbersOf(database, sourceId),
        status: text(row, 'status'),
        mails: mails.map((one) => text(one, 'what')),
      };
    });
}

function goodsIn(row: Row): Record<string, number> {
  const { order, version } = soldOf(row);
  const goods: Record<string, number> = {};
  for (const line of order.lines) {
    const units = line.kind === 'goods' ? unitsLeft(line, version) : 0;
    if (units > 0) goods[line.sku ?? ''] = (goods[line.sku ?? ''] ?? 0) + units;
  }
  return goods;
}

function rowOf(database: DatabaseSync, sourceId: string): Row | undefined {
  return database.prepare('SELECT * FROM sold WHERE source_id = ?').get(sourceId);
}

function soldOf(row: Row): { readonly order: SoldOrder; readonly version: SoldVersion } {
  const order: SoldOrder = JSON.parse(text(row, 'sold'));
  const version: SoldVersion = JSON.parse(text(row, 'state'));
  return { order, version };
}

function bodyOfRow(row: Row): Buffer {
  const { order, version } = soldOf(row);
  return wooOrder(order, version, { status: text(row, 'status'), modified: count(row, 'modified') });
}
