import { chunksOf, commit, readOrders, waitingForStock } from '../../adapters/aws/order-store.ts';
import { readStock } from '../../adapters/aws/stock-store.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { type Stock, StockView } from '../../core/inventory.ts';
import { type Act, fill, type Order, type Saved } from '../../core/order.ts';
import { type Failures, queue, type Received, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the backorders queue, when stock is gained or an order begins to wait: reserves for the orders that wait, oldest first. */
export const handler = queue({ read: readEvent, handle: fillBackorders, services: openHub });

const ORDERS_AT_A_TIME = 100;

type Filler = Pick<Hub, 'table' | 'client' | 'now' | 'newId'>;

export async function fillBackorders(batch: readonly Received<HubEvent>[], hub: Filler): Promise<Failures> {
  const gained = new Set(batch.flatMap(({ message }) => (message.entity === 'stock' ? [message.stock.sku] : [])));
  const latecomers = await fillable(new Set(batch.flatMap(({ message }) => (message.entity === 'order' ? [message.order.orderId] : []))), hub);
  const wanted = new Set([...gained, ...latecomers.flatMap((order) => order.demand.map(({ sku }) => sku))]);
  if (wanted.size === 0) return new Map();
  // The index may not show an order yet that has just begun to wait.
  const waiting = [...new Set([...(await waitingForStock(hub.table)), ...latecomers.map(({ orderId }) => orderId)])];
  for (let from = 0; from < waiting.length; from += ORDERS_AT_A_TIME) {
    const ids = waiting.slice(from, from + ORDERS_AT_A_TIME);
    const orders = await readOrders(hub.table, ids);
    const wanting = ids.flatMap((id) => orders.get(id) ?? []).filter((order) => order.demand.some(({ sku }) => wanted.has(sku)));
    if (wanting.length > 0) await fillOldestFirst(wanting, hub);
  }
  return new Map();
}

/** Orders whose stock came in between the look that found none and the write that has them wait: nothing else would wake them. */
async function fillable(orderIds: ReadonlySet<string>, { table, client, now }: Filler): Promise<Order[]> {
  const orders = [...(await readOrders(table, orderIds)).values()];
  const stock = await stockFor(orders, { table, client });
  return orders.filter((order) => fill(order, new StockView(stock), client, { by: 'hub', now: now() }) !== undefined);
}

async function stockFor(orders: readonly Order[], { table, client }: Pick<Hub, 'table' | 'client'>): Promise<Stock[]> {
  const skus = orders.flatMap((order) => order.demand.map(({ sku }) => sku)).filter((sku) => sku !== '');
  const warehouses = client.warehouses.map(({ id }) => id);
  return await readStock(table, skus, warehouses);
}

/** @throws Unavailable when stock or an order changed meanwhile; what was filled stays filled */
async function fillOldestFirst(orders: readonly Order[], { table, client, now, newId }: Filler): Promise<void> {
  const act: Act = { by: 'hub', now: now() };
  const stock = new StockView(await stockFor(orders, { table, client }));
  const filled: Saved[] = orders.flatMap((order) => fill(order, stock, client, act) ?? []);
  for (const chunk of chunksOf(filled, ORDERS_AT_A_TIME, 1)) {
    const written = await commit(table, chunk, { ...act, reference: newId(), reason: `${chunk.length} backorders filled` });
    if (!written) throw new Unavailable('inventory.contended', 'Stock or an order changed while backorders were filled.', { retryAfterSeconds: 1 });
  }
}
