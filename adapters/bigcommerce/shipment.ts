// https://developer.bigcommerce.com/docs/rest-management/orders/order-shipments
import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { Digits, text } from '../fields.ts';
import type { Shipped } from '../storefront.ts';
import { isCancelled, type Order, readOrderBody, standingOf } from './order.ts';
import { findOrder, list } from './read.ts';
import { numberOf, openStore, type Store } from './rest.ts';
import { type Call, skuOf } from './settings.ts';
import { HELD_STATUSES } from './status.ts';

// BigCommerce builds tracking links for these alone; the names are ours, as the carrier's adapter has them.
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['AustraliaPost', 'auspost'],
  ['CanadaPost', 'canadapost'],
  ['FedEx', 'fedex'],
  ['RoyalMail', 'royalmail'],
  ['UPS', 'ups'],
  ['USPS', 'usps'],
]);

// Slugs of https://www.aftership.com/docs/tracking/others/supported-couriers
const TRACKING_CARRIERS: ReadonlyMap<string, string> = new Map([
  ['DHLEcs', 'dhl-global-mail'],
  ['DHLExpress', 'dhl'],
  ['DHLPaket', 'dhl-germany'],
  ['DPD', 'dpd'],
  ['DPDUK', 'dpd-uk'],
  ['GLS', 'gls'],
]);

const MAX_TRACKING_LINK = 500;
const HELD_RETRY_SECONDS = 3_600;

const Shipment = z.object({ order_address_id: Digits.nullish(), tracking_number: text });

interface Item {
  readonly order_product_id: number;
  readonly quantity: number;
}

/** Makes a shipment of a parcel's units with its tracking number, once. BigCommerce mails the buyer by itself, where the store is set so. */
export async function markShipped(shipped: Shipped, call: Call): Promise<'written' | 'known'> {
  const store = openStore(call);
  const { id, addressId } = placeOf(shipped.sourceId);
  // There is no idempotency key: what an earlier try has written is found by the tracking number.
  if (await isTold(id, addressId, shipped, store)) return 'known';
  const found = await findOrder(id, store);
  if (found === undefined) throw new Rejected('storefront.order-absent', `BigCommerce does not know order ${id}; it was deleted, or storeHash names another store.`, { seen: id });
  const order = readOrderBody(found);
  refuseUnlessOpen(order);
  const address = addressIn(order, addressId, shipped);
  const body = { order_address_id: numberOf(address.id), items: itemsOf(shipped, address, order), tracking_number: shipped.trackingNumber, ...linkOf(shipped) };
  await store.ask('POST', `/v2/orders/${id}/shipments`, body);
  return 'written';
}

function placeOf(sourceId: string): { readonly id: string; readonly addressId: string | undefined } {
  const [, id, addressId] = /^([1-9]\d{0,19})(?:-([1-9]\d{0,19}))?$/.exec(sourceId) ?? [];
  if (id === undefined) throw new Rejected('storefront.order-absent', `${JSON.stringify(sourceId)} is not an order of BigCommerce.`, { seen: sourceId });
  return { id, addressId };
}

async function isTold(id: string, addressId: string | undefined, { trackingNumber }: Shipped, store: Store): Promise<boolean> {
  const shipments = await list(`/v2/orders/${id}/shipments`, Shipment, store);
  return shipments.some(({ order_address_id: at, tracking_number }) => tracking_number === trackingNumber && (addressId === undefined || !at || at === addressId));
}

function refuseUnlessOpen(order: Order): void {
  if (HELD_STATUSES.has(order.status_id)) {
    throw new Unavailable(
      'storefront.order-held',
      `BigCommerce order ${order.id} has status ${order.status_id}, which a shipment would hide; it is told once a person has settled it.`,
      {
        seen: String(order.status_id),
        retryAfterSeconds: HELD_RETRY_SECONDS,
      },
    );
  }
  if (!isCancelled(order) && standingOf(order) !== 'checkout') return;
  throw new Rejected(
    'storefront.order-cancelled',
    `BigCommerce order ${order.id} has status ${order.status_id} and is not wanted any more; its parcel left: intercept it, or settle it with the customer.`,
    { seen: String(order.status_id) },
  );
}

type Address = Order['consignments']['shipping'][number];

function addressIn({ id, consignments }: Order, addressId: string | undefined, { orderId }: Shipped): Address {
  const used = consignments.shipping.filter(({ line_items }) => line_items.length > 0);
  const address = addressId === undefined ? used[0] : used.find((one) => one.id === addressId);
  if (address !== undefined && (addressId !== undefined || used.length === 1)) return address;
  throw new Rejected(
    'storefront.address-absent',
    `BigCommerce order ${id} goes to ${used.length} addresses, and none of them is the one that order ${orderId} went to; enter the shipment in the store by hand.`,
    { seen: addressId ?? '' },
  );
}

/** A SKU may be on several lines: they are filled in their order, and none with more than is left of it. */
function itemsOf(shipped: Shipped, { line_items }: Address, order: Order): Item[] {
  const open = new Map(shipped.units.map(({ sku, quantity }) => [sku, quantity]));
  const items = line_items.flatMap((line) => {
    const sku = skuOf(line);
    const left = line.type === 'physical' ? Math.max(0, line.quantity - (line.quantity_refunded ?? 0) - (line.quantity_shipped ?? 0)) : 0;
    const quantity = Math.min(open.get(sku) ?? 0, left);
    open.set(sku, (open.get(sku) ?? 0) - quantity);
    return quantity > 0 ? [{ order_product_id: numberOf(line.id), quantity }] : [];
  });
  const missing = [...open].filter(([, quantity]) => quantity > 0).map(([sku, quantity]) => `${quantity} x ${sku}`);
  if (missing.length === 0) return items;
  throw new Rejected(
    'storefront.units-unmatched',
    `BigCommerce order ${order.id} has nothing left to ship of ${missing.join(', ')} (status ${order.status_id}); a refund or a shipment by hand is in the way.`,
    { seen: String(order.status_id) },
  );
}

/** One of the three ways that BigCommerce knows to a tracking link. */
function linkOf({ carrier, trackingUrl }: Shipped): Readonly<Record<string, string>> {
  const provider = PROVIDERS.get(carrier);
  if (provider !== undefined) return { shipping_provider: provider };
  const slug = TRACKING_CARRIERS.get(carrier);
  if (slug !== undefined) return { shipping_provider: '', tracking_carrier: slug };
  return { shipping_provider: '', ...(trackingUrl !== '' && trackingUrl.length <= MAX_TRACKING_LINK && { tracking_link: trackingUrl }) };
}
