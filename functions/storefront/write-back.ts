import { tellOnce } from '../../adapters/aws/notice-store.ts';
import { readDocument, readOrder } from '../../adapters/aws/order-store.ts';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import { Rejected } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { addUnits, type Demand } from '../../core/inventory.ts';
import { completedBy } from '../../core/kit.ts';
import { isLive, type Order } from '../../core/order.ts';
import { log } from '../shell/log.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { type Hub, openHub, openOutside } from '../shell/services.ts';

/** Called by the write-back queue: a parcel left, and its storefront is to hear of it. */
export const handler = queue({ read: readEvent, handle: each(writeBack), services: openWriter });

type Writer = Pick<Hub, 'table' | 'client' | 'now'> & ReturnType<typeof openOutside>;

function openWriter(): Writer {
  const hub = openHub();
  return { ...hub, ...openOutside(hub.client) };
}

export async function writeBack(event: HubEvent, { table, client, now, secrets, http }: Writer): Promise<void> {
  if (event.entity !== 'parcel') return;
  const { orderId, parcel: number, connectionId } = event.parcel;
  const connection = client.storefronts.find(({ id }) => id === connectionId);
  if (connection === undefined) throw new Rejected('storefront.unknown', `No storefront connection is called ${JSON.stringify(connectionId)} in this client's file.`);
  await tellOnce(table, { partition: `O#${orderId}`, noticeId: `storefront-shipped-${number}` }, now, async () => {
    const [storefront, secret, parcel, order] = await Promise.all([
      loadStorefront(connection.kind),
      secrets.read(connection.id, now()),
      readParcel(table, event.parcel),
      readOrder(table, orderId),
    ]);
    const { sourceId } = await readDocument(table, order);
    if (parcel.label === undefined) throw new Rejected('shipment.label-absent', `Parcel ${number} of order ${orderId} left without a label.`);
    const { carrier, trackingNumber, trackingUrl } = parcel.label;
    const units = soldIn(order, number);
    // A part of a kit, whose other parts are still to come: the shop sold the kit.
    if (units.length === 0) return log('info', 'nothing to tell yet', { orderId, parcel: number });
    const shipped = { sourceId, orderId, parcel: number, units, carrier, trackingNumber, trackingUrl, shippedAt: parcel.tracking.firstScanAt ?? event.at };
    const became = await storefront.markShipped(shipped, {
      settings: connection.settings,
      token: secret?.token ?? '',
      signingSecret: secret?.signing.current ?? '',
      http,
      now: now(),
    });
    log('info', 'storefront told', { orderId, parcel: number, became });
  });
}

/** What a parcel brings to its customer, in the words of the shop: kits as they were sold, once their last part is in. */
function soldIn({ demand, kits = [], parcels }: Order, number: number): Demand[] {
  const live = parcels.filter(isLive);
  const index = live.findIndex(({ parcel }) => parcel === number);
  return kits.length === 0
    ? addUnits(live[index]?.units ?? [])
    : completedBy(
        demand,
        kits,
        live.map(({ units }) => units),
        index,
      );
}
