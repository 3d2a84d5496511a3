import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Arrival, onTimeOn, type Scorecard, scorecardOf, sumOf } from '../../core/scorecard.ts';

const LANE = { carrierId: 'post', service: 'USPS Priority', warehouse: 'north', country: 'DE' };

function arrived(deliveredOn: string, expectedBy = '2026-11-25', lane: Partial<Arrival> = {}): Arrival {
  return { ...LANE, expectedBy, deliveredOn, ...lane };
}

describe('a parcel', () => {
  test.each<[string, Arrival, { parcels: number; late: number } | undefined]>([
    ['is on time on the day that was named', arrived('2026-11-25'), { parcels: 1, late: 0 }],
    ['is on time before it', arrived('2026-11-23'), { parcels: 1, late: 0 }],
    ['is late a day after it', arrived('2026-11-26'), { parcels: 1, late: 1 }],
    ['is late across the end of a year', arrived('2027-01-01', '2026-12-31'), { parcels: 1, late: 1 }],
    ['that was lost is late', arrived(''), { parcels: 1, late: 1 }],
    ['counts for nothing where its carrier named no day', arrived('2026-11-26', ''), undefined],
  ])('%s', (_what, arrival, expected) => {
    expect(onTimeOn(scorecardOf([arrival]), LANE)).toEqual(expected);
  });

  test.each<[string, Partial<Arrival>]>([
    ['carrier', { carrierId: 'van' }],
    ['service', { service: 'USPS Ground' }],
    ['warehouse', { warehouse: 'south' }],
    ['country', { country: 'AT' }],
  ])('of another %s says nothing of a lane', (_what, other) => {
    const card = scorecardOf([arrived('2026-11-26'), arrived('2026-11-24', '2026-11-25', other)]);

    expect(onTimeOn(card, LANE)).toEqual({ parcels: 1, late: 1 });
    expect(onTimeOn(card, { ...LANE, ...other })).toEqual({ parcels: 1, late: 0 });
  });
});

test('days add up to what all their parcels together show, however they are cut', () => {
  const Parcel = fc.record({ service: fc.constantFrom('A', 'B'), deliveredOn: fc.constantFrom('', '2026-11-24', '2026-11-25', '2026-11-26'), day: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(Parcel, { maxLength: 40 }), (parcels) => {
      const arrivals = parcels.map(({ service, deliveredOn, day }) => ({ day, arrival: arrived(deliveredOn, '2026-11-25', { service }) }));
      const days = [0, 1, 2, 3].map((day): Scorecard => scorecardOf(arrivals.filter((one) => one.day === day).map(({ arrival }) => arrival)));

      const sum = sumOf(days);

      expect(sum).toEqual(scorecardOf(arrivals.map(({ arrival }) => arrival)));
      expect(Object.values(sum).reduce((all, lane) => all + lane.parcels, 0)).toBe(parcels.length);
      for (const { parcels: all, late } of Object.values(sum)) expect(late).toBeLessThanOrEqual(all);
    }),
  );
});

test('a lane that nobody has used is not known', () => {
  expect(onTimeOn({}, LANE)).toBeUndefined();
  expect(sumOf([])).toEqual({});
});
