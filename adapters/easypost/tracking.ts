import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';
import { TrackingEvent, type TrackingStatus } from '../../core/tracking.ts';
import { jsonOf } from '../answer.ts';
import type { ParsedUpdate } from '../carrier.ts';
import type { Delivery } from '../delivery.ts';
import { text } from '../fields.ts';
import { type PayloadKind, readPayload } from '../payload.ts';
import { askFreely, type Call } from './api.ts';

const UPDATE: PayloadKind = { code: 'tracking.payload-unreadable', what: "The carrier's callback", personal: new Set(['signed_by', 'tracking_location']) };
const Callback = z.object({ description: z.string().nullish(), result: z.object({ object: z.string().nullish() }).nullish() });
const Detail = z.object({ status: z.string().max(60), status_detail: text, datetime: z.iso.datetime({ offset: true, local: true }), message: text });
const Tracker = z.object({
  tracking_code: z.string().trim().min(1).max(80),
  status: text,
  status_detail: text,
  updated_at: text,
  tracking_details: z.array(z.unknown()).nullish(),
});
const Event = z.object({ result: Tracker });
const Trackers = z.object({ trackers: z.array(z.unknown()) });

/** Asks for the trackers of parcels, one call each: the list is filtered by one tracking code. https://docs.easypost.com/docs/trackers */
export async function track(trackingNumbers: readonly string[], call: Call): Promise<readonly Buffer[]> {
  const bodies: Buffer[] = [];
  for (const trackingNumber of trackingNumbers) bodies.push((await askFreely('GET', `trackers?tracking_code=${encodeURIComponent(trackingNumber)}`, undefined, call)).body);
  return bodies;
}

export function parseUpdate(delivery: Delivery): ParsedUpdate {
  const payload = parseJson(delivery.body);
  if (delivery.via === 'poll') return polled(payload);
  const { description, result } = readPayload(Callback, payload, UPDATE);
  const isTracker = result?.object === 'Tracker' && (description ?? '').startsWith('tracker.');
  if (!isTracker) return { kind: 'ignored', reason: `${description ?? 'no description'} about ${result?.object ?? 'nothing'} is no tracking update`.slice(0, 200) };
  return { kind: 'updates', updates: [updateOf(readPayload(Event, payload, UPDATE).result)] };
}

function polled(payload: Json): ParsedUpdate {
  const { trackers } = readPayload(Trackers, payload, UPDATE);
  if (trackers.length === 0) return { kind: 'ignored', reason: 'EasyPost has no tracker of this number' };
  return { kind: 'updates', updates: trackers.map((tracker) => updateOf(readPayload(Tracker, tracker, UPDATE))) };
}

function updateOf(tracker: z.infer<typeof Tracker>) {
  return { trackingNumber: tracker.tracking_code, events: eventsOf(tracker) };
}

/** Every callback brings the whole history. One detail that cannot be read does not spoil the others. */
function eventsOf(tracker: z.infer<typeof Tracker>): TrackingEvent[] {
  const details = tracker.tracking_details ?? [];
  const events = details.map(eventOf).filter((event) => event !== undefined);
  if (events.length > 0) return events;
  // Some carriers report a status without a history.
  const only = eventOf({ ...tracker, datetime: tracker.updated_at });
  if (only !== undefined && only.status !== 'unknown') return [only];
  if (details.length === 0) return [];
  throw new Rejected(UPDATE.code, `None of the ${details.length} tracking details of the callback can be read; look at result.tracking_details in the dead letter.`);
}

function eventOf(detail: unknown): TrackingEvent | undefined {
  const { data } = Detail.safeParse(detail);
  if (data === undefined) return undefined;
  const word = data.status_detail ?? '';
  // EasyPost's clock is UTC; some carriers' details come without the Z.
  const at = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(data.datetime) ? data.datetime : `${data.datetime}Z`);
  const status = statusOf(data.status, word);
  return TrackingEvent.safeParse({
    status,
    code: word === '' ? data.status : `${data.status}/${word}`.slice(0, 120),
    at: Number.isNaN(at.getTime()) ? '' : at.toISOString(),
    description: (data.message ?? '').slice(0, 300),
    attention: ATTENTION.has(word),
    ...(status === 'returned_to_sender' && { phase: word === 'refused' ? 'initiated' : 'in_transit' }),
  }).data;
}

// https://docs.easypost.com/docs/trackers: statuses and status details
const STATUS: ReadonlyMap<string, TrackingStatus> = new Map([
  ['pre_transit', 'pre_transit'],
  ['in_transit', 'in_transit'],
  ['out_for_delivery', 'out_for_delivery'],
  ['available_for_pickup', 'available_for_pickup'],
  ['delivered', 'delivered'],
  ['return_to_sender', 'returned_to_sender'],
  ['failure', 'delivery_exception'],
  ['cancelled', 'cancelled'],
]);
const LOST = new Set(['lost', 'damaged', 'expired']);
const ATTENTION = new Set(['delayed', 'transit_exception', 'weather_delay', 'missorted', 'held']);

function statusOf(status: string, detail: string): TrackingStatus {
  return status === 'failure' && LOST.has(detail) ? 'lost' : (STATUS.get(status) ?? 'unknown');
}

const Hook = z.object({ id: z.string().regex(/^hook_\w+$/), url: z.string(), disabled_at: z.string().nullish() });
const Hooks = z.object({ webhooks: z.array(z.unknown()) });

/** Looks for our webhook, makes one where there is none, and wakes one that EasyPost disabled after too many failures. https://docs.easypost.com/docs/webhooks */
export async function subscribe(call: Call): Promise<{ readonly state: 'kept' | 'made' | 'mended'; readonly until: string | null }> {
  const { data } = Hooks.safeParse(jsonOf(await askFreely('GET', 'webhooks', undefined, call)));
  const hooks = (data?.webhooks ?? []).map((hook) => Hook.safeParse(hook).data).filter((hook) => hook !== undefined);
  const own = hooks.find(({ url }) => url === call.updateUrl);
  if (own === undefined) {
    await askFreely('POST', 'webhooks', { webhook: { url: call.updateUrl, webhook_secret: call.signingSecret } }, call);
    return { state: 'made', until: null };
  }
  if (!own.disabled_at) return { state: 'kept', until: null };
  await askFreely('PATCH', `webhooks/${own.id}`, { webhook_secret: call.signingSecret }, call);
  return { state: 'mended', until: null };
}
