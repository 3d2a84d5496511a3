import { ScanCommand, type ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { type Item, isEntity, type Table } from '../adapters/aws/table.ts';
import type { LedgerEntry, Stock } from '../core/inventory.ts';
import { isBeyondPacking, type Order } from '../core/order.ts';

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

/**
 * What must hold of stock whatever happened: `onHand = available + reserved`, nothing below zero, the ledger folds to the counters,
 * and what is reserved is what the orders on the shelf have allocated.
 */
export async function expectStockSound(table: Table): Promise<void> {
  const items = await itemsOf(table);
  const stock = items.filter((item) => isEntity<Stock>(item, 'stock'));
  const ledger = items.filter((item) => isEntity<LedgerEntry>(item, 'ledger'));
  const orders = items.filter((item) => isEntity<Order>(item, 'order'));
  const allocated = orders.filter((order) => !isBeyondPacking(order)).flatMap((order) => order.allocations);

  for (const { sku, warehouse, onHand, reserved, available, incoming } of stock) {
    const place = `${sku} in ${warehouse}`;
    const entries = ledger.filter((entry) => entry.sku === sku && entry.warehouse === warehouse);
    expect(onHand, `${place}: on hand`).toBe(available + reserved);
    expect(Math.min(onHand, reserved, available, incoming), `${place}: lowest counter`).toBeGreaterThanOrEqual(0);
    expect({ onHand: sumOf(entries, 'onHand'), reserved: sumOf(entries, 'reserved'), incoming: sumOf(entries, 'incoming') }, `${place}: fold of the ledger`).toEqual({
      onHand,
      reserved,
      incoming,
    });
    for (const entry of entries) {
      expect(sumOf(entry.movements, 'onHand'), `${place}: movements of ${entry.at}`).toBe(entry.onHand);
      expect(sumOf(entry.movements, 'reserved'), `${place}: movements of ${entry.at}`).toBe(entry.reserved);
    }
  }
  const places = new Set(stock.map(({ sku, warehouse }) => `${sku} in ${warehouse}`));
  for (const { sku, warehouse } of allocated) expect(places).toContain(`${sku} in ${warehouse}`);
  for (const { sku, warehouse, reserved } of stock) {
    const held = allocated.filter((one) => one.sku === sku && one.warehouse === warehouse);
    expect(sumOf(held, 'quantity'), `${sku} in ${warehouse}: allocations of orders on the shelf`).toBe(reserved);
  }
}

function sumOf<Name extends string>(list: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return list.reduce((sum, one) => sum + one[name], 0);
}
