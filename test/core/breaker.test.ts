import { expect, test } from 'vitest';
import { afterCall, type Breaker, CLOSED, mayCall } from '../../core/breaker.ts';

const failing = (times: number, at = 0): Breaker => Array.from({ length: times }).reduce<Breaker>((breaker) => afterCall(breaker, false, at), CLOSED);

test('four failures in a row leave it closed, the fifth opens it for 20 seconds', () => {
  expect(mayCall(failing(4), 0)).toBe(true);
  expect(mayCall(failing(5), 19_999)).toBe(false);
  expect(mayCall(failing(5), 20_000)).toBe(true);
});

test('an answer closes it, and forgets what failed before', () => {
  expect(afterCall(failing(4), true, 0)).toEqual(CLOSED);
  expect(afterCall(failing(5), true, 30_000)).toEqual(CLOSED);
  const fine = { ...CLOSED };
  expect(afterCall(fine, true, 0), 'nothing to write').toBe(fine);
});

test('calls that were under way when it opened make its pause no longer, and one of them that is answered closes it', () => {
  const open = failing(5);

  expect(afterCall(open, false, 19_999)).toBe(open);
  expect(afterCall(open, true, 19_999)).toEqual(CLOSED);
  expect(afterCall(open, false, 20_000)).toEqual({ failures: 6, failingSince: 0, openUntil: 60_000, opened: 2 });
});

test('a failed look after its pause opens it again, for longer each time, and no longer than five minutes', () => {
  let breaker = failing(5);
  const pauses: number[] = [];
  for (let now = 0; pauses.length < 7; ) {
    pauses.push(breaker.openUntil - now);
    now = breaker.openUntil;
    breaker = afterCall(breaker, false, now);
  }

  expect(pauses).toEqual([20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
});

test('nobody who was never called is kept waiting', () => {
  expect(mayCall(undefined, 0)).toBe(true);
});

test('says since when nobody answers: since the first failure, through every pause', () => {
  expect(afterCall(CLOSED, false, 7_000).failingSince).toBe(7_000);
  expect(afterCall(failing(4, 7_000), false, 9_000).failingSince).toBe(7_000);
  expect(afterCall(failing(5, 7_000), false, 40_000)).toMatchObject({ failingSince: 7_000, opened: 2 });
});
