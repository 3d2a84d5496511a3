import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayNamed, dayOf, hoursOf } from '../../core/day.ts';
import { runs } from '../runs.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kolkata',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'America/Havana',
  'Asia/Beirut',
];
const zone = fc.constantFrom(...ZONES);
const moment = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2031, 0, 1) }).map((at) => new Date(at));

/** What a wall calendar shows, asked of Intl in another way than the code does. */
function calendar(at: string | number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(typeof at === 'string' ? Date.parse(at) : at);
}

describe('the day of a report', () => {
  it('is the local day before the one in which the schedule fires', () => {
    expect(dayOf(new Date('2026-11-23T05:00:00.000Z'), 'Europe/Berlin')).toEqual({
      day: '2026-11-22',
      from: '2026-11-21T23:00:00.000Z',
      to: '2026-11-22T23:00:00.000Z',
      timeZone: 'Europe/Berlin',
    });
    expect(dayOf(new Date('2026-11-22T12:30:00.000Z'), 'Pacific/Auckland').day).toBe('2026-11-22');
    expect(dayOf(new Date('2026-11-23T03:00:00.000Z'), 'America/St_Johns')).toMatchObject({ day: '2026-11-21', from: '2026-11-21T03:30:00.000Z' });
  });

  it('ends before the schedule fires, begins and ends where the local date changes, and names the date within', () => {
    fc.assert(
      fc.property(zone, moment, (timeZone, at) => {
        const { day, from, to } = dayOf(at, timeZone);
        expect(Date.parse(to)).toBeLessThanOrEqual(at.getTime());
        expect(calendar(to, timeZone)).toBe(calendar(at.getTime(), timeZone));
        for (const inside of [Date.parse(from), Date.parse(to) - 1]) expect(calendar(inside, timeZone)).toBe(day);
        for (const outside of [Date.parse(from) - 1, Date.parse(to)]) expect(calendar(outside, timeZone)).not.toBe(day);
      }),
      { numRuns: runs(300) },
    );
  });

  it('begins where the day before it ends', () => {
    fc.assert(
      fc.property(zone, moment, (timeZone, at) => {
        const { day, from } = dayOf(at, timeZone);
        const before = dayNamed(new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10), timeZone);
        expect(before.to).toBe(from);
        expect(dayNamed(day, timeZone)).toEqual(dayOf(at, timeZone));
      }),
      { numRuns: runs(200) },
    );
  });

  it.each([
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['Pacific/Auckland', '2026-09-27', 23],
    ['America/St_Johns', '2026-11-01', 25],
    ['America/New_York', '2026-03-08', 23],
    // Clocks go from 23:59 to 01:00: the day has no midnight.
    ['Africa/Cairo', '2026-04-24', 23],
    ['Asia/Kolkata', '2026-03-29', 24],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    // The zone crossed the date line and left this day out.
    ['Pacific/Apia', '2011-12-30', 0],
  ])('in %s on %s has %d hours', (timeZone, day, hours) => {
    const { from, to } = dayNamed(day, timeZone);

    expect((Date.parse(to) - Date.parse(from)) / 3_600_000).toBe(hours);
  });

  it('skips a day that never was', () => {
    expect(dayOf(new Date('2011-12-30T18:00:00.000Z'), 'Pacific/Apia').day).toBe('2011-12-29');
  });

  it('lists the hours that clocks show: one missing in spring, one twice in autumn', () => {
    const shown = (day: string) => hoursOf(dayNamed(day, 'Europe/Berlin')).map(({ hour }) => hour);

    expect(shown('2026-03-29').slice(0, 4)).toEqual([0, 1, 3, 4]);
    expect(shown('2026-10-25').slice(0, 5)).toEqual([0, 1, 2, 2, 3]);
    expect(shown('2026-11-22')).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
  });

  it.each(['2026-02-29', '2026-13-01', '22.11.2026', '', '2026-11-22T00:00:00Z'])('refuses %j', (day) => {
    expect(() => dayNamed(day, 'UTC')).toThrow(expect.objectContaining({ name: 'Rejected', code: 'report.day-unreadable' }));
  });
});
