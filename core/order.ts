import { type Address, addressHash, problemsOf } from './address.ts';
import type { AllocationDecision } from './allocation.ts';
import type { Change } from './change.ts';
import type { Client } from './client.ts';
import { type Refused, refused } from './error.ts';
import type { Hold, HoldKind } from './hold.ts';
import { shardOf } from './id.ts';
import { type Allocation, addUnits, type Demand, lessUnits, type Movement, type Place, placeKey, releasing } from './inventory.ts';
import { completeIn, type SoldKit } from './kit.ts';
import type { Slot } from './load.ts';
import { compareVersions, type OrderDocument, type SourceVersion, sourceVersionOf } from './order-document.ts';

export type OrderStatus =
  | 'held'
  | 'backordered'
  /** Reserved, and waiting for its authorisation. */
  | 'allocated'
  | 'authorised'
  | 'packing'
  | 'packed'
  | 'dispatched'
  | 'delivered'
  | 'returned'
  | 'cancelled'
  /** Nothing to ship: a test, or all of it refunded. */
  | 'closed';

/** What an order knows of a parcel that holds some of its units. The parcel itself has the rest of its course. */
export interface PackedParcel {
  /** 1, 2, ... within the order. */
  readonly parcel: number;
  readonly warehouse: string;
  readonly units: readonly Allocation[];
  /** `recalled`: called back before it left; `unpacked`: its units are on the shelf again. */
  readonly status: 'packed' | 'dispatched' | 'delivered' | 'returned' | 'recalled' | 'unpacked';
}

/** Who let an order be packed, why, and for which address. */
interface Authorisation {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  readonly addressHash: string;
}

/** The state of one order. Holds no personal data; small, because it is written at every step. */
export interface Order {
  readonly entity: 'order';
  readonly orderId: string;
  readonly connectionId: string;
  readonly number: string;
  readonly source: SourceVersion;
  /** Digest of the storefront's version whose address a person corrected: while it repeats that one, the correction stands. */
  readonly corrected?: string;
  readonly status: OrderStatus;
  readonly holds: readonly Hold[];
  /** Fingerprints of holds that a person has released, so that a repeat of the same order does not raise them again. */
  readonly cleared: readonly string[];
  /** Units to ship per product, in the newest version; kits are taken apart. */
  readonly demand: readonly Demand[];
  /** Kits among what was sold, with the recipes of the day they came in. */
  readonly kits?: readonly SoldKit[];
  /** What is reserved and not packed yet. */
  readonly allocations: readonly Allocation[];
  readonly parcels: readonly PackedParcel[];
  /** Units that came back and were taken in. */
  readonly returned?: readonly Demand[];
  /** The storefront wants no more of it; what has left is followed all the same. */
  readonly ending?: 'cancelled' | 'closed';
  /** 0 to 9; 9 is served first. */
  readonly priority: number;
  /** A person gave it its priority: no rule changes it. */
  readonly prioritised?: true;
  /** Warehouses that rules leave it, and those it goes to first. */
  readonly only?: readonly string[];
  readonly prefer?: readonly string[];
  /** The warehouses' days that count it, where their capacity is limited. */
  readonly leaves?: readonly Slot[];
  /** UTC instant of the cut-off it was promised to make. */
  readonly shipBy: string;
  readonly currency: string;
  readonly total: number;
  /** ISO 3166-1 alpha-2, or empty where there is no address. */
  readonly country: string;
  readonly region: string;
  readonly addressHash: string;
  /** Whose authorisation a rule asks for, instead of the policy's. */
  readonly authoriser?: 'person' | 'policy';
  readonly authorisation: Authorisation | null;
  readonly packing?: { readonly by: string; readonly at: string; readonly warehouse: string };
  readonly late?: { readonly stage: string; readonly at: string };
  readonly receivedAt: string;
  readonly packedAt?: string;
  readonly dispatchedAt?: string;
  readonly deliveredAt?: string;
  /** UTC instant at which its present status began. */
  readonly since: string;
  readonly version: number;
  readonly change: Change;
  /** The list a person or sweeper finds it in, if any, and its shard: `held#3`. */
  readonly work?: string;
}

/** Who does something, and when. */
export interface Act {
  /** `hub`, `policy`, a connection id, or a person's user name. */
  readonly by: string;
  readonly now: Date;
  /** Scopes that the actor's token carries; a person has some, the hub needs none. */
  readonly scopes?: readonly string[];
}

/** An order that changed, with the stock that moves in the same transaction. */
export interface Saved {
  readonly kind: 'saved';
  readonly order: Order;
  readonly movements: readonly Movement[];
  /** Parcels to be called back in the same transaction. */
  readonly recalls?: readonly number[];
  /** Days of warehouses that count one order more, or less. */
  readonly loads?: readonly (Slot & { readonly orders: 1 | -1 })[];
  /** What it lacks, where that is new: it queues for these. */
  readonly waits?: readonly Demand[];
  /** Why it got what it got. */
  readonly decision?: AllocationDecision;
}

/** Whether a version of this content is what the order was made from, or what a person corrected to make it. */
export function hasContent({ source, corrected }: Pick<Order, 'source' | 'corrected'>, digest: string): boolean {
  return digest === source.digest || digest === corrected;
}

/** Lists of the sparse index, by what an order waits for. */
export const ORDER_LISTS = ['held', 'backordered', 'authorise', 'pack'] as const;
const LISTS: Partial<Record<OrderStatus, (typeof ORDER_LISTS)[number]>> = {
  held: 'held',
  backordered: 'backordered',
  allocated: 'authorise',
  authorised: 'pack',
  packing: 'pack',
};

/** Whether a parcel holds units for good: not called back. */
export function isLive({ status }: Pick<PackedParcel, 'status'>): boolean {
  return status !== 'recalled' && status !== 'unpacked';
}

/** Whether a parcel is out of the house. */
export function hasLeft({ status }: Pick<PackedParcel, 'status'>): boolean {
  return status === 'dispatched' || status === 'delivered' || status === 'returned';
}

/** Units that are wanted and in no parcel yet. */
export function openDemand(order: Pick<Order, 'demand' | 'parcels' | 'ending'>): Demand[] {
  return order.ending === undefined ? lessUnits(order.demand, unitsIn(order.parcels.filter(isLive))) : [];
}

/** Units that are wanted, in no parcel, and not reserved either: what the order waits for. */
export function missingUnits(order: Pick<Order, 'demand' | 'parcels' | 'ending' | 'allocations'>): Demand[] {
  return lessUnits(openDemand(order), order.allocations);
}

/**
 * Whether somebody has to look again whether an order can have what it lacks: that may have come between the look that found none and the
 * write that has the order wait.
 */
export function beginsToWait(before: Order | undefined, after: Order): boolean {
  const missing = missingUnits(after);
  if (missing.length === 0) return false;
  return before === undefined || compareVersions(before.source, after.source) !== 0 || lessUnits(missing, missingUnits(before)).length > 0;
}

/** Units in parcels, per SKU. */
export function unitsIn(parcels: readonly PackedParcel[]): Demand[] {
  return addUnits(parcels.flatMap(({ units }) => units));
}

/** Units that have left, per SKU as they were sold: a kit counts once its last part is out. */
export function soldUnitsSent({ demand, kits = [], parcels }: Pick<Order, 'demand' | 'kits' | 'parcels'>): Demand[] {
  const sent = unitsIn(parcels.filter(hasLeft));
  return kits.length === 0 ? sent : completeIn(demand, kits, sent);
}

/** An order's place in the queue for stock, as text that sorts: urgent first, then the oldest promise, then who came first. */
export function turnOf({ priority, shipBy, receivedAt, orderId }: Pick<Order, 'priority' | 'shipBy' | 'receivedAt' | 'orderId'>): string {
  return `${9 - priority}|${shipBy}|${receivedAt}|${orderId}`;
}

/** Whether nothing is left to pack, so that stock no longer answers for the order. */
export function isBeyondPacking({ status }: Pick<Order, 'status'>): boolean {
  return status === 'packed' || status === 'dispatched' || status === 'delivered' || status === 'returned';
}

/** Whether the order is over without having been shipped. */
export function isFinal({ status }: Pick<Order, 'status'>): boolean {
  return status === 'cancelled' || status === 'closed';
}

/** The next version of an order, with its status and work list derived from the rest. */
export function next(order: Order, act: Act, type: Change['type'], reason: string): Saved {
  const status = statusOf(order);
  const { work: _, late, since, ...rest } = order;
  const at = act.now.toISOString();
  const changed = status !== order.status || order.version === 0;
  const list = order.holds.length > 0 && status !== 'delivered' && status !== 'returned' ? 'held' : LISTS[status];
  const stays = { ...rest, status, since: changed ? at : since, version: order.version + 1, change: { type, at, by: act.by, reason: reason.slice(0, 250) } };
  return {
    kind: 'saved',
    order: { ...stays, ...(late && !changed && { late }), ...(list && { work: `${list}#${shardOf(order.orderId)}` }) },
    movements: [],
  };
}

/** The status that follows from what is wanted, reserved, held and in parcels. */
export function statusOf(order: Order): OrderStatus {
  const left = order.parcels.filter(hasLeft);
  if (order.ending !== undefined && left.length === 0) return order.ending;
  if (openDemand(order).length === 0) return statusOfParcels(order);
  if (order.holds.length > 0) return 'held';
  if (order.allocations.length === 0) return 'backordered';
  if (order.authorisation === null) return 'allocated';
  return order.packing === undefined ? 'authorised' : 'packing';
}

/** An order is where the last of its parcels is. */
function statusOfParcels({ parcels, returned = [] }: Order): OrderStatus {
  const live = parcels.filter(isLive);
  if (live.some(({ status }) => status === 'packed')) return 'packed';
  // Goods that were taken back in are back, whatever the carrier has told of their parcel.
  if (live.every(({ status }) => status === 'returned') || lessUnits(unitsIn(live), returned).length === 0) return 'returned';
  return live.some(({ status }) => status === 'dispatched') ? 'dispatched' : 'delivered';
}

/** Takes a hold off. The order then waits for authorisation, unless it had one. */
export function releaseHold(order: Order, kind: HoldKind, reason: string, role: 'service' | 'manager', act: Act): Saved | Refused {
  const own = order.holds.filter((held) => held.kind === kind);
  if (own.length === 0) return refused('order.hold-absent', `Order ${order.orderId} has no ${kind} hold; its holds: ${holdList(order)}.`);
  if (own.some(({ release }) => release === 'hub')) {
    return refused('order.hold-fixed', `A ${kind} hold ends when its cause is gone: bring the SKU into the client file and into stock.`);
  }
  if (role === 'service' && own.some(({ release }) => release === 'manager')) {
    return refused('order.hold-reserved', `The ${kind} hold of order ${order.orderId} is for a fulfilment manager to release; pass it on.`);
  }
  const holds = order.holds.filter((held) => held.kind !== kind);
  const cleared = [...order.cleared, ...own.map((held) => fingerprintOf(held, order.addressHash, order.source.digest))].slice(-10);
  return next({ ...order, holds, cleared }, act, 'order.released', `${kind} hold released: ${reason}`);
}

/** What a released hold is known by when a newer version would raise it again: an address hold by the address, others by the content. */
export function fingerprintOf({ kind, by }: Pick<Hold, 'kind' | 'by'>, hash: string, digest: string): string {
  const source = by.startsWith('rule ') ? `${kind}:${by}` : kind;
  return `${source}:${kind === 'address' ? hash : digest}`;
}

/** Puts an order on hold until a person releases it. */
export function hold(order: Order, kind: HoldKind, reason: string, act: Act): Saved {
  return next({ ...order, holds: [...order.holds.filter((other) => other.kind !== kind), standingHold(kind, reason, act)] }, act, 'order.held', reason);
}

/** A hold that no newer version of the order takes off. */
export function standingHold(kind: HoldKind, reason: string, act: Act): Hold {
  return { kind, reason: reason.slice(0, 200), at: act.now.toISOString(), by: act.by, release: kind === 'address' ? 'service' : 'manager', standing: true };
}

/** Replaces the address an order goes to. An address hold ends when the new one is fit to ship to; authorisation is withdrawn. */
export function correctAddress(order: Order, document: OrderDocument, act: Act): Saved | Refused {
  if (order.parcels.some(isLive) || isFinal(order)) {
    return refused('order.address-fixed', `Order ${order.orderId} is ${order.status}; its address can no longer change. Recall the parcel first, if it has not left.`);
  }
  const unfit = unfitness(document.shipTo);
  if (document.shipTo === null || unfit !== undefined) return refused('address.unfit', `The address is not fit to ship to: ${unfit ?? 'there is none'}.`);
  const hash = addressHash(document.shipTo);
  // The address a person gave is cleared, the storefront's is not: a newer version that brings the bad one back is held again.
  const cleared = [...order.cleared, `address:${hash}`].slice(-10);
  // Half a rank up: a repeat of the version that was corrected is older now, and does not undo the correction.
  const source = { ...order.source, rank: Math.floor(order.source.rank) + 0.5, digest: sourceVersionOf(document).digest };
  const holds = order.holds.filter((held) => held.kind !== 'address');
  const { country, region = '' } = document.shipTo;
  const corrected = order.corrected ?? order.source.digest;
  return next({ ...order, source, corrected, holds, cleared, addressHash: hash, country, region, authorisation: null }, act, 'order.readdressed', 'address corrected');
}

/** What is wrong with an address, as one line, or undefined when a parcel can go there. */
export function unfitness(address: Address | null): string | undefined {
  if (address === null) return 'no shipping address';
  return (
    problemsOf(address)
      .map(({ field, problem }) => `${field} ${problem}`)
      .join('; ') || undefined
  );
}

/** Authorises an order for packing. */
export function authorise(order: Order, reason: string, act: Act): Saved | Refused {
  if (order.authorisation !== null && order.status !== 'held')
    return refused('order.authorised-already', `Order ${order.orderId} is authorised already, by ${order.authorisation.by}.`);
  if (order.status !== 'allocated') return refused('order.not-ready', `Order ${order.orderId} is ${order.status}; ${whatIsMissing(order)}.`);
  return next({ ...order, authorisation: authorisationOf(order, reason, act) }, act, 'order.authorised', reason);
}

/** The authorisation of an order as it now is. */
export function authorisationOf(order: Pick<Order, 'addressHash'>, reason: string, act: Act): Authorisation {
  return { by: act.by, at: act.now.toISOString(), reason: reason.slice(0, 200), addressHash: order.addressHash };
}

/** Gives an order another place in the queue for stock. */
export function prioritise(order: Order, priority: number, reason: string, act: Act): Saved | Refused {
  if (isBeyondPacking(order) || isFinal(order))
    return refused('order.not-waiting', `Order ${order.orderId} is ${order.status}; it waits for nothing that a priority could hasten.`);
  const saved = next({ ...order, priority, prioritised: true }, act, 'order.prioritised', `priority ${order.priority} to ${priority}: ${reason}`);
  return { ...saved, waits: missingUnits(order) };
}

/** Notes that an order stood still for longer than its clock allows; once for each status. @returns undefined when that is noted already */
export function noteLate(order: Order, stage: string, reason: string, act: Act): Saved | undefined {
  if (order.late?.stage === stage) return undefined;
  return next({ ...order, late: { stage, at: act.now.toISOString() } }, act, 'order.late', reason);
}

/**
 * Gives up units that turn out not to be there. An order that must leave whole gives up all it has reserved, and waits for all of it:
 * it must not be packed short.
 */
export function fallShort(order: Order, place: Place, units: number, client: Client, act: Act): Saved {
  const key = placeKey(place);
  let open = units;
  const given: Allocation[] = [];
  const kept: Allocation[] = [];
  for (const allocation of order.allocations) {
    const give = client.policies.allocation.split === 'backorders' ? (placeKey(allocation) === key ? Math.min(open, allocation.quantity) : 0) : allocation.quantity;
    open -= give;
    if (give > 0) given.push({ ...allocation, quantity: give });
    if (give < allocation.quantity) kept.push({ ...allocation, quantity: allocation.quantity - give });
  }
  const { packing: _, leaves = [], ...rest } = order;
  const counted = kept.length === 0 ? {} : { leaves };
  const saved = next(
    { ...rest, ...(leaves.length > 0 && counted), allocations: kept },
    act,
    'order.backordered',
    `${units} x ${place.sku} are not in ${place.warehouse} after all`,
  );
  const loads = kept.length === 0 ? leaves.map((slot) => ({ ...slot, orders: -1 as const })) : [];
  return { ...saved, movements: given.map((allocation) => releasing(allocation, order.orderId)), loads, waits: missingUnits(saved.order) };
}

/** The kinds of an order's holds, for a sentence. */
export function holdList(order: Pick<Order, 'holds'>): string {
  return order.holds.map((held) => held.kind).join(', ') || 'none';
}

function whatIsMissing(order: Order): string {
  if (order.status === 'held') return `release its holds first (${holdList(order)})`;
  return order.status === 'backordered' ? 'it waits for stock' : 'there is nothing to authorise';
}
