import { refuseEnded } from '../../adapters/aws/health-store.ts';
import { tellOnce } from '../../adapters/aws/notice-store.ts';
import { readDocumentIfKept, readOrder } from '../../adapters/aws/order-store.ts';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { shippedNotice, toldParcels } from '../../adapters/aws/told-store.ts';
import { connectionOf, type Reaching, reach } from '../../adapters/reach.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import { Rejected } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { newsOf, requireLeft } from '../../core/write-back.ts';
import { log } from '../shell/log.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { openHub, openStorefronts } from '../shell/services.ts';

/** Called by the write-back queues: a parcel left, and its storefront is to hear of it. */
export const handler = queue({ read: readEvent, handle: each(writeBack, orderOf), services: () => openStorefronts(openHub()) });

/** Parcels of one order are told one after the other: what is said of one rests on what was said before. */
function orderOf(event: HubEvent): string {
  return event.entity === 'parcel' ? event.parcel.orderId : event.id;
}

export async function writeBack(event: HubEvent, reaching: Reaching): Promise<void> {
  if (event.entity !== 'parcel') return;
  const { client, table, now } = reaching;
  const { orderId, parcel: number, connectionId } = event.parcel;
  const { kind } = connectionOf(client, connectionId);
  const { markShipped, title } = await loadStorefront(kind);
  if (markShipped === undefined) return log('info', 'storefront takes no tracking', { orderId, parcel: number, storefront: title });
  await tellOnce(table, shippedNotice(orderId, number), now, async () => {
    await refuseEnded(table, connectionId);
    const [parcel, order] = await Promise.all([readParcel(table, event.parcel), readOrder(table, orderId)]);
    requireLeft(order, number);
    const { units, completes } = newsOf(order, number, await toldParcels(table, order, number, now()));
    if (units.length === 0 && !completes) return log('info', 'nothing to tell yet', { orderId, parcel: number });
    if (parcel.label === undefined) throw new Rejected('shipment.label-absent', `Parcel ${number} of order ${orderId} left without a label.`);
    const [document, { call }] = await Promise.all([readDocumentIfKept(table, order), reach(connectionId, reaching)]);
    if (document === undefined) return log('info', 'nothing left to tell by', { orderId, parcel: number, why: 'the personal data of the order is erased' });
    const { sourceId, lines } = document;
    const { carrier, service, trackingNumber, trackingUrl } = parcel.label;
    const label = { carrier, service, trackingNumber, trackingUrl };
    const became = await markShipped({ sourceId, orderId, parcel: number, units, lines, completes, ...label, shippedAt: parcel.tracking.firstScanAt ?? event.at }, call);
    log('info', 'storefront told', { orderId, parcel: number, completes, became });
  });
}
