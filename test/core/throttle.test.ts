import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineOf } from '../../core/throttle.ts';
import { joinLine } from './line.ts';

test('calls in turn are never more in a minute than are taken, or in an hour where few are taken, whenever they come', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 120 }), (pauses, perMinute) => {
      let now = 1_000_000;
      let end: number | undefined;
      const calls: number[] = [];
      for (const pause of pauses) {
        now += pause;
        const place = joinLine(end, perMinute, now);
        end = place.end;
        calls.push(now + place.waitMs);
      }
      const [most, windowMs] = perMinute >= 10 ? [perMinute, 60_000] : [perMinute * 60, 3_600_000];
      for (const from of calls) expect(calls.filter((call) => call >= from && call < from + windowMs).length).toBeLessThanOrEqual(most);
      expect(calls).toEqual(calls.toSorted((a, b) => a - b));
    }),
  );
});

test.each([
  [64, [0, 0, 0, 0, 0, 1_000, 2_000]],
  // 60 an hour, as USPS takes: two for its tokens, and a price and a label go at once.
  [1, [0, 0, 0, 0, 0, 64_286, 128_571]],
])('after a pause five go at once, then one in each interval: %i a minute', (perMinute, expected) => {
  let end: number | undefined;
  const waits = expected.map(() => {
    const place = joinLine(end, perMinute, 5_000_000);
    end = place.end;
    return place.waitMs;
  });

  expect(waits).toEqual(expected);
});

test.each([
  ['an hour where five are more than half of a minute of them', 9, 6_716.418],
  ['a minute from ten on', 10, 10_000],
])('what a burst may take is taken off the even flow of %s', (_span, perMinute, intervalMs) => {
  expect(lineOf(perMinute)).toEqual({ intervalMs });
});
