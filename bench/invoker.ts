/**
 * A process that plays invocations of the function that takes orders in, one after another, as Lambda gives each a process of its own.
 * Forked; it warms up, says that it is ready, starts when it is told to, and says what it did.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Arrival, takeInAll } from '../adapters/aws/intake.ts';
import { documentClient, Table } from '../adapters/aws/table.ts';
import { loadClient } from '../adapters/client.ts';
import type { Client } from '../core/client.ts';
import { Unavailable } from '../core/error.ts';
import { ulid } from '../core/id.ts';
import { arrivalOf } from './arrival.ts';
import { processCpuMs } from './machine.ts';
import type { Done, Job } from './sections/hot.ts';
import { TABLE } from './store.ts';

const CLIENT = join(import.meta.dirname, '..', 'clients', 'demo.yaml');
const DELIVERIES = 20;

async function invoke(job: Job): Promise<Done> {
  // What rules ask of the customers' history is a cost of its own, and of clients that have such rules.
  const client = { ...(await loadClient(CLIENT)).client, rules: [] };
  const table = new Table(TABLE, documentClient({ endpoint: job.endpoint, region: job.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }));
  await deliverAll(table, client, batchesOf(await arrivalsOf(client, job.warmUp.sku, job.from + WARM_UP_FROM, job.warmUp.orders), job.batch));
  const batches = batchesOf(await arrivalsOf(client, job.sku, job.from, job.orders), job.batch);
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));
  const cpuBefore = processCpuMs(process.pid) ?? 0;
  const startedAt = Date.now();
  const redelivered = await deliverAll(table, client, batches);
  return { startedAt, endedAt: Date.now(), cpuMs: (processCpuMs(process.pid) ?? 0) - cpuBefore, redelivered };
}

/** Numbers of orders that only warm up start here. */
const WARM_UP_FROM = 100_000;

/** Orders as the storefront's webhooks bring them, read before the clock starts. */
async function arrivalsOf(client: Client, sku: string, from: number, orders: number): Promise<Arrival[]> {
  return await Promise.all(Array.from({ length: orders }, (_, index) => arrivalOf(client, from + index, sku)));
}

function batchesOf(arrivals: readonly Arrival[], batch: number): Arrival[][] {
  return Array.from({ length: Math.ceil(arrivals.length / batch) }, (_, index) => arrivals.slice(index * batch, (index + 1) * batch));
}

async function deliverAll(table: Table, client: Client, batches: readonly Arrival[][]): Promise<number> {
  let redelivered = 0;
  for (const batch of batches) redelivered += await deliver(table, client, batch);
  return redelivered;
}

/** Hands a batch to the hub until it is taken in. @returns how often it had to be delivered again */
async function deliver(table: Table, client: Client, batch: readonly Arrival[]): Promise<number> {
  const newId = () => ulid(new Date(), randomBytes(10));
  for (let again = 0; ; again++) {
    try {
      await takeInAll({ table, client, now: () => new Date(), newId }, batch);
      return again;
    } catch (error) {
      if (!(error instanceof Unavailable) || again === DELIVERIES) throw error;
    }
  }
}

const job: Job = JSON.parse(process.argv[2] ?? '');
process.send?.(await invoke(job));
process.disconnect();
