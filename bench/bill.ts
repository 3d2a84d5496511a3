import type { FunctionMetrics } from '../local/cloud/cloud.ts';
import type { Tally } from './meter.ts';
import { type Charged, PRICES } from './prices.ts';

/** How much of each thing that is charged for was used. */
export type Usage = Readonly<Record<Charged, number>>;

/** What ran and what was asked of AWS meanwhile. */
export interface Observed {
  readonly tallies: readonly Tally[];
  /** What each function did meanwhile, with its memory. */
  readonly functions: readonly FunctionUse[];
  /** Bytes that functions logged. */
  readonly logBytes: number;
}

/** What one function did. */
export interface FunctionUse extends Pick<FunctionMetrics, 'invocations' | 'totalMs' | 'cpuMs'> {
  readonly name: string;
  readonly memoryMegabytes: number;
  /** How it is called: by API Gateway, from a queue with so many messages to a request at most, from a stream, or by a schedule. */
  readonly trigger: 'http' | 'queue' | 'stream' | 'schedule';
}

/** One line of the API's access log, as lib/gateway.ts lays it out. */
const ACCESS_LOG_BYTES = 330;
/** X-Ray's default rule: this share of requests, and the first one of each second. */
const TRACED_SHARE = 0.05;

/** What AWS charges for. The mapping of a queue takes a request to receive a batch of up to ten messages and one to delete it. */
export function usageOf({ tallies, functions, logBytes }: Observed): Usage {
  const sum = (pick: (tally: Tally) => number) => tallies.reduce((total, tally) => total + pick(tally), 0);
  const of =
    (service: Tally['service'], operations: readonly string[] = []) =>
    (tally: Tally) =>
      tally.service === service && (operations.length === 0 || operations.includes(tally.operation));
  const called = (trigger: FunctionUse['trigger']) => functions.filter((one) => one.trigger === trigger).reduce((total, { invocations }) => total + invocations, 0);
  const invocations = functions.reduce((total, one) => total + one.invocations, 0);
  const s3Reads = of('s3', ['GetObject', 'HeadObject']);
  return {
    apiRequest: called('http'),
    invocation: invocations,
    gigabyteSecond: functions.reduce((total, { totalMs, memoryMegabytes }) => total + (totalMs / 1_000) * (memoryMegabytes / 1_024), 0),
    queueRequest: sum((tally) => (of('sqs')(tally) ? tally.chunks : 0)) + 2 * called('queue'),
    publish: sum((tally) => (of('sns')(tally) ? tally.chunks : 0)),
    writeUnit: sum(({ writeUnits }) => writeUnits),
    readUnit: sum(({ readUnits }) => readUnits),
    objectWrite: sum((tally) => (of('s3')(tally) && !s3Reads(tally) ? tally.requests : 0)),
    objectRead: sum((tally) => (s3Reads(tally) ? tally.requests : 0)),
    secretRead: sum((tally) => (of('secretsManager')(tally) ? tally.requests : 0)),
    logKilobyte: (logBytes + called('http') * ACCESS_LOG_BYTES) / 1_000,
    trace: invocations * TRACED_SHARE,
  };
}

/** One line of a bill. */
export interface BillLine {
  readonly service: string;
  readonly unit: string;
  readonly perOrder: number;
  readonly usdPerMillionOrders: number;
}

/** Prices a usage, per order, in the order of the price list. */
export function billOf(usage: Usage, orders: number): BillLine[] {
  return Object.entries(PRICES).map(([name, { service, unit, usdPerMillion }]) => {
    const used = Object.entries(usage).find(([charged]) => charged === name)?.[1] ?? 0;
    return { service, unit, perOrder: used / orders, usdPerMillionOrders: (used / orders) * usdPerMillion };
  });
}

/** USD per million orders, all lines together. */
export function totalOf(bill: readonly BillLine[]): number {
  return bill.reduce((total, { usdPerMillionOrders }) => total + usdPerMillionOrders, 0);
}
