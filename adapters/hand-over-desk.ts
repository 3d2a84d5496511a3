import { dayIn, zoneOf } from '../core/calendar.ts';
import type { Client } from '../core/client.ts';
import { type Refused, refused } from '../core/error.ts';
import type { HandOver, HandOverName, Manifest } from '../core/manifest.ts';
import { notMade } from '../core/manifest.ts';
import type { Act } from '../core/order.ts';
import { askForPickup, cancelPickup, type Pickup, type PickupWish, type PickupWord } from '../core/pickup.ts';
import { readHandOver, readManifests, writeManifest } from './aws/manifest-store.ts';
import type { Outbox } from './aws/message-queue.ts';
import { readPickup, readPickups, writePickup } from './aws/pickup-store.ts';
import type { Table } from './aws/table.ts';
import { loadCarrier } from './carrier.ts';
import { type CloseRequest, placeOf } from './manifest.ts';
import type { PickupName } from './pickup.ts';

/** Where people ask for what carriers are to do. The carriers are asked by queues: they may take longer than a request may. */
export interface HandOverDesk {
  readonly table: Table;
  readonly client: Client;
  newId(): string;
}

/** Which hand-over somebody means; today's by the warehouse's clocks, where no day is given. */
export interface WhichHandOver {
  readonly carrierId: string;
  readonly warehouse: string;
  readonly day?: string | undefined;
}

function nameOf({ client }: Pick<HandOverDesk, 'client'>, { carrierId, warehouse, day }: WhichHandOver, now: Date): HandOverName {
  const place = placeOf(client, carrierId, warehouse);
  return { carrierId, warehouse, day: day ?? dayIn(zoneOf(place.warehouse, client), now) };
}

/**
 * Asks for a day to be closed now.
 * @param notMadeNumber a manifest of that day of which nobody knows whether it was made, and of which the carrier's own pages show none
 */
export async function askToClose(
  desk: HandOverDesk,
  queue: Outbox,
  which: WhichHandOver,
  act: Act,
  notMadeNumber?: number,
): Promise<Refused | { readonly kind: 'asked'; readonly request: CloseRequest }> {
  const name = nameOf(desk, which, act.now);
  const refusal = notMadeNumber === undefined ? undefined : await settleNotMade(desk, name, notMadeNumber, act);
  if (refusal !== undefined) return refusal;
  const request: CloseRequest = { ...name, closing: desk.newId(), by: act.by };
  await queue.send([JSON.stringify(request)]);
  return { kind: 'asked', request };
}

/** Takes a person's word that a manifest does not exist. @returns why not, if so */
async function settleNotMade({ table }: HandOverDesk, name: HandOverName, number: number, act: Act): Promise<Refused | undefined> {
  const manifest = (await readManifests(table, name, name.day)).find((one) => one.day === name.day && one.number === number);
  if (manifest === undefined) return refused('shipment.manifest-unknown', `There is no manifest ${number} of ${name.carrierId} in ${name.warehouse} on ${name.day}.`);
  const changed = notMade(manifest, act.by, act.now);
  if ('kind' in changed) return changed;
  return (await writeManifest(table, changed)) ? undefined : refused('shipment.manifest-contended', 'The manifest is being looked up just now; try again in a minute.');
}

/** What there is of a carrier's day in a warehouse. */
export interface ShownHandOver extends HandOverName {
  readonly handOver: HandOver | undefined;
  readonly manifests: readonly Manifest[];
  readonly pickups: readonly Pickup[];
}

/** Looks a carrier's day up: what it gets, what stays behind, and the pickups. */
export async function showHandOver(desk: Pick<HandOverDesk, 'table' | 'client'>, which: WhichHandOver, now: Date): Promise<ShownHandOver> {
  const name = nameOf(desk, which, now);
  const [handOver, manifests, pickups] = await Promise.all([
    readHandOver(desk.table, name),
    readManifests(desk.table, name, name.day),
    readPickups(desk.table, name.carrierId, `${name.warehouse}-${name.day}-`),
  ]);
  return { ...name, handOver, manifests: manifests.filter((one) => one.day === name.day), pickups };
}

/** Asks for a carrier to come. @param another whether a second pickup of the same day is meant */
export async function bookPickup(desk: HandOverDesk, queue: Outbox, wish: PickupWish, another: boolean, act: Act): Promise<Pickup | Refused> {
  const { connection, warehouse } = placeOf(desk.client, wish.carrierId, wish.warehouse);
  if ((await loadCarrier(connection.kind)).pickup === undefined)
    return refused('shipment.pickup-unoffered', `${connection.id} (${connection.kind}) books no pickups; it collects as agreed with it, or ask it by its own pages.`);
  const today = dayIn(zoneOf(warehouse, desk.client), act.now);
  if (wish.day < today) return refused('shipment.pickup-past', `${wish.day} is past; it is ${today} in ${warehouse.id}.`);
  const before = await readPickups(desk.table, wish.carrierId, `${wish.warehouse}-${wish.day}-`);
  const pickup = askForPickup(before, wish, another, desk.newId(), act.by, act.now);
  if ('kind' in pickup) return pickup;
  const isNew = before.every(({ pickupId }) => pickupId !== pickup.pickupId);
  if (isNew && !(await writePickup(desk.table, pickup))) return refused('shipment.pickup-contended', 'Somebody else asks for a pickup of that day just now; look at it first.');
  // Sent again for one that was written and not sent: the worker asks the carrier once.
  await sendName(queue, pickup);
  return pickup;
}

/** Takes the word that a carrier need not come. Again changes nothing. @throws Rejected `pickup.not-found` */
export async function unbookPickup(
  { table }: Pick<HandOverDesk, 'table'>,
  queue: Outbox,
  { carrierId, pickupId }: PickupName,
  word: PickupWord,
  act: Act,
): Promise<Pickup | Refused> {
  const before = await readPickup(table, carrierId, pickupId);
  const pickup = cancelPickup(before, word, act.by, act.now);
  if ('kind' in pickup) return pickup;
  if (pickup !== before && !(await writePickup(table, pickup)))
    return refused('shipment.pickup-contended', `Pickup ${pickupId} is being dealt with just now; try again in a minute.`);
  if (pickup.status === 'cancelling') await sendName(queue, pickup);
  return pickup;
}

async function sendName(queue: Outbox, { carrierId, pickupId }: PickupName): Promise<void> {
  await queue.send([JSON.stringify({ carrierId, pickupId } satisfies PickupName)]);
}
