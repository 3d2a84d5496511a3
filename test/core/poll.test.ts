import { describe, expect, test } from 'vitest';
import type { PollState } from '../../core/connection.ts';
import { bar, begin, beginAnew, cursorOf, isBarred, newPollState, type Turned, turn } from '../../core/poll.ts';
import { NOW } from './samples.ts';

const LATER = new Date(NOW.getTime() + 3_600_000);
const FIRST = newPollState('shop', NOW);
const page: Turned = { next: 'p2', found: 0, handled: new Set<string>(), whole: true };

describe('reading the orders of a storefront', () => {
  test('begins a day back, and has found nothing', () => {
    expect(FIRST).toEqual({
      entity: 'cursor',
      connectionId: 'shop',
      since: '2026-11-19T09:00:00.000Z',
      page: null,
      startedAt: NOW.toISOString(),
      readAt: null,
      notBefore: null,
      handled: [],
      found: 0,
      foundAt: null,
      version: 0,
    });
  });

  test('asks for what changed some minutes before the reading before it', () => {
    expect(cursorOf({ ...FIRST, page: 'p2' }, 10)).toEqual({ since: '2026-11-19T08:50:00.000Z', page: 'p2' });
  });

  test('goes on with a page that is left, as of when it began', () => {
    const halfway = turn(FIRST, page, NOW);

    expect(halfway).toMatchObject({ page: 'p2', since: FIRST.since, readAt: null, startedAt: FIRST.startedAt, version: 1 });
    expect(begin(halfway, LATER)).toEqual(halfway);
    expect(begin(FIRST, LATER)).toEqual({ ...FIRST, startedAt: LATER.toISOString() });
    expect(beginAnew(halfway, LATER)).toEqual({ ...halfway, page: null, startedAt: LATER.toISOString() });
  });

  test('at its end has read all that changed before it began', () => {
    expect(turn({ ...FIRST, page: 'p2', notBefore: NOW.toISOString() }, { ...page, next: null }, LATER)).toEqual({
      ...FIRST,
      since: FIRST.startedAt,
      readAt: LATER.toISOString(),
      version: 1,
    });
  });

  test('counts what no webhook had brought, and when that was last', () => {
    const found = turn({ ...FIRST, found: 3 }, { ...page, found: 2 }, NOW);

    expect(found).toMatchObject({ found: 5, foundAt: NOW.toISOString() });
    expect(turn(found, page, LATER)).toMatchObject({ found: 5, foundAt: NOW.toISOString() });
  });
});

describe('what cannot be compared with what the hub has', () => {
  const state: PollState = { ...FIRST, handled: ['a', 'b'] };

  test.each<[string, Partial<Turned>, string[]]>([
    ['is added to while a reading goes on', {}, ['a', 'b', 'c']],
    ['is what a whole reading brought, and no more', { next: null }, ['b', 'c']],
    ['is kept where this run saw only the end of a reading', { next: null, whole: false }, ['a', 'b', 'c']],
  ])('%s', (_what, more, handled) => {
    expect(turn(state, { ...page, handled: new Set(['b', 'c']), ...more }, NOW).handled).toEqual(handled);
  });

  test('is remembered of the last five hundred', () => {
    const many = new Set(Array.from({ length: 600 }, (_, index) => `digest ${index}`));
    const { handled } = turn(FIRST, { ...page, handled: many }, NOW);

    expect([handled.length, handled[0], handled.at(-1)]).toEqual([500, 'digest 100', 'digest 599']);
  });
});

test('a storefront that asked to be left alone is, until then', () => {
  const barred = bar(FIRST, 90, NOW);

  expect(barred).toEqual({ ...FIRST, notBefore: '2026-11-20T09:01:30.000Z', version: 1 });
  expect([NOW, new Date(NOW.getTime() + 89_999), new Date(NOW.getTime() + 90_000)].map((at) => isBarred(barred, at))).toEqual([true, true, false]);
  expect(isBarred(FIRST, NOW)).toBe(false);
});
