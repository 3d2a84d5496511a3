import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { stockWrites } from '../../adapters/aws/stock-store.ts';
import { documentClient, type Item, Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import type { Client } from '../../core/client.ts';
import { receiving } from '../../core/inventory.ts';
import type { Limited } from '../limiter.ts';
import { processCpuMs } from '../machine.ts';
import type { Bench, Breakdown, Findings, Row } from '../section.ts';
import { openEmulator, openMemory, type Store, TABLE } from '../store.ts';

const AIM = 3_000;
const ORDERS = 20_000;
/** As the inbox queue gives them to its function: orders in a batch, and batches at a time. */
const BATCH = 98;
const INVOCATIONS = 4;
// Functions that have been at work for a while, as the compiler sees them.
const WARM_UP = 3_000;
/** What a partition key takes in AWS; and one transaction in ten that meets another on an item is cancelled. */
const LIMITS = { unitsPerSecond: 1_000, conflictRate: 0.1, seed: 'hot', indexKeys: ['work'] };
const SETUP = { limits: LIMITS, latencyMs: 5 };
const CLIENT = join(import.meta.dirname, '..', '..', 'clients', 'demo.yaml');
const INVOKER = fileURLToPath(new URL('../invoker.ts', import.meta.url));

/**
 * Orders a second for one SKU that everybody wants, twice as many as there is stock: many to a transaction, as the hub takes them in, and
 * one at a time; with DynamoDB's limit for a partition key and its conflicts. Afterwards exactly the stock that was there is allocated.
 */
export async function measureHot({ orders = ORDERS, scratch, say, prepare }: Bench): Promise<Findings> {
  await prepare();
  const { client } = await loadClient(CLIENT);
  const emulator = (name: string) => () => openEmulator(SETUP, join(scratch, name));
  const run = async (name: string, open: () => Promise<Store>, count: number, batch: number) => {
    say(`${name}: ${count} orders, ${batch} in a batch`);
    return { name, ...(await takeIn(await open(), client, count, batch)) };
  };
  const batched = await run('in memory, batched', () => openMemory(SETUP), orders, BATCH);
  const single = await run('in memory, one by one', () => openMemory(SETUP), Math.ceil(orders / 10), 1);
  const emulated = await run('emulator, batched', emulator('batched'), Math.ceil(orders / 5), BATCH);
  const emulatedSingle = await run('emulator, one by one', emulator('single'), Math.ceil(orders / 40), 1);
  return {
    rows: [
      row(`one SKU, ${BATCH} orders in a batch`, batched, AIM),
      row('one SKU, one order in a batch', single),
      row('  on the emulator, batched', emulated),
      row('  on the emulator, one by one', emulatedSingle),
    ],
    breakdowns: [tableOf([batched, single, emulated, emulatedSingle])],
    notes: [
      'Measured: everything that intake writes (order, document with its decision, stock, ledger, queue), without rules. Half the orders find no stock left. Each run ends with a count of all of it.',
      `${INVOCATIONS} invocations, each a process, on this machine's cores. ${LIMITS.unitsPerSecond} write units a second for each partition key, the index's included; ${LIMITS.conflictRate * 100} % of the transactions that meet another on an item are cancelled.`,
      `The table in memory answers after ${SETUP.latencyMs} ms, a transaction after twice that. The emulator is the bound where it is used: see its CPU.`,
    ],
  };
}

/** What an invoker is to take in, and where. */
export interface Job {
  readonly endpoint: string;
  readonly region: string;
  readonly sku: string;
  /** Orders of another SKU, taken in beforehand. */
  readonly warmUp: { readonly sku: string; readonly orders: number };
  /** Number of its first order; no other invoker has one of them. */
  readonly from: number;
  readonly orders: number;
  readonly batch: number;
}

/** What an invoker did; instants are milliseconds since 1970. */
const Done = z.object({
  startedAt: z.number(),
  endedAt: z.number(),
  cpuMs: z.number(),
  /** Batches that were given up and delivered again, as the queue does. */
  redelivered: z.number(),
});
export type Done = z.infer<typeof Done>;

interface Run {
  readonly orders: number;
  readonly seconds: number;
  readonly ordersPerSecond: number;
  readonly redelivered: number;
  readonly limited: Limited;
  /** CPU milliseconds of the invocations, and of the database. */
  readonly hubMs: number;
  readonly storeMs: number;
}

function row(name: string, { ordersPerSecond }: Run, atLeast?: number): Row {
  return { name, value: ordersPerSecond, unit: 'orders/s', ...(atLeast !== undefined && { atLeast }) };
}

function tableOf(runs: readonly (Run & { readonly name: string })[]): Breakdown {
  return {
    title: 'What it took',
    columns: ['', 'orders', 'conflicts', 'throttled', 'delivered again', 'units an order of the busiest key', 'hub CPU ms an order', 'database CPU ms an order'],
    rows: runs.map(({ name, orders, redelivered, limited, hubMs, storeMs }) => [
      name,
      orders,
      limited.conflicts,
      limited.throttled,
      redelivered,
      limited.busiest.units / orders,
      hubMs / orders,
      storeMs / orders,
    ]),
  };
}

async function takeIn(store: Store, client: Client, orders: number, batch: number): Promise<Run> {
  const table = new Table(TABLE, documentClient({ endpoint: store.endpoint, region: store.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }));
  try {
    const [sku = '', other = ''] = client.products.map((product) => product.sku);
    const place = { sku, warehouse: client.warehouses[0]?.id ?? '' };
    const stock = Math.floor(orders / 2);
    await table.transact(
      stockWrites(table, [receiving({ ...place, quantity: stock }, 0, 'bench')], { by: 'bench', now: new Date(), reference: 'bench', reason: 'stock of the bench' }),
    );
    const share = Math.ceil(orders / INVOCATIONS);
    const jobs = Array.from({ length: INVOCATIONS }, (_, index): Job => {
      const from = index * share;
      return { endpoint: store.endpoint, region: store.region, sku, warmUp: { sku: other, orders: Math.min(WARM_UP, share) }, from, orders: Math.min(share, orders - from), batch };
    });
    const invokers = await Promise.all(jobs.map(startInvoker));
    const cpuBefore = processCpuMs(store.processId) ?? 0;
    const done = await Promise.all(invokers.map((begin) => begin()));
    const storeMs = (processCpuMs(store.processId) ?? 0) - cpuBefore;
    const limited = await store.limited();
    await addsUp(table, place, orders, stock);
    const seconds = (Math.max(...done.map(({ endedAt }) => endedAt)) - Math.min(...done.map(({ startedAt }) => startedAt))) / 1_000;
    const sum = (one: (result: Done) => number) => done.reduce((total, result) => total + one(result), 0);
    return { orders, seconds, ordersPerSecond: orders / seconds, redelivered: sum(({ redelivered }) => redelivered), limited, hubMs: sum(({ cpuMs }) => cpuMs), storeMs };
  } finally {
    table.client.destroy();
    await store.stop();
  }
}

/** Starts an invoker. @returns when it is warm: what has it begin, and waits for what it did */
async function startInvoker(job: Job): Promise<() => Promise<Done>> {
  const child = fork(INVOKER, [JSON.stringify(job)], { execArgv: [] });
  const said = () =>
    new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`An invoker ended early, with ${code}.`)));
    });
  await said();
  return async () => {
    child.send('begin');
    return Done.parse(await said());
  };
}

/** @throws Error naming what does not add up: orders, allocations, counters or ledger */
async function addsUp(table: Table, place: { readonly sku: string; readonly warehouse: string }, orders: number, stock: number): Promise<void> {
  const found = { orders: 0, allocated: 0, backordered: 0, units: 0, ledger: 0, onHand: 0, reserved: 0, available: 0 };
  const [ids, documented] = [new Set<unknown>(), new Set<unknown>()];
  for await (const item of itemsOf(table)) {
    if (item.entity === 'document') documented.add(item.PK);
    if (item.entity === 'ledger' && item.sku === place.sku) found.ledger += Number(item.reserved);
    if (item.entity === 'order' && unitsIn(item.demand, place.sku) > 0) {
      const units = unitsIn(item.allocations, place.sku);
      ids.add(item.PK);
      found.units += units;
      found[units > 0 ? 'allocated' : 'backordered'] += 1;
      if (units > 1 || (units === 0) !== (item.status === 'backordered')) throw new Error(`${String(item.PK)} wanted one unit, is ${String(item.status)} and holds ${units}.`);
    }
    if (item.entity === 'stock' && item.sku === place.sku) {
      found.onHand += Number(item.onHand);
      found.reserved += Number(item.reserved);
      found.available += Number(item.available);
    }
  }
  found.orders = ids.size;
  if (!ids.isSubsetOf(documented)) throw new Error(`${ids.difference(documented).size} orders have no document.`);
  const expected = { orders, allocated: stock, backordered: orders - stock, units: stock, ledger: stock, onHand: stock, reserved: stock, available: 0 };
  const wrong = Object.entries(expected).filter(([name, value]) => value !== Object.entries(found).find(([other]) => other === name)?.[1]);
  if (wrong.length > 0) throw new Error(`It does not add up: expected ${JSON.stringify(Object.fromEntries(wrong))}, found ${JSON.stringify(found)}.`);
}

function unitsIn(list: unknown, sku: string): number {
  return Units.parse(list).reduce((sum, one) => (one.sku === sku ? sum + one.quantity : sum), 0);
}

const Units = z.array(z.object({ sku: z.string(), quantity: z.number() }));

async function* itemsOf(table: Table): AsyncGenerator<Item> {
  let ExclusiveStartKey: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const page: ScanCommandOutput = await table.client.send(new ScanCommand({ TableName: table.name, ExclusiveStartKey }));
    yield* page.Items ?? [];
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
