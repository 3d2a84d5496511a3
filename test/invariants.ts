import { ScanCommand, type ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import type { Item, Table } from '../adapters/aws/table.ts';
import { stockFaults } from '../proof/stock.ts';

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

/** Stock is conserved in every place: proof/stock.ts says what that means. */
export async function expectStockSound(table: Table): Promise<void> {
  expect(stockFaults(await itemsOf(table))).toEqual([]);
}
