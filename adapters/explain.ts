import { type Client, productOf } from '../core/client.ts';
import { explain } from '../core/explain.ts';
import type { Explanation, Queued, Routes } from '../core/explanation.ts';
import { unitsOf } from '../core/inventory.ts';
import { missingUnits, type Order, turnOf } from '../core/order.ts';
import { readDecisions } from './aws/decision-store.ts';
import { readOrder, readOrders } from './aws/order-store.ts';
import { readParcels } from './aws/parcel-store.ts';
import { readSelection } from './aws/selection-store.ts';
import { readStock } from './aws/stock-store.ts';
import { readSupplies } from './aws/supply-store.ts';
import type { Table } from './aws/table.ts';
import { readTimeline } from './aws/timeline-store.ts';
import { readQueue } from './aws/waiting-store.ts';

/** Where an order is explained from, and where commands about it are given. */
export interface Explaining {
  readonly table: Table;
  readonly client: Client;
  readonly routes: Routes;
  now(): Date;
}

/** Explains an order from everything that is stored about it. @throws Rejected `order.not-found` */
export async function explainOrder({ table, client, routes, now }: Explaining, orderId: string): Promise<Explanation> {
  const order = await readOrder(table, orderId);
  const skus = missingUnits(order)
    .map(({ sku }) => sku)
    .filter((sku) => sku !== '');
  const [parcels, decisions, timeline, stock, supply, queues] = await Promise.all([
    readParcels(table, orderId),
    readDecisions(table, orderId),
    readTimeline(table, orderId),
    readStock(table, skus, client),
    readSupplies(
      table,
      skus.flatMap((sku) => slotsOf(sku, client)),
    ),
    Promise.all(skus.map((sku) => queued(table, sku, order))),
  ]);
  const selections = await Promise.all(parcels.map(async ({ parcel }) => (await readSelection(table, { orderId, parcel })) ?? []));
  return explain({
    order,
    parcels,
    selections: selections.flat(),
    decisions,
    changes: timeline.filter(({ subject }) => subject === 'order').map(({ change }) => change),
    stock,
    supply,
    queues,
    client,
    routes,
    now: now(),
  });
}

function slotsOf(sku: string, client: Client) {
  const plant = productOf(client, sku)?.plant;
  return plant === undefined ? [] : client.warehouses.map(({ id }) => ({ plant, sku, warehouse: id }));
}

/** How many of those in a queue are looked at, whether they wait still; of the rest the queue's own word is taken. */
const LOOKED_AT = 1_000;

async function queued(table: Table, sku: string, order: Order): Promise<Queued> {
  const { waiters } = await readQueue(table, sku);
  const orders = await readOrders(
    table,
    waiters.slice(0, LOOKED_AT).map(({ orderId }) => orderId),
  );
  const waiting = [...orders.values()].map((other) => ({ orderId: other.orderId, turn: turnOf(other), units: unitsOf(missingUnits(other), sku) }));
  const others = [...waiting, ...waiters.slice(LOOKED_AT)].filter(({ orderId, units }) => units > 0 && orderId !== order.orderId);
  const before = others.filter(({ turn }) => turn < turnOf(order));
  return { sku, place: before.length + 1, length: others.length + 1, ahead: before.reduce((sum, { units }) => sum + units, 0) };
}
