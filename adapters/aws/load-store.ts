import type { Client } from '../../core/client.ts';
import { LoadView, type Slot } from '../../core/load.ts';
import type { Saved } from '../../core/order.ts';
import type { Key, Table } from './table.ts';

/** Orders that a warehouse of limited capacity is to ship on a day. */
interface Load extends Slot {
  readonly entity: 'load';
  readonly orders: number;
}

function loadKey({ warehouse, day }: Slot): Key {
  return { PK: `LOAD#${warehouse}`, SK: day };
}

/** How far ahead a full warehouse's orders may be put off, in days. */
const DAYS_AHEAD = 30;

/** Reads what warehouses of limited capacity are to ship from today on; nothing is read where none is limited. */
export async function readLoads(table: Table, { warehouses }: Client, now: Date): Promise<LoadView> {
  const days = Array.from({ length: DAYS_AHEAD }, (_, ahead) => new Date(now.getTime() + (ahead - 1) * 86_400_000).toISOString().slice(0, 10));
  const limited = warehouses.filter(({ capacity }) => capacity !== undefined);
  const keys = limited.flatMap(({ id }) => days.map((day) => loadKey({ warehouse: id, day })));
  return new LoadView(keys.length === 0 ? [] : await table.getMany<Load>(keys, 'load'));
}

/** The writes that count orders for the days of warehouses: one for each day, whatever the number of orders. */
export function loadWrites(table: Table, saved: readonly Saved[]) {
  const changes = Map.groupBy(
    saved.flatMap(({ loads = [] }) => loads),
    ({ warehouse, day }) => `${warehouse} ${day}`,
  );
  return [...changes.values()].flatMap((slots) => {
    const orders = slots.reduce((sum, slot) => sum + slot.orders, 0);
    return slots[0] === undefined || orders === 0 ? [] : [{ Update: loadUpdate(table, slots[0], orders) }];
  });
}

function loadUpdate(table: Table, { warehouse, day }: Slot, orders: number) {
  return {
    TableName: table.name,
    Key: loadKey({ warehouse, day }),
    UpdateExpression: 'SET entity = :load, warehouse = :warehouse, #day = :day, orders = if_not_exists(orders, :none) + :orders, expiresAt = :expires',
    ExpressionAttributeNames: { '#day': 'day' },
    ExpressionAttributeValues: {
      ':load': 'load',
      ':warehouse': warehouse,
      ':day': day,
      ':none': 0,
      ':orders': orders,
      ':expires': Math.floor(Date.parse(day) / 1000) + 90 * 86_400,
    },
  };
}
