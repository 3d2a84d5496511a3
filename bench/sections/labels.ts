import { join } from 'node:path';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../../adapters/aws/table.ts';
import { type CpuTimes, cpuOf, since } from '../cpu.ts';
import { processCpuMs } from '../machine.ts';
import { packOrders } from '../packed.ts';
import type { Bench, Breakdown, Findings } from '../section.ts';
import { openSetting, type Setting } from '../setting.ts';
import { openMemory, TABLE } from '../store.ts';

const BUYER = 'shipment/buy-label';
const LATENCY_MS = 1_000;
const AIM_CPU_MS = 5;
const AIM_A_MINUTE = 200;
/** Calls a minute that the carrier takes: far more than are needed, and fewer than would be made. */
const PLENTY = 3_000;
const FEW = 90;
const LABELS = 300;
const LABELS_OF_FEW = 45;
/** Bought before anything is measured, so that every process has begun. */
const WARM = 100;
const MINUTE_MS = 60_000;
const WARM_READS = 500;
const READS = 1_000;
const UNLIMITED = { unitsPerSecond: 1e9, conflictRate: 0, seed: 'labels', indexKeys: [] };

/**
 * What the hub spends on a label beside the carrier's answers, how many it buys in a minute from a carrier that takes a second for each, and
 * whether it keeps to the rate that a carrier takes.
 */
export async function measureLabels({ orders = LABELS, scratch, say, prepare }: Bench): Promise<Findings> {
  await prepare();
  const free = await withCarrier(PLENTY, join(scratch, 'free'), say, async (setting) => {
    await buyLabels(setting, 0, WARM, say);
    return await buyLabels(setting, WARM, orders, say);
  });
  const held = await withCarrier(FEW, join(scratch, 'held'), say, (setting) => buyLabels(setting, 0, LABELS_OF_FEW, say));
  const bareMs = await bareReadMs();
  return {
    rows: [
      { name: 'CPU of buy-label for a label', value: (free.spent.get(BUYER) ?? 0) / orders, unit: 'ms', atMost: AIM_CPU_MS },
      { name: '  a bare read of one item by the SDK, for scale', value: bareMs, unit: 'ms' },
      { name: 'Labels a minute, one carrier, 1 s an answer', value: (orders * MINUTE_MS) / free.tookMs, unit: 'labels/min', atLeast: AIM_A_MINUTE },
      { name: `Most calls in a minute, of ${FEW} that the carrier takes`, value: mostInAMinute(held.calls), unit: 'calls', atMost: FEW },
      { name: '  labels a minute meanwhile', value: (LABELS_OF_FEW * MINUTE_MS) / held.tookMs, unit: 'labels/min' },
    ],
    breakdowns: [cpuTable(free.spent, orders)],
    notes: [
      `${orders} labels after ${WARM} to warm up, from packing to the kept label, with events, selection, packing slips and the timeline. Every label was charged once, no dead letter.`,
      `The minutes run from the first of the carrier's calls to the last. With ${FEW} calls a minute: ${LABELS_OF_FEW} labels, two calls each.`,
    ],
  };
}

/** What one read of one item by the SDK costs here in CPU, with nothing of ours about it: milliseconds. */
async function bareReadMs(): Promise<number> {
  const store = await openMemory({ limits: UNLIMITED, latencyMs: 0 });
  const client = documentClient({ endpoint: store.endpoint, region: store.region, credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } });
  const Key = { PK: 'bare', SK: 'read' };
  try {
    await client.send(new PutCommand({ TableName: TABLE, Item: { ...Key, text: 'x'.repeat(500) } }));
    let before = 0;
    for (let read = 0; read < WARM_READS + READS; read++) {
      if (read === WARM_READS) before = processCpuMs(process.pid) ?? 0;
      await client.send(new GetCommand({ TableName: TABLE, Key }));
    }
    return ((processCpuMs(process.pid) ?? 0) - before) / READS;
  } finally {
    await store.stop();
  }
}

interface Bought {
  readonly spent: CpuTimes;
  /** Milliseconds since 1970. */
  readonly calls: readonly number[];
  readonly tookMs: number;
}

async function withCarrier(perMinute: number, dataFolder: string, say: Bench['say'], measure: (setting: Setting) => Promise<Bought>): Promise<Bought> {
  const setting = await openSetting({ dataFolder, authorisation: 'person', stream: true, carrier: { latencyMs: LATENCY_MS, perMinute }, log: say });
  try {
    return await measure(setting);
  } finally {
    await setting.close();
  }
}

/** Packs orders, and waits until their parcels have labels. @throws Error when one has none, or money was spent twice */
async function buyLabels(setting: Setting, from: number, howMany: number, say: Bench['say']): Promise<Bought> {
  const before = { cpu: cpuOf(setting), calls: setting.carrierCalls.length };
  say(`buying ${howMany} labels`);
  await packOrders(setting, from, howMany, {});
  await setting.quiet(600_000);
  const calls = setting.carrierCalls.slice(before.calls);
  await allIsRight(setting, from + howMany);
  return { spent: since(before.cpu, cpuOf(setting)), calls, tookMs: (calls.at(-1) ?? 0) + LATENCY_MS - (calls[0] ?? 0) };
}

async function allIsRight({ carrier, cloud, items }: Setting, expected: number): Promise<void> {
  const charged = new Map(carrier.charges().map(({ reference, cost }) => [reference, cost]));
  const parcels = (await items()).filter(({ entity }) => entity === 'parcel');
  const labelled = parcels.filter(({ status }) => status === 'labelled');
  if (charged.size !== expected || carrier.charges().length !== expected) throw new Error(`${expected} labels were to be charged, and ${carrier.charges().length} were.`);
  if (labelled.length !== expected) throw new Error(`${expected} parcels were to have labels; ${labelled.length} of ${parcels.length} have.`);
  const dead = (await cloud.queueDepths()).filter(({ deadLetter, waiting, inFlight }) => deadLetter && waiting + inFlight > 0);
  if (dead.length > 0) throw new Error(`Dead letters in ${dead.map(({ queue, waiting }) => `${queue} (${waiting})`).join(', ')}.`);
  const complaints = carrier.complaints();
  if (complaints.length > 0) throw new Error(`Calls broke the carrier's contract: ${complaints.slice(0, 3).join('; ')}`);
}

function mostInAMinute(calls: readonly number[]): number {
  return Math.max(0, ...calls.map((first, index) => calls.slice(index).filter((at) => at < first + MINUTE_MS).length));
}

function cpuTable(spent: CpuTimes, labels: number): Breakdown {
  const rows = [...spent].map(([name, ms]): [string, number] => [name, ms / labels]).filter(([, ms]) => ms >= 0.005);
  return { title: 'CPU ms a label', columns: ['', 'until it is kept'], rows: [...rows, ['Total', rows.reduce((sum, [, ms]) => sum + ms, 0)]] };
}
