import { chunksOf, commit, type Decision, readOrders } from '../../adapters/aws/order-store.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import type { Act } from '../../core/order.ts';
import { packWhole } from '../../core/packing.ts';
import { parcelOf } from '../../core/shipment.ts';
import { log } from '../shell/log.ts';
import { type Failures, queue, type Received, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the packing queue, for clients whose parcels are confirmed whole: packs authorised orders, many to a transaction. */
export const handler = queue({ read: readEvent, handle: packParcels, services: openHub });

const ORDERS_PER_TRANSACTION = 25;

export async function packParcels(batch: readonly Received<HubEvent>[], hub: Pick<Hub, 'table' | 'client' | 'now' | 'newId'>): Promise<Failures> {
  const act: Act = { by: 'hub', now: hub.now() };
  const ids = new Map(batch.map(({ id, message }) => [message.entity === 'order' ? message.order.orderId : '', id]));
  const packed: Decision[] = [];
  for (const order of (await readOrders(hub.table, ids.keys())).values()) {
    const outcome = packWhole(order, hub.client, act);
    // Packed already, or held since: there is nothing to do until somebody authorises it again.
    if (outcome.kind === 'refused') log('info', 'not packed', { orderId: order.orderId, code: outcome.code });
    else packed.push({ ...outcome, parcels: outcome.packed.map((parcel) => parcelOf(outcome.order, parcel, hub.client, act)) });
  }
  const failures = new Map<string, unknown>();
  await Promise.all(chunksOf(packed, ORDERS_PER_TRANSACTION).map(commitChunk));
  return failures;

  async function commitChunk(chunk: Decision[]): Promise<void> {
    const posting = { ...act, reference: hub.newId(), reason: `${chunk.length} orders packed` };
    if (await commit(hub.table, chunk, posting)) return;
    for (const { order } of chunk)
      failures.set(ids.get(order.orderId) ?? '', new Unavailable('order.contended', `Order ${order.orderId}, or one packed with it, changed meanwhile.`));
  }
}
