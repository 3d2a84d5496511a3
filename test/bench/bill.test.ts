import { describe, expect, it } from 'vitest';
import { billOf, type FunctionUse, totalOf, usageOf } from '../../bench/bill.ts';
import type { Tally } from '../../bench/meter.ts';
import { PRICES } from '../../bench/prices.ts';

const tally = (change: Partial<Tally>): Tally => ({
  service: 'dynamodb',
  operation: 'PutItem',
  caller: 'a/b',
  subject: '',
  requests: 1,
  chunks: 1,
  readUnits: 0,
  writeUnits: 0,
  refused: 0,
  ...change,
});
const use = (change: Partial<FunctionUse>): FunctionUse => ({ name: 'a/b', memoryMegabytes: 512, trigger: 'queue', invocations: 1, totalMs: 100, cpuMs: 10, ...change });

describe('usage', () => {
  it('counts a request to receive and one to delete for each batch of a queue, beside those of functions', () => {
    const tallies = [tally({ service: 'sqs', operation: 'SendMessage', requests: 2, chunks: 3 })];
    expect(usageOf({ tallies, functions: [use({ invocations: 4 })], logBytes: 0 }).queueRequest).toBe(3 + 2 * 4);
  });

  it('counts calls through the API by the functions behind it', () => {
    const functions = [use({ trigger: 'http', invocations: 7 }), use({ trigger: 'stream', invocations: 9 })];
    const usage = usageOf({ tallies: [], functions, logBytes: 0 });
    expect([usage.apiRequest, usage.invocation, usage.queueRequest]).toEqual([7, 16, 0]);
  });

  it('turns time and memory into GB-seconds', () => {
    expect(usageOf({ tallies: [], functions: [use({ memoryMegabytes: 512, totalMs: 4_000 })], logBytes: 0 }).gigabyteSecond).toBe(2);
  });

  it('tells reads of objects from writes and lists', () => {
    const tallies = ['PutObject', 'ListObjectsV2', 'GetObject'].map((operation) => tally({ service: 's3', operation }));
    const { objectRead, objectWrite } = usageOf({ tallies, functions: [], logBytes: 0 });
    expect([objectRead, objectWrite]).toEqual([1, 2]);
  });
});

describe('bill', () => {
  it('prices per million orders, so that a unit an order costs what a million units cost', () => {
    const usage = usageOf({ tallies: [tally({ writeUnits: 90, readUnits: 8 })], functions: [], logBytes: 0 });
    const bill = billOf(usage, 2);
    expect(bill.find(({ unit }) => unit === 'write request unit')).toEqual({ service: 'DynamoDB', unit: 'write request unit', perOrder: 45, usdPerMillionOrders: 45 * 0.625 });
    expect(totalOf(bill)).toBeCloseTo(45 * 0.625 + 4 * 0.125, 10);
  });

  it('has a line for everything that has a price', () => {
    expect(billOf(usageOf({ tallies: [], functions: [], logBytes: 0 }), 1)).toHaveLength(Object.keys(PRICES).length);
  });
});
