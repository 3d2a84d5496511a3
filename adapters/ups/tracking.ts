import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import type { TrackingEvent, TrackingUpdate } from '../../core/tracking.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { ParsedUpdate } from '../carrier.ts';
import type { Delivery } from '../delivery.ts';
import { text } from '../fields.ts';
import { failureOf, type HttpResponse } from '../http.ts';
import { type PayloadKind, readPayload } from '../payload.ts';
import { ask, errorCodesOf, listOf, Numeric, saidBy } from './api.ts';
import { meaningOf } from './codes.ts';
import type { Call } from './settings.ts';

/** Says that tracking knows of no such number or reference, in a 200. */
const UNKNOWN_NUMBER = 'TW0001';

const digits = Numeric.nullish().transform((value) => (value ?? '').trim());
const Scan = z.object({
  date: digits,
  time: digits,
  gmtDate: digits,
  gmtTime: digits,
  gmtOffset: digits,
  status: z.object({ type: text, code: digits, statusCode: digits, description: text }),
});
const Parcel = z.object({
  trackingNumber: text,
  activity: listOf(z.unknown()),
  deliveryDate: listOf(z.object({ type: text, date: digits })).optional(),
});
const Tracked = z.object({
  trackResponse: z.object({
    shipment: listOf(z.object({ package: listOf(Parcel), warnings: listOf(z.object({ code: text })) })),
  }),
});

/** Asks where parcels are. A number that UPS does not know of (yet) brings nothing. */
export async function track(trackingNumbers: readonly string[], call: Call): Promise<readonly Buffer[]> {
  const bodies: Buffer[] = [];
  for (const number of trackingNumbers) {
    const response = await details(number, call);
    if (isUnknownNumber(response)) continue;
    if (!isSuccess(response)) throw failureOf(response, 'carrier', errorCodesOf(response).slice(0, 3).join(', '));
    bodies.push(response.body);
  }
  return bodies;
}

function details(trackingNumber: string, call: Call): Promise<HttpResponse> {
  return ask('GET', `track/v1/details/${encodeURIComponent(trackingNumber)}?locale=en_US&returnSignature=false&returnMilestones=false`, undefined, call);
}

/** Whether tracking has answered that it knows of no such parcel. A 404 says so by a code of tracking's own alone: any other is of a wrong address. */
function isUnknownNumber(response: HttpResponse): boolean {
  if (response.status === 404) return errorCodesOf(response).some((code) => /^T[VW]\d/.test(code));
  if (!isSuccess(response)) return false;
  const shipments = Tracked.safeParse(jsonOf(response)).data?.trackResponse.shipment ?? [];
  return shipments.length > 0 && shipments.every((shipment) => shipment.package.length === 0 && shipment.warnings.some(({ code }) => code === UNKNOWN_NUMBER));
}

/** What UPS has seen of a parcel; undefined where it cannot be asked now. */
export async function eventsFor(trackingNumber: string, call: Call): Promise<readonly TrackingEvent[] | undefined> {
  const response = await answerTo(details(trackingNumber, call));
  if ('reason' in response) return undefined;
  if (isUnknownNumber(response)) return [];
  const { data } = Tracked.safeParse(isSuccess(response) ? jsonOf(response) : undefined);
  return data === undefined ? undefined : updatesIn(data, '').flatMap(({ events }) => events);
}

/** Looks for the shipment with a reference of ours. */
export async function numberByReference(
  reference: string,
  call: Call,
): Promise<{ readonly outcome: 'found'; readonly trackingNumber: string } | { readonly outcome: 'absent' } | ReturnType<typeof unknown>> {
  const query = new URLSearchParams({ locale: 'en_US', shipperNum: call.settings.accountNumber, refNumType: 'SmallPackage' });
  const response = await answerTo(ask('GET', `track/v1/reference/details/${encodeURIComponent(reference)}?${query}`, undefined, call));
  if ('reason' in response) return unknown(response.reason);
  if (isUnknownNumber(response)) return { outcome: 'absent' };
  if (!isSuccess(response)) return unknown(`tracking ${saidBy(response)}`);
  const shipments = Tracked.safeParse(jsonOf(response)).data?.trackResponse.shipment ?? [];
  const numbers = new Set(shipments.flatMap((shipment) => shipment.package.map((parcel) => (parcel.trackingNumber ?? '').trim())));
  const [trackingNumber, ...others] = [...numbers].filter((number) => number !== '');
  if (trackingNumber === undefined) return unknown('tracking answered without a readable shipment');
  return others.length > 0 ? unknown(`tracking has ${numbers.size} parcels under this reference; a person must look which is ours`) : { outcome: 'found', trackingNumber };
}

const PERSONAL = new Set(['receivedBy', 'activityLocation', 'deliveryPhoto', 'packageAddress', 'deliveryInformation', 'location']);
const CALLBACK: PayloadKind = { code: 'tracking.payload-unreadable', what: "UPS's callback", personal: PERSONAL };
const ANSWER: PayloadKind = { code: 'tracking.payload-unreadable', what: "UPS's answer about a parcel", personal: PERSONAL };
const TrackingNumber = z.string().trim().min(1).max(80);
const Callback = z.object({
  trackingNumber: TrackingNumber,
  localActivityDate: digits,
  localActivityTime: digits,
  gmtActivityDate: digits,
  gmtActivityTime: digits,
  gmtOffset: digits,
  actualDeliveryDate: digits,
  activityStatus: z.object({ type: text, code: digits, description: text, descriptionCode: digits }),
});

/** Reads a posted scan, or the history in an answer to `track`. @throws Rejected `tracking.payload-unreadable` or `tracking.shape-changed` */
export function parseUpdate(delivery: Delivery): ParsedUpdate {
  const payload = parseJson(delivery.body);
  if (delivery.via === 'poll') return historyIn(readPayload(Tracked, payload, ANSWER));
  const one = readPayload(Callback, payload, CALLBACK);
  const { type, code, description, descriptionCode } = one.activityStatus;
  const at =
    instantOf({ date: one.gmtActivityDate, time: one.gmtActivityTime, offset: '' }) ??
    instantOf({ date: one.localActivityDate, time: one.localActivityTime, offset: one.gmtOffset }) ??
    // Blank times occur; what is posted has just happened.
    new Date(delivery.receivedAt).toISOString();
  const said = { type: type ?? '', code, number: descriptionCode, description: description ?? '', isDelivered: one.actualDeliveryDate !== '' };
  return { kind: 'updates', updates: [{ trackingNumber: one.trackingNumber, events: [eventOf(said, at)] }] };
}

function historyIn(answer: z.infer<typeof Tracked>): ParsedUpdate {
  const updates = updatesIn(answer, undefined);
  if (updates.length > 0) return { kind: 'updates', updates };
  const codes = answer.trackResponse.shipment.flatMap(({ warnings }) => warnings.map(({ code }) => code ?? ''));
  return { kind: 'ignored', reason: `the carrier knows nothing of this parcel (${codes.join(', ') || 'no package'})`.slice(0, 200) };
}

/** @param unnamed the tracking number of a package that names none; undefined leaves it out */
function updatesIn({ trackResponse }: z.infer<typeof Tracked>, unnamed: string | undefined): readonly TrackingUpdate[] {
  return trackResponse.shipment.flatMap((shipment) =>
    shipment.package.flatMap(({ trackingNumber, activity, deliveryDate = [] }) => {
      const number = trackingNumber?.trim() || unnamed;
      if (number === undefined) return [];
      const isDelivered = deliveryDate.some(({ type, date }) => type === 'DEL' && date !== '');
      return [{ trackingNumber: number, events: activity.map((scan) => scanned(scan, isDelivered)).filter((event) => event !== undefined) }];
    }),
  );
}

/** One scan that cannot be read does not spoil the others. */
function scanned(scan: unknown, isDelivered: boolean): TrackingEvent | undefined {
  const { data } = Scan.safeParse(scan);
  if (data === undefined) return undefined;
  const at = instantOf({ date: data.gmtDate, time: data.gmtTime, offset: '' }) ?? instantOf({ date: data.date, time: data.time, offset: data.gmtOffset });
  const { type, code, statusCode, description } = data.status;
  return at === undefined ? undefined : eventOf({ type: type ?? '', code, number: statusCode, description: description ?? '', isDelivered }, at);
}

interface Said {
  readonly type: string;
  readonly code: string;
  readonly number: string;
  readonly description: string;
  readonly isDelivered: boolean;
}

function eventOf({ type: padded, code, number, description, isDelivered }: Said, at: string): TrackingEvent {
  const type = padded.trim();
  const words = [type, code, number].filter((word) => word !== '').join(' ');
  return { ...meaningOf({ type, number, isDelivered }), code: words.slice(0, 120), at, description: description.trim().slice(0, 300) };
}

/**
 * An instant from UPS's day and time. Tracking writes `07:47:00`, or `74700` without its first zero; Track Alert writes `074700`.
 * @param offset such as `-04.00` or `-04:00`; where there is none, the time is taken for UTC
 */
export function instantOf({ date, time, offset }: { readonly date: string; readonly time: string; readonly offset: string }): string | undefined {
  const [, year, month, day] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(date) ?? [];
  const [, hour, minute, second] = /^(\d{2})(\d{2})(\d{2})$/.exec(time.replaceAll(':', '').padStart(6, '0')) ?? [];
  if (year === undefined || hour === undefined) return undefined;
  const [, sign, hours, minutes] = /^([+-])(\d{2})[.:](\d{2})$/.exec(offset) ?? [];
  const zone = sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
  const instant = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(instant.getTime()) ? undefined : instant.toISOString();
}

const Subscribed = z.object({ expiryDate: text });
/** Term of a subscription where the answer names no day. */
const TERM_DAYS = 14;

/**
 * Subscribes to all parcels of the account. UPS has no call that shows subscriptions, so a repeat is what renews one. The address that UPS posts to,
 * and what it proves itself with, are set by a person in UPS's developer portal.
 */
export async function subscribe(call: Call): Promise<{ readonly state: 'made'; readonly until: string }> {
  const { accountNumber, accountCountry } = call.settings;
  const body = {
    locale: 'en_US',
    countryCode: accountCountry,
    shipperAccountNumber: accountNumber,
    subAccountType: ['Outbound'],
    subscriptionId: call.connectionId,
    clientSubscriptionId: call.connectionId,
  };
  const response = await ask('POST', 'track/v2/subscription/standard/account', body, call);
  if (!isSuccess(response)) throw failureOf(response, 'carrier', errorCodesOf(response).slice(0, 3).join(', '));
  const day = Subscribed.safeParse(jsonOf(response)).data?.expiryDate ?? '';
  const until = /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T00:00:00.000Z`) : new Date(call.now.getTime() + TERM_DAYS * 86_400_000);
  if (Number.isNaN(until.getTime()))
    throw new Rejected('carrier.answer-unreadable', `UPS says that the subscription ends on ${day}, which is no day; look in UPS's developer portal.`, { seen: day });
  return { state: 'made', until: until.toISOString() };
}
