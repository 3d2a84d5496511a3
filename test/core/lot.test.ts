import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysAfter } from '../../core/calendar.ts';
import { isExpired, usableAt } from '../../core/lot.ts';
import { sampleClient } from './samples.ts';

describe('isExpired', () => {
  test.each([
    ['2026-11-19', true],
    ['2026-11-20', false],
    ['2026-11-21', false],
    [undefined, false],
  ])('a lot whose last day is %s is expired on 2026-11-20: %s', (expiresOn, expired) => {
    expect(isExpired({ expiresOn }, '2026-11-20')).toBe(expired);
  });

  test.each([
    ['2026-12-19', true],
    ['2026-12-20', false],
    [undefined, false],
  ])('a lot that must have 30 days left and ends on %s is expired: %s', (expiresOn, expired) => {
    expect(isExpired({ expiresOn }, '2026-11-20', 30)).toBe(expired);
  });

  test('what is expired stays expired, and asking for more days never makes it good', () => {
    const day = fc.integer({ min: 0, max: 1_000 }).map((days) => daysAfter('2026-01-01', days));

    fc.assert(
      fc.property(day, day, fc.nat(400), (expiresOn, today, daysLeft) => {
        expect(isExpired({ expiresOn }, today, daysLeft)).toBe(Date.parse(expiresOn) - Date.parse(today) < daysLeft * 86_400_000);
        if (isExpired({ expiresOn }, today, daysLeft)) expect(isExpired({ expiresOn }, daysAfter(today, 1), daysLeft)).toBe(true);
      }),
    );
  });
});

describe('usableAt', () => {
  const sample = sampleClient();
  const [north, south] = sample.warehouses;
  const [tent, ...others] = sample.products;
  if (north === undefined || south === undefined || tent === undefined) throw new Error('the sample client is too small');
  const client = { ...sample, warehouses: [north, { ...south, timeZone: 'America/New_York' }], products: [{ ...tent, lots: true, shelfLifeDays: 0 }, ...others] };
  const lastDay = '2026-11-20';

  test('the last day ends when it ends in the warehouse, not in the hub', () => {
    const usable = usableAt(client, new Date('2026-11-20T23:30:00.000Z'));

    expect(usable({ sku: 'TENT', warehouse: 'north', expiresOn: lastDay })).toBe(false);
    expect(usable({ sku: 'TENT', warehouse: 'south', expiresOn: lastDay })).toBe(true);
  });

  test('a lot is good up to the last instant of its last day', () => {
    const stock = { sku: 'TENT', warehouse: 'north', expiresOn: lastDay };

    expect(usableAt(client, new Date('2026-11-20T22:59:59.999Z'))(stock)).toBe(true);
    expect(usableAt(client, new Date('2026-11-20T23:00:00.000Z'))(stock)).toBe(false);
  });

  test('a product that must have days left asks for them', () => {
    const strict = { ...client, products: [{ ...tent, lots: true, shelfLifeDays: 7 }, ...others] };
    const usable = usableAt(strict, new Date('2026-11-20T09:00:00.000Z'));

    expect(usable({ sku: 'TENT', warehouse: 'north', expiresOn: '2026-11-26' })).toBe(false);
    expect(usable({ sku: 'TENT', warehouse: 'north', expiresOn: '2026-11-27' })).toBe(true);
    expect(usable({ sku: 'MUG', warehouse: 'north', expiresOn: '2026-11-20' })).toBe(true);
  });

  test('stock without a last day is good, also of a SKU and in a warehouse that the client file no longer has', () => {
    const usable = usableAt(client, new Date('2026-11-20T09:00:00.000Z'));

    expect(usable({ sku: 'TENT', warehouse: 'north' })).toBe(true);
    expect(usable({ sku: 'GONE', warehouse: 'closed' })).toBe(true);
    expect(usable({ sku: 'GONE', warehouse: 'closed', expiresOn: '2026-11-19' })).toBe(false);
  });
});
