import * as z from 'zod';

/** Where a parcel is, in the words of no carrier in particular. `note`: said of a parcel, and no news of where it is. `unknown`: a code that nobody has mapped. */
export const TrackingStatus = z.enum([
  'unknown',
  'note',
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
  /** How far a return is, where the status is `returned_to_sender`. @default 'in_transit' */
  phase: z.enum(['initiated', 'in_transit', 'completed']).exactOptional(),
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
  /** The latest scan: what does not move is noticed by it. */
  readonly lastScanAt?: string;
  /** How far the return is, once one began. */
  readonly phase?: 'initiated' | 'in_transit' | 'completed';
}

/** Nothing heard yet. */
export const NOT_TRACKED: TrackingSummary = { status: 'unknown', at: '' };

// A status never falls in rank. Within a rank the latest holds, so that a delivery exception ends with the next scan.
const RANK: Record<TrackingStatus, number> = {
  unknown: 0,
  note: 0,
  pre_transit: 1,
  in_transit: 2,
  delivery_exception: 2,
  out_for_delivery: 2,
  available_for_pickup: 2,
  // Carriers that scan a parcel after they cancelled it move it all the same.
  cancelled: 2,
  lost: 3,
  delivered: 4,
  returned_to_sender: 4,
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
 *
 * - A status never falls in rank; of those on the way the latest holds, but a mere scan in transit takes back neither `out_for_delivery` nor
 *   `available_for_pickup`. It does end a `delivery_exception`.
 * - `note` and `unknown` change nothing and are no scans: neither says that somebody had the parcel in hand.
 * - `delivered` is final but for a return that began after it. Once one began, `delivered` is its end: carriers say it of the sender too.
 * - What was `lost` and arrives all the same has arrived.
 */
export function summarise(events: readonly TrackingEvent[]): TrackingSummary {
  const sorted = events.toSorted((a, b) => (eventKey(a) < eventKey(b) ? -1 : 1));
  let summary: TrackingSummary = NOT_TRACKED;
  for (const event of sorted) {
    const { at, attention } = event;
    const status = statusAfter(summary.status, event.status);
    const phase = status === 'returned_to_sender' ? phaseAfter(summary.phase, event) : undefined;
    const scanned = isScan(event.status);
    summary = {
      ...summary,
      ...(status !== summary.status && { status, at }),
      ...(phase !== undefined && { phase }),
      ...(scanned && { firstScanAt: summary.firstScanAt ?? at, lastScanAt: at }),
      ...(status === 'delivered' && { deliveredAt: summary.deliveredAt ?? at }),
      ...((attention || event.status === 'delivery_exception') && { delayedAt: summary.delayedAt ?? at }),
    };
  }
  return summary;
}

function statusAfter(before: TrackingStatus, told: TrackingStatus): TrackingStatus {
  if (RANK[told] === 0 || RANK[told] < RANK[before]) return before;
  if (before === 'returned_to_sender') return before;
  const isMereScan = told === 'in_transit' && (before === 'out_for_delivery' || before === 'available_for_pickup');
  return isMereScan ? before : told;
}

const PHASES = ['initiated', 'in_transit', 'completed'] as const;

/** A return never goes back to an earlier phase. */
function phaseAfter(before: TrackingSummary['phase'], { status, phase = 'in_transit' }: TrackingEvent): (typeof PHASES)[number] {
  const told = status === 'delivered' ? 'completed' : status === 'returned_to_sender' ? phase : 'initiated';
  return PHASES.findLast((one) => one === before || one === told) ?? told;
}

/** Whether a status says that the carrier has, or had, the parcel. */
export function isScan(status: TrackingStatus): boolean {
  return RANK[status] >= RANK.in_transit && status !== 'cancelled';
}
