// Etsy Open API v3, webhooks with a resource to fetch: https://developers.etsy.com/documentation/essentials/webhooks; what is read of it is in
// adapters/etsy. Subscriptions are made in Etsy's developer portal, there is no API for them.
// Not confirmed by a live call, so handled tolerantly: whether a signature carries its `v1,` (both are taken), whether `shop_id` is a
// number or text, and what a buyer's e-mail needs to be shown (it may be null). Not confirmed and relied on: that tracking may be posted as a
// form, that `min_last_modified` takes in its own second, and that `apiUrl` serves the tokens too.
import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { type Grant, secretField } from '../credential.ts';
import type { Delivery } from '../delivery.ts';
import { api, type Call, Settings } from '../etsy/api.ts';
import { orderOf, Receipt } from '../etsy/receipt.ts';
import { Digits } from '../fields.ts';
import { failureOf, isPassing } from '../http.ts';
import { type PayloadKind, readPayload } from '../payload.ts';
import type { SignatureScheme } from '../signature.ts';
import { type Cursor, defineStorefront, type Fetched, type Page, type Parsed, type Reference, type Shipped, type StorefrontCall } from '../storefront.ts';

const Secrets = z.strictObject({
  signing: secretField('Signing secret of the webhook, whsec_ and base64'),
  token: secretField('Refresh token of the shop, from the first sign-in'),
  apiKey: secretField("The app's keystring and shared secret, with a colon between"),
});

export default defineStorefront<Settings>({
  id: 'etsy',
  title: 'Etsy',
  settings: Settings,
  secrets: Secrets,
  capabilities: () => ['webhooks', 'polls', 'fetchBack', 'writesTracking'],
  signature,
  parse,
  fetch,
  poll,
  markShipped,
  refresh,
});

function signature({ toleranceSeconds }: Settings): SignatureScheme {
  return { family: 'standard-webhooks', key: 'base64', toleranceSeconds, bare: true };
}

const PAYLOAD: PayloadKind = { code: 'storefront.payload-unreadable', what: 'The Etsy event', personal: new Set() };
const Event = z.object({ event_type: z.string().max(80), resource_url: z.string().max(500), shop_id: Digits });
/** Only its ids are read: the address itself is never called. */
const RECEIPT_URL = /\/shops\/([1-9]\d{0,19})\/receipts\/([1-9]\d{0,19})\/?$/;

function parse(delivery: Delivery, settings: Settings): Parsed {
  if (delivery.via === 'fetch' || delivery.via === 'poll') return { kind: 'orders', orders: [orderOf(delivery)] };
  const event = readPayload(Event, parseJson(delivery.body), PAYLOAD);
  if (!event.event_type.startsWith('order.')) return { kind: 'ignored', reason: `event ${JSON.stringify(event.event_type)} is not used` };
  const [, shopId = '', receiptId] = RECEIPT_URL.exec(event.resource_url) ?? [];
  if (receiptId === undefined) throw new Rejected(PAYLOAD.code, `${PAYLOAD.what} cannot be read: resource_url names no receipt of a shop.`, { seen: 'resource_url' });
  if (shopId !== settings.shopId || event.shop_id !== settings.shopId)
    throw new Rejected('storefront.foreign-shop', `The Etsy event is of shop ${shopId}, and this connection is of shop ${settings.shopId}; correct the webhook or shopId.`, {
      seen: shopId,
    });
  return { kind: 'reference', reference: { what: 'receipt', id: receiptId } };
}

async function fetch({ id }: Reference, call: Call): Promise<Fetched> {
  const response = await call.http({ method: 'GET', ...api(`/receipts/${id}`, call) });
  if (response.status === 404) return { kind: 'absent', sourceIds: [id] };
  if (response.status !== 200) throw failureOf(response, 'storefront');
  // What cannot be read as a receipt goes on as it is: `parse` says why.
  readAnswer(z.looseObject({}), response.body);
  return { kind: 'found', bodies: [response.body] };
}

const PAGE_SIZE = 100;
const Receipts = z.object({ results: z.array(z.unknown()) });
const Changed = z.object({ updated_timestamp: z.int().min(0) });

/**
 * A page goes on from the last instant of the page before it, not from a count of receipts: one that changes while it is being read moves
 * to the end, and would shift another past a count. A receipt that cannot be read goes on as it is: `parse` says why.
 */
async function poll({ since, page }: Cursor, call: Call): Promise<Page> {
  const [from = Math.floor(Date.parse(since) / 1000), offset = 0] = page === null ? [] : page.split('+').map(Number);
  const query = new URLSearchParams({ min_last_modified: String(from), sort_on: 'updated', sort_order: 'asc', limit: String(PAGE_SIZE), offset: String(offset) });
  const response = await call.http({ method: 'GET', ...api(`/receipts?${query}`, call), maxBytes: 8 * 1024 * 1024 });
  if (response.status !== 200) throw failureOf(response, 'storefront');
  const { results } = readAnswer(Receipts, response.body);
  const last = results.flatMap((receipt) => Changed.safeParse(receipt).data?.updated_timestamp ?? []).at(-1) ?? from;
  const next = last > from ? `${last}+0` : `${from}+${offset + PAGE_SIZE}`;
  return { bodies: results.map((receipt) => Buffer.from(JSON.stringify(receipt))), next: results.length < PAGE_SIZE ? null : next };
}

// https://developers.etsy.com/documentation/tutorials/fulfillment: names that Etsy links, others go as `other`.
const CARRIERS: ReadonlyMap<string, string> = new Map([
  ['AustraliaPost', 'australia-post'],
  ['CanadaPost', 'canada-post'],
  ['DHLEcs', 'dhl-global-mail'],
  ['DHLExpress', 'dhl'],
  ['DPD', 'dpd'],
  ['FedEx', 'fedex'],
  ['RoyalMail', 'royal-mail'],
  ['UPS', 'ups'],
  ['USPS', 'usps'],
]);

/** Etsy mails the buyer at every call, so what is there already is looked for first. */
async function markShipped({ sourceId, carrier, trackingNumber }: Shipped, call: Call): Promise<'written' | 'known'> {
  const looked = await call.http({ method: 'GET', ...api(`/receipts/${encodeURIComponent(sourceId)}`, call) });
  if (looked.status !== 200) throw failureOf(looked, 'storefront', looked.status === 404 ? `receipt ${sourceId} is not there` : '');
  const receipt = readAnswer(Receipt, looked.body);
  if (receipt.shipments?.some(({ tracking_code }) => tracking_code === trackingNumber)) return 'known';
  if (receipt.status === 'canceled')
    throw new Rejected(
      'storefront.order-cancelled',
      `Etsy receipt ${sourceId} is cancelled and takes no tracking number; its parcel left: intercept it, or settle it with the buyer.`,
    );
  const { url, headers } = api(`/receipts/${encodeURIComponent(sourceId)}/tracking`, call);
  const body = new URLSearchParams({ tracking_code: trackingNumber, carrier_name: CARRIERS.get(carrier) ?? 'other', send_bcc: 'false' }).toString();
  const response = await call.http({ method: 'POST', url, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body });
  if (response.status < 200 || response.status >= 300) throw failureOf(response, 'storefront');
  return 'written';
}

const Granted = z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1), expires_in: z.int().min(1) });

/** https://developers.etsy.com/documentation/essentials/authentication: an access token lives for an hour, and each refresh token once. */
async function refresh(refreshToken: string, { settings, apiKey, http, now }: Pick<StorefrontCall<Settings>, 'settings' | 'apiKey' | 'http' | 'now'>): Promise<Grant> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: apiKey.split(':')[0] ?? '', refresh_token: refreshToken }).toString();
  const response = await http({ method: 'POST', url: `${settings.apiUrl}/v3/public/oauth/token`, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  if (response.status !== 200) {
    const advice = 'it gave no new token: sign in to the shop again and put the refresh token into the secret';
    throw failureOf(response, 'storefront', isPassing(response.status) ? '' : advice);
  }
  const granted = readAnswer(Granted, response.body);
  return { token: granted.access_token, refreshToken: granted.refresh_token, expiresAt: new Date(now.getTime() + granted.expires_in * 1000).toISOString() };
}

/** @throws Unavailable: an answer that cannot be read may have been cut off by something between us */
function readAnswer<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.output<Schema> {
  try {
    return schema.parse(parseJson(body));
  } catch (cause) {
    throw new Unavailable('storefront.answer-unreadable', "Etsy's answer cannot be read; the next try asks again.", { cause });
  }
}
