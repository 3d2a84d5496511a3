import type { Movement, SupplyRequest } from '../../core/inventory.ts';
import { type Posting, stockWrites } from './stock-store.ts';
import type { Key, Table } from './table.ts';

/** One slot per plant, SKU and warehouse: while it is open there is no second request. */
function supplyKey({ plant, sku, warehouse }: Pick<SupplyRequest, 'plant' | 'sku' | 'warehouse'>): Key {
  return { PK: `R#${plant}`, SK: `${sku}#${warehouse}` };
}

/** Reads the latest supply request for a SKU in a warehouse. */
export async function readSupply(table: Table, slot: Pick<SupplyRequest, 'plant' | 'sku' | 'warehouse'>): Promise<SupplyRequest | undefined> {
  return await table.get<SupplyRequest>(supplyKey(slot), 'supply');
}

function supplyPut(table: Table, request: SupplyRequest, before: SupplyRequest | undefined) {
  const condition =
    before === undefined
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } };
  return { Put: { TableName: table.name, Item: { ...request, ...supplyKey(request) }, ...condition } };
}

/** Opens a supply request and counts its units as incoming, in one transaction. @returns false when one is open already */
export async function openSupply(table: Table, request: SupplyRequest, before: SupplyRequest | undefined, posting: Posting): Promise<boolean> {
  const { sku, warehouse, quantity, requestId } = request;
  const movement: Movement = { sku, warehouse, onHand: 0, reserved: 0, incoming: quantity, reason: 'requested', cause: requestId };
  const { written } = await table.transact([supplyPut(table, request, before), ...stockWrites(table, [movement], posting)]);
  return written;
}

/** What is kept of a receipt, so that a repeat of it is known. */
export interface Receipt {
  readonly receiptId: string;
  readonly warehouse: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

/**
 * Books a receipt: stock, ledger, the supply requests it answers, and the receipt itself, all or nothing.
 * @returns false when this receipt is booked already, or somebody else was faster
 */
export async function bookReceipt(
  table: Table,
  receipt: Receipt,
  movements: readonly Movement[],
  answered: readonly { readonly before: SupplyRequest; readonly after: SupplyRequest }[],
  posting: Posting,
): Promise<boolean> {
  const row = { PK: `RECEIPT#${receipt.receiptId}`, SK: 'RECEIPT', entity: 'receipt', ...receipt, at: posting.now.toISOString(), by: posting.by };
  const { written } = await table.transact([
    { Put: { TableName: table.name, Item: row, ConditionExpression: 'attribute_not_exists(PK)' } },
    ...stockWrites(table, movements, posting),
    ...answered.map(({ before, after }) => supplyPut(table, after, before)),
  ]);
  return written;
}

/** Whether a receipt is booked already. */
export async function isBooked(table: Table, receiptId: string): Promise<boolean> {
  return (await table.get<Receipt & { entity: 'receipt' }>({ PK: `RECEIPT#${receiptId}`, SK: 'RECEIPT' }, 'receipt')) !== undefined;
}
