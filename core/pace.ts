import * as z from 'zod';
import { clockOf } from './day.ts';
import { Instant, instant } from './id.ts';

const HOUR = 3_600_000;
const HOURS_A_WEEK = 168;
/** What is kept of an hour of the week when a week has passed: on average a count is eight weeks old. */
const KEPT_A_WEEK = 7 / 8;
const KEPT_AN_HOUR = KEPT_A_WEEK ** (1 / HOURS_A_WEEK);
/** Hours of history without which nothing is said: two weeks, so that each hour of the week was seen twice. */
const LEAST_HOURS = 2 * HOURS_A_WEEK;
/** A silence is taken for one when chance alone makes it more rarely than this ... */
const RARE = 0.001;
/** ... and would make this many in a week: a busy storefront pauses so often that one pause in a thousand is every day's. */
const RARE_A_WEEK = 0.005;
/** On quiet days this much of the usual is expected. */
const QUIET = 0.1;
/** Days on which shops everywhere may be quiet, whatever their day of the week usually brings. */
const QUIET_DAYS = new Set(['12-24', '12-25', '12-26', '12-31', '01-01']);

/** How often a connection's storefront posts, by the hour of the week on the client's clocks. One row a connection. */
export const Pace = z.object({
  entity: z.literal('pace'),
  connectionId: z.string(),
  /** Deliveries by hour of the week, Monday 0:00 first; what is older counts less. */
  sums: z.array(z.number()).length(HOURS_A_WEEK),
  /** How often each hour was seen; what is older counts less. */
  weights: z.array(z.number()).length(HOURS_A_WEEK),
  /** How far hours were off what was expected of them, squared, and what was expected: their ratio says how unevenly deliveries come. */
  squares: z.number(),
  expected: z.number(),
  /** Hours that were counted in all. */
  hours: z.int(),
  /** The end of the last hour that was counted. */
  countedUntil: Instant,
  /** The last delivery. */
  lastAt: Instant,
  /** The last delivery before a silence that still lasts. */
  silentSince: Instant.exactOptional(),
  version: z.int(),
});
export type Pace = z.infer<typeof Pace>;

/** Deliveries that were received about an instant. */
export interface Arrivals {
  readonly at: Instant;
  readonly count: number;
}

/** Whose clocks count, and the days on which it is closed. */
export interface PaceCalendar {
  readonly timeZone: string;
  /** Such as `2026-12-25`. */
  readonly holidays: ReadonlySet<string>;
}

/** What a pause of a storefront amounts to. */
export type Silence =
  /** Too little is known of its pace. */
  | { readonly kind: 'unknown'; readonly hours: number; readonly needed: number }
  /** `chance` that a pause like this one, or a longer one, follows a delivery. */
  | { readonly kind: 'usual'; readonly chance: number }
  | { readonly kind: 'silent'; readonly since: Instant; readonly chance: number };

/** The pace of a connection that posts for the first time that is known of. */
function newPace(connectionId: string, first: Instant): Pace {
  const none = Array.from({ length: HOURS_A_WEEK }, () => 0);
  const countedUntil = instant(new Date(hourOf(Date.parse(first))));
  return { entity: 'pace', connectionId, sums: none, weights: none, squares: 0, expected: 0, hours: 0, countedUntil, lastAt: first, version: 0 };
}

/**
 * The pace as it is known now, and what the time since the last delivery amounts to. Hours of a silence are not counted as usual ones.
 * @param arrivals all since the last hour that was counted; older ones do no harm
 * @returns undefined where nothing has ever come
 */
export function paceAfter(
  connectionId: string,
  before: Pace | undefined,
  arrivals: readonly Arrivals[],
  now: Date,
  calendar: PaceCalendar,
): { readonly pace: Pace; readonly silence: Silence } | undefined {
  const some = arrivals.filter(({ count }) => count > 0).sort((a, b) => (a.at < b.at ? -1 : 1));
  const first = some[0];
  if (before === undefined && first === undefined) return undefined;
  const known = before ?? newPace(connectionId, first?.at ?? instant(now));
  const news = some.filter(({ at }) => at > known.lastAt);
  const { silentSince, ...rest } = { ...known, lastAt: news.at(-1)?.at ?? known.lastAt, version: known.version + 1 };
  // A silence that ended: what lies in it says nothing of the usual pace.
  const resumed = silentSince !== undefined && news[0] !== undefined ? { ...rest, countedUntil: instant(new Date(hourOf(Date.parse(news[0].at)))) } : rest;
  const silence = silenceOf(resumed, now, calendar);
  if (silence.kind === 'silent') return { pace: { ...resumed, silentSince: silence.since }, silence };
  return { pace: counted(resumed, some, now, calendar), silence };
}

/** What the time since the last delivery amounts to. */
function silenceOf(pace: Pace, now: Date, calendar: PaceCalendar): Silence {
  if (pace.hours < LEAST_HOURS) return { kind: 'unknown', hours: pace.hours, needed: LEAST_HOURS };
  const rates = ratesOf(pace);
  const from = Date.parse(pace.lastAt);
  let expected = 0;
  for (let at = hourOf(from); at < now.getTime(); at += HOUR) {
    const part = (Math.min(at + HOUR, now.getTime()) - Math.max(at, from)) / HOUR;
    const { slot, isQuiet } = slotOf(at, calendar);
    expected += part * (rates[slot] ?? 0) * (isQuiet ? QUIET : 1);
  }
  // Deliveries come in groups, and some days are busier: so many that come as one tell as much as one.
  const crowd = crowdOf(pace);
  const chance = Math.exp(-expected / crowd);
  const weekly = rates.reduce((sum, rate) => sum + rate, 0) / crowd;
  const isSilent = now.getTime() - from >= HOUR && chance < Math.min(RARE, RARE_A_WEEK / weekly);
  return isSilent ? { kind: 'silent', since: pace.lastAt, chance } : { kind: 'usual', chance };
}

/** Deliveries that are expected of each hour of the week; neighbouring hours even out what little was seen of one. */
function ratesOf({ sums, weights }: Pick<Pace, 'sums' | 'weights'>): number[] {
  return sums.map((_, slot) => rateAt(sums, weights, slot));
}

function rateAt(sums: readonly number[], weights: readonly number[], slot: number): number {
  const weight = around(weights, slot);
  return weight === 0 ? 0 : around(sums, slot) / weight;
}

function around(list: readonly number[], slot: number): number {
  return 2 * (list[slot] ?? 0) + (list[(slot + HOURS_A_WEEK - 1) % HOURS_A_WEEK] ?? 0) + (list[(slot + 1) % HOURS_A_WEEK] ?? 0);
}

/** The variance of an hour's count for its mean: 1 where each delivery comes by itself, more where they come in groups. */
function crowdOf({ squares, expected }: Pick<Pace, 'squares' | 'expected'>): number {
  return expected > 0 ? Math.max(1, squares / expected) : 1;
}

/** Counts the hours that are over, but for the last one: some of its deliveries may still be on the way to the archive. */
function counted(pace: Pace, arrivals: readonly Arrivals[], now: Date, calendar: PaceCalendar): Pace {
  const from = Date.parse(pace.countedUntil);
  const until = hourOf(now.getTime()) - HOUR;
  if (until <= from) return pace;
  const counts = new Map<number, number>();
  for (const { at, count } of arrivals) counts.set(hourOf(Date.parse(at)), (counts.get(hourOf(Date.parse(at))) ?? 0) + count);
  const [sums, weights] = [[...pace.sums], [...pace.weights]];
  let { squares, expected, hours } = pace;
  for (let at = from; at < until; at += HOUR) {
    const { slot, isQuiet } = slotOf(at, calendar);
    if (isQuiet) continue;
    const count = counts.get(at) ?? 0;
    const rate = rateAt(sums, weights, slot);
    if (hours >= HOURS_A_WEEK) [squares, expected] = [squares * KEPT_AN_HOUR + (count - rate) ** 2, expected * KEPT_AN_HOUR + rate];
    sums[slot] = (sums[slot] ?? 0) * KEPT_A_WEEK + count;
    weights[slot] = (weights[slot] ?? 0) * KEPT_A_WEEK + 1;
    hours += 1;
  }
  return { ...pace, sums: sums.map(rounded), weights: weights.map(rounded), squares: rounded(squares), expected: rounded(expected), hours, countedUntil: instant(new Date(until)) };
}

function hourOf(at: number): number {
  return at - (at % HOUR);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** The hour of the week that it is on the client's clocks, and whether it is of a quiet day. */
function slotOf(at: number, { timeZone, holidays }: PaceCalendar): { readonly slot: number; readonly isQuiet: boolean } {
  const { day, hour } = clockOf(timeZone)(at);
  const weekday = (new Date(day).getUTCDay() + 6) % 7;
  return { slot: weekday * 24 + hour, isQuiet: holidays.has(day) || QUIET_DAYS.has(day.slice(5)) };
}
