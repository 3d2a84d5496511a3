import type { Client, Warehouse } from './client.ts';
import { clockOf, instantAt } from './day.ts';

/** When a warehouse's parcels leave. */
export interface Departure {
  /** The working day, in the warehouse's time zone: `2026-11-22`. */
  readonly day: string;
  /** UTC instant of its cut-off; an order that is in by then leaves on that day. */
  readonly cutOff: string;
}

/** The time zone of a warehouse's clocks: its own, else its client's. */
export function zoneOf(warehouse: Warehouse, client: Pick<Client, 'timeZone'>): string {
  return warehouse.timeZone ?? client.timeZone;
}

/** The calendar day that it is in a time zone: `2026-11-22`. */
export function dayIn(timeZone: string, at: Date): string {
  return clockOf(timeZone)(at.getTime()).day;
}

/** The calendar day so many days after another. */
export function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The first working day of a warehouse whose cut-off is not past at an instant. */
export function departureOf(warehouse: Warehouse, timeZone: string, at: Date): Departure {
  const diary = diaryOf(warehouse, timeZone);
  const instant = at.getTime();
  const { next } = diary;
  if (next !== undefined && next.from <= instant && instant <= next.to) return next.departure;
  let departure = firstFrom(dayIn(timeZone, at), warehouse, timeZone);
  while (Date.parse(departure.cutOff) < instant) departure = departureAfter(warehouse, timeZone, departure.day);
  diary.next = { from: instant, to: Date.parse(departure.cutOff), departure };
  return departure;
}

/** The next working day of a warehouse after a day. */
export function departureAfter(warehouse: Warehouse, timeZone: string, day: string): Departure {
  const { after } = diaryOf(warehouse, timeZone);
  const departure = after.get(day) ?? firstFrom(daysAfter(day, 1), warehouse, timeZone);
  after.set(day, departure);
  return departure;
}

function firstFrom(day: string, warehouse: Warehouse, timeZone: string): Departure {
  let open = day;
  while (!worksOn(warehouse, open)) open = daysAfter(open, 1);
  return { day: open, cutOff: instantAt(timeZone, open, warehouse.cutOff) };
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const satisfies readonly Warehouse['workingDays'][number][];

/** Whether a warehouse ships on a day. */
export function worksOn({ workingDays, holidays }: Warehouse, day: string): boolean {
  const weekday = WEEKDAYS[new Date(day).getUTCDay()];
  return weekday !== undefined && workingDays.includes(weekday) && !holidays.includes(day);
}

/** What has been asked of a warehouse's calendar: every order asks the same, until the next cut-off. */
interface Diary {
  /** The answer for every instant from one that was asked about up to the cut-off, in milliseconds. */
  next?: { readonly from: number; readonly to: number; readonly departure: Departure };
  readonly after: Map<string, Departure>;
}

const diaries = new WeakMap<Warehouse, Map<string, Diary>>();

function diaryOf(warehouse: Warehouse, timeZone: string): Diary {
  const own = diaries.get(warehouse) ?? new Map<string, Diary>();
  const diary = own.get(timeZone) ?? { after: new Map() };
  diaries.set(warehouse, own);
  own.set(timeZone, diary);
  return diary;
}
