import { Rejected } from '../../core/error.ts';
import { idOf, type Order, OrderDocument, type Saved, sourceVersionOf } from '../../core/order.ts';
import type { Parcel } from '../../core/shipment.ts';
import { parcelPut } from './parcel-store.ts';
import { type Posting, stockWrites } from './stock-store.ts';
import type { Item, Key, Table } from './table.ts';

/** DynamoDB's limit of items in one transaction. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html */
const TRANSACTION_ITEMS = 100;

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

/**
 * Ids of the orders that may be waiting for stock, oldest first. Held orders are among them: a hold does not cost
 * an order its place in the queue.
 */
export async function waitingForStock(table: Table): Promise<string[]> {
  const lists = await Promise.all(['backordered', 'held'].map((work) => Array.fromAsync(workList(table, work))));
  return lists
    .flat()
    .sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1))
    .map(({ orderId }) => orderId);
}

/** The orders in a work list, oldest first; the index may lag a moment behind the table. */
async function* workList(table: Table, work: string): AsyncGenerator<{ readonly orderId: string; readonly receivedAt: string }> {
  const query = {
    TableName: table.name,
    IndexName: 'work',
    KeyConditionExpression: '#work = :work',
    ExpressionAttributeNames: { '#work': 'work' },
    ExpressionAttributeValues: { ':work': work },
  };
  for await (const { PK, receivedAt } of table.pages(query)) yield { orderId: String(PK).slice('O#'.length), receivedAt: String(receivedAt) };
}

/** Keeps order documents: personal data, apart from the state, deleted after so many days. Content-addressed, so a rewrite is harmless. */
export async function writeDocuments(table: Table, documents: readonly OrderDocument[], now: Date, days: number): Promise<void> {
  const expiresAt = Math.floor(now.getTime() / 1000) + days * 86_400;
  await table.putAll(documents.map((document) => ({ PK: `O#${idOf(document)}`, SK: `DOC#${sourceVersionOf(document).digest}`, entity: 'document', expiresAt, document })));
}

/** Reads the document that an order's state was made from. @throws Rejected `order.document-erased` */
export async function readDocument(table: Table, order: Pick<Order, 'orderId' | 'source'>): Promise<OrderDocument> {
  const key = { PK: `O#${order.orderId}`, SK: `DOC#${order.source.digest}` };
  const item = await table.get<{ entity: 'document'; document: Item; expiresAt: number }>(key, 'document');
  if (item === undefined) throw new Rejected('order.document-erased', `The personal data of order ${order.orderId} has been erased; nothing more can be sent for it.`);
  return OrderDocument.parse(item.document);
}

/**
 * Splits orders into transactions, in the order given; each holds as many as fit.
 * @param itemsPerOrder how many items an order is besides the stock it moves: 1, or 2 with its parcel
 */
export function chunksOf(saved: readonly Saved[], most: number, itemsPerOrder: 1 | 2): Saved[][] {
  const chunks: Saved[][] = [];
  let chunk: Saved[] = [];
  let places = new Set<string>();
  for (const one of saved) {
    const more = new Set([...places, ...one.movements.map(({ sku, warehouse }) => `${warehouse} ${sku}`)]);
    const fits = chunk.length < most && (chunk.length + 1) * itemsPerOrder + 2 * more.size <= TRANSACTION_ITEMS;
    if (!fits && chunk.length > 0) {
      chunks.push(chunk);
      chunk = [];
      places = new Set(one.movements.map(({ sku, warehouse }) => `${warehouse} ${sku}`));
    } else {
      places = more;
    }
    chunk.push(one);
  }
  return chunk.length > 0 ? [...chunks, chunk] : chunks;
}

/**
 * Writes orders, the stock they move and its ledger in one transaction: all of it or nothing. Parcels that begin with the orders go along.
 * @returns whether it was written; if not, somebody else was faster: read again and decide again
 */
export async function commit(table: Table, saved: readonly Saved[], posting: Posting, parcels: readonly Parcel[] = []): Promise<boolean> {
  const movements = saved.flatMap((one) => one.movements);
  const writes = [
    ...saved.map(({ order }) => ({ Put: orderPut(table, order) })),
    ...parcels.map((parcel) => ({ Put: parcelPut(table, parcel) })),
    ...stockWrites(table, movements, posting),
  ];
  const { written } = await table.transact(writes);
  return written;
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
