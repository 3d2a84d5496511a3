import { commit } from '../../../adapters/aws/order-store.ts';
import { Booking } from '../../../core/booking.ts';
import type { Client } from '../../../core/client.ts';
import { follow } from '../../../core/course.ts';
import { bookStock } from '../../../functions/inventory/book-stock.ts';
import { clientWith, hubOn, manager, orderOf, packed, type TestHub } from '../world.ts';

/** The client of the world, with a product that is kept by lot, and orders that may be shared out over time where it is asked for. */
export function clientWithLots(split: 'never' | 'backorders' = 'never', policies: object = {}, lots: readonly string[] = [], others: readonly string[] = []): Client {
  const product = (sku: string, lots = false) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, lots });
  return clientWith({
    products: [product('TENT'), product('MUG'), product('LAMP'), product('MILK', true), ...lots.map((sku) => product(sku, true)), ...others.map((sku) => product(sku))],
    kits: [{ sku: 'CAMP', name: 'Camp', parts: [{ sku: 'TENT', quantity: 1 }] }],
    policies: { authorisation: { mode: 'automatic', limit: 60_000 }, packing: 'confirm', allocation: { split }, ...policies },
  });
}

/** A booking as it is posted: read by the schema, then booked. */
export async function post(hub: TestHub, booking: Readonly<Record<string, unknown>>) {
  return await bookStock(Booking.parse(booking), hub, manager(hub));
}

/** Books a receipt that answers nothing. */
export async function receive(hub: TestHub, id: string, units: Readonly<Record<string, number>>, warehouse = 'north') {
  return await post(hub, { kind: 'receipt', id, warehouse, against: 'free', lines: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity })) });
}

/** Opens a hub whose client keeps MILK by lot. */
export function hubWithLots(
  table: TestHub['table'],
  split: 'never' | 'backorders' = 'never',
  policies: object = {},
  lots: readonly string[] = [],
  others: readonly string[] = [],
): TestHub {
  return hubOn(table, clientWithLots(split, policies, lots, others));
}

/** Takes orders of one tent in, packs them, and sees them arrive. */
export async function shipped(hub: TestHub, ...ids: readonly string[]): Promise<void> {
  await packed(hub, ...ids);
  for (const id of ids) {
    const saved = follow(await orderOf(hub, id), 1, 'delivered', hub.now().toISOString(), manager(hub));
    if (saved === undefined || !(await commit(hub.table, [saved], { ...manager(hub), reference: hub.newId(), reason: 'delivered' }))) throw new Error(`order ${id} did not arrive`);
  }
}
