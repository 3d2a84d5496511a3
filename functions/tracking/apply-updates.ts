import { decide } from '../../adapters/aws/decide.ts';
import { addTrackingEvents, findByTrackingNumber, readParcel, readTrackingEvents, writeParcel } from '../../adapters/aws/parcel-store.ts';
import { loadCarrier } from '../../adapters/carrier.ts';
import { type Delivery, unpackDelivery } from '../../adapters/delivery.ts';
import { follow } from '../../core/course.ts';
import { Rejected, refused, Unavailable } from '../../core/error.ts';
import type { Act } from '../../core/order.ts';
import { type Parcel, trackParcel } from '../../core/shipment.ts';
import { eventKey, summarise, type TrackingEvent, type TrackingUpdate } from '../../core/tracking.ts';
import { count } from '../shell/log.ts';
import { type Failures, queue, type Received } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the updates queue: what carriers told us about parcels. */
export const handler = queue({ read: unpackDelivery, handle: applyUpdates, services: openHub });

type Tracker = Pick<Hub, 'table' | 'client' | 'now' | 'newId'>;

/** What a batch tells of one parcel. */
interface Told extends TrackingUpdate {
  readonly carrierId: string;
  /** The messages that tell it. */
  readonly ids: readonly string[];
}

/** Takes together what a batch tells of one parcel, so that callbacks which come at once do not stand in each other's way. */
export async function applyUpdates(batch: readonly Received<Delivery>[], hub: Tracker): Promise<Failures> {
  const failures = new Map<string, unknown>();
  const told = new Map<string, Told>();
  for (const { id, message } of batch) {
    const update = await parse(message, hub).catch((error: unknown) => void failures.set(id, error));
    if (update === undefined) continue;
    const key = `${message.connectionId} ${update.trackingNumber}`;
    const { ids = [], events = [] } = told.get(key) ?? {};
    told.set(key, { carrierId: message.connectionId, trackingNumber: update.trackingNumber, ids: [...ids, id], events: [...events, ...update.events] });
  }
  await Promise.all([...told.values()].map((one) => applyUpdate(one, hub).catch((error: unknown) => one.ids.forEach((id) => void failures.set(id, error)))));
  return failures;
}

/** Adds the scans that are new, sums all of them up, and moves parcel and order forward; a repeat changes nothing. */
async function applyUpdate({ carrierId, trackingNumber, events }: Told, hub: Tracker): Promise<void> {
  const act: Act = { by: carrierId, now: hub.now() };
  const name = await findByTrackingNumber(hub.table, carrierId, trackingNumber, act.now);
  // A carrier may be faster than our own note of the purchase.
  if (name === undefined) throw new Unavailable('tracking.parcel-unknown', 'No parcel of ours has this tracking number yet.');
  // Before its events: whoever adds some in between writes the parcel too, and then our write of it is refused.
  const parcel = await readParcel(hub.table, name);
  const known = await readTrackingEvents(hub.table, name);
  const fresh = newEvents(events, known);
  if (fresh.length > 0) await addTrackingEvents(hub.table, name, fresh);
  const tracked = trackParcel(parcel, summarise([...known, ...fresh]), act);
  if (tracked !== undefined && !(await writeParcel(hub.table, tracked)))
    throw new Unavailable('tracking.parcel-contended', 'The parcel changed meanwhile.', { retryAfterSeconds: 1 });
  await followOrder(hub, tracked ?? parcel, act);
}

/** The events that are not known yet, each once: carriers repeat themselves within one callback too. */
function newEvents(told: readonly TrackingEvent[], known: readonly TrackingEvent[]): TrackingEvent[] {
  const fresh = new Map(told.map((event) => [eventKey(event), event]));
  for (const event of known) fresh.delete(eventKey(event));
  return [...fresh.values()];
}

async function parse(delivery: Delivery, { client, now }: Tracker): Promise<TrackingUpdate | undefined> {
  const connection = client.carriers.find(({ id }) => id === delivery.connectionId);
  if (connection === undefined) throw new Rejected('carrier.unknown', `No carrier connection is called ${JSON.stringify(delivery.connectionId)} in this client's file.`);
  const parsed = (await loadCarrier(connection.kind)).parseUpdate(delivery);
  if (parsed.kind === 'update') return parsed.update;
  count('updateIgnored', now(), { carrierId: delivery.connectionId, reason: parsed.reason });
  return undefined;
}

/** Moves the order along with its parcel; also after a crash between the two writes, because every update looks. */
async function followOrder(hub: Tracker, { status, tracking, orderId, parcel }: Parcel, act: Act): Promise<void> {
  const { firstScanAt, deliveredAt } = tracking;
  if (firstScanAt === undefined) return;
  // A parcel that was lost had left all the same.
  const to = status === 'delivered' || status === 'returned' ? status : 'dispatched';
  const at = to === 'delivered' ? (deliveredAt ?? tracking.at) : to === 'returned' ? tracking.at : firstScanAt;
  const posting = { ...act, reference: hub.newId(), reason: `parcel ${status}` };
  await decide(hub.table, orderId, posting, (order) => follow(order, parcel, to, at, act, firstScanAt) ?? refused('order.known', `The order is ${order.status} already.`));
}
