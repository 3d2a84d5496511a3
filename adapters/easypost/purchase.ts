import * as z from 'zod';
import { Address } from '../../core/address.ts';
import { Unavailable } from '../../core/error.ts';
import type { Json } from '../../core/json.ts';
import { type Answered, answerTo, isSuccess, jsonOf, linkOf, unknown } from '../answer.ts';
import type { BoughtLabel, DraftedPurchase, Found, LabelAtCarrier, Purchased, Source, Voided } from '../carrier.ts';
import { text } from '../fields.ts';
import { type HttpResponse, isPassing } from '../http.ts';
import { LABEL_BYTES } from '../label-file.ts';
import { ourAddress, TheirAddress } from './address.ts';
import { ask, askFreely, type Call, errorCodeOf, saidBy } from './api.ts';
import { costOf, Price } from './quote.ts';

// These say that a purchase was made, or may be in the making, whatever status they come with.
const OUTCOME_UNKNOWN = new Set(['SHIPMENT.POSTAGE.EXISTS', 'SHIPMENT.PURCHASE.IN_PROGRESS', 'SHIPMENT.POSTAGE.NO_RESPONSE']);

/** The second step: buys one rate of a shipment, which EasyPost sells once. */
export async function buy({ carrierRef, request }: DraftedPurchase, call: Call): Promise<Purchased> {
  const response = await answerTo(ask('POST', `${shipmentPath(carrierRef)}/buy`, request, call));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', again: true, reason: response.reason };
  if (isSuccess(response)) {
    const label = boughtLabel(jsonOf(response), carrierRef);
    return label === undefined ? unknown(`answered ${response.status} without a readable label`) : { outcome: 'bought', label };
  }
  const code = errorCodeOf(response);
  const { status } = response;
  const provesNothingBought = status >= 400 && !isPassing(status) && status !== 409 && code !== '' && !OUTCOME_UNKNOWN.has(code);
  return provesNothingBought ? { outcome: 'refused', again: status === 401 || status === 403, reason: saidBy(response) } : unknown(saidBy(response));
}

export async function find({ carrierRef }: DraftedPurchase, call: Call): Promise<Found> {
  const response = await answerTo(ask('GET', shipmentPath(carrierRef), undefined, call));
  if ('reason' in response) return unknown(response.reason);
  if (!isSuccess(response)) return unknown(saidBy(response));
  const answer = jsonOf(response);
  const label = boughtLabel(answer, carrierRef);
  if (label !== undefined) return { outcome: 'bought', label };
  return Unbought.safeParse(answer).data?.id === carrierRef ? { outcome: 'absent' } : unknown('the shipment cannot be read, or has a label that cannot be read');
}

const Form = z.object({ form_url: z.url() });
const Bought = z.object({
  id: z.string(),
  tracking_code: z.string().trim().min(1),
  postage_label: z.object({ label_url: z.url() }),
  selected_rate: Price,
  to_address: TheirAddress.extend({ country: z.string().regex(/^[A-Za-z]{2}$/) }),
  tracker: z.object({ public_url: text }).nullish(),
  forms: z.array(z.unknown()).nullish(),
});
const Unbought = z.object({ id: z.string(), tracking_code: z.literal('').nullish(), postage_label: z.null().optional() });

function boughtLabel(answer: Json | undefined, carrierRef: string): BoughtLabel | undefined {
  const { data } = Bought.safeParse(answer);
  if (data === undefined || data.id !== carrierRef) return undefined;
  const cost = costOf(data.selected_rate);
  const address = Address.safeParse(ourAddress(data.to_address)).data;
  if (cost === undefined || address === undefined) return undefined;
  const { carrier, service, currency } = data.selected_rate;
  const forms = (data.forms ?? []).flatMap((form): Source[] => {
    const url = Form.safeParse(form).data?.form_url;
    return url === undefined ? [] : [{ in: 'url', url }];
  });
  return {
    carrierRef,
    carrier,
    service,
    trackingNumber: data.tracking_code,
    trackingUrl: linkOf(data.tracker?.public_url),
    cost,
    currency,
    document: { in: 'url', url: data.postage_label.label_url },
    forms,
    address,
  };
}

const Labelled = z.object({ id: z.string(), postage_label: z.object({ label_url: z.url() }) });

/** Fetches the bytes without the API key: labels are public addresses at another host. */
export async function label({ carrierRef }: LabelAtCarrier, url: string | null, call: Call): Promise<Buffer> {
  const found = url ?? (await labelUrlOf(carrierRef, call));
  const response = await call.http({ method: 'GET', url: found, maxBytes: LABEL_BYTES });
  if (isSuccess(response)) return response.body;
  throw new Unavailable('carrier.label-unavailable', `The label's document answered ${response.status}; it is paid for, so it is asked for again later.`, {
    seen: String(response.status),
  });
}

async function labelUrlOf(carrierRef: string, call: Call): Promise<string> {
  const { data } = Labelled.safeParse(jsonOf(await askFreely('GET', shipmentPath(carrierRef), undefined, call)));
  if (data === undefined) throw new Unavailable('carrier.label-unavailable', `Shipment ${carrierRef} shows no label; it is asked for again later.`);
  return data.postage_label.label_url;
}

const Refundable = z.object({ id: z.string(), refund_status: text, status: text });

/**
 * Asks for the postage back. EasyPost passes it on and tells weeks later what came of it, so a request that was taken counts.
 * https://docs.easypost.com/docs/shipments/refunds
 */
export async function voidLabel({ carrierRef }: LabelAtCarrier, call: Call): Promise<Voided> {
  const before = await standingOf(carrierRef, call);
  if (before.outcome !== 'none') return before;
  const response = await answerTo(ask('POST', `${shipmentPath(carrierRef)}/refund`, {}, call));
  if ('reason' in response) return unknown(response.reason);
  const refused = isRefusalOfRefund(response);
  // It may be refused because it was asked for a moment ago.
  const after = refused ? await standingOf(carrierRef, call) : refundOf(response, carrierRef);
  if (after.outcome !== 'none') return after;
  return refused ? { outcome: 'refused', used: after.moving, reason: saidBy(response) } : unknown('the answer names no state of the refund');
}

type Standing = Voided | { readonly outcome: 'none'; readonly moving: boolean };

async function standingOf(carrierRef: string, call: Call): Promise<Standing> {
  return refundOf(await answerTo(ask('GET', shipmentPath(carrierRef), undefined, call)), carrierRef);
}

/** What a shipment says of its refund; none where nobody has asked for it. */
function refundOf(response: Answered, carrierRef: string): Standing {
  if ('reason' in response) return unknown(response.reason);
  if (!isSuccess(response)) return unknown(saidBy(response));
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
function isRefusalOfRefund(response: HttpResponse): boolean {
  return response.status >= 400 && !isPassing(response.status) && errorCodeOf(response).includes('REFUND');
}

function shipmentPath(carrierRef: string): string {
  return `shipments/${encodeURIComponent(carrierRef)}`;
}
