import type { DatabaseSync } from 'node:sqlite';
import { count, inTransaction, type Row, text } from './database.ts';
import { type Buyer, type SoldLine, type SoldOrder, type SoldVersion, unitsBought, unitsLeft } from './sold-order.ts';

/** An order some of whose lines go to a second address. */
export interface SplitOrder extends SoldOrder {
  readonly secondAddress?: { readonly buyer: Buyer; readonly lineIds: readonly string[] };
}

/** One line of an order as the store counts it. */
export interface LineState {
  readonly line: SoldLine;
  /** Units bought so far, refunded ones too. */
  readonly bought: number;
  readonly refunded: number;
  readonly shipped: number;
  /** 0 for what is sent nowhere. */
  readonly addressId: number;
}

/** A parcel as somebody entered it. */
export interface Shipment {
  readonly id: number;
  readonly addressId: number;
  readonly trackingNumber: string;
  readonly provider: string;
  readonly carrier: string;
  readonly link: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly items: readonly { readonly order_product_id: number; readonly quantity: number }[];
}

/** All that the store has of an order. */
export interface OrderState {
  readonly sold: SplitOrder;
  readonly version: SoldVersion;
  /** Milliseconds since 1970, on a whole second; rises with every change. */
  readonly modified: number;
  readonly addresses: readonly { readonly id: number; readonly buyer: Buyer }[];
  readonly lines: readonly LineState[];
  readonly shipments: readonly Shipment[];
}

/** The tables of the orders. */
export const ORDERS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS sold (source_id TEXT PRIMARY KEY, sold TEXT, version TEXT, modified INTEGER) STRICT;
  CREATE INDEX IF NOT EXISTS sold_modified ON sold (modified);
  CREATE TABLE IF NOT EXISTS address (id INTEGER PRIMARY KEY, source_id TEXT, position INTEGER, UNIQUE (source_id, position)) STRICT;
  CREATE TABLE IF NOT EXISTS shipment (id INTEGER PRIMARY KEY, source_id TEXT, address_id INTEGER, number TEXT, provider TEXT, carrier TEXT, link TEXT, at INTEGER,
    items TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS shipment_of ON shipment (source_id);
  CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, source_id TEXT, what TEXT) STRICT;
`;

// Ids of different things begin far apart, so that one taken for another is found out.
const NEW_ADDRESS = 'INSERT INTO address VALUES ((SELECT coalesce(max(id), 70000) + 1 FROM address), ?, ?) ON CONFLICT DO NOTHING';
const NEW_SHIPMENT = 'INSERT INTO shipment VALUES ((SELECT coalesce(max(id), 9000) + 1 FROM shipment), ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id';

/** The order is at this version now; one that is not newer changes nothing. */
export function placeOrder(database: DatabaseSync, order: SplitOrder, version: SoldVersion): void {
  const before = readOrder(database, order.sourceId);
  if (before !== undefined && before.version.version >= version.version) return;
  const modified = laterOf(Date.parse(version.updatedAt), before?.modified);
  inTransaction(database, () => {
    database
      .prepare('INSERT INTO sold VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET sold = excluded.sold, version = excluded.version, modified = excluded.modified')
      .run(order.sourceId, JSON.stringify(order), JSON.stringify(version), modified);
    for (const position of addressesOf(order).keys()) database.prepare(NEW_ADDRESS).run(order.sourceId, position);
  });
}

/** The instant on a whole second, or the second after `before` when it is not later. Orders V2 has whole seconds. */
function laterOf(at: number, before: number | undefined): number {
  const second = Math.floor(at / 1_000) * 1_000;
  return before === undefined ? second : Math.max(second, before + 1_000);
}

function addressesOf({ buyer, secondAddress, lines, shipped }: SplitOrder): Buyer[] {
  if (!lines.some(({ kind }) => kind === 'goods')) return [];
  const blank = { ...buyer, firstName: '', lastName: '', company: '', line1: '', line2: '', city: '', region: '', postalCode: '', country: '', phone: '' };
  return [shipped ? buyer : blank, ...(secondAddress === undefined ? [] : [secondAddress.buyer])];
}

/** Reads an order; undefined when there is none. */
export function readOrder(database: DatabaseSync, sourceId: string): OrderState | undefined {
  const row = database.prepare('SELECT * FROM sold WHERE source_id = ?').get(sourceId);
  return row === undefined ? undefined : stateOf(database, row);
}

/** Reads orders by when they changed, both ends included, the first to change first. Milliseconds since 1970. */
export function readModified(database: DatabaseSync, from: number, until: number, limit: number, offset: number): OrderState[] {
  const rows = database.prepare('SELECT * FROM sold WHERE modified >= ? AND modified <= ? ORDER BY modified, source_id LIMIT ? OFFSET ?').all(from, until, limit, offset);
  return rows.map((row) => stateOf(database, row));
}

/** Reads all orders. */
export function readOrders(database: DatabaseSync): OrderState[] {
  return database
    .prepare('SELECT * FROM sold ORDER BY source_id')
    .all()
    .map((row) => stateOf(database, row));
}

function stateOf(database: DatabaseSync, row: Row): OrderState {
  const sold: SplitOrder = JSON.parse(text(row, 'sold'));
  const version: SoldVersion = JSON.parse(text(row, 'version'));
  const ids = database.prepare('SELECT id FROM address WHERE source_id = ? ORDER BY position').all(sold.sourceId);
  const addresses = addressesOf(sold).map((buyer, position) => ({ id: count(ids[position], 'id'), buyer }));
  const shipments = database.prepare('SELECT * FROM shipment WHERE source_id = ? ORDER BY id').all(sold.sourceId).map(shipmentOf);
  const items = shipments.flatMap((shipment) => shipment.items);
  const lines = sold.lines.map((line) => {
    const bought = unitsBought(line, version);
    const shipped = items.filter((item) => String(item.order_product_id) === line.lineId).reduce((sum, { quantity }) => sum + quantity, 0);
    const position = sold.secondAddress?.lineIds.includes(line.lineId) ? 1 : 0;
    return { line, bought, refunded: bought - unitsLeft(line, version), shipped, addressId: line.kind === 'goods' ? (addresses[position]?.id ?? 0) : 0 };
  });
  return { sold, version, modified: count(row, 'modified'), addresses, lines: lines.filter(({ bought }) => bought > 0), shipments };
}

function shipmentOf(row: Row): Shipment {
  return {
    id: count(row, 'id'),
    addressId: count(row, 'address_id'),
    trackingNumber: text(row, 'number'),
    provider: text(row, 'provider'),
    carrier: text(row, 'carrier'),
    link: text(row, 'link'),
    at: count(row, 'at'),
    items: JSON.parse(text(row, 'items')),
  };
}

/** Units of a line that may still be shipped. */
function leftOf({ bought, refunded, shipped }: LineState): number {
  return Math.max(0, bought - refunded - shipped);
}

/** Why units cannot be shipped of a line; undefined when they can. */
export function objectionTo(line: LineState | undefined, quantity: number, addressId: number): string | undefined {
  if (line === undefined) return 'the order has no such product';
  if (line.addressId !== addressId) return `the product goes to address ${line.addressId}, not to ${addressId}`;
  return quantity > leftOf(line) ? `quantity ${quantity} is more than the ${leftOf(line)} that are left` : undefined;
}

/** Where an order stands. https://developer.bigcommerce.com/docs/rest-management/orders/order-status */
export function statusOf({ version, lines }: OrderState): { readonly id: number; readonly name: string } {
  const goods = lines.filter(({ line }) => line.kind === 'goods');
  const isRefunded = lines.every(({ bought, refunded }) => refunded >= bought);
  if (version.cancelled) return { id: 5, name: 'Cancelled' };
  if (isRefunded) return { id: 4, name: 'Refunded' };
  if (goods.some(({ shipped }) => shipped > 0)) return goods.every((line) => leftOf(line) === 0) ? { id: 2, name: 'Shipped' } : { id: 3, name: 'Partially Shipped' };
  if (!version.paid) return { id: 7, name: 'Awaiting Payment' };
  if (goods.length === 0) return { id: 10, name: 'Completed' };
  return lines.some(({ refunded }) => refunded > 0) ? { id: 14, name: 'Partially Refunded' } : { id: 11, name: 'Awaiting Fulfillment' };
}

/** Keeps a shipment, and mails the customer as the store is set to. @returns its id */
export function addShipment(database: DatabaseSync, { sold, modified }: OrderState, shipment: Omit<Shipment, 'id' | 'at'>, now: number): number {
  const { addressId, trackingNumber, provider, carrier, link, items } = shipment;
  const at = laterOf(now, modified);
  let id = 0;
  inTransaction(database, () => {
    id = count(database.prepare(NEW_SHIPMENT).get(sold.sourceId, addressId, trackingNumber, provider, carrier, link, at, JSON.stringify(items)), 'id');
    database.prepare('UPDATE sold SET modified = ? WHERE source_id = ?').run(at, sold.sourceId);
    database.prepare("INSERT INTO mail (source_id, what) VALUES (?, 'tracking')").run(sold.sourceId);
  });
  return id;
}
