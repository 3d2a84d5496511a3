import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../core/client.ts';
import { addUnits, type Demand, lessUnits } from '../../core/inventory.ts';
import { completedBy, explode } from '../../core/kit.ts';
import { sampleClient } from './samples.ts';

const parts = (units: Record<string, number>) => Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
const KITS = [
  { sku: 'CAMP', name: 'Camp', parts: parts({ NIGHT: 1, MUG: 2 }) },
  { sku: 'NIGHT', name: 'Night', parts: parts({ TENT: 1, LAMP: 2 }) },
  { sku: 'PAIR', name: 'Pair of mugs', parts: parts({ MUG: 2 }) },
];
const client = sampleClient({ kits: KITS });

describe('explode', () => {
  test('a client without kits sells what it keeps', () => {
    expect(explode(parts({ TENT: 2, MUG: 1 }), sampleClient(), [])).toEqual({ demand: parts({ MUG: 1, TENT: 2 }), kits: [] });
  });

  test('a kit within a kit is taken apart to the last product', () => {
    expect(explode(parts({ CAMP: 3 }), client, [])).toEqual({
      demand: parts({ LAMP: 6, MUG: 6, TENT: 3 }),
      kits: [{ sku: 'CAMP', quantity: 3, parts: parts({ LAMP: 2, MUG: 2, TENT: 1 }) }],
    });
  });

  test('a kit and its part on another line, and two kits that share a part, are added up to one demand', () => {
    const { demand, kits } = explode(
      [
        { sku: 'CAMP', quantity: 1 },
        { sku: 'MUG', quantity: 3 },
        { sku: 'PAIR', quantity: 2 },
        { sku: 'MUG', quantity: 1 },
      ],
      client,
      [],
    );

    expect(demand).toEqual(parts({ LAMP: 2, MUG: 10, TENT: 1 }));
    expect(kits.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ['CAMP', 1],
      ['PAIR', 2],
    ]);
  });

  test('two lines of one kit are one kit with the units of both', () => {
    const twice = [
      { sku: 'PAIR', quantity: 1 },
      { sku: 'PAIR', quantity: 4 },
    ];

    expect(explode(twice, client, []).kits).toEqual([{ sku: 'PAIR', quantity: 5, parts: parts({ MUG: 2 }) }]);
  });

  test('the recipe of the day the order came in wins over one that was changed since', () => {
    const frozen = explode(parts({ CAMP: 1 }), client, []).kits;
    const changed = sampleClient({ kits: [{ sku: 'CAMP', name: 'Camp', parts: parts({ TENT: 5 }) }] });

    expect(explode(parts({ CAMP: 2 }), changed, frozen).demand).toEqual(parts({ LAMP: 4, MUG: 4, TENT: 2 }));
    expect(explode(parts({ CAMP: 2 }), sampleClient(), frozen).demand).toEqual(parts({ LAMP: 4, MUG: 4, TENT: 2 }));
  });

  test('a SKU that nobody knows stays as it is, for a person to see', () => {
    expect(explode(parts({ UNKNOWN: 2, '': 1 }), client, [])).toEqual({ demand: parts({ '': 1, UNKNOWN: 2 }), kits: [] });
  });

  test('kits nested ten deep are taken apart once each, not once for each way to them', () => {
    const level = (index: number) => ({ sku: `K${index}`, name: 'Kit', parts: [{ sku: index === 0 ? 'MUG' : `K${index - 1}`, quantity: 2 }] });
    const deep = sampleClient({ kits: Array.from({ length: 10 }, (_, index) => level(9 - index)) });

    expect(explode(parts({ K9: 1 }), deep, []).demand).toEqual(parts({ MUG: 1_024 }));
  });
});

describe('completedBy', () => {
  const { demand, kits } = explode(parts({ NIGHT: 2, LAMP: 1 }), client, []);

  test('one parcel with everything completes all that was sold', () => {
    expect(completedBy(demand, kits, [demand], 0)).toEqual(parts({ LAMP: 1, NIGHT: 2 }));
  });

  test('parts wait for the parcel that brings the rest of their kit', () => {
    const parcels = [parts({ TENT: 2 }), parts({ LAMP: 3 }), parts({ LAMP: 2 })];

    expect(parcels.map((_, index) => completedBy(demand, kits, parcels, index))).toEqual([[], parts({ LAMP: 1, NIGHT: 1 }), parts({ NIGHT: 1 })]);
  });

  test('a part that left as a single product is not told of again as part of a kit', () => {
    const parcels = [parts({ LAMP: 1 }), parts({ TENT: 2, LAMP: 2 }), parts({ LAMP: 2 })];

    expect(parcels.map((_, index) => completedBy(demand, kits, parcels, index))).toEqual([parts({ LAMP: 1 }), parts({ NIGHT: 1 }), parts({ NIGHT: 1 })]);
  });

  test('units that could be either are told of as the kit', () => {
    const parcels = [parts({ TENT: 1, LAMP: 2 }), parts({ TENT: 1, LAMP: 3 })];

    expect(parcels.map((_, index) => completedBy(demand, kits, parcels, index))).toEqual([parts({ NIGHT: 1 }), parts({ LAMP: 1, NIGHT: 1 })]);
  });

  test('without kits a parcel completes what it holds', () => {
    expect(completedBy(parts({ MUG: 2, TENT: 1 }), [], [parts({ MUG: 2 }), parts({ TENT: 1 })], 1)).toEqual(parts({ TENT: 1 }));
  });

  test('a parcel that holds more than was sold completes no more than was sold', () => {
    expect(completedBy(parts({ MUG: 2 }), [], [parts({ MUG: 5 })], 0)).toEqual(parts({ MUG: 2 }));
  });

  test('an index past the last parcel, and an order without parcels, complete nothing', () => {
    expect(completedBy(demand, kits, [demand], 1)).toEqual([]);
    expect(completedBy(demand, kits, [], 0)).toEqual([]);
  });

  test('over the parcels of an order that shipped in full it adds up to what was sold, in whatever way it was packed', () => {
    const sold = fc.array(fc.record({ sku: fc.constantFrom('CAMP', 'NIGHT', 'PAIR', 'MUG', 'TENT', 'LAMP'), quantity: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 6,
    });

    fc.assert(
      fc.property(sold, fc.array(fc.nat(4), { minLength: 60, maxLength: 60 }), (lines, cuts) => {
        const order = explode(lines, client, []);
        const parcels = packedInto(order.demand, cuts);

        const completed = parcels.map((_, index) => completedBy(order.demand, order.kits, parcels, index));

        expect(addUnits(completed.flat())).toEqual(addUnits(lines));
        for (const [index] of parcels.entries()) {
          const told = explode(completed.slice(0, index + 1).flat(), client, order.kits).demand;
          expect(lessUnits(told, addUnits(parcels.slice(0, index + 1).flat()))).toEqual([]);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('recipes', () => {
  test('taking apart sold units again with their frozen recipes gives the same, whatever the client file says then', () => {
    const products = ['MUG', 'TENT', 'LAMP'];
    const kitsOf = (recipes: readonly Demand[][]): Client =>
      sampleClient({ kits: recipes.map((own, index) => ({ sku: `K${index}`, name: 'Kit', parts: index === 0 ? own : [...own, { sku: `K${index - 1}`, quantity: 1 }] })) });
    const recipe = fc.uniqueArray(fc.record({ sku: fc.constantFrom(...products), quantity: fc.integer({ min: 1, max: 5 }) }), { minLength: 1, selector: ({ sku }) => sku });
    const sold = fc.array(fc.record({ sku: fc.constantFrom('K0', 'K1', 'K2', ...products), quantity: fc.integer({ min: 1, max: 9 }) }));

    fc.assert(
      fc.property(fc.tuple(recipe, recipe, recipe), fc.tuple(recipe, recipe, recipe), sold, (then, now, lines) => {
        const order = explode(lines, kitsOf(then), []);

        expect(explode(lines, kitsOf(now), order.kits)).toEqual(order);
        expect(order.demand.every(({ sku }) => products.includes(sku))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

/** Packs units one by one into the parcels that the numbers name. */
function packedInto(demand: readonly Demand[], cuts: readonly number[]): Demand[][] {
  const parcels: Demand[][] = [[], [], [], [], []];
  const units = demand.flatMap(({ sku, quantity }) => Array.from({ length: quantity }, () => ({ sku, quantity: 1 })));
  units.forEach((unit, index) => void parcels[cuts[index % cuts.length] ?? 0]?.push(unit));
  return parcels;
}
