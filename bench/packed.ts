import { randomBytes } from 'node:crypto';
import { takeInAll } from '../adapters/aws/intake.ts';
import { commit, type Decision, readOrders } from '../adapters/aws/order-store.ts';
import type { Client } from '../core/client.ts';
import { orderIdOf, ulid } from '../core/id.ts';
import type { Act } from '../core/order.ts';
import { packWhole } from '../core/packing.ts';
import { type Parcel, parcelOf } from '../core/shipment.ts';
import { arrivalOf } from './arrival.ts';
import type { Setting } from './setting.ts';

/** The storefront that all orders of the bench come from. */
export const STOREFRONT = 'wholesale';

/** Orders that are packed in one transaction. */
const AT_ONCE = 25;

/** Who packs in the bench. */
export function packer(): Act {
  return { by: 'bench', now: new Date() };
}

/**
 * Takes orders in and packs them, by the hub's own code, in this process; their goods are booked before.
 * @param from the number of the first order
 * @param onPacked what else is to be done with the parcels of one transaction
 */
export async function packOrders(setting: Setting, from: number, howMany: number, as: Partial<Parcel>, onPacked?: (parcels: readonly Parcel[]) => Promise<unknown>): Promise<void> {
  const client: Client = { ...setting.client, rules: [] };
  const [sku = ''] = client.products.map((product) => product.sku);
  await setting.receive([{ sku, quantity: howMany }]);
  const hub = { table: setting.table, client, now: () => new Date(), newId: () => ulid(new Date(), randomBytes(10)) };
  const arrivals = await Promise.all(Array.from({ length: howMany }, (_, index) => arrivalOf(client, from + index, sku)));
  for (let done = 0; done < howMany; done += AT_ONCE) {
    const chunk = arrivals.slice(done, done + AT_ONCE);
    await takeInAll(hub, chunk);
    const ids = chunk.map(({ document }) => orderIdOf(STOREFRONT, document.sourceId));
    const parcels = await packAll(hub, [...(await readOrders(hub.table, ids)).values()], as);
    await onPacked?.(parcels);
  }
}

async function packAll({ table, client, newId }: Parameters<typeof takeInAll>[0], orders: Parameters<typeof packWhole>[0][], as: Partial<Parcel>): Promise<Parcel[]> {
  const act = packer();
  const packed = orders.map((order): Decision & Required<Pick<Decision, 'parcels'>> => {
    const outcome = packWhole(order, client, act);
    if (outcome.kind === 'refused') throw new Error(`Order ${order.orderId} could not be packed: ${outcome.why}`);
    return { ...outcome, parcels: outcome.packed.map((one) => ({ ...parcelOf(outcome.order, one, client, act), ...as })) };
  });
  if (!(await commit(table, packed, { ...act, reference: newId(), reason: 'packed by the bench' }))) throw new Error('Nobody else packs, and packing was refused.');
  return packed.flatMap((decision) => decision.parcels);
}
