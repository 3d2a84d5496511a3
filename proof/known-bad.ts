import { readOrders } from '../adapters/aws/order-store.ts';
import { readParcel } from '../adapters/aws/parcel-store.ts';
import { readPurchases, settlePurchase } from '../adapters/aws/purchase-store.ts';
import { publishEvents } from '../adapters/aws/topic.ts';
import { unpackDelivery } from '../adapters/delivery.ts';
import { loadNotifier } from '../adapters/notifier.ts';
import { buy } from '../adapters/purchase.ts';
import { Booking } from '../core/booking.ts';
import { eventsOf, type HubEvent } from '../core/event.ts';
import { noticeFor } from '../core/notification.ts';
import { packWhole } from '../core/packing.ts';
import { claimOf, endPurchase, labelled, parcelOf, purchaseStep } from '../core/shipment.ts';
import { bookStock } from '../functions/inventory/book-stock.ts';
import { acceptOrders } from '../functions/order/accept-orders.ts';
import { type Failures, readEvent } from '../functions/shell/queue.ts';
import { packParcels } from '../functions/shipment/pack-parcels.ts';
import { provePoints } from './crashes.ts';
import { explore, momentsOf, openWorld } from './explore.ts';
import { proveInterleaving } from './interleavings.ts';
import type { Services } from './services.ts';
import { STORIES, type Story } from './stories.ts';
import type { Tally } from './tally.ts';
import { WORKERS, type Worker } from './workers.ts';

/** A worker that is wrong in a way that is often met, in place of ours. */
export interface KnownBad {
  readonly name: string;
  /** Whose place it takes; none where it is a person's way in, told by a story of its own. */
  readonly queue?: string;
  readonly story?: Story;
  /** What is wrong with it. */
  readonly how: string;
  readonly handle?: Worker['handle'];
  /** Which of the invariants has to tell. */
  readonly told: RegExp;
}

/** Handles one event after the other. */
function eachEvent(handle: (event: HubEvent, services: Services) => Promise<void>): Worker['handle'] {
  return async (bodies, services) => {
    const failures = new Map<string, unknown>();
    for (const [id, body] of bodies) await handle(readEvent(body), services).catch((error: unknown) => void failures.set(id, error));
    return failures;
  };
}

async function naivePurchase(event: HubEvent, { table, http, now }: Services): Promise<void> {
  if (event.entity !== 'parcel') return;
  const parcel = await readParcel(table, event.parcel);
  if (parcel.status !== 'packed') return;
  const reference = `${parcel.orderId}/${parcel.parcel}`;
  const ask = async (path: string, body: object) =>
    JSON.parse(String((await http({ method: 'POST', url: `https://api.easypost.com/v2/shipments${path}`, body: JSON.stringify(body) })).body));
  const recipient = `Erika Muster ${parcel.orderId.split(':')[1]}`;
  const { id } = await ask('', { shipment: { reference, to_address: { name: recipient } } });
  const { tracking_code: trackingNumber } = await ask(`/${id}/buy`, {});
  const label = {
    reference,
    carrierRef: String(id),
    carrier: 'UPS',
    service: 'UPSStandard',
    trackingNumber: String(trackingNumber),
    trackingUrl: '',
    cost: 640,
    currency: 'EUR',
    document: 'labels/none.pdf',
  };
  const rate = { carrier: 'UPS', service: 'UPSStandard', cost: 640, currency: 'EUR', deliveryDays: 2, rateId: 'rate' };
  const claim = claimOf(parcel, 1, { reference, carrierRef: String(id), rate, carrierId: parcel.carrierId, shipDate: '' }, now());
  const purchase = {
    ...endPurchase(claim, 'bought', '', now()),
    version: 1,
    bought: { carrierRef: String(id), trackingNumber: String(trackingNumber), cost: 640, currency: 'EUR' },
  };
  await settlePurchase(table, { purchase, parcel: labelled(parcel, { ...label, proof: 'answer', boughtAt: now().toISOString() }, { by: 'hub', now: now() }) });
}

async function purchaseWithoutLease(event: HubEvent, services: Services): Promise<void> {
  if (event.entity !== 'parcel') return;
  const parcel = await readParcel(services.table, event.parcel);
  const purchases = await readPurchases(services.table, parcel);
  const step = purchaseStep(parcel, purchases.at(-1), services.now());
  if (step.do === 'claim') return await buy(services, parcel, step.attempt, purchases);
  // Whoever finds one under way takes it for failed, and makes another.
  if (step.do === 'wait' || step.do === 'find') return await buy(services, parcel, (purchases.at(-1)?.attempt ?? 0) + 1, purchases);
}

/** A receipt that is told apart from no other: whoever asks again has it booked again. */
const UNGUARDED: Story = {
  name: 'goods arrive',
  steps: [
    async (world) => {
      await world.ask('inventory/book-stock', async (services) => {
        const booking = Booking.parse({ kind: 'receipt', id: services.newId(), warehouse: 'north', against: 'free', lines: [{ sku: 'TENT', quantity: 4 }] });
        return await bookStock(booking, services, { by: 'receiver', now: services.now() });
      });
    },
  ],
};

async function publishBeforeCommit(bodies: ReadonlyMap<string, string>, services: Services): Promise<Failures> {
  return await tellThenPack(bodies, services).catch((error: unknown) => new Map([...bodies.keys()].map((id) => [id, error])));
}

async function tellThenPack(bodies: ReadonlyMap<string, string>, services: Services): Promise<Failures> {
  const batch = [...bodies].map(([id, body]) => ({ id, message: readEvent(body) }));
  const act = { by: 'hub', now: services.now() };
  const ids = batch.flatMap(({ message }) => (message.entity === 'order' ? [message.order.orderId] : []));
  for (const order of (await readOrders(services.table, ids)).values()) {
    const outcome = packWhole(order, services.client, act);
    if (outcome.kind === 'refused') continue;
    const parcels = outcome.packed.map((packed) => parcelOf(outcome.order, packed, services.client, act));
    await publishEvents(
      services.sns,
      services.eventsTopic,
      parcels.flatMap((parcel) => eventsOf(undefined, parcel)),
    );
  }
  // What was told may never be.
  return await packParcels(batch, services);
}

async function noticeWithoutKey(event: HubEvent, { sns }: Services): Promise<void> {
  const news = noticeFor(event);
  if (news === undefined) return;
  const topic = await loadNotifier('topic', sns);
  await topic.send({ noticeId: `${news.orderId}#${news.noticeId}`, kind: news.kind, subject: 'news', text: 'news', phone: null, email: null, attributes: {} }, 'customers');
}

async function dedupeByEventId(bodies: ReadonlyMap<string, string>, services: Services): Promise<Failures> {
  return await rememberThenAccept(bodies, services).catch((error: unknown) => new Map([...bodies.keys()].map((id) => [id, error])));
}

async function rememberThenAccept(bodies: ReadonlyMap<string, string>, services: Services): Promise<Failures> {
  const fresh: { id: string; message: ReturnType<typeof unpackDelivery> }[] = [];
  for (const [id, body] of bodies) {
    const Item = { PK: `SEEN#${id}`, SK: 'SEEN', entity: 'seen' };
    const { written } = await services.table.transact([{ Put: { TableName: services.table.name, Item, ConditionExpression: 'attribute_not_exists(PK)' } }]);
    if (written) fresh.push({ id, message: unpackDelivery(body) });
  }
  return await acceptOrders(fresh, services);
}

/** Workers that the proof has to find out, each by itself. */
export const KNOWN_BAD: readonly KnownBad[] = [
  { name: 'naive purchase', queue: 'labels', how: 'buys a label, then writes that it did', handle: eachEvent(naivePurchase), told: /^I2 / },
  { name: 'no lease', queue: 'labels', how: 'takes a purchase that is under way for failed', handle: eachEvent(purchaseWithoutLease), told: /^(I2|I10) / },
  { name: 'add without guard', story: UNGUARDED, how: 'adds to a counter whenever it is asked', told: /^= / },
  { name: 'publish before commit', queue: 'packing', how: 'tells that a parcel is packed before it is', handle: publishBeforeCommit, told: /^I9 / },
  { name: 'notice without key', queue: 'customers', how: 'tells a customer whenever a message comes', handle: eachEvent(noticeWithoutKey), told: /^I4 / },
  { name: 'dedupe by event id', queue: 'inbox', how: 'remembers a message before its work is done', handle: dedupeByEventId, told: /^I1 / },
];

/**
 * Puts a bad worker in the place of ours, tells one story with it, lets everything go wrong at it, and has two of it at once.
 * @returns the first thing that told of it; undefined when nothing did
 * @throws Error when there is no such worker
 */
export async function proveKnownBad(name: string, tally: Tally): Promise<string | undefined> {
  const bad = KNOWN_BAD.find((one) => one.name === name);
  if (bad === undefined) throw new Error(`There is no bad worker ${JSON.stringify(name)}; there are ${KNOWN_BAD.map((one) => one.name).join(', ')}.`);
  const { queue, handle, told, story = STORIES[0] } = bad;
  if (story === undefined) throw new Error('There is no story to tell.');
  const world = await openWorld();
  const ours = WORKERS[queue ?? ''];
  world.workers = ours === undefined || queue === undefined || handle === undefined ? WORKERS : { ...WORKERS, [queue]: { ...ours, handle } };
  for (const moment of (await momentsOf(0, story, new Set(), world.workers)).filter((one) => one.queue === queue)) {
    const plain = await explore(world, moment, []);
    const fault = plain.faults.find((one) => told.test(one));
    if (fault !== undefined) return `${fault} (when nothing goes wrong)`;
    await provePoints(world, moment, tally);
    for (let seed = 1; seed <= 20 && queue !== undefined; seed++) await proveInterleaving(world, moment, seed, tally);
    const tells = tally.failures.flatMap(({ where, faults }) => faults.filter((one) => told.test(one)).map((one) => `${one} (${where})`));
    if (tells.length > 0) return tells[0];
  }
  return undefined;
}
