import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Stock } from '../../core/inventory.ts';
import { answerSupply, dailyUse, requestSupply, type SupplyRequest, supplyNeed } from '../../core/supply.ts';
import { NOW, sampleClient } from './samples.ts';

const REORDER = { point: 10, upTo: 50, multiple: 12 };

function stockOf(available: number, incoming = 0): Stock {
  const change = { type: 'stock.moved', at: NOW.toISOString(), by: 'hub', reason: '' } as const;
  return { entity: 'stock', sku: 'TENT', warehouse: 'north', onHand: available, reserved: 0, quarantined: 0, available, incoming, reorderPoint: 2, version: 1, change };
}

describe('asking a plant', () => {
  test.each([
    [11, 0, undefined],
    [10, 0, 48],
    [0, 0, 60],
    [5, 45, undefined],
    [5, 44, 12],
    [-3, 0, 60],
  ])('with %d available and %d incoming it asks for %s', (available, incoming, quantity) => {
    expect(supplyNeed({ available, incoming }, REORDER)).toBe(quantity);
  });

  test('what is asked for lifts stock up to the level, by less than one multiple more', () => {
    const reorder = fc.record({ point: fc.integer({ min: 0, max: 50 }), upTo: fc.integer({ min: 51, max: 200 }), multiple: fc.integer({ min: 1, max: 30 }) });

    fc.assert(
      fc.property(reorder, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), (numbers, available, incoming) => {
        const quantity = supplyNeed({ available, incoming }, numbers);
        if (quantity === undefined) return;
        expect(quantity % numbers.multiple).toBe(0);
        expect(available + incoming + quantity).toBeGreaterThanOrEqual(numbers.upTo);
        expect(available + incoming + quantity).toBeLessThan(numbers.upTo + numbers.multiple);
      }),
    );
  });

  test('a request states the figures it rests on and the day it is needed', () => {
    const client = sampleClient();
    const [product] = client.products;
    const [plant] = client.plants;
    if (product === undefined || plant === undefined) throw new Error('the sample client has no product or plant');

    const request = requestSupply(stockOf(2), product, plant, { requestId: 'R1', dailyUse: 1.5, now: NOW, version: 1 });

    expect(request).toEqual({
      entity: 'supply',
      requestId: 'R1',
      plant: 'mill',
      sku: 'TENT',
      warehouse: 'north',
      status: 'open',
      quantity: 18,
      received: 0,
      basis: { onHand: 2, reserved: 0, available: 2, incoming: 0, dailyUse: 1.5, point: 2, upTo: 20, multiple: 1 },
      requestedAt: NOW.toISOString(),
      needBy: '2026-11-23',
      version: 1,
      change: { type: 'supply.requested', at: NOW.toISOString(), by: 'hub', reason: 'available 2 is at or below the reorder point 2' },
    });
    expect(requestSupply(stockOf(3), product, plant, { requestId: 'R1', dailyUse: 1.5, now: NOW, version: 1 })).toBeUndefined();
  });
});

describe('units that arrive', () => {
  const asked: SupplyRequest = {
    entity: 'supply',
    requestId: 'R1',
    plant: 'mill',
    sku: 'TENT',
    warehouse: 'north',
    status: 'open',
    quantity: 18,
    received: 6,
    basis: { onHand: 2, reserved: 0, available: 2, incoming: 0, dailyUse: 1.5, point: 2, upTo: 20, multiple: 1 },
    requestedAt: NOW.toISOString(),
    needBy: '2026-11-23',
    version: 2,
    change: { type: 'supply.requested', at: NOW.toISOString(), by: 'hub', reason: '' },
  };
  const arriving = (quantity: number, request: SupplyRequest | undefined = asked) => answerSupply(request, quantity, { by: 'wim', now: NOW });

  test.each([
    ['leave a request open while some are missing', 11, 'open', 17, 11],
    ['end it with the last', 12, 'received', 18, 12],
    ['end it when more come than were asked for, of which only those were incoming', 20, 'received', 26, 12],
  ])('%s', (_what, quantity, status, received, incoming) => {
    const change = { type: 'supply.received', at: NOW.toISOString(), by: 'wim', reason: `${received} of 18 units are here` };

    expect(arriving(quantity)).toEqual({ before: asked, after: { ...asked, status, received, version: 3, change }, incoming });
  });

  test('answer no request that is over, and none that never was', () => {
    expect(arriving(1, { ...asked, status: 'received' })).toBeUndefined();
    expect(answerSupply(undefined, 1, { by: 'wim', now: NOW })).toBeUndefined();
  });
});

describe('dailyUse', () => {
  const entry = (daysAgo: number, reason: 'reserved' | 'released' | 'packed', reserved: number) => ({
    at: new Date(NOW.getTime() - daysAgo * 86_400_000).toISOString(),
    movements: [{ reason, cause: 'a', onHand: 0, reserved }],
  });

  test('counts what was reserved less what was released, over the days covered', () => {
    expect(dailyUse([entry(4, 'reserved', 10), entry(2, 'released', -2), entry(1, 'packed', -8)], NOW, 30)).toBe(2);
  });

  test('takes less than a day as a day, and more than the window as the window', () => {
    expect(dailyUse([entry(0.1, 'reserved', 6)], NOW, 30)).toBe(6);
    expect(dailyUse([entry(60, 'reserved', 60)], NOW, 30)).toBe(2);
  });

  test('is zero without entries and never negative', () => {
    expect(dailyUse([], NOW, 30)).toBe(0);
    expect(dailyUse([entry(1, 'released', -5)], NOW, 30)).toBe(0);
  });
});
