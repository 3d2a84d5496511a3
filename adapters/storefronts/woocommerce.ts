// WooCommerce, webhooks and REST API v3: https://woocommerce.github.io/woocommerce-rest-api-docs and
// https://woocommerce.com/document/webhooks/; what is read and written is in adapters/woocommerce.
// It posts each change once and never again, and disables a webhook after some failures: reading its orders is what loses nothing.
// Not confirmed by a live call, so handled tolerantly: whether refunds always name their lines (their product stands in), whether deleting
// a refund moves the order's date (where it does not, the order is seen as it is at its next change), how bundles of other plugins mark
// their parts, and which algorithm a site signs with (SHA-256, unless a plugin filters it: such a site is refused).
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { secretField } from '../credential.ts';
import type { Delivery } from '../delivery.ts';
import { Digits } from '../fields.ts';
import { readPayload } from '../payload.ts';
import type { SignatureScheme } from '../signature.ts';
import { defineStorefront, type Parsed } from '../storefront.ts';
import { fetch, poll } from '../woocommerce/fetching.ts';
import { documentOf, PAYLOAD, Refund, WooOrder } from '../woocommerce/order.ts';
import { Settings } from '../woocommerce/settings.ts';
import { setStock } from '../woocommerce/stock.ts';
import { markShipped } from '../woocommerce/tracking.ts';
import { subscriptions } from '../woocommerce/webhooks.ts';

const Secrets = z.strictObject({
  signing: secretField('Secret of the webhooks: letters and digits alone'),
  token: secretField('REST API key with read and write access, as consumer_key:consumer_secret'),
});

export default defineStorefront<Settings>({
  id: 'woocommerce',
  title: 'WooCommerce',
  settings: Settings,
  secrets: Secrets,
  capabilities: () => ['webhooks', 'polls', 'fetchBack', 'writesTracking', 'writesStock', 'handshake'],
  signature,
  parse,
  fetch,
  poll,
  subscriptions,
  markShipped,
  setStock,
});

// The id of a delivery is made from the webhook and the second, so two orders of one second share it: repeats are known by their content.
function signature(): SignatureScheme {
  return { family: 'hmac-body', header: 'x-wc-webhook-signature', encoding: 'base64', key: 'html-entities', handshake: { family: 'unsigned-ping', field: 'webhook_id' } };
}

/** What was fetched or listed, with the refunds that were fetched for it. */
const Composed = z.object({ order: WooOrder, refunds: z.array(Refund) });
/** All that is posted of a deleted order. */
const Deleted = z.strictObject({ id: Digits });
/** Posted in place of an order, and signed like one, when the webhook's user may not see orders any more. */
const WordpressError = z.object({ code: z.string().max(100), data: z.object({ status: z.int() }) });
const PING = /^webhook_id=\d{1,20}$/;

function parse(delivery: Delivery, settings: Settings): Parsed {
  if (delivery.via === 'fetch' || delivery.via === 'poll') {
    const { order, refunds } = readPayload(Composed, parseJson(delivery.body), PAYLOAD);
    return parsedOf(order, refunds, delivery, settings);
  }
  const ignored = unusedBecause(delivery);
  if (ignored !== undefined) return { kind: 'ignored', reason: ignored };
  const payload = parseJson(delivery.body);
  refuseError(payload);
  const deleted = Deleted.safeParse(payload).data;
  if (deleted !== undefined) return { kind: 'reference', reference: { what: 'order', id: deleted.id } };
  const order = readPayload(WooOrder, payload, PAYLOAD);
  // An order names its refunds and not their lines: what is left to ship must be fetched.
  return order.refunds.length > 0 ? { kind: 'reference', reference: { what: 'order', id: order.id } } : parsedOf(order, [], delivery, settings);
}

function parsedOf(order: WooOrder, refunds: readonly z.infer<typeof Refund>[], { connectionId }: Delivery, settings: Settings): Parsed {
  const document = documentOf(order, refunds, connectionId, settings);
  return document === undefined ? { kind: 'ignored', reason: `status ${order.status}: not an order yet` } : { kind: 'orders', orders: [document] };
}

/** Headers are not signed: the topic says whether this is about an order at all, and the body alone says in what state. */
function unusedBecause({ headers, body }: Delivery): string | undefined {
  if (body.length < 40 && PING.test(body.toString('latin1'))) return 'a ping';
  const topic = headers['x-wc-webhook-topic'] ?? '';
  return topic === '' || topic.startsWith('order.') ? undefined : `topic ${JSON.stringify(topic.slice(0, 60))} is not used`;
}

/** @throws Rejected `storefront.access-lost` */
function refuseError(payload: unknown): void {
  const error = WordpressError.safeParse(payload).data;
  if (error === undefined) return;
  const seen = `${error.code.slice(0, 60)} ${error.data.status}`;
  throw new Rejected(
    'storefront.access-lost',
    `WooCommerce posted an error in place of an order (${seen}): the user that its webhook belongs to may not see orders any more. Save the webhook as a user who may; what was missed is read from the site.`,
    { seen },
  );
}
