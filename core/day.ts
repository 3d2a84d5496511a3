import { Rejected } from './error.ts';
import { type Instant, instant } from './id.ts';

/** One calendar day of a time zone: 24 hours long, or 23 or 25 where clocks change. */
export interface Day {
  /** `2026-11-22` */
  readonly day: string;
  /** The first instant of the day. */
  readonly from: Instant;
  /** The first instant after it. */
  readonly to: Instant;
  /** IANA name. */
  readonly timeZone: string;
}

/** One hour of a day as its clocks show it. */
export interface Hour {
  readonly from: Instant;
  /** 0 to 23. An hour that clocks run through twice is listed twice. */
  readonly hour: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The local calendar day before the one in which a schedule fired: what a daily report is about. */
export function dayOf(scheduledAt: Date, timeZone: string): Day {
  const clock = clockOf(timeZone);
  const today = clock(scheduledAt.getTime()).day;
  return dayNamed(clock(startOf(today, clock) - 1).day, timeZone);
}

/**
 * A calendar day by its name.
 * @throws Rejected `report.day-unreadable` for what is no date such as `2026-11-22`
 */
export function dayNamed(day: string, timeZone: string): Day {
  const midnight = Date.parse(`${day}T00:00:00.000Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) {
    throw new Rejected('report.day-unreadable', `${JSON.stringify(day.slice(0, 40))} is not a calendar day; write it like 2026-11-22.`, { seen: day.slice(0, 40) });
  }
  const clock = clockOf(timeZone);
  const next = new Date(midnight + 24 * HOUR).toISOString().slice(0, 10);
  return { day, from: instant(new Date(startOf(day, clock))), to: instant(new Date(startOf(next, clock))), timeZone };
}

/** The hours of a day in order: 23, 24 or 25 of them. */
export function hoursOf({ from, to, timeZone }: Day): Hour[] {
  const clock = clockOf(timeZone);
  const hours: (Hour & { readonly offset: number })[] = [];
  // Every offset in use is a multiple of a quarter of an hour.
  for (let at = Date.parse(from); at < Date.parse(to); at += 15 * MINUTE) {
    const { hour, offset } = clock(at);
    const last = hours.at(-1);
    if (last === undefined || last.hour !== hour || last.offset !== offset) hours.push({ from: instant(new Date(at)), hour, offset });
  }
  return hours.map((entry) => ({ from: entry.from, hour: entry.hour }));
}

/** Whether a UTC instant lies in a day. */
export function isWithin(at: string, { from, to }: Day): boolean {
  return at >= from && at < to;
}

/**
 * The instant at which the clocks of a time zone show a time of a day: the first of two where clocks are set back, and the end of
 * the gap where they skip it.
 * @param time `14:00`
 */
export function instantAt(timeZone: string, day: string, time: string): Instant {
  const clock = clockOf(timeZone);
  const wanted = Date.parse(`${day}T${time}:00.000Z`);
  const shownAt = (at: number) => at + clock(at).offset * MINUTE;
  // Clocks change at most once within two days, so these are all the offsets of the day; the larger is the earlier instant.
  const offsets = [clock(wanted - 24 * HOUR).offset, clock(wanted + 24 * HOUR).offset].sort((a, b) => b - a);
  const candidates = offsets.map((offset) => wanted - offset * MINUTE);
  const [early = wanted, late = wanted] = candidates;
  const exact = candidates.find((at) => shownAt(at) === wanted);
  return instant(new Date(exact ?? firstWithin(early, late, (at) => shownAt(at) >= wanted)));
}

/** What the clocks of a time zone show at an instant; `offset` in minutes, east of UTC. */
type Clock = (at: number) => { readonly day: string; readonly hour: number; readonly offset: number };

const clocks = new Map<string, Clock>();

/** The clocks of a time zone. Kept, because making a formatter takes some seventy times as long as asking it. */
export function clockOf(timeZone: string): Clock {
  const clock = clocks.get(timeZone) ?? newClock(timeZone);
  clocks.set(timeZone, clock);
  return clock;
}

function newClock(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const day = `${(parts.year ?? '').padStart(4, '0')}-${parts.month}-${parts.day}`;
    const shown = Date.parse(`${day}T${parts.hour}:${parts.minute}:00.000Z`);
    return { day, hour: Number(parts.hour), offset: Math.round((shown - at) / MINUTE) };
  };
}

/** The first instant of a day, found by halving: right too where clocks skip midnight, or a zone skips a whole day. */
function startOf(day: string, clock: Clock): number {
  const midnight = Date.parse(`${day}T00:00:00.000Z`);
  return firstWithin(midnight - 15 * HOUR, midnight + 25 * HOUR, (at) => clock(at).day >= day);
}

/** The first instant after `before`, and `reached` at the latest, from which on something holds. */
function firstWithin(before: number, reached: number, holds: (at: number) => boolean): number {
  let [low, high] = [before, reached];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
