// What webhooks and the callback of a fulfilment service post: https://shopify.dev/docs/api/webhooks and
// https://shopify.dev/docs/apps/build/orders-fulfillment/fulfillment-service-apps. Only the body is signed: the topic in the headers says
// whether we use it at all, and from there on the body says what it is, so that a swapped topic misreads nothing.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PrivacyRequest } from '../../core/connection.ts';
import { Rejected } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';
import type { Delivery } from '../delivery.ts';
import { Digits, text } from '../fields.ts';
import { readPayload } from '../payload.ts';
import { REQUESTS } from '../reference.ts';
import type { Parsed } from '../storefront.ts';
import { readFetched } from './fetched.ts';
import { documentOf, PAYLOAD } from './order.ts';
import { readPosted } from './posted.ts';
import { digitsOf, type Settings } from './settings.ts';

const ORDER_TOPICS = ['create', 'updated', 'paid', 'cancelled', 'fulfilled', 'partially_fulfilled', 'edited', 'delete'].map((what) => `orders/${what}`);
const USED_TOPICS = new Set(['', ...ORDER_TOPICS, 'refunds/create', 'customers/data_request', 'customers/redact', 'shop/redact', 'app/uninstalled']);
const FULFILLMENT_ORDER_TOPIC = /^fulfillment_orders\/[a-z_]+$/;
const REQUEST_TOPIC = /^fulfillment_orders\/(fulfillment|cancellation)_request_submitted$/;

/** Reads what Shopify posted, or what was fetched of it. @throws Rejected with the field and the value that cannot be read */
export function parse(delivery: Delivery, settings: Settings): Parsed {
  const { connectionId, headers, body, via = 'webhook' } = delivery;
  if (via !== 'webhook') return { kind: 'orders', orders: [documentOf(readFetched(body), connectionId, settings)] };
  if (headers['shopify-topic'] !== undefined) return { kind: 'ignored', reason: 'Events are in preview at Shopify; subscribe to webhooks' };
  const topic = headers['x-shopify-topic'] ?? '';
  if (!USED_TOPICS.has(topic) && !FULFILLMENT_ORDER_TOPIC.test(topic)) return { kind: 'ignored', reason: `topic ${JSON.stringify(topic.slice(0, 60))} is not used` };
  const posted = parseJson(body);
  for (const read of READERS) {
    const parsed = read(posted, topic, delivery, settings);
    if (parsed !== undefined) return parsed;
  }
  return orderOf(posted, connectionId, settings);
}

type Reader = (body: Json, topic: string, delivery: Delivery, settings: Settings) => Parsed | undefined;

/** Each knows one kind of body by its own fields; what none of them knows is an order, or is refused as one. */
const READERS: readonly Reader[] = [requestsOf, editedOf, partOfOrder, fulfilmentOrderOf, privacyOf, endOf, deletedOf];

function orderOf(body: Json, connectionId: string, settings: Settings): Parsed {
  const { sold, clear } = readPosted(body);
  return clear && settings.ships === 'order' ? { kind: 'orders', orders: [documentOf(sold, connectionId, settings)] } : referenceTo(sold.id);
}

function referenceTo(id: string): Parsed {
  return { kind: 'reference', reference: { what: 'changed-order', id } };
}

const Notice = z.object({ kind: z.enum(['FULFILLMENT_REQUEST', 'CANCELLATION_REQUEST']) });

function requestsOf(body: Json, _topic: string, _delivery: Delivery, settings: Settings): Parsed | undefined {
  return Notice.safeParse(body).success ? requested(settings) : undefined;
}

function requested({ service }: Settings): Parsed {
  return service ? { kind: 'reference', reference: { what: REQUESTS, id: 'all' } } : { kind: 'ignored', reason: 'the connection is no fulfilment service: set service to true' };
}

const Edited = z.object({ order_edit: z.object({ order_id: Digits }) });

function editedOf(body: Json): Parsed | undefined {
  const edited = Edited.safeParse(body).data;
  return edited && referenceTo(edited.order_edit.order_id);
}

// A refund; an order has no order_id.
const PartOfOrder = z.object({ order_id: Digits });

function partOfOrder(body: Json): Parsed | undefined {
  const part = PartOfOrder.safeParse(body).data;
  return part && referenceTo(part.order_id);
}

const FULFILLMENT_ORDER = /^gid:\/\/shopify\/FulfillmentOrder\/[1-9]\d{0,19}$/;

/** All fulfilment orders that one post names belong to one order, whether they were moved, split or merged. */
function fulfilmentOrderOf(body: Json, topic: string, _delivery: Delivery, settings: Settings): Parsed | undefined {
  const named = gidIn(body, 0);
  if (named === undefined) return undefined;
  if (REQUEST_TOPIC.test(topic) && settings.service) return requested(settings);
  return { kind: 'reference', reference: { what: 'fulfillment-order', id: digitsOf(named) } };
}

const DEEPEST = 5;

function gidIn(body: Json, depth: number): string | undefined {
  if (typeof body === 'string') return FULFILLMENT_ORDER.test(body) ? body : undefined;
  if (body === null || typeof body !== 'object' || depth > DEEPEST) return undefined;
  // An order has texts that its customer wrote, and is none of these.
  if (depth === 0 && Object.hasOwn(body, 'line_items')) return undefined;
  for (const inner of Object.values(body)) {
    const found = gidIn(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const Ids = z.array(Digits).nullish();
const Privacy = z.object({
  shop_domain: z.string(),
  customer: z.object({ id: Digits.nullish(), email: text, phone: text }).nullish(),
  data_request: z.object({ id: Digits }).nullish(),
  orders_requested: Ids,
  orders_to_redact: Ids,
});

function privacyOf(body: Json, _topic: string, delivery: Delivery, { shopDomain }: Settings): Parsed | undefined {
  if (body === null || typeof body !== 'object' || Array.isArray(body) || !Object.hasOwn(body, 'shop_domain')) return undefined;
  const asked = readPayload(Privacy, body, { ...PAYLOAD, what: 'The Shopify privacy request' });
  if (asked.shop_domain !== shopDomain) throw foreign(asked.shop_domain, shopDomain);
  const wants = wantsOf(asked);
  const requestId = asked.data_request?.id ?? `${wants}-${createHash('sha256').update(delivery.body).digest('base64url').slice(0, 22)}`;
  const sourceIds = asked.orders_requested ?? asked.orders_to_redact ?? [];
  const request = { wants, requestId, sourceIds, email: asked.customer?.email || null, phone: asked.customer?.phone || null };
  return { kind: 'privacy', request: readPayload(PrivacyRequest, request, PAYLOAD) };
}

/** Only a request that names neither a person nor an order is about the whole shop: what a field's absence means must never be more than that. */
function wantsOf({ data_request, orders_requested, customer, orders_to_redact }: z.infer<typeof Privacy>): PrivacyRequest['wants'] {
  if (data_request || orders_requested) return 'show';
  return customer || orders_to_redact ? 'erase' : 'erase-all';
}

function foreign(seen: string, own: string): Rejected {
  return new Rejected('storefront.foreign-shop', `The post is of shop ${seen.slice(0, 80)}, and this connection is of ${own}; correct the subscription or shopDomain.`, {
    seen: seen.slice(0, 80),
  });
}

const Shop = z.object({ myshopify_domain: z.string() });

function endOf(body: Json, topic: string, _delivery: Delivery, { shopDomain }: Settings): Parsed | undefined {
  const shop = Shop.safeParse(body).data;
  if (shop === undefined) return undefined;
  if (shop.myshopify_domain !== shopDomain) throw foreign(shop.myshopify_domain, shopDomain);
  return topic === 'app/uninstalled'
    ? { kind: 'ended', reason: 'the app was uninstalled from the shop' }
    : { kind: 'ignored', reason: 'it is the shop itself, under another topic' };
}

const Deleted = z.strictObject({ id: Digits });

function deletedOf(body: Json): Parsed | undefined {
  const deleted = Deleted.safeParse(body).data;
  return deleted && { kind: 'reference', reference: { what: 'order', id: deleted.id } };
}
