import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dayIn, daysAfter, departureAfter, departureOf, zoneOf } from '../../core/calendar.ts';
import type { Warehouse } from '../../core/client.ts';
import { runs } from '../runs.ts';
import { sampleClient } from './samples.ts';

const BERLIN = 'Europe/Berlin';
const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

function warehouse(overrides: Partial<Warehouse> = {}): Warehouse {
  const [first] = sampleClient().warehouses;
  if (first === undefined) throw new Error('the sample client has no warehouse');
  return { ...first, ...overrides };
}

describe('departureOf', () => {
  test.each([
    ['well before the cut-off', '2026-11-20T09:00:00.000Z', '2026-11-20', '2026-11-20T13:00:00.000Z'],
    ['at the very cut-off', '2026-11-20T13:00:00.000Z', '2026-11-20', '2026-11-20T13:00:00.000Z'],
    ['a millisecond after it, over the weekend', '2026-11-20T13:00:00.001Z', '2026-11-23', '2026-11-23T13:00:00.000Z'],
    ['on a Saturday', '2026-11-21T09:00:00.000Z', '2026-11-23', '2026-11-23T13:00:00.000Z'],
    ['when it is tomorrow there already', '2026-11-22T23:00:00.000Z', '2026-11-23', '2026-11-23T13:00:00.000Z'],
    ['in summer time', '2026-07-01T12:00:00.000Z', '2026-07-01', '2026-07-01T12:00:00.000Z'],
    ['past the cut-off in summer time, which is before it in winter time', '2026-07-01T12:30:00.000Z', '2026-07-02', '2026-07-02T12:00:00.000Z'],
  ])('%s', (_, at, day, cutOff) => {
    expect(departureOf(warehouse(), BERLIN, new Date(at))).toEqual({ day, cutOff });
  });

  test.each([
    ['America/New_York', '2026-11-20T18:59:00.000Z', '2026-11-20', '2026-11-20T19:00:00.000Z'],
    ['Pacific/Auckland', '2026-11-19T12:00:00.000Z', '2026-11-20', '2026-11-20T01:00:00.000Z'],
    ['Asia/Kathmandu', '2026-11-20T08:15:00.000Z', '2026-11-20', '2026-11-20T08:15:00.000Z'],
    ['Pacific/Kiritimati', '2026-11-19T11:00:00.000Z', '2026-11-20', '2026-11-20T00:00:00.000Z'],
  ])('counts by the clocks of %s', (zone, at, day, cutOff) => {
    expect(departureOf(warehouse(), zone, new Date(at))).toEqual({ day, cutOff });
  });

  test('passes over holidays and the weekend behind them', () => {
    const closed = warehouse({ holidays: ['2026-12-25', '2026-12-28', '2027-01-01'] });

    expect(departureOf(closed, BERLIN, new Date('2026-12-24T13:00:00.001Z')).day).toBe('2026-12-29');
    expect(departureOf(closed, BERLIN, new Date('2026-12-31T13:00:00.001Z')).day).toBe('2027-01-04');
  });

  test('a warehouse that works on one day a week leaves on that day', () => {
    const rare = warehouse({ workingDays: ['wed'], holidays: ['2026-11-25'] });

    expect(departureOf(rare, BERLIN, new Date('2026-11-20T09:00:00.000Z')).day).toBe('2026-12-02');
  });

  test('the cut-off keeps its place on the clock on the days on which clocks change', () => {
    const always = warehouse({ workingDays: [...EVERY_DAY] });

    expect(departureOf(always, BERLIN, new Date('2026-03-29T00:00:00.000Z')).cutOff).toBe('2026-03-29T12:00:00.000Z');
    expect(departureOf(always, BERLIN, new Date('2026-10-25T00:00:00.000Z')).cutOff).toBe('2026-10-25T13:00:00.000Z');
  });

  test('a time that clocks show twice is the first of the two, and one that they skip is the end of the gap', () => {
    const early = warehouse({ workingDays: [...EVERY_DAY], cutOff: '02:30' });

    expect(departureOf(early, BERLIN, new Date('2026-10-24T22:00:00.000Z')).cutOff).toBe('2026-10-25T00:30:00.000Z');
    expect(departureOf(early, BERLIN, new Date('2026-03-28T23:00:00.000Z')).cutOff).toBe('2026-03-29T01:00:00.000Z');
  });

  test('a cut-off at midnight is the first instant of the day', () => {
    expect(departureOf(warehouse({ cutOff: '00:00' }), BERLIN, new Date('2026-11-19T23:00:00.001Z'))).toEqual({ day: '2026-11-23', cutOff: '2026-11-22T23:00:00.000Z' });
  });

  test('is the first working day whose cut-off is not past, in whatever order instants are asked about', () => {
    const weekdays = fc.subarray([...EVERY_DAY], { minLength: 1 });
    const instants = fc.array(fc.date({ min: new Date('2026-01-01T00:00:00Z'), max: new Date('2027-12-31T00:00:00Z'), noInvalidDate: true }), { minLength: 1, maxLength: 6 });
    const zones = fc.constantFrom(BERLIN, 'America/New_York', 'America/Santiago', 'Asia/Kolkata', 'Pacific/Auckland', 'Australia/Lord_Howe');
    const times = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '30', '59')).map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`);

    fc.assert(
      fc.property(weekdays, instants, zones, times, (workingDays, ats, zone, cutOff) => {
        const asked = warehouse({ workingDays, cutOff });
        for (const at of ats) {
          const departure = departureOf(asked, zone, at);

          expect(departure).toEqual(departureOf({ ...asked }, zone, at));
          expect(departure.cutOff >= at.toISOString()).toBe(true);
          expect(workingDays).toContain(weekdayOf(departure.day));
          const dayBefore = [1, 2, 3, 4, 5, 6, 7].map((days) => daysAfter(departure.day, -days)).find((day) => workingDays.some((name) => name === weekdayOf(day)));
          expect(departureAfter(asked, zone, daysAfter(dayBefore ?? '', -1)).cutOff < at.toISOString()).toBe(true);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('departureAfter', () => {
  test('is the next working day, whatever the cut-off of the day before', () => {
    expect(departureAfter(warehouse(), BERLIN, '2026-11-20')).toEqual({ day: '2026-11-23', cutOff: '2026-11-23T13:00:00.000Z' });
    expect(departureAfter(warehouse({ holidays: ['2026-12-31', '2027-01-01'] }), BERLIN, '2026-12-30').day).toBe('2027-01-04');
  });
});

describe('zones', () => {
  test('a warehouse has its own time zone, else that of its client', () => {
    expect(zoneOf(warehouse(), sampleClient())).toBe(BERLIN);
    expect(zoneOf(warehouse({ timeZone: 'Asia/Tokyo' }), sampleClient())).toBe('Asia/Tokyo');
  });

  test('the day is that of the zone', () => {
    const at = new Date('2026-11-20T23:30:00.000Z');

    expect([BERLIN, 'America/New_York', 'UTC'].map((zone) => dayIn(zone, at))).toEqual(['2026-11-21', '2026-11-20', '2026-11-20']);
  });

  test('days are counted over the ends of months and years', () => {
    expect([daysAfter('2026-12-31', 1), daysAfter('2028-02-28', 1), daysAfter('2026-03-01', -1), daysAfter('2026-03-29', 0)]).toEqual([
      '2027-01-01',
      '2028-02-29',
      '2026-02-28',
      '2026-03-29',
    ]);
  });
});

function weekdayOf(day: string): string {
  return new Date(day).toLocaleDateString('en-US', { weekday: 'short', timeZone: 'UTC' }).toLowerCase();
}
