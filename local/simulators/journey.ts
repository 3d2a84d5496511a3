/** How a parcel travels. `kept`: it is never handed over. */
export type Journey = 'plain' | 'delayed' | 'exception' | 'returned' | 'kept';

/** One line of a tracker's history, in EasyPost's words. */
export interface Scan {
  readonly status: string;
  readonly detail: string;
  readonly message: string;
}

const LABEL: Scan = { status: 'pre_transit', detail: 'label_created', message: 'Shipping label created' };
const MOVING: Scan = { status: 'in_transit', detail: 'status_update', message: 'Accepted at the facility' };
const LATE: Scan = { status: 'in_transit', detail: 'delayed', message: 'Running late' };
const TROUBLE: Scan = { status: 'failure', detail: 'address_correction', message: 'Address information needed' };
const OUT: Scan = { status: 'out_for_delivery', detail: 'out_for_delivery', message: 'Out for delivery' };
const THERE: Scan = { status: 'delivered', detail: 'arrived_at_destination', message: 'Delivered' };
const BACK: Scan = { status: 'return_to_sender', detail: 'return', message: 'Return to sender' };

/** What each journey's tracker says, in order; the first line is said when the label is bought. */
export const JOURNEYS: Readonly<Record<Journey, readonly Scan[]>> = {
  plain: [LABEL, MOVING, OUT, THERE],
  delayed: [LABEL, MOVING, LATE, OUT, THERE],
  exception: [LABEL, MOVING, TROUBLE, OUT, THERE],
  returned: [LABEL, MOVING, BACK],
  kept: [LABEL],
};

/** A tracker as EasyPost posts it with every update: the whole history each time. https://docs.easypost.com/docs/trackers */
export interface TrackerState {
  readonly shipmentId: string;
  readonly trackingCode: string;
  readonly carrier: string;
  /** The history so far, with the time of each scan in milliseconds since 1970. */
  readonly scans: readonly { readonly scan: Scan; readonly at: number }[];
}

/** A tracker as the API shows it. https://docs.easypost.com/docs/trackers */
export function trackerOf(tracker: TrackerState): Record<string, unknown> {
  const last = tracker.scans.at(-1);
  const at = seconds(last?.at ?? 0);
  const details = tracker.scans.map(({ scan, at: scanned }) => ({
    object: 'TrackingDetail',
    message: scan.message,
    description: null,
    status: scan.status,
    status_detail: scan.detail,
    datetime: seconds(scanned),
    source: tracker.carrier,
    carrier_code: null,
    tracking_location: { object: 'TrackingLocation', city: null, state: null, country: null, zip: null },
  }));
  return {
    id: tracker.shipmentId.replace('shp_', 'trk_'),
    object: 'Tracker',
    mode: 'test',
    tracking_code: tracker.trackingCode,
    status: last?.scan.status ?? 'unknown',
    status_detail: last?.scan.detail ?? 'unknown',
    signed_by: null,
    weight: null,
    est_delivery_date: null,
    shipment_id: tracker.shipmentId,
    carrier: tracker.carrier,
    tracking_details: details,
    carrier_detail: null,
    public_url: `https://track.easypost.com/${tracker.trackingCode}`,
    fees: [],
    created_at: seconds(tracker.scans[0]?.at ?? 0),
    updated_at: at,
  };
}

/** Writes EasyPost's event body for a tracker. https://docs.easypost.com/docs/events */
export function trackerEvent(eventId: string, tracker: TrackerState): Buffer {
  const at = seconds(tracker.scans.at(-1)?.at ?? 0);
  const event = {
    id: eventId,
    object: 'Event',
    mode: 'test',
    description: tracker.scans.length === 1 ? 'tracker.created' : 'tracker.updated',
    previous_attributes: { status: tracker.scans.at(-2)?.scan.status ?? 'unknown' },
    created_at: at,
    updated_at: at,
    pending_urls: [],
    completed_urls: [],
    status: 'pending',
    user_id: 'user_demo',
    result: trackerOf(tracker),
  };
  return Buffer.from(JSON.stringify(event));
}

/** EasyPost's clock has whole seconds; rounded up, so that no scan seems to come before what caused it. */
function seconds(at: number): string {
  return new Date(Math.ceil(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
