import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endRecall, follow, recall, takeBack } from '../../core/course.ts';
import { takeIn } from '../../core/intake.ts';
import { addUnits, lessUnits, netMovements } from '../../core/inventory.ts';
import { type Act, isLive, missingUnits, type Order, openDemand, type Saved } from '../../core/order.ts';
import type { OrderDocument } from '../../core/order-document.ts';
import { pack, packWhole } from '../../core/packing.ts';
import { PACKAGING_GRAMS, parcelOf } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from './samples.ts';

const CLIENT = sampleClient({ policies: { authorisation: { mode: 'automatic' }, allocation: { split: 'warehouses' } } });
const ACT: Act = { by: 'packer', now: NOW };
const SITES = CLIENT.warehouses.map(({ id }) => id);

function saved(outcome: Saved | { kind: string } | undefined): Saved {
  if (outcome === undefined || !('order' in outcome)) throw new Error(`was ${JSON.stringify(outcome)}`);
  return outcome;
}

/** An order of up to six units of each product, packed from two warehouses wherever one has not enough. */
const anyPacked = fc
  .record({
    units: fc.dictionary(fc.constantFrom('TENT', 'MUG', 'LAMP'), fc.integer({ min: 1, max: 6 }), { minKeys: 1, noNullPrototype: true }),
    north: fc.nat(5),
  })
  .map(({ units, north }) => packed(sampleOrder({ lines: Object.entries(units).map(([sku, quantity]) => sampleLine(sku, quantity)) }), north));

function packed(document: OrderDocument, north: number): Order {
  const stock = new StockView(CLIENT.products.flatMap(({ sku }) => SITES.map((warehouse) => ({ sku, warehouse, available: warehouse === 'north' ? north : 6 }))));
  return saved(packWhole(saved(takeIn(document, undefined, seeing(stock, CLIENT), ACT)).order, CLIENT, ACT)).order;
}

describe('scans of several parcels', () => {
  const anyScan = fc.record({ parcel: fc.integer({ min: 1, max: 2 }), to: fc.constantFrom('dispatched', 'delivered', 'returned') });

  test('come to the same in any order, however often they are repeated', () => {
    const scans = fc.array(anyScan, { maxLength: 8 }).chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray([...some, ...some], { minLength: some.length * 2 })));

    fc.assert(
      fc.property(anyPacked, scans, (order, [some, shuffled]) => {
        const courses = [some, shuffled].map((list) => list.reduce((one, { parcel, to }) => follow(one, parcel, to, NOW.toISOString(), ACT)?.order ?? one, order));
        expect(courses[1]?.parcels).toEqual(courses[0]?.parcels);
        expect(courses[1]?.status).toBe(courses[0]?.status);
      }),
      { numRuns: runs(500) },
    );
  });

  test('never move an order back: it is where the last of its parcels is', () => {
    const ranks = ['packed', 'dispatched', 'delivered', 'returned'];

    fc.assert(
      fc.property(anyPacked, fc.array(anyScan, { maxLength: 8 }), (order, scans) => {
        let before = order;
        for (const { parcel, to } of scans) {
          const step = follow(before, parcel, to, NOW.toISOString(), ACT);
          if (step === undefined) continue;
          expect(step.movements).toEqual([]);
          expect(ranks.indexOf(step.order.status)).toBeGreaterThanOrEqual(ranks.indexOf(before.status));
          before = step.order;
        }
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('a recall', () => {
  test('and its end put back exactly what packing took, into quarantine, and the order lacks exactly that', () => {
    fc.assert(
      fc.property(anyPacked, fc.nat(), (order, index) => {
        const entry = order.parcels[index % order.parcels.length];
        if (entry === undefined) return;

        const called = saved(recall(order, entry.parcel, 'wrong', ACT));
        const { order: ended, movements } = saved(endRecall(called.order, entry.parcel, 'unpacked', 'found', ACT));

        expect(called.movements).toEqual([]);
        expect([...netMovements(movements).values()].map(({ onHand, quarantined, reserved }) => [onHand - quarantined, reserved])).toEqual(movements.map(() => [0, 0]));
        expect(addUnits(movements.map(({ sku, onHand }) => ({ sku, quantity: onHand })))).toEqual(addUnits(entry.units));
        expect(missingUnits(ended)).toEqual(addUnits(entry.units));
        expect(endRecall(ended, entry.parcel, 'unpacked', 'again', ACT)).toMatchObject({ code: 'shipment.not-recalled' });
        expect(follow(ended, entry.parcel, 'dispatched', NOW.toISOString(), ACT)).toBeUndefined();
      }),
      { numRuns: runs(500) },
    );
  });

  test('of a parcel that left all the same gives up what was reserved anew, and holds the order', () => {
    fc.assert(
      fc.property(anyPacked, fc.boolean(), (order, isScan) => {
        const called = saved(recall(order, 1, 'wrong', ACT)).order;
        const units = called.parcels[0]?.units ?? [];
        const refilled = { ...called, allocations: units };

        const { order: left, movements } = saved(isScan ? follow(refilled, 1, 'dispatched', NOW.toISOString(), ACT) : endRecall(refilled, 1, 'left', 'scanned', ACT));

        expect(left).toMatchObject({ allocations: [], holds: [{ kind: 'client', standing: true }] });
        expect(openDemand(left)).toEqual([]);
        expect(addUnits(movements.map(({ sku, reserved }) => ({ sku, quantity: -reserved })))).toEqual(addUnits(units));
      }),
      { numRuns: runs(300) },
    );
  });
});

test('no more comes back than was sent, and when all of it has, the order is returned', () => {
  const anyReturns = fc.array(fc.record({ sku: fc.constantFrom('TENT', 'MUG', 'LAMP'), quantity: fc.integer({ min: 1, max: 4 }) }), { maxLength: 12 });

  fc.assert(
    fc.property(anyPacked, anyReturns, (order, returns) => {
      const sent = order.parcels.reduce((one, { parcel }) => saved(follow(one, parcel, 'delivered', NOW.toISOString(), ACT)).order, order);
      const units = addUnits(sent.parcels.filter(isLive).flatMap((parcel) => parcel.units));
      let after = sent;
      for (const line of returns) {
        const outcome = takeBack(after, [line], ACT);
        const isTooMuch = lessUnits([...(after.returned ?? []), line].length > 0 ? addUnits([...(after.returned ?? []), line]) : [], units).length > 0;
        expect(outcome.kind).toBe(isTooMuch ? 'refused' : 'saved');
        if (outcome.kind === 'saved') after = outcome.order;
      }
      expect(after.status).toBe(lessUnits(units, after.returned ?? []).length === 0 ? 'returned' : 'delivered');
    }),
    { numRuns: runs(500) },
  );
});

describe('packing into several boxes', () => {
  const reserved = (units: Record<string, number>) => {
    const document = sampleOrder({ lines: Object.entries(units).map(([sku, quantity]) => sampleLine(sku, quantity)) });
    const stock = new StockView(CLIENT.products.map(({ sku }) => ({ sku, warehouse: 'north', available: 9 })));
    return saved(takeIn(document, undefined, seeing(stock, CLIENT), ACT)).order;
  };

  test('makes a parcel of each box, which together hold what was reserved, however it is shared out', () => {
    const units = fc.dictionary(fc.constantFrom('TENT', 'MUG', 'LAMP'), fc.integer({ min: 1, max: 5 }), { minKeys: 1, noNullPrototype: true });
    const plans = units.chain((wanted) => {
      const singles = Object.entries(wanted).flatMap(([sku, quantity]) => Array.from({ length: quantity }, () => sku));
      return fc.tuple(fc.constant(wanted), fc.constant(singles), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: singles.length, maxLength: singles.length }));
    });

    fc.assert(
      fc.property(plans, ([wanted, singles, boxes]) => {
        const scanned = singles.map((sku, index) => ({ sku, quantity: 1, box: boxes[index] ?? 1 }));
        const order = reserved(wanted);
        const outcome = pack(order, undefined, scanned, CLIENT, ACT);
        if (outcome.kind === 'refused') throw new Error(outcome.why);
        const used = [...new Set(boxes)].sort((a, b) => a - b);
        expect(outcome.packed.map(({ units: own }) => addUnits(own))).toEqual(
          used.map((box) => expect.arrayContaining(addUnits(scanned.filter((scan) => scan.box === box).map(({ sku, quantity }) => ({ sku, quantity }))))),
        );
        expect(outcome.order.parcels.map(({ parcel }) => parcel)).toEqual(used.map((_, index) => index + 1));
        expect(outcome.order.allocations).toEqual([]);
        expect(outcome.movements).toHaveLength(order.allocations.length);
        expect(outcome.order.status).toBe('packed');
      }),
      { numRuns: runs(300) },
    );
  });

  test('takes what a box weighs and measures, and refuses measures of boxes that nothing went into', () => {
    const order = reserved({ TENT: 2 });
    const scanned = [1, 2].map((box) => ({ sku: 'TENT', quantity: 1, box }));
    const measured = [{ weight: 2_600, dimensions: { length: 500, width: 200, height: 180 } }, {}];

    const outcome = pack(order, undefined, scanned, CLIENT, ACT, measured);

    if (outcome.kind === 'refused') throw new Error(outcome.why);
    const parcels = outcome.packed.map((one) => parcelOf(outcome.order, one, CLIENT, ACT));
    expect(parcels).toMatchObject([
      { parcel: 1, weight: 2_600, dimensions: { length: 500 } },
      { parcel: 2, weight: 500 + PACKAGING_GRAMS },
    ]);
    expect(pack(order, undefined, scanned, CLIENT, ACT, [...measured, {}])).toMatchObject({ kind: 'refused', code: 'shipment.boxes-differ' });
  });
});
