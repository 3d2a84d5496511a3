import * as z from 'zod';
import { packDelivery } from '../adapters/delivery.ts';
import { packPrivacy } from '../adapters/reference.ts';
import type { Purchase } from '../core/shipment.ts';
import { JOURNEYS, type Journey, trackerEvent } from '../local/simulators/journey.ts';
import { deliveryOf, idOf, type Posted, recipientOf } from '../test/functions/world.ts';
import type { Oddity } from './easypost.ts';
import { SHOP, shopEvent } from './etsy.ts';
import type { World } from './world.ts';

/** The storefront posts an order, and is told that we have it. */
export function post(world: World, posted: Posted): void {
  world.state.acknowledged.push(idOf(posted.id));
  world.enqueue('inbox', [packDelivery({ ...deliveryOf(posted), receivedAt: new Date(world.state.now).toISOString() })]);
}

/** The storefront has an order, and posts nothing of it. */
export function list(world: World, posted: Posted): void {
  world.state.acknowledged.push(idOf(posted.id));
  const { data } = Payload.parse(JSON.parse(deliveryOf(posted).body.toString('utf8')));
  world.state.listed.push(JSON.stringify(data));
}

const Payload = z.object({ data: z.looseObject({}) });

/** What a shop that tells only which receipt changed has of one. */
interface Bought {
  readonly id: string;
  readonly units?: Readonly<Record<string, number>>;
  readonly status?: 'Open' | 'Paid' | 'Canceled';
}

/** A receipt of the shop comes to be, or changes, and the shop says which. */
export function buy(world: World, { id, units = { TENT: 1 }, status = 'Paid' }: Bought): void {
  const { state } = world;
  const seconds = Math.floor(state.now / 1000);
  const known = state.shop.receipts.find((receipt) => receipt.id === id);
  if (known === undefined) state.shop.receipts.push({ id, buyer: recipientOf(id), units, status, createdAt: seconds, updatedAt: seconds, trackingCodes: [] });
  else Object.assign(known, { units, status, updatedAt: Math.max(seconds, known.updatedAt + 1) });
  state.acknowledged.push(`${SHOP.connectionId}:${id}`);
  mention(world, id, status === 'Canceled' ? 'order.canceled' : 'order.paid');
}

/** The shop says that something happened to a receipt, whether it has one or not. */
export function mention(world: World, id: string, type: string): void {
  world.enqueue('inbox', [packDelivery({ connectionId: SHOP.connectionId, headers: {}, receivedAt: new Date(world.state.now).toISOString(), body: shopEvent(id, type) })]);
}

/** A person buys the label that the hub asks for, at the carrier's counter. @returns its tracking number */
export function buyByHand({ state }: World, { orderId, reference }: Purchase): string {
  const { shipments } = state.carrier;
  const id = `shp_${shipments.length + 1}`;
  const trackingCode = `HAND${shipments.length + 1}`;
  const to = { name: recipientOf(orderId.split(':').at(-1) ?? '') };
  shipments.push({ id, reference, to, trackingCode, oddity: undefined, asked: 1, refund: null, createdAt: new Date(state.now).toISOString(), form: null, scans: [] });
  return trackingCode;
}

/** The storefront posts what is no order. */
export function postPoison(world: World): void {
  world.enqueue('inbox', [
    packDelivery({ connectionId: 'wholesale', headers: {}, receivedAt: new Date(world.state.now).toISOString(), body: Buffer.from('{"type":"poison"}') }),
    'poison: no delivery at all',
  ]);
}

/** Something about the parcels of an order that the carrier will find. */
export function beOdd(world: World, id: string, oddity: Oddity): void {
  world.state.carrier.oddities[recipientOf(id)] = oddity;
}

/** A parcel goes on its way, and the carrier says nothing of it. */
export function travel(world: World, id: string, journey: Journey, scans: number): void {
  const shipment = travelling(world, id);
  if (shipment !== undefined) shipment.scans = JOURNEYS[journey].slice(0, scans).map((one, index) => ({ scan: one, at: world.state.now - (scans - index) * 60_000 }));
}

function travelling({ state }: World, id: string) {
  return state.carrier.shipments.find(({ to, trackingCode, refund }) => to.name === recipientOf(id) && trackingCode !== '' && refund === null);
}

/** The carrier posts a parcel's history, as far as it went: the whole of it with every scan. */
export function scan(world: World, id: string, journey: Journey, scans: number): void {
  travel(world, id, journey, scans);
  const shipment = travelling(world, id);
  if (shipment === undefined) return;
  const body = trackerEvent(`evt_${id}_${scans}`, { shipmentId: shipment.id, trackingCode: shipment.trackingCode, carrier: 'UPS', scans: shipment.scans });
  world.enqueue('updates', [
    packDelivery({ connectionId: 'easypost', headers: { 'content-type': 'application/json' }, receivedAt: new Date(world.state.now).toISOString(), body }),
  ]);
}

/** The storefront asks for a customer's data to be erased. */
export function askToErase(world: World, id: string): void {
  const request = { wants: 'erase' as const, requestId: `erase-${id}`, sourceIds: [id], email: null, phone: null };
  world.enqueue('privacy', [packPrivacy({ connectionId: 'wholesale', request, receivedAt: new Date(world.state.now).toISOString() })]);
}
