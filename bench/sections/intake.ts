import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readStock } from '../../adapters/aws/stock-store.ts';
import { type CpuTimes, cpuOf, since } from '../cpu.ts';
import { inventOrder, signedBy, webhookOf } from '../life.ts';
import type { PostingJob, PostingResult } from '../poster.ts';
import type { Bench, Breakdown, Findings, Row } from '../section.ts';
import { openSetting, type Setting } from '../setting.ts';
import { percentile } from '../statistics.ts';

const AIM = 200;
const ORDERS = 3_000;
const WARM_UP = 40;
const CONCURRENCY = 32;
const STOCK = 9_000;
const LOOK_MS = 100;
const POSTER = fileURLToPath(new URL('../poster.ts', import.meta.url));

/**
 * Orders a second that are verified, stored and have their stock reserved, posted as fast as they are acknowledged; and that none of
 * them was lost. Once with nothing else at work, and once with what follows an accepted order: events, timeline, notices. Nothing is
 * packed or shipped.
 */
export async function measureIntake({ orders = ORDERS, scratch, say, prepare }: Bench): Promise<Findings> {
  await prepare();
  const alone = await takeIn(false, orders, join(scratch, 'alone'), say);
  const followed = await takeIn(true, orders, join(scratch, 'followed'), say);
  return {
    rows: [
      { name: 'orders stored with stock reserved', value: alone.ordersPerSecond, unit: 'orders/s', atLeast: AIM },
      ...acknowledgementRows(alone),
      { name: 'orders stored with stock reserved, with what follows', value: followed.ordersPerSecond, unit: 'orders/s' },
      ...acknowledgementRows(followed),
    ],
    breakdowns: [cpuTable(alone, followed, orders)],
    notes: [
      `${orders} webhooks of one SKU each, signed beforehand, ${CONCURRENCY} at a time from a process of its own. Afterwards: as many orders as were posted, and stock and ledger add up.`,
      'On this machine the gateway, the emulators and every function share the cores; in AWS they do not.',
      'The inbox waits up to a second for a batch to fill: a few hundred orders tell of that wait rather than of speed.',
    ],
  };
}

interface Run {
  readonly ordersPerSecond: number;
  readonly acknowledgedPerSecond: number;
  readonly latencies: readonly number[];
  readonly ordersPerBatch: number;
  /** CPU milliseconds by who spent them, until all orders were stored. */
  readonly cpu: CpuTimes;
  /** And from then on, until the hub was at rest. */
  readonly cpuAfter: CpuTimes;
}

async function takeIn(stream: boolean, orders: number, folder: string, say: (line: string) => void): Promise<Run> {
  mkdirSync(folder);
  const setting = await openSetting({ dataFolder: join(folder, 'cloud'), authorisation: 'person', stream, log: say });
  try {
    const skus = setting.client.products.map(({ sku }) => sku);
    await setting.receive(skus.map((sku) => ({ sku, quantity: STOCK })));
    await postOrders(setting, folder, 0, WARM_UP);
    await untilReserved(setting, WARM_UP, 60_000);
    await setting.quiet(60_000);

    say(`posting ${orders} orders, ${CONCURRENCY} at a time${stream ? ', with what follows' : ''}`);
    const [before, batchesBefore] = [cpuOf(setting), batchesOf(setting)];
    const posting = postOrders(setting, folder, WARM_UP, orders);
    const [posted, storedAt] = await Promise.all([posting, untilReserved(setting, WARM_UP + orders, 60_000 + orders * 100)]);
    const stored = cpuOf(setting);
    await setting.quiet(120_000 + orders * 50);
    const rested = cpuOf(setting);
    await nothingIsLost(setting, WARM_UP + orders);
    return {
      ordersPerSecond: (orders * 1_000) / (storedAt - posted.startedAt),
      acknowledgedPerSecond: (orders * 1_000) / (posted.endedAt - posted.startedAt),
      latencies: posted.latencies,
      ordersPerBatch: orders / (batchesOf(setting) - batchesBefore),
      cpu: since(before, stored),
      cpuAfter: since(stored, rested),
    };
  } finally {
    await setting.close();
  }
}

function acknowledgementRows({ acknowledgedPerSecond, latencies, ordersPerBatch }: Run): Row[] {
  return [
    { name: '  webhooks acknowledged', value: acknowledgedPerSecond, unit: 'webhooks/s' },
    { name: '  acknowledged after, median', value: percentile(latencies, 50), unit: 'ms' },
    { name: '  acknowledged after, 99th percentile', value: percentile(latencies, 99), unit: 'ms' },
    { name: '  orders in a batch, mean', value: ordersPerBatch, unit: 'orders' },
  ];
}

function batchesOf({ cloud }: Setting): number {
  return cloud.metrics()['order/accept-orders']?.invocations ?? 0;
}

async function postOrders(setting: Setting, scratch: string, from: number, orders: number): Promise<PostingResult> {
  const sign = signedBy(setting.hooks.storefront);
  const skus = setting.client.products.map(({ sku }) => sku);
  const now = new Date();
  const requests = Array.from({ length: orders }, (_, index) => {
    const webhook = webhookOf(inventOrder(from + index, [skus[index % skus.length] ?? ''], setting.client.currency), 1, true);
    return { headers: sign(webhook, now).headers, body: webhook.body.toString('utf8') };
  });
  const job: PostingJob = { url: setting.hooks.storefront.url, concurrency: CONCURRENCY, requests };
  const file = join(scratch, `job-${from}.json`);
  writeFileSync(file, JSON.stringify(job));
  const { stdout } = await promisify(execFile)(process.execPath, [POSTER, file], { env: { PATH: process.env.PATH ?? '' }, maxBuffer: 64 * 1024 * 1024 });
  const result: PostingResult = JSON.parse(stdout);
  if (result.statuses['200'] !== orders) throw new Error(`Not every webhook was acknowledged: ${JSON.stringify(result.statuses)}.`);
  return result;
}

function cpuTable(alone: Run, followed: Run, orders: number): Breakdown {
  const rows = [...alone.cpu.keys()].map((name) => [name, ...[alone.cpu, followed.cpu, followed.cpuAfter].map((times) => (times.get(name) ?? 0) / orders)]);
  const sums = [1, 2, 3].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
  const spent = rows.filter((row) => row.slice(1).some((ms) => Number(ms) > 0));
  return { title: 'CPU ms an order', columns: ['', 'until stored', 'with what follows', 'and afterwards'], rows: [...spent, ['Total', ...sums]] };
}

/** Looks at the counters until so many units are reserved. @returns when, in milliseconds since 1970 */
async function untilReserved(setting: Setting, units: number, limitMs: number): Promise<number> {
  const until = Date.now() + limitMs;
  for (;;) {
    const reserved = (await stockOf(setting)).reduce((sum, stock) => sum + stock.reserved, 0);
    if (reserved >= units) return Date.now();
    if (Date.now() > until) throw new Error(`Only ${reserved} of ${units} units were reserved within ${limitMs / 1_000} s.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function stockOf({ table, client }: Setting) {
  return await readStock(
    table,
    client.products.map(({ sku }) => sku),
    client,
  );
}

/** @throws Error naming what does not add up */
async function nothingIsLost(setting: Setting, orders: number): Promise<void> {
  const kinds = new Map<string, number>();
  let ledger = 0;
  for (const item of await setting.items()) {
    const kind = item.entity === 'order' ? `order ${String(item.status)}` : String(item.entity);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (item.entity === 'ledger') ledger += Number(item.reserved);
  }
  const stored = [...kinds].filter(([kind]) => kind.startsWith('order '));
  if (kinds.get('order allocated') !== orders || stored.length !== 1)
    throw new Error(`${orders} orders were to be allocated; the table holds ${JSON.stringify(Object.fromEntries(stored))}.`);
  if (ledger !== orders) throw new Error(`The ledger says that ${ledger} units are reserved, not ${orders}.`);
  for (const { sku, warehouse, onHand, reserved, available } of await stockOf(setting)) {
    if (available !== onHand - reserved || onHand !== STOCK)
      throw new Error(`Stock of ${sku} in ${warehouse} does not add up: ${onHand} on hand, ${reserved} reserved, ${available} available.`);
  }
  const dead = (await setting.cloud.queueDepths()).filter(({ deadLetter, waiting, inFlight }) => deadLetter && waiting + inFlight > 0);
  if (dead.length > 0) throw new Error(`Dead letters in ${dead.map(({ queue, waiting }) => `${queue} (${waiting})`).join(', ')}.`);
}
