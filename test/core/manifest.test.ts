import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  claimManifest,
  type HandOverTerms,
  handOverVerdict,
  isGivenUp,
  isWithCarrier,
  listed,
  MANIFEST_LEASE_MS,
  type Manifest,
  manifestId,
  manifestStep,
  moveManifest,
  notMade,
  parkManifest,
  renewManifest,
} from '../../core/manifest.ts';
import type { Parcel } from '../../core/shipment.ts';
import { NOT_TRACKED } from '../../core/tracking.ts';
import { NOW, sampleClient } from './samples.ts';

const client = sampleClient({ carriers: [{ id: 'usps', kind: 'easypost', collects: '15:00' }] });
const [warehouse] = client.warehouses;
const [connection] = client.carriers;

const LABEL: NonNullable<Parcel['label']> = {
  carrier: 'USPS',
  service: 'Priority',
  trackingNumber: 'T1',
  trackingUrl: '',
  cost: 640,
  currency: 'EUR',
  document: 'labels/1.pdf',
  boughtAt: NOW.toISOString(),
  reference: '01',
  carrierRef: 'shp_1',
  proof: 'answer',
};

function parcelWith(overrides: Partial<Parcel>): Parcel {
  const at = NOW.toISOString();
  return {
    entity: 'parcel',
    orderId: 'shop:1',
    parcel: 1,
    connectionId: 'shop',
    country: 'US',
    warehouse: 'north',
    carrierId: 'usps',
    units: [],
    weight: 620,
    addressHash: '',
    status: 'labelled',
    label: LABEL,
    tracking: NOT_TRACKED,
    receivedAt: at,
    packedAt: at,
    since: at,
    version: 1,
    change: { type: 'parcel.labelled', at, by: 'hub', reason: '' },
    ...overrides,
  };
}

function termsOn(day: string, isStrict = true): HandOverTerms {
  if (warehouse === undefined || connection === undefined) throw new Error('the sample client has both');
  return { client, warehouse, connection, day, isStrict };
}

const TODAY = '2026-11-20';
const hold = { kind: 'fraud', reason: 'looks odd', by: 'rule', at: NOW.toISOString(), release: 'manager' } as const;

describe('a parcel at the end of the day', () => {
  test.each<{ name: string; parcel: Partial<Parcel>; day?: string; isStrict?: boolean; says: string }>([
    { name: 'is taken when it is labelled for that day', parcel: {}, says: 'taken' },
    { name: 'is taken when somebody recorded its hand-over before its manifest was made', parcel: { handedOverAt: NOW.toISOString() }, says: 'taken' },
    { name: 'of another carrier is nobody to tell of', parcel: { carrierId: 'ups' }, says: 'none' },
    { name: 'of another warehouse is nobody to tell of', parcel: { warehouse: 'south' }, says: 'none' },
    { name: 'that comes back is with the customer', parcel: { returns: 1 }, says: 'none' },
    { name: 'that is on a manifest is not put on another', parcel: { manifest: 'usps:north:2026-11-20:1' }, says: 'none' },
    { name: 'that has left is nobody to tell of', parcel: { status: 'dispatched' }, says: 'none' },
    { name: 'that was called back stays', parcel: { status: 'recalled' }, says: 'it is called back: take it out of the load' },
    { name: 'without a label stays', parcel: { status: 'packed' }, says: 'it is packed and has no label yet' },
    {
      name: 'that waits for a person stays',
      parcel: { status: 'packed', parked: { at: '', reason: 'no answer' } },
      says: 'a person has to say what was bought for it (no answer)',
    },
    { name: 'whose label is void stays', parcel: { refund: 'pending' }, says: 'its label is void' },
    { name: 'whose label cannot be printed stays', parcel: { label: { ...LABEL, document: '' } }, says: 'its label cannot be printed' },
    { name: 'labelled after the carrier collected stays', parcel: { label: { ...LABEL, boughtAt: '2026-11-20T14:00:01.000Z' } }, says: 'its label is for 2026-11-23' },
    {
      name: 'labelled for an earlier day stays where there is a manifest',
      parcel: {},
      day: '2026-11-23',
      says: 'its label is for 2026-11-20: recall it to have another one bought, or bring it to the carrier',
    },
    { name: 'labelled for an earlier day is taken where there is none', parcel: {}, day: '2026-11-23', isStrict: false, says: 'taken' },
  ])('$name', ({ parcel, day = TODAY, isStrict = true, says }) => {
    const verdict = handOverVerdict(parcelWith(parcel), { holds: [] }, termsOn(day, isStrict));

    expect(verdict.as === 'left-out' ? verdict.reason : verdict.as).toBe(says);
  });

  test('whose order is held, or gone, stays', () => {
    expect(handOverVerdict(parcelWith({}), { holds: [hold] }, termsOn(TODAY))).toEqual({ as: 'left-out', reason: 'its order is held (fraud)' });
    expect(handOverVerdict(parcelWith({}), undefined, termsOn(TODAY))).toEqual({ as: 'left-out', reason: 'its order cannot be found' });
  });
});

const claimed = claimManifest({ carrierId: 'usps', warehouse: 'north', day: TODAY, number: 1, reference: '01', closing: 'c', carrier: 'USPS', parcels: 2, by: 'hub' }, NOW);
const later = (ms: number) => new Date(NOW.getTime() + ms);

describe('a manifest', () => {
  test('belongs to whoever claimed it for as long as that may live, then is looked up', () => {
    expect(manifestStep(claimed, later(MANIFEST_LEASE_MS - 1_000))).toEqual({ do: 'wait', seconds: 1 });
    expect(manifestStep(claimed, later(MANIFEST_LEASE_MS))).toEqual({ do: 'look' });
  });

  test('is claimed with nothing on it, and taken over for as long again', () => {
    expect(claimed).toEqual({
      entity: 'manifest',
      carrierId: 'usps',
      warehouse: 'north',
      day: TODAY,
      number: 1,
      reference: '01',
      closing: 'c',
      carrier: 'USPS',
      parcels: 2,
      by: 'hub',
      status: 'closing',
      manifestRef: null,
      documents: [],
      leftOut: [],
      reason: '',
      claimedAt: NOW.toISOString(),
      leaseUntil: later(MANIFEST_LEASE_MS).toISOString(),
      version: 1,
    });
    expect(manifestId(claimed)).toBe('usps:north:2026-11-20:1');
    expect(renewManifest(claimed, later(1_000))).toEqual({ ...claimed, leaseUntil: later(1_000 + MANIFEST_LEASE_MS).toISOString(), version: 2 });
  });

  test('waits for a person while nobody knows what became of it, since it first did', () => {
    const parked = parkManifest(claimed, 'x'.repeat(300), NOW);
    const again = parkManifest(parked, 'still no answer', later(1_000));
    const pending = moveManifest(again, { status: 'pending' }, later(2_000));
    const closed = moveManifest(pending, { status: 'closed', manifestRef: 'ref' }, later(3_000));

    expect(parked).toMatchObject({ reason: 'x'.repeat(250), parked: { at: NOW.toISOString(), reason: 'x'.repeat(250) } });
    expect(again).toMatchObject({ reason: 'still no answer', parked: parked.parked, leaseUntil: later(1_000).toISOString() });
    expect(pending).toMatchObject({ parked: parked.parked, reason: 'still no answer' });
    expect(closed).not.toHaveProperty('parked');
    expect(moveManifest(claimed, {}, NOW)).not.toHaveProperty('parked');
    expect(parkManifest(closed, 'too late', later(4_000))).not.toHaveProperty('parked');
  });

  test.each([
    ['closing', false, false],
    ['pending', false, false],
    ['closed', true, false],
    ['settled', true, false],
    ['refused', false, true],
    ['absent', false, true],
  ] as const)('that is %s is with its carrier: %s; is given up: %s', (status, withCarrier, givenUp) => {
    expect([isWithCarrier({ status }), isGivenUp({ status })]).toEqual([withCarrier, givenUp]);
  });

  test('lists a parcel by its order, its number and what is printed on it', () => {
    expect(listed(parcelWith({}))).toEqual({ orderId: 'shop:1', parcel: 1, trackingNumber: 'T1' });
    const { label: _, ...unlabelled } = parcelWith({ status: 'packed' });
    expect(listed(unlabelled)).toMatchObject({ trackingNumber: '' });
  });

  test('is said not to exist only where a person was asked', () => {
    expect(notMade(claimed, 'manager', NOW)).toMatchObject({ kind: 'refused', code: 'shipment.manifest-known' });
    const absent = notMade(parkManifest(claimed, 'no answer', NOW), 'manager', NOW);
    expect(absent).toMatchObject({ status: 'absent', reason: 'manager found none at the carrier' });
    expect(absent).not.toHaveProperty('parked');
  });

  test('is never asked for again, whatever is done to it: it is looked up, settled or over', () => {
    const moves = fc.constantFrom<(one: Manifest, at: Date) => Manifest>(
      (one, at) => renewManifest(one, at),
      (one, at) => parkManifest(one, 'no answer', at),
      (one, at) => moveManifest(one, { status: 'pending', manifestRef: 'ref' }, at),
      (one, at) => moveManifest(one, { reason: 'lost' }, at),
      (one, at) => moveManifest(one, { status: 'closed', manifestRef: 'ref' }, at),
      (one, at) => moveManifest(one, { status: 'refused' }, at),
      (one, at) => moveManifest(one, { status: 'absent' }, at),
    );
    fc.assert(
      fc.property(fc.array(moves, { maxLength: 8 }), fc.integer({ min: 0, max: 400_000 }), (steps, ms) => {
        const end = steps.reduce((one, move, index) => move(one, later(index * 1_000)), claimed);

        const step = manifestStep(end, later(ms + 8_000));
        expect(end.version).toBe(steps.length + 1);
        expect(step.do === 'nothing').toBe(isGivenUp(end));
        expect(step.do === 'settle').toBe(isWithCarrier(end));
        if (end.parked !== undefined) expect(['closing', 'pending']).toContain(end.status);
      }),
    );
  });
});
