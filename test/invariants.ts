import { ScanCommand, type ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { type Item, isEntity, type Table } from '../adapters/aws/table.ts';
import { type LedgerEntry, placeKey, type Stock, unitsOf } from '../core/inventory.ts';
import { isLive, missingUnits, type Order } from '../core/order.ts';

/** Every item of a table. */
export async function itemsOf(table: Table): Promise<Item[]> {
  const items: Item[] = [];
  let ExclusiveStartKey: ScanCommandInput['ExclusiveStartKey'];
  do {
    const page = await table.client.send(new ScanCommand({ TableName: table.name, ConsistentRead: true, ExclusiveStartKey }));
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

const COUNTERS = ['onHand', 'reserved', 'quarantined', 'incoming'] as const;

/**
 * What must hold of stock in every place, whatever happened: `onHand = available + reserved + quarantined`, nothing below zero, the ledger
 * folds to the counters, what is reserved is what orders have allocated and not packed, and what they need is allocated, in parcels or missing.
 */
export async function expectStockSound(table: Table): Promise<void> {
  const items = await itemsOf(table);
  const stock = items.filter((item) => isEntity<Stock>(item, 'stock'));
  const ledger = items.filter((item) => isEntity<LedgerEntry>(item, 'ledger'));
  const orders = items.filter((item) => isEntity<Order>(item, 'order'));
  const allocated = orders.flatMap((order) => order.allocations);
  const entriesByPlace = Map.groupBy(ledger, placeKey);

  for (const counter of stock) {
    const place = placeKey(counter);
    const entries = entriesByPlace.get(place) ?? [];
    const { onHand, reserved, quarantined, available, incoming } = counter;
    expect(onHand, `${place}: on hand`).toBe(available + reserved + quarantined);
    expect(Math.min(onHand, reserved, quarantined, available, incoming), `${place}: lowest counter`).toBeGreaterThanOrEqual(0);
    for (const name of COUNTERS) expect(sumOf(entries, name), `${place}: fold of the ledger, ${name}`).toBe(counter[name]);
    for (const { at, movements, ...entry } of entries) {
      expect(sumOf(movements, 'onHand'), `${place}: movements of ${at}`).toBe(entry.onHand);
      expect(sumOf(movements, 'reserved'), `${place}: movements of ${at}`).toBe(entry.reserved);
      expect(
        sumOf(
          movements.map(({ quarantined: units = 0 }) => ({ units })),
          'units',
        ),
        `${place}: movements of ${at}`,
      ).toBe(entry.quarantined);
    }
  }
  const places = new Set(stock.map(placeKey));
  for (const allocation of [...allocated, ...ledger]) expect(places).toContain(placeKey(allocation));
  const allocatedByPlace = Map.groupBy(allocated, placeKey);
  for (const counter of stock) {
    const held = allocatedByPlace.get(placeKey(counter)) ?? [];
    expect(sumOf(held, 'quantity'), `${placeKey(counter)}: allocations of orders on the shelf`).toBe(counter.reserved);
  }
  for (const order of orders) expectDemandMet(order);
}

/** Every unit that an order needs is allocated, in a parcel, or missing; nothing is allocated that it does not need. */
function expectDemandMet(order: Order): void {
  const { orderId, demand, allocations, ending } = order;
  const packed = order.parcels.filter(isLive).flatMap(({ units }) => units);
  const missing = missingUnits(order);
  if (ending !== undefined) expect({ allocations, missing }, `${orderId} is ${ending}`).toEqual({ allocations: [], missing: [] });
  for (const sku of new Set([...demand, ...allocations, ...packed, ...missing].map((line) => line.sku))) {
    const inParcels = unitsOf(packed, sku);
    const open = ending === undefined ? Math.max(0, unitsOf(demand, sku) - inParcels) : 0;
    expect(unitsOf(allocations, sku) + unitsOf(missing, sku), `${orderId}: ${sku} allocated and missing, with ${inParcels} in parcels`).toBe(open);
  }
  expect(new Set(allocations.map(placeKey)).size, `${orderId}: a place once`).toBe(allocations.length);
  // The check of stock finds what is reserved through these lists.
  if (allocations.length > 0) expect(order.work, `${orderId}: work list`).toMatch(/^(held|backordered|authorise|pack)#\d$/);
}

function sumOf<Name extends string>(list: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return list.reduce((sum, one) => sum + one[name], 0);
}
