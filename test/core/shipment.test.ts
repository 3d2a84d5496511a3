import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../core/address.ts';
import { eventsOf } from '../../core/event.ts';
import { takeIn } from '../../core/intake.ts';
import { packWhole } from '../../core/packing.ts';
import {
  chooseRate,
  claimOf,
  claimVoid,
  endPurchase,
  endVoid,
  handOver,
  LEASE_MS,
  labelled,
  labelRefused,
  letGo,
  noteParcelLate,
  offerAgain,
  PACKAGING_GRAMS,
  type Parcel,
  type Purchase,
  parcelOf,
  purchaseStep,
  type Rate,
  recallGate,
  recallParcel,
  recallStep,
  renewLease,
  trackParcel,
  unpackParcel,
} from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { summarise, type TrackingEvent, TrackingStatus } from '../../core/tracking.ts';
import { NOW, sampleClient, sampleOrder, seeing } from './samples.ts';

const ACT = { by: 'hub', now: NOW };
const RATE: Rate = { rateId: 'rate_1', carrier: 'USPS', service: 'Priority', cost: 593, currency: 'EUR', deliveryDays: 2 };
const LABEL = { carrier: 'USPS', service: 'Priority', trackingNumber: 'EZ1', trackingUrl: '', cost: 593, currency: 'EUR', document: 'label.pdf', boughtAt: NOW.toISOString() };

function packSample(): Parcel {
  const client = sampleClient();
  const stock = new StockView(client.products.map(({ sku }) => ({ sku, warehouse: 'north', available: 9 })));
  const order = takeIn(sampleOrder(), undefined, seeing(stock, client), ACT);
  const packed = order.kind === 'saved' ? packWhole(order.order, client, ACT) : undefined;
  if (packed?.kind !== 'saved') throw new Error('the sample order cannot be packed');
  const [parcel] = packed.packed.map((one) => parcelOf(packed.order, one, client, ACT));
  if (parcel === undefined) throw new Error('there is no parcel');
  return parcel;
}

const PACKED = packSample();
const packedParcel = () => PACKED;
const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);
const claimed = () => claimOf(packedParcel(), 1, { reference: '01ARYZ6S410000000000000000', carrierRef: 'shp_1', rate: RATE }, NOW);

test('a parcel holds what the order needs, weighs its goods and the box, and names no person', () => {
  const parcel = packedParcel();

  expect(parcel).toMatchObject({ parcel: 1, warehouse: 'north', carrierId: 'easypost', status: 'packed', weight: 3 * 500 + PACKAGING_GRAMS });
  expect(parcel.units).toMatchObject([
    { sku: 'MUG', warehouse: 'north', quantity: 1 },
    { sku: 'TENT', warehouse: 'north', quantity: 2 },
  ]);
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

const AT = (minutes: number) => ({ by: 'dock', now: later(minutes * 60_000) });
const scanned = (at: Date) => summarise([{ status: 'in_transit', code: 'in_transit', at: at.toISOString(), description: '', attention: false }]);
const handed = (parcel: Parcel, at = later(0)) => handOver(parcel, 'easypost', at.toISOString(), 'evening collection', ACT);

function parcelFrom(outcome: Parcel | { readonly kind: 'refused' } | undefined): Parcel {
  if (outcome === undefined || 'kind' in outcome) throw new Error('no parcel came of it');
  return outcome;
}

describe('the list that a parcel is found in', () => {
  test('says what it waits for, and since when', () => {
    const packed = packedParcel();
    const withLabel = labelled(packed, LABEL, AT(10));
    const taken = parcelFrom(handOver(withLabel, 'easypost', later(20 * 60_000).toISOString(), 'collected', AT(30)));
    const scan = parcelFrom(trackParcel(taken, scanned(later(25 * 60_000)), AT(40)));
    const list = ({ work, since }: Parcel) => [work?.split('#')[0], (Date.parse(since) - NOW.getTime()) / 60_000];

    expect([packed, withLabel, taken, scan].map(list)).toEqual([
      ['label', 0],
      ['hand-over', 10],
      // When it was handed over, and scanned; not when that was told.
      ['scan', 20],
      ['deliver', 25],
    ]);
    const delivered = summarise([{ status: 'delivered', code: 'd', at: later(50 * 60_000).toISOString(), description: '', attention: false }]);
    const ended = [
      labelRefused(packed, 'no', AT(1)),
      recallParcel(withLabel, 'why', AT(1)),
      unpackParcel(withLabel, undefined, 'why', AT(1)),
      trackParcel(scan, delivered, AT(60)),
    ];
    expect(ended.map((parcel) => parcel?.work)).toEqual(ended.map(() => undefined));
  });

  test('is the same shard for all parcels of an order, and its clock starts anew when a refused parcel is offered again', () => {
    const again = offerAgain(labelRefused(packedParcel(), 'no funds', AT(1)), AT(5));

    expect(again).toMatchObject({ work: packedParcel().work, since: later(5 * 60_000).toISOString() });
    expect(offerAgain(packedParcel(), AT(5))).toMatchObject({ since: NOW.toISOString() });
  });

  test('lateness is noted once for a stage and gone with it', () => {
    const late = noteParcelLate(packedParcel(), 'label', 'no label after 4 h', AT(240));

    expect(late).toMatchObject({ late: { stage: 'label' }, since: NOW.toISOString(), work: packedParcel().work, change: { type: 'parcel.late' } });
    expect(late && noteParcelLate(late, 'label', 'no label after 5 h', AT(300))).toBeUndefined();
    expect(late && labelled(late, LABEL, AT(301))).not.toHaveProperty('late');
  });
});

describe('handing a parcel over', () => {
  test('is recorded once, and implied by a first scan', () => {
    const taken = parcelFrom(handed(labelled(packedParcel(), LABEL, ACT)));

    expect(taken).toMatchObject({ status: 'labelled', handedOverAt: NOW.toISOString(), change: { type: 'parcel.handed-over' } });
    expect(handed(taken)).toBeUndefined();
    expect(handed(parcelFrom(trackParcel(labelled(packedParcel(), LABEL, ACT), scanned(NOW), ACT)))).toBeUndefined();
  });

  test.each<[string, () => Parcel, string]>([
    ['without a label', packedParcel, 'shipment.label-absent'],
    ['that no carrier takes', () => labelRefused(packedParcel(), 'no', ACT), 'shipment.label-absent'],
    ['that is called back', () => recallParcel(labelled(packedParcel(), LABEL, ACT), 'why', ACT), 'shipment.parcel-recalled'],
    ['that was unpacked', () => unpackParcel(labelled(packedParcel(), LABEL, ACT), 'pending', 'why', ACT), 'shipment.parcel-recalled'],
  ])('of one %s is refused', (_what, parcel, code) => {
    expect(handed(parcel())).toMatchObject({ kind: 'refused', code });
  });

  test.each([
    ['before it was packed', -1],
    ['in the time to come', 6 * 60_000],
  ])('%s is refused', (_when, milliseconds) => {
    expect(handed(labelled(packedParcel(), LABEL, ACT), later(milliseconds))).toMatchObject({ kind: 'refused', code: 'shipment.hand-over-untimely' });
  });

  test('to another carrier is refused', () => {
    expect(handOver(labelled(packedParcel(), LABEL, ACT), 'other', NOW.toISOString(), 'x', ACT)).toMatchObject({ kind: 'refused', code: 'shipment.carrier-differs' });
  });
});

const PURCHASES = ['buying', 'bought', 'refused', 'absent', 'voiding', 'voided', 'kept', 'used'] as const;
const REFUNDS = { voided: 'pending', kept: 'lost', used: 'lost' } as const;

function purchase(status: Purchase['status'], leaseLeft = 0): Purchase {
  const refund = status === 'voided' || status === 'kept' || status === 'used' ? { refund: REFUNDS[status] } : {};
  return { ...claimed(), status, ...refund, leaseUntil: later(leaseLeft).toISOString() };
}

describe('the recall protocol', () => {
  const recalled = () => recallParcel(packedParcel(), 'cancelled', ACT);
  const statuses = fc.array(fc.constantFrom(...PURCHASES), { maxLength: 4 });

  test('no purchase is begun for a parcel that was called back', () => {
    fc.assert(
      fc.property(fc.option(fc.constantFrom(...PURCHASES)), fc.integer({ min: -1, max: LEASE_MS }), (status, left) => {
        const latest = status === null ? undefined : purchase(status, left);
        expect(purchaseStep(recalled(), latest, NOW).do).toBe('nothing');
      }),
    );
  });

  test('units come back only when every purchase is known to the end and every label dealt with', () => {
    fc.assert(
      fc.property(statuses, fc.boolean(), (given, taken) => {
        const parcel = taken ? { ...recalled(), handedOverAt: NOW.toISOString() } : recalled();
        const step = recallStep(
          parcel,
          given.map((status) => purchase(status)),
          NOW,
        );
        const has = (status: Purchase['status']) => given.includes(status);
        const settled = !has('buying') && !has('voiding');
        expect(step.do === 'unpack').toBe(settled && !taken && !has('bought') && !has('used'));
        expect(step.do === 'let-go').toBe(settled && (taken || has('used')));
        if (step.do === 'find') expect(step.purchase.status).toBe('buying');
        if (step.do === 'void') expect(['bought', 'voiding']).toContain(step.purchase.status);
        if (step.do === 'unpack') expect(step.refund).toBe(has('kept') ? 'lost' : has('voided') ? 'pending' : undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  test('ends, whatever carriers answer: each step settles what it was about', () => {
    const after = fc.constantFrom<Purchase['status'][]>(['bought', 'refused'], ['absent', 'voided'], ['bought', 'kept'], ['bought', 'used']);
    fc.assert(
      fc.property(statuses, fc.array(after, { minLength: 20, maxLength: 20 }), (given, answers) => {
        let purchases = given.map((status) => purchase(status));
        let step = recallStep(recalled(), purchases, NOW);
        for (let taken = 0; step.do === 'find' || step.do === 'void'; taken++) {
          const { purchase: open, do: what } = step;
          const [found = 'absent', voided = 'voided'] = answers[taken] ?? [];
          const status = what === 'find' ? (found === 'refused' ? 'absent' : found) : voided === 'refused' ? 'voided' : voided;
          purchases = purchases.map((one) => (one === open ? purchase(status) : one));
          expect(taken).toBeLessThan(2 * given.length);
          step = recallStep(recalled(), purchases, NOW);
        }
        expect(['unpack', 'let-go']).toContain(step.do);
      }),
    );
  });

  test('waits for a lease that somebody else holds', () => {
    fc.assert(
      fc.property(fc.constantFrom('buying' as const, 'voiding' as const), fc.integer({ min: 1, max: LEASE_MS }), (status, left) => {
        expect(recallStep(recalled(), [purchase(status, left)], NOW)).toEqual({ do: 'wait', seconds: Math.ceil(left / 1000) });
      }),
    );
  });

  test('has nothing to do for a parcel that is not called back, or is no longer', () => {
    const label = labelled(packedParcel(), LABEL, ACT);
    const gone = trackParcel(recallParcel(label, 'why', ACT), scanned(NOW), ACT);

    for (const parcel of [label, gone ?? label, unpackParcel(recalled(), undefined, 'done', ACT), letGo(recallParcel(label, 'why', ACT), 'used', ACT)])
      expect(recallStep(parcel, [purchase('bought')], NOW).do).toBe('nothing');
  });

  test('a void is claimed and ended under a lease of its own', () => {
    const void1 = claimVoid(purchase('bought'), NOW);

    expect(void1).toMatchObject({ status: 'voiding', version: 2, leaseUntil: later(LEASE_MS).toISOString() });
    expect(endVoid(void1, 'voided', 'pending', 'asked for', NOW)).toMatchObject({ status: 'voided', refund: 'pending', version: 3, leaseUntil: NOW.toISOString() });
    expect(endVoid(void1, 'voiding', undefined, 'no answer', NOW)).not.toHaveProperty('refund');
  });
});

describe('a parcel that was called back', () => {
  test('keeps the label that turns out to be bought, so that it is voided', () => {
    expect(labelled(recallParcel(packedParcel(), 'why', ACT), LABEL, ACT)).toMatchObject({ status: 'recalled', label: LABEL });
  });

  test('is called back whatever it waits for, unless it has left', () => {
    const label = labelled(packedParcel(), LABEL, ACT);
    const gone = parcelFrom(trackParcel(label, scanned(NOW), ACT));
    const taken = parcelFrom(handed(label));

    for (const parcel of [packedParcel(), labelRefused(packedParcel(), 'no', ACT), label]) {
      expect(recallParcel(parcel, 'why', ACT)).toMatchObject({ status: 'recalled', recalledAt: NOW.toISOString(), change: { type: 'parcel.recalled' } });
      expect(recallGate(parcel)).toBeUndefined();
    }
    expect(recallParcel(gone, 'why', ACT)).toMatchObject({ status: 'dispatched', since: gone.since });
    expect(recallGate(gone)).toMatchObject({ kind: 'refused', code: 'shipment.parcel-gone', why: expect.stringContaining('dispatched') });
    expect(recallGate(taken)).toMatchObject({ kind: 'refused', code: 'shipment.parcel-gone', why: expect.stringContaining('handed over') });
  });

  test('and is scanned all the same has left', () => {
    expect(trackParcel(recallParcel(labelled(packedParcel(), LABEL, ACT), 'why', ACT), scanned(NOW), ACT)).toMatchObject({ status: 'dispatched' });
  });

  test('and is let go waits for its first scan', () => {
    const gone = letGo(recallParcel(labelled(packedParcel(), LABEL, ACT), 'why', ACT), 'used', AT(5));

    expect(gone).toMatchObject({ status: 'labelled', handedOverAt: later(5 * 60_000).toISOString() });
    expect(gone.work).toMatch(/^scan#/);
    expect(trackParcel(gone, scanned(NOW), ACT)).toMatchObject({ status: 'dispatched' });
  });

  test('and is unpacked stays so, whatever carriers say of its label', () => {
    const back = unpackParcel(recallParcel(labelled(packedParcel(), LABEL, ACT), 'why', ACT), 'pending', 'unpacked', ACT);

    for (const status of TrackingStatus.options) {
      const told = trackParcel(back, summarise([{ status, code: status, at: NOW.toISOString(), description: '', attention: false }]), ACT);
      expect((told ?? back).status).toBe('unpacked');
    }
  });
});
