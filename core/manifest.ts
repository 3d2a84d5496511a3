import type { CarrierConnection, Client, Warehouse } from './client.ts';
import { type Refused, refused } from './error.ts';
import type { Order } from './order.ts';
import { shipDateOf } from './selection.ts';
import type { Parcel } from './shipment.ts';

/** How long a manifest belongs to the invocation that claimed it, in milliseconds: longer than that invocation may live. */
export const MANIFEST_LEASE_MS = 150_000;

/** How long the carrier's answer is looked for, in milliseconds, before a person is asked. */
export const MANIFEST_PATIENCE_MS = 30 * 60_000;

/** The day's parcels of one carrier in one warehouse. */
export interface HandOverName {
  readonly carrierId: string;
  readonly warehouse: string;
  /** Day on which the carrier takes them, by the warehouse's clocks: `2026-11-23`. */
  readonly day: string;
}

/** Names one parcel, with what it is called on the outside. */
export interface ListedParcel {
  readonly orderId: string;
  readonly parcel: number;
  readonly trackingNumber: string;
}

/** A parcel that stays behind, and why. */
export interface LeftOut extends ListedParcel {
  /** For a person; names no recipient. */
  readonly reason: string;
}

type ManifestStatus =
  /** Asked for, or about to be. */
  | 'closing'
  /** The carrier is at work on it. */
  | 'pending'
  /** The carrier has it; its parcels have yet to be told. */
  | 'closed'
  | 'settled'
  /** The carrier will not have it: its parcels are free. */
  | 'refused'
  /** It was never made: its parcels are free. */
  | 'absent';

/** A list of parcels that a carrier was asked to take. Like a purchase it is asked for once: a form that is lost cannot be made again for the same labels. */
export interface Manifest extends HandOverName {
  readonly entity: 'manifest';
  /** 1, 2, ... within the day. */
  readonly number: number;
  /** 26-character ULID, given to the carrier as our reference. */
  readonly reference: string;
  /** The closing that it was made by: what that met is not asked for again by it. */
  readonly closing: string;
  readonly status: ManifestStatus;
  /** Who moves its parcels, such as `USPS`. */
  readonly carrier: string;
  readonly parcels: number;
  /** The carrier's name for it, once that is known. */
  readonly manifestRef: string | null;
  /** Object names of its forms in the labels bucket. */
  readonly documents: readonly string[];
  /** What the carrier did not take onto it. */
  readonly leftOut: readonly LeftOut[];
  /** Since when, and why, a person has to say what became of it. */
  readonly parked?: { readonly at: string; readonly reason: string };
  /** Why it was refused, or what is amiss with it. */
  readonly reason: string;
  readonly by: string;
  readonly claimedAt: string;
  /** UTC instant until which no other invocation touches it. */
  readonly leaseUntil: string;
  readonly version: number;
}

/** What was given to a carrier on a day, and what was not. */
export interface HandOver extends HandOverName {
  readonly entity: 'hand-over';
  readonly closedAt: string;
  readonly by: string;
  readonly parcels: number;
  /** Grams. */
  readonly weight: number;
  /** How many were left out in all. */
  readonly behind: number;
  /** The first of them; the documents have them all. */
  readonly leftOut: readonly LeftOut[];
  /** Object names, in the labels bucket, of the list that the driver signs. */
  readonly documents: readonly string[];
  /** The last closings that were carried out: one that comes again, however late, closes nothing that came since. */
  readonly closings: readonly string[];
  readonly version: number;
}

/** The name that a parcel carries of its manifest: `easypost:north:2026-11-23:1`. */
export function manifestId({ carrierId, warehouse, day, number }: HandOverName & { readonly number: number }): string {
  return `${carrierId}:${warehouse}:${day}:${number}`;
}

/** Draws up the claim on a manifest, to be written before the carrier is asked. */
export function claimManifest(name: HandOverName & Pick<Manifest, 'number' | 'reference' | 'closing' | 'carrier' | 'parcels' | 'by'>, now: Date): Manifest {
  return {
    entity: 'manifest',
    ...name,
    status: 'closing',
    manifestRef: null,
    documents: [],
    leftOut: [],
    reason: '',
    claimedAt: now.toISOString(),
    leaseUntil: new Date(now.getTime() + MANIFEST_LEASE_MS).toISOString(),
    version: 1,
  };
}

/** Takes a manifest over, to look it up. */
export function renewManifest(manifest: Manifest, now: Date): Manifest {
  return { ...manifest, leaseUntil: new Date(now.getTime() + MANIFEST_LEASE_MS).toISOString(), version: manifest.version + 1 };
}

/** Moves a manifest on and gives its lease back. What is known of it is not waited for by a person any more. */
export function moveManifest(
  { parked, ...manifest }: Manifest,
  changed: Partial<Pick<Manifest, 'status' | 'manifestRef' | 'documents' | 'leftOut' | 'reason'>>,
  now: Date,
): Manifest {
  const stays = parked !== undefined && isOpen({ ...manifest, ...changed });
  const reason = (changed.reason ?? manifest.reason).slice(0, 250);
  return { ...manifest, ...changed, ...(stays && { parked }), reason, leaseUntil: now.toISOString(), version: manifest.version + 1 };
}

/** Has a person say what became of a manifest, unless that is known. */
export function parkManifest(manifest: Manifest, reason: string, now: Date): Manifest {
  const moved = moveManifest(manifest, { reason }, now);
  return isOpen(manifest) ? { ...moved, parked: manifest.parked ?? { at: now.toISOString(), reason: reason.slice(0, 250) } } : moved;
}

function isOpen({ status }: Pick<Manifest, 'status'>): boolean {
  return status === 'closing' || status === 'pending';
}

/** What must happen next for a manifest. */
export type ManifestStep =
  | { readonly do: 'nothing' }
  | { readonly do: 'wait'; readonly seconds: number }
  /** What became of it is not known: asks the carrier, which closes nothing. */
  | { readonly do: 'look' }
  /** Tells its parcels. */
  | { readonly do: 'settle' };

/** The manifest protocol: intent first, one lease, one call, and never a blind repeat. */
export function manifestStep(manifest: Manifest, now: Date): ManifestStep {
  if (manifest.status === 'closed') return { do: 'settle' };
  if (!isOpen(manifest)) return { do: 'nothing' };
  const left = Date.parse(manifest.leaseUntil) - now.getTime();
  return left > 0 ? { do: 'wait', seconds: Math.ceil(left / 1000) } : { do: 'look' };
}

/** Whether its parcels may be put on another manifest. */
export function isGivenUp({ status }: Pick<Manifest, 'status'>): boolean {
  return status === 'refused' || status === 'absent';
}

/** Whether the carrier has it. */
export function isWithCarrier({ status }: Pick<Manifest, 'status'>): boolean {
  return status === 'closed' || status === 'settled';
}

/** By what parcels are chosen for a hand-over. */
export interface HandOverTerms {
  readonly client: Client;
  readonly warehouse: Warehouse;
  readonly connection: CarrierConnection;
  readonly day: string;
  /** Whether the carrier makes manifests: it then takes only labels of that day. */
  readonly isStrict: boolean;
}

/** `none`: it is no parcel of this hand-over, and nobody need be told. */
export type HandOverVerdict = { readonly as: 'taken' } | { readonly as: 'left-out'; readonly reason: string } | { readonly as: 'none' };

const NONE: HandOverVerdict = { as: 'none' };

/** Whether a parcel is given to the carrier on a day, or stays behind and why. */
export function handOverVerdict(parcel: Parcel, order: Pick<Order, 'holds'> | undefined, terms: HandOverTerms): HandOverVerdict {
  // Goods that come back are with the customer.
  if (parcel.carrierId !== terms.connection.id || parcel.warehouse !== terms.warehouse.id || parcel.returns !== undefined) return NONE;
  if (parcel.status === 'recalled') return leave('it is called back: take it out of the load');
  if (parcel.status === 'packed') return leave(waitingFor(parcel));
  if (parcel.status !== 'labelled' || parcel.label === undefined || parcel.manifest !== undefined) return NONE;
  if (parcel.refund !== undefined) return leave('its label is void');
  if (order === undefined) return leave('its order cannot be found');
  if (order.holds.length > 0) return leave(`its order is held (${order.holds.map(({ kind }) => kind).join(', ')})`);
  if (parcel.label.document === '') return leave('its label cannot be printed');
  const { shipDate = shipDateOf(terms.warehouse, terms.connection, terms.client, new Date(parcel.label.boughtAt)) } = parcel.label;
  return dayVerdict(shipDate, terms);
}

function waitingFor({ parked }: Parcel): string {
  return parked === undefined ? 'it is packed and has no label yet' : `a person has to say what was bought for it (${parked.reason})`;
}

function dayVerdict(labelDay: string, { day, isStrict }: HandOverTerms): HandOverVerdict {
  if (labelDay > day) return leave(`its label is for ${labelDay}`);
  if (labelDay < day && isStrict) return leave(`its label is for ${labelDay}: recall it to have another one bought, or bring it to the carrier`);
  return { as: 'taken' };
}

function leave(reason: string): HandOverVerdict {
  return { as: 'left-out', reason };
}

/** Names a parcel as lists do. */
export function listed({ orderId, parcel, label }: Pick<Parcel, 'orderId' | 'parcel' | 'label'>): ListedParcel {
  return { orderId, parcel, trackingNumber: label?.trackingNumber ?? '' };
}

/** The manifest after a person found none at the carrier: its parcels are free. */
export function notMade(manifest: Manifest, by: string, now: Date): Manifest | Refused {
  if (manifest.parked === undefined)
    return refused('shipment.manifest-known', `Manifest ${manifestId(manifest)} is ${manifest.status}; only one that waits for a person can be said not to exist.`);
  return moveManifest(manifest, { status: 'absent', reason: `${by} found none at the carrier` }, now);
}
