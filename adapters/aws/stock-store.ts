import type { EventType } from '../../core/change.ts';
import { type Client, productOf } from '../../core/client.ts';
import { availableIn, type Deltas, type LedgerEntry, type Movement, netMovements, type Place, placeKey, type Stock } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import type { Key, Table } from './table.ts';

/** Where the counter of a place is kept. */
export function stockKey({ sku, warehouse, lot }: Place): Key {
  return { PK: `S#${sku}`, SK: lot === undefined ? `W#${warehouse}` : `W#${warehouse}#${lot}` };
}

/** What one transaction does to stock: who, when, and a name that is unique among the ledger's entries. */
export interface Posting extends Act {
  readonly reference: string;
  readonly type?: EventType;
  readonly reason: string;
  /** Reorder points by SKU, copied onto stock that arrives. */
  readonly reorderPoints?: ReadonlyMap<string, number>;
  /** The last day of lots that arrive, by `placeKey`. */
  readonly expiries?: ReadonlyMap<string, string>;
}

/** The rows by which movements are written: one counter and one ledger entry per place. At most 2 per place. */
export function stockWrites(table: Table, movements: readonly Movement[], posting: Posting) {
  const byPlace = Map.groupBy(movements, placeKey);
  return [...netMovements(movements)].flatMap(([key, net]) => [
    { Update: counterUpdate(table, net, posting) },
    { Put: { TableName: table.name, Item: ledgerItem(net, byPlace.get(key) ?? [], posting) } },
  ]);
}

type Net = Place & Deltas;

function counterUpdate(table: Table, net: Net, posting: Posting) {
  const { onHand, reserved, quarantined, incoming, sku, warehouse, lot } = net;
  const point = posting.reorderPoints?.get(sku);
  const expiresOn = posting.expiries?.get(placeKey(net));
  const at = posting.now.toISOString();
  return {
    TableName: table.name,
    Key: stockKey(net),
    UpdateExpression:
      'SET entity = :stock, sku = :sku, warehouse = :warehouse, #change = :change, version = if_not_exists(version, :zero) + :one, ' +
      'onHand = if_not_exists(onHand, :zero) + :onHand, reserved = if_not_exists(reserved, :zero) + :reserved, ' +
      'quarantined = if_not_exists(quarantined, :zero) + :quarantined, ' +
      'available = if_not_exists(available, :zero) + :available, incoming = if_not_exists(incoming, :zero) + :incoming, ' +
      `reorderPoint = ${point === undefined ? 'if_not_exists(reorderPoint, :zero)' : ':point'}` +
      (lot === undefined ? '' : ', lot = :lot') +
      (expiresOn === undefined ? '' : ', expiresOn = :expiresOn'),
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
      ':quarantined': quarantined,
      ':available': availableIn(net),
      ':incoming': incoming,
      ...(lot !== undefined && { ':lot': lot }),
      ...(expiresOn !== undefined && { ':expiresOn': expiresOn }),
      ...(point !== undefined && { ':point': point }),
      ...Object.fromEntries(needsOf(net).map(([name, need]) => [`:need_${name}`, need])),
    },
  };
}

function needsOf(net: Net): [string, number][] {
  const deltas: [string, number][] = [
    ['onHand', net.onHand],
    ['reserved', net.reserved],
    ['quarantined', net.quarantined],
    ['available', availableIn(net)],
    ['incoming', net.incoming],
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
    SK: `L#${net.warehouse}#${at}#${posting.reference}${net.lot === undefined ? '' : `#${net.lot}`}`,
    entity: 'ledger',
    ...net,
    at,
    by: posting.by,
    movements: movements.map(({ reason, cause, onHand, reserved, quarantined }) => ({ reason, cause, onHand, reserved, ...(quarantined !== 0 && { quarantined }) })),
  };
}

/** Reads the stock of SKUs in warehouses, lot by lot where a product is kept by lot; all warehouses of the client where none is named. */
export async function readStock(table: Table, skus: Iterable<string>, client: Client, warehouses: readonly string[] = client.warehouses.map(({ id }) => id)): Promise<Stock[]> {
  const wanted = [...new Set(skus)].filter((sku) => sku !== '');
  const lots = wanted.filter((sku) => productOf(client, sku)?.lots === true);
  const places = wanted.filter((sku) => productOf(client, sku)?.lots !== true).flatMap((sku) => warehouses.map((warehouse) => ({ sku, warehouse })));
  const [counters, ...byLot] = await Promise.all([table.getMany<Stock>(places.map(stockKey), 'stock'), ...lots.map((sku) => readLots(table, sku))]);
  return [...counters, ...byLot.flat().filter(({ warehouse }) => warehouses.includes(warehouse))];
}

/** Every counter of a SKU, strongly consistent: all warehouses, all lots. */
export async function readLots(table: Table, sku: string): Promise<Stock[]> {
  return await Array.fromAsync(table.query<Stock>(`S#${sku}`, 'W#', 'stock', { ConsistentRead: true }));
}

/** Reads the ledger of a SKU in a warehouse since an instant, oldest first. */
export function readLedger(table: Table, sku: string, warehouse: string, since: Date): AsyncGenerator<LedgerEntry> {
  return table.query<LedgerEntry>(`S#${sku}`, '', 'ledger', {
    KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':partition': `S#${sku}`, ':from': `L#${warehouse}#${since.toISOString()}`, ':to': `L#${warehouse}#~` },
  });
}
