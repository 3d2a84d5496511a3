// BigCommerce, webhooks that name an order and the REST API that it is fetched from: https://developer.bigcommerce.com/docs; how it is read
// and written to is in adapters/bigcommerce.
// Not confirmed by a live call, so handled tolerantly: whether a retry of a webhook is signed anew (a late signature is taken and counted),
// whether `min_date_modified` takes in its own second (it is set one second back), whether an order's answer holds its lines as
// asked (they are fetched by themselves where not), the id of a shipping consignment being that of the address (as in every example), and
// whether the stock of a product without variants can be set by its SKU (it is then set by the product).
// Orders in the archive are in no list: they are heard of by webhook alone. A SKU with a comma in it cannot be asked for.
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { subscriptions } from '../bigcommerce/hooks.ts';
import { setStock } from '../bigcommerce/inventory.ts';
import { parseOrder } from '../bigcommerce/order.ts';
import { fetchOrder, pollOrders } from '../bigcommerce/read.ts';
import { Settings } from '../bigcommerce/settings.ts';
import { markShipped } from '../bigcommerce/shipment.ts';
import { secretField } from '../credential.ts';
import type { Delivery } from '../delivery.ts';
import { Digits } from '../fields.ts';
import { type PayloadKind, readPayload } from '../payload.ts';
import type { SignatureScheme } from '../signature.ts';
import { defineStorefront, type Parsed } from '../storefront.ts';

const Secrets = z.strictObject({ signing: secretField("The API account's client secret"), token: secretField("The API account's access token") });

export default defineStorefront<Settings>({
  id: 'bigcommerce',
  title: 'BigCommerce',
  settings: Settings,
  secrets: Secrets,
  capabilities: () => ['webhooks', 'polls', 'fetchBack', 'writesTracking', 'writesStock'],
  signature,
  parse,
  fetch: fetchOrder,
  poll: pollOrders,
  subscriptions,
  markShipped,
  setStock,
});

/** The client secret is the key as it stands. Refusals count against the whole domain, which is then shut out: a bad signature is dropped. */
function signature({ toleranceSeconds }: Settings): SignatureScheme {
  return { family: 'standard-webhooks', key: 'utf8', toleranceSeconds, late: 'accept', refusal: 'silent' };
}

const EVENT: PayloadKind = { code: 'storefront.payload-unreadable', what: 'The BigCommerce event', personal: new Set() };
const Event = z.object({ scope: z.string().max(120), producer: z.string().max(80) });

// `store/channel/<id>/...` is the same of one channel of a store that has several.
const ORDER_SCOPE = /^store\/(?:channel\/\d+\/)?order\/(?:created|updated|archived|statusUpdated|message\/created|refund\/created|transaction\/(?:created|updated))$/;
const SHIPMENT_SCOPE = /^store\/(?:channel\/\d+\/)?shipment\/(?:created|updated|deleted)$/;

const OfOrder = z.object({ data: z.object({ type: z.literal('order'), id: Digits }) }).transform(({ data }) => data.id);
const OfShipment = z.object({ data: z.object({ orderId: Digits }) }).transform(({ data }) => data.orderId);
const OfTransaction = z.object({ data: z.object({ order_id: Digits }) }).transform(({ data }) => data.order_id);

function parse(delivery: Delivery, settings: Settings): Parsed {
  if (delivery.via === 'fetch' || delivery.via === 'poll') return parseOrder(delivery, settings);
  const payload = parseJson(delivery.body);
  const { scope, producer } = readPayload(Event, payload, EVENT);
  if (producer !== `stores/${settings.storeHash}`) {
    const seen = producer.slice(0, 60);
    throw new Rejected(
      'storefront.foreign-shop',
      `The BigCommerce event is of ${JSON.stringify(seen)}, and this connection is of stores/${settings.storeHash}; correct the webhook or storeHash.`,
      {
        seen,
      },
    );
  }
  if (scope === 'store/app/uninstalled') return { kind: 'ended', reason: 'the app was uninstalled from the store' };
  const names = namesOrderBy(scope);
  if (names === undefined) return { kind: 'ignored', reason: `scope ${JSON.stringify(scope.slice(0, 60))} is not used` };
  return { kind: 'reference', reference: { what: 'order', id: readPayload(names, payload, EVENT) } };
}

/** Where events of a scope name their order; of all else in them only the fetched order tells. */
function namesOrderBy(scope: string) {
  if (SHIPMENT_SCOPE.test(scope)) return OfShipment;
  if (!ORDER_SCOPE.test(scope)) return undefined;
  return scope.includes('/transaction/') ? OfTransaction : OfOrder;
}
