import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';
import type { TrackingEvent, TrackingStatus, TrackingUpdate } from '../../core/tracking.ts';
import type { ParsedUpdate } from '../carrier.ts';
import type { Delivery } from '../delivery.ts';
import { text } from '../fields.ts';
import { type PayloadKind, readPayload } from '../payload.ts';
import { asked } from './api.ts';
import type { Call } from './settings.ts';

/** Numbers in one call; UNCONFIRMED that it is not more. https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html */
export const TRACK_BATCH = 30;

/** Asks where parcels are. Numbers that FedEx does not know are in a good answer too, and tell nothing. */
export async function track(trackingNumbers: readonly string[], call: Call): Promise<readonly Buffer[]> {
  const trackingInfo = trackingNumbers.map((trackingNumber) => ({ trackingNumberInfo: { trackingNumber } }));
  const { body } = await asked('POST', '/track/v1/trackingnumbers', { includeDetailedScans: true, trackingInfo }, call, { maxBytes: 8 * 1024 * 1024 });
  return [body];
}

// Codes of latestStatusDetail.code and scanEvents[].derivedStatusCode; letter case matters.
// https://developer.fedex.com/api/en-us/guides/api-reference.html#trackingstatuscodes
const CODES: readonly (readonly [TrackingStatus, string])[] = [
  ['pre_transit', 'OC DS DR EP AP PD RP RG MD'],
  ['in_transit', 'PU PX DO IP AA AC AF AR AX DP EA EO FD IT IX LO OF OX Ow PF PL PM SF SP TR CC CP CH IN TP'],
  ['out_for_delivery', 'OD ED AD'],
  ['available_for_pickup', 'HL HP'],
  ['delivered', 'DL'],
  ['delivery_exception', 'DE SE CD DD'],
  ['returned_to_sender', 'RS'],
  ['cancelled', 'CA LC LP RD'],
  ['note', 'AE AO DY US RR RM RC RA PR AS HA RT'],
];
const STATUSES = new Map(CODES.flatMap(([status, codes]) => codes.split(' ').map((code) => [code, status] as const)));
/** A delay of the pickup or on the way. */
const LATE = new Set(['PD', 'DY']);

const UPDATE: PayloadKind = {
  code: 'tracking.payload-unreadable',
  what: "FedEx's tracking of a parcel",
  personal: new Set(['scanLocation', 'deliveryDetails', 'recipientInformation']),
};
const Scan = z.object({
  date: z.iso.datetime({ offset: true, local: true }),
  derivedStatusCode: text,
  eventType: text,
  eventDescription: text,
  derivedStatus: text,
  exceptionDescription: text,
});
const Latest = z.object({ code: z.string().min(1).max(40), description: text });

/**
 * Reads a callback or an answer to `track`. UNCONFIRMED: that callbacks come in the envelope of FedEx's sample, which is the Track API's. Both are searched for what the Track API calls a parcel: an object
 * with scanEvents or latestStatusDetail, whose number stands in it or in what holds it.
 */
export function parseUpdate({ body, via, receivedAt }: Delivery): ParsedUpdate {
  const parcels = newestOf([...parcelsIn(parseJson(body), '', 0)].map((parcel) => readParcel(parcel, via === 'poll' ? undefined : receivedAt)));
  const updates = parcels.filter(({ events }) => events.length > 0).map(({ trackingNumber, events }): TrackingUpdate => ({ trackingNumber, events }));
  return updates.length > 0 ? { kind: 'updates', updates } : { kind: 'ignored', reason: parcels.length === 0 ? 'no parcel in it' : 'no scan in it' };
}

type Entries = { readonly [key: string]: Json };

interface FoundParcel {
  readonly trackingNumber: string;
  readonly entries: Entries;
}

/** Envelopes are not deeper than this. */
const DEEPEST = 10;

function* parcelsIn(value: Json | undefined, outer: string, depth: number): Generator<FoundParcel> {
  if (depth > DEEPEST || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const each of value) yield* parcelsIn(each, outer, depth + 1);
    return;
  }
  const trackingNumber = numberIn(value) ?? outer;
  if (trackingNumber !== '' && (scansIn(value).length > 0 || isObject(value.latestStatusDetail))) {
    yield { trackingNumber, entries: value };
    return;
  }
  for (const each of Object.values(value)) yield* parcelsIn(each, trackingNumber, depth + 1);
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const Numbered = z.object({ trackingNumberInfo: z.object({ trackingNumber: z.unknown().optional() }).nullish(), trackingNumber: z.unknown().optional() });
/** A JSON number in place of a text keeps its digits, but for zeros at its start. */
const TrackingNumber = z.union([z.string().trim().min(1).max(60), z.int().min(1).transform(String)]);

function numberIn(value: Entries): string | undefined {
  const { data } = Numbered.safeParse(value);
  return TrackingNumber.safeParse(data?.trackingNumberInfo?.trackingNumber ?? data?.trackingNumber).data;
}

/** A list of scans, a single one, or an object that is itself one. */
function scansIn({ scanEvents, scanEvent, ...rest }: Entries): Json[] {
  const scans = scanEvents ?? scanEvent;
  if (Array.isArray(scans)) return scans;
  if (isObject(scans)) return [scans];
  return typeof rest.derivedStatusCode === 'string' && typeof rest.date === 'string' ? [rest] : [];
}

/** @param heardAt when it was posted: the time of a status that comes without scans; undefined leaves such a status out */
function readParcel({ trackingNumber, entries }: FoundParcel, heardAt: string | undefined): TrackingUpdate {
  const scans = scansIn(entries);
  const events = scans.map(eventOf).filter((event) => event !== undefined);
  // One scan that cannot be read does not spoil the others; where none can, FedEx has changed their shape.
  if (scans.length > 0 && events.length === 0) readPayload(Scan, scans[0], UPDATE);
  const latest = Latest.safeParse(entries.latestStatusDetail).data;
  if (scans.length === 0 && latest !== undefined && heardAt !== undefined) events.push(event(latest.code, '', heardAt, latest.description ?? ''));
  return { trackingNumber, events: wasReturned(entries) ? events.map((each) => asReturned(each, events)) : events };
}

function eventOf(scan: Json): TrackingEvent | undefined {
  const { data } = Scan.safeParse(scan);
  if (data === undefined) return undefined;
  const { date, derivedStatusCode, eventType, eventDescription, derivedStatus, exceptionDescription } = data;
  const words = [eventDescription || derivedStatus, exceptionDescription].filter((part) => part).join(': ');
  // FedEx gives offsets; UNCONFIRMED that it always does. Without one it is read as UTC.
  const at = new Date(/(Z|[+-]\d{2}:?\d{2})$/.test(date) ? date : `${date}Z`).toISOString();
  return event(derivedStatusCode || eventType || '', eventType || '', at, words);
}

function event(code: string, eventType: string, at: string, description: string): TrackingEvent {
  const status = STATUSES.get(code) ?? 'unknown';
  return {
    status,
    // Both words: two scans of a minute may have the same status and differ in what happened.
    code: (eventType === '' || eventType === code ? code : `${code}/${eventType}`).slice(0, 120),
    at,
    description: description.slice(0, 300),
    attention: LATE.has(code) || LATE.has(eventType),
    ...(status === 'returned_to_sender' && { phase: 'in_transit' as const }),
  };
}

const Returned = z.object({ returnDetail: z.object({ authorizationName: text, reasonDetail: z.array(z.unknown()).nullish() }) });

/** FedEx says of a parcel that it sends back for what reason it does. */
function wasReturned(entries: Entries): boolean {
  const { data } = Returned.safeParse(entries);
  return Boolean(data?.returnDetail.authorizationName) || (data?.returnDetail.reasonDetail ?? []).length > 0;
}

/** The last delivery of a parcel that is sent back is that to its sender. */
function asReturned(one: TrackingEvent, all: readonly TrackingEvent[]): TrackingEvent {
  const isLast = one.status === 'delivered' && all.every(({ at }) => at <= one.at);
  return isLast ? { ...one, status: 'returned_to_sender', phase: 'completed' } : one;
}

/** FedEx uses numbers again, and then tells of every parcel that had one: the one that was heard of last is ours. */
function newestOf(parcels: readonly TrackingUpdate[]): TrackingUpdate[] {
  const lastOf = ({ events }: TrackingUpdate) =>
    events
      .map(({ at }) => at)
      .sort()
      .at(-1) ?? '';
  const newest = new Map<string, TrackingUpdate>();
  for (const parcel of parcels) {
    const known = newest.get(parcel.trackingNumber);
    if (known === undefined || lastOf(parcel) > lastOf(known)) newest.set(parcel.trackingNumber, parcel);
  }
  return [...newest.values()];
}

const MOVING: ReadonlySet<TrackingStatus> = new Set(['in_transit', 'out_for_delivery', 'available_for_pickup', 'delivered', 'delivery_exception', 'returned_to_sender']);

/** What became of a label by its tracking; undefined where that cannot be asked or read. */
export async function progressOf(trackingNumber: string, call: Call): Promise<'waiting' | 'moving' | 'cancelled' | undefined> {
  const statuses = await statusesOf(trackingNumber, call);
  if (statuses === undefined) return undefined;
  if (statuses.some((status) => MOVING.has(status))) return 'moving';
  return statuses.includes('cancelled') ? 'cancelled' : 'waiting';
}

async function statusesOf(trackingNumber: string, call: Call): Promise<TrackingStatus[] | undefined> {
  try {
    const bodies = await track([trackingNumber], call);
    const parsed = bodies.map((body) => parseUpdate({ connectionId: call.connectionId, headers: {}, body, receivedAt: call.now.toISOString() }));
    return parsed.flatMap((update) => (update.kind === 'updates' ? update.updates.flatMap(({ events }) => events.map(({ status }) => status)) : []));
  } catch (cause) {
    if (cause instanceof Unavailable || cause instanceof Rejected) return undefined;
    throw cause;
  }
}
