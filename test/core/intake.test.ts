import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fill, reallocate, takeIn } from '../../core/intake.ts';
import { availableIn, moving, netMovements, placeKey } from '../../core/inventory.ts';
import { type Act, beginsToWait, missingUnits, type Order, type Saved } from '../../core/order.ts';
import { OrderDocument, sourceVersionOf } from '../../core/order-document.ts';
import { StockView } from '../../core/stock-view.ts';
import { runs } from '../runs.ts';
import { CLIENTS, LOTS, SKUS, WAREHOUSES } from './model/clients.ts';
import { anyVersion, documentOf, placeOf } from './model/commands.ts';
import { World } from './model/world.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from './samples.ts';

const ACT: Act = { by: 'shop', now: NOW };

/** A hub with some units in some places. */
const anyWorld = fc
  .tuple(
    fc.constantFrom(...CLIENTS),
    fc.array(fc.record({ sku: fc.constantFrom(...SKUS), warehouse: fc.constantFrom(...WAREHOUSES), lot: fc.constantFrom('a', 'b', 'c'), units: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 24,
    }),
  )
  .map(([{ client }, shelves]) => {
    const world = new World(client, NOW);
    for (const { units, ...shelf } of shelves) {
      const place = placeOf(shelf);
      const expiries = new Map<string, string>(place.lot === undefined ? [] : [[placeKey(place), LOTS[shelf.lot]]]);
      world.write({ movements: [moving(place, { onHand: units }, 'received', 'receipt')], expiries });
    }
    return world;
  });

function saved(outcome: Saved | { readonly kind: string } | undefined): Saved {
  if (outcome === undefined || !('order' in outcome)) throw new Error(`was ${JSON.stringify(outcome)}`);
  return outcome;
}

describe('reserving', () => {
  test('and then cancelling leaves every place, lot and day of a warehouse as it was', () => {
    fc.assert(
      fc.property(anyWorld, anyVersion(), (world, version) => {
        const { client } = world;
        const readings = world.readings();
        const places = [...world.shelves.values()];
        const before = places.map(({ sku, warehouse }) => readings.stock.available(sku, warehouse));

        const first = saved(takeIn(documentOf({ ...version, version: 1, state: 'paid' }), undefined, readings, ACT));
        const last = saved(takeIn(documentOf({ ...version, version: 2, state: 'cancelled' }), first.order, readings, ACT));

        expect(last.order.allocations).toEqual([]);
        expect([...netMovements([...first.movements, ...last.movements]).values()].filter(({ reserved, onHand }) => reserved !== 0 || onHand !== 0)).toEqual([]);
        expect(places.map(({ sku, warehouse }) => readings.stock.available(sku, warehouse))).toEqual(before);
        for (const { warehouse, day } of first.order.leaves ?? []) expect(readings.load.orders(warehouse, day)).toBe(0);
        expect(client.policies.allocation.split).toBeDefined();
      }),
      { numRuns: runs(500) },
    );
  });

  test('draws from the readings exactly what it moves, and moves exactly what the order then holds', () => {
    fc.assert(
      fc.property(anyWorld, anyVersion(), (world, version) => {
        const readings = world.readings();
        const outcome = saved(takeIn(documentOf(version), undefined, readings, ACT));

        const moved = [...netMovements(outcome.movements).values()].map((net) => [placeKey(net), -availableIn(net)]);
        expect(Object.fromEntries(moved)).toEqual(Object.fromEntries(outcome.order.allocations.map((allocation) => [placeKey(allocation), allocation.quantity])));
        expect(outcome.waits ?? []).toEqual(missingUnits(outcome.order));
        expect(beginsToWait(undefined, outcome.order)).toBe(missingUnits(outcome.order).length > 0);
      }),
      { numRuns: runs(500) },
    );
  });

  test('once more changes nothing: the same version is a duplicate, and there is nothing to fill', () => {
    fc.assert(
      fc.property(anyWorld, anyVersion(), (world, version) => {
        const readings = world.readings();
        const { order } = saved(takeIn(documentOf(version), undefined, readings, ACT));

        expect(takeIn(documentOf(version), order, readings, ACT)).toEqual({ kind: 'unchanged', why: 'duplicate' });
        expect(fill(order, readings, ACT)).toBeUndefined();
      }),
      { numRuns: runs(300) },
    );
  });

  test('elsewhere never leaves an order with less than it had', () => {
    fc.assert(
      fc.property(anyWorld, anyVersion(), fc.constantFrom(undefined, ...WAREHOUSES), (world, version, warehouse) => {
        const readings = world.readings();
        const { order } = saved(takeIn(documentOf(version), undefined, readings, ACT));
        const moved = reallocate(order, warehouse, 'asked for', readings, ACT);

        if (moved.kind === 'refused') return;
        expect(missingUnits(moved.order)).toEqual(missingUnits(order));
        if (warehouse !== undefined) expect(moved.order.allocations.every((allocation) => allocation.warehouse === warehouse)).toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('an order that must leave whole', () => {
  const client = sampleClient({ policies: { authorisation: { mode: 'automatic' }, allocation: { split: 'never' } } });
  const shelves = (...units: readonly (readonly [string, string, number])[]) =>
    seeing(new StockView(units.map(([sku, warehouse, available]) => ({ sku, warehouse, available }))), client);

  test('and lacks some of it moves to the warehouse that has all of it, and gives up what it had elsewhere', () => {
    const order = saved(takeIn(sampleOrder(), undefined, shelves(['TENT', 'north', 2], ['MUG', 'north', 1]), ACT)).order;
    const half: Order = { ...order, allocations: order.allocations.filter(({ sku }) => sku === 'MUG') };

    const { order: filled, movements } = saved(fill(half, shelves(['TENT', 'south', 2], ['MUG', 'south', 1]), ACT));

    expect(new Set(filled.allocations.map(({ warehouse }) => warehouse))).toEqual(new Set(['south']));
    expect(movements.map(({ warehouse, sku, reserved }) => [warehouse, sku, reserved])).toEqual([
      ['north', 'MUG', -1],
      ['south', 'MUG', 1],
      ['south', 'TENT', 2],
    ]);
  });

  test('keeps what it has while no warehouse has all of it', () => {
    const order = saved(takeIn(sampleOrder(), undefined, shelves(['TENT', 'north', 2], ['MUG', 'north', 1]), ACT)).order;

    expect(fill({ ...order, allocations: order.allocations.slice(0, 1) }, shelves(['TENT', 'south', 2]), ACT)).toBeUndefined();
  });
});

describe('one unit and 500 orders at once', () => {
  const client = sampleClient();
  const arrivals = Array.from({ length: 500 }, (_, index) => sampleOrder({ sourceId: String(index).padStart(3, '0'), lines: [sampleLine('TENT', 1)] }));
  const arrivedAt = (index: number) => new Date(NOW.getTime() + index).toISOString();

  test('have one winner, the first; the others wait, and units that come one by one go to them in the order in which they came', () => {
    const readings = seeing(new StockView([{ sku: 'TENT', warehouse: 'north', available: 1 }]), client);
    const orders = arrivals.map((document, index) => saved(takeIn(document, undefined, readings, { ...ACT, receivedAt: arrivedAt(index) })).order);
    const winners = orders.filter(({ allocations }) => allocations.length > 0);
    const world = new World(client, NOW);
    world.write({ saved: orders.map((order): Saved => ({ kind: 'saved', order, movements: [], waits: missingUnits(order) })).filter(({ order }) => !winners.includes(order)) });
    const filled = orders.slice(1).map(() => {
      world.write({ movements: [moving({ sku: 'TENT', warehouse: 'north' }, { onHand: 1 }, 'received', 'receipt')] });
      world.react();
      return world.rounds.splice(0).flatMap((round) => [...round.filled.keys()]);
    });

    expect(winners.map(({ orderId }) => orderId)).toEqual(['shop:000']);
    expect(orders.filter(({ status }) => status === 'backordered')).toHaveLength(499);
    expect(filled).toEqual(orders.slice(1).map(({ orderId }) => [orderId]));
    expect(world.waiting()).toEqual([]);
  }, 30_000);
});

test('the version of a document is the same however its fields are ordered, and for every clock', () => {
  const anyContent = fc.record({ total: fc.nat(), paid: fc.boolean(), cancelled: fc.boolean(), number: fc.string({ minLength: 1, maxLength: 20 }) });

  fc.assert(
    fc.property(anyContent, fc.nat(), fc.nat(), (content, one, other) => {
      const document = sampleOrder({ ...content, sourceVersion: one });
      const turned = OrderDocument.parse(Object.fromEntries(Object.entries({ ...document, sourceVersion: other }).toReversed()));

      expect(sourceVersionOf(turned)).toEqual({ ...sourceVersionOf(document), version: other });
      expect(sourceVersionOf({ ...document, total: document.total + 1 }).digest).not.toBe(sourceVersionOf(document).digest);
    }),
    { numRuns: runs(300) },
  );
});
