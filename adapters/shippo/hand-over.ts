import * as z from 'zod';
import { instantAt } from '../../core/day.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { Booked, Manifested, ManifestRequest, Manifests, PickupRequest, Pickups } from '../carrier.ts';
import { text } from '../fields.ts';
import type { HttpResponse } from '../http.ts';
import { senderAddress } from './address.ts';
import { ask, isRefusal, Messages, nextPage, Page, said, sayMessages, whyNot } from './api.ts';
import type { Call, Settings } from './settings.ts';

const Manifest = z.object({
  object_id: z.string().min(1),
  status: z.string(),
  documents: z.array(z.string()).nullish(),
  transactions: z.array(z.string()).nullish(),
  errors: z.array(z.unknown()).nullish(),
});
type Manifest = z.output<typeof Manifest>;

const PAGES = 10;

/** Closes a day: all labels of one carrier account and one day. https://docs.goshippo.com/docs/manifests_and_pickups/manifestandscanforms */
export const manifest: Manifests<Settings> = { close, look };

async function close(request: ManifestRequest, call: Call): Promise<Manifested> {
  const [account, another] = call.settings.carrierAccounts;
  if (account === undefined || another !== undefined)
    return { outcome: 'refused', reason: 'a manifest is of one carrier account: name exactly one in the setting carrierAccounts of this connection' };
  const body = {
    carrier_account: account,
    shipment_date: `${request.shipDate}T12:00:00.000Z`,
    address_from: senderAddress(request.from, call.settings),
    transactions: request.labels.map(({ carrierRef }) => carrierRef),
    async: false,
  };
  const response = await answerTo(ask('POST', 'manifests', body, call));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (!isSuccess(response)) return isRefusal(response) ? { outcome: 'refused', reason: said(response) } : unknown(said(response));
  const { data } = Manifest.safeParse(jsonOf(response));
  return data === undefined ? unknown(`answered ${response.status} without a readable manifest`) : manifested(data, request);
}

function manifested(made: Manifest, { labels }: ManifestRequest): Manifested {
  const { object_id, status, documents, transactions, errors } = made;
  if (status === 'QUEUED') return { outcome: 'pending', manifestRef: object_id };
  if (status === 'ERROR') return { outcome: 'refused', reason: `manifest ${object_id} failed with ${errors?.length ?? 0} errors; Shippo's own pages show them` };
  if (status !== 'SUCCESS') return unknown(`manifest ${object_id} is in a status that nobody knows`);
  const taken = new Set(transactions ?? []);
  const left = transactions === undefined || transactions === null ? [] : labels.filter(({ carrierRef }) => !taken.has(carrierRef));
  const leftOut = left.map(({ trackingNumber }) => ({ trackingNumber, reason: 'Shippo did not take it onto the manifest' }));
  return { outcome: 'closed', manifestRef: object_id, documents: (documents ?? []).map((url) => ({ in: 'url', url })), leftOut };
}

async function look(request: ManifestRequest, manifestRef: string | null, call: Call): Promise<Manifested> {
  if (manifestRef === null) return await lookAmongAll(request, call);
  const response = await answerTo(ask('GET', `manifests/${encodeURIComponent(manifestRef)}`, undefined, call));
  const trouble = whyNot(response);
  if (trouble !== undefined || 'reason' in response) return unknown(trouble ?? '');
  const { data } = Manifest.safeParse(jsonOf(response));
  return data?.object_id === manifestRef ? manifested(data, request) : unknown(`answered ${response.status} without manifest ${manifestRef}`);
}

/** Looks for a manifest with one of these labels on it. One that failed closed nothing. */
async function lookAmongAll(request: ManifestRequest, call: Call): Promise<Manifested> {
  const wanted = new Set(request.labels.map(({ carrierRef }) => carrierRef));
  let query: string | null = 'results=100';
  for (let page = 0; page < PAGES && query !== null; page++) {
    const read = await readPage(query, call);
    if ('outcome' in read) return read;
    const found = read.manifests.find(({ status, transactions }) => status !== 'ERROR' && (transactions ?? []).some((id) => wanted.has(id)));
    if (found !== undefined) return manifested(found, request);
    query = read.next === null ? null : `results=100&${read.next}`;
  }
  return query === null
    ? { outcome: 'refused', reason: 'Shippo has no manifest with any of these labels' }
    : unknown(`none of the ${PAGES} latest pages of manifests has these labels`);
}

async function readPage(query: string, call: Call): Promise<{ readonly manifests: readonly Manifest[]; readonly next: string | null } | ReturnType<typeof unknown>> {
  const response = await answerTo(ask('GET', `manifests?${query}`, undefined, call));
  const trouble = whyNot(response);
  if (trouble !== undefined || 'reason' in response) return unknown(trouble ?? '');
  const { data } = Page.safeParse(jsonOf(response));
  const manifests = data?.results.map((one) => Manifest.safeParse(one).data).filter((one) => one !== undefined) ?? [];
  if (data === undefined || manifests.length < data.results.length) return unknown(`answered ${response.status} with manifests that cannot be read`);
  return { manifests, next: nextPage(data) };
}

/** Has parcels collected; only USPS and DHL Express, of those behind Shippo. https://docs.goshippo.com/docs/manifests_and_pickups/pickups */
export const pickup: Pickups<Settings> = { book, cancel };

async function book(request: PickupRequest, call: Call): Promise<Booked> {
  const [account, another] = call.settings.carrierAccounts;
  if (account === undefined || another !== undefined)
    return { outcome: 'refused', reason: 'a pickup is of one carrier account: name exactly one in the setting carrierAccounts of this connection' };
  if (call.settings.pickupPlace === 'Other' && request.instructions === '') return { outcome: 'refused', reason: 'the driver needs instructions where the place is Other' };
  const response = await answerTo(ask('POST', 'pickups', pickupOf(request, account, call), call));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (!isSuccess(response)) return isRefusal(response) ? { outcome: 'refused', reason: said(response) } : unknown(said(response));
  return bookedBy(response);
}

function pickupOf({ from, day, readyAt, closesAt, timeZone, instructions, labels, reference }: PickupRequest, account: string, { settings, token }: Call): object {
  return {
    carrier_account: account,
    location: {
      building_location_type: settings.pickupPlace,
      ...(instructions !== '' && { instructions }),
      address: plain(senderAddress(from, settings)),
    },
    transactions: labels.map(({ carrierRef }) => carrierRef),
    requested_start_time: instantAt(timeZone, day, readyAt),
    requested_end_time: instantAt(timeZone, day, closesAt),
    metadata: reference,
    is_test: token.startsWith('shippo_test_'),
  };
}

/** Without the signs that Shippo does not want in the address of a pickup. */
function plain(address: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(address).map(([field, value]) => [field, value.replace(/&/g, 'and').replace(/[/*<>"|\\]/g, ' ')]));
}

const Pickup = z.object({ object_id: text, status: z.string(), confirmation_code: text, messages: Messages });

/** Shippo has no look-up of pickups: one that is not confirmed at once is for a person to see. */
function bookedBy(response: HttpResponse): Booked {
  const { data } = Pickup.safeParse(jsonOf(response));
  const confirmation = data?.confirmation_code || data?.object_id || '';
  if (data?.status === 'ERROR') return { outcome: 'refused', reason: sayMessages(data.messages) || 'the carrier does not collect then' };
  if (data?.status !== 'CONFIRMED' || confirmation === '') return unknown(`answered ${response.status} with a pickup that is not confirmed`);
  return { outcome: 'booked', confirmation, cost: null, currency: null };
}

async function cancel(confirmation: string): ReturnType<Pickups<Settings>['cancel']> {
  return { outcome: 'refused', reason: `Shippo cancels no pickups: call the carrier and name ${confirmation.slice(0, 60)}` };
}
