import { unpackDelivery } from '../adapters/delivery.ts';
import { readClosing, readPickupName } from '../adapters/hand-over-message.ts';
import { unpackLookup } from '../adapters/lookup.ts';
import { unpackReferred } from '../adapters/reference.ts';
import type { EventType } from '../core/change.ts';
import { fillBackorders } from '../functions/inventory/fill-backorders.ts';
import { notifyCustomer } from '../functions/notification/notify-customer.ts';
import { notifyManager } from '../functions/notification/notify-manager.ts';
import { notifyPlant } from '../functions/notification/notify-plant.ts';
import { acceptOrders } from '../functions/order/accept-orders.ts';
import { each, type Failures, type Received, readEvent } from '../functions/shell/queue.ts';
import { buyLabel } from '../functions/shipment/buy-label.ts';
import { closeManifests } from '../functions/shipment/close-manifests.ts';
import { packParcels } from '../functions/shipment/pack-parcels.ts';
import { selectService } from '../functions/shipment/select-service.ts';
import { settlePickups } from '../functions/shipment/settle-pickups.ts';
import { voidLabel } from '../functions/shipment/void-label.ts';
import { writeSlip } from '../functions/shipment/write-slip.ts';
import { fetchOrders } from '../functions/storefront/fetch-orders.ts';
import { honourPrivacy, readRequest } from '../functions/storefront/honour-privacy.ts';
import { publishStock } from '../functions/storefront/publish-stock.ts';
import { writeBack } from '../functions/storefront/write-back.ts';
import { applyUpdates } from '../functions/tracking/apply-updates.ts';
import { lookUpParcels } from '../functions/tracking/look-up-parcels.ts';
import { FONTS } from '../test/adapters/pdf/fonts.ts';
import type { Services } from './services.ts';

/** A worker of the hub on its queue, as the stack has it. */
export interface Worker {
  /** The function's name. */
  readonly name: string;
  /** Types of event that its queue hears; none where something else writes to it. */
  readonly hears: readonly EventType[];
  /** How often a message is received before it is a dead letter. */
  readonly receives: number;
  /** Reads a batch's bodies and handles them. @returns the failures by message id */
  readonly handle: (bodies: ReadonlyMap<string, string>, services: Services) => Promise<Failures>;
}

/** Reads each message on its own, as the shell of every worker does. */
function reading<Message>(read: (body: string) => Message, handle: (batch: readonly Received<Message>[], services: Services) => Promise<Failures>): Worker['handle'] {
  return async function handleBatch(bodies, services) {
    const failures = new Map<string, unknown>();
    const batch: Received<Message>[] = [];
    for (const [id, body] of bodies) {
      try {
        batch.push({ id, message: read(body) });
      } catch (error) {
        failures.set(id, error);
      }
    }
    const failed = batch.length === 0 ? [] : await handle(batch, services).catch((error: unknown) => batch.map(({ id }): [string, unknown] => [id, error]));
    for (const [id, error] of failed) failures.set(id, error);
    return failures;
  };
}

const PATIENCE_MS = 240_000;

/** By the name of their queue, in the order in which they are served when several have work. A test compares them with the template. */
export const WORKERS: Readonly<Record<string, Worker>> = {
  inbox: { name: 'order/accept-orders', hears: [], receives: 5, handle: reading(unpackDelivery, acceptOrders) },
  fetches: { name: 'storefront/fetch-orders', hears: [], receives: 10, handle: reading(unpackReferred, fetchOrders) },
  backorders: { name: 'inventory/fill-backorders', hears: ['stock.gained', 'order.waiting'], receives: 10, handle: reading(readEvent, fillBackorders) },
  packing: { name: 'shipment/pack-parcels', hears: ['order.authorised'], receives: 10, handle: reading(readEvent, packParcels) },
  services: { name: 'shipment/select-service', hears: ['parcel.packed', 'return.requested'], receives: 12, handle: reading(readEvent, each(selectService)) },
  labels: { name: 'shipment/buy-label', hears: ['parcel.assigned', 'return.assigned'], receives: 20, handle: reading(readEvent, each(buyLabel)) },
  recalls: { name: 'shipment/void-label', hears: ['parcel.recalled'], receives: 12, handle: reading(readEvent, each(voidLabel)) },
  updates: { name: 'tracking/apply-updates', hears: [], receives: 10, handle: reading(unpackDelivery, applyUpdates) },
  slips: {
    name: 'shipment/write-slip',
    hears: ['parcel.packed'],
    receives: 8,
    handle: reading(
      readEvent,
      each(async (event, services: Services) => await writeSlip(event, { ...services, fonts: FONTS })),
    ),
  },
  customers: {
    name: 'notification/notify-customer',
    hears: ['order.accepted', 'order.backordered', 'parcel.dispatched', 'parcel.delayed', 'parcel.delivered'],
    receives: 10,
    handle: reading(
      readEvent,
      each(async (event, services: Services) => await notifyCustomer(event, { ...services, topicArn: 'customers' })),
    ),
  },
  plants: {
    name: 'notification/notify-plant',
    hears: ['stock.low'],
    receives: 10,
    handle: reading(
      readEvent,
      each(async (event, services: Services) => await notifyPlant(event, { ...services, topicArn: 'plants' })),
    ),
  },
  'write-back': {
    name: 'storefront/write-back',
    hears: ['parcel.dispatched'],
    receives: 12,
    handle: reading(
      readEvent,
      each(writeBack, ({ id }) => id),
    ),
  },
  'stock-levels': { name: 'storefront/publish-stock', hears: ['stock.moved', 'stock.received', 'stock.repaired'], receives: 20, handle: reading(readEvent, publishStock) },
  privacy: {
    name: 'storefront/honour-privacy',
    hears: [],
    receives: 10,
    handle: reading(
      readRequest,
      each(async (message, services: Services) => await honourPrivacy(message, { ...services, patience: PATIENCE_MS })),
    ),
  },
  managers: {
    name: 'notification/notify-manager',
    hears: ['report.written'],
    receives: 10,
    handle: reading(
      readEvent,
      each(async (event, services: Services) => await notifyManager(event, { ...services, topicArn: 'managers' })),
    ),
  },
  manifests: {
    name: 'shipment/close-manifests',
    hears: [],
    receives: 20,
    handle: reading(
      readClosing,
      each(closeManifests, ({ carrierId, warehouse }) => `${carrierId} ${warehouse}`),
    ),
  },
  pickups: { name: 'shipment/settle-pickups', hears: [], receives: 10, handle: reading(readPickupName, each(settlePickups)) },
  'lookups-easypost': { name: 'tracking/look-up-parcels', hears: [], receives: 20, handle: reading(unpackLookup, lookUpParcels) },
};
