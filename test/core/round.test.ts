import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callsPerRun, isSilent, type Place, patienceOf, type Round, roundFor } from '../../core/round.ts';
import { NOW } from './samples.ts';

const HOUR_MS = 3_600_000;
const PLACE: Place = { list: 'scan', since: '2026-11-19T09:00:00.000Z', orderId: 'wholesale:1', parcel: 1 };

function ago(hours: number): string {
  return new Date(NOW.getTime() - hours * HOUR_MS).toISOString();
}

describe('the patience with a carrier', () => {
  test('is the shorter the less of what it posts is sure to arrive', () => {
    const [hints, deltas, stories] = [
      patienceOf({ callbackAuth: 'none', callbackHistory: 'full' }),
      patienceOf({ callbackAuth: 'signature', callbackHistory: 'delta' }),
      patienceOf({ callbackAuth: 'token', callbackHistory: 'full' }),
    ];

    expect(hints).toBeLessThan(deltas);
    expect(deltas).toBeLessThan(stories);
  });
});

describe('a parcel is silent', () => {
  test.each<[string, number, number, number | undefined, boolean]>([
    ['when nothing came since it was handed over', 13, 13, undefined, true],
    ['but not while it is new', 11, 11, undefined, false],
    ['nor when its status is news', 50, 5, undefined, false],
    ['nor when it was scanned lately, at the status that it has', 50, 40, 5, false],
    ['when its last scan is long ago', 50, 40, 12, true],
    ['to the last hour of two months', 60 * 24 - 1, 60 * 24 - 1, undefined, true],
    ['but is given up when they are over', 60 * 24, 60 * 24, undefined, false],
    ['but is given up after two months', 70 * 24, 70 * 24, undefined, false],
  ])('%s', (_when, since, at, lastScanAt, silent) => {
    const tracking = { status: 'in_transit' as const, at: ago(at), ...(lastScanAt !== undefined && { lastScanAt: ago(lastScanAt) }) };

    expect(isSilent({ since: ago(since), tracking }, 12, NOW)).toBe(silent);
  });

  test('when its carrier has said nothing at all of it', () => {
    expect(isSilent({ since: ago(30), tracking: { status: 'unknown', at: '' } }, 12, NOW)).toBe(true);
  });
});

describe('the calls of a run', () => {
  test.each<[string, number | undefined, number | null, number]>([
    ['leave half of what the carrier declares to labels', undefined, 20, 300],
    ['keep to what the client file says', 4, 20, 60],
    ['are few enough for any carrier that declares nothing', undefined, null, 900],
    ['have an end', undefined, 100_000, 1_000],
    ['are one at least', 1, 1, 15],
  ])('%s', (_what, own, declared, calls) => {
    expect(callsPerRun({ ...(own !== undefined && { requestsPerMinute: own }) }, { requestsPerMinute: declared }, 30)).toBe(calls);
  });

  test('are one at least and never more than the carrier takes in that time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 60 }), (perMinute, minutes) => {
        const calls = callsPerRun({}, { requestsPerMinute: perMinute }, minutes);

        expect(calls).toBeGreaterThanOrEqual(1);
        expect(calls).toBeLessThanOrEqual(perMinute * minutes);
      }),
    );
  });
});

describe('a round', () => {
  const first: Round = { entity: 'round', carrierId: 'easypost', startedAt: NOW.toISOString(), at: null, version: 1 };

  test('begins where there was none', () => {
    expect(roundFor(undefined, 'easypost', 12, NOW)).toEqual(first);
  });

  test('goes on where it stopped, however long ago it began', () => {
    expect(roundFor({ ...first, startedAt: ago(100), at: PLACE, version: 7 }, 'easypost', 12, NOW)).toMatchObject({ startedAt: ago(100), at: PLACE, version: 8 });
  });

  test('that is complete is followed by another when its patience is over', () => {
    expect(roundFor({ ...first, startedAt: ago(11.9) }, 'easypost', 12, NOW)).toBeUndefined();
    expect(roundFor({ ...first, startedAt: ago(12), version: 3 }, 'easypost', 12, NOW)).toEqual({ ...first, version: 4 });
  });
});
