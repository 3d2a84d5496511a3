import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../core/client.ts';
import { addUnits, type Demand, lessUnits } from '../../core/inventory.ts';
import { completeIn, explode } from '../../core/kit.ts';
import { runs } from '../runs.ts';
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

describe('completeIn', () => {
  const { demand, kits } = explode(parts({ NIGHT: 2, LAMP: 1 }), client, []);

  test('everything that is needed makes all that was sold', () => {
    expect(completeIn(demand, kits, demand)).toEqual(parts({ LAMP: 1, NIGHT: 2 }));
  });

  test.each([
    ['parts wait for the rest of their kit', { TENT: 2 }, {}],
    ['a part that is sold singly too counts for the single ones first', { TENT: 2, LAMP: 2 }, { LAMP: 1 }],
    ['a kit is complete with its last part', { TENT: 2, LAMP: 3 }, { LAMP: 1, NIGHT: 1 }],
    ['without a part that no other has, no kit is complete', { LAMP: 5 }, { LAMP: 1 }],
    ['more than was sold makes no more than was sold', { TENT: 9, LAMP: 9 }, { LAMP: 1, NIGHT: 2 }],
    ['nothing makes nothing', {}, {}],
  ])('%s', (_, there, complete) => {
    expect(completeIn(demand, kits, parts(there))).toEqual(parts(complete));
  });

  test('without kits what is there counts, up to what was sold', () => {
    expect(completeIn(parts({ MUG: 2, TENT: 1 }), [], parts({ MUG: 5 }))).toEqual(parts({ MUG: 2 }));
  });

  test('all parts make all that was sold; more parts never make less of it, and never more than they are', () => {
    const sold = fc.array(fc.record({ sku: fc.constantFrom('CAMP', 'NIGHT', 'PAIR', 'MUG', 'TENT', 'LAMP'), quantity: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 6,
    });

    fc.assert(
      fc.property(sold, fc.array(fc.nat(4), { minLength: 60, maxLength: 60 }), (lines, cuts) => {
        const order = explode(lines, client, []);
        const parcels = packedInto(order.demand, cuts);

        const complete = parcels.map((_, index) => completeIn(order.demand, order.kits, parcels.slice(0, index + 1).flat()));

        expect(complete.at(-1)).toEqual(addUnits(lines));
        for (const [index, soFar] of complete.entries()) {
          expect(lessUnits(complete[index - 1] ?? [], soFar)).toEqual([]);
          expect(lessUnits(explode(soFar, client, order.kits).demand, addUnits(parcels.slice(0, index + 1).flat()))).toEqual([]);
        }
      }),
      { numRuns: runs(1_000) },
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
      { numRuns: runs(300) },
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
