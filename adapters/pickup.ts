import { zoneOf } from '../core/calendar.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import { claimPickup, movePickup, type Pickup, pickupStep } from '../core/pickup.ts';
import { shipDateOf } from '../core/selection.ts';
import type { Parcel } from '../core/shipment.ts';
import { readParcelsAt } from './aws/manifest-store.ts';
import { readPickup, writePickup } from './aws/pickup-store.ts';
import type { Booked, CarrierCall, LabelAtCarrier, PickupRequest, Pickups } from './carrier.ts';
import { reachCarrier } from './carrier-reach.ts';
import { type HandingOver, placeOf } from './manifest.ts';
import { watched } from './watched-http.ts';

/** Names one pickup. */
export interface PickupName {
  readonly carrierId: string;
  readonly pickupId: string;
}

const CALL_LIMIT_MS = 20_000;

/**
 * Takes the one step that the pickup protocol allows now: books, cancels, or has a person say what became of a booking.
 * @returns what the pickup is after it
 * @throws Unavailable when it must come again
 */
export async function dealWithPickup(hub: HandingOver, { carrierId, pickupId }: PickupName): Promise<Pickup['status']> {
  const pickup = await readPickup(hub.table, carrierId, pickupId);
  const step = pickupStep(pickup, hub.now());
  switch (step.do) {
    case 'nothing':
      return pickup.status;
    case 'wait':
      throw new Unavailable('shipment.pickup-claimed', `Another invocation books pickup ${pickupId} for up to ${step.seconds} s.`, { retryAfterSeconds: step.seconds });
    case 'park':
      return await park(hub, pickup, 'whoever asked the carrier did not hear its answer');
    case 'book':
      return await book(hub, pickup);
    case 'cancel':
      return await cancel(hub, pickup, step.confirmation);
    default:
      return step satisfies never;
  }
}

async function book(hub: HandingOver, pickup: Pickup): Promise<Pickup['status']> {
  const { call, pickups } = await reach(hub, pickup);
  const parcels = await parcelsFor(hub, pickup);
  const count = pickup.parcels ?? parcels.length;
  if (count === 0) return await refuse(hub, pickup, 'no parcel is labelled for that day yet: label first, or say how many parcels and what weight there will be');
  const weight = pickup.weight ?? parcels.reduce((sum, parcel) => sum + parcel.weight, 0);
  const claimed = claimPickup(pickup, count, weight, hub.now());
  await write(hub, claimed);
  const way = watched(call.http);
  const answer = await pickups.book(requestOf(hub, claimed, { parcels: count, weight }, parcels), { ...call, http: way.http }).catch((error: unknown): Booked => {
    if (!(error instanceof Rejected || error instanceof Unavailable)) throw error;
    return { outcome: way.sent() ? 'unknown' : 'refused', reason: error.message };
  });
  if (answer.outcome === 'unknown') return await park(hub, claimed, answer.reason);
  if (answer.outcome === 'later') return await giveBack(hub, pickup, claimed, answer.reason);
  if (answer.outcome === 'refused') return way.turnedBack() ? await giveBack(hub, pickup, claimed, answer.reason) : await refuse(hub, claimed, answer.reason);
  const { confirmation, cost, currency } = answer;
  return await move(hub, claimed, 'booked', { confirmation, ...(cost !== null && { cost }), ...(currency !== null && { currency }) });
}

/** What is labelled for that day, or for an earlier one, and still here. */
async function parcelsFor(hub: HandingOver, { carrierId, warehouse, day }: Pickup): Promise<Parcel[]> {
  const place = placeOf(hub.client, carrierId, warehouse);
  const parcels = await readParcelsAt(hub.table, { carrierId, warehouse }, ['hand-over'], hub.now());
  return parcels.filter(
    ({ label, returns }) =>
      returns === undefined &&
      label !== undefined &&
      label.document !== '' &&
      (label.shipDate ?? shipDateOf(place.warehouse, place.connection, hub.client, new Date(label.boughtAt))) <= day,
  );
}

function requestOf(
  { client }: HandingOver,
  pickup: Pickup,
  { parcels, weight }: { readonly parcels: number; readonly weight: number },
  labelled: readonly Parcel[],
): PickupRequest {
  const { warehouse } = placeOf(client, pickup.carrierId, pickup.warehouse);
  const { reference, day, readyAt, closesAt, instructions } = pickup;
  const labels = labelled.flatMap(({ label }): LabelAtCarrier[] =>
    label === undefined ? [] : [{ reference: label.reference, carrierRef: label.carrierRef, trackingNumber: label.trackingNumber }],
  );
  return { reference, from: warehouse.address, day, readyAt, closesAt, timeZone: zoneOf(warehouse, client), parcels, weight, instructions, labels };
}

/** Cancelling is repeated until it is known what came of it: a carrier cancels a pickup once. */
async function cancel(hub: HandingOver, pickup: Pickup, confirmation: string): Promise<Pickup['status']> {
  const { call, pickups } = await reach(hub, pickup);
  const answer = await pickups.cancel(confirmation, call);
  if (answer.outcome === 'cancelled') return await move(hub, pickup, 'cancelled', { reason: pickup.reason });
  if (answer.outcome === 'unknown')
    throw new Unavailable('shipment.outcome-unknown', `Whether pickup ${pickup.pickupId} is cancelled is not known (${answer.reason}); it is asked for again.`, {
      retryAfterSeconds: 15,
    });
  hub.notice('pickupKept', { carrierId: pickup.carrierId, pickup: pickup.pickupId, reason: answer.reason.slice(0, 200) });
  return await move(hub, pickup, 'booked', { reason: `not cancelled: ${answer.reason}` });
}

/** @throws Rejected `carrier.no-pickups`, whatever reaching the carrier throws */
async function reach(hub: HandingOver, { carrierId, warehouse }: Pickup): Promise<{ readonly call: CarrierCall<unknown>; readonly pickups: Pickups<unknown> }> {
  const { connection } = placeOf(hub.client, carrierId, warehouse);
  const { carrier, call } = await reachCarrier(connection.id, hub, CALL_LIMIT_MS);
  if (carrier.pickup === undefined) throw new Rejected('carrier.no-pickups', `${carrierId} books no pickups; ask ${carrier.title} by its own pages.`);
  return { call, pickups: carrier.pickup };
}

async function park(hub: HandingOver, pickup: Pickup, reason: string): Promise<Pickup['status']> {
  hub.notice('pickupUnknown', { carrierId: pickup.carrierId, pickup: pickup.pickupId, reason: reason.slice(0, 200) });
  return await move(hub, pickup, 'unknown', { reason });
}

async function refuse(hub: HandingOver, pickup: Pickup, reason: string): Promise<Pickup['status']> {
  hub.notice('pickupRefused', { carrierId: pickup.carrierId, pickup: pickup.pickupId, reason: reason.slice(0, 200) });
  return await move(hub, pickup, 'refused', { reason });
}

/** Nothing was booked, and nothing will be by what was asked: it may be asked for again. */
async function giveBack(hub: HandingOver, { parcels, weight }: Pickup, claimed: Pickup, reason: string): Promise<never> {
  await write(hub, { ...movePickup(claimed, 'asked', { reason }, hub.now()), parcels, weight });
  throw new Unavailable('shipment.pickup-not-asked', `${claimed.carrierId} booked no pickup ${claimed.pickupId}, and is asked again: ${reason}`, { retryAfterSeconds: 60 });
}

async function move(hub: HandingOver, pickup: Pickup, status: Pickup['status'], changed: Parameters<typeof movePickup>[2]): Promise<Pickup['status']> {
  await write(hub, movePickup(pickup, status, changed, hub.now()));
  return status;
}

async function write({ table }: HandingOver, pickup: Pickup): Promise<void> {
  if (!(await writePickup(table, pickup))) throw new Unavailable('shipment.pickup-contended', `Another invocation deals with pickup ${pickup.pickupId}.`, { retryAfterSeconds: 5 });
}
