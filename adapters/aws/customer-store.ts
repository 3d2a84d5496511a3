import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { customerDigest, goodsDigest, type History, historyOf, type PastOrder } from '../../core/customer.ts';
import { Unavailable } from '../../core/error.ts';
import { instant } from '../../core/id.ts';
import { compareVersions, idOf, type OrderDocument, type SourceVersion, sourceVersionOf } from '../../core/order-document.ts';
import type { Key, Table } from './table.ts';

/** One order of a customer, in the customer's partition. Digests alone, and gone when the order's personal data is. */
interface CustomerOrder extends PastOrder {
  readonly entity: 'customer-order';
  readonly customer: string;
  /** The version whose goods these are. */
  readonly source: SourceVersion;
  /** Seconds since 1970: DynamoDB's time to live. */
  readonly expiresAt: number;
}

/** The clock of one customer: when their newest order was first seen. */
interface CustomerClock {
  readonly entity: 'customer';
  readonly customer: string;
  readonly last: string;
}

function orderRowKey(customer: string, orderId: string): Key {
  return { PK: `K#${customer}`, SK: `ORDER#${orderId}` };
}

function clockKey(customer: string): Key {
  return { PK: `K#${customer}`, SK: 'CLOCK' };
}

const ROUNDS = 8;
/** Rows that go in one transaction with their customer's clock; the others follow in the next. */
const ROWS_AT_ONCE = 50;

/**
 * Remembers whose orders these are, and what was ordered; a repeat changes nothing, and a newer version its goods alone. New rows go in one
 * transaction with a clock of the customer's that only moves forward: whoever comes later sees all who came before, even when two
 * invocations have clocks that differ, so that of two duplicates exactly one finds the other.
 * @param days after which they are forgotten
 * @throws Unavailable `customer.contended`
 */
export async function rememberOrders(table: Table, documents: readonly OrderDocument[], now: Date, days: number): Promise<void> {
  let pending = byCustomer(documents);
  for (let refusals = 0; pending.size > 0; ) {
    if (refusals === ROUNDS) throw new Unavailable('customer.contended', `Orders of ${pending.size} customers met others' writes ${ROUNDS} times.`);
    if (refusals > 0) await table.backOff(refusals, 10);
    const known = await readKnown(table, pending);
    const plans = [...pending].map(([customer, theirs]) => ({ customer, theirs, ...planFor(table, customer, theirs, known, now, days) }));
    const written = await Promise.all(plans.map(async ({ writes }) => writes.length === 0 || (await table.transact(writes)).written));
    refusals += written.includes(false) ? 1 : 0;
    pending = new Map(plans.filter(({ more }, index) => more || !written[index]).map(({ customer, theirs }) => [customer, theirs]));
  }
}

/** Documents by the customer they are of; those that tell nothing of their customer are left out. */
function byCustomer(documents: readonly OrderDocument[]): Map<string, OrderDocument[]> {
  const customers = new Map<string, OrderDocument[]>();
  for (const document of documents) {
    const customer = customerDigest(document);
    if (customer !== undefined) customers.set(customer, [...(customers.get(customer) ?? []), document]);
  }
  return customers;
}

/** What is remembered of customers: their clocks, and of their orders those that are asked for. */
interface Known {
  readonly clocks: ReadonlyMap<string, CustomerClock>;
  /** By partition and sort key. */
  readonly rows: ReadonlyMap<string, CustomerOrder>;
}

async function readKnown(table: Table, customers: ReadonlyMap<string, readonly OrderDocument[]>): Promise<Known> {
  const keys = new Map([...customers].flatMap(([customer, documents]) => documents.map((document) => [rowName(customer, idOf(document)), orderRowKey(customer, idOf(document))])));
  const [clocks, rows] = await Promise.all([
    table.getMany<CustomerClock>([...customers.keys()].map(clockKey), 'customer'),
    table.getMany<CustomerOrder>([...keys.values()], 'customer-order'),
  ]);
  return { clocks: new Map(clocks.map((clock) => [clock.customer, clock])), rows: new Map(rows.map((row) => [rowName(row.customer, row.orderId), row])) };
}

function rowName(customer: string, orderId: string): string {
  return `${customer} ${orderId}`;
}

type Write = Parameters<Table['transact']>[0][number];

/** The writes that one customer's orders need, and whether more are left for another transaction. */
function planFor(table: Table, customer: string, documents: readonly OrderDocument[], known: Known, now: Date, days: number): { readonly writes: Write[]; readonly more: boolean } {
  const expiresAt = Math.floor(now.getTime() / 1000) + days * 86_400;
  const due = newestOf(documents).filter((document) => isNews(document, known.rows.get(rowName(customer, idOf(document)))));
  const clock = known.clocks.get(customer);
  let last = clock?.last;
  const writes: Write[] = [];
  for (const document of due.slice(0, ROWS_AT_ONCE)) {
    const row = known.rows.get(rowName(customer, idOf(document)));
    if (row === undefined) last = after(last, now);
    const at = row?.at ?? last ?? instant(now);
    const order: CustomerOrder = { entity: 'customer-order', customer, orderId: idOf(document), at, goods: goodsDigest(document), source: sourceVersionOf(document), expiresAt };
    writes.push({ Put: { TableName: table.name, Item: { ...order, ...orderRowKey(customer, order.orderId) }, ...unless(row) } });
  }
  if (last !== undefined && last !== clock?.last) {
    const item: CustomerClock & { readonly expiresAt: number } = { entity: 'customer', customer, last, expiresAt };
    writes.push({ Put: { TableName: table.name, Item: { ...item, ...clockKey(customer) }, ...whileAt(clock) } });
  }
  return { writes, more: due.length > ROWS_AT_ONCE };
}

/** Of several versions of one order the newest, in the place of the first. */
function newestOf(documents: readonly OrderDocument[]): OrderDocument[] {
  const newest = new Map<string, OrderDocument>();
  for (const document of documents) {
    const other = newest.get(idOf(document));
    if (other === undefined || compareVersions(sourceVersionOf(document), sourceVersionOf(other)) > 0) newest.set(idOf(document), document);
  }
  return [...newest.values()];
}

function isNews(document: OrderDocument, row: CustomerOrder | undefined): boolean {
  return row === undefined || compareVersions(sourceVersionOf(document), row.source) > 0;
}

/** The present, or a millisecond after the customer's newest order where another invocation's clock is ahead. */
function after(last: string | undefined, now: Date): string {
  return last === undefined ? instant(now) : instant(new Date(Math.max(now.getTime(), Date.parse(last) + 1)));
}

/** The condition under which a row is written: that it still is what was read. */
function unless(row: CustomerOrder | undefined) {
  if (row === undefined) return { ConditionExpression: 'attribute_not_exists(PK)' };
  return { ConditionExpression: '#source = :source', ExpressionAttributeNames: { '#source': 'source' }, ExpressionAttributeValues: { ':source': row.source } };
}

function whileAt(clock: CustomerClock | undefined) {
  if (clock === undefined) return { ConditionExpression: 'attribute_not_exists(PK)' };
  return { ConditionExpression: '#last = :last', ExpressionAttributeNames: { '#last': 'last' }, ExpressionAttributeValues: { ':last': clock.last } };
}

/**
 * Reads what is known of these orders' customers, by order id; orders that were not remembered first are left out, as are those that
 * tell nothing of their customer. Reads all that a customer ordered within the days of remembering: some 200 bytes an order.
 */
export async function readHistory(table: Table, documents: readonly OrderDocument[], now: Date): Promise<Map<string, History>> {
  const histories = await Promise.all([...byCustomer(documents)].map(([customer, theirs]) => historiesOf(table, customer, theirs, now)));
  return new Map(histories.flat());
}

async function historiesOf(table: Table, customer: string, documents: readonly OrderDocument[], now: Date): Promise<(readonly [string, History])[]> {
  const rows = await Array.fromAsync(table.query<CustomerOrder>(`K#${customer}`, 'ORDER#', 'customer-order', { ConsistentRead: true }));
  // DynamoDB deletes within days of the end; what is over counts no more.
  const alive = rows.filter(({ expiresAt }) => expiresAt * 1000 > now.getTime()).map(({ orderId, at, goods }) => ({ orderId, at, goods }));
  const own = new Map(rows.map(({ orderId, at, goods }) => [orderId, { orderId, at, goods }]));
  return documents.flatMap((document) => {
    const row = own.get(idOf(document));
    return row === undefined ? [] : [[row.orderId, historyOf(row, alive)] as const];
  });
}

/** Forgets whose order a document is of, and the customer with their last order. */
export async function forgetOrder(table: Table, document: OrderDocument): Promise<void> {
  const customer = customerDigest(document);
  if (customer === undefined) return;
  await table.client.send(new DeleteCommand({ TableName: table.name, Key: orderRowKey(customer, idOf(document)) }));
  const others = await Array.fromAsync(table.query<CustomerOrder>(`K#${customer}`, 'ORDER#', 'customer-order', { ConsistentRead: true, Limit: 1 }));
  if (others.length === 0) await table.client.send(new DeleteCommand({ TableName: table.name, Key: clockKey(customer) }));
}
