import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { moving, packing, receiving, releasing, reserving } from '../../core/inventory.ts';
import { StockView } from '../../core/stock-view.ts';
import { runs } from '../runs.ts';

const lot = (name: string, expiresOn: string | undefined, available: number, warehouse = 'north') => ({ sku: 'MILK', warehouse, lot: name, expiresOn, available });
const LOTS = [lot('C', undefined, 9), lot('B', '2026-12-05', 4), lot('A', '2026-12-01', 3), lot('D', '2026-12-05', 2)];

describe('what is available', () => {
  test('is nothing where nothing was read', () => {
    expect(new StockView([]).available('TENT', 'north')).toBe(0);
    expect(new StockView([]).pick('TENT', 'north', 5)).toEqual([]);
  });

  test('is added up over the lots of a warehouse, and not over warehouses', () => {
    const view = new StockView([...LOTS, lot('A', '2026-12-01', 100, 'south')]);

    expect(view.available('MILK', 'north')).toBe(18);
    expect(view.available('MILK', 'south')).toBe(100);
  });

  test('leaves out lots that may not be promised', () => {
    const view = new StockView(LOTS, ({ expiresOn }) => expiresOn === undefined || expiresOn > '2026-12-01');

    expect(view.available('MILK', 'north')).toBe(15);
    expect(view.pick('MILK', 'north', 1)).toEqual([{ sku: 'MILK', warehouse: 'north', lot: 'B', expiresOn: '2026-12-05', quantity: 1 }]);
  });

  test('a lot that may not be promised does not become available when units are put back into it', () => {
    const view = new StockView(LOTS, ({ expiresOn }) => expiresOn === undefined || expiresOn > '2026-12-01');

    view.move(releasing({ sku: 'MILK', warehouse: 'north', lot: 'A', quantity: 5 }, 'a'));

    expect(view.available('MILK', 'north')).toBe(15);
  });

  test('a place that is short counts as empty and takes nothing from the others', () => {
    const view = new StockView(LOTS);

    view.move(reserving({ sku: 'MILK', warehouse: 'north', lot: 'A', quantity: 5 }, 'a'));

    expect(view.available('MILK', 'north')).toBe(15);
    view.move(releasing({ sku: 'MILK', warehouse: 'north', lot: 'A', quantity: 3 }, 'b'));
    expect(view.available('MILK', 'north')).toBe(16);
  });
});

describe('pick', () => {
  test('takes what expires first, lots of one day by name, and last what never expires', () => {
    const picked = new StockView(LOTS).pick('MILK', 'north', 18);

    expect(picked.map((place) => [place.lot, place.quantity])).toEqual([
      ['A', 3],
      ['B', 4],
      ['D', 2],
      ['C', 9],
    ]);
  });

  test('takes no more than is asked for, and says of which lot', () => {
    expect(new StockView(LOTS).pick('MILK', 'north', 5)).toEqual([
      { sku: 'MILK', warehouse: 'north', lot: 'A', expiresOn: '2026-12-01', quantity: 3 },
      { sku: 'MILK', warehouse: 'north', lot: 'B', expiresOn: '2026-12-05', quantity: 2 },
    ]);
  });

  test('takes what is there where less is there', () => {
    const view = new StockView([{ sku: 'TENT', warehouse: 'north', available: 2 }]);

    expect(view.pick('TENT', 'north', 5)).toEqual([{ sku: 'TENT', warehouse: 'north', quantity: 2 }]);
    expect(view.available('TENT', 'north')).toBe(2);
  });

  test('takes nothing from a lot that is empty', () => {
    expect(new StockView([lot('A', '2026-12-01', 0), lot('B', '2026-12-05', 1)]).pick('MILK', 'north', 2)).toHaveLength(1);
  });
});

describe('move', () => {
  test('follows every kind of movement by what it does to available units', () => {
    const view = new StockView([{ sku: 'TENT', warehouse: 'north', available: 5 }]);
    const place = { sku: 'TENT', warehouse: 'north' };

    view.move(reserving({ ...place, quantity: 2 }, 'a'));
    view.move(packing({ ...place, quantity: 2 }, 'a'));
    view.move(moving(place, { quarantined: 1 }, 'damaged', 'b'));
    view.move(moving(place, { incoming: 12 }, 'requested', 'c'));

    expect(view.available('TENT', 'north')).toBe(2);
  });

  test('a place that was not read begins with none', () => {
    const view = new StockView([]);

    view.move(receiving({ sku: 'TENT', warehouse: 'north', quantity: 4 }, 0, 'a'));

    expect(view.available('TENT', 'north')).toBe(4);
  });

  test('what is picked and reserved is gone, and comes back when it is released; the order of readings does not matter', () => {
    const readings = fc.uniqueArray(
      fc.record({ lot: fc.constantFrom('A', 'B', 'C', 'D', 'E'), expiresOn: fc.constantFrom(undefined, '2026-12-01', '2026-12-02'), available: fc.nat(20) }),
      { selector: (reading) => reading.lot },
    );

    fc.assert(
      fc.property(readings, fc.nat(120), (lots, quantity) => {
        const stock = lots.map((reading) => ({ sku: 'MILK', warehouse: 'north', ...reading }));
        const view = new StockView(stock);
        const before = view.available('MILK', 'north');

        const picked = view.pick('MILK', 'north', quantity);

        expect(picked).toEqual(new StockView([...stock].reverse()).pick('MILK', 'north', quantity));
        expect(picked.reduce((sum, place) => sum + place.quantity, 0)).toBe(Math.min(quantity, before));
        expect(picked.every((place) => place.quantity > 0)).toBe(true);
        for (const place of picked) view.move(reserving(place, 'a'));
        expect(view.available('MILK', 'north')).toBe(before - Math.min(quantity, before));
        for (const place of picked) view.move(releasing(place, 'a'));
        expect(view.pick('MILK', 'north', quantity)).toEqual(picked);
      }),
      { numRuns: runs(1_000) },
    );
  });
});
