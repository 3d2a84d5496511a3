import type { Change } from './change.ts';
import type { Client } from './client.ts';
import { productOf } from './client.ts';
import type { Demand } from './inventory.ts';
import type { Act, Order } from './order.ts';
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
  /** Object name in the labels bucket. */
  readonly document: string;
  readonly boughtAt: string;
}

type ParcelStatus = 'packed' | 'labelled' | 'refused' | 'dispatched' | 'delivered' | 'returned' | 'lost';

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
  readonly units: readonly Demand[];
  /** Grams with packaging. */
  readonly weight: number;
  readonly addressHash: string;
  readonly status: ParcelStatus;
  readonly label?: Label;
  readonly tracking: TrackingSummary;
  readonly receivedAt: string;
  readonly packedAt: string;
  readonly version: number;
  readonly change: Change;
}

/** Puts what was packed for an order into its parcel. */
export function parcelOf(order: Order, client: Client, act: Act): Parcel {
  const at = act.now.toISOString();
  return {
    entity: 'parcel',
    orderId: order.orderId,
    parcel: 1,
    connectionId: order.connectionId,
    country: order.country,
    warehouse: order.allocations[0]?.warehouse ?? '',
    carrierId: client.carriers[0]?.id ?? '',
    units: order.demand,
    weight: order.demand.reduce((sum, { sku, quantity }) => sum + quantity * (productOf(client, sku)?.weight ?? 0), PACKAGING_GRAMS),
    addressHash: order.addressHash,
    status: 'packed',
    tracking: NOT_TRACKED,
    receivedAt: order.receivedAt,
    packedAt: at,
    version: 1,
    change: { type: 'parcel.packed', at, by: act.by, reason: 'packed' },
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
  readonly status: 'buying' | 'bought' | 'refused' | 'absent';
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

/** The parcel once its label is bought. */
export function labelled(parcel: Parcel, label: Label, act: Act): Parcel {
  const tracking = labelKnown({ label });
  return { ...parcel, status: 'labelled', label, tracking, version: parcel.version + 1, change: change('parcel.labelled', act, `${label.carrier} ${label.service}`) };
}

/** A carrier that sold a label knows of the parcel from then on: its own word for that is no news. */
function labelKnown({ label }: Pick<Parcel, 'label'>): TrackingSummary {
  return label === undefined ? NOT_TRACKED : { status: 'pre_transit', at: label.boughtAt };
}

/** The parcel when the carrier refused to sell a label for it. */
export function labelRefused(parcel: Parcel, reason: string, act: Act): Parcel {
  return { ...parcel, status: 'refused', version: parcel.version + 1, change: change('parcel.refused', act, reason) };
}

/** Sends a parcel without a label back to the label queue, once what held it is settled. @returns undefined when it has its label */
export function offerAgain(parcel: Parcel, act: Act): Parcel | undefined {
  if (parcel.status !== 'packed' && parcel.status !== 'refused') return undefined;
  return { ...parcel, status: 'packed', version: parcel.version + 1, change: change('parcel.packed', act, 'released for its label') };
}

/**
 * The parcel after its tracking events were summed up. Its status only moves forward.
 * @returns undefined when they say nothing new
 */
export function trackParcel(parcel: Parcel, summary: TrackingSummary, act: Act): Parcel | undefined {
  const before = parcel.tracking;
  const tracking = rankOf(summary.status) <= rankOf('pre_transit') ? { ...summary, ...labelKnown(parcel) } : summary;
  const forward = rankOf(tracking.status) >= rankOf(before.status);
  const news = (['status', 'at', 'firstScanAt', 'deliveredAt', 'delayedAt'] as const).some((field) => tracking[field] !== before[field]);
  if (!news || !forward) return undefined;
  const status = statusAfter(parcel.status, tracking);
  return { ...parcel, tracking, status, version: parcel.version + 1, change: change('parcel.updated', act, `carrier says ${tracking.status}`) };
}

function statusAfter(status: ParcelStatus, tracking: TrackingSummary): ParcelStatus {
  if (tracking.status === 'delivered') return 'delivered';
  if (tracking.status === 'returned_to_sender') return 'returned';
  if (tracking.status === 'lost') return 'lost';
  return tracking.firstScanAt !== undefined && status === 'labelled' ? 'dispatched' : status;
}

function change(type: Change['type'], act: Act, reason: string): Change {
  return { type, at: act.now.toISOString(), by: act.by, reason: reason.slice(0, 250) };
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
