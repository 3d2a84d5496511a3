import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';
import { TrackingEvent, type TrackingStatus, type TrackingUpdate } from '../../core/tracking.ts';
import { isSuccess } from '../answer.ts';
import type { ParsedUpdate } from '../carrier.ts';
import type { Delivery } from '../delivery.ts';
import { text } from '../fields.ts';
import { type PayloadKind, readPayload } from '../payload.ts';
import { ask, failure } from './api.ts';
import type { Call } from './settings.ts';

/**
 * Asks where a parcel is, with its whole history. A number that USPS has not heard of yet gives nothing. https://developers.usps.com/trackingv3
 * @throws Unavailable, or Rejected when a person must look
 */
export async function track(trackingNumbers: readonly string[], call: Call): Promise<readonly Buffer[]> {
  const bodies: Buffer[] = [];
  for (const number of trackingNumbers) {
    const response = await ask('GET', `/tracking/v3/tracking/${encodeURIComponent(number)}?expand=DETAIL`, call);
    if (response.status === 404) continue;
    if (!isSuccess(response)) throw failure(response);
    bodies.push(response.body);
  }
  return bodies;
}

const PERSONAL = new Set(['name', 'firm', 'payload']);
const CALLBACK: PayloadKind = { code: 'tracking.payload-unreadable', what: "USPS's callback", personal: PERSONAL };
const HISTORY: PayloadKind = { code: 'tracking.payload-unreadable', what: 'The tracking of USPS', personal: PERSONAL };

const Envelope = z.object({ subscriptionType: text, timestamp: z.string().max(40), payload: z.string() });
const Tracking = z.object({
  trackingNumber: z.string().trim().min(1).max(80),
  status: text,
  statusCategory: text,
  trackingEvents: z.array(z.unknown()).nullish(),
});
const Event = z.object({ eventType: text, eventCode: text, GMTTimestamp: text, eventTimestamp: text, GMTOffset: text });
type Event = z.infer<typeof Event>;

/**
 * Reads a callback, whose `payload` is a text that holds JSON, or an answer to `track`. Booleans that come as texts and fields that the
 * documents do not know are left alone: nothing of them is used.
 */
export function parseUpdate(delivery: Delivery): ParsedUpdate {
  const body = parseJson(delivery.body);
  if (delivery.via === 'poll') return { kind: 'updates', updates: [updateOf(body, '')] };
  const { subscriptionType, timestamp, payload } = readPayload(Envelope, body, CALLBACK);
  if ((subscriptionType ?? 'TRACKING') !== 'TRACKING')
    return { kind: 'ignored', reason: `a callback of type ${JSON.stringify((subscriptionType ?? '').slice(0, 60))} is no tracking update` };
  return { kind: 'updates', updates: [updateOf(parseJson(Buffer.from(payload)), timestamp)] };
}

/** @param saidAt when USPS said it, for an update that holds a status and no events; empty where that is not known */
function updateOf(tracking: Json, saidAt: string): TrackingUpdate {
  const { trackingNumber, status, statusCategory, trackingEvents } = readPayload(Tracking, tracking, HISTORY);
  const seen = trackingEvents ?? [];
  const events = seen.map((event) => Event.safeParse(event).data).filter((event) => event !== undefined);
  // The category is that of the last event alone: the one whose words the status repeats, or the newest.
  const last = events.find(({ eventType }) => eventType !== null && eventType === status) ?? events.toSorted((a, b) => (instantOf(a) < instantOf(b) ? 1 : -1))[0];
  const read = events.map((event) => eventOf(event, event === last ? (statusCategory ?? '') : '')).filter((event) => event !== undefined);
  if (read.length > 0) return { trackingNumber, events: read };
  if (seen.length > 0) throw new Rejected(HISTORY.code, `None of the ${seen.length} tracking events can be read; look at trackingEvents in the dead letter.`);
  const only = saidAt === '' ? undefined : eventOf({ eventType: status, eventCode: null, GMTTimestamp: saidAt, eventTimestamp: null, GMTOffset: null }, statusCategory ?? '');
  return { trackingNumber, events: only === undefined ? [] : [only] };
}

function eventOf(event: Event, category: string): TrackingEvent | undefined {
  const code = (event.eventCode ?? '').trim().toUpperCase();
  const words = plain(event.eventType ?? '');
  return TrackingEvent.safeParse({
    ...meaningOf(code, category, words),
    code: (code || category || words).slice(0, 120),
    at: instantOf(event),
    description: words.slice(0, 300),
  }).data;
}

/** The instant of an event: its time in UTC, or its local time with the offset. A local time without one is taken for UTC, a few hours off. */
function instantOf({ GMTTimestamp, eventTimestamp, GMTOffset }: Event): string {
  const offset = /^[+-]\d?\d:\d\d$/.test(GMTOffset ?? '') ? (GMTOffset ?? '').replace(/^([+-])(\d:)/, '$10$2') : 'Z';
  const written = GMTTimestamp ? zoned(GMTTimestamp, 'Z') : zoned(eventTimestamp ?? '', offset);
  const at = new Date(written);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

function zoned(time: string, zone: string): string {
  const iso = time.trim().replace(' ', 'T');
  return /(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}${zone}`;
}

/** USPS writes trade marks into its words, as HTML. */
function plain(words: string): string {
  return words.replace(/<[^>]{0,40}>|&#?\w{1,10};/g, '').trim();
}

type Meaning = Pick<TrackingEvent, 'status' | 'attention' | 'phase'>;

/** What the words of a category say, tested in this order: `Delivery Attempt` holds no `Delivered`, but a delivery may end an `Alert`. */
const CATEGORIES: readonly (readonly [RegExp, TrackingStatus])[] = [
  [/to original sender|return/i, 'returned_to_sender'],
  [/pre-?shipment/i, 'pre_transit'],
  [/delivery attempt/i, 'delivery_exception'],
  [/delivered/i, 'delivered'],
  [/out for delivery/i, 'out_for_delivery'],
  [/available for pickup/i, 'available_for_pickup'],
  [/alert/i, 'delivery_exception'],
  [/accepted|in[ -]transit/i, 'in_transit'],
];

/** Publication 199, appendix G-4, as far as the codes are known: https://postalpro.usps.com/pub199. 43 and 17, picked up, are told by their words alone. */
const CODES: ReadonlyMap<string, TrackingStatus> = new Map(
  (
    [
      ['pre_transit', 'MA GX TM PA 83 89 GC'],
      ['in_transit', '03 OA AD 06 07 08 10 15 41 42 80 81 82 EF SF PC T1 A1 L1 U1 NT TL'],
      ['out_for_delivery', 'OF'],
      ['available_for_pickup', '14 16'],
      ['delivered', '01'],
      ['delivery_exception', '02 30 44 51 52 53 54 55 56 04 05 71 DX'],
      ['returned_to_sender', '09 21 22 23 24 25 26 27 28 29 31'],
      ['lost', '11'],
    ] as const
  ).flatMap(([status, codes]) => codes.split(' ').map((code) => [code, status] as const)),
);
const PICKED_UP = new Set(['43', '17']);
/** Codes that say why a parcel is sent back, before it moves. */
const RETURN_BEGINS = /^(2[1-9]|31)$/;
const LATE = /arriving late|delay/i;

function meaningOf(code: string, category: string, words: string): Meaning {
  const attention = LATE.test(words) || LATE.test(category);
  // USPS calls it delivered when the shipper has it back.
  if (/to original sender/i.test(words)) return { status: 'returned_to_sender', attention, phase: 'completed' };
  const byCode = CODES.get(code);
  const byCategory = statusIn(category);
  // An alert says that something is wrong, and its code what.
  const says = byCategory === 'delivery_exception' && (byCode === 'returned_to_sender' || byCode === 'lost') ? byCode : byCategory;
  const byWords = code === '' || PICKED_UP.has(code) ? statusIn(words) : undefined;
  const status = says ?? byCode ?? byWords ?? 'unknown';
  return { status, attention, ...(status === 'returned_to_sender' && { phase: RETURN_BEGINS.test(code) ? 'initiated' : 'in_transit' }) };
}

function statusIn(words: string): TrackingStatus | undefined {
  return CATEGORIES.find(([pattern]) => pattern.test(words))?.[1];
}
