import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Unavailable } from '../../core/error.ts';
import { addUnits, type Demand, lessUnits } from '../../core/inventory.ts';
import type { SoldKit } from '../../core/kit.ts';
import { type PackedParcel, soldUnitsSent } from '../../core/order.ts';
import { newsOf, requireLeft } from '../../core/write-back.ts';
import { runs } from '../runs.ts';

function parcelOf(parcel: number, units: Readonly<Record<string, number>>, status: PackedParcel['status'] = 'dispatched'): PackedParcel {
  return { parcel, warehouse: 'north', status, units: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity, warehouse: 'north' })) };
}

const units = (wanted: Readonly<Record<string, number>>): Demand[] => Object.entries(wanted).map(([sku, quantity]) => ({ sku, quantity }));
const CAMP: SoldKit = { sku: 'CAMP', quantity: 1, parts: units({ TENT: 1, MUG: 2 }) };

describe('a parcel that left', () => {
  test('completes an order of one parcel', () => {
    expect(newsOf({ demand: units({ TENT: 1 }), parcels: [parcelOf(1, { TENT: 1 })] }, 1, new Set())).toEqual({ units: units({ TENT: 1 }), completes: true });
  });

  test.each([
    ['while units are in no parcel', { demand: units({ TENT: 2 }), parcels: [parcelOf(1, { TENT: 1 })] }],
    ['while another has not left', { demand: units({ TENT: 2 }), parcels: [parcelOf(1, { TENT: 1 }), parcelOf(2, { TENT: 1 }, 'packed')] }],
    ['while the storefront has not heard of another that left', { demand: units({ TENT: 2 }), parcels: [parcelOf(1, { TENT: 1 }), parcelOf(2, { TENT: 1 })] }],
    ['when the storefront cancelled the order meanwhile', { demand: units({ TENT: 1 }), parcels: [parcelOf(1, { TENT: 1 })], ending: 'cancelled' as const }],
    ['when the storefront refunded all of it meanwhile', { demand: units({ TENT: 1 }), parcels: [parcelOf(1, { TENT: 1 })], ending: 'closed' as const }],
  ])('does not complete the order %s', (_, order) => {
    expect(newsOf(order, 1, new Set())).toEqual({ units: units({ TENT: 1 }), completes: false });
  });

  test.each(['recalled', 'unpacked'] as const)('completes the order beside one that was %s and packed anew', (status) => {
    const order = { demand: units({ TENT: 2 }), parcels: [parcelOf(1, { TENT: 1 }), parcelOf(2, { TENT: 1 }, status), parcelOf(3, { TENT: 1 }, 'delivered')] };

    expect(newsOf(order, 3, new Set([1]))).toEqual({ units: units({ TENT: 1 }), completes: true });
  });

  test('does not complete the order while one was called back and its units are in no parcel', () => {
    const order = { demand: units({ TENT: 2 }), parcels: [parcelOf(1, { TENT: 1 }), parcelOf(2, { TENT: 1 }, 'recalled')] };

    expect(newsOf(order, 1, new Set())).toMatchObject({ completes: false });
  });

  test('tells of a kit with its last part, whichever parcel leaves last', () => {
    const order = { demand: units({ TENT: 1, MUG: 2 }), kits: [CAMP], parcels: [parcelOf(1, { TENT: 1 }, 'packed'), parcelOf(2, { MUG: 2 })] };
    const both = { ...order, parcels: [parcelOf(1, { TENT: 1 }), parcelOf(2, { MUG: 2 })] };

    expect(newsOf(order, 2, new Set())).toEqual({ units: [], completes: false });
    expect(newsOf(both, 1, new Set([2]))).toEqual({ units: units({ CAMP: 1 }), completes: true });
  });
});

/** An order in parcels of arbitrary content, and the order in which they leave. */
const Orders = fc
  .record({
    kits: fc.array(fc.record({ sku: fc.constantFrom('CAMP', 'PICNIC'), quantity: fc.integer({ min: 1, max: 3 }), tents: fc.integer({ min: 0, max: 2 }) }), { maxLength: 2 }),
    singles: fc.array(fc.record({ sku: fc.constantFrom('TENT', 'MUG', 'LAMP'), quantity: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 3 }),
    cuts: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 40, maxLength: 40 }),
    turns: fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 }),
  })
  .map(({ kits, singles, cuts, turns }) => {
    const sold = [...new Map(kits.map((kit) => [kit.sku, kit])).values()].map(
      ({ sku, quantity, tents }): SoldKit => ({ sku, quantity, parts: units({ TENT: tents + 1, MUG: 2 }) }),
    );
    const demand = addUnits([...sold.flatMap(({ parts, quantity }) => parts.map((part) => ({ sku: part.sku, quantity: part.quantity * quantity }))), ...singles]);
    const single = demand.flatMap(({ sku, quantity }) => Array.from({ length: quantity }, () => sku));
    const contents = [1, 2, 3, 4]
      .map((parcel) => ({ parcel, skus: single.filter((_, index) => (cuts[index % cuts.length] ?? 0) === parcel - 1) }))
      .filter(({ skus }) => skus.length > 0);
    const parcels = contents.map(({ parcel, skus }) =>
      parcelOf(parcel, Object.fromEntries(addUnits(skus.map((sku) => ({ sku, quantity: 1 }))).map(({ sku, quantity }) => [sku, quantity]))),
    );
    return { sold, singles: addUnits(singles), demand, parcels, turns: turns.filter((turn) => parcels.some(({ parcel }) => parcel === turn)) };
  });

test('over all parcels, in whatever order they leave, a storefront hears of what it sold, once, and of the completion with the last', () => {
  let severalParcels = 0;
  fc.assert(
    fc.property(Orders, ({ sold, singles, demand, parcels, turns }) => {
      const told = new Set<number>();
      const heard: Demand[] = [];
      const completions: number[] = [];
      for (const turn of turns) {
        const left = parcels.map((one) => (told.has(one.parcel) || one.parcel === turn ? one : { ...one, status: 'packed' as const }));
        const order = { demand, kits: sold, parcels: left };
        const news = newsOf(order, turn, told);
        heard.push(...news.units);
        told.add(turn);
        if (news.completes) completions.push(turn);
        // What the storefront repeats is never more than we know to have left: it is never taken for somebody else's shipment.
        expect(lessUnits(addUnits(heard), soldUnitsSent(order))).toEqual([]);
      }
      severalParcels += turns.length > 1 ? 1 : 0;
      expect(addUnits(heard)).toEqual(addUnits([...sold.map(({ sku, quantity }) => ({ sku, quantity })), ...singles]));
      expect(completions).toEqual(turns.slice(-1));
    }),
    { numRuns: runs(2_000) },
  );
  expect(severalParcels).toBeGreaterThan(runs(1_000));
});

test('parcels that left before the storefront heard of any are told in any order, and the last told completes', () => {
  fc.assert(
    fc.property(Orders, ({ sold, singles, demand, parcels, turns }) => {
      const order = { demand, kits: sold, parcels };
      const told = new Set<number>();
      const news = turns.map((turn) => {
        const one = newsOf(order, turn, told);
        told.add(turn);
        return one;
      });

      expect(addUnits(news.flatMap((one) => one.units))).toEqual(addUnits([...sold.map(({ sku, quantity }) => ({ sku, quantity })), ...singles]));
      expect(news.map(({ completes }) => completes)).toEqual(turns.map((_, index) => index === turns.length - 1));
    }),
    { numRuns: runs(1_000) },
  );
});

describe('an order that does not know that a parcel left', () => {
  const order = (status: PackedParcel['status']) => ({ orderId: 'shop:1', parcels: [parcelOf(1, { TENT: 1 }, status)] });

  test.each(['packed', 'recalled'] as const)('and has it as %s is waited for', (status) => {
    expect(() => requireLeft(order(status), 1)).toThrow(expect.objectContaining({ name: 'Unavailable', code: 'order.behind', retryAfterSeconds: 2 }));
  });

  test('as it does not know the parcel, is waited for', () => {
    expect(() => requireLeft(order('dispatched'), 2)).toThrow(Unavailable);
  });

  test('as it was unpacked is a case for a person', () => {
    expect(() => requireLeft(order('unpacked'), 1)).toThrow(expect.objectContaining({ name: 'Rejected', code: 'shipment.parcel-unpacked' }));
  });

  test.each(['dispatched', 'delivered', 'returned'] as const)('is none where it has it as %s', (status) => {
    expect(() => requireLeft(order(status), 1)).not.toThrow();
  });
});
