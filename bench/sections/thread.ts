import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionMetrics } from '../../local/cloud/cloud.ts';
import { type DayResult, playDay } from '../../local/day/day.ts';
import { Diary } from '../../local/day/diary.ts';
import { planDay } from '../../local/day/plan.ts';
import { type Stage, setStage } from '../../local/day/stage.ts';
import { forgetPeakMemory, peakMemory, treeCpuMs } from '../machine.ts';
import type { Bench, Breakdown, Findings, Row } from '../section.ts';

const ORDERS = 200;
const SEED = 'bench';
const MEGABYTE = 1_024 * 1_024;

/** Plays a day of trade as `npm start` does, and tells how fast it went and what it took. @throws Error when a check of the day fails */
export async function measureThread({ orders = ORDERS, scratch, say, prepare }: Bench): Promise<Findings> {
  await prepare();
  forgetPeakMemory();
  const dataFolder = join(scratch, 'day');
  mkdirSync(dataFolder, { recursive: true });
  const stage = await setStage({ clientId: 'demo', dataFolder, port: 0, log: say });
  const diary = new Diary(join(dataFolder, 'diary.sqlite'));
  try {
    say(`playing a day of ${orders} orders`);
    const cpuBefore = treeCpuMs();
    const result = await play(stage, diary, orders, dataFolder);
    const cpuAfter = treeCpuMs();
    const failed = result.checks.filter(({ ok }) => !ok);
    if (failed.length > 0) throw new Error(`The day did not go as it should: ${failed.map(({ name, faults }) => `${name} (${faults[0] ?? ''})`).join('; ')}.`);
    return findingsOf(stage, result, orders, cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore);
  } finally {
    diary.close();
    await stage.close();
  }
}

async function play(stage: Stage, diary: Diary, orders: number, dataFolder: string): Promise<DayResult> {
  const startAt = Math.floor(Date.now() / 1_000) * 1_000;
  const plan = planDay({ client: stage.client, orders, seed: SEED, startAt });
  return await playDay({ ...stage, plan, diary, dataFolder, limitMs: 180_000 + orders * 500, onProgress: () => {} });
}

function findingsOf({ cloud }: Stage, result: DayResult, orders: number, treeMs: number | undefined): Findings {
  const metrics = cloud.metrics();
  const functionsMs = Object.values(metrics).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const seconds = tradingSeconds(result);
  const { emulators, dynamodb } = cloud.processIds;
  const memory = [
    ['this process: gateway, mappings, simulators, the day', peakMemory(process.pid)],
    ['SQS, SNS and S3 emulator', peakMemory(emulators)],
    ['DynamoDB emulator', dynamodb === undefined ? undefined : peakMemory(dynamodb)],
  ] as const;
  return {
    rows: [
      { name: 'orders, from the first webhook to the last delivery', value: orders / seconds, unit: 'orders/s' },
      { name: 'CPU of functions, an order', value: functionsMs / orders, unit: 'ms' },
      ...(treeMs === undefined ? [] : [{ name: 'CPU of all processes, an order', value: treeMs / orders, unit: 'ms' }]),
      ...memory.flatMap(([name, bytes]): Row[] => (bytes === undefined ? [] : [{ name: `peak memory, ${name}`, value: bytes / MEGABYTE, unit: 'MB' }])),
    ],
    breakdowns: [functionTable(metrics, orders)],
    notes: [
      `A day of ${orders} orders (seed "${SEED}"), ${result.checks.length} checks hold: duplicates, late versions, bad input and carrier faults included; ${seconds.toFixed(1)} s of trade.`,
      'The storefronts post an order every 22 ms and a parcel is scanned every 700 ms, so a small day waits more than it works.',
    ],
  };
}

/** From the first order that was received to the last that was delivered, as the hub's own facts tell. */
function tradingSeconds({ snapshot }: DayResult): number {
  const received = snapshot.facts.flatMap((event) => (event.entity === 'order' ? [Date.parse(event.order.receivedAt)] : []));
  const delivered = snapshot.facts.flatMap((event) => (event.entity === 'order' && event.type === 'order.delivered' ? [Date.parse(event.at)] : []));
  if (received.length === 0 || delivered.length === 0) throw new Error('The facts of the day tell of no order that was delivered.');
  return (delivered.reduce((a, b) => Math.max(a, b)) - received.reduce((a, b) => Math.min(a, b))) / 1_000;
}

function functionTable(metrics: Readonly<Record<string, FunctionMetrics>>, orders: number): Breakdown {
  const rows = Object.entries(metrics)
    .filter(([, { invocations }]) => invocations > 0)
    .map(([name, { invocations, errors, coldStarts, coldStartMs, totalMs, cpuMs, peakRssBytes }]) => [
      name,
      invocations,
      errors,
      totalMs / invocations,
      cpuMs / orders,
      coldStarts,
      coldStartMs / Math.max(1, coldStarts),
      peakRssBytes / MEGABYTE,
    ]);
  return { title: 'Functions', columns: ['', 'runs', 'failed', 'ms a run', 'CPU ms an order', 'cold starts', 'ms each', 'peak MB'], rows };
}
