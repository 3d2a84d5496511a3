import * as z from 'zod';
import { instantAt } from '../../core/day.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { Booked, Manifested, ManifestRequest, PickupRequest } from '../carrier.ts';
import { text } from '../fields.ts';
import { isPassing } from '../http.ts';
import { theirAddress } from './address.ts';
import { ask, type Call, saidBy } from './api.ts';
import { costOf, Price } from './quote.ts';

const ScanForm = z.object({ id: z.string().min(1), status: z.string(), form_url: text, message: text, tracking_codes: z.array(z.string()).nullish() });

/** What moves parcels without a form takes them as they are. */
const NO_FORM: Manifested = { outcome: 'closed', manifestRef: '', documents: [], leftOut: [] };

/** One SCAN form for shipments of one carrier and one origin. https://docs.easypost.com/docs/scan-form */
export async function closeManifest({ labels, carrier = '' }: ManifestRequest, call: Call): Promise<Manifested> {
  if (!call.settings.scanForms.includes(carrier)) return NO_FORM;
  const response = await answerTo(ask('POST', 'scan_forms', { scan_form: { shipments: labels.map(({ carrierRef }) => ({ id: carrierRef })) } }, call));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (isSuccess(response)) return manifestOf(response, labels);
  const isProof = response.status >= 400 && !isPassing(response.status) && response.status !== 409;
  return isProof ? { outcome: 'refused', reason: saidBy(response) } : unknown(saidBy(response));
}

const Shipment = z.object({ id: z.string(), scan_form: z.object({ id: z.string() }).nullish() });

/** A form whose name is not known is found by one of its shipments, which names it. */
export async function lookAtManifest({ labels }: ManifestRequest, manifestRef: string | null, call: Call): Promise<Manifested> {
  const named = manifestRef ?? (await formOf(labels[0]?.carrierRef ?? '', call));
  if (typeof named !== 'string') return named;
  const response = await answerTo(ask('GET', `scan_forms/${encodeURIComponent(named)}`, undefined, call));
  if ('reason' in response) return unknown(response.reason);
  return isSuccess(response) ? manifestOf(response, labels) : unknown(saidBy(response));
}

async function formOf(carrierRef: string, call: Call): Promise<string | Manifested> {
  const response = await answerTo(ask('GET', `shipments/${encodeURIComponent(carrierRef)}`, undefined, call));
  if ('reason' in response) return unknown(response.reason);
  const { data } = Shipment.safeParse(jsonOf(response));
  if (!isSuccess(response) || data?.id !== carrierRef) return unknown(saidBy(response));
  return data.scan_form?.id ?? { outcome: 'refused', reason: 'its shipments are on no form' };
}

function manifestOf(response: Parameters<typeof jsonOf>[0], labels: ManifestRequest['labels']): Manifested {
  const { data } = ScanForm.safeParse(jsonOf(response));
  if (data === undefined) return unknown('answered without a readable form');
  if (data.status === 'creating') return { outcome: 'pending', manifestRef: data.id };
  if (data.status === 'failed') return { outcome: 'refused', reason: (data.message ?? 'the form failed').slice(0, 200) };
  if (data.status !== 'created' || !data.form_url) return unknown(`says that the form is ${JSON.stringify(data.status.slice(0, 40))}`);
  const included = new Set(data.tracking_codes ?? labels.map(({ trackingNumber }) => trackingNumber));
  const leftOut = labels.filter(({ trackingNumber }) => !included.has(trackingNumber)).map(({ trackingNumber }) => ({ trackingNumber, reason: 'the form does not name it' }));
  return { outcome: 'closed', manifestRef: data.id, documents: [{ in: 'url', url: data.form_url }], leftOut };
}

const PickupRate = Price.extend({});
const Pickup = z.object({ id: z.string().min(1), confirmation: text, pickup_rates: z.array(z.unknown()).nullish() });

/** Two steps, as with labels: creating is free and names rates, the cheapest is bought. https://docs.easypost.com/docs/pickups */
export async function bookPickup(request: PickupRequest, call: Call): Promise<Booked> {
  const created = await answerTo(ask('POST', 'pickups', { pickup: theirPickup(request) }, call));
  // Creating one costs nothing and books nothing: without a clear answer another one is created.
  if ('reason' in created) return { outcome: 'later', reason: created.reason };
  const { data } = Pickup.safeParse(jsonOf(created));
  if (isPassing(created.status) || (isSuccess(created) && data === undefined)) return { outcome: 'later', reason: saidBy(created) };
  if (data === undefined || !isSuccess(created)) return { outcome: 'refused', reason: saidBy(created) };
  const rates = (data.pickup_rates ?? []).map((rate) => PickupRate.safeParse(rate).data).filter((rate) => rate !== undefined);
  const [cheapest] = rates.map((rate) => ({ ...rate, cost: costOf(rate) ?? Number.MAX_SAFE_INTEGER })).sort((a, b) => a.cost - b.cost);
  if (cheapest === undefined) return { outcome: 'refused', reason: 'no carrier offers to collect' };
  const { carrier, service, cost, currency } = cheapest;
  const bought = await answerTo(ask('POST', `pickups/${encodeURIComponent(data.id)}/buy`, { carrier, service }, call));
  if ('reason' in bought) return bought.sent ? unknown(bought.reason) : { outcome: 'refused', reason: bought.reason };
  if (isSuccess(bought))
    return Pickup.safeParse(jsonOf(bought)).data === undefined ? unknown('answered without a readable pickup') : { outcome: 'booked', confirmation: data.id, cost, currency };
  const isProof = bought.status >= 400 && !isPassing(bought.status) && bought.status !== 409;
  return isProof ? { outcome: 'refused', reason: saidBy(bought) } : unknown(saidBy(bought));
}

function theirPickup({ reference, from, day, readyAt, closesAt, timeZone, instructions, labels }: PickupRequest): object {
  return {
    reference,
    address: theirAddress(from),
    is_account_address: false,
    min_datetime: instantAt(timeZone, day, readyAt),
    max_datetime: instantAt(timeZone, day, closesAt),
    instructions,
    ...(labels[0] !== undefined && { shipment: { id: labels[0].carrierRef } }),
  };
}

/** A pickup that is cancelled already counts as cancelled. */
export async function cancelPickup(
  confirmation: string,
  call: Call,
): Promise<{ readonly outcome: 'cancelled' } | { readonly outcome: 'refused' | 'unknown'; readonly reason: string }> {
  const response = await answerTo(ask('POST', `pickups/${encodeURIComponent(confirmation)}/cancel`, {}, call));
  if ('reason' in response) return unknown(response.reason);
  if (isSuccess(response)) return { outcome: 'cancelled' };
  return isPassing(response.status) ? unknown(saidBy(response)) : { outcome: 'refused', reason: saidBy(response) };
}
