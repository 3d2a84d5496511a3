import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { availableIn, type Place, placeKey } from '../../core/inventory.ts';
import { allocatedIn, compare, describeFindings, differencesOf, driftOf, type Folded, fold, isSameDrift, repairOf, unitsHeld } from '../../core/stock-check.ts';
import { runs } from '../runs.ts';

const place = fc.record({ sku: fc.constantFrom('TENT', 'MUG'), warehouse: fc.constantFrom('north', 'south'), lot: fc.constantFrom(undefined, 'a', 'b') });
const units = fc.integer({ min: -1_000, max: 1_000 });
const entry: fc.Arbitrary<Folded> = fc
  .record({ place, onHand: units, reserved: units, quarantined: units, incoming: units })
  .map(({ place: { sku, warehouse, lot }, ...deltas }) => ({ sku, warehouse, ...(lot !== undefined && { lot }), ...deltas }));
const entries = fc.array(entry, { maxLength: 40 });

const TENTS: Place = { sku: 'TENT', warehouse: 'north' };

function countersOf(sums: { readonly onHand: number; readonly reserved: number; readonly quarantined: number; readonly incoming: number }) {
  const { onHand, reserved, quarantined, incoming } = sums;
  return { onHand, reserved, quarantined, incoming, available: availableIn(sums) };
}

describe('the fold of the ledger', () => {
  test('is the sum of each counter per place, and leaves out places that add up to nothing', () => {
    fc.assert(
      fc.property(entries, (ledger) => {
        const sums = fold(ledger);

        for (const [key, own] of Map.groupBy(ledger, placeKey)) {
          for (const counter of ['onHand', 'reserved', 'quarantined', 'incoming'] as const) {
            expect(sums.get(key)?.[counter] ?? 0).toBe(own.reduce((sum, one) => sum + one[counter], 0));
          }
        }
        for (const [key, { onHand, reserved, quarantined, incoming }] of sums) {
          expect(ledger.map(placeKey)).toContain(key);
          expect([onHand, reserved, quarantined, incoming].some((sum) => sum !== 0)).toBe(true);
        }
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('is the same from a checkpoint on as from the beginning, wherever the checkpoint is', () => {
    fc.assert(
      fc.property(entries, fc.nat(40), (ledger, at) => {
        const checkpoint = fold(ledger.slice(0, at));

        const onwards = fold([...checkpoint.values(), ...ledger.slice(at)]);

        expect(new Map([...onwards].sort())).toEqual(new Map([...fold(ledger)].sort()));
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('does not depend on the order of the entries', () => {
    fc.assert(
      fc.property(entries, (ledger) => {
        expect(new Map([...fold(ledger.toReversed())].sort())).toEqual(new Map([...fold(ledger)].sort()));
      }),
    );
  });
});

test('a place is left out of the fold as soon as every counter of it is zero, and no sooner', () => {
  const moved = { ...TENTS, onHand: 0, reserved: 0, quarantined: 0, incoming: 0 };
  const back = (counter: 'onHand' | 'reserved' | 'quarantined' | 'incoming') =>
    fold([
      { ...moved, onHand: 1, reserved: 1, quarantined: 1, incoming: 1 },
      { ...moved, onHand: -1, reserved: -1, quarantined: -1, incoming: -1, [counter]: 0 },
    ]);

  for (const counter of ['onHand', 'reserved', 'quarantined', 'incoming'] as const) expect([...back(counter).values()]).toEqual([{ ...moved, [counter]: 1 }]);
  expect([
    ...fold([
      { ...moved, incoming: 2 },
      { ...moved, incoming: -2 },
    ]).keys(),
  ]).toEqual([]);
  expect([...fold([{ ...moved, onHand: 2 }]).values()][0]).not.toHaveProperty('lot');
});

test('a finding is another one when any figure is off by more or by less, and none is not one of some', () => {
  expect(isSameDrift({ onHand: 2 }, { onHand: 2 })).toBe(true);
  expect(isSameDrift({ onHand: 2 }, { onHand: 3 })).toBe(false);
  expect(isSameDrift({ onHand: 2, allocated: 1 }, { onHand: 2 })).toBe(false);
  expect(isSameDrift({}, { incoming: 0 })).toBe(true);
  expect(
    driftOf([
      { ...TENTS, counter: 'onHand', is: 5, should: 3 },
      { ...TENTS, counter: 'allocated', is: 1, should: 2 },
    ]),
  ).toEqual({ onHand: 2, allocated: -1 });
});

describe('a comparison', () => {
  const sound = fc.record({ available: fc.nat(500), reserved: fc.nat(500), quarantined: fc.nat(500), incoming: fc.nat(500) });

  test('finds nothing where the counters are the fold and the orders have what is reserved', () => {
    fc.assert(
      fc.property(sound, ({ available, reserved, quarantined, incoming }) => {
        const folded = { onHand: available + reserved + quarantined, reserved, quarantined, incoming };

        expect(compare(TENTS, countersOf(folded), folded, reserved)).toEqual([]);
      }),
    );
  });

  test('finds exactly the figures that are off, with what they are and should be, and repair sets them right', () => {
    const off = fc.record({ onHand: units, reserved: units, quarantined: units, available: units, incoming: units });
    fc.assert(
      fc.property(sound, off, fc.nat(3), ({ available, reserved, quarantined, incoming }, by, strayed) => {
        const folded = { onHand: available + reserved + quarantined, reserved, quarantined, incoming };
        const should = { ...countersOf(folded), allocated: reserved };
        const is = {
          onHand: should.onHand + by.onHand,
          reserved: reserved + by.reserved,
          quarantined: quarantined + by.quarantined,
          available: available + by.available,
          incoming: incoming + by.incoming,
        };

        const findings = compare(TENTS, is, folded, reserved + strayed);

        const wrong = (['onHand', 'reserved', 'quarantined', 'available', 'incoming', 'allocated'] as const).filter((name) =>
          name === 'allocated' ? strayed > 0 : by[name] !== 0,
        );
        expect(findings.map(({ counter }) => counter)).toEqual(wrong);
        for (const finding of findings) {
          expect(finding.should).toBe(should[finding.counter]);
          expect(finding.is).toBe(finding.counter === 'allocated' ? reserved + strayed : is[finding.counter]);
        }
        const repaired = repairOf(findings, folded);
        if (wrong.length === 0 || strayed > 0) expect(repaired).toBeUndefined();
        else expect(compare(TENTS, repaired, folded, reserved)).toEqual([]);
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('knows a finding again after more has moved', () => {
    fc.assert(
      fc.property(sound, units, units, ({ available, reserved, quarantined, incoming }, off, moved) => {
        const before = { onHand: available + reserved + quarantined, reserved, quarantined, incoming };
        const after = { ...before, onHand: before.onHand + moved };
        const driftAt = (folded: typeof before) => {
          const counters = countersOf(folded);
          return driftOf(compare(TENTS, { ...counters, onHand: counters.onHand + off }, folded, reserved).filter(({ counter }) => counter === 'onHand' && off !== 0));
        };

        const isBelowZero = [before, after].some((folded) => folded.onHand < 0 || folded.onHand + off < 0);
        if (!isBelowZero) expect(isSameDrift(driftAt(before), driftAt(after))).toBe(true);
      }),
    );
  });

  test('takes a place without counters for one that has nothing', () => {
    expect(compare(TENTS, undefined, undefined, 0)).toEqual([]);
    expect(compare(TENTS, undefined, { onHand: 3, reserved: 0, quarantined: 0, incoming: 0 }, 0)).toEqual([
      { ...TENTS, counter: 'onHand', is: 0, should: 3 },
      { ...TENTS, counter: 'available', is: 0, should: 3 },
    ]);
  });

  test('finds what is below zero although the ledger says the same, and does not repair it', () => {
    const folded = { onHand: -2, reserved: 0, quarantined: 0, incoming: 0 };

    const findings = compare(TENTS, countersOf(folded), folded, 0);

    expect(findings).toEqual([
      { ...TENTS, counter: 'onHand', is: -2, should: 0 },
      { ...TENTS, counter: 'available', is: -2, should: 0 },
    ]);
    expect(repairOf(findings, folded)).toBeUndefined();
  });

  test('is told in words', () => {
    const findings = compare(
      { ...TENTS, lot: 'a' },
      { onHand: 13, reserved: 2, quarantined: 0, available: 11, incoming: 0 },
      { onHand: 10, reserved: 2, quarantined: 0, incoming: 0 },
      3,
    );

    expect(findings[0]).toEqual({ ...TENTS, lot: 'a', counter: 'onHand', is: 13, should: 10 });
    expect(describeFindings(findings)).toBe('on hand 13, by the ledger 10; available 11, by the ledger 8; allocated to orders 3, by the ledger 2');
  });
});

describe('what orders have allocated', () => {
  test('is added up per place and order', () => {
    const held = allocatedIn([
      {
        orderId: 'shop:1',
        allocations: [
          { ...TENTS, quantity: 2 },
          { ...TENTS, lot: 'a', quantity: 1 },
        ],
      },
      { orderId: 'shop:2', allocations: [{ ...TENTS, quantity: 3 }] },
      { orderId: 'shop:3', allocations: [] },
    ]);

    expect([...held.values()].map((one) => [one.lot, unitsHeld(one), [...one.orders.keys()]])).toEqual([
      [undefined, 5, ['shop:1', 'shop:2']],
      ['a', 1, ['shop:1']],
    ]);
    expect(unitsHeld(undefined)).toBe(0);
  });

  test('names the orders of which the ledger says something else, each once', () => {
    const orders = new Map([
      ['shop:1', 2],
      ['shop:2', 3],
      ['shop:4', 1],
    ]);
    const ledger = new Map([
      ['shop:1', 2],
      ['shop:2', 1],
      ['shop:3', 1],
      ['booking-1', 0],
    ]);

    expect(differencesOf(orders, ledger)).toEqual([
      { orderId: 'shop:2', allocated: 3, reserved: 1 },
      { orderId: 'shop:3', allocated: 0, reserved: 1 },
      { orderId: 'shop:4', allocated: 1, reserved: 0 },
    ]);
  });
});
