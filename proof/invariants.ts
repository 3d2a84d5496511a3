import { isDeepStrictEqual } from 'node:util';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Item, isEntity } from '../adapters/aws/table.ts';
import type { Client } from '../core/client.ts';
import type { Order } from '../core/order.ts';
import type { Parcel, Purchase } from '../core/shipment.ts';
import { rankOf } from '../core/tracking.ts';
import { scalarOf, type WireItem } from '../local/database/expression.ts';
import { chargesOf } from './easypost.ts';
import type { State } from './state.ts';
import { type Faults, stockFaults } from './stock.ts';

/** Every item of a table in memory. */
export function itemsOf({ table }: Pick<State, 'table'>): Item[] {
  return [...table.values()].flatMap((partition) => [...partition.values()]).map(readItem);
}

function readItem(item: WireItem): Item {
  return unmarshall(JSON.parse(JSON.stringify(item)));
}

/** What differs between two tables, item by item. */
export function tableDifferences(before: readonly Item[], after: readonly Item[]): Faults {
  const was = new Map(before.map((item) => [`${String(item.PK)} ${String(item.SK)}`, item]));
  const is = new Map(after.map((item) => [`${String(item.PK)} ${String(item.SK)}`, item]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    const [one = {}, other = {}] = [was.get(name), is.get(name)];
    const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((field) => !isDeepStrictEqual(one[field], other[field]));
    return fields.length === 0 ? [] : [`${name}: ${fields.map((field) => `${field} was ${JSON.stringify(one[field])}, and is ${JSON.stringify(other[field])}`).join('; ')}`];
  });
}

/** One invariant: its name, and what does not hold of it. */
export interface Invariant {
  readonly id: string;
  readonly says: string;
  readonly faults: (state: State, items: readonly Item[], client: Client) => Faults;
}

/** What must hold when the hub has come to rest, whatever happened before. I6, that every message sent again changes nothing, is for the queues to try. */
export const INVARIANTS: readonly Invariant[] = [
  { id: 'I1', says: 'every acknowledged delivery is an order, or a dead letter that says why', faults: lostOrders },
  { id: 'I2', says: 'a parcel has at most one label that costs money, and every label of the carrier is in our books', faults: labelFaults },
  { id: 'I3', says: 'stock is conserved', faults: (_state, items) => stockFaults(items) },
  { id: 'I4', says: 'what was to be told was told, and no more copies than there were disturbances', faults: toldFaults },
  { id: 'I5', says: 'an item goes from version to version, a parcel never backwards', faults: ({ broken }) => broken },
  { id: 'I7', says: 'nothing is left half done', faults: leftovers },
  { id: 'I8', says: "no order is written by another connection's message", faults: strayOrders },
  { id: 'I9', says: 'dead letters are exactly the poison, and what only a person can find out', faults: deadFaults },
  { id: 'I10', says: 'what labels cost is what the carrier took', faults: moneyFaults },
];

function lostOrders({ acknowledged, deadLetters }: State, items: readonly Item[]): Faults {
  const known = new Set(items.filter((item) => isEntity<Order>(item, 'order')).map(({ orderId }) => orderId));
  return acknowledged
    .filter((id) => !known.has(id) && !deadLetters.some(({ body }) => body.includes('poison') && id.includes('poison')))
    .map((id) => `${id} was acknowledged and is nowhere`);
}

function labelFaults({ carrier }: State, items: readonly Item[]): Faults {
  const purchases = new Map(items.filter((item) => isEntity<Purchase>(item, 'purchase')).map((purchase) => [purchase.reference, purchase]));
  const parcels = items.filter((item) => isEntity<Parcel>(item, 'parcel'));
  const live = chargesOf(carrier).filter(({ reference, isVoid }) => !isVoid && purchases.get(reference)?.status !== 'kept');
  const unknown = live
    .filter(({ reference }) => purchases.get(reference)?.status !== 'bought')
    .map(({ reference }) => `label ${reference} was charged, and is ${purchases.get(reference)?.status ?? 'unknown'} here`);
  // A parcel that left although it was called back has its label, and so has the one that was packed in its place.
  const boxes = Map.groupBy(
    parcels.filter(({ status, returns }) => returns === undefined && status !== 'recalled' && status !== 'unpacked'),
    ({ orderId }) => orderId.split(':').at(-1),
  );
  const twice = [...Map.groupBy(live, ({ recipient }) => recipient.split(' ').at(-1))].flatMap(([id, charges]) =>
    charges.length > Math.max(1, boxes.get(id)?.length ?? 0) ? [`${charges.length} labels were charged for the ${boxes.get(id)?.length ?? 0} parcels of order ${id}`] : [],
  );
  const again = [...Map.groupBy(live, ({ reference }) => parcelOf(purchases.get(reference)))].flatMap(([name, charges]) =>
    name !== undefined && charges.length > 1 ? [`${charges.length} labels were charged for ${name}`] : [],
  );
  const charged = new Set(live.map(({ reference }) => reference));
  const free = parcels
    .filter(({ status, label }) => label !== undefined && status !== 'unpacked' && status !== 'recalled' && !charged.has(label.reference))
    .map(({ orderId }) => `parcel of ${orderId} has a label that was not charged`);
  return [...unknown, ...twice, ...again, ...free];
}

function parcelOf(purchase: Purchase | undefined): string | undefined {
  return purchase && `parcel ${purchase.parcel} of ${purchase.orderId}`;
}

function toldFaults({ told, disturbances, deadLetters }: State, items: readonly Item[]): Faults {
  const copies = [...Map.groupBy(told, ({ to, id }) => `${to} ${id}`)].flatMap(([what, all]) =>
    all.length > 1 + disturbances ? [`${what} was told ${all.length} times, with ${disturbances} disturbances`] : [],
  );
  const sending = items
    .filter(({ entity, status }) => entity === 'notice' && status === 'sending' && !deadLetters.some(({ code }) => FOR_A_PERSON.has(code)))
    .map(({ SK }) => `notice ${String(SK)} was claimed and never told`);
  return [...copies, ...sending];
}

function leftovers({ queues, stream }: State, items: readonly Item[], { policies, carriers }: Client): Faults {
  const isByHand = carriers.some(({ kind }) => kind === 'manual');
  const waiting = [...queues].flatMap(([queue, messages]) => (messages.length > 0 ? [`${messages.length} messages in ${queue}`] : []));
  const buying = items
    .filter((item) => isEntity<Purchase>(item, 'purchase') && ['buying', 'voiding', 'orphan'].includes(item.status))
    .map(({ reference, status }) => `purchase ${String(reference)} is ${String(status)}`);
  const work = items.flatMap((item) =>
    policies.packing === 'confirm' && isEntity<Order>(item, 'order') && /^pack#/.test(item.work ?? '') ? [`order ${item.orderId} is authorised, and nobody packs it`] : [],
  );
  const parcels = items
    .filter((item) => isEntity<Parcel>(item, 'parcel') && ['packed', 'assigned'].includes(item.status) && !(isByHand && item.parked))
    .map(({ orderId, status }) => `a parcel of ${String(orderId)} is ${String(status)}, and nobody goes on with it`);
  return [...waiting, ...work, ...parcels, ...(stream.length > 0 ? [`${stream.length} changes that nobody heard of`] : []), ...buying];
}

function strayOrders(_state: State, items: readonly Item[]): Faults {
  return items
    .filter((item) => isEntity<Order>(item, 'order') && !item.orderId.startsWith(`${item.connectionId}:`))
    .map(({ orderId }) => `${String(orderId)} is another connection's`);
}

function moneyFaults({ carrier }: State, items: readonly Item[]): Faults {
  const taken = chargesOf(carrier).reduce((sum, { cost, isVoid }) => sum + (isVoid ? 0 : cost), 0);
  const purchases = items.filter((item) => isEntity<Purchase>(item, 'purchase'));
  const booked = purchases.reduce((sum, { status, bought }) => sum + (PAID.has(status) ? (bought?.cost ?? 0) : 0), 0);
  return taken === booked ? [] : [`the carrier took ${taken}, our books say ${booked}`];
}

/** One that the carrier does not take back is of no parcel any more, and paid for. */
const PAID: ReadonlySet<Purchase['status']> = new Set(['bought', 'kept']);

function deadFaults({ deadLetters }: State): Faults {
  return deadLetters.filter(({ body, code }) => !body.includes('poison') && !FOR_A_PERSON.has(code)).map(({ queue, code }) => `a dead letter in ${queue}: ${code}`);
}

/** A carrier that scans a parcel which was unpacked contradicts us: a person has to find out which is true. */
const FOR_A_PERSON: ReadonlySet<string> = new Set(['shipment.parcel-unpacked']);

/** What must hold of every single change, when it happens. */
export function changeFaults(was: WireItem | undefined, is: WireItem | undefined): Faults {
  if (was === undefined || is === undefined || !VERSIONED.has(String(scalarOf(is.entity)))) return [];
  const [before, after] = [readItem(was), readItem(is)];
  const name = `${String(after.PK)} ${String(after.SK)}`;
  const faults: string[] = [];
  if (Number(after.version) !== Number(before.version) + 1) faults.push(`${name} went from version ${String(before.version)} to ${String(after.version)}`);
  if (isEntity<Parcel>(before, 'parcel') && isEntity<Parcel>(after, 'parcel')) {
    if (LAST.has(before.status) && after.status !== before.status && !(before.status === 'delivered' && after.status === 'returned'))
      faults.push(`${name} went from ${before.status} to ${after.status}`);
    if (before.label?.trackingNumber === after.label?.trackingNumber && rankOf(after.tracking.status) < rankOf(before.tracking.status))
      faults.push(`${name} was ${before.tracking.status} to its carrier, and is ${after.tracking.status}`);
  }
  return faults;
}

const VERSIONED: ReadonlySet<string> = new Set(['order', 'parcel', 'stock']);
const LAST: ReadonlySet<string> = new Set(['delivered', 'returned', 'unpacked']);
