import { describe, expect, it } from 'vitest';
import { planRestarts, restartText } from '../../bench/endurance/restarts.ts';

describe('the plan of restarts', () => {
  const functions = ['order/accept-orders', 'shipment/buy-label', 'event/publish-changes', 'storefront/receive-webhook'];
  const plan = planRestarts(functions, 300);

  it('gives every process its turn, once each way', () => {
    const names = plan.map(({ target, ending }) => `${'name' in target ? target.name : target.part} ${ending}`);

    expect(new Set(names).size).toBe(plan.length);
    expect(names.toSorted()).toEqual(['stack', 'emulators', 'dynamodb', ...functions].flatMap((name) => [`${name} gently`, `${name} killed`]).toSorted());
  });

  it('is in order and within its time, and leaves the stack time to come up before a function is ended', () => {
    const seconds = plan.map(({ atSecond }) => atSecond);
    const wholes = plan.filter(({ target }) => target.part !== 'function').map(({ atSecond }) => atSecond);
    const singles = plan.filter(({ target }) => target.part === 'function');

    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect(seconds.at(-1)).toBeLessThan(300);
    expect(wholes).toEqual([0, 50, 100, 150, 200, 250]);
    for (const { atSecond } of singles) expect(atSecond % 50).toBeGreaterThanOrEqual(20);
  });

  it('is of the processes that everything needs where there are no functions', () => {
    expect(planRestarts([], 60)).toHaveLength(6);
  });

  it('says what it does', () => {
    expect(plan.slice(0, 2).map(restartText)).toEqual(['the whole stack ended gently', 'order/accept-orders ended gently']);
  });
});
