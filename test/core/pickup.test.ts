import { describe, expect, test } from 'vitest';
import { MANIFEST_LEASE_MS } from '../../core/manifest.ts';
import { askForPickup, cancelPickup, claimPickup, movePickup, type Pickup, type PickupWish, pickupStep } from '../../core/pickup.ts';
import { NOW } from './samples.ts';

const WISH: PickupWish = { carrierId: 'ups', warehouse: 'north', day: '2026-11-23', readyAt: '14:00', closesAt: '17:00', instructions: 'Gate 2', parcels: null, weight: null };
const later = (ms: number) => new Date(NOW.getTime() + ms);
const asking = (before: readonly Pickup[], wish = WISH, another = false) => askForPickup(before, wish, another, '01', 'mara', NOW);

function asked(overrides: Partial<Pickup> = {}): Pickup {
  const pickup = asking([]);
  if ('kind' in pickup) throw new Error(pickup.why);
  return { ...pickup, ...overrides };
}

describe('whoever asks for a pickup', () => {
  test('has one drawn up that the carrier is yet to be asked for', () => {
    expect(asking([])).toEqual({
      entity: 'pickup',
      pickupId: 'north-2026-11-23-1',
      ...WISH,
      number: 1,
      reference: '01',
      status: 'asked',
      reason: '',
      by: 'mara',
      askedAt: NOW.toISOString(),
      leaseUntil: NOW.toISOString(),
      version: 1,
    });
  });

  test('at the same times again has the one that waits already', () => {
    const waiting = asked();

    expect(asking([waiting])).toBe(waiting);
  });

  test.each<[string, Pickup]>([
    ['for which the carrier was asked', asked({ status: 'booked' })],
    ['of which nobody knows whether it was booked', asked({ status: 'unknown' })],
    ['that comes earlier', asked({ readyAt: '13:00' })],
    ['that comes later', asked({ closesAt: '18:00' })],
  ])('on a day that has one %s must say that another one is meant', (_what, other) => {
    expect(asking([other])).toMatchObject({
      kind: 'refused',
      code: 'shipment.pickup-booked',
      why: expect.stringContaining(`Pickup north-2026-11-23-1 of ups is ${other.status} for 2026-11-23`),
    });
    expect(asking([other], WISH, true)).toMatchObject({ pickupId: 'north-2026-11-23-2', number: 2 });
  });

  test.each(['refused', 'cancelled'] as const)('on a day whose pickup was %s has a new one, with a number of its own', (status) => {
    expect(asking([asked({ status, number: 4 }), asked({ status, number: 2 })])).toMatchObject({ status: 'asked', number: 5 });
  });
});

describe('a pickup', () => {
  test.each<[Pickup['status'], object]>([
    ['asked', { do: 'book' }],
    ['cancelling', { do: 'cancel', confirmation: 'PRN1' }],
    ['booked', { do: 'nothing' }],
    ['refused', { do: 'nothing' }],
    ['unknown', { do: 'nothing' }],
    ['cancelled', { do: 'nothing' }],
  ])('that is %s has its next step', (status, step) => {
    expect(pickupStep(asked({ status, confirmation: 'PRN1' }), NOW)).toEqual(step);
  });

  test('without a name at the carrier is cancelled without one', () => {
    expect(pickupStep(asked({ status: 'cancelling' }), NOW)).toEqual({ do: 'cancel', confirmation: '' });
  });

  test('belongs to whoever books it for as long as that may live, then waits for a person', () => {
    const claimed = claimPickup(asked(), 3, 900, NOW);

    expect(claimed).toEqual({ ...asked(), status: 'booking', parcels: 3, weight: 900, leaseUntil: later(MANIFEST_LEASE_MS).toISOString(), version: 2 });
    expect(pickupStep(claimed, later(MANIFEST_LEASE_MS - 1_500))).toEqual({ do: 'wait', seconds: 2 });
    expect(pickupStep(claimed, later(MANIFEST_LEASE_MS - 1_000))).toEqual({ do: 'wait', seconds: 1 });
    expect(pickupStep(claimed, later(MANIFEST_LEASE_MS))).toEqual({ do: 'park' });
  });

  test('that moves on keeps what is known of it, gives its lease back, and its reason is as long as a row should hold', () => {
    const booked = movePickup(asked({ reason: 'old', leaseUntil: '' }), 'booked', { confirmation: 'PRN1', cost: 490, currency: 'USD' }, later(1_000));

    expect(booked).toEqual({ ...asked(), status: 'booked', confirmation: 'PRN1', cost: 490, currency: 'USD', reason: '', leaseUntil: later(1_000).toISOString(), version: 2 });
    expect(movePickup(asked(), 'refused', { reason: 'x'.repeat(300) }, NOW).reason).toBe('x'.repeat(250));
  });
});

describe('whoever cancels a pickup', () => {
  const cancel = (status: Pickup['status'], word = {}) => cancelPickup(asked({ status, reason: 'no answer' }), word, 'mara', NOW);

  test.each<[Pickup['status'], object, object]>([
    ['asked', {}, { status: 'cancelled', reason: 'cancelled by mara before the carrier was asked' }],
    ['booked', {}, { status: 'cancelling', reason: 'cancelled by mara' }],
    ['booking', {}, { kind: 'refused', code: 'shipment.pickup-booking' }],
    ['unknown', {}, { kind: 'refused', code: 'shipment.pickup-unknown', why: expect.stringContaining('is not known (no answer)') }],
    ['unknown', { notMade: true }, { status: 'cancelled', reason: 'mara found none at the carrier' }],
    ['unknown', { confirmation: 'PRN9' }, { status: 'cancelling', confirmation: 'PRN9', reason: 'found at the carrier and cancelled by mara' }],
  ])('that is %s, knowing %j', (status, word, outcome) => {
    expect(cancel(status, word)).toMatchObject(outcome);
  });

  test.each(['refused', 'cancelled', 'cancelling'] as const)('that is %s changes nothing', (status) => {
    const pickup = asked({ status });

    expect(cancelPickup(pickup, {}, 'mara', NOW)).toBe(pickup);
  });
});
