import { readDocumentIfKept, readOrder } from '../../adapters/aws/order-store.ts';
import { readParcel, writeParcel } from '../../adapters/aws/parcel-store.ts';
import { readPurchases } from '../../adapters/aws/purchase-store.ts';
import { mayShip } from '../../adapters/purchase.ts';
import { type Selecting, selectService as select } from '../../adapters/select-service.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { assign, type Parcel, type Purchase } from '../../core/shipment.ts';
import { log } from '../shell/log.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { openCarriers, openHub } from '../shell/services.ts';

/** Called by the services queue: a parcel is packed, and somebody has to say who moves it. */
export const handler = queue({ read: readEvent, handle: each(selectService), services: () => openCarriers(openHub()) });

export async function selectService(event: HubEvent, selecting: Selecting): Promise<void> {
  if (event.entity !== 'parcel') return;
  const parcel = await readParcel(selecting.table, event.parcel);
  const [order, purchases] = await Promise.all([readOrder(selecting.table, parcel.orderId), readPurchases(selecting.table, parcel)]);
  const document = await readDocumentIfKept(selecting.table, order);
  const name = { orderId: parcel.orderId, parcel: parcel.parcel };
  if (document === undefined) return log('info', 'no service to choose', { ...name, why: 'the personal data of the order is erased' });
  // A hold, or an address that changed after packing: the release of the hold brings the parcel here again.
  if (!mayShip(order, document, parcel)) return log('info', 'no service to choose', { ...name, why: `parcel is ${parcel.status}, holds ${order.holds.length}` });
  // What is being bought, or looked up, is bought where it was begun.
  const open = purchases.find(({ status }) => status === 'buying' || status === 'orphan' || status === 'voiding' || status === 'parked');
  if (open !== undefined) return await goOn(selecting, parcel, open);
  log('info', 'service chosen', { ...name, became: await select(selecting, parcel, order, document) });
}

/** Sends a parcel back to the carrier where its purchase was begun. */
async function goOn({ table, now }: Selecting, parcel: Parcel, { carrierId, attempt, status }: Purchase): Promise<void> {
  log('info', 'no service to choose', { orderId: parcel.orderId, parcel: parcel.parcel, why: `purchase ${attempt} is ${status}` });
  const again = assign(parcel, carrierId, parcel.service ?? '', `its purchase ${attempt} goes on`, { by: 'hub', now: now() });
  if (status !== 'parked' && !(await writeParcel(table, again))) throw new Unavailable('shipment.parcel-contended', 'The parcel changed meanwhile.', { retryAfterSeconds: 1 });
}
