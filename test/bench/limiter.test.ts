import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Limits, openLimiter } from '../../bench/limiter.ts';
import type { Json } from '../../core/json.ts';

const text = (S: string) => ({ S });
const item = (PK: string, more: Record<string, Json> = {}) => ({ PK: text(PK), SK: text('x'), ...more });
const transaction = (...partitions: readonly string[]) => ({ TransactItems: partitions.map((PK) => ({ Put: { Item: item(PK) } })) });

/** A limiter whose clock stands until it is moved. */
function limiterOf(limits: Partial<Limits> = {}) {
  const time = { ms: 0 };
  return { time, ...openLimiter({ unitsPerSecond: 4, conflictRate: 1, seed: 'test', indexKeys: ['work'], clock: () => time.ms, ...limits }) };
}

/** Sends a request that is answered at once. @returns whether it passed */
function passes({ admit }: ReturnType<typeof limiterOf>, operation: string, request: Json): boolean {
  const admitted = admit(operation, request);
  if (typeof admitted === 'function') admitted();
  return typeof admitted === 'function';
}

describe('a partition key', () => {
  it('takes its units, and more as time passes', () => {
    const limiter = limiterOf();

    expect([1, 2, 3].map(() => passes(limiter, 'TransactWriteItems', transaction('A')))).toEqual([true, true, false]);
    limiter.time.ms += 1;
    expect(passes(limiter, 'TransactWriteItems', transaction('A'))).toBe(true);
    expect(limiter.limited()).toEqual({ throttled: 1, conflicts: 0, busiest: { partition: 'A', units: 6 } });
  });

  it('does not answer for another one, and each refused item has its reason', () => {
    const limiter = limiterOf({ unitsPerSecond: 2 });
    passes(limiter, 'TransactWriteItems', transaction('A'));

    expect(passes(limiter, 'PutItem', { Item: item('B') })).toBe(true);
    expect(limiter.admit('TransactWriteItems', transaction('C', 'A'))).toMatchObject({
      status: 400,
      body: { Message: expect.stringContaining('[None, ThrottlingError]'), CancellationReasons: [{ Code: 'None' }, { Code: 'ThrottlingError' }] },
    });
  });

  it.each([
    ['a put, by the kilobyte', 'PutItem', { Item: item('A', { text: text('x'.repeat(1_100)) }) }, 2],
    ['a put in a transaction, twice', 'TransactWriteItems', { TransactItems: [{ Put: { Item: item('A', { text: text('x'.repeat(1_100)) }) } }] }, 4],
    ['an update, once', 'UpdateItem', { Key: item('A') }, 1],
    ['a batch, item by item', 'BatchWriteItem', { RequestItems: { hub: [{ PutRequest: { Item: item('A') } }, { DeleteRequest: { Key: item('A') } }] } }, 2],
    ['maps, lists and numbers inside', 'PutItem', { Item: item('A', { deep: { M: { list: { L: [text('x'.repeat(1_024)), { N: '12' }, { NULL: true }] } } } }) }, 2],
  ])('is charged for %s', (_, operation, request, units) => {
    const limiter = limiterOf({ unitsPerSecond: 100 });

    passes(limiter, operation, request);

    expect(limiter.limited().busiest).toEqual({ partition: 'A', units });
  });

  it('of an index is charged for each item that the index lists', () => {
    const limiter = limiterOf({ unitsPerSecond: 2 });
    const listed = (PK: string) => ({ Item: item(PK, { work: text('held#1') }) });

    expect(['A', 'B', 'C'].map((PK) => passes(limiter, 'PutItem', listed(PK)))).toEqual([true, true, false]);
  });

  it.each(['GetItem', 'BatchGetItem', 'Query', 'Scan'])('is not charged for a %s', (operation) => {
    const limiter = limiterOf({ unitsPerSecond: 0 });

    expect(passes(limiter, operation, { Key: item('A') })).toBe(true);
  });

  it('never takes more than its units a second and one request, whatever comes when', () => {
    const requests = fc.array(fc.record({ after: fc.integer({ min: 0, max: 400 }), items: fc.integer({ min: 1, max: 5 }) }), { maxLength: 60 });
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 50 }), (arrivals, unitsPerSecond) => {
        const limiter = limiterOf({ unitsPerSecond });
        for (const { after, items } of arrivals) {
          limiter.time.ms += after;
          passes(limiter, 'BatchWriteItem', { RequestItems: { hub: Array.from({ length: items }, () => ({ PutRequest: { Item: item('A') } })) } });
          expect(limiter.limited().busiest.units).toBeLessThan(unitsPerSecond + (limiter.time.ms * unitsPerSecond) / 1_000 + 5);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('transactions', () => {
  it('that meet on an item conflict until the first one is answered', () => {
    const { admit } = limiterOf({ unitsPerSecond: 100 });

    const first = admit('TransactWriteItems', transaction('A', 'B'));
    expect(admit('TransactWriteItems', transaction('C', 'B'))).toMatchObject({ body: { CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }] } });
    if (typeof first === 'function') first();
    expect(admit('TransactWriteItems', transaction('C', 'B'))).toBeTypeOf('function');
  });

  it('that meet conflict as often as is said, and the same ones for the same seed', () => {
    const conflicts = (seed: string) => {
      const { admit } = limiterOf({ unitsPerSecond: 1e6, conflictRate: 0.1, seed });
      admit('TransactWriteItems', transaction('A'));
      return Array.from({ length: 2_000 }, () => typeof admit('TransactWriteItems', transaction('A')) !== 'function');
    };

    expect(conflicts('one')).toEqual(conflicts('one'));
    expect(conflicts('one')).not.toEqual(conflicts('two'));
    expect(conflicts('one').filter(Boolean).length / 2_000).toBeCloseTo(0.1, 1);
  });
});
