import type { Change } from './change.ts';
import type { Client } from './client.ts';
import { productOf } from './client.ts';
import { type Refused, refused } from './error.ts';
import { shardOf } from './id.ts';
import type { Allocation } from './inventory.ts';
import type { Act, Order } from './order.ts';
import type { PackedNow } from './packing.ts';
import { NOT_TRACKED, rankOf, type TrackingSummary } from './tracking.ts';

/** Grams that the empty box and its padding weigh. */
export const PACKAGING_GRAMS = 120;

/** What was bought from a carrier for a parcel. */
export interface Label {
  /** The carrier that moves the parcel, such as `USPS`, and its service. */
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  /** Minor units of `currency`. */
  readonly cost: number;
  readonly currency: string;
  /** Object name in the labels bucket; empty where there is none to print. */
  readonly document: string;
  readonly boughtAt: string;
}

type ParcelStatus =
  | 'packed'
  | 'labelled'
  /** No carrier sells a label for it; its order is held. */
  | 'refused'
  | 'dispatched'
  | 'delivered'
  | 'returned'
  | 'lost'
  /** Called back before it left; its label, if any, is to be voided. */
  | 'recalled'
  /** Its units are on the shelf again. */
  | 'unpacked';

/** What becomes of the money that a voided label had cost: the carrier has yet to give it back, has given it back, or keeps it. */
export type Refund = 'pending' | 'refunded' | 'lost';

/** One box on its way. Holds no personal data. */
export interface Parcel {
  readonly entity: 'parcel';
  readonly orderId: string;
  /** 1, 2, ... within the order. */
  readonly parcel: number;
  readonly connectionId: string;
  readonly country: string;
  readonly warehouse: string;
  /** The carrier connection that its label is bought from. */
  readonly carrierId: string;
  readonly units: readonly Allocation[];
  /** Scanned at packing, where a product asks for them. */
  readonly serials?: NonNullable<PackedNow['serials']>;
  /** Grams with packaging. */
  readonly weight: number;
  readonly addressHash: string;
  readonly status: ParcelStatus;
  readonly label?: Label;
  readonly tracking: TrackingSummary;
  readonly receivedAt: string;
  readonly packedAt: string;
  /** When the carrier took it, as somebody recorded. Where nobody did, the first scan says so. */
  readonly handedOverAt?: string;
  readonly recalledAt?: string;
  readonly refund?: Refund;
  readonly late?: { readonly stage: string; readonly at: string };
  /** UTC instant at which the stage that it is in began. */
  readonly since: string;
  readonly version: number;
  readonly change: Change;
  /** The list that what it waits for is found in, if any, and its shard: `label#3`. */
  readonly work?: string;
}

/** Lists of the sparse index, by what a parcel waits for: its label, the carrier, its first scan, its customer. */
export const PARCEL_LISTS = ['label', 'hand-over', 'scan', 'deliver'] as const;

function listOf({ status, handedOverAt }: Pick<Parcel, 'status' | 'handedOverAt'>): (typeof PARCEL_LISTS)[number] | undefined {
  if (status === 'packed') return 'label';
  if (status === 'labelled') return handedOverAt === undefined ? 'hand-over' : 'scan';
  return status === 'dispatched' ? 'deliver' : undefined;
}

/** Puts what was packed for an order into its parcel. */
export function parcelOf(order: Order, packed: PackedNow, client: Client, act: Act): Parcel {
  const at = act.now.toISOString();
  return {
    entity: 'parcel',
    orderId: order.orderId,
    parcel: packed.parcel,
    connectionId: order.connectionId,
    country: order.country,
    warehouse: packed.warehouse,
    carrierId: client.carriers[0]?.id ?? '',
    units: packed.units,
    ...(packed.serials !== undefined && { serials: packed.serials }),
    weight: packed.units.reduce((sum, { sku, quantity }) => sum + quantity * (productOf(client, sku)?.weight ?? 0), PACKAGING_GRAMS),
    addressHash: order.addressHash,
    status: 'packed',
    tracking: NOT_TRACKED,
    receivedAt: order.receivedAt,
    packedAt: at,
    since: at,
    version: 1,
    change: { type: 'parcel.packed', at, by: act.by, reason: 'packed' },
    work: `label#${shardOf(order.orderId)}`,
  };
}

/**
 * The next version of a parcel, with its work list derived from the rest.
 * @param began when its stage began, if it is a new one; now, unless it is known better
 */
function next(before: Parcel, changed: Partial<Parcel>, act: Act, type: Change['type'], reason: string, began = act.now.toISOString()): Parcel {
  const { work: _, late, ...rest } = { ...before, ...changed };
  const list = listOf(rest);
  const stays = rest.status === before.status && list === listOf(before);
  return {
    ...rest,
    ...(late !== undefined && (stays || changed.late !== undefined) && { late }),
    since: stays ? before.since : began,
    version: before.version + 1,
    change: { type, at: act.now.toISOString(), by: act.by, reason: reason.slice(0, 250) },
    ...(list !== undefined && { work: `${list}#${shardOf(before.orderId)}` }),
  };
}

/** How long a purchase belongs to the invocation that claimed it, in milliseconds: longer than that invocation may live. */
export const LEASE_MS = 90_000;

/** A price a carrier offers for a parcel. */
export interface Rate {
  readonly rateId: string;
  readonly carrier: string;
  readonly service: string;
  /** Minor units of `currency`. */
  readonly cost: number;
  readonly currency: string;
  readonly deliveryDays: number | null;
}

type PurchaseStatus =
  | 'buying'
  | 'bought'
  | 'refused'
  | 'absent'
  /** The carrier is, or was, asked to take the label back. */
  | 'voiding'
  | 'voided'
  /** The carrier does not take the label back, though nothing says that it was used. */
  | 'kept'
  /** The carrier does not take the label back because it was used. */
  | 'used';

/**
 * One attempt to buy a label, written before the carrier is asked for money, so that a crash at any point leaves a trace
 * by which the purchase is found again.
 */
export interface Purchase {
  readonly entity: 'purchase';
  readonly orderId: string;
  readonly parcel: number;
  /** 1, 2, ...: a new attempt is made only after the one before is known to have bought nothing. */
  readonly attempt: number;
  /** 26-character ULID, given to the carrier as our reference. */
  readonly reference: string;
  /** What the carrier calls the shipment; bought or looked up by it. */
  readonly carrierRef: string;
  readonly rate: Rate;
  readonly status: PurchaseStatus;
  /** Of a label that was voided, or could not be. */
  readonly refund?: Refund;
  /** UTC instant until which no other invocation touches it. */
  readonly leaseUntil: string;
  readonly claimedAt: string;
  readonly reason: string;
  readonly version: number;
}

/** What must happen next for a parcel's label. */
export type PurchaseStep =
  | { readonly do: 'nothing'; readonly why: string }
  | { readonly do: 'claim'; readonly attempt: number }
  | { readonly do: 'find'; readonly purchase: Purchase }
  | { readonly do: 'wait'; readonly seconds: number };

/** The label purchase protocol: intent first, one lease, and never a blind repeat. docs/decisions/0003 */
export function purchaseStep(parcel: Parcel, latest: Purchase | undefined, now: Date): PurchaseStep {
  if (parcel.status !== 'packed') return { do: 'nothing', why: `parcel is ${parcel.status}` };
  if (latest === undefined) return { do: 'claim', attempt: 1 };
  // Both are proof that nothing was bought; a refused parcel is `packed` again only after a person released it.
  if (latest.status === 'absent' || latest.status === 'refused') return { do: 'claim', attempt: latest.attempt + 1 };
  if (latest.status !== 'buying') return { do: 'nothing', why: `purchase ${latest.attempt} is ${latest.status}` };
  const left = Date.parse(latest.leaseUntil) - now.getTime();
  return left > 0 ? { do: 'wait', seconds: Math.ceil(left / 1000) } : { do: 'find', purchase: latest };
}

/** Draws up the claim on a purchase. */
export function claimOf(parcel: Parcel, attempt: number, offer: { readonly reference: string; readonly carrierRef: string; readonly rate: Rate }, now: Date): Purchase {
  return {
    entity: 'purchase',
    orderId: parcel.orderId,
    parcel: parcel.parcel,
    attempt,
    ...offer,
    status: 'buying',
    leaseUntil: new Date(now.getTime() + LEASE_MS).toISOString(),
    claimedAt: now.toISOString(),
    reason: '',
    version: 1,
  };
}

/** Takes a lapsed purchase over, to look it up. */
export function renewLease(purchase: Purchase, now: Date): Purchase {
  return { ...purchase, leaseUntil: new Date(now.getTime() + LEASE_MS).toISOString(), version: purchase.version + 1 };
}

/** Ends a purchase: `bought`, `refused` by the carrier, or `absent` after a look-up; `buying` gives the lease back for a look-up. */
export function endPurchase(purchase: Purchase, status: Purchase['status'], reason: string, now: Date): Purchase {
  return { ...purchase, status, reason: reason.slice(0, 200), leaseUntil: now.toISOString(), version: purchase.version + 1 };
}

/** The parcel once its label is bought. One that was called back meanwhile stays so: its label is there to be voided. */
export function labelled(parcel: Parcel, label: Label, act: Act): Parcel {
  const status = parcel.status === 'recalled' ? 'recalled' : 'labelled';
  return next(parcel, { status, label, tracking: labelKnown({ label }) }, act, 'parcel.labelled', `${label.carrier} ${label.service}`);
}

/** A carrier that sold a label knows of the parcel from then on: its own word for that is no news. */
function labelKnown({ label }: Pick<Parcel, 'label'>): TrackingSummary {
  return label === undefined ? NOT_TRACKED : { status: 'pre_transit', at: label.boughtAt };
}

/** The parcel when the carrier refused to sell a label for it. */
export function labelRefused(parcel: Parcel, reason: string, act: Act): Parcel {
  return next(parcel, { status: 'refused' }, act, 'parcel.refused', reason);
}

/** Sends a parcel without a label back to the label queue, once what held it is settled. @returns undefined when it has its label */
export function offerAgain(parcel: Parcel, act: Act): Parcel | undefined {
  if (parcel.status !== 'packed' && parcel.status !== 'refused') return undefined;
  return next(parcel, { status: 'packed' }, act, 'parcel.packed', 'released for its label');
}

/** How far ahead of the hub's clock an instant may be that a person or device reports, in milliseconds. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * Records that the carrier took a parcel.
 * @param at UTC instant at which it did
 * @returns undefined when it is known to have left already
 */
export function handOver(parcel: Parcel, carrierId: string, at: string, reason: string, act: Act): Parcel | Refused | undefined {
  const name = `Parcel ${parcel.parcel} of order ${parcel.orderId}`;
  if (parcel.carrierId !== carrierId) return refused('shipment.carrier-differs', `${name} goes with ${parcel.carrierId}, not with ${carrierId}; take it off this hand-over.`);
  if (parcel.status === 'recalled' || parcel.status === 'unpacked')
    return refused('shipment.parcel-recalled', `${name} is called back (${parcel.status}); take it off this hand-over and out of the truck.`);
  if (parcel.status === 'packed' || parcel.status === 'refused' || parcel.label === undefined)
    return refused('shipment.label-absent', `${name} is ${parcel.status} and has no label; the carrier cannot take it.`);
  if (parcel.status !== 'labelled' || parcel.handedOverAt !== undefined) return undefined;
  if (at < parcel.packedAt || Date.parse(at) > act.now.getTime() + CLOCK_SKEW_MS)
    return refused('shipment.hand-over-untimely', `${name} was packed at ${parcel.packedAt}; it cannot have been handed over at ${at}, or that is yet to come.`);
  return next(parcel, { handedOverAt: at }, act, 'parcel.handed-over', reason, at);
}

/** Notes that a parcel stood still for longer than its clock allows; once for each stage. @returns undefined when that is noted already */
export function noteParcelLate(parcel: Parcel, stage: string, reason: string, act: Act): Parcel | undefined {
  if (parcel.late?.stage === stage) return undefined;
  return next(parcel, { late: { stage, at: act.now.toISOString() } }, act, 'parcel.late', reason);
}

/** Why a person cannot call a parcel back any more, if so. */
export function recallGate({ orderId, parcel, status, handedOverAt }: Parcel): Refused | undefined {
  const here = status === 'packed' || status === 'refused' || status === 'labelled';
  if (here && handedOverAt === undefined) return undefined;
  const how = here ? `was handed over at ${handedOverAt}` : `is ${status}`;
  return refused('shipment.parcel-gone', `Parcel ${parcel} of order ${orderId} ${how}; it cannot be called back. If it has left, intercept it at the carrier.`);
}

/** Calls a parcel back. One that has left stays what it is: its order hears of that when its scans are followed. */
export function recallParcel(parcel: Parcel, reason: string, act: Act): Parcel {
  const here = parcel.status === 'packed' || parcel.status === 'refused' || parcel.status === 'labelled';
  return next(parcel, { status: here ? 'recalled' : parcel.status, recalledAt: act.now.toISOString() }, act, 'parcel.recalled', reason);
}

/** What must happen next for a parcel that was called back. */
export type RecallStep =
  | { readonly do: 'nothing'; readonly why: string }
  | { readonly do: 'wait'; readonly seconds: number }
  /** Whether its label was bought is not known. */
  | { readonly do: 'find'; readonly purchase: Purchase }
  /** Asks the carrier to take a label back. */
  | { readonly do: 'void'; readonly purchase: Purchase }
  | { readonly do: 'unpack'; readonly reason: string; readonly refund?: Refund }
  /** Lets it go: it has left. */
  | { readonly do: 'let-go'; readonly reason: string };

/**
 * The recall protocol: every purchase is known to the end and every label voided before the units go back. From the recall on nobody
 * can claim another purchase, so what is found here is all there will be. docs/decisions/0003
 */
export function recallStep(parcel: Parcel, purchases: readonly Purchase[], now: Date): RecallStep {
  if (parcel.status !== 'recalled') return { do: 'nothing', why: `parcel is ${parcel.status}` };
  const open = purchases.find(({ status }) => status === 'buying') ?? purchases.find(({ status }) => status === 'voiding');
  if (open !== undefined) {
    const left = Date.parse(open.leaseUntil) - now.getTime();
    if (left > 0) return { do: 'wait', seconds: Math.ceil(left / 1000) };
    return { do: open.status === 'buying' ? 'find' : 'void', purchase: open };
  }
  if (parcel.handedOverAt !== undefined) return { do: 'let-go', reason: `handed over at ${parcel.handedOverAt}` };
  const used = purchases.find(({ status }) => status === 'used');
  if (used !== undefined) return { do: 'let-go', reason: `the carrier says that its label was used: ${used.reason}` };
  const label = purchases.find(({ status }) => status === 'bought');
  return label === undefined ? unpackStep(purchases) : { do: 'void', purchase: label };
}

function unpackStep(purchases: readonly Purchase[]): RecallStep {
  const settled = (refund: Refund) => purchases.find((purchase) => purchase.refund === refund);
  const kept = settled('lost');
  if (kept !== undefined) return { do: 'unpack', refund: 'lost', reason: `unpacked; the cost of its label is lost: ${kept.reason}` };
  if (settled('pending') !== undefined) return { do: 'unpack', refund: 'pending', reason: 'unpacked; its label is voided, the refund asked for' };
  return settled('refunded') === undefined ? { do: 'unpack', reason: 'unpacked; it had no label' } : { do: 'unpack', refund: 'refunded', reason: 'unpacked; its label is voided' };
}

/** Claims the voiding of a label, or takes a lapsed one over. */
export function claimVoid(purchase: Purchase, now: Date): Purchase {
  return { ...renewLease(purchase, now), status: 'voiding' };
}

/** Ends the voiding of a label by what the carrier answered; `voiding` gives the lease back for another look. */
export function endVoid(purchase: Purchase, status: 'voiding' | 'voided' | 'kept' | 'used', refund: Refund | undefined, reason: string, now: Date): Purchase {
  return { ...endPurchase(purchase, status, reason, now), ...(refund !== undefined && { refund }) };
}

/** The parcel once its units are on the shelf again. */
export function unpackParcel(parcel: Parcel, refund: Refund | undefined, reason: string, act: Act): Parcel {
  return next(parcel, { status: 'unpacked', ...(refund !== undefined && { refund }) }, act, 'parcel.unpacked', reason);
}

/** The parcel when its recall came too late: it waits for its first scan. */
export function letGo(parcel: Parcel, reason: string, act: Act): Parcel {
  return next(parcel, { status: 'labelled', handedOverAt: parcel.handedOverAt ?? act.now.toISOString() }, act, 'parcel.updated', reason);
}

/**
 * The parcel after its tracking events were summed up. Its status only moves forward; a scan of one that was called back says that it has left.
 * @returns undefined when they say nothing new
 */
export function trackParcel(parcel: Parcel, summary: TrackingSummary, act: Act): Parcel | undefined {
  const before = parcel.tracking;
  const tracking = rankOf(summary.status) <= rankOf('pre_transit') ? { ...summary, ...labelKnown(parcel) } : summary;
  const forward = rankOf(tracking.status) >= rankOf(before.status);
  const news = (['status', 'at', 'firstScanAt', 'deliveredAt', 'delayedAt'] as const).some((field) => tracking[field] !== before[field]);
  if (!news || !forward) return undefined;
  const status = statusAfter(parcel.status, tracking);
  const reason = status === 'unpacked' ? `carrier says ${tracking.status} of a parcel that was unpacked` : `carrier says ${tracking.status}`;
  return next(parcel, { tracking, status }, act, 'parcel.updated', reason, status === 'dispatched' ? tracking.firstScanAt : tracking.at);
}

function statusAfter(status: ParcelStatus, tracking: TrackingSummary): ParcelStatus {
  // Its units are on the shelf: whatever carries its label now is another matter, for a person.
  if (status === 'unpacked') return status;
  if (tracking.status === 'delivered') return 'delivered';
  if (tracking.status === 'returned_to_sender') return 'returned';
  if (tracking.status === 'lost') return 'lost';
  return tracking.firstScanAt !== undefined && (status === 'labelled' || status === 'recalled') ? 'dispatched' : status;
}

/**
 * Chooses the cheapest rate in the wanted currency; of equals the fastest, then by name, so that the choice is repeatable.
 * @param allowed services such as `USPS Priority`; empty allows all
 */
export function chooseRate(rates: readonly Rate[], currency: string, allowed: readonly string[]): Rate | undefined {
  return rates
    .filter((rate) => rate.currency === currency && (allowed.length === 0 || allowed.includes(`${rate.carrier} ${rate.service}`)))
    .sort((a, b) => a.cost - b.cost || (a.deliveryDays ?? 99) - (b.deliveryDays ?? 99) || (`${a.carrier} ${a.service}` < `${b.carrier} ${b.service}` ? -1 : 1))[0];
}
