import type { EventType } from '../../core/change.ts';
import { type LedgerEntry, type Movement, netMovements, type Stock } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import type { Key, Table } from './table.ts';

/** Where the stock of a SKU in a warehouse is kept. */
function stockKey(sku: string, warehouse: string): Key {
  return { PK: `S#${sku}`, SK: `W#${warehouse}` };
}

/** What one transaction does to stock: who, when, and a name that is unique among the ledger's entries. */
export interface Posting extends Act {
  readonly reference: string;
  readonly type?: EventType;
  readonly reason: string;
  /** Reorder points by SKU, copied onto stock that arrives. */
  readonly reorderPoints?: ReadonlyMap<string, number>;
}

/** The rows by which movements are written: one counter and one ledger entry per SKU and warehouse. At most 2 per SKU and warehouse. */
export function stockWrites(table: Table, movements: readonly Movement[], posting: Posting) {
  return [...netMovements(movements).values()].flatMap((net) => {
    const own = movements.filter(({ sku, warehouse }) => sku === net.sku && warehouse === net.warehouse);
    return [{ Update: counterUpdate(table, net, posting) }, { Put: { TableName: table.name, Item: ledgerItem(net, own, posting) } }];
  });
}

type Net = Pick<Movement, 'sku' | 'warehouse' | 'onHand' | 'reserved' | 'incoming'>;

function counterUpdate(table: Table, net: Net, posting: Posting) {
  const { onHand, reserved, incoming, sku, warehouse } = net;
  const point = posting.reorderPoints?.get(sku);
  const at = posting.now.toISOString();
  return {
    TableName: table.name,
    Key: stockKey(sku, warehouse),
    UpdateExpression:
      'SET entity = :stock, sku = :sku, warehouse = :warehouse, #change = :change, version = if_not_exists(version, :zero) + :one, ' +
      'onHand = if_not_exists(onHand, :zero) + :onHand, reserved = if_not_exists(reserved, :zero) + :reserved, ' +
      'available = if_not_exists(available, :zero) + :available, incoming = if_not_exists(incoming, :zero) + :incoming, ' +
      `reorderPoint = ${point === undefined ? 'if_not_exists(reorderPoint, :zero)' : ':point'}`,
    // The counters can never go below zero, whatever the caller believed it read.
    ConditionExpression: conditionsOf(net).join(' AND ') || undefined,
    ExpressionAttributeNames: { '#change': 'change' },
    ExpressionAttributeValues: {
      ':stock': 'stock',
      ':sku': sku,
      ':warehouse': warehouse,
      ':change': { type: posting.type ?? 'stock.moved', at, by: posting.by, reason: posting.reason },
      ':zero': 0,
      ':one': 1,
      ':onHand': onHand,
      ':reserved': reserved,
      ':available': onHand - reserved,
      ':incoming': incoming,
      ...(point !== undefined && { ':point': point }),
      ...Object.fromEntries(needsOf(net).map(([name, need]) => [`:need_${name}`, need])),
    },
  };
}

function needsOf({ onHand, reserved, incoming }: Net): [string, number][] {
  const deltas: [string, number][] = [
    ['onHand', onHand],
    ['reserved', reserved],
    ['available', onHand - reserved],
    ['incoming', incoming],
  ];
  return deltas.filter(([, delta]) => delta < 0).map(([name, delta]) => [name, -delta]);
}

function conditionsOf(net: Net): string[] {
  return needsOf(net).map(([name]) => `${name} >= :need_${name}`);
}

function ledgerItem(net: Net, movements: readonly Movement[], posting: Posting): Key & LedgerEntry {
  const at = posting.now.toISOString();
  return {
    PK: `S#${net.sku}`,
    SK: `L#${net.warehouse}#${at}#${posting.reference}`,
    entity: 'ledger',
    ...net,
    at,
    by: posting.by,
    movements: movements.map(({ reason, cause, onHand, reserved }) => ({ reason, cause, onHand, reserved })),
  };
}

/** Reads the stock of SKUs in all of the given warehouses. */
export async function readStock(table: Table, skus: Iterable<string>, warehouses: readonly string[]): Promise<Stock[]> {
  const keys = [...new Set(skus)].flatMap((sku) => warehouses.map((warehouse) => stockKey(sku, warehouse)));
  return await table.getMany<Stock>(keys, 'stock');
}

/** Reads the ledger of a SKU in a warehouse since an instant, oldest first. */
export function readLedger(table: Table, sku: string, warehouse: string, since: Date): AsyncGenerator<LedgerEntry> {
  return table.query<LedgerEntry>(`S#${sku}`, '', 'ledger', {
    KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':partition': `S#${sku}`, ':from': `L#${warehouse}#${since.toISOString()}`, ':to': `L#${warehouse}#~` },
  });
}
