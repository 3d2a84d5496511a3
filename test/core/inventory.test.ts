import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Movement, netMovements, packing, placeKey, receiving, releasing, reserving, unpacking } from '../../core/inventory.ts';
import { StockView } from '../../core/stock-view.ts';

const ALLOCATION = { sku: 'TENT', warehouse: 'north', quantity: 3 };

describe('stock moves', () => {
  test('a reservation takes from what is available and keeps what is on the shelf', () => {
    const view = new StockView([{ sku: 'TENT', warehouse: 'north', available: 5 }]);

    view.move(reserving(ALLOCATION, 'shop:1'));

    expect(view.available('TENT', 'north')).toBe(2);
    expect(reserving(ALLOCATION, 'shop:1')).toMatchObject({ onHand: 0, reserved: 3 });
  });

  test('packing spends the reservation, so what is available stays', () => {
    const view = new StockView([{ sku: 'TENT', warehouse: 'north', available: 2 }]);

    view.move(packing(ALLOCATION, 'shop:1'));

    expect(view.available('TENT', 'north')).toBe(2);
  });

  test.each<[string, () => Movement, Partial<Movement>]>([
    ['reserving', () => reserving(ALLOCATION, 'a'), { reserved: 3, reason: 'reserved' }],
    ['releasing', () => releasing(ALLOCATION, 'a'), { reserved: -3, reason: 'released' }],
    ['packing', () => packing(ALLOCATION, 'a'), { onHand: -3, reserved: -3, reason: 'packed' }],
    ['unpacking', () => unpacking(ALLOCATION, 'a'), { onHand: 3, quarantined: 3, reason: 'unpacked' }],
    ['receiving', () => receiving(ALLOCATION, 2, 'a'), { onHand: 3, incoming: -2, reason: 'received' }],
  ])('%s says why, moves its own counters and no other, and names no lot where there is none', (_name, movement, moved) => {
    expect(movement()).toStrictEqual({ sku: 'TENT', warehouse: 'north', onHand: 0, reserved: 0, quarantined: 0, incoming: 0, cause: 'a', ...moved });
  });

  test('a place has a name, and each of its lots has another', () => {
    expect(placeKey(ALLOCATION)).toBe('north TENT');
    expect(placeKey({ ...ALLOCATION, lot: 'L1' })).toBe('north TENT\nL1');
  });

  test('reserving and releasing cancel out to nothing', () => {
    const allocation = fc.record({ sku: fc.constantFrom('TENT', 'MUG'), warehouse: fc.constantFrom('north', 'south'), quantity: fc.integer({ min: 1, max: 1_000 }) });

    fc.assert(
      fc.property(fc.array(allocation), (allocations) => {
        const movements = [...allocations.map((one) => reserving(one, 'a')), ...allocations.map((one) => releasing(one, 'a'))];
        for (const net of netMovements(movements).values()) expect(net).toMatchObject({ onHand: 0, reserved: 0, incoming: 0 });
      }),
    );
  });

  test('net movements are the sums per SKU and warehouse', () => {
    const net = netMovements([reserving(ALLOCATION, 'a'), packing(ALLOCATION, 'a'), reserving({ ...ALLOCATION, warehouse: 'south' }, 'b')]);

    expect([...net.values()]).toStrictEqual([
      { sku: 'TENT', warehouse: 'north', onHand: -3, reserved: 0, quarantined: 0, incoming: 0 },
      { sku: 'TENT', warehouse: 'south', onHand: 0, reserved: 3, quarantined: 0, incoming: 0 },
    ]);
  });
});
