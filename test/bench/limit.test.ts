import { describe, expect, it } from 'vitest';
import { findLimit, overload, type Step } from '../../bench/endurance/limit.ts';

const step = (change: Partial<Step>): Step => ({ rate: 4, seconds: 15, answeredMs: 40, refused: 0, restSeconds: 6, ...change });

describe('a rate is above the limit', () => {
  it('when an order is not acknowledged', () => {
    expect(overload(step({ refused: 2 }), 5)).toBe('2 orders were not acknowledged at the first attempt');
  });

  it('when answers are slow', () => {
    expect(overload(step({ answeredMs: 1_000 }), 5)).toBeUndefined();
    expect(overload(step({ answeredMs: 1_001 }), 5)).toMatch(/one answer in twenty/);
  });

  it('when the hub has to catch up for more than a third of the step', () => {
    expect(overload(step({ restSeconds: 10 }), 5)).toBeUndefined();
    expect(overload(step({ restSeconds: 10.2 }), 5)).toMatch(/queues grew: at rest 5.2 s later/);
  });
});

describe('the search', () => {
  /** A stack that works so many orders a second off, and is at rest five seconds after hardly any. */
  const stackOf = (capacity: number) => async (rate: number) => step({ rate, restSeconds: 5 + Math.max(0, rate / capacity - 1) * 15 });

  it.each([
    [3, 1],
    [7.3, 1],
    [40, 2],
  ])('finds what a stack of %d orders a second can do, from below or just above', async (capacity, first) => {
    const { rate, steps } = await findLimit(first, stackOf(capacity));

    expect(rate).toBeGreaterThan(capacity / 1.5);
    expect(rate).toBeLessThanOrEqual(capacity * 1.34);
    expect(steps.filter(({ why }) => why === undefined).map((one) => one.rate)).toContain(rate);
    expect(steps.some(({ why }) => why !== undefined)).toBe(true);
  });

  it('ends where nothing is too much', async () => {
    const { steps } = await findLimit(1, stackOf(1e9));

    expect(steps).toHaveLength(12);
  });

  it('measures nothing when the lightest load is refused', async () => {
    await expect(findLimit(1, async (rate) => step({ rate, refused: 1 }))).rejects.toThrow('Even 1 orders a second are too many');
  });
});
