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

/** What the clocks of a time zone show at an instant. */
type Clock = (at: number) => { readonly day: string; readonly hour: number; readonly offset: number };

function clockOf(timeZone: string): Clock {
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
  let before = midnight - 15 * HOUR;
  let reached = midnight + 25 * HOUR;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (clock(middle).day >= day) reached = middle;
    else before = middle;
  }
  return reached;
}
