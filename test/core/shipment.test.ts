import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../core/address.ts';
import { eventsOf } from '../../core/event.ts';
import { takeIn } from '../../core/intake.ts';
import type { Order } from '../../core/order.ts';
import { packWhole } from '../../core/packing.ts';
import {
  assign,
  claimOf,
  claimVoid,
  endPurchase,
  endVoid,
  FIRST_RETURN,
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
  park,
  purchaseDue,
  purchaseStep,
  putOnManifest,
  type Rate,
  recallGate,
  recallParcel,
  recallStep,
  renewLease,
  returnOf,
  returnUnits,
  trackParcel,
  unlist,
  unpackParcel,
} from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { summarise, type TrackingEvent, TrackingStatus } from '../../core/tracking.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient, sampleOrder, seeing } from './samples.ts';

const ACT = { by: 'hub', now: NOW };
const RATE: Rate = { rateId: 'rate_1', carrier: 'USPS', service: 'Priority', cost: 593, currency: 'EUR', deliveryDays: 2 };
const LABEL = {
  carrier: 'USPS',
  service: 'Priority',
  trackingNumber: 'EZ1',
  trackingUrl: '',
  cost: 593,
  currency: 'EUR',
  document: 'label.pdf',
  boughtAt: NOW.toISOString(),
  reference: 'R1',
  carrierRef: 'shp_1',
  proof: 'answer' as const,
};

function packSample(): { order: Order; parcel: Parcel } {
  const client = sampleClient();
  const stock = new StockView(client.products.map(({ sku }) => ({ sku, warehouse: 'north', available: 9 })));
  const order = takeIn(sampleOrder(), undefined, seeing(stock, client), ACT);
  const packed = order.kind === 'saved' ? packWhole(order.order, client, ACT) : undefined;
  if (packed?.kind !== 'saved') throw new Error('the sample order cannot be packed');
  const [parcel] = packed.packed.map((one) => parcelOf(packed.order, one, client, ACT));
  if (parcel === undefined) throw new Error('there is no parcel');
  return { order: packed.order, parcel };
}

const { order: ORDER, parcel: PACKED } = packSample();
const packedParcel = () => PACKED;
const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);
const claimed = () => claimOf(packedParcel(), 1, { reference: '01ARYZ6S410000000000000000', carrierRef: 'shp_1', rate: RATE, carrierId: 'easypost' }, NOW);

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

  test('ends as the same parcel whatever the order in which scans arrive, and in however many callbacks', () => {
    const event = fc
      .record({ status: fc.constantFrom(...TrackingStatus.options), hour: fc.integer({ min: 0, max: 5 }), attention: fc.boolean() })
      .map(({ status, hour, attention }) => scan(status, hour, attention));
    // Each callback tells of some of the events, some of them again.
    const arrivals = fc
      .array(event, { maxLength: 6 })
      .chain((events) => fc.tuple(fc.constant(events), fc.array(fc.shuffledSubarray(events), { maxLength: 4 }), fc.shuffledSubarray(events, { minLength: events.length })));

    fc.assert(
      fc.property(arrivals, ([events, callbacks, last]) => {
        let parcel = withLabel();
        const known: TrackingEvent[] = [];
        for (const callback of [...callbacks, ...last.map((one) => [one])]) {
          known.push(...callback);
          parcel = trackParcel(parcel, summarise(known), ACT) ?? parcel;
        }

        const summary = summarise(events);
        const labelOnly = summary.status === 'unknown' || summary.status === 'pre_transit';
        expect(parcel.tracking).toEqual(labelOnly ? { ...summary, ...withLabel().tracking } : summary);
        const { status, work } = trackParcel(withLabel(), summary, ACT) ?? withLabel();
        expect([parcel.status, parcel.work]).toEqual([status, work]);
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
        const has = (status: Purchase['status']) => given.some((one) => one === status);
        const settled = !has('buying') && !has('voiding');
        expect(step.do === 'unpack').toBe(settled && !taken && !has('bought') && !has('used'));
        expect(step.do === 'let-go').toBe(settled && (taken || has('used')));
        if (step.do === 'find') expect(step.purchase.status).toBe('buying');
        if (step.do === 'void') expect(['bought', 'voiding']).toContain(step.purchase.status);
        if (step.do === 'unpack') expect(step.refund).toBe(has('kept') ? 'lost' : has('voided') ? 'pending' : undefined);
      }),
      { numRuns: runs(2_000) },
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

describe('goods that come back', () => {
  const gone = (): Parcel => ({ ...packedParcel(), status: 'delivered' });
  const back = (units: Parcel['units'], returns = 1): Parcel => ({ ...packedParcel(), parcel: FIRST_RETURN, returns, units });
  const tents = (quantity: number) => [{ sku: 'TENT', warehouse: 'north', quantity }];

  test('are all that left, or what is asked for of it', () => {
    expect(returnUnits(gone(), [], [])).toEqual([{ sku: 'MUG', warehouse: 'north', quantity: 1 }, ...tents(2)]);
    expect(returnUnits(gone(), [], [{ sku: 'TENT', quantity: 1 }])).toEqual(tents(1));
    expect(returnUnits(gone(), [], [...tents(1), ...tents(1)])).toEqual(tents(2));
    expect(returnUnits({ ...packedParcel(), status: 'dispatched' }, [], [])).toHaveLength(2);
  });

  test('are asked back once', () => {
    expect(returnUnits(gone(), [back(tents(1))], [])).toEqual([{ sku: 'MUG', warehouse: 'north', quantity: 1 }, ...tents(1)]);
    expect(returnUnits(gone(), [back(tents(2), 2)], []), 'of another parcel').toHaveLength(2);
    expect(returnUnits(gone(), [back(tents(1))], tents(2))).toMatchObject({ kind: 'refused', code: 'shipment.return-exceeds' });
    expect(returnUnits(gone(), [back(gone().units)], [])).toMatchObject({ kind: 'refused', code: 'shipment.return-empty' });
  });

  test.each(['packed', 'labelled', 'refused', 'returned', 'lost', 'recalled', 'unpacked'] as const)('are none of a parcel that is %s', (status) => {
    expect(returnUnits({ ...packedParcel(), status }, [], [])).toMatchObject({ kind: 'refused', code: 'shipment.not-out' });
  });

  test('have a parcel and a label of their own', () => {
    expect(returnOf(gone(), FIRST_RETURN, tents(1), sampleClient(), 'too small', AT(5))).toStrictEqual({
      entity: 'parcel',
      orderId: 'shop:1001',
      parcel: FIRST_RETURN,
      returns: 1,
      connectionId: 'shop',
      country: 'DE',
      warehouse: 'north',
      carrierId: 'easypost',
      units: tents(1),
      weight: 500 + PACKAGING_GRAMS,
      addressHash: packedParcel().addressHash,
      status: 'packed',
      tracking: { status: 'unknown', at: '' },
      receivedAt: packedParcel().receivedAt,
      packedAt: later(5 * 60_000).toISOString(),
      since: later(5 * 60_000).toISOString(),
      version: 1,
      change: { type: 'parcel.packed', at: later(5 * 60_000).toISOString(), by: 'dock', reason: 'too small' },
      work: packedParcel().work,
    });
  });
});

describe('the box of a parcel', () => {
  const measured = { length: 400, width: 300, height: 200 };
  const products = [{ sku: 'TENT', name: 'Tent', weight: 500, plant: 'mill', dimensions: measured, reorder: { point: 2, upTo: 20 } }];
  const client = sampleClient({ products });
  const boxed = (quantity: number, sku = 'TENT', more = 0) => {
    const units = [{ sku, warehouse: 'north', quantity }, ...Array.from({ length: more }, () => ({ sku: 'TENT', warehouse: 'north', quantity: 1 }))];
    return returnOf(packedParcel(), FIRST_RETURN, units, client, 'x', ACT);
  };

  test('measures what a product does that lies in it alone', () => {
    expect(boxed(1)).toMatchObject({ dimensions: measured, weight: 500 + PACKAGING_GRAMS });
    expect(boxed(2)).not.toHaveProperty('dimensions');
    expect(boxed(1, 'TENT', 1)).not.toHaveProperty('dimensions');
    expect(boxed(1, 'GHOST')).toMatchObject({ weight: PACKAGING_GRAMS });
  });

  test('measures and weighs what somebody measured and weighed', () => {
    const box = { weight: 900, dimensions: { length: 1, width: 1, height: 1 } };

    expect(parcelOf(ORDER, { parcel: 2, warehouse: 'north', units: [{ sku: 'TENT', warehouse: 'north', quantity: 1 }], status: 'packed', box }, client, ACT)).toMatchObject({
      parcel: 2,
      ...box,
    });
  });
});

describe('purchases of a parcel', () => {
  test.each<[string, Purchase['status'][], number | undefined]>([
    ['none', [], undefined],
    ['the last one', ['absent', 'refused', 'buying'], 2],
    ['a label of no use before anything else', ['absent', 'orphan', 'absent'], 1],
    ['a label that is being voided before anything else', ['voiding', 'absent'], 0],
  ])('are dealt with one at a time: %s', (_what, statuses, due) => {
    const purchases = statuses.map((status) => ({ ...claimed(), status }));

    expect(purchaseDue(purchases)).toBe(due === undefined ? undefined : purchases[due]);
  });

  test.each(['absent', 'refused', 'voided', 'kept', 'used'] as const)('go on with another attempt once one is %s', (status) => {
    expect(purchaseStep(packedParcel(), { ...claimed(), attempt: 3, status }, NOW)).toEqual({ do: 'claim', attempt: 4 });
  });

  test('are voided where their label is of no use, and wait for a person where one has to say', () => {
    const lapsed = { ...claimed(), leaseUntil: NOW.toISOString() };

    expect(purchaseStep(packedParcel(), { ...lapsed, status: 'orphan' }, NOW)).toMatchObject({ do: 'void' });
    expect(purchaseStep(packedParcel(), { ...lapsed, status: 'voiding' }, NOW)).toMatchObject({ do: 'void' });
    expect(purchaseStep(packedParcel(), { ...lapsed, status: 'buying' }, NOW)).toMatchObject({ do: 'find' });
    for (const status of ['bought', 'parked'] as const) expect(purchaseStep(packedParcel(), { ...lapsed, status }, NOW)).toEqual({ do: 'nothing', why: `purchase 1 is ${status}` });
  });

  test.each(['absent', 'orphan', 'voiding'] as const)('that are %s are in the list of those that may cost money for nothing, until they are taken off it', (status) => {
    const listed = endPurchase(claimed(), status, 'why', AT(5).now);

    expect(listed).toMatchObject({
      status,
      reason: 'why',
      work: expect.stringMatching(/^unsold#[0-7]$/),
      since: NOW.toISOString(),
      version: 2,
      leaseUntil: later(5 * 60_000).toISOString(),
    });
    expect(unlist(listed)).toMatchObject({ status, version: 3 });
    for (const off of [unlist(listed), endPurchase(listed, 'bought', '', NOW)]) expect([off.work, off.since]).toEqual([undefined, undefined]);
  });

  test('end with a reason that is cut to what is kept', () => {
    expect(endPurchase(claimed(), 'refused', 'x'.repeat(300), NOW).reason).toHaveLength(200);
  });
});

describe('a parcel and a person', () => {
  test('is parked once, until what was bought is said', () => {
    const parked = parcelFrom(park(packedParcel(), 'y'.repeat(300), AT(5)));

    expect(parked).toMatchObject({ parked: { at: later(5 * 60_000).toISOString(), reason: 'y'.repeat(200) }, change: { type: 'parcel.parked', reason: 'y'.repeat(250) } });
    expect(park(parked, 'again', AT(6))).toBeUndefined();
    expect(offerAgain(parked, AT(6))).not.toHaveProperty('parked');
    expect(labelled(parked, LABEL, AT(6))).not.toHaveProperty('parked');
  });

  test('is given to a carrier and a service of it', () => {
    expect(assign(packedParcel(), 'ups', 'UPS Ground', 'cheaper', ACT)).toMatchObject({
      carrierId: 'ups',
      service: 'UPS Ground',
      status: 'packed',
      version: 2,
      change: { type: 'parcel.assigned', reason: 'cheaper' },
    });
  });

  test('stands on a manifest, or on none', () => {
    const listed = putOnManifest(packedParcel(), 'M1', ACT);
    const taken = putOnManifest(listed, undefined, ACT);

    expect(listed).toMatchObject({ manifest: 'M1', change: { type: 'parcel.manifested', reason: 'M1' } });
    expect(taken).toMatchObject({ version: 3, change: { type: 'parcel.manifested' } });
    expect(taken).not.toHaveProperty('manifest');
  });

  test.each(['labelled', 'dispatched', 'recalled'] as const)('is not offered again once it is %s', (status) => {
    expect(offerAgain({ ...packedParcel(), status }, ACT)).toBeUndefined();
  });
});

describe('what is written of a parcel', () => {
  const label = () => labelled(packedParcel(), LABEL, ACT);
  const told = (...events: [TrackingStatus, number, boolean?][]) =>
    summarise(events.map(([status, minute, attention = false]) => ({ status, code: status, at: later(minute * 60_000).toISOString(), description: '', attention })));

  test('names each change, and holds nothing that is not there', () => {
    expect(label()).toMatchObject({ change: { reason: 'USPS Priority' }, tracking: { status: 'pre_transit', at: NOW.toISOString() } });
    expect(labelRefused(packedParcel(), 'no', ACT)).toMatchObject({ change: { type: 'parcel.refused' } });
    expect(offerAgain(packedParcel(), ACT)).toMatchObject({ change: { type: 'parcel.packed', reason: 'released for its label' } });
    expect(letGo(recallParcel(label(), 'why', ACT), 'used', ACT)).toMatchObject({ change: { type: 'parcel.updated' } });
    expect(unpackParcel(label(), 'pending', 'done', ACT)).toMatchObject({ refund: 'pending', change: { type: 'parcel.unpacked' } });
    expect(unpackParcel(label(), undefined, 'done', ACT)).not.toHaveProperty('refund');
    expect(assign(packedParcel(), 'ups', 'UPS Ground', 'why', ACT)).not.toHaveProperty('late');
  });

  test('has the serial numbers that were scanned, if any', () => {
    const packed = { parcel: 1, warehouse: 'north', units: ORDER.allocations, status: 'packed' as const };
    const serials = ['A1', 'A2'].map((serial) => ({ sku: 'TENT', serial }));

    expect(parcelOf(ORDER, { ...packed, serials }, sampleClient(), ACT).serials).toEqual(serials);
    expect(parcelOf(ORDER, packed, sampleClient(), ACT)).not.toHaveProperty('serials');
  });

  test('has a carrier only where the client has one', () => {
    const packed = { parcel: 1, warehouse: 'north', units: ORDER.allocations, status: 'packed' as const };

    expect(parcelOf(ORDER, packed, { ...sampleClient(), carriers: [] }, ACT).carrierId).toBe('');
  });

  test('begins a stage when its status changes, though it is in no list before and after', () => {
    expect(unpackParcel(recallParcel(label(), 'why', ACT), undefined, 'done', AT(5)).since).toBe(later(5 * 60_000).toISOString());
  });

  test('begins with its first scan once it is on its way, and with its delivery once it is there', () => {
    expect(trackParcel(label(), told(['in_transit', 1], ['out_for_delivery', 3]), AT(9))).toMatchObject({ status: 'dispatched', since: later(60_000).toISOString() });
    expect(trackParcel(label(), told(['in_transit', 1], ['delivered', 3]), AT(9))).toMatchObject({ status: 'delivered', since: later(180_000).toISOString() });
  });

  test('is what was scanned, and says whose word that is', () => {
    expect(trackParcel(label(), told(['in_transit', 1]), ACT)?.change.reason).toBe('carrier says in_transit');
    expect(trackParcel(unpackParcel(label(), undefined, 'done', ACT), told(['in_transit', 1]), ACT)?.change.reason).toBe('carrier says in_transit of a parcel that was unpacked');
  });

  test('takes no step back, and none from a word about a parcel that has no label', () => {
    const delivered = parcelFrom(trackParcel(label(), told(['in_transit', 1], ['delivered', 3]), ACT));

    expect(trackParcel(delivered, told(['in_transit', 1]), ACT)).toBeUndefined();
    expect(trackParcel(packedParcel(), told(['pre_transit', 1]), ACT)).toBeUndefined();
    for (const status of ['packed', 'refused'] as const) expect(trackParcel({ ...packedParcel(), status }, told(['in_transit', 1]), ACT)).toMatchObject({ status });
  });

  test('is a claim with all that finds the purchase again', () => {
    expect(claimed()).toStrictEqual({
      entity: 'purchase',
      orderId: 'shop:1001',
      parcel: 1,
      attempt: 1,
      reference: '01ARYZ6S410000000000000000',
      carrierRef: 'shp_1',
      rate: RATE,
      carrierId: 'easypost',
      status: 'buying',
      leaseUntil: later(LEASE_MS).toISOString(),
      claimedAt: NOW.toISOString(),
      reason: '',
      version: 1,
    });
  });

  test.each<[string, [TrackingStatus, number, boolean?][], [TrackingStatus, number, boolean?][], string, string | undefined]>([
    ['a word that is no scan', [['in_transit', 1]], [['note', 2, true]], 'moving', 'moving'],
    ['another scan', [['in_transit', 1]], [['in_transit', 2]], 'moving', undefined],
    ['another scan of the same hindrance', [['delivery_exception', 1]], [['delivery_exception', 2]], 'delivered+moving+exception', 'delivered+exception'],
    [
      'a hindrance that ended and came again',
      [['delivery_exception', 1]],
      [
        ['in_transit', 2],
        ['delivery_exception', 3],
      ],
      'exception',
      undefined,
    ],
    ['a hindrance that ended at the same instant', [['delivery_exception', 1]], [['in_transit', 1]], 'exception', undefined],
  ])('is late no more by %s, if it is over', (_what, before, news, stage, left) => {
    const parcel = { ...parcelFrom(trackParcel(label(), told(...before), ACT)), late: { stage, at: NOW.toISOString() } };

    expect(parcelFrom(trackParcel(parcel, told(...before, ...news), ACT)).late?.stage).toBe(left);
  });
});

describe('handing over, to the letter', () => {
  test.each<[string, Partial<Parcel>]>([
    ['packed', { status: 'packed', label: LABEL }],
    ['refused', { status: 'refused', label: LABEL }],
    ['without a label', { status: 'labelled' }],
  ])('of one that is %s is refused', (_what, change) => {
    expect(handed({ ...packedParcel(), ...change })).toMatchObject({ kind: 'refused', code: 'shipment.label-absent' });
  });

  test('may be told by a clock that is five minutes fast', () => {
    expect(handed(labelled(packedParcel(), LABEL, ACT), later(5 * 60_000))).toMatchObject({ status: 'labelled', handedOverAt: later(5 * 60_000).toISOString() });
  });
});

describe('a recall', () => {
  const recalled = () => recallParcel(packedParcel(), 'cancelled', ACT);

  test('waits for a person who has to say what was bought, and voids what is of no use', () => {
    expect(recallStep(recalled(), [purchase('absent'), { ...purchase('parked'), attempt: 2 }], NOW)).toEqual({
      do: 'nothing',
      why: 'a person has to say first what attempt 2 bought',
    });
    expect(recallStep(recalled(), [purchase('orphan')], NOW)).toMatchObject({ do: 'void', purchase: { status: 'orphan' } });
  });

  test.each<[Purchase['refund'], object]>([
    ['refunded', { do: 'unpack', refund: 'refunded', reason: 'unpacked; its label is voided' }],
    ['pending', { do: 'unpack', refund: 'pending', reason: 'unpacked; its label is voided, the refund asked for' }],
    ['lost', { do: 'unpack', refund: 'lost', reason: 'unpacked; the cost of its label is lost: ' }],
    [undefined, { do: 'unpack', reason: 'unpacked; it had no label' }],
  ])('ends with the money %s', (refund, step) => {
    const { refund: _, ...rest } = purchase('voided');

    expect(recallStep(recalled(), [refund === undefined ? purchase('absent') : { ...rest, refund }], NOW)).toEqual(step);
  });
});
