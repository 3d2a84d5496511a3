import { chunksOf, commit, readOrders, waitingForStock } from '../../adapters/aws/order-store.ts';
import { readStock } from '../../adapters/aws/stock-store.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { StockView } from '../../core/inventory.ts';
import { type Act, fill, type Order, type Saved } from '../../core/order.ts';
import { type Failures, queue, type Received, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the backorders queue whenever stock is gained: reserves it for the orders that wait for it, oldest first. */
export const handler = queue({ read: readEvent, handle: fillBackorders, services: openHub });

const ORDERS_AT_A_TIME = 100;

export async function fillBackorders(batch: readonly Received<HubEvent>[], hub: Pick<Hub, 'table' | 'client' | 'now' | 'newId'>): Promise<Failures> {
  const gained = new Set(batch.flatMap(({ message }) => (message.entity === 'stock' ? [message.stock.sku] : [])));
  const waiting = await waitingForStock(hub.table);
  for (let from = 0; from < waiting.length; from += ORDERS_AT_A_TIME) {
    const ids = waiting.slice(from, from + ORDERS_AT_A_TIME);
    const orders = await readOrders(hub.table, ids);
    const wanting = ids.flatMap((id) => orders.get(id) ?? []).filter((order) => order.demand.some(({ sku }) => gained.has(sku)));
    if (wanting.length > 0) await fillOldestFirst(wanting, hub);
  }
  return new Map();
}

/** @throws Unavailable when stock or an order changed meanwhile; what was filled stays filled */
async function fillOldestFirst(orders: readonly Order[], { table, client, now, newId }: Pick<Hub, 'table' | 'client' | 'now' | 'newId'>): Promise<void> {
  const act: Act = { by: 'hub', now: now() };
  const skus = orders.flatMap((order) => order.demand.map(({ sku }) => sku)).filter((sku) => sku !== '');
  const stock = new StockView(
    await readStock(
      table,
      skus,
      client.warehouses.map(({ id }) => id),
    ),
  );
  const filled: Saved[] = orders.flatMap((order) => fill(order, stock, client, act) ?? []);
  for (const chunk of chunksOf(filled, ORDERS_AT_A_TIME, 1)) {
    const written = await commit(table, chunk, { ...act, reference: newId(), reason: `${chunk.length} backorders filled` });
    if (!written) throw new Unavailable('inventory.contended', 'Stock or an order changed while backorders were filled.', { retryAfterSeconds: 1 });
  }
}
