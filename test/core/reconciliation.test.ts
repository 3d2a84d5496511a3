import { describe, expect, test } from 'vitest';
import { type BookedLabel, type Difference, differenceOf } from '../../core/reconciliation.ts';
import type { Purchase } from '../../core/shipment.ts';
import { NOW } from './samples.ts';

const BOOKED: BookedLabel = { reference: 'R1', trackingNumber: 'T1', cost: 640, currency: 'EUR', voided: false };

function purchased(status: Purchase['status'], more: Partial<Purchase> = {}): Purchase {
  const rate = { rateId: 'r', carrier: 'UPS', service: 'Standard', cost: 640, currency: 'EUR', deliveryDays: 2 };
  const at = NOW.toISOString();
  const named = { entity: 'purchase' as const, orderId: 'shop:1', parcel: 1, attempt: 1, reference: 'R1', carrierRef: 'shp_1', carrierId: 'post' };
  return { ...named, rate, status, leaseUntil: at, claimedAt: at, reason: '', version: 2, ...more };
}

const BOUGHT = purchased('bought', { bought: { trackingNumber: 'T1', carrierRef: 'shp_1', cost: 640, currency: 'EUR' } });

describe('a label that a carrier lists', () => {
  test.each<[string, Purchase['status'], Difference['kind'] | undefined, Difference['kind'] | undefined]>([
    // What is said of a label that the carrier still charges for, and of one that it took back.
    ['no purchase is known to have bought is an orphan', 'absent', 'orphan', undefined],
    ['the carrier had refused is an orphan', 'refused', 'orphan', undefined],
    ['nobody needs is an orphan until it is void', 'orphan', 'orphan', undefined],
    ['is still being bought is not settled', 'buying', 'unsettled', 'unsettled'],
    ['a person has to look up is not settled', 'parked', 'unsettled', 'unsettled'],
    ['is being voided is not settled', 'voiding', 'unsettled', 'unsettled'],
    ['was voided is charged there until it is void there too', 'voided', 'kept-there', undefined],
    ['is known not to be taken back agrees', 'kept', undefined, undefined],
    ['is known to have been used agrees', 'used', undefined, undefined],
  ])('and %s', (_what, status, charged, voided) => {
    const named = (kind: Difference['kind'] | undefined) => (kind === undefined ? undefined : { kind, reference: 'R1', trackingNumber: 'T1' });

    expect(differenceOf(BOOKED, purchased(status))).toEqual(named(charged));
    expect(differenceOf({ ...BOOKED, voided: true }, purchased(status))).toEqual(named(voided));
  });

  test('and a parcel has agrees where price and currency do', () => {
    expect(differenceOf(BOOKED, BOUGHT)).toBeUndefined();
    expect(differenceOf({ ...BOOKED, cost: 641 }, BOUGHT)).toEqual({ kind: 'cost', reference: 'R1', trackingNumber: 'T1', ours: 640, theirs: 641, currency: 'EUR' });
    expect(differenceOf({ ...BOOKED, currency: 'USD' }, BOUGHT)).toMatchObject({ kind: 'cost', currency: 'USD' });
    expect(differenceOf({ ...BOOKED, voided: true }, BOUGHT)).toMatchObject({ kind: 'voided-there' });
  });

  test('and was adopted before prices were kept is compared in nothing but whether it is void', () => {
    expect(differenceOf({ ...BOOKED, cost: 1 }, purchased('bought'))).toBeUndefined();
    expect(differenceOf({ ...BOOKED, voided: true }, purchased('bought'))).toMatchObject({ kind: 'voided-there' });
  });

  test('and is none of ours is left alone', () => {
    expect(differenceOf(BOOKED, undefined)).toBeUndefined();
  });
});
