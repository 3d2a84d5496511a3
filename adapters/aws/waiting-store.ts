import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { type Saved, turnOf } from '../../core/order.ts';
import type { Posting } from './stock-store.ts';
import type { Item, Key, Table } from './table.ts';

/**
 * The queues for stock: a partition per SKU, whose rows name orders that wait for it. A row is a hint, written before the orders it names:
 * an order that waits is always named, and one that is named may wait no longer. What counts is the order itself.
 */
interface Row extends Key {
  readonly entity: 'waiting';
  readonly at: string;
  /** Turn and units lacking, of orders that began to wait in one transaction. */
  readonly waiters: readonly (readonly [string, number])[];
}

/** An order that may wait for a SKU. */
export interface Waiter {
  readonly orderId: string;
  /** Its place in the queue when it was named: see `turnOf`. */
  readonly turn: string;
  /** Units of the SKU that it lacked. */
  readonly units: number;
}

/** One SKU's queue as it is written down. */
export interface Queue {
  /** Next in turn first, each order once. */
  readonly waiters: readonly Waiter[];
  /** The rows, to be forgotten when none of their orders waits any more. */
  readonly rows: readonly { readonly key: Key; readonly at: string; readonly orderIds: readonly string[] }[];
}

/** The rows that queue orders for what they lack: one for each SKU, whatever the number of orders. */
export function waitingRows(saved: readonly Saved[], { now, reference }: Pick<Posting, 'now' | 'reference'>): (Key & Item)[] {
  const lacking = saved.flatMap(({ order, waits = [] }) => waits.map(({ sku, quantity }) => ({ sku, waiter: [turnOf(order), quantity] as const })));
  return [...Map.groupBy(lacking, ({ sku }) => sku)]
    .filter(([sku]) => sku !== '')
    .map(([sku, wanting]) => {
      const waiters = wanting.map(({ waiter }) => waiter).sort(([a], [b]) => (a < b ? -1 : 1));
      return { PK: `Q#${sku}`, SK: `${waiters[0]?.[0]}#${reference}`, entity: 'waiting', at: now.toISOString(), waiters };
    });
}

/** Reads the queue for a SKU, strongly consistent. */
export async function readQueue(table: Table, sku: string): Promise<Queue> {
  const rows: { key: Key; at: string; orderIds: string[] }[] = [];
  const waiters = new Map<string, Waiter>();
  const query = { TableName: table.name, KeyConditionExpression: 'PK = :queue', ExpressionAttributeValues: { ':queue': `Q#${sku}` }, ConsistentRead: true };
  for await (const page of table.pages(query)) {
    if (!isRow(page)) continue;
    const named = page.waiters.map(([turn, units]) => ({ orderId: turn.slice(turn.lastIndexOf('|') + 1), turn, units }));
    rows.push({ key: { PK: page.PK, SK: page.SK }, at: page.at, orderIds: named.map(({ orderId }) => orderId) });
    for (const waiter of named) if ((waiters.get(waiter.orderId)?.turn ?? '~') > waiter.turn) waiters.set(waiter.orderId, waiter);
  }
  return { waiters: [...waiters.values()].sort((a, b) => (a.turn < b.turn ? -1 : 1)), rows };
}

function isRow(item: Item): item is Item & Row {
  return item.entity === 'waiting';
}

// A row is written before its orders: a young one may name orders that are about to wait.
const YOUNG_MS = 60_000;

/** Forgets rows of which no order waits any more. */
export async function forgetRows(table: Table, { rows }: Queue, stillWaiting: ReadonlySet<string>, now: Date): Promise<void> {
  const over = rows.filter(({ at, orderIds }) => now.getTime() - Date.parse(at) > YOUNG_MS && !orderIds.some((id) => stillWaiting.has(id)));
  await Promise.all(over.map((row) => forget(table, row)));
}

async function forget(table: Table, { key, at }: Queue['rows'][number]): Promise<void> {
  const condition = { ConditionExpression: '#at = :at', ExpressionAttributeNames: { '#at': 'at' }, ExpressionAttributeValues: { ':at': at } };
  try {
    await table.client.send(new DeleteCommand({ TableName: table.name, Key: key, ...condition }));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
