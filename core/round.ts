import type { CarrierConnection } from './client.ts';
import type { Parcel } from './shipment.ts';

/** Lists of parcels that are, or may be, on their way, in the order in which they are gone through. */
export const ROUND_LISTS = ['scan', 'deliver', 'hand-over'] as const;

/** A place in the lists of parcels on their way, which are read by list and then by how long something waits in it. */
export interface Place {
  readonly list: (typeof ROUND_LISTS)[number];
  /** UTC instant. */
  readonly since: string;
  readonly orderId: string;
  readonly parcel: number;
}

/**
 * A round over all parcels on their way that a carrier is asked about. It goes on from run to run, as far as the carrier's calls last, and asks
 * for each parcel once at most: no parcel has to remember when it was asked for.
 */
export interface Round {
  readonly entity: 'round';
  readonly carrierId: string;
  /** UTC instant. */
  readonly startedAt: string;
  /** The last parcel that was looked at; null once the round is complete. */
  readonly at: Place | null;
  readonly version: number;
}

/** How a carrier tells of parcels by itself, and how much it may be asked. */
export interface Telling {
  readonly callbackAuth: 'signature' | 'token' | 'none';
  readonly callbackHistory: 'full' | 'delta';
  readonly requestsPerMinute: number | null;
  readonly trackBatch: number;
}

const HOUR_MS = 3_600_000;

/**
 * Hours of silence after which a carrier is asked. What nobody vouches for may not come at all; a callback that brings only what is new and is
 * lost leaves a gap; one that brings all is made good by the next.
 */
export function patienceOf({ callbackAuth, callbackHistory }: Pick<Telling, 'callbackAuth' | 'callbackHistory'>): number {
  if (callbackAuth === 'none') return 3;
  return callbackHistory === 'delta' ? 12 : 24;
}

/** Hours of silence after which a carrier has nothing to say any more: carriers forget parcels, and use their numbers again. */
const FORGOTTEN_HOURS = 60 * 24;

/** Whether nothing was heard of a parcel for so long that its carrier is asked, and not yet for so long that asking is of no use. */
export function isSilent({ since, tracking }: Pick<Parcel, 'since' | 'tracking'>, hours: number, now: Date): boolean {
  const heardAt = [since, tracking.at, tracking.lastScanAt ?? ''].toSorted().at(-1) ?? '';
  const silentFor = now.getTime() - Date.parse(heardAt);
  return silentFor >= hours * HOUR_MS && silentFor < FORGOTTEN_HOURS * HOUR_MS;
}

/** Calls a minute where a carrier declares none: few enough for any. */
const PRESUMED_PER_MINUTE = 60;
/** Of what a carrier takes, the rest is for labels. */
const SHARE = 0.5;
/** Whatever a carrier takes: a run must come to an end. */
const MOST_CALLS = 1_000;

/** Calls that a run may have made, given how many minutes there are until the next. At least one. */
export function callsPerRun({ requestsPerMinute }: Pick<CarrierConnection, 'requestsPerMinute'>, capabilities: Pick<Telling, 'requestsPerMinute'>, minutes: number): number {
  const perMinute = requestsPerMinute ?? capabilities.requestsPerMinute ?? PRESUMED_PER_MINUTE;
  return Math.max(1, Math.min(MOST_CALLS, Math.floor(perMinute * minutes * SHARE)));
}

/** The round that a run works on: the one that is under way, or a new one. @returns undefined while the last one is too recent for another */
export function roundFor(before: Round | undefined, carrierId: string, hours: number, now: Date): Round | undefined {
  if (before !== undefined && before.at !== null) return { ...before, version: before.version + 1 };
  if (before !== undefined && Date.parse(before.startedAt) + hours * HOUR_MS > now.getTime()) return undefined;
  return { entity: 'round', carrierId, startedAt: now.toISOString(), at: null, version: (before?.version ?? 0) + 1 };
}
