import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { eventKey, TrackingEvent, type TrackingStatus } from '../../core/tracking.ts';
import { isSuccess, jsonOf } from '../answer.ts';
import type { ParsedUpdate } from '../carrier.ts';
import type { Delivery } from '../delivery.ts';
import { text } from '../fields.ts';
import type { HttpResponse } from '../http.ts';
import { type PayloadKind, readPayload } from '../payload.ts';
import { ask, failure } from './api.ts';
import type { Call, Settings } from './settings.ts';

interface Meaning {
  readonly status: TrackingStatus;
  readonly attention?: boolean;
  readonly phase?: 'initiated' | 'in_transit';
}

/**
 * What each status with its substatus means; a status alone where the substatus is missing. TRANSIT covers a van at the door and a counter
 * where the parcel waits, so the substatus is what counts. https://docs.goshippo.com/docs/tracking/tracking
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  PRE_TRANSIT: { status: 'pre_transit' },
  'PRE_TRANSIT/information_received': { status: 'pre_transit' },
  TRANSIT: { status: 'in_transit' },
  'TRANSIT/package_accepted': { status: 'in_transit' },
  'TRANSIT/package_arrived': { status: 'in_transit' },
  'TRANSIT/package_departed': { status: 'in_transit' },
  'TRANSIT/package_processed': { status: 'in_transit' },
  'TRANSIT/package_processing': { status: 'in_transit' },
  'TRANSIT/package_forwarded': { status: 'in_transit' },
  'TRANSIT/delivery_scheduled': { status: 'in_transit' },
  'TRANSIT/delayed': { status: 'in_transit', attention: true },
  'TRANSIT/delivery_rescheduled': { status: 'in_transit', attention: true },
  'TRANSIT/out_for_delivery': { status: 'out_for_delivery' },
  'TRANSIT/pickup_available': { status: 'available_for_pickup' },
  'TRANSIT/address_issue': { status: 'delivery_exception' },
  'TRANSIT/contact_carrier': { status: 'delivery_exception' },
  'TRANSIT/delivery_attempted': { status: 'delivery_exception' },
  'TRANSIT/location_inaccessible': { status: 'delivery_exception' },
  'TRANSIT/notice_left': { status: 'delivery_exception' },
  'TRANSIT/package_damaged': { status: 'delivery_exception' },
  'TRANSIT/package_held': { status: 'delivery_exception' },
  'TRANSIT/reschedule_delivery': { status: 'delivery_exception' },
  DELIVERED: { status: 'delivered' },
  'DELIVERED/delivered': { status: 'delivered' },
  RETURNED: { status: 'returned_to_sender', phase: 'in_transit' },
  'RETURNED/return_to_sender': { status: 'returned_to_sender', phase: 'in_transit' },
  'RETURNED/package_unclaimed': { status: 'returned_to_sender', phase: 'initiated' },
  FAILURE: { status: 'delivery_exception' },
  'FAILURE/package_undeliverable': { status: 'delivery_exception' },
  'FAILURE/package_disposed': { status: 'lost' },
  'FAILURE/package_lost': { status: 'lost' },
  UNKNOWN: { status: 'unknown' },
  'UNKNOWN/other': { status: 'unknown' },
};

const UPDATE: PayloadKind = {
  code: 'tracking.payload-unreadable',
  what: "Shippo's tracking update",
  personal: new Set(['address_from', 'address_to', 'location', 'metadata', 'status_details']),
};
const Callback = z.object({ event: z.string(), data: z.unknown() });
const Track = z.object({ tracking_number: z.string().trim().min(1).max(80), tracking_status: z.unknown(), tracking_history: z.array(z.unknown()).nullish() });
const Scan = z.object({
  status: z.string().max(40),
  substatus: z.object({ code: text }).nullish().catch(null),
  status_date: z.iso.datetime({ offset: true, local: true }),
  status_details: text,
});

/** Reads a callback, or an answer to `track`: either holds the whole history of a parcel. */
export function parseUpdate(delivery: Delivery, _settings: Settings): ParsedUpdate {
  const payload = parseJson(delivery.body);
  if (delivery.via === 'poll') return updateOf(payload);
  const { event, data } = readPayload(Callback, payload, UPDATE);
  if (event !== 'track_updated') return { kind: 'ignored', reason: `${event} is no tracking update`.slice(0, 200) };
  if (typeof data === 'object' && data !== null && typeof Reflect.get(data, 'tracking_status') === 'string')
    return { kind: 'ignored', reason: 'track_updated holds a transaction, as before version 2018-02-08 of the API; have Shippo raise the version of the account' };
  return updateOf(data);
}

function updateOf(payload: unknown): ParsedUpdate {
  const { tracking_number, tracking_status, tracking_history } = readPayload(Track, payload, UPDATE);
  const scans = [...(tracking_history ?? []), ...(typeof tracking_status === 'object' && tracking_status !== null ? [tracking_status] : [])];
  const events = scans.map(eventOf).filter((event) => event !== undefined);
  if (scans.length > 0 && events.length === 0 && !scans.every(isEmptyScan))
    throw new Rejected(UPDATE.code, `None of the ${scans.length} scans of the update can be read; look at tracking_history and tracking_status in the dead letter.`);
  // The latest scan stands in the history too.
  const own = new Map(events.map((event) => [eventKey(event), event]));
  return { kind: 'updates', updates: [{ trackingNumber: tracking_number, events: [...own.values()] }] };
}

/** A parcel that its carrier does not know yet has a status without a date. */
function isEmptyScan(scan: unknown): boolean {
  return Dateless.safeParse(scan).success;
}

const Dateless = z.object({ status: z.enum(['UNKNOWN', 'PRE_TRANSIT']), status_date: z.null().optional() });

/** One scan that cannot be read does not spoil the others. */
function eventOf(scan: unknown): TrackingEvent | undefined {
  const { data } = Scan.safeParse(scan);
  if (data === undefined) return undefined;
  const substatus = data.substatus?.code ?? '';
  const code = substatus === '' ? data.status : `${data.status}/${substatus}`.slice(0, 120);
  // Shippo's clock is UTC, also where it leaves out the Z.
  const at = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(data.status_date) ? data.status_date : `${data.status_date}Z`);
  const { status, attention = false, phase }: Meaning = (Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined) ?? { status: 'unknown' };
  return TrackingEvent.safeParse({
    status,
    code,
    at: Number.isNaN(at.getTime()) ? '' : at.toISOString(),
    description: (data.status_details ?? '').slice(0, 300),
    attention,
    ...(phase !== undefined && { phase }),
  }).data;
}

/** By which carriers' numbers look like this, in their tokens. The first is for Shippo's own test numbers. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  shippo: /^SHIPPO_[A-Z_]+$/,
  ups: /^1Z[0-9A-Z]{16}$/i,
  usps: /^(?:9[1-5]\d{18,24}|420\d{25,31}|[A-Z]{2}\d{9}US)$/i,
  fedex: /^(?:\d{12}|\d{15}|\d{20})$/,
  dhl_express: /^(?:\d{10}|J[A-Z]{2,3}\d{10,20})$/i,
};

/**
 * The carriers that a number is looked up with, in turn. Shippo wants the carrier's token with a number, and names it nowhere in a purchase; so
 * the settings say which carriers there are, and numbers of a known shape are not asked for elsewhere.
 */
export function carriersOf(trackingNumber: string, { trackingCarriers }: Pick<Settings, 'trackingCarriers'>): readonly string[] {
  if (SHAPES.shippo?.test(trackingNumber)) return ['shippo'];
  const fits = trackingCarriers.filter((token) => SHAPES[token]?.test(trackingNumber));
  const shapeless = trackingCarriers.filter((token) => SHAPES[token] === undefined);
  const likely = [...fits, ...shapeless];
  return likely.length === 0 ? trackingCarriers : likely;
}

const Known = z.object({ tracking_status: z.object({ status: z.string().refine((status) => status !== 'UNKNOWN') }) });

/**
 * Asks where parcels are. By GET: a POST would register the number once more, and every registration posts its own callbacks.
 * @throws Unavailable, or Rejected when a person must look
 */
export async function track(trackingNumbers: readonly string[], call: Call): Promise<readonly Buffer[]> {
  const bodies: Buffer[] = [];
  for (const trackingNumber of trackingNumbers) {
    const answer = await trackOne(trackingNumber, call);
    if (answer !== undefined) bodies.push(answer.body);
  }
  return bodies;
}

/** The first answer that knows of the parcel, else the first of all; undefined where no carrier has heard of its number. */
async function trackOne(trackingNumber: string, call: Call): Promise<HttpResponse | undefined> {
  let first: HttpResponse | undefined;
  for (const carrier of carriersOf(trackingNumber, call.settings)) {
    const response = await ask('GET', `tracks/${encodeURIComponent(carrier)}/${encodeURIComponent(trackingNumber)}`, undefined, call);
    if (response.status === 404) continue;
    if (!isSuccess(response)) throw failure(response);
    if (Known.safeParse(jsonOf(response)).success) return response;
    first ??= response;
  }
  return first;
}
