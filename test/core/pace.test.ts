import { describe, expect, test } from 'vitest';
import { clockOf } from '../../core/day.ts';
import { type Arrivals, type Pace, type PaceCalendar, paceAfter, type Silence } from '../../core/pace.ts';

const HOUR = 3_600_000;
const WEEK = 168 * HOUR;
const BERLIN: PaceCalendar = { timeZone: 'Europe/Berlin', holidays: new Set() };
// It reads the same hours again and again.
const hours = new Map<number, { readonly day: string; readonly hour: number }>();

function hourIn(at: number): { readonly day: string; readonly hour: number } {
  const known = hours.get(at) ?? clockOf('Europe/Berlin')(at);
  hours.set(at, known);
  return known;
}

/** Numbers between 0 and 1, always the same ones for a seed. https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function normal(chance: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}

function poisson(mean: number, chance: () => number): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(chance)));
  let events = -1;
  for (let product = 1; product > Math.exp(-mean); events++) product *= chance();
  return Math.max(0, events);
}

/** What a shop sells in an hour of the day, and of the year, beside what it usually does. */
interface Shop {
  readonly perDay: number;
  readonly isOffice: boolean;
}

const EVENING = [2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 10, 10, 10, 9, 9, 9, 10, 11, 13, 15, 15, 12, 8, 4].map((share) => share / 180);

function shareOf({ isOffice }: Shop, at: number): number {
  const { day, hour } = hourIn(at);
  const isWeekend = [0, 6].includes(new Date(day).getUTCDay());
  const usual = isOffice ? (hour >= 8 && hour < 17 ? 0.1 : 0.003) * (isWeekend ? 0.02 : 1) : (EVENING[hour] ?? 0) * (isWeekend ? 0.8 : 1);
  return usual * seasonOf(day.slice(5));
}

/** A sale in November, and a Christmas on which hardly anybody orders. */
function seasonOf(date: string): number {
  if (date >= '11-24' && date <= '11-30') return 2.5;
  if (date >= '12-24' && date <= '12-26') return 0.2;
  if (date === '12-31' || date === '01-01') return 0.2;
  return date >= '12-22' && date <= '12-30' ? 0.5 : 1;
}

/** What was posted in an hour: one to four deliveries an order, within some minutes; some days are busier than others. */
function postedIn(shop: Shop, at: number, level: number, chance: () => number): Arrivals[] {
  return Array.from({ length: poisson(shop.perDay * shareOf(shop, at) * level, chance) }, () => {
    const from = at + chance() * (HOUR - 600_000);
    return Array.from({ length: 1 + Math.floor(chance() * 4) }, () => ({ at: new Date(from + chance() * 180_000).toISOString(), count: 1 }));
  }).flat();
}

/** Lets a shop post, hour by hour, and looks at its pace as the hourly check does. */
function watch(shop: Shop, { seed, from, until, stops = Infinity }: { readonly seed: number; readonly from: string; readonly until: string; readonly stops?: number }) {
  const chance = chances(seed);
  const alarms: string[] = [];
  let [pace, waiting, level, today, wasSilent]: [Pace | undefined, Arrivals[], number, string, boolean] = [undefined, [], 1, '', false];
  for (let at = Date.parse(from); at < Date.parse(until); at += HOUR) {
    if (hourIn(at).day !== today) [today, level] = [hourIn(at).day, Math.exp(0.25 * normal(chance) - 0.03)];
    if (at < stops) waiting.push(...postedIn(shop, at, level, chance));
    const now = new Date(at + HOUR);
    const after = paceAfter('shop', pace, waiting, now, BERLIN);
    pace = after?.pace;
    const isSilent = after?.silence.kind === 'silent';
    if (isSilent && !wasSilent) alarms.push(now.toISOString());
    wasSilent = isSilent;
    if (isSilent && at >= stops) return { pace, alarms, noticedAfter: (now.getTime() - stops) / HOUR };
    const counted = pace?.countedUntil ?? '';
    waiting = waiting.filter((one) => one.at >= counted);
  }
  return { pace, alarms, noticedAfter: Number.NaN };
}

describe('a storefront that works', () => {
  test.each([
    [3, false, 1],
    [20, false, 1],
    [100, false, 1],
    [1_000, false, 0],
    [20, true, 1],
    [100, true, 0],
  ])('and sells %i a day is taken for silent at most now and then in a year with nights, summer time, a sale and Christmas', (perDay, isOffice, most) => {
    const { alarms, pace } = watch({ perDay, isOffice }, { seed: perDay + (isOffice ? 7 : 0), from: '2025-06-02T00:00:00Z', until: '2026-06-01T00:00:00Z' });

    expect(pace?.hours).toBeGreaterThan(8_000);
    expect(alarms.length, alarms.join(', ')).toBeLessThanOrEqual(most);
  });
});

describe('a storefront that stops', () => {
  // Day of the week and hour, and the hours within which it is noticed.
  test.each([
    [1_000, '2025-08-20T09:00:00Z', 3],
    [100, '2025-08-20T09:00:00Z', 8],
    [20, '2025-08-20T09:00:00Z', 24],
    [3, '2025-08-20T09:00:00Z', 120],
    [1_000, '2025-08-20T23:00:00Z', 8],
  ])('and sold %i a day until %s is found silent within %i hours', (perDay, stops, within) => {
    const watched = watch({ perDay, isOffice: false }, { seed: 11 + perDay, from: '2025-06-02T00:00:00Z', until: '2025-09-10T00:00:00Z', stops: Date.parse(stops) });

    expect(watched.noticedAfter).toBeGreaterThanOrEqual(1);
    expect(watched.noticedAfter).toBeLessThanOrEqual(within);
  });
});

describe('the pace of a connection', () => {
  const from = Date.parse('2026-06-01T00:00:00Z');
  /** Deliveries at so many minutes of every hour. */
  const everyHour = (start: number, end: number): Arrivals[] =>
    Array.from({ length: (end - start) / HOUR }, (_, index) => ({ at: new Date(start + index * HOUR).toISOString(), count: 10 }));
  const silenceAt = (pace: Pace | undefined, at: number, arrivals: readonly Arrivals[] = []) => paceAfter('shop', pace, arrivals, new Date(at), BERLIN);
  const kindOf = (after: { readonly silence: Silence } | undefined) => after?.silence.kind;

  test('is not there before anything came', () => {
    expect(silenceAt(undefined, from)).toBeUndefined();
    expect(silenceAt(undefined, from, [{ at: new Date(from).toISOString(), count: 0 }])).toBeUndefined();
  });

  test('says how little is known of it', () => {
    const after = silenceAt(undefined, from + 50 * HOUR, everyHour(from, from + 50 * HOUR));

    expect(after?.silence).toEqual({ kind: 'unknown', hours: 0, needed: 336 });
    expect(silenceAt(after?.pace, from + 60 * HOUR)?.silence).toEqual({ kind: 'unknown', hours: 49, needed: 336 });
  });

  test('is the same whether it is counted every hour, once a week, or twice at once', () => {
    const arrivals = everyHour(from, from + 3 * WEEK);
    let hourly: Pace | undefined;
    for (let at = from + HOUR; at <= from + 3 * WEEK; at += HOUR)
      hourly = silenceAt(
        silenceAt(
          hourly,
          at,
          arrivals.filter((one) => Date.parse(one.at) < at),
        )?.pace,
        at,
        arrivals.filter((one) => Date.parse(one.at) < at),
      )?.pace;
    let weekly: Pace | undefined;
    for (const weeks of [1, 2, 3])
      weekly = silenceAt(
        weekly,
        from + weeks * WEEK,
        arrivals.filter((one) => Date.parse(one.at) < from + weeks * WEEK),
      )?.pace;

    // What is kept is rounded each time.
    expect({ ...hourly, version: 0, expected: Math.round(hourly?.expected ?? 0) }).toEqual({ ...weekly, version: 0, expected: Math.round(weekly?.expected ?? -1) });
  });

  test('is never called silent within an hour', () => {
    const busy = everyHour(from, from + 4 * WEEK).flatMap((one) =>
      Array.from({ length: 60 }, (_, minute) => ({ ...one, at: new Date(Date.parse(one.at) + minute * 60_000).toISOString() })),
    );
    const known = silenceAt(undefined, from + 4 * WEEK, busy)?.pace;

    expect(kindOf(silenceAt(known, from + 4 * WEEK + 30 * 60_000))).toBe('usual');
    expect(kindOf(silenceAt(known, from + 4 * WEEK + HOUR))).toBe('silent');
  });

  test('does not learn from a silence, and a silence ends with the next delivery', () => {
    const known = silenceAt(undefined, from + 4 * WEEK, everyHour(from, from + 4 * WEEK))?.pace;
    const silent = silenceAt(known, from + 5 * WEEK);
    const still = silenceAt(silent?.pace, from + 6 * WEEK);
    const back = everyHour(from + 6 * WEEK, from + 6 * WEEK + 5 * HOUR);
    const ended = silenceAt(still?.pace, from + 6 * WEEK + 5 * HOUR, back);

    expect(silent?.silence).toMatchObject({ kind: 'silent', since: known?.lastAt });
    expect(still?.pace.silentSince).toBe(known?.lastAt);
    expect(still?.pace.sums).toEqual(known?.sums);
    expect([kindOf(ended), ended?.pace.silentSince]).toEqual(['usual', undefined]);
    expect((ended?.pace.hours ?? 0) - (known?.hours ?? 0)).toBe(4);
  });

  test('expects little on a holiday of the client file, and counts none', () => {
    const known = silenceAt(undefined, from + 4 * WEEK, everyHour(from, from + 4 * WEEK))?.pace;
    const closed: PaceCalendar = { ...BERLIN, holidays: new Set(['2026-06-29']) };
    const evening = from + 4 * WEEK + 6 * HOUR;

    expect(kindOf(silenceAt(known, evening))).toBe('silent');
    expect(kindOf(paceAfter('shop', known, [], new Date(evening), closed))).toBe('usual');
    expect(paceAfter('shop', known, [], new Date(evening), closed)?.pace.hours).toBeLessThanOrEqual((known?.hours ?? 0) + 1);
  });
});
