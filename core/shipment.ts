import type { Change } from './change.ts';
import type { Client } from './client.ts';
import { productOf } from './client.ts';
import type { Dimensions } from './dimensions.ts';
import { type Refused, refused } from './error.ts';
import { shardOf } from './id.ts';
import { type Allocation, addUnits, type Demand, lessUnits, unitsOf } from './inventory.ts';
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
  /** Object names of the customs forms that go with it. */
  readonly forms?: readonly string[];
  readonly boughtAt: string;
  /** What the carrier knows it by: our reference, and its own name. */
  readonly reference: string;
  readonly carrierRef: string;
  /** How it was proven that it shows the order's address: by the carrier's answer, or by what was sent, where the answer names no address. */
  readonly proof: 'answer' | 'request';
  /** Day for which it was bought: the one on which the carrier gets the parcel. */
  readonly shipDate?: string;
  /** Day by which the carrier said it would be delivered. */
  readonly expectedBy?: string;
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
  /** The carrier connection that its label is bought from: the client's first until one is chosen. */
  readonly carrierId: string;
  /** The service that was chosen for it, such as `USPS Priority`. */
  readonly service?: string;
  /** Goods that come back: the number of the parcel that they left in. */
  readonly returns?: number;
  readonly units: readonly Allocation[];
  /** Scanned at packing, where a product asks for them. */
  readonly serials?: NonNullable<PackedNow['serials']>;
  /** Grams with packaging. */
  readonly weight: number;
  /** Where somebody measured the box, or it holds one unit of a product that was. */
  readonly dimensions?: Dimensions;
  readonly addressHash: string;
  readonly status: ParcelStatus;
  readonly label?: Label;
  readonly tracking: TrackingSummary;
  readonly receivedAt: string;
  readonly packedAt: string;
  /** When the carrier took it, as somebody recorded. Where nobody did, the first scan says so. */
  readonly handedOverAt?: string;
  readonly recalledAt?: string;
  /** The manifest that it is on. */
  readonly manifest?: string;
  /** Since when, and why, a person has to say what was bought. */
  readonly parked?: { readonly at: string; readonly reason: string };
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
    ...boxOf(packed, client),
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
 * The units of a parcel that are to come back.
 * @param before returns of the order so far: what has been asked back is not asked for twice
 * @param wanted by SKU; empty for all that is left
 */
export function returnUnits(parcel: Parcel, before: readonly Parcel[], wanted: readonly Demand[]): readonly Allocation[] | Refused {
  const name = `Parcel ${parcel.parcel} of order ${parcel.orderId}`;
  if (parcel.status !== 'dispatched' && parcel.status !== 'delivered')
    return refused('shipment.not-out', `${name} is ${parcel.status}; only what has left can be sent back. Recall it instead, if it is still here.`);
  const asked = before.filter(({ returns }) => returns === parcel.parcel).flatMap(({ units }) => units);
  const left = lessUnits(addUnits(parcel.units), addUnits(asked));
  const units = wanted.length === 0 ? left : addUnits(wanted);
  const wrong = units.find(({ sku, quantity }) => quantity > unitsOf(left, sku));
  if (wrong !== undefined) return refused('shipment.return-exceeds', `${name} has ${unitsOf(left, wrong.sku)} x ${wrong.sku} that may come back, not ${wrong.quantity}.`);
  if (units.length === 0) return refused('shipment.return-empty', `All of ${name} was asked back already.`);
  return units.map(({ sku, quantity }) => ({ sku, warehouse: parcel.warehouse, quantity }));
}

/** What a box weighs and measures: as somebody measured it, else as its products say. */
function boxOf({ units, box = {} }: PackedNow, client: Client): Pick<Parcel, 'weight'> & Partial<Pick<Parcel, 'dimensions'>> {
  const weight = box.weight ?? units.reduce((sum, { sku, quantity }) => sum + quantity * (productOf(client, sku)?.weight ?? 0), PACKAGING_GRAMS);
  const [first] = units;
  const alone = units.length === 1 && first?.quantity === 1 ? productOf(client, first.sku)?.dimensions : undefined;
  const dimensions = box.dimensions ?? alone;
  return { weight, ...(dimensions !== undefined && { dimensions }) };
}

/** Parcels that come back are numbered from here on, apart from those that leave. */
export const FIRST_RETURN = 901;

/**
 * A parcel for goods of another one that are to come back: it gets a label as any parcel does, from the customer to the warehouse.
 * @param number from `FIRST_RETURN` on
 */
export function returnOf(parcel: Parcel, number: number, units: readonly Allocation[], client: Client, reason: string, act: Act): Parcel {
  const at = act.now.toISOString();
  const { orderId, connectionId, country, warehouse, carrierId, addressHash, receivedAt } = parcel;
  return {
    entity: 'parcel',
    orderId,
    parcel: number,
    returns: parcel.parcel,
    connectionId,
    country,
    warehouse,
    carrierId,
    units,
    ...boxOf({ parcel: number, warehouse, units, status: 'packed' }, client),
    addressHash,
    status: 'packed',
    tracking: NOT_TRACKED,
    receivedAt,
    packedAt: at,
    since: at,
    version: 1,
    change: { type: 'parcel.packed', at, by: act.by, reason },
    work: `label#${shardOf(orderId)}`,
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
    ...(late !== undefined && stays && { late }),
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
  /** A person has to say what became of it. */
  | 'parked'
  /** Bought, and of no use: its label cannot be had, or another one is used. It is to be voided. */
  | 'orphan'
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
  /** The carrier connection that was asked. */
  readonly carrierId: string;
  readonly status: PurchaseStatus;
  /** Day for which it is bought. */
  readonly shipDate?: string;
  /** Day by which the carrier said the parcel would be delivered. */
  readonly expectedBy?: string;
  /** What was bought, once that is known. */
  readonly bought?: { readonly trackingNumber: string; readonly carrierRef: string; readonly cost: number; readonly currency: string };
  /** Of a label that was voided, or could not be. */
  readonly refund?: Refund;
  /** UTC instant until which no other invocation touches it. */
  readonly leaseUntil: string;
  readonly claimedAt: string;
  readonly reason: string;
  readonly version: number;
  /** The list of purchases that may cost money for nothing: `unsold#3`. */
  readonly work?: string;
  /** UTC instant since when it is in that list. */
  readonly since?: string;
}

/** The list of purchases that are taken for not made and may show yet, and of labels of no use until they are void. */
export const UNSOLD_LIST = 'unsold';
const UNSOLD: ReadonlySet<PurchaseStatus> = new Set(['absent', 'orphan', 'voiding']);

/** The attempt that has to be dealt with next: a label of no use, of whichever attempt, before anything else is bought; else the last one. */
export function purchaseDue(purchases: readonly Purchase[]): Purchase | undefined {
  return purchases.find(({ status }) => status === 'orphan' || status === 'voiding') ?? purchases.at(-1);
}

/** What must happen next for a parcel's label. */
export type PurchaseStep =
  | { readonly do: 'nothing'; readonly why: string }
  | { readonly do: 'claim'; readonly attempt: number }
  | { readonly do: 'find'; readonly purchase: Purchase }
  /** Has a label voided that cannot be used, before another one is bought. */
  | { readonly do: 'void'; readonly purchase: Purchase }
  | { readonly do: 'wait'; readonly seconds: number };

/** The label purchase protocol: intent first, one lease, and never a blind repeat. docs/decisions/0003 */
export function purchaseStep(parcel: Parcel, latest: Purchase | undefined, now: Date): PurchaseStep {
  if (parcel.status !== 'packed') return { do: 'nothing', why: `parcel is ${parcel.status}` };
  if (latest === undefined) return { do: 'claim', attempt: 1 };
  // Nothing that was bought is left of these; a refused parcel is `packed` again only after a person released it.
  if (SETTLED.has(latest.status)) return { do: 'claim', attempt: latest.attempt + 1 };
  if (latest.status === 'orphan') return { do: 'void', purchase: latest };
  if (latest.status !== 'buying' && latest.status !== 'voiding') return { do: 'nothing', why: `purchase ${latest.attempt} is ${latest.status}` };
  const left = Date.parse(latest.leaseUntil) - now.getTime();
  if (left > 0) return { do: 'wait', seconds: Math.ceil(left / 1000) };
  return { do: latest.status === 'buying' ? 'find' : 'void', purchase: latest };
}

const SETTLED: ReadonlySet<PurchaseStatus> = new Set(['absent', 'refused', 'voided', 'kept', 'used']);

/** Draws up the claim on a purchase. */
export function claimOf(
  parcel: Parcel,
  attempt: number,
  offer: Pick<Purchase, 'reference' | 'carrierRef' | 'rate' | 'carrierId'> & Partial<Pick<Purchase, 'expectedBy' | 'shipDate'>>,
  now: Date,
): Purchase {
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
export function endPurchase({ work: _, since: __, ...purchase }: Purchase, status: Purchase['status'], reason: string, now: Date): Purchase {
  const listed = UNSOLD.has(status) ? { work: `${UNSOLD_LIST}#${shardOf(purchase.orderId)}`, since: purchase.claimedAt } : {};
  return { ...purchase, status, reason: reason.slice(0, 200), leaseUntil: now.toISOString(), version: purchase.version + 1, ...listed };
}

/** Takes a purchase off that list. */
export function unlist({ work: _, since: __, ...purchase }: Purchase): Purchase {
  return { ...purchase, version: purchase.version + 1 };
}

/** The parcel once its label is bought. One that was called back meanwhile stays so: its label is there to be voided. */
export function labelled(parcel: Parcel, label: Label, act: Act): Parcel {
  const status = parcel.status === 'recalled' ? 'recalled' : 'labelled';
  const { parked: _, ...rest } = parcel;
  return next(rest, { status, label, tracking: labelKnown({ label }) }, act, 'parcel.labelled', `${label.carrier} ${label.service}`);
}

/** Gives a parcel to a carrier and a service of it: its label is bought there next. */
export function assign(parcel: Parcel, carrierId: string, service: string, reason: string, act: Act): Parcel {
  return next(parcel, { carrierId, service }, act, 'parcel.assigned', reason);
}

/** Has a person say what was bought for a parcel. @returns undefined when that is asked for already */
export function park(parcel: Parcel, reason: string, act: Act): Parcel | undefined {
  if (parcel.parked !== undefined) return undefined;
  return next(parcel, { parked: { at: act.now.toISOString(), reason: reason.slice(0, 200) } }, act, 'parcel.parked', reason);
}

/** Puts a parcel on a manifest, or takes it off one that was not closed. */
export function putOnManifest({ manifest: _, ...parcel }: Parcel, manifest: string | undefined, act: Act): Parcel {
  return next(parcel, manifest === undefined ? {} : { manifest }, act, 'parcel.manifested', manifest ?? 'taken off the manifest');
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
export function offerAgain(parcel: Parcel, act: Act, reason = 'released for its label'): Parcel | undefined {
  if (parcel.status !== 'packed' && parcel.status !== 'refused') return undefined;
  const { parked: _, ...rest } = parcel;
  return next(rest, { status: 'packed' }, act, 'parcel.packed', reason);
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
  const parked = purchases.find(({ status }) => status === 'parked');
  if (parked !== undefined) return { do: 'nothing', why: `a person has to say first what attempt ${parked.attempt} bought` };
  const label = purchases.find(({ status }) => status === 'bought' || status === 'orphan');
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
  const news = (['status', 'at', 'firstScanAt', 'lastScanAt', 'deliveredAt', 'delayedAt', 'phase'] as const).some((field) => tracking[field] !== before[field]);
  if (!news || !forward) return undefined;
  const status = statusAfter(parcel.status, tracking);
  const reason = status === 'unpacked' ? `carrier says ${tracking.status} of a parcel that was unpacked` : `carrier says ${tracking.status}`;
  return next(movedOn(parcel, tracking), { tracking, status }, act, 'parcel.updated', reason, status === 'dispatched' ? tracking.firstScanAt : tracking.at);
}

/** A standstill that is over is not late any more: should the parcel stand still again, that is noted anew. */
function movedOn({ late, ...parcel }: Parcel, { status, at, lastScanAt }: TrackingSummary): Parcel {
  if (late === undefined) return parcel;
  const before = parcel.tracking;
  const isOver: Readonly<Record<string, boolean>> = { moving: lastScanAt !== before.lastScanAt, exception: status !== 'delivery_exception' || at !== before.at };
  const stage = late.stage
    .split('+')
    .filter((one) => isOver[one] !== true)
    .join('+');
  return stage === '' ? parcel : { ...parcel, late: { ...late, stage } };
}

/** What its tracking says, of a parcel that has a label or had left: the same whatever was known before. */
function statusAfter(status: ParcelStatus, tracking: TrackingSummary): ParcelStatus {
  // Its units are on the shelf: whatever carries its label now is another matter, for a person.
  if (status === 'unpacked' || status === 'packed' || status === 'refused') return status;
  if (tracking.status === 'delivered') return 'delivered';
  if (tracking.status === 'returned_to_sender') return 'returned';
  if (tracking.status === 'lost') return 'lost';
  return tracking.firstScanAt === undefined ? status : 'dispatched';
}
