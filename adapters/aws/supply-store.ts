import { moving } from '../../core/inventory.ts';
import type { SupplyRequest } from '../../core/supply.ts';
import { type Posting, stockWrites } from './stock-store.ts';
import type { Key, Table } from './table.ts';

/** What there is one request for at most. */
export type SupplySlot = Pick<SupplyRequest, 'plant' | 'sku' | 'warehouse'>;

/** One slot per plant, SKU and warehouse: while it is open there is no second request. */
function supplyKey({ plant, sku, warehouse }: SupplySlot): Key {
  return { PK: `R#${plant}`, SK: `${sku}#${warehouse}` };
}

/** Reads the latest supply request for a SKU in a warehouse. */
export async function readSupply(table: Table, slot: SupplySlot): Promise<SupplyRequest | undefined> {
  return await table.get<SupplyRequest>(supplyKey(slot), 'supply');
}

/** Reads the latest supply requests of many slots; slots that never had one are left out. */
export async function readSupplies(table: Table, slots: readonly SupplySlot[]): Promise<SupplyRequest[]> {
  return await table.getMany<SupplyRequest>(slots.map(supplyKey), 'supply');
}

/** The write of a supply request, if it still is the one that was read. */
export function supplyPut(table: Table, request: SupplyRequest, before: SupplyRequest | undefined) {
  const condition =
    before === undefined
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } };
  return { Put: { TableName: table.name, Item: { ...request, ...supplyKey(request) }, ...condition } };
}

/** Opens a supply request and counts its units as incoming, in one transaction. @returns false when one is open already */
export async function openSupply(table: Table, request: SupplyRequest, before: SupplyRequest | undefined, posting: Posting): Promise<boolean> {
  const { sku, warehouse, quantity, requestId } = request;
  const movement = moving({ sku, warehouse }, { incoming: quantity }, 'requested', requestId);
  const { written } = await table.transact([supplyPut(table, request, before), ...stockWrites(table, [movement], posting)]);
  return written;
}
