import { Rejected } from '../../core/error.ts';
import { SHARDS } from '../../core/id.ts';
import { placeKey } from '../../core/inventory.ts';
import type { Order, Saved } from '../../core/order.ts';
import { idOf, OrderDocument, sourceVersionOf } from '../../core/order-document.ts';
import type { Parcel } from '../../core/shipment.ts';
import { type Decided, decisionRows } from './decision-store.ts';
import { loadWrites } from './load-store.ts';
import { parcelPut } from './parcel-store.ts';
import { type SerialClaim, serialWrites } from './serial-store.ts';
import { type Posting, stockWrites } from './stock-store.ts';
import type { Item, Key, Table } from './table.ts';
import { waitingRows } from './waiting-store.ts';

/** DynamoDB's limit of items in one transaction. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html */
export const TRANSACTION_ITEMS = 100;

/** Where an order is kept. */
export function orderKey(orderId: string): Key {
  return { PK: `O#${orderId}`, SK: 'ORDER' };
}

/** Reads one order. @throws Rejected `order.not-found` */
export async function readOrder(table: Table, orderId: string): Promise<Order> {
  const order = await table.get<Order>(orderKey(orderId), 'order');
  if (order === undefined)
    throw new Rejected('order.not-found', `No order is called ${JSON.stringify(orderId.slice(0, 80))}; ids look like shop:1001.`, { seen: orderId.slice(0, 80) });
  return order;
}

/** Reads many orders by id. */
export async function readOrders(table: Table, orderIds: Iterable<string>): Promise<Map<string, Order>> {
  const orders = await table.getMany<Order>([...new Set(orderIds)].map(orderKey), 'order');
  return new Map(orders.map((order) => [order.orderId, order]));
}

/** Something in a work list: an order, or a parcel of it. */
export interface Filed {
  readonly orderId: string;
  readonly parcel?: number;
  /** UTC instant since when it is there. */
  readonly since: string;
}

/** What is in a work list since an instant or longer; the longest there first within each of its shards. The index may lag a moment behind the table. */
export async function* workList(table: Table, list: string, until: Date): AsyncGenerator<Filed> {
  for (let shard = 0; shard < SHARDS; shard++) {
    const query = {
      TableName: table.name,
      IndexName: 'work',
      KeyConditionExpression: '#work = :work AND since <= :until',
      ExpressionAttributeNames: { '#work': 'work' },
      ExpressionAttributeValues: { ':work': `${list}#${shard}`, ':until': until.toISOString() },
    };
    for await (const { PK, SK, since } of table.pages(query)) {
      const parcel = String(SK).startsWith('P#') ? { parcel: Number(String(SK).slice(2)) } : {};
      yield { orderId: String(PK).slice('O#'.length), ...parcel, since: String(since) };
    }
  }
}

/**
 * The row that keeps an order document: personal data, apart from the state, deleted after so many days. Content-addressed, so a rewrite is
 * harmless; with the decision that came of it, if one did. One text: nothing in it is queried, and a map costs three times as much to write.
 */
export function documentRow(document: OrderDocument, now: Date, days: number, decided: Decided = {}): Key & Item {
  const expiresAt = Math.floor(now.getTime() / 1000) + days * 86_400;
  return { PK: `O#${idOf(document)}`, SK: `DOC#${sourceVersionOf(document).digest}`, entity: 'document', expiresAt, document: JSON.stringify(document), ...decided };
}

/** Reads the document that an order's state was made from. @throws Rejected `order.document-erased` */
export async function readDocument(table: Table, order: Pick<Order, 'orderId' | 'source'>): Promise<OrderDocument> {
  const document = await readDocumentIfKept(table, order);
  if (document === undefined) throw new Rejected('order.document-erased', `The personal data of order ${order.orderId} has been erased; nothing more can be sent for it.`);
  return document;
}

/** The same where an order outlives its personal data. @returns undefined when that is erased */
export async function readDocumentIfKept(table: Table, order: Pick<Order, 'orderId' | 'source'>): Promise<OrderDocument | undefined> {
  const key = { PK: `O#${order.orderId}`, SK: `DOC#${order.source.digest}` };
  const item = await table.get<{ entity: 'document'; document: string; expiresAt: number }>(key, 'document');
  return item && OrderDocument.parse(JSON.parse(item.document));
}

/** A decision about one order: what to write, and the parcels that begin or change with it. */
export interface Decision extends Saved {
  readonly parcels?: readonly Parcel[];
  /** Units whose serial numbers go out with it. */
  readonly serials?: readonly SerialClaim[];
  /** Rows to be there before it: they say nothing while the order does not. */
  readonly rows?: readonly (Key & Item)[];
}

/** Splits decisions into transactions, in the order given; each holds as many as fit, and at most so many. */
export function chunksOf<D extends Decision>(decisions: readonly D[], most: number): D[][] {
  const chunks: D[][] = [];
  let chunk: D[] = [];
  let shared = new Set<string>();
  let own = 0;
  for (const decision of decisions) {
    const more = new Set([...shared, ...sharedItems(decision)]);
    const items = 1 + (decision.parcels?.length ?? 0) + (decision.serials?.length ?? 0);
    const fits = chunk.length < most && own + items + more.size <= TRANSACTION_ITEMS;
    if (!fits && chunk.length > 0) {
      chunks.push(chunk);
      chunk = [];
      own = 0;
      shared = new Set(sharedItems(decision));
    } else {
      shared = more;
    }
    own += items;
    chunk.push(decision);
  }
  return chunk.length > 0 ? [...chunks, chunk] : chunks;
}

/** Items that orders of one transaction write together: a place's counter and its ledger entry, a day of a warehouse. */
function sharedItems({ movements, loads = [] }: Decision): string[] {
  const places = movements.map(placeKey);
  return [...places, ...places.map((place) => `${place} ledger`), ...loads.map(({ warehouse, day }) => `load ${warehouse} ${day}`)];
}

/**
 * Writes orders, their parcels, the stock they move and its ledger in one transaction: all of it or nothing.
 * @returns whether it was written; if not, somebody else was faster: read again and decide again
 */
export async function commit(table: Table, decisions: readonly Decision[], posting: Posting): Promise<boolean> {
  await writeHints(table, decisions, posting);
  const movements = decisions.flatMap((decision) => decision.movements);
  const { written } = await table.transact([...decisionWrites(table, decisions), ...stockWrites(table, movements, posting)]);
  return written;
}

/**
 * Writes down orders' documents, who queues for stock, and why an order got what it got. To be done before the transaction: none of it says
 * anything while the order does not.
 */
export async function writeHints(table: Table, decisions: readonly Decision[], posting: Pick<Posting, 'now' | 'reference'>): Promise<void> {
  await table.putAll([...decisions.flatMap(({ rows = [] }) => rows), ...waitingRows(decisions, posting), ...decisionRows(decisions)]);
}

/** What a transaction writes of decisions, beside the stock that they move. */
export function decisionWrites(table: Table, decisions: readonly Decision[]) {
  return [
    ...decisions.map(({ order }) => ({ Put: orderPut(table, order) })),
    ...decisions.flatMap(({ parcels = [] }) => parcels.map((parcel) => ({ Put: parcelPut(table, parcel) }))),
    ...decisions.flatMap(({ order, serials = [] }) => serialWrites(table, serials, order.orderId)),
    ...loadWrites(table, decisions),
  ];
}

/** The write of an order that is the one after the version that was read. */
export function orderPut(table: Table, order: Order) {
  const item = { TableName: table.name, Item: { ...order, ...orderKey(order.orderId) } };
  if (order.version === 1) return { ...item, ConditionExpression: 'attribute_not_exists(PK)' };
  const unchanged = { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': order.version - 1 } };
  if (order.change.type !== 'order.packed') return { ...item, ...unchanged };
  // The pack gate, as the database sees it: no hold, authorised, and for the address that the order has now.
  return {
    ...item,
    ConditionExpression: 'version = :before AND size(holds) = :none AND authorisation.addressHash = :address AND addressHash = :address',
    ExpressionAttributeValues: { ':before': order.version - 1, ':none': 0, ':address': order.addressHash },
  };
}
