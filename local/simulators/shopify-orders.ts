import type { DatabaseSync } from 'node:sqlite';
import { count, inTransaction, type Row, text } from './database.ts';
import { type SoldLine, type SoldOrder, type SoldVersion, unitsBought, unitsLeft } from './sold-order.ts';

/** A place where the shop has stock and from where it ships. */
export interface ShopLocation {
  /** Digits. */
  readonly id: string;
  readonly name: string;
  /** What is shipped from here; the first location ships all that no location names. */
  readonly skus?: readonly string[];
}

/** A line of an order with what became of its units. */
export interface LineState {
  readonly line: SoldLine;
  /** Units that were bought, refunded ones too. */
  readonly bought: number;
  /** Units that are still wanted, shipped ones too. */
  readonly left: number;
  readonly fulfilled: number;
}

/** Part of a line that one location is to ship. */
export interface FulfilmentOrderLine {
  readonly id: number;
  readonly lineId: string;
  readonly total: number;
  readonly remaining: number;
}

/** What one location is to ship of an order. */
export interface FulfilmentOrder {
  readonly id: number;
  readonly sourceId: string;
  readonly locationId: string;
  readonly status: string;
  readonly requestStatus: string;
  readonly lines: readonly FulfilmentOrderLine[];
}

/** A parcel that left, as the shop knows it. */
export interface Fulfilment {
  readonly id: number;
  readonly sourceId: string;
  /** Such as `#1001.1`. */
  readonly name: string;
  readonly locationId: string;
  readonly company: string;
  readonly numbers: readonly string[];
  readonly urls: readonly string[];
  /** UTC instant. */
  readonly at: string;
  readonly lines: readonly { readonly id: number; readonly fulfilmentOrderId: number; readonly lineId: string; readonly quantity: number }[];
}

/** An order as the shop has it now. */
export interface OrderState {
  readonly sold: SoldOrder;
  readonly version: SoldVersion;
  /** UTC instant: of its version, or of the last fulfilment after it. */
  readonly updatedAt: string;
  /** Those that are part of the order by now. */
  readonly lines: readonly LineState[];
  readonly fulfilmentOrders: readonly FulfilmentOrder[];
  readonly fulfilments: readonly Fulfilment[];
}

/** The tables of the orders. */
export const ORDERS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS shop_order (source_id TEXT PRIMARY KEY, sold TEXT, version TEXT, updated_at TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS fulfilment_order (id INTEGER PRIMARY KEY, source_id TEXT, location_id TEXT, status TEXT, request_status TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS fulfilment_order_line (id INTEGER PRIMARY KEY, fulfilment_order_id INTEGER, line_id TEXT, total INTEGER, remaining INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS fulfilment (id INTEGER PRIMARY KEY, source_id TEXT, location_id TEXT, company TEXT, numbers TEXT, urls TEXT, at TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS fulfilment_line (id INTEGER PRIMARY KEY, fulfilment_id INTEGER, fulfilment_order_id INTEGER, line_id TEXT, quantity INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, source_id TEXT, what TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS fulfilment_order_of ON fulfilment_order (source_id);
  CREATE INDEX IF NOT EXISTS fulfilment_order_line_of ON fulfilment_order_line (fulfilment_order_id);
  CREATE INDEX IF NOT EXISTS fulfilment_of ON fulfilment (source_id);
  CREATE INDEX IF NOT EXISTS fulfilment_line_of ON fulfilment_line (fulfilment_id);
`;

// Ids of different things begin far apart, so that one taken for another is found out.
const NEW_FULFILMENT_ORDER = 'INSERT INTO fulfilment_order VALUES ((SELECT coalesce(max(id), 6900000000000) + 1 FROM fulfilment_order), ?, ?, ?, ?) RETURNING id';
const NEW_FULFILMENT_ORDER_LINE = 'INSERT INTO fulfilment_order_line VALUES ((SELECT coalesce(max(id), 13800000000000) + 1 FROM fulfilment_order_line), ?, ?, ?, ?)';
const OPEN_STATUSES: ReadonlySet<string> = new Set(['OPEN', 'IN_PROGRESS', 'ON_HOLD', 'SCHEDULED']);

/** Whether something may still be shipped of a fulfilment order, now or later. */
export function isOpen({ status }: FulfilmentOrder): boolean {
  return OPEN_STATUSES.has(status);
}

/** The order is at this version now; one that is not newer changes nothing. Its fulfilment orders follow. */
export function placeOrder(database: DatabaseSync, locations: readonly ShopLocation[], order: SoldOrder, version: SoldVersion): void {
  const before = readOrder(database, order.sourceId);
  if (before !== undefined && before.version.version >= version.version) return;
  const updatedAt = before === undefined ? version.updatedAt : laterOf(version.updatedAt, before.updatedAt);
  inTransaction(database, () => {
    database
      .prepare(
        'INSERT INTO shop_order VALUES (?, ?, ?, ?) ON CONFLICT (source_id) DO UPDATE SET sold = excluded.sold, version = excluded.version, updated_at = excluded.updated_at',
      )
      .run(order.sourceId, JSON.stringify(order), JSON.stringify(version), updatedAt);
    const state = readOrder(database, order.sourceId);
    if (state !== undefined) for (const line of state.lines) routeLine(database, locations, state, line);
    closeEmpty(database, order.sourceId, version.cancelled ? 'CANCELLED' : 'CLOSED');
  });
}

/** The instant, or the whole second after `before` when it is not later. Shopify's clock has whole seconds. */
export function laterOf(instant: string, before: string): string {
  const second = Math.floor(Date.parse(instant) / 1_000);
  return new Date(Math.max(second, Math.floor(Date.parse(before) / 1_000) + 1) * 1_000).toISOString();
}

/** Brings what fulfilment orders hold of a line to what is still to be shipped of it. */
function routeLine(database: DatabaseSync, locations: readonly ShopLocation[], { sold, version, fulfilmentOrders }: OrderState, { line, left, fulfilled }: LineState): void {
  if (line.kind !== 'goods') return;
  const open = fulfilmentOrders.filter(isOpen);
  const parts = open.flatMap(({ lines }) => lines.filter(({ lineId }) => lineId === line.lineId));
  const wanted = version.cancelled ? 0 : Math.max(0, left - fulfilled);
  let change = wanted - parts.reduce((sum, { remaining }) => sum + remaining, 0);
  const resize = database.prepare('UPDATE fulfilment_order_line SET total = total + ?1, remaining = remaining + ?1 WHERE id = ?2');
  for (const { id, remaining } of parts) {
    const by = Math.max(change, -remaining);
    resize.run(by, id);
    change -= by;
  }
  if (change <= 0) return;
  const locationId = locationOf(locations, line).id;
  const [there] = database.prepare("SELECT id FROM fulfilment_order WHERE source_id = ? AND location_id = ? AND status = 'OPEN'").all(sold.sourceId, locationId);
  const fulfilmentOrder = there ?? database.prepare(NEW_FULFILMENT_ORDER).get(sold.sourceId, locationId, 'OPEN', 'UNSUBMITTED');
  database.prepare(NEW_FULFILMENT_ORDER_LINE).run(count(fulfilmentOrder, 'id'), line.lineId, change, change);
}

function locationOf(locations: readonly ShopLocation[], { sku }: SoldLine): ShopLocation {
  const found = locations.find(({ skus }) => sku !== null && skus?.includes(sku)) ?? locations[0];
  if (found === undefined) throw new Error('The shop has no location.');
  return found;
}

/** Ends fulfilment orders with nothing left to ship. */
export function closeEmpty(database: DatabaseSync, sourceId: string, status: 'CANCELLED' | 'CLOSED'): void {
  database
    .prepare(
      `UPDATE fulfilment_order SET status = ? WHERE source_id = ? AND status IN ('OPEN', 'IN_PROGRESS', 'ON_HOLD', 'SCHEDULED')
       AND NOT EXISTS (SELECT 1 FROM fulfilment_order_line AS line WHERE line.fulfilment_order_id = fulfilment_order.id AND line.remaining > 0)`,
    )
    .run(status, sourceId);
}

/** Moves fulfilment orders of an order from one status to another. */
export function moveFulfilmentOrders(database: DatabaseSync, sourceId: string, from: string, to: string): void {
  database.prepare('UPDATE fulfilment_order SET status = ? WHERE source_id = ? AND status = ?').run(to, sourceId, from);
}

/** All orders, in the order in which they were placed here. */
export function readOrders(database: DatabaseSync): OrderState[] {
  return database
    .prepare('SELECT * FROM shop_order ORDER BY rowid')
    .all()
    .map((row) => stateOf(database, row));
}

/** Orders that changed at an instant or later, the longest unchanged first. */
export function readChanged(database: DatabaseSync, since: string): OrderState[] {
  return database
    .prepare('SELECT * FROM shop_order WHERE updated_at >= ? ORDER BY updated_at, source_id')
    .all(since)
    .map((row) => stateOf(database, row));
}

/** An order as it is now; undefined when the shop has none of the id. */
export function readOrder(database: DatabaseSync, sourceId: string): OrderState | undefined {
  const row = database.prepare('SELECT * FROM shop_order WHERE source_id = ?').get(sourceId);
  return row && stateOf(database, row);
}

/** The order that a fulfilment order or a fulfilment is of; undefined when there is no such thing. */
export function readOrderOf(database: DatabaseSync, thing: 'fulfilment_order' | 'fulfilment', id: number): OrderState | undefined {
  const row = database.prepare(`SELECT source_id FROM ${thing} WHERE id = ?`).get(id);
  return row && readOrder(database, text(row, 'source_id'));
}

function stateOf(database: DatabaseSync, row: Row): OrderState {
  const sold: SoldOrder = JSON.parse(text(row, 'sold'));
  const version: SoldVersion = JSON.parse(text(row, 'version'));
  const fulfilments = fulfilmentsOf(database, sold);
  const lines = sold.lines.map((line): LineState => {
    const fulfilled = fulfilments.flatMap((one) => one.lines.filter(({ lineId }) => lineId === line.lineId)).reduce((sum, { quantity }) => sum + quantity, 0);
    return { line, bought: unitsBought(line, version), left: unitsLeft(line, version), fulfilled };
  });
  return { sold, version, updatedAt: text(row, 'updated_at'), lines: lines.filter(({ bought }) => bought > 0), fulfilmentOrders: fulfilmentOrdersOf(database, sold), fulfilments };
}

function fulfilmentOrdersOf(database: DatabaseSync, { sourceId }: SoldOrder): FulfilmentOrder[] {
  const lines = database.prepare('SELECT * FROM fulfilment_order_line WHERE fulfilment_order_id = ? ORDER BY id');
  const rows = database.prepare('SELECT * FROM fulfilment_order WHERE source_id = ? ORDER BY id').all(sourceId);
  return rows.map((row) => ({
    id: count(row, 'id'),
    sourceId,
    locationId: text(row, 'location_id'),
    status: text(row, 'status'),
    requestStatus: text(row, 'request_status'),
    lines: lines.all(count(row, 'id')).map((line) => ({ id: count(line, 'id'), lineId: text(line, 'line_id'), total: count(line, 'total'), remaining: count(line, 'remaining') })),
  }));
}

function fulfilmentsOf(database: DatabaseSync, { sourceId, number }: SoldOrder): Fulfilment[] {
  const lines = database.prepare('SELECT * FROM fulfilment_line WHERE fulfilment_id = ? ORDER BY id');
  const rows = database.prepare('SELECT * FROM fulfilment WHERE source_id = ? ORDER BY id').all(sourceId);
  return rows.map((row, index) => ({
    id: count(row, 'id'),
    sourceId,
    name: `${number}.${index + 1}`,
    locationId: text(row, 'location_id'),
    company: text(row, 'company'),
    numbers: JSON.parse(text(row, 'numbers')),
    urls: JSON.parse(text(row, 'urls')),
    at: text(row, 'at'),
    lines: lines
      .all(count(row, 'id'))
      .map((line) => ({ id: count(line, 'id'), fulfilmentOrderId: count(line, 'fulfilment_order_id'), lineId: text(line, 'line_id'), quantity: count(line, 'quantity') })),
  }));
}

/** Shopify's word for how much of an order has been shipped. https://shopify.dev/docs/api/admin-graphql/2026-07/enums/OrderDisplayFulfillmentStatus */
export function fulfilmentStatusOf({ lines, fulfilmentOrders }: OrderState): 'FULFILLED' | 'PARTIALLY_FULFILLED' | 'ON_HOLD' | 'IN_PROGRESS' | 'UNFULFILLED' {
  const goods = lines.filter(({ line, left }) => line.kind === 'goods' && left > 0);
  const fulfilled = goods.reduce((sum, one) => sum + one.fulfilled, 0);
  if (fulfilled > 0) return goods.every((one) => one.fulfilled >= one.left) ? 'FULFILLED' : 'PARTIALLY_FULFILLED';
  if (fulfilmentOrders.some(({ status }) => status === 'ON_HOLD')) return 'ON_HOLD';
  return fulfilmentOrders.some(({ status }) => status === 'IN_PROGRESS') ? 'IN_PROGRESS' : 'UNFULFILLED';
}

/** Shopify's word for what has been paid of an order. https://shopify.dev/docs/api/admin-graphql/2026-07/enums/OrderDisplayFinancialStatus */
export function financialStatusOf(order: SoldOrder, version: SoldVersion): 'REFUNDED' | 'VOIDED' | 'PENDING' | 'PARTIALLY_REFUNDED' | 'PAID' {
  if (version.cancelled) return version.paid ? 'REFUNDED' : 'VOIDED';
  if (!version.paid) return 'PENDING';
  return order.lines.some((line) => unitsLeft(line, version) < unitsBought(line, version)) ? 'PARTIALLY_REFUNDED' : 'PAID';
}
