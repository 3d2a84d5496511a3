import * as z from 'zod';

/** Where a parcel is, in the words of no carrier in particular. */
export const TrackingStatus = z.enum([
  'unknown',
  'pre_transit',
  'in_transit',
  'out_for_delivery',
  'available_for_pickup',
  'delivery_exception',
  'delivered',
  'returned_to_sender',
  'lost',
  'cancelled',
]);
export type TrackingStatus = z.infer<typeof TrackingStatus>;

/** One scan or message of a carrier about a parcel. */
export const TrackingEvent = z.object({
  status: TrackingStatus,
  /** The carrier's own word, kept for people and for unmapped codes. */
  code: z.string().max(120),
  /** UTC instant at which it happened. */
  at: z.iso.datetime({ precision: 3 }),
  description: z.string().max(300),
  /** The parcel moves, but later than hoped. */
  attention: z.boolean(),
});
export type TrackingEvent = z.infer<typeof TrackingEvent>;

/** What a carrier's callback tells us about one tracking number. */
export interface TrackingUpdate {
  readonly trackingNumber: string;
  readonly events: readonly TrackingEvent[];
}

/** What a set of tracking events says: the furthest status reached, and when. */
export interface TrackingSummary {
  readonly status: TrackingStatus;
  /** When it first reached that status. */
  readonly at: string;
  /** The first scan by the carrier: from then on the parcel is handed over. */
  readonly firstScanAt?: string;
  readonly deliveredAt?: string;
  readonly delayedAt?: string;
}

/** Nothing heard yet. */
export const NOT_TRACKED: TrackingSummary = { status: 'unknown', at: '' };

// A status never falls in rank. A delivery exception is not final: later scans at its own rank or above replace it.
const RANK: Record<TrackingStatus, number> = {
  unknown: 0,
  pre_transit: 1,
  in_transit: 2,
  delivery_exception: 3,
  out_for_delivery: 3,
  available_for_pickup: 3,
  delivered: 5,
  returned_to_sender: 5,
  lost: 4,
  cancelled: 4,
};

/** How far a status is on its way; a parcel's status never goes down in rank. */
export function rankOf(status: TrackingStatus): number {
  return RANK[status];
}

/** Identifies an event among those of its parcel, so that a repeat is recognised. */
export function eventKey(event: TrackingEvent): string {
  return `${event.at}#${event.status}#${event.code}`;
}

/**
 * The state that a set of tracking events amounts to: a pure function of the set, whatever the order or number of arrivals.
 * Unmapped codes (`unknown`) never cover a known status; a `delivered` after a return began is the return's end.
 */
export function summarise(events: readonly TrackingEvent[]): TrackingSummary {
  const sorted = events.toSorted((a, b) => (eventKey(a) < eventKey(b) ? -1 : 1));
  let summary: TrackingSummary = NOT_TRACKED;
  for (const { status, at, attention } of sorted) {
    const returning = summary.status === 'returned_to_sender';
    const reached = returning && status === 'delivered' ? 'returned_to_sender' : status;
    const forward = RANK[reached] >= RANK[summary.status];
    const handedOver = RANK[status] >= RANK.in_transit && status !== 'cancelled';
    summary = {
      ...summary,
      ...(forward && status !== 'unknown' && reached !== summary.status && { status: reached, at }),
      ...(handedOver && summary.firstScanAt === undefined && { firstScanAt: at }),
      ...(forward && reached === 'delivered' && summary.deliveredAt === undefined && { deliveredAt: at }),
      ...((attention || status === 'delivery_exception') && summary.delayedAt === undefined && { delayedAt: at }),
    };
  }
  return summary;
}
