import { join } from 'node:path';
import type { Item } from '../../adapters/aws/table.ts';
import { ENV } from '../../functions/shell/env.ts';
import { ROUTES } from '../../functions/shell/routes.ts';
import type { Cloud, FunctionMetrics } from '../../local/cloud/cloud.ts';
import { type BillLine, billOf, type FunctionUse, totalOf, type Usage, usageOf } from '../bill.ts';
import { CALLBACKS_PER_ORDER, inventOrder, live, WEBHOOKS_PER_ORDER } from '../life.ts';
import { type Meters, openMeters, type Tally } from '../meter.ts';
import { PRICED_ON, PRICES } from '../prices.ts';
import type { Bench, Breakdown, Findings } from '../section.ts';
import { openSetting, type Setting } from '../setting.ts';
import { itemBytes } from '../units.ts';

const AIM_WRITE_UNITS = 45;
const AIM_USD = 60;
const ORDERS = 100;
const WARM_UP_ORDERS = 2;
const LIFE_LIMIT_MS = 120_000;
/** Milliseconds between two orders when there are many: slow enough that two cores need not queue, or durations would tell of queueing. */
const PACE_MS = 1_000;
/** How many different SKUs those orders have, in turn: 1.67 on average. */
const MIX = [1, 1, 1, 2, 2, 3] as const;

/**
 * Counts what the life of an order costs in AWS: for one that is alone in the hub, and on average for many at a time, where
 * batches share requests.
 */
export async function measureCost({ orders = ORDERS, scratch, say, prepare }: Bench): Promise<Findings> {
  await prepare();
  const meters = openMeters();
  try {
    const setting = await openSetting({ dataFolder: join(scratch, 'cost'), authorisation: 'automatic', stream: true, through: meters.through, log: say });
    try {
      return await measure(setting, meters, orders, say);
    } finally {
      await setting.close();
    }
  } finally {
    await meters.close();
  }
}

async function measure(setting: Setting, meters: Meters, orders: number, say: (line: string) => void): Promise<Findings> {
  const skus = setting.client.products.map(({ sku }) => sku);
  await setting.receive(skus.map((sku) => ({ sku, quantity: 9_000 })));
  const alone = () => setting.quiet(30_000);
  say('warming up');
  for (let index = 0; index < WARM_UP_ORDERS; index++) await live(setting, orderOf(setting, index, 1), alone, LIFE_LIMIT_MS);

  say('one order alone');
  const one = await observe(setting, meters, 1, () => live(setting, orderOf(setting, WARM_UP_ORDERS, 1), alone, LIFE_LIMIT_MS));
  say(`${orders} orders at a time`);
  const many = await observe(setting, meters, orders, () => manyLives(setting, orders));
  return findingsOf(one, many, itemTable(await setting.items(), WARM_UP_ORDERS + 1 + orders), orders);
}

function orderOf({ client }: Setting, index: number, kinds: number) {
  const skus = client.products.map(({ sku }) => sku);
  return inventOrder(
    index,
    Array.from({ length: kinds }, (_, kind) => skus[(index + kind) % skus.length] ?? ''),
    client.currency,
  );
}

async function manyLives(setting: Setting, orders: number): Promise<void> {
  const first = WARM_UP_ORDERS + 1;
  const limitMs = LIFE_LIMIT_MS + orders * PACE_MS * 3;
  await Promise.all(
    Array.from({ length: orders }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * PACE_MS));
      await live(setting, orderOf(setting, first + index, MIX[index % MIX.length] ?? 1), async () => {}, limitMs);
    }),
  );
  await setting.quiet(60_000);
}

interface Observation {
  readonly usage: Usage;
  readonly bill: readonly BillLine[];
  readonly tallies: readonly Tally[];
  readonly functions: readonly FunctionUse[];
}

/** Counts what happens meanwhile. @throws Error when not every webhook and callback was taken, or anything failed */
async function observe(setting: Setting, meters: Meters, orders: number, act: () => Promise<void>): Promise<Observation> {
  meters.reset();
  const before = setting.cloud.metrics();
  const logged = setting.logBytes();
  const told = setting.wholesale.notes().length;
  await act();
  const functions = usesOf(setting.cloud, before);
  check('storefront webhooks', invocationsOf(functions, 'storefront/receive-webhook'), WEBHOOKS_PER_ORDER * orders);
  check('carrier callbacks', invocationsOf(functions, 'tracking/receive-update'), CALLBACKS_PER_ORDER * orders);
  check('storefronts told', setting.wholesale.notes().length - told, orders);
  const tallies = meters.tallies();
  check('requests by unknown callers', tallies.filter(({ caller }) => caller === 'unknown').length, 0);
  const usage = usageOf({ tallies, functions, logBytes: setting.logBytes() - logged });
  return { usage, bill: billOf(usage, orders), tallies, functions };
}

function check(what: string, seen: number, expected: number): void {
  if (seen !== expected) throw new Error(`${what}: ${seen} instead of ${expected}; what was counted is not the life of these orders.`);
}

function invocationsOf(functions: readonly FunctionUse[], name: string): number {
  return functions.find((one) => one.name === name)?.invocations ?? 0;
}

function usesOf(cloud: Cloud, before: Readonly<Record<string, FunctionMetrics>>): FunctionUse[] {
  return Object.entries(cloud.metrics()).map(([name, now]) => {
    const then = before[name];
    const memory = Number(cloud.functionEnvironment(name).AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
    if (!(memory > 0)) throw new Error(`The template gives ${name} no memory.`);
    return {
      name,
      memoryMegabytes: memory,
      trigger: triggerOf(cloud, name),
      invocations: now.invocations - (then?.invocations ?? 0),
      totalMs: now.totalMs - (then?.totalMs ?? 0),
      cpuMs: now.cpuMs - (then?.cpuMs ?? 0),
    };
  });
}

/** Every worker on a queue, and nothing else, is told where its dead letters go. */
function triggerOf(cloud: Cloud, name: string): FunctionUse['trigger'] {
  if (Object.hasOwn(ROUTES, name)) return 'http';
  if (cloud.functionEnvironment(name)[ENV.deadLetterQueue] !== undefined) return 'queue';
  return name === 'event/publish-changes' ? 'stream' : 'schedule';
}

function findingsOf(one: Observation, many: Observation, items: Breakdown, orders: number): Findings {
  const gigabyteSeconds = (bill: readonly BillLine[]) => totalOf(bill.filter(({ unit }) => unit === PRICES.gigabyteSecond.unit));
  return {
    rows: [
      { name: 'write units, one order alone', value: one.usage.writeUnit, unit: 'WRU', atMost: AIM_WRITE_UNITS },
      { name: `write units an order, ${orders} at a time`, value: many.usage.writeUnit / orders, unit: 'WRU', atMost: AIM_WRITE_UNITS },
      { name: 'read units, one order alone', value: one.usage.readUnit, unit: 'RRU' },
      { name: `read units an order, ${orders} at a time`, value: many.usage.readUnit / orders, unit: 'RRU' },
      { name: 'a million orders, each alone', value: totalOf(one.bill), unit: 'USD', atMost: AIM_USD },
      { name: '  of which for the time functions took here', value: gigabyteSeconds(one.bill), unit: 'USD' },
      { name: `a million orders, ${orders} at a time`, value: totalOf(many.bill), unit: 'USD', atMost: AIM_USD },
      { name: '  of which for the time functions took here', value: gigabyteSeconds(many.bill), unit: 'USD' },
    ],
    breakdowns: [
      billTable(one, many),
      requestTable(one, many, orders),
      writeTable('Write units, one order alone', one, 1),
      writeTable(`Write units an order, ${orders} at a time`, many, orders),
      items,
      timeTable(one, many, orders),
    ],
    notes: [
      `An order: ${WEBHOOKS_PER_ORDER} storefront webhooks (created, then paid), ${CALLBACKS_PER_ORDER} carrier callbacks, one parcel; alone it has 1 SKU, of many 1.67 on average. Functions are warm.`,
      `us-east-1 list prices of ${PRICED_ON}, first tier, without free tiers: bench/prices.ts has their sources.`,
      'A batch from a queue is counted as one request to receive it and one to delete it; Lambda reads the stream free of charge; SNS delivers to SQS free of charge.',
      'GB-seconds are of this machine: its processor, other work on it and emulators instead of AWS. X-Ray: 5 % of invocations, as its default rule samples.',
      'Not in it, because it does not grow with orders: empty receives (a mapping polls about 15 times a minute, USD 0.26 a month a queue), the first trace of each second (at most USD 13 a month), secrets (USD 0.40 a month each) and their reading every 5 minutes, alarms, metrics, schedules.',
      'Not in it at all: storage, backups, keys, data transfer, and the fees for text messages and e-mail.',
    ],
  };
}

function billTable(one: Observation, many: Observation): Breakdown {
  const rows = one.bill.map(({ service, unit, perOrder, usdPerMillionOrders }, index) => {
    const other = many.bill[index];
    return [service, unit, perOrder, usdPerMillionOrders, other?.perOrder ?? 0, other?.usdPerMillionOrders ?? 0];
  });
  const total = ['Total', '', '', totalOf(one.bill), '', totalOf(many.bill)];
  return { title: 'What is charged', columns: ['service', 'unit', 'alone: an order', 'USD a million', 'many: an order', 'USD a million'], rows: [...rows, total] };
}

function requestTable(one: Observation, many: Observation, orders: number): Breakdown {
  const services = [...new Set([...one.tallies, ...many.tallies].map(({ service, operation }) => `${service} ${operation}`))].sort();
  const of = ({ tallies }: Observation, name: string) =>
    tallies.filter(({ service, operation }) => `${service} ${operation}` === name).reduce((sum, { requests }) => sum + requests, 0);
  return { title: 'Requests by functions', columns: ['', 'alone: an order', 'many: an order'], rows: services.map((name) => [name, of(one, name), of(many, name) / orders]) };
}

function writeTable(title: string, { tallies }: Observation, orders: number): Breakdown {
  const writes = tallies.filter(({ writeUnits }) => writeUnits > 0).sort((a, b) => b.writeUnits - a.writeUnits);
  return {
    title,
    columns: ['function', 'operation', 'what', 'requests', 'units', 'refused'],
    rows: writes.map(({ caller, operation, subject, requests, writeUnits, refused }) => [caller, operation, subject, requests / orders, writeUnits / orders, refused]),
  };
}

/** A write costs one unit for each KB begun, so what an item weighs at its end tells how near the next unit is. */
function itemTable(items: readonly Item[], orders: number): Breakdown {
  const kinds = Map.groupBy(items, ({ entity }) => String(entity));
  const rows = [...kinds].map(([kind, ofKind]) => {
    const sizes = ofKind.map(itemBytes);
    return [kind, ofKind.length / orders, sizes.reduce((a, b) => a + b, 0) / sizes.length, Math.max(...sizes)];
  });
  return { title: 'Items in the table', columns: ['', 'an order', 'bytes, mean', 'largest'], rows };
}

function timeTable(one: Observation, many: Observation, orders: number): Breakdown {
  const rows = one.functions.flatMap(({ name, invocations, totalMs }, index) => {
    const other = many.functions[index];
    if (invocations === 0 && (other?.invocations ?? 0) === 0) return [];
    return [[name, invocations, totalMs, (other?.invocations ?? 0) / orders, (other?.totalMs ?? 0) / orders, (other?.cpuMs ?? 0) / orders]];
  });
  return { title: 'Functions', columns: ['', 'alone: runs', 'ms', 'many: runs', 'ms', 'CPU ms'], rows };
}
