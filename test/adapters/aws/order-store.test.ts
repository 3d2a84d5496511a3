import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunksOf, type Decision } from '../../../adapters/aws/order-store.ts';
import { takeIn } from '../../../core/intake.ts';
import { placeKey, reserving } from '../../../core/inventory.ts';
import type { Order } from '../../../core/order.ts';
import { parcelOf } from '../../../core/shipment.ts';
import { StockView } from '../../../core/stock-view.ts';
import { NOW, sampleClient, sampleOrder, seeing } from '../../core/samples.ts';

function order(): Order {
  const outcome = takeIn(sampleOrder(), undefined, seeing(new StockView([])), { by: 'shop', now: NOW });
  if (outcome.kind !== 'saved') throw new Error('not taken');
  return outcome.order;
}

const ORDER = order();
const PARCEL = parcelOf(ORDER, { parcel: 1, warehouse: 'north', units: [], status: 'packed' }, sampleClient(), { by: 'shop', now: NOW });
const Sku = fc.integer({ min: 0, max: 60 }).map((number) => `SKU-${number}`);
const Place = fc.record({ sku: Sku, warehouse: fc.constantFrom('north', 'south'), lot: fc.constantFrom(undefined, 'A', 'B') });
// What one order moves: at most 45 places, with a few parcels and a day or two of a warehouse.
const AnyDecision = fc
  .record({ places: fc.uniqueArray(Place, { maxLength: 45, selector: placeKey }), parcels: fc.integer({ min: 0, max: 3 }), days: fc.integer({ min: 0, max: 2 }) })
  .map(
    ({ places, parcels, days }): Decision => ({
      kind: 'saved',
      order: ORDER,
      movements: places.map((place) => reserving({ ...place, quantity: 1 }, 'cause')),
      parcels: Array.from({ length: parcels }, () => PARCEL),
      loads: Array.from({ length: days }, (_, day) => ({ warehouse: 'north', day: `2026-11-2${day}`, orders: 1 as const })),
    }),
  );

test('orders are split into transactions that hold no more than DynamoDB takes, in the order given, none lost', () => {
  fc.assert(
    fc.property(fc.array(AnyDecision, { maxLength: 150 }), fc.integer({ min: 1, max: 100 }), (decisions, most) => {
      const chunks = chunksOf(decisions, most);

      expect(chunks.flat()).toEqual(decisions);
      for (const chunk of chunks) {
        const places = new Set(chunk.flatMap(({ movements }) => movements.map(placeKey)));
        const days = new Set(chunk.flatMap(({ loads = [] }) => loads.map(({ day }) => day)));
        const own = chunk.reduce((sum, { parcels = [] }) => sum + 1 + parcels.length, 0);
        expect(chunk.length).toBeGreaterThan(0);
        expect(chunk.length).toBeLessThanOrEqual(most);
        expect(own + 2 * places.size + days.size).toBeLessThanOrEqual(100);
      }
    }),
  );
});
