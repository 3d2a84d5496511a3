// EasyPost API v2: https://docs.easypost.com. Test or production is chosen by the API key.
// Not confirmed by a live call, so handled tolerantly: the HTTP status of SHIPMENT.POSTAGE.EXISTS (the code decides, whatever the
// status), the newer X-Hmac-Signature-V2 (not used), and how soon a lost purchase shows (settleSeconds is our own caution).
// Customs forms are not sent: parcels that need them are refused by the carriers behind EasyPost.
import * as z from 'zod';
import { Address } from '../../core/address.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';
import { parseMoney } from '../../core/money.ts';
import type { Rate } from '../../core/shipment.ts';
import { TrackingEvent, type TrackingStatus } from '../../core/tracking.ts';
import { toOunces } from '../../core/weight.ts';
import {
  type BoughtLabel,
  type CarrierCall,
  defineCarrier,
  type Found,
  type LabelAtCarrier,
  type Offer,
  type ParsedUpdate,
  type Purchased,
  type Shipment,
  type Voided,
} from '../carrier.ts';
import type { Delivery } from '../delivery.ts';
import { text } from '../fields.ts';
import { failureOf, type HttpResponse, isPassing } from '../http.ts';
import { type PayloadKind, readPayload } from '../payload.ts';

const Settings = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .default('https://api.easypost.com/v2')
    .meta({ title: 'Address of the API' }),
  services: z.array(z.string().min(1)).default([]).meta({ title: 'Services that may be bought, such as USPS Priority; empty allows all' }),
  labelFormat: z.enum(['PDF', 'PNG', 'ZPL']).default('PDF').meta({ title: 'Format of labels' }),
});
type Settings = z.infer<typeof Settings>;
type Call = CarrierCall<Settings>;

// Rating and buying ask several carriers behind EasyPost in turn.
const CARRIER_TIMEOUT_MS = 15_000;
const LABEL_BYTES = 2 * 1024 * 1024;

export default defineCarrier<Settings>({
  id: 'easypost',
  title: 'EasyPost',
  settings: Settings,
  purchaseGuard: 'two-step',
  settleSeconds: 60,
  voids: 'asynchronous',
  signature: () => ({ family: 'hmac-body', header: 'x-hmac-signature', encoding: 'hex', prefix: 'hmac-sha256-hex=', normalise: 'NFKD' }),
  services: (settings) => settings.services,
  offer,
  buy,
  find,
  label,
  voidLabel,
  parseUpdate,
});

const Rated = z.object({
  id: z.string().min(1),
  rates: z.array(z.unknown()),
  messages: z.array(z.object({ carrier: z.string().nullish(), type: z.string().nullish() })).nullish(),
});

async function offer(shipment: Shipment, call: Call): Promise<Offer> {
  const body = {
    shipment: {
      reference: shipment.reference,
      to_address: { ...theirAddress(shipment.to), email: shipment.email },
      from_address: theirAddress(shipment.from),
      parcel: { weight: toOunces(shipment.weight) },
      options: { label_format: call.settings.labelFormat },
    },
  };
  const response = await ask('POST', 'shipments', body, call);
  if (!isSuccess(response)) throw failureOf(response, 'carrier', errorCodeOf(response));
  const { id, rates, messages } = readRated(response);
  const offered = rates.map(rateOf).filter((rate) => rate !== undefined);
  if (offered.length > 0) return { carrierRef: id, rates: offered };
  const said = (messages ?? []).map(({ carrier, type }) => `${carrier ?? 'carrier'}: ${type ?? 'no reason'}`).slice(0, 5);
  throw new Rejected(
    'carrier.no-rates',
    `No carrier offers a rate for shipment ${id}${said.length === 0 ? '' : ` (${said.join('; ')})`}; check address, weight and carrier accounts.`,
  );
}

/** Asking is free, so an answer that cannot be read may be asked for again. */
function readRated(response: HttpResponse): z.infer<typeof Rated> {
  const read = Rated.safeParse(jsonOf(response));
  if (read.success) return read.data;
  throw new Unavailable('carrier.answer-unreadable', `The carrier answered ${response.status} without a readable shipment; the request will be repeated later.`, {
    cause: read.error,
  });
}

const Price = z.object({ carrier: z.string().min(1), service: z.string().min(1), rate: z.union([z.string(), z.int()]), currency: z.string() });
const RateAnswer = Price.extend({ id: z.string().min(1), delivery_days: z.int().nullish() });

/** One rate that cannot be read does not spoil the others. */
function rateOf(answer: unknown): Rate | undefined {
  const { data } = RateAnswer.safeParse(answer);
  const cost = data === undefined ? undefined : costOf(data);
  if (data === undefined || cost === undefined || cost < 0) return undefined;
  return { rateId: data.id, carrier: data.carrier, service: data.service, cost, currency: data.currency, deliveryDays: data.delivery_days ?? null };
}

function costOf({ rate, currency }: z.infer<typeof Price>): number | undefined {
  try {
    return parseMoney(String(rate), currency);
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

// These say that a purchase was made, or may be in the making, whatever status they come with.
const OUTCOME_UNKNOWN = new Set(['SHIPMENT.POSTAGE.EXISTS', 'SHIPMENT.PURCHASE.IN_PROGRESS', 'SHIPMENT.POSTAGE.NO_RESPONSE']);

async function buy({ carrierRef, rate }: { readonly carrierRef: string; readonly rate: Rate }, call: Call): Promise<Purchased> {
  const response = await answerTo(ask('POST', `shipments/${encodeURIComponent(carrierRef)}/buy`, { rate: { id: rate.rateId } }, call));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (isSuccess(response)) {
    const label = boughtLabel(jsonOf(response), carrierRef);
    return label === undefined ? unknown(`answered ${response.status} without a readable label`) : { outcome: 'bought', label };
  }
  const code = errorCodeOf(response);
  const said = `answered ${response.status} ${code}`.trim();
  const provesNothingBought = response.status >= 400 && !isPassing(response.status) && response.status !== 409 && code !== '' && !OUTCOME_UNKNOWN.has(code);
  return provesNothingBought ? { outcome: 'refused', reason: said } : unknown(said);
}

async function find({ carrierRef }: { readonly carrierRef: string }, call: Call): Promise<Found> {
  const response = await answerTo(ask('GET', `shipments/${encodeURIComponent(carrierRef)}`, undefined, call));
  if ('reason' in response) return unknown(response.reason);
  if (!isSuccess(response)) return unknown(`answered ${response.status} ${errorCodeOf(response)}`.trim());
  const answer = jsonOf(response);
  const label = boughtLabel(answer, carrierRef);
  if (label !== undefined) return { outcome: 'bought', label };
  return Unbought.safeParse(answer).data?.id === carrierRef ? { outcome: 'absent' } : unknown('the shipment cannot be read, or has a label that cannot be read');
}

const Refundable = z.object({ id: z.string(), refund_status: text, status: text });

/**
 * Asks for the postage back. EasyPost passes it on and tells weeks later what came of it, so a request that was taken counts.
 * https://docs.easypost.com/docs/shipments/refunds
 */
async function voidLabel({ carrierRef }: LabelAtCarrier, call: Call): Promise<Voided> {
  const path = `shipments/${encodeURIComponent(carrierRef)}`;
  const before = refundOf(await answerTo(ask('GET', path, undefined, call)), carrierRef);
  if (before.outcome !== 'none') return before;
  const response = await answerTo(ask('POST', `${path}/refund`, {}, call));
  const refusal = 'reason' in response ? undefined : refusalOf(response, before.moving);
  const after = refusal ?? refundOf(response, carrierRef);
  return after.outcome === 'none' ? unknown('the answer names no state of the refund') : after;
}

/** What a shipment says of its refund; none where nobody has asked for it. */
function refundOf(response: Answered, carrierRef: string): Voided | { readonly outcome: 'none'; readonly moving: boolean } {
  if ('reason' in response) return unknown(response.reason);
  if (!isSuccess(response)) return unknown(`answered ${response.status} ${errorCodeOf(response)}`.trim());
  const { data } = Refundable.safeParse(jsonOf(response));
  if (data?.id !== carrierRef) return unknown(`answered ${response.status} without a readable shipment`);
  const status = data.refund_status ?? '';
  if (status === '') return { outcome: 'none', moving: MOVING.has(data.status ?? '') };
  return REFUNDS.get(status) ?? unknown(`says that the refund is ${JSON.stringify(status.slice(0, 40))}`);
}

// UNCONFIRMED: whether `rejected` can come at once, and `not_applicable` for labels that are billed when they are scanned. The first is
// taken for a label that was used, so that nobody counts units that may be gone; of the second only the refund is given up.
const REFUNDS: ReadonlyMap<string, Voided> = new Map<string, Voided>([
  ['submitted', { outcome: 'pending' }],
  ['refunded', { outcome: 'voided' }],
  ['rejected', { outcome: 'refused', used: true, reason: 'the refund is rejected' }],
  ['not_applicable', { outcome: 'refused', used: false, reason: 'no refund applies to this label' }],
]);
const MOVING = new Set(['in_transit', 'out_for_delivery', 'available_for_pickup', 'delivered', 'return_to_sender', 'failure']);

/** A refusal that is about the refund itself, such as SHIPMENT.REFUND.UNAVAILABLE; any other error says nothing about the label. */
function refusalOf(response: HttpResponse, used: boolean): Voided | undefined {
  const code = errorCodeOf(response);
  const isFinal = response.status >= 400 && !isPassing(response.status) && code.includes('REFUND');
  return isFinal ? { outcome: 'refused', used, reason: `answered ${response.status} ${code}` } : undefined;
}

function unknown(reason: string): { readonly outcome: 'unknown'; readonly reason: string } {
  return { outcome: 'unknown', reason };
}

type Answered = HttpResponse | { readonly reason: string; readonly sent: boolean };

/** What was answered, or why there was no answer; `sent` is false when the request certainly did not leave. */
async function answerTo(asked: Promise<HttpResponse>): Promise<Answered> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof Unavailable) return { reason: cause.message, sent: true };
    if (cause instanceof Rejected) return { reason: cause.message, sent: false };
    throw cause;
  }
}

const TheirAddress = z.object({ name: text, company: text, street1: text, street2: text, city: text, state: text, zip: text, country: text, phone: text });
const Bought = z.object({
  id: z.string(),
  tracking_code: z.string().trim().min(1),
  postage_label: z.object({ label_url: z.url() }),
  selected_rate: Price,
  to_address: TheirAddress,
  tracker: z.object({ public_url: text }).nullish(),
});
const Unbought = z.object({ id: z.string(), tracking_code: z.literal('').nullish(), postage_label: z.null().optional() });

function boughtLabel(answer: Json | undefined, carrierRef: string): BoughtLabel | undefined {
  const { data } = Bought.safeParse(answer);
  if (data === undefined || data.id !== carrierRef) return undefined;
  const cost = costOf(data.selected_rate);
  const address = Address.safeParse(ourAddress(data.to_address)).data;
  if (cost === undefined || address === undefined) return undefined;
  const { carrier, service, currency } = data.selected_rate;
  const publicUrl = data.tracker?.public_url ?? '';
  const trackingUrl = publicUrl.startsWith('https://') ? publicUrl : '';
  return { carrier, service, trackingNumber: data.tracking_code, trackingUrl, cost, currency, documentUrl: data.postage_label.label_url, address };
}

function theirAddress(address: Address): z.infer<typeof TheirAddress> {
  const { name, company = null, line1: street1, line2: street2 = null, city, region: state = null, postalCode: zip = null, country, phone = null } = address;
  return { name, company, street1, street2, city, state, zip, country, phone };
}

function ourAddress({ name, company, street1, street2, city, state, zip, country, phone }: z.infer<typeof TheirAddress>): Address {
  return {
    name: name ?? '',
    line1: street1 ?? '',
    city: city ?? '',
    country: (country ?? '').toUpperCase(),
    ...(company && { company }),
    ...(street2 && { line2: street2 }),
    ...(state && { region: state }),
    ...(zip && { postalCode: zip }),
    ...(phone && { phone }),
  };
}

// First bytes by which a document is known; a web page that says "expired" must not reach the printer.
const FORMATS = [
  { starts: /^%PDF-/, contentType: 'application/pdf', extension: 'pdf' },
  { starts: /^.PNG\r\n/s, contentType: 'image/png', extension: 'png' },
  { starts: /^\s*\^XA/, contentType: 'application/zpl', extension: 'zpl' },
] as const;

async function label(documentUrl: string, { http }: Call): Promise<{ readonly bytes: Buffer; readonly contentType: string; readonly extension: string }> {
  // Without the API key: labels are public addresses at another host.
  const response = await http({ method: 'GET', url: documentUrl, maxBytes: LABEL_BYTES });
  if (!isSuccess(response))
    throw new Unavailable('carrier.label-unavailable', `The label's document answered ${response.status}; it is paid for, so it is asked for again later.`, {
      seen: String(response.status),
    });
  const format = FORMATS.find(({ starts }) => starts.test(response.body.toString('latin1', 0, 64)));
  if (format === undefined)
    throw new Rejected('carrier.label-unreadable', `The label's document (${response.body.length} bytes) is no PDF, PNG or ZPL; look at the shipment in EasyPost.`);
  return { bytes: response.body, contentType: format.contentType, extension: format.extension };
}

const UPDATE: PayloadKind = { code: 'tracking.payload-unreadable', what: "The carrier's callback", personal: new Set(['signed_by', 'tracking_location']) };
const Callback = z.object({ description: z.string().nullish(), result: z.object({ object: z.string().nullish() }).nullish() });
const Detail = z.object({ status: z.string().max(60), status_detail: text, datetime: z.iso.datetime({ offset: true, local: true }), message: text });
const Tracker = z.object({
  result: z.object({ tracking_code: z.string().trim().min(1).max(80), status: text, status_detail: text, updated_at: text, tracking_details: z.array(z.unknown()).nullish() }),
});

function parseUpdate(delivery: Delivery): ParsedUpdate {
  const payload = parseJson(delivery.body);
  const { description, result } = readPayload(Callback, payload, UPDATE);
  const isTracker = result?.object === 'Tracker' && (description ?? '').startsWith('tracker.');
  if (!isTracker) return { kind: 'ignored', reason: `${description ?? 'no description'} about ${result?.object ?? 'nothing'} is no tracking update`.slice(0, 200) };
  const tracker = readPayload(Tracker, payload, UPDATE).result;
  return { kind: 'update', update: { trackingNumber: tracker.tracking_code, events: eventsOf(tracker) } };
}

/** Every callback brings the whole history. One detail that cannot be read does not spoil the others. */
function eventsOf(tracker: z.infer<typeof Tracker>['result']): TrackingEvent[] {
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
  return TrackingEvent.safeParse({
    status: statusOf(data.status, word),
    code: word === '' ? data.status : `${data.status}/${word}`.slice(0, 120),
    at: Number.isNaN(at.getTime()) ? '' : at.toISOString(),
    description: (data.message ?? '').slice(0, 300),
    attention: ATTENTION.has(word),
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

const Failure = z.object({ error: z.object({ code: z.string() }) });

/** The error code of an answer, or ''. Messages are left alone: they may repeat the customer's address. */
function errorCodeOf(response: HttpResponse): string {
  const code = Failure.safeParse(jsonOf(response)).data?.error.code ?? '';
  return /^[\w.-]{1,80}$/.test(code) ? code : '';
}

function jsonOf({ body }: HttpResponse): Json | undefined {
  try {
    return parseJson(body);
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

async function ask(method: 'GET' | 'POST', path: string, body: object | undefined, { settings, token, http }: Call): Promise<HttpResponse> {
  const authorization = `Basic ${Buffer.from(`${token}:`).toString('base64')}`;
  const url = `${settings.endpoint.replace(/\/$/, '')}/${path}`;
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  return await http({ method, url, headers: { authorization, accept: 'application/json', 'content-type': 'application/json' }, timeoutMs: CARRIER_TIMEOUT_MS, ...content });
}
