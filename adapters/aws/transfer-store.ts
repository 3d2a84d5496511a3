import type { Transfer, Version } from '../../core/booking-desk.ts';
import type { Key, Table } from './table.ts';

/** What names a transfer's goods. */
type Goods = Pick<Transfer, 'transferId' | 'to' | 'sku' | 'lot'>;

/** A row for each of a transfer's goods: they arrive one by one, and a file may send thousands. */
function transferRow({ transferId, to, sku, lot }: Goods): Key {
  return { PK: `TRANSFER#${transferId}`, SK: `${to}#${sku}#${lot ?? ''}` };
}

/** Reads goods on their way between warehouses; those that were never sent are left out. */
export async function readTransfers(table: Table, goods: readonly Goods[]): Promise<Transfer[]> {
  const rows = new Map(goods.map(transferRow).map((key) => [`${key.PK} ${key.SK}`, key]));
  return await table.getMany<Transfer>([...rows.values()], 'transfer');
}

/** The write of a transfer's goods, if they still are as they were read. */
export function transferPut(table: Table, { before, after }: Version<Transfer>) {
  const condition =
    before === undefined
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } };
  return { Put: { TableName: table.name, Item: { ...after, ...transferRow(after) }, ...condition } };
}
