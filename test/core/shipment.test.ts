import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../core/address.ts';
import { eventsOf } from '../../core/event.ts';
import { StockView } from '../../core/inventory.ts';
import { demandOf, pack, takeIn } from '../../core/order.ts';
import {
  chooseRate,
  claimOf,
  endPurchase,
  LEASE_MS,
  labelled,
  labelRefused,
  PACKAGING_GRAMS,
  type Parcel,
  parcelOf,
  purchaseStep,
  type Rate,
  renewLease,
  trackParcel,
} from '../../core/shipment.ts';
import { summarise, type TrackingEvent, TrackingStatus } from '../../core/tracking.ts';
import { NOW, sampleClient, sampleOrder } from './samples.ts';

const ACT = { by: 'hub', now: NOW };
const RATE: Rate = { rateId: 'rate_1', carrier: 'USPS', service: 'Priority', cost: 593, currency: 'EUR', deliveryDays: 2 };
const LABEL = { carrier: 'USPS', service: 'Priority', trackingNumber: 'EZ1', trackingUrl: '', cost: 593, currency: 'EUR', document: 'label.pdf', boughtAt: NOW.toISOString() };

function packedParcel(): Parcel {
  const client = sampleClient();
  const stock = new StockView(client.products.map(({ sku }) => ({ sku, warehouse: 'north', available: 9 })));
  const order = takeIn(sampleOrder(), undefined, stock, client, ACT);
  const packed = order.kind === 'saved' ? pack(order.order, demandOf(sampleOrder()), ACT) : undefined;
  if (packed?.kind !== 'saved') throw new Error('the sample order cannot be packed');
  return parcelOf(packed.order, client, ACT);
}

const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);
const claimed = () => claimOf(packedParcel(), 1, { reference: '01ARYZ6S410000000000000000', carrierRef: 'shp_1', rate: RATE }, NOW);

test('a parcel holds what the order needs, weighs its goods and the box, and names no person', () => {
  const parcel = packedParcel();

  expect(parcel).toMatchObject({ parcel: 1, warehouse: 'north', carrierId: 'easypost', status: 'packed', weight: 3 * 500 + PACKAGING_GRAMS });
  expect(JSON.stringify(parcel)).not.toMatch(/Erika|Muster|Beispielweg/);
});

describe('the purchase protocol', () => {
  test('claims the first attempt, and the next only after a proof that nothing was bought', () => {
    expect(purchaseStep(packedParcel(), undefined, NOW)).toEqual({ do: 'claim', attempt: 1 });
    expect(purchaseStep(packedParcel(), endPurchase(claimed(), 'absent', '', NOW), NOW)).toEqual({ do: 'claim', attempt: 2 });
  });

  test('waits while another invocation holds the lease, then looks the purchase up; it never buys blindly', () => {
    expect(purchaseStep(packedParcel(), claimed(), NOW)).toEqual({ do: 'wait', seconds: LEASE_MS / 1000 });
    expect(purchaseStep(packedParcel(), claimed(), later(LEASE_MS))).toMatchObject({ do: 'find' });
    expect(purchaseStep(packedParcel(), endPurchase(claimed(), 'buying', 'timeout', NOW), NOW)).toMatchObject({ do: 'find' });
  });

  test('does nothing for a parcel that has its label', () => {
    expect(purchaseStep(labelled(packedParcel(), LABEL, ACT), claimed(), later(LEASE_MS))).toMatchObject({ do: 'nothing' });
    expect(purchaseStep(labelRefused(packedParcel(), 'no funds', ACT), undefined, NOW)).toMatchObject({ do: 'nothing' });
  });

  test('a renewed lease is a new version that others see', () => {
    expect(renewLease(claimed(), later(LEASE_MS))).toMatchObject({ version: 2, leaseUntil: later(2 * LEASE_MS).toISOString() });
  });
});

describe('chooseRate', () => {
  const rates: Rate[] = [
    RATE,
    { ...RATE, rateId: 'rate_2', service: 'First', cost: 400, deliveryDays: 5 },
    { ...RATE, rateId: 'rate_3', carrier: 'UPS', service: 'Standard', cost: 400, deliveryDays: 3 },
    { ...RATE, rateId: 'rate_4', cost: 1, currency: 'USD' },
  ];

  test.each([
    ['the cheapest in our currency, of equals the fastest', [], 'rate_3'],
    ['only what is allowed', ['USPS Priority'], 'rate_1'],
    ['nothing when nothing is allowed', ['DHL Express'], undefined],
  ])('takes %s', (_what, allowed, rateId) => {
    expect(chooseRate(rates, 'EUR', allowed)?.rateId).toBe(rateId);
  });

  test('is the same whatever the order of the offer', () => {
    fc.assert(fc.property(fc.shuffledSubarray(rates, { minLength: rates.length }), (shuffled) => void expect(chooseRate(shuffled, 'EUR', [])?.rateId).toBe('rate_3')));
  });
});

test('a printed address that differs beyond formatting is shown with both values', () => {
  const ours = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' };

  expect(differencesOf(ours, { ...ours, name: 'ERIKA MUSTER' })).toEqual([]);
  expect(differencesOf(ours, { ...ours, line1: 'Beispielweg 14' })).toEqual([{ field: 'line1', ours: 'Beispielweg 4', theirs: 'Beispielweg 14' }]);
});

describe('trackParcel', () => {
  const withLabel = () => labelled(packedParcel(), LABEL, ACT);
  const scan = (status: TrackingStatus, hour: number, attention = false): TrackingEvent => ({
    status,
    code: status,
    at: new Date(Date.UTC(2026, 10, 21, hour)).toISOString(),
    description: '',
    attention,
  });

  test.each<[TrackingEvent[], Parcel['status'], string[]]>([
    [[scan('in_transit', 2)], 'dispatched', ['parcel.dispatched']],
    [[scan('in_transit', 2, true)], 'dispatched', ['parcel.dispatched', 'parcel.delayed']],
    [[scan('delivered', 3)], 'delivered', ['parcel.dispatched', 'parcel.delivered']],
    [[scan('returned_to_sender', 3)], 'returned', ['parcel.dispatched']],
    [[scan('lost', 3)], 'lost', ['parcel.dispatched']],
    [[scan('cancelled', 3)], 'labelled', []],
  ])('%j makes the parcel %s and passes %j', (events, status, milestones) => {
    const tracked = trackParcel(withLabel(), summarise(events), ACT);

    expect(tracked?.status).toBe(status);
    expect(tracked && eventsOf(withLabel(), tracked).map(({ type }) => type)).toEqual(['parcel.updated', ...milestones]);
  });

  test('takes the carrier knowing of a label for no news', () => {
    expect(trackParcel(withLabel(), summarise([scan('pre_transit', 1)]), ACT)).toBeUndefined();
  });

  test('passes each milestone once, whatever the order in which scans arrive', () => {
    const life = [scan('pre_transit', 0), scan('in_transit', 1), scan('in_transit', 2, true), scan('in_transit', 3, true), scan('out_for_delivery', 4), scan('delivered', 5)];

    fc.assert(
      fc.property(fc.shuffledSubarray(life, { minLength: life.length }), (arrived) => {
        let parcel = withLabel();
        const passed: string[] = [];
        for (let known = 1; known <= arrived.length; known++) {
          const tracked = trackParcel(parcel, summarise(arrived.slice(0, known)), ACT);
          passed.push(...(tracked === undefined ? [] : eventsOf(parcel, tracked)).map(({ type }) => type).filter((type) => type !== 'parcel.updated'));
          parcel = tracked ?? parcel;
        }
        expect(passed.toSorted()).toEqual(['parcel.delayed', 'parcel.delivered', 'parcel.dispatched']);
      }),
    );
  });

  test('changes nothing when there is no news', () => {
    const parcel = trackParcel(withLabel(), summarise([scan('in_transit', 1)]), ACT);

    expect(parcel && trackParcel(parcel, summarise([scan('in_transit', 1)]), ACT)).toBeUndefined();
  });

  test('ends with the same tracking whatever the order in which scans arrive', () => {
    const event = fc
      .record({ status: fc.constantFrom(...TrackingStatus.options), hour: fc.integer({ min: 0, max: 5 }), attention: fc.boolean() })
      .map(({ status, hour, attention }) => scan(status, hour, attention));
    const arrivals = fc.array(event, { maxLength: 6 }).chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })));

    fc.assert(
      fc.property(arrivals, ([events, arrived]) => {
        let parcel = withLabel();
        for (let known = 1; known <= arrived.length; known++) parcel = trackParcel(parcel, summarise(arrived.slice(0, known)), ACT) ?? parcel;
        const summary = summarise(events);
        const labelOnly = summary.status === 'unknown' || summary.status === 'pre_transit';
        expect(parcel.tracking).toEqual(labelOnly ? { ...summary, ...withLabel().tracking } : summary);
      }),
    );
  });
});
