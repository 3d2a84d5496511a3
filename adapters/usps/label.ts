import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { BoughtLabel, DraftedPurchase, Found, LabelAtCarrier, Purchased, Source, Voided } from '../carrier.ts';
import { text } from '../fields.ts';
import { type HttpResponse, isPassing } from '../http.ts';
import { ourAddress, TheirAddress } from './address.ts';
import { ask, failure, keyOf, LABEL_ANSWER_BYTES, LABEL_JSON, paying, reasonOf, refusalIn } from './api.ts';
import { imageInfo } from './label-request.ts';
import { partsOf } from './multipart.ts';
import { Amount, sumOf } from './price.ts';
import { kindOf, kindOfNumber, PATHS } from './service.ts';
import type { Call, Settings } from './settings.ts';

/**
 * Buys a label with the drafted bytes, under a key that is always the same for the same purchase: asked again with both, USPS answers with the
 * label that it sold, and takes no money. https://developers.usps.com/domesticlabelsv3 (3.9.13)
 */
export async function buy(purchase: DraftedPurchase, call: Call): Promise<Purchased> {
  const headers = { ...paying(call), 'x-idempotency-key': keyOf(purchase.reference), accept: LABEL_JSON };
  const { buy: path } = PATHS[kindOf(purchase.rate.service)];
  const response = await answerTo(ask('POST', path, call, { headers, body: purchase.request, maxBytes: LABEL_ANSWER_BYTES }));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', again: true, reason: response.reason };
  if (isSuccess(response)) {
    const label = boughtIn(response, purchase);
    return label === undefined ? unknown(`answered ${response.status} without a label that can be read`) : { outcome: 'bought', label };
  }
  return provesNothingBought(response) ? { outcome: 'refused', again: response.status === 401, reason: reasonOf(response) } : unknown(reasonOf(response));
}

/** What only a purchase that was asked for before can be refused for: its key is known, or the day in its body is over. */
const REFUSES_A_REPEAT = /idempoten|duplicate|already|mailing\s?date/i;

/** A refusal that USPS wrote itself, and that is not about an earlier request of the same purchase. */
function provesNothingBought(response: HttpResponse): boolean {
  const { status } = response;
  if (status === 401 || status === 403) return true;
  if (status < 400 || isPassing(status) || status === 409) return false;
  const refusal = refusalIn(response);
  return refusal !== undefined && !REFUSES_A_REPEAT.test(refusal);
}

/**
 * Looks a purchase up by having its label printed again, which costs nothing; USPS does that three times for a label, until its day of mailing.
 * UNCONFIRMED: how it says that it sold none. Only words to that effect are believed; a repeat is harmless if they are wrong.
 */
export async function find(purchase: DraftedPurchase, call: Call): Promise<Found> {
  const kind = kindOf(purchase.rate.service);
  const headers = { ...paying(call), 'x-idempotency-key': keyOf(purchase.reference), accept: LABEL_JSON };
  const body = reprintBody(call.settings, kind, /"customsForm"/.test(purchase.request));
  const response = await answerTo(ask('POST', PATHS[kind].reprint, call, { headers, body, maxBytes: LABEL_ANSWER_BYTES }));
  if ('reason' in response) return unknown(response.reason);
  if (isSuccess(response)) {
    const label = boughtIn(response, purchase);
    return label === undefined ? unknown(`answered ${response.status} without a label that can be read`) : { outcome: 'bought', label };
  }
  return saysNotFound(response) ? { outcome: 'absent' } : unknown(reasonOf(response));
}

/** Has a label printed again. @throws Unavailable, or Rejected when it was cancelled, its day is over, or it was printed three times */
export async function label({ trackingNumber }: LabelAtCarrier, _url: string | null, call: Call): Promise<Buffer> {
  const kind = kindOfNumber(trackingNumber);
  const path = `${PATHS[kind].reprint}/${encodeURIComponent(trackingNumber)}`;
  const body = reprintBody(call.settings, kind, kind === 'international');
  const response = await ask('POST', path, call, { headers: { ...paying(call), accept: LABEL_JSON }, body, maxBytes: LABEL_ANSWER_BYTES });
  if (!isSuccess(response)) throw failure(response);
  const document = documentIn(contentOf(response));
  if (document.in === 'answer') return document.bytes;
  throw new Rejected('carrier.label-unreadable', `USPS answered ${response.status} without a picture of label ${trackingNumber}; print it in the Business Customer Gateway.`, {
    seen: trackingNumber,
  });
}

function reprintBody(settings: Settings, kind: ReturnType<typeof kindOf>, hasCustoms: boolean): string {
  const { receiptOption: _, ...image } = { receiptOption: '', ...imageInfo(settings, kind, hasCustoms) };
  return JSON.stringify({ imageInfo: image });
}

function saysNotFound(response: HttpResponse): boolean {
  const refusal = refusalIn(response);
  return (response.status === 400 || response.status === 404) && refusal !== undefined && /not\s+found|no\s+(order|label)/i.test(refusal);
}

const Cancelled = z.object({ status: z.enum(['CANCELED', 'DISPUTED']) });
/** After so long USPS knows every label that it sold: one that it does not find is cancelled. */
const SURELY_KNOWN_MS = 3_600_000;

/**
 * Cancels a label, or where it was filed already asks for its postage back, which USPS decides on later. A repeat does no harm: of a second
 * request on the same day USPS says that there is one.
 */
export async function voidLabel({ trackingNumber, reference }: LabelAtCarrier, call: Call): Promise<Voided> {
  const { cancel } = PATHS[kindOfNumber(trackingNumber)];
  const response = await answerTo(ask('DELETE', `${cancel}/${encodeURIComponent(trackingNumber)}`, call, { headers: paying(call) }));
  if ('reason' in response) return unknown(response.reason);
  if (isSuccess(response)) {
    const { data } = Cancelled.safeParse(jsonOf(response));
    if (data === undefined) return unknown(`answered ${response.status} without saying whether it is cancelled`);
    return data.status === 'CANCELED' ? { outcome: 'voided' } : { outcome: 'pending' };
  }
  const refusal = response.status === 400 || response.status === 404 ? (refusalIn(response) ?? '') : '';
  if (/already been cancell?ed/i.test(refusal)) return { outcome: 'voided' };
  if (/already been submitted/i.test(refusal)) return { outcome: 'pending' };
  // Nobody counts units that may be gone: a label that can be neither cancelled nor refunded is taken for one that was used.
  if (/cannot be (submitted|cancell?ed)|not eligible/i.test(refusal)) return { outcome: 'refused', used: true, reason: reasonOf(response) };
  const isOld = call.now.getTime() - timeOf(reference) > SURELY_KNOWN_MS;
  return saysNotFound(response) && isOld ? { outcome: 'voided' } : unknown(reasonOf(response));
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** When a reference was made, in milliseconds since 1970; NaN where it is no ULID. https://github.com/ulid/spec */
function timeOf(reference: string): number {
  if (!/^[0-9A-HJKMNP-TV-Z]{26}$/.test(reference)) return Number.NaN;
  return [...reference.slice(0, 10)].reduce((time, digit) => time * 32 + CROCKFORD.indexOf(digit), 0);
}

const Metadata = z.object({
  trackingNumber: text,
  internationalTrackingNumber: text,
  postage: Amount,
  fees: z.array(z.object({ price: Amount.nullish() })).nullish(),
  extraServices: z.array(z.object({ price: Amount.nullish() })).nullish(),
  labelAddress: z.unknown().optional(),
});

/** What an answer about a label holds, whether it came as one document or in parts. */
interface LabelContent {
  readonly metadata: Json | undefined;
  /** Base64. */
  readonly image: string | undefined;
}

const Nested = z.object({ labelMetadata: z.unknown().optional(), returnLabelMetadata: z.unknown().optional(), labelImage: text, returnLabelImage: text });

function contentOf(response: HttpResponse): LabelContent {
  const parts = partsOf(response.headers['content-type'] ?? '', response.body);
  if (parts !== undefined) {
    const [metadata, image] = [parts.get('labelMetadata') ?? parts.get('returnLabelMetadata'), parts.get('labelImage') ?? parts.get('returnLabelImage')];
    return { metadata: metadata === undefined ? undefined : jsonOf({ body: metadata }), image: image?.toString('latin1') };
  }
  const answer = jsonOf(response);
  const { data } = Nested.safeParse(answer);
  const nested = data?.labelMetadata ?? data?.returnLabelMetadata;
  return { metadata: nested === undefined || nested === null ? answer : parsedOnce(nested), image: data?.labelImage ?? data?.returnLabelImage ?? undefined };
}

/** USPS may answer with the metadata as JSON, or as a text that holds JSON. */
function parsedOnce(metadata: unknown): Json | undefined {
  return jsonOf({ body: Buffer.from(typeof metadata === 'string' ? metadata : JSON.stringify(metadata)) });
}

function boughtIn(response: HttpResponse, { rate, reference, request }: DraftedPurchase): BoughtLabel | undefined {
  const content = contentOf(response);
  const { data } = Metadata.safeParse(content.metadata);
  const trackingNumber = (data?.trackingNumber ?? data?.internationalTrackingNumber ?? '').replace(/\s/g, '');
  if (data === undefined || !/^[A-Z0-9]{8,40}$/.test(trackingNumber)) return undefined;
  const extras = [...(data.fees ?? []), ...(data.extraServices ?? [])].map(({ price }) => price ?? 0);
  const cost = sumOf([data.postage, ...extras]);
  if (cost === undefined) return undefined;
  return {
    carrierRef: keyOf(reference),
    carrier: 'USPS',
    service: rate.service,
    trackingNumber,
    trackingUrl: `https://tools.usps.com/go/TrackConfirmAction?tLabels=${trackingNumber}`,
    cost,
    currency: 'USD',
    document: documentIn(content),
    // Customs forms are part of the label's picture.
    forms: [],
    address: printedIn(data.labelAddress, request),
  };
}

function documentIn({ image = '' }: LabelContent): Source {
  const base64 = image.replace(/\s/g, '');
  if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return { in: 'nowhere' };
  return { in: 'answer', bytes: Buffer.from(base64, 'base64') };
}

const Sent = z.object({ toAddress: z.object({ countryISOAlpha2Code: z.string().optional() }) });

/** The address on the label; null where the answer names none that can be read. */
function printedIn(theirs: unknown, request: string): BoughtLabel['address'] {
  const read = TheirAddress.safeParse(theirs);
  if (!read.success) return null;
  const sent = Sent.safeParse(sentIn(request)).data?.toAddress;
  return ourAddress(read.data, sent?.countryISOAlpha2Code ?? 'US') ?? null;
}

function sentIn(request: string): Json | undefined {
  try {
    return parseJson(Buffer.from(request));
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}
