import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { answerTo, isSuccess, jsonOf, linkOf, unknown } from '../answer.ts';
import type { BoughtLabel, DraftedPurchase, Found, LabelAtCarrier, ListedLabel, Purchased, Voided } from '../carrier.ts';
import { text } from '../fields.ts';
import type { HttpResponse } from '../http.ts';
import { LABEL_BYTES } from '../label-file.ts';
import { ask, asked, isCarrierSilent, isRefusal, Messages, nextPage, Page, readAnswer, said, sayMessages, whyNot } from './api.ts';
import type { Call } from './settings.ts';
import { costOf } from './shipment.ts';

/** A rate as transactions name it: by its id, or with its price. */
const RateOfIt = z.union([
  z.string().transform((object_id) => ({ object_id })),
  z.object({ object_id: z.string(), amount: z.union([z.string(), z.int()]).nullish(), currency: text, provider: text, servicelevel_token: text }),
]);
type RateOfIt = { readonly object_id: string; readonly amount?: string | number | null | undefined; readonly currency?: string | null | undefined };

/** A purchase at Shippo. https://docs.goshippo.com/api-reference/transactions */
const Transaction = z.object({
  object_id: z.string().min(1),
  status: z.string(),
  rate: RateOfIt,
  tracking_number: text,
  tracking_url_provider: text,
  label_url: text,
  commercial_invoice_url: text,
  metadata: text,
  messages: Messages,
  // Older versions of the API give an object with a status.
  tracking_status: z
    .union([z.string(), z.object({ status: z.string() }).transform(({ status }) => status)])
    .nullish()
    .catch(null),
  object_created: text,
});
type Transaction = z.output<typeof Transaction>;

/** Buys by one call. Shippo answers 201 whatever comes of it: the transaction's status tells. https://docs.goshippo.com/docs/shipments/createlabel */
export async function buy(purchase: DraftedPurchase, call: Call): Promise<Purchased> {
  const response = await answerTo(ask('POST', 'transactions', purchase.request, call));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', again: true, reason: response.reason };
  if (!isSuccess(response)) return isRefusal(response) ? { outcome: 'refused', again: LOCKED_OUT.has(response.status), reason: said(response) } : unknown(said(response));
  const { data } = Transaction.safeParse(jsonOf(response));
  if (data === undefined || data.rate.object_id !== purchase.rate.rateId) return unknown(`answered ${response.status} without a readable transaction of this rate`);
  // A carrier that Shippo could not hear may have sold it: what is still an error at a later look was not sold.
  if (data.status === 'ERROR') return isCarrierSilent(data.messages) ? unknown(refusalOf(data)) : { outcome: 'refused', again: false, reason: refusalOf(data) };
  const label = data.status === 'SUCCESS' ? labelOf(data, purchase) : undefined;
  return label === undefined ? unknown(`transaction ${data.object_id} is ${shown(data.status)}, with no label that can be read`) : { outcome: 'bought', label };
}

// The token, or its rights: no fault of this shipment's.
const LOCKED_OUT: ReadonlySet<number> = new Set([401, 403]);

function refusalOf({ object_id, messages }: Transaction): string {
  const why = sayMessages(messages);
  return `transaction ${object_id} failed${why === '' ? '' : ` (${why})`}; Shippo's own pages say more`.slice(0, 200);
}

function shown(status: string): string {
  return /^[A-Z_]{1,30}$/.test(status) ? status : 'in a status that nobody knows';
}

function labelOf({ object_id, rate, ...data }: Transaction, { rate: asked }: Pick<DraftedPurchase, 'rate'>): BoughtLabel | undefined {
  const trackingNumber = (data.tracking_number ?? '').trim();
  const url = data.label_url ?? '';
  const price = priceOf(rate) ?? asked;
  const invoice = data.commercial_invoice_url ?? '';
  if (trackingNumber === '' || !URL.canParse(url) || (invoice !== '' && !URL.canParse(invoice))) return undefined;
  return {
    carrierRef: object_id,
    carrier: asked.carrier,
    service: asked.service,
    trackingNumber,
    trackingUrl: linkOf(data.tracking_url_provider),
    cost: price.cost,
    currency: price.currency,
    document: { in: 'url', url },
    forms: invoice === '' ? [] : [{ in: 'url', url: invoice }],
    address: null,
  };
}

/** The price that a transaction repeats; a rate's price does not change, so where it names the rate alone, what was quoted holds. */
function priceOf({ amount, currency }: RateOfIt): { readonly cost: number; readonly currency: string } | undefined {
  if (amount === undefined || amount === null || !currency) return undefined;
  const cost = costOf(amount, currency);
  return cost === undefined ? undefined : { cost, currency };
}

/** Looks a purchase up by its rate: every attempt has its own. */
export async function find(purchase: DraftedPurchase, call: Call): Promise<Found> {
  const response = await answerTo(ask('GET', `transactions?rate=${encodeURIComponent(purchase.rate.rateId)}&results=100`, undefined, call));
  const trouble = whyNot(response);
  if (trouble !== undefined || 'reason' in response) return unknown(trouble ?? '');
  const { data: page } = Page.safeParse(jsonOf(response));
  if (page === undefined) return unknown(`answered ${response.status} without a readable list of transactions`);
  const read = page.results.map((one) => Transaction.safeParse(one).data);
  const own = read.filter((one) => one?.rate.object_id === purchase.rate.rateId).filter((one) => one !== undefined);
  const sold = own.filter(({ status }) => SOLD.has(status)).sort((a, b) => Number(b.metadata === purchase.reference) - Number(a.metadata === purchase.reference));
  const label = sold.map((one) => labelOf(one, purchase)).find((one) => one !== undefined);
  if (label !== undefined) return { outcome: 'bought', label };
  const open = own.find(({ status }) => status !== 'ERROR');
  if (open !== undefined) return unknown(`transaction ${open.object_id} is ${shown(open.status)}, with no label that can be used`);
  // What cannot be read may be it; what is of other rates was not asked for, so the list may lack it.
  return own.length < read.length || nextPage(page) !== null ? unknown('the list of transactions cannot be read whole, or is not of this rate alone') : { outcome: 'absent' };
}

const SOLD: ReadonlySet<string> = new Set(['SUCCESS', 'REFUNDREJECTED']);

/**
 * Fetches a label from where it is; where that address has expired, Shippo is asked for a new one.
 * @throws Unavailable, or Rejected when there is none
 */
export async function label({ carrierRef }: LabelAtCarrier, url: string | null, call: Call): Promise<Buffer> {
  const first = url === null ? undefined : await fetchFile(url, call);
  if (first !== undefined && isSuccess(first)) return first.body;
  const again = (await readTransaction(carrierRef, call)).label_url ?? '';
  if (again === '') throw new Rejected('carrier.label-absent', `Transaction ${carrierRef} has no label; look at it in Shippo.`);
  const second = await fetchFile(again, call);
  if (isSuccess(second)) return second.body;
  throw new Unavailable('carrier.label-unavailable', `The label's document answered ${second.status}; it is paid for, so it is asked for again later.`, {
    seen: String(second.status),
  });
}

/** Without the token: files are public addresses at another host. */
async function fetchFile(url: string, { http }: Call): Promise<HttpResponse> {
  return await http({ method: 'GET', url, maxBytes: LABEL_BYTES });
}

async function readTransaction(id: string, call: Call): Promise<Transaction> {
  return readAnswer(Transaction, await asked('GET', `transactions/${encodeURIComponent(id)}`, undefined, call), 'a transaction');
}

/**
 * Asks for the money of a label back, after a look at whether that was done before. Carriers decide within weeks.
 * https://docs.goshippo.com/docs/billing_and_invoices/refundinglabels
 */
export async function voidLabel({ carrierRef }: LabelAtCarrier, call: Call): Promise<Voided> {
  const before = await refundOf(carrierRef, call);
  if (before.outcome !== 'none') return before;
  const response = await answerTo(ask('POST', 'refunds', { transaction: carrierRef, async: false }, call));
  if ('reason' in response) return unknown(response.reason);
  if (isSuccess(response)) return verdictOf(response, carrierRef, before.moving);
  if (!isRefusal(response) || LOCKED_OUT.has(response.status)) return unknown(said(response));
  // It may be refused because it was asked for a moment ago.
  const after = await refundOf(carrierRef, call);
  return after.outcome === 'none' ? { outcome: 'refused', used: after.moving, reason: said(response) } : after;
}

type Standing = Voided | { readonly outcome: 'none'; readonly moving: boolean };

/** What a transaction says of its refund; none where nobody has asked for it. */
async function refundOf(carrierRef: string, call: Call): Promise<Standing> {
  const response = await answerTo(ask('GET', `transactions/${encodeURIComponent(carrierRef)}`, undefined, call));
  const trouble = whyNot(response);
  if (trouble !== undefined || 'reason' in response) return unknown(trouble ?? '');
  const { data } = Transaction.safeParse(jsonOf(response));
  if (data?.object_id !== carrierRef) return unknown(`answered ${response.status} without a readable transaction`);
  if (data.status === 'SUCCESS') return { outcome: 'none', moving: MOVING.has(data.tracking_status ?? '') };
  return REFUNDED.get(data.status) ?? unknown(`transaction ${carrierRef} is ${shown(data.status)}`);
}

const MOVING: ReadonlySet<string> = new Set(['TRANSIT', 'DELIVERED', 'RETURNED', 'FAILURE']);

// A rejected refund is taken for a label that was used, so that nobody counts units that may be gone.
const REFUNDED: ReadonlyMap<string, Voided> = new Map<string, Voided>([
  ['REFUNDED', { outcome: 'voided' }],
  ['REFUNDPENDING', { outcome: 'pending' }],
  ['REFUNDREJECTED', { outcome: 'refused', used: true, reason: 'the refund is rejected' }],
]);

const Refund = z.object({ transaction: z.string(), status: z.string(), test: z.boolean().nullish() });

function verdictOf(response: HttpResponse, carrierRef: string, moving: boolean): Voided {
  const { data } = Refund.safeParse(jsonOf(response));
  if (data?.transaction !== carrierRef) return unknown(`answered ${response.status} without a readable refund`);
  // It means that the label was used, and its tracking may lag behind; in test mode Shippo says it of labels that nobody used.
  if (data.status === 'ERROR') return { outcome: 'refused', used: moving || data.test !== true, reason: 'Shippo rejects the refund of this label' };
  return REFUNDS.get(data.status) ?? unknown(`the refund is ${shown(data.status)}`);
}

const REFUNDS: ReadonlyMap<string, Voided> = new Map<string, Voided>([
  ['QUEUED', { outcome: 'pending' }],
  ['PENDING', { outcome: 'pending' }],
  ['SUCCESS', { outcome: 'voided' }],
]);

// Each label whose rate is only named costs another call for its price.
const LISTED_AT_ONCE = 25;

/**
 * Lists labels, the newest first. Shippo has no filter by time here: a page on which all are older is the last.
 * https://docs.goshippo.com/docs/api_concepts/filtering
 */
export async function list(since: string, cursor: string | null, call: Call): Promise<{ readonly labels: readonly ListedLabel[]; readonly next: string | null }> {
  const response = await asked('GET', `transactions?results=${LISTED_AT_ONCE}${cursor === null ? '' : `&${cursor}`}`, undefined, call);
  const page = readAnswer(Page, response, 'a list of transactions');
  const labels: ListedLabel[] = [];
  let older = 0;
  for (const one of page.results) {
    const { data } = Transaction.safeParse(one);
    if (data === undefined) continue;
    const boughtAt = instantOf(data.object_created);
    if (boughtAt < since) older++;
    else if (WAS_SOLD.has(data.status)) labels.push(await listedLabel(data, boughtAt, call));
  }
  return { labels, next: older === page.results.length ? null : nextPage(page) };
}

const GIVEN_BACK: ReadonlySet<string> = new Set(['REFUNDED', 'REFUNDPENDING']);
const WAS_SOLD: ReadonlySet<string> = new Set([...SOLD, ...GIVEN_BACK]);

async function listedLabel({ object_id, rate, status, metadata, tracking_number }: Transaction, boughtAt: string, call: Call): Promise<ListedLabel> {
  const price = priceOf(rate) ?? (await quotedPrice(rate.object_id, call));
  return { reference: metadata ?? '', carrierRef: object_id, trackingNumber: tracking_number ?? '', ...price, boughtAt, voided: GIVEN_BACK.has(status) };
}

async function quotedPrice(rateId: string, call: Call): Promise<{ readonly cost: number; readonly currency: string }> {
  const rate = readAnswer(Price, await asked('GET', `rates/${encodeURIComponent(rateId)}`, undefined, call), 'a rate');
  const price = priceOf({ object_id: rateId, ...rate });
  if (price === undefined)
    throw new Rejected('carrier.answer-unreadable', `Rate ${rateId} of a label has no price that can be read; look at it in Shippo.`, { seen: rate.currency });
  return price;
}

const Price = z.object({ amount: z.union([z.string(), z.int()]), currency: z.string() });

function instantOf(created: string | null | undefined): string {
  const at = new Date(created ?? '');
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
