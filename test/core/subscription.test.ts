import { describe, expect, test } from 'vitest';
import { type CarrierSubscription, isDue, isLapsing, notSeenTo, seenTo } from '../../core/subscription.ts';
import { NOW } from './samples.ts';

const HOUR_MS = 3_600_000;
const DAYS = 24;
const HUB = 'https://hub.example.com';
const USPS = { carrierId: 'usps', hubUrl: HUB };

function inHours(hours: number): string {
  return new Date(NOW.getTime() + hours * HOUR_MS).toISOString();
}

function subscription(overrides: Partial<CarrierSubscription> = {}): CarrierSubscription {
  return { entity: 'subscription', carrierId: 'usps', state: 'kept', hubUrl: HUB, until: inHours(25 * DAYS), checkedAt: inHours(-1), version: 1, ...overrides };
}

describe('a subscription is due', () => {
  test.each<[string, CarrierSubscription | undefined, number | null, boolean]>([
    ['when nobody has looked at it', undefined, 30, true],
    ['not while more than a third of its term is left', subscription(), 30, false],
    ['when less than a third is left', subscription({ until: inHours(9.9 * DAYS) }), 30, true],
    ['when it has lapsed', subscription({ until: inHours(-1) }), 30, true],
    ['when nobody knows when it lapses', subscription({ until: null }), 30, true],
    ['when it does not lapse, as its carrier may have switched it off', subscription({ until: null }), null, true],
    ['not when just a third is left', subscription({ until: inHours(10 * DAYS) }), 30, false],
    ['when it does not lapse, whatever was said of its end', subscription(), null, true],
    ['when it failed the last time', subscription({ state: 'failed' }), 30, true],
    ['when the hub is reached elsewhere now', subscription({ hubUrl: 'https://old.example.com' }), 30, true],
    ['once a day', subscription({ checkedAt: inHours(-24) }), 30, true],
  ])('%s', (_when, before, ttlDays, due) => {
    expect(isDue(before, ttlDays, HUB, NOW)).toBe(due);
  });
});

describe('a look', () => {
  const refused = { code: 'carrier.refused', message: 'the secret is refused' };

  test('that succeeds forgets what was wrong', () => {
    const failed = notSeenTo(subscription(), USPS, refused, NOW);

    expect(seenTo(failed, USPS, { state: 'made', until: inHours(30 * DAYS) }, NOW)).toEqual({
      entity: 'subscription',
      carrierId: 'usps',
      state: 'made',
      hubUrl: HUB,
      until: inHours(30 * DAYS),
      checkedAt: NOW.toISOString(),
      version: 3,
    });
  });

  test('that fails keeps when it lapses, and since when it fails', () => {
    const first = notSeenTo(subscription(), USPS, refused, NOW);
    const second = notSeenTo(first, USPS, refused, new Date(NOW.getTime() + HOUR_MS));

    expect(second).toMatchObject({ state: 'failed', until: inHours(25 * DAYS), checkedAt: inHours(1), problem: { ...refused, since: NOW.toISOString() }, version: 3 });
  });

  test('of a subscription that nobody has seen to before begins its story', () => {
    expect(seenTo(undefined, USPS, { state: 'made', until: null }, NOW)).toMatchObject({ until: null, version: 1 });
    expect(notSeenTo(undefined, USPS, { ...refused, message: 'x'.repeat(400) }, NOW)).toEqual({
      entity: 'subscription',
      carrierId: 'usps',
      state: 'failed',
      hubUrl: HUB,
      until: null,
      checkedAt: NOW.toISOString(),
      problem: { code: refused.code, message: 'x'.repeat(300), since: NOW.toISOString() },
      version: 1,
    });
  });

  test('that fails of one that never lapses waits out its patience', () => {
    const failed = subscription({ state: 'failed', until: null, problem: { ...refused, since: inHours(-5) } });

    expect(isLapsing(failed, true, NOW)).toBe(false);
  });

  test.each<[string, number, number, boolean, boolean]>([
    ['when it lapses just now, though it may pass', 0, 0, true, true],
    ['at once when trying again does not help', 0, 600, false, true],
    ['not at once when it may pass', 0, 600, true, false],
    ['after some hours, though it may pass', -6, 600, true, true],
    ['when it lapses, though it may pass', 0, -1, true, true],
  ])('that fails wakes a person %s', (_when, since, until, passes, lapsing) => {
    const failed = subscription({ state: 'failed', until: inHours(until), problem: { ...refused, since: inHours(since) } });

    expect(isLapsing(failed, passes, NOW)).toBe(lapsing);
  });

  test('that succeeds wakes nobody', () => {
    expect(isLapsing(subscription(), true, NOW)).toBe(false);
  });
});
