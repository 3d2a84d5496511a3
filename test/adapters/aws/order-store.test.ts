import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunksOf } from '../../../adapters/aws/order-store.ts';
import { reserving, StockView } from '../../../core/inventory.ts';
import { type Order, type Saved, takeIn } from '../../../core/order.ts';
import { NOW, sampleClient, sampleOrder } from '../../core/samples.ts';

const client = sampleClient();

function order(): Order {
  const outcome = takeIn(sampleOrder(), undefined, new StockView([]), client, { by: 'shop', now: NOW });
  if (outcome.kind !== 'saved') throw new Error('not taken');
  return outcome.order;
}

const ORDER = order();
const Sku = fc.integer({ min: 0, max: 60 }).map((number) => `SKU-${number}`);
// What one order moves: at most 45 SKUs, of one or two warehouses.
const SavedOrder = fc
  .uniqueArray(fc.record({ sku: Sku, warehouse: fc.constantFrom('north', 'south') }), { maxLength: 45, selector: ({ sku, warehouse }) => `${warehouse} ${sku}` })
  .map((places): Saved => ({ kind: 'saved', order: ORDER, movements: places.map((place) => reserving({ ...place, quantity: 1 }, 'cause')) }));

test('orders are split into transactions that hold no more than DynamoDB takes, in the order given, none lost', () => {
  fc.assert(
    fc.property(fc.array(SavedOrder, { maxLength: 150 }), fc.integer({ min: 1, max: 100 }), fc.constantFrom(1 as const, 2 as const), (saved, most, itemsPerOrder) => {
      const chunks = chunksOf(saved, most, itemsPerOrder);

      expect(chunks.flat()).toEqual(saved);
      for (const chunk of chunks) {
        const places = new Set(chunk.flatMap(({ movements }) => movements.map(({ sku, warehouse }) => `${warehouse} ${sku}`)));
        expect(chunk.length).toBeGreaterThan(0);
        expect(chunk.length).toBeLessThanOrEqual(most);
        expect(chunk.length * itemsPerOrder + 2 * places.size).toBeLessThanOrEqual(100);
      }
    }),
  );
});
