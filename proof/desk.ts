import * as z from 'zod';
import { isEntity } from '../adapters/aws/table.ts';
import type { Settled } from '../adapters/settle-label.ts';
import { Booking } from '../core/booking.ts';
import { Unavailable } from '../core/error.ts';
import type { HoldKind } from '../core/hold.ts';
import type { Act, Order } from '../core/order.ts';
import type { Parcel, Purchase } from '../core/shipment.ts';
import { bookStock } from '../functions/inventory/book-stock.ts';
import { authoriseOrder } from '../functions/order/authorise-order.ts';
import { authoriseOrders } from '../functions/order/authorise-orders.ts';
import { correctAddress } from '../functions/order/correct-address.ts';
import { holdOrder } from '../functions/order/hold-order.ts';
import { prioritiseOrder } from '../functions/order/prioritise-order.ts';
import { reallocateOrder } from '../functions/order/reallocate-order.ts';
import { releaseHold } from '../functions/order/release-hold.ts';
import type { Answer } from '../functions/shell/http.ts';
import { beginPacking } from '../functions/shipment/begin-packing.ts';
import { bookPickup } from '../functions/shipment/book-pickup.ts';
import { cancelPickup } from '../functions/shipment/cancel-pickup.ts';
import { closeManifest } from '../functions/shipment/close-manifest.ts';
import { handOverParcels } from '../functions/shipment/hand-over-parcels.ts';
import { packOrder } from '../functions/shipment/pack-order.ts';
import { recallParcel } from '../functions/shipment/recall-parcel.ts';
import { requestReturn } from '../functions/shipment/request-return.ts';
import { settleLabel } from '../functions/shipment/settle-label.ts';
import { reportScan } from '../functions/tracking/report-scan.ts';
import { ADDRESS, idOf, recipientOf } from '../test/functions/world.ts';
import { COST } from './easypost.ts';
import { itemsOf } from './invariants.ts';
import { buyByHand } from './outside.ts';
import type { Services } from './services.ts';
import type { World } from './world.ts';

/** Somebody at a desk, a dock or a packing table, who does something by the API. */
async function act(world: World, name: string, work: (services: Services, act: Act) => Promise<Answer>): Promise<Answer> {
  return await world.ask(name, async (services) => await work(services, { by: 'manager', now: services.now(), scopes: ['hub/orders.authorise'] }));
}

/** Goods arrive. */
export async function receive(world: World, id: string, units: Readonly<Record<string, number>>, against: 'free' | 'request' = 'free', warehouse = 'north'): Promise<void> {
  const lines = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
  await bookAs(world, { kind: 'receipt', id, warehouse, against, lines });
}

/** Goods are counted. */
export async function count(world: World, id: string, sku: string, counted: number): Promise<void> {
  await bookAs(world, { kind: 'count', id, warehouse: 'north', recount: true, lines: [{ sku, counted }] });
}

async function bookAs(world: World, booking: object): Promise<void> {
  const read = Booking.parse(booking);
  await act(world, 'inventory/book-stock', (services, by) => bookStock(read, services, by));
}

const REASON = 'looked at, and found right';

/** What somebody does with an order, by the function that does it. */
const ORDER_DEEDS = {
  hold: ['order/hold-order', (orderId, services, by) => holdOrder({ orderId, kind: 'fraud', reason: REASON }, services, by)],
  authorise: ['order/authorise-order', (orderId, services, by) => authoriseOrder({ orderId, reason: REASON }, services, by)],
  prioritise: ['order/prioritise-order', (orderId, services, by) => prioritiseOrder({ orderId, priority: 1, reason: REASON }, services, by)],
  moveSouth: ['order/reallocate-order', (orderId, services, by) => reallocateOrder({ orderId, warehouse: 'south', reason: REASON }, services, by)],
  beginPacking: ['shipment/begin-packing', (orderId, services, by) => beginPacking({ orderId, warehouse: 'north' }, services, by)],
  recall: ['shipment/recall-parcel', (orderId, services, by) => recallParcel({ orderId, parcel: 1, reason: REASON }, services, by)],
  handOver: [
    'shipment/hand-over-parcels',
    (orderId, services, by) => handOverParcels({ carrierId: carrierOf(services), parcels: [{ orderId, parcel: 1 }], reason: REASON }, services, by),
  ],
  sendBack: ['shipment/request-return', (orderId, services, by) => requestReturn({ orderId, parcel: 1, reason: REASON, units: [] }, services, by)],
  reportDelivered: ['tracking/report-scan', (orderId, services, by) => reportScan({ orderId, parcel: 1, status: 'delivered', note: REASON }, services, by)],
} satisfies Record<string, readonly [string, (orderId: string, services: Services, by: Act) => Promise<Answer>]>;

/** The one carrier of a story. */
function carrierOf({ client: { carriers } }: Services): string {
  return carriers[0]?.id ?? '';
}

/** Somebody does one of these with an order. */
export async function decide(world: World, id: string, deed: keyof typeof ORDER_DEEDS): Promise<void> {
  const [name, work] = ORDER_DEEDS[deed];
  await act(world, name, (services, by) => work(idOf(id), services, by));
}

const Authorised = z.object({ orders: z.array(z.object({ authorised: z.boolean(), code: z.string().optional() })) });

/** Somebody lets several orders go at once, and asks again for those that could not be dealt with just now. */
export async function authoriseAll(world: World, ...ids: readonly string[]): Promise<void> {
  await act(world, 'order/authorise-orders', async (services, by) => {
    const answered = await authoriseOrders({ orderIds: ids.map(idOf), reason: REASON }, services, by);
    const { orders } = Authorised.parse(answered.kind === 'answer' ? answered.body : {});
    const busy = orders.find(({ authorised, code }) => !authorised && code?.startsWith('order.') !== true);
    if (busy !== undefined) throw new Unavailable('proof.asked-again', `One could not be authorised: ${busy.code}.`);
    return answered;
  });
}

/** A manager settles what an order waited for. */
export async function release(world: World, id: string, kind: HoldKind): Promise<void> {
  await act(world, 'order/release-hold', (services, by) => releaseHold({ orderId: idOf(id), kind, reason: REASON }, services, by));
}

/** A manager settles what orders wait for whose parcels are packed already: a storefront's second thoughts, say, that came after the packing. */
export async function releasePacked(world: World): Promise<void> {
  const items = itemsOf(world.state);
  const packed = new Set(items.flatMap((item) => (isEntity<Parcel>(item, 'parcel') && item.status === 'packed' ? [item.orderId] : [])));
  const waiting = items.flatMap((item) => (isEntity<Order>(item, 'order') && packed.has(item.orderId) ? item.holds.map((held) => ({ orderId: item.orderId, ...held })) : []));
  for (const { orderId, kind } of waiting.filter(({ release }) => release !== 'hub'))
    await act(world, 'order/release-hold', (services, by) => releaseHold({ orderId, kind, reason: REASON }, services, by));
}

/** A representative hears that the customer lives elsewhere. */
export async function correct(world: World, id: string, line1: string): Promise<void> {
  const address = { ...ADDRESS, name: recipientOf(id), line1 };
  await act(world, 'order/correct-address', (services, by) => correctAddress({ orderId: idOf(id), address, reason: REASON }, services, by));
}

/** A packer scans every unit of an order into a parcel. */
export async function pack(world: World, id: string, units: Readonly<Record<string, number>>): Promise<void> {
  const scanned = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
  await act(world, 'shipment/pack-order', (services, by) => packOrder({ orderId: idOf(id), warehouse: 'north', scanned }, services, by));
}

/** Somebody buys by hand the labels that the hub asks a person for, and says so. @param ids the orders'; all where none is given */
export async function buyLabels(world: World, ...ids: readonly string[]): Promise<void> {
  for (const purchase of parkedOf(world, ids)) await settle(world, purchase, { bought: true, trackingNumber: buyByHand(world, purchase), cost: COST, currency: 'EUR' });
}

/** Somebody says of the labels that the hub asks a person for that none was bought. @param ids the orders' */
export async function buyNone(world: World, ...ids: readonly string[]): Promise<void> {
  for (const purchase of parkedOf(world, ids)) await settle(world, purchase, { bought: false });
}

function parkedOf({ state }: World, ids: readonly string[]): Purchase[] {
  const wanted = new Set(ids.map(idOf));
  return itemsOf(state).flatMap((item) => (isEntity<Purchase>(item, 'purchase') && item.status === 'parked' && (ids.length === 0 || wanted.has(item.orderId)) ? [item] : []));
}

async function settle(world: World, { orderId, parcel }: Purchase, said: Settled): Promise<void> {
  await act(world, 'shipment/settle-label', (services, by) => settleLabel({ orderId, parcel, reason: REASON, ...said }, services, by));
}

/** Somebody at the dock closes the carrier's day before its time. */
export async function closeEarly(world: World): Promise<void> {
  await act(world, 'shipment/close-manifest', (services, by) => closeManifest({ carrierId: 'easypost', warehouse: 'north' }, services, by));
}

/** Somebody at the dock has the carrier come. */
export async function callCarrier(world: World, day: string): Promise<void> {
  const wish = { carrierId: 'easypost', warehouse: 'north', day, readyAt: '14:00', closesAt: '17:00', instructions: '', another: false };
  await act(world, 'shipment/book-pickup', (services, by) => bookPickup(wish, services, by));
}

/** Somebody at the dock sends the carrier off again. */
export async function sendOff(world: World, pickupId: string): Promise<void> {
  await act(world, 'shipment/cancel-pickup', (services, by) => cancelPickup({ carrierId: 'easypost', pickupId }, services, by));
}
