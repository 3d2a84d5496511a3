import * as z from 'zod';
import type { Json } from '../core/json.ts';
import { type Answer, cancellation } from '../local/database/database.ts';
import { scalarOf, type WireItem } from '../local/database/expression.ts';
import { seeded } from '../local/simulators/seed.ts';

/** What DynamoDB would not let pass, and no emulator stops. */
export interface Limits {
  /** Write units a second that one partition key takes; as many at once after a pause. */
  readonly unitsPerSecond: number;
  /** How often a transaction is cancelled when it meets another one on an item: 0 never, 1 always. */
  readonly conflictRate: number;
  /** The conflicts are the same ones for the same seed and order of requests. */
  readonly seed: string;
  /** The partition keys of indexes, which take as many units as the table's own. */
  readonly indexKeys: readonly string[];
  /** Milliseconds; for tests. @default performance.now */
  readonly clock?: () => number;
}

/** What a limiter stopped, and the most that one partition key took. */
export interface Limited {
  readonly throttled: number;
  readonly conflicts: number;
  readonly busiest: { readonly partition: string; readonly units: number };
}

/** Stands in front of a database. */
export interface Limiter {
  /** Lets a request pass or refuses it. @returns the refusal, or what to call when the request has been answered */
  admit(operation: string, request: Json): Answer | (() => void);
  limited(): Limited;
}

/** One write of a request: which item, and how many units of which partition keys. */
interface Write {
  readonly item: string;
  readonly units: readonly (readonly [partition: string, units: number])[];
}

/**
 * Answers in DynamoDB's place where it would refuse: a bucket of write units for each partition key, and transactions that meet on an
 * item while both are under way.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export function openLimiter(limits: Limits): Limiter {
  const { conflictRate, indexKeys, clock = () => performance.now() } = limits;
  const random = seeded(limits.seed);
  const buckets = new Map<string, { tokens: number; at: number }>();
  const taken = new Map<string, number>();
  const inFlight = new Map<string, number>();
  const seen = { throttled: 0, conflicts: 0 };

  function bucketOf(partition: string) {
    const now = clock();
    const bucket = buckets.get(partition) ?? { tokens: limits.unitsPerSecond, at: now };
    const tokens = Math.min(limits.unitsPerSecond, bucket.tokens + ((now - bucket.at) * limits.unitsPerSecond) / 1_000);
    const filled = { tokens, at: now };
    buckets.set(partition, filled);
    return filled;
  }

  /** A partition that has anything left takes one request more, whatever its size: else one of more than a second's units never passed. */
  function isFull({ units }: Write): boolean {
    return units.some(([partition]) => bucketOf(partition).tokens <= 0);
  }

  function take(writes: readonly Write[]): void {
    for (const [partition, units] of writes.flatMap((write) => write.units)) {
      bucketOf(partition).tokens -= units;
      taken.set(partition, (taken.get(partition) ?? 0) + units);
    }
  }

  function hold(writes: readonly Write[], by: 1 | -1): void {
    for (const { item } of writes) {
      const holders = (inFlight.get(item) ?? 0) + by;
      if (holders === 0) inFlight.delete(item);
      else inFlight.set(item, holders);
    }
  }

  function refusalOf(writes: readonly Write[], isTransaction: boolean): Answer | undefined {
    if (writes.some(isFull)) {
      seen.throttled += 1;
      return isTransaction ? cancellation(writes.map((write) => (isFull(write) ? 'ThrottlingError' : 'None'))) : THROTTLED;
    }
    // A refused transaction has been prepared, and is charged.
    take(writes);
    if (!isTransaction || !writes.some(({ item }) => inFlight.has(item)) || random.next() >= conflictRate) return undefined;
    seen.conflicts += 1;
    return cancellation(writes.map(({ item }) => (inFlight.has(item) ? 'TransactionConflict' : 'None')));
  }

  return {
    admit(operation, request) {
      if (!WRITES.has(operation)) return () => {};
      const wire = Wire.parse(request);
      const writes = writesOf(wire, indexKeys);
      const isTransaction = wire.TransactItems !== undefined;
      const refusal = refusalOf(writes, isTransaction);
      if (refusal !== undefined) return refusal;
      if (!isTransaction) return () => {};
      hold(writes, 1);
      return () => hold(writes, -1);
    },
    limited: () => {
      const [partition, units] = [...taken].reduce((most, one) => (one[1] > most[1] ? one : most), ['', 0]);
      return { ...seen, busiest: { partition, units } };
    },
  };
}

const THROTTLED: Answer = {
  status: 400,
  body: { __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException', message: 'Throughput exceeds the current capacity of your table or index.' },
};

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems']);

interface WireWrite {
  readonly Item?: WireItem;
  readonly Key?: WireItem;
}
interface Wire extends WireWrite {
  readonly TransactItems?: readonly Readonly<Record<string, WireWrite>>[];
  readonly RequestItems?: Readonly<Record<string, readonly Readonly<Record<string, WireWrite>>[]>>;
}
// The SDK's own requests: a proof of every item would cost more than the work.
const Wire = z.custom<Wire>((value) => typeof value === 'object' && value !== null);

function writesOf({ TransactItems, RequestItems, ...single }: Wire, indexKeys: readonly string[]): Write[] {
  if (TransactItems) return TransactItems.flatMap((action) => Object.values(action).map((one) => writeOf(one, 2, indexKeys)));
  const batched = Object.values(RequestItems ?? {}).flatMap((batch) => batch.flatMap((one) => Object.values(one)));
  return (RequestItems ? batched : [single]).map((one) => writeOf(one, 1, indexKeys));
}

/** One unit for each kilobyte, and as many again where a transaction prepares it; one for each index that lists the item. */
function writeOf({ Item, Key }: WireWrite, times: 1 | 2, indexKeys: readonly string[]): Write {
  const item = Item ?? Key ?? {};
  const partition = String(scalarOf(item.PK));
  const listed = indexKeys.flatMap((name) => {
    const key = scalarOf(item[name]);
    return key === undefined ? [] : [[`${name} ${key}`, 1] as const];
  });
  return { item: `${partition} ${scalarOf(item.SK)}`, units: [[partition, times * Math.max(1, Math.ceil(wireBytes(item) / 1_024))], ...listed] };
}

/**
 * How large an item is when DynamoDB charges for it, in bytes, from what is on the wire.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
function wireBytes(item: WireItem): number {
  let bytes = 0;
  for (const name in item) bytes += name.length + valueBytes(item[name]);
  return bytes;
}

function valueBytes(value: Json | undefined): number {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 1;
  const { S, N, L, M } = value;
  if (typeof S === 'string') return S.length;
  if (typeof N === 'string') return Math.ceil(N.length / 2) + 1;
  if (Array.isArray(L)) return L.reduce<number>((sum, one) => sum + 1 + valueBytes(one), 3);
  if (typeof M === 'object' && M !== null && !Array.isArray(M)) return 3 + Object.keys(M).length + wireBytes(M);
  return 1;
}
