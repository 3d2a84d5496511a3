import { createHash, randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { buildSchema } from 'graphql';
import * as z from 'zod';
import { servicePathOf } from '../../adapters/service-path.ts';
import { sign } from '../../adapters/signature.ts';
import { openDatabase, text } from './database.ts';
import { listen } from './listen.ts';
import type { Posting } from './outbox.ts';
import type { PlayedShop, ShopAddress, ShopOptions, ShopOrder, TellingFault, Writer } from './shop.ts';
import { type AdminApi, answerAdmin } from './shopify-admin.ts';
import { type BucketSize, openBucket, STANDARD_BUCKET } from './shopify-bucket.ts';
import { fulfilmentMutations, fulfilmentQueries } from './shopify-fulfil.ts';
import { INVENTORY_SCHEMA, inventoryMutations, inventoryQueries, openInventory, type ShopInventory } from './shopify-inventory.ts';
import type { UserError } from './shopify-nodes.ts';
import { orderQueries } from './shopify-order-queries.ts';
import { type Fulfilment, fulfilmentStatusOf, moveFulfilmentOrders, ORDERS_SCHEMA, type OrderState, placeOrder, readOrders, type ShopLocation } from './shopify-orders.ts';
import { shopifyOrder } from './shopify-payload.ts';
import { requestMutations, requestQueries, submitRequest } from './shopify-requests.ts';
import { SHOPIFY_SCHEMA } from './shopify-schema.ts';
import { keptSubscriptions, SUBSCRIPTIONS_SCHEMA, subscriptionMutations, subscriptionQueries } from './shopify-subscriptions.ts';

/** What can go wrong beside what any shop may do. `throttled`: 200 with a THROTTLED error. */
type ShopifyFault = TellingFault | 'throttled';

/** How the simulated shop is set up. */
export interface ShopifyOptions extends ShopOptions {
  /** Takes what the shop posts of its own accord. */
  readonly post?: (postings: readonly Posting[]) => void;
  /** @default one in Hamburg */
  readonly locations?: readonly ShopLocation[];
  /** @default Shopify's smallest */
  readonly bucket?: BucketSize;
}

/** A Shopify shop as the hub sees it: signed webhooks out, the GraphQL Admin API in. */
export interface ShopifyShop extends PlayedShop {
  readonly endpoint: string;
  readonly inventory: ShopInventory;
  expect(faults: readonly { readonly sourceId: string; readonly fault: ShopifyFault }[]): void;
  fulfilments(): readonly Fulfilment[];
  /** Puts what is open of an order on hold. */
  hold(sourceId: string): void;
  release(sourceId: string): void;
  /** The merchant asks the hub, as a fulfilment service, to ship an order, or to leave it. */
  request(sourceId: string, kind: 'FULFILLMENT_REQUEST' | 'CANCELLATION_REQUEST'): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS fault (source_id TEXT PRIMARY KEY, kind TEXT, left INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, what TEXT) STRICT;
  ${ORDERS_SCHEMA}
  ${INVENTORY_SCHEMA}
  ${SUBSCRIPTIONS_SCHEMA}
`;
const HAMBURG: readonly ShopLocation[] = [{ id: '1', name: 'Hamburg' }];

const Settings = z.object({ shopDomain: z.string(), apiVersion: z.string().default('2026-07') });
type Settings = z.infer<typeof Settings>;

/** Opens the shop's Admin API on the loopback interface. https://shopify.dev/docs/api/admin-graphql/2026-07 */
export async function openShopify(options: ShopifyOptions): Promise<ShopifyShop> {
  const settings = Settings.parse(options.settings);
  const database = openDatabase(options.file, SCHEMA);
  const locations = options.locations ?? HAMBURG;
  const path = `/admin/api/${settings.apiVersion}/graphql.json`;
  const api = adminApi(database, locations, path, options);
  const server = await listen((call) => answerAdmin(call, api));
  const endpoint = `${server.url}${path}`;
  const inventory = openInventory(database);
  return {
    connectionId: options.connectionId,
    endpoint,
    settings: { endpoint },
    inventory,
    address: shopifyAddress(database, settings, options),
    place: (order, version) => placeOrder(database, locations, order, version),
    expect: (faults) => {
      const expect = database.prepare('INSERT OR IGNORE INTO fault VALUES (?, ?, 1)');
      for (const { sourceId, fault } of faults) expect.run(sourceId, fault);
    },
    stock: (units) => inventory.add(units),
    unsubscribe: () => database.exec('DELETE FROM subscription'),
    subscribed: () => subscribedTo(database, options.hookUrl()),
    orders: () => readOrders(database).map((state) => shopOrderOf(database, state)),
    available: () => inventory.available(),
    complaints: () =>
      database
        .prepare('SELECT what FROM complaint ORDER BY id')
        .all()
        .map((row) => text(row, 'what')),
    fulfilments: () => readOrders(database).flatMap(({ fulfilments }) => fulfilments),
    hold: (sourceId) => moveFulfilmentOrders(database, sourceId, 'OPEN', 'ON_HOLD'),
    release: (sourceId) => moveFulfilmentOrders(database, sourceId, 'ON_HOLD', 'OPEN'),
    request: (sourceId, kind) => {
      if (submitRequest(database, sourceId, kind) > 0) options.post?.([requestPosting(options.connectionId, kind)]);
    },
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

// Made once: it is the same for every shop.
const ADMIN_SCHEMA = buildSchema(SHOPIFY_SCHEMA);

function adminApi(database: DatabaseSync, locations: readonly ShopLocation[], path: string, options: ShopifyOptions): AdminApi {
  const note = (what: string): void => void database.prepare('INSERT INTO complaint (what) VALUES (?)').run(what);
  const complain = (error: UserError): UserError => {
    note(`${error.field?.join('.') ?? 'no field'}: ${error.message}`);
    return error;
  };
  const made = (order: OrderState, fulfilment: Fulfilment): void => options.post?.(echoesOf(order, fulfilment, options, subscribedTo(database, options.hookUrl())));
  return {
    path,
    token: options.secret.token,
    schema: ADMIN_SCHEMA,
    bucket: openBucket(options.bucket ?? STANDARD_BUCKET),
    complain: note,
    takeFault: (variables) => takeFault(database, variables),
    roots: {
      query: {
        ...orderQueries(database, locations),
        ...fulfilmentQueries(database, locations),
        ...inventoryQueries(database, locations),
        ...subscriptionQueries(database),
        ...requestQueries(database, locations),
      },
      mutation: {
        ...fulfilmentMutations(database, locations, complain, made),
        ...inventoryMutations(database, locations, complain),
        ...subscriptionMutations(database, complain),
        ...requestMutations(database, locations, complain),
      },
    },
  };
}

/** Takes the fault of the order whose fulfilment orders the variables name, once. */
function takeFault(database: DatabaseSync, variables: string): string | undefined {
  const [named] = [...variables.matchAll(/gid:\/\/shopify\/FulfillmentOrder\/(\d+)/g)];
  const row = database
    .prepare('SELECT fault.* FROM fault JOIN fulfilment_order AS one ON one.source_id = fault.source_id WHERE one.id = ? AND fault.left > 0')
    .get(Number(named?.[1] ?? 0));
  if (row === undefined) return undefined;
  database.prepare('UPDATE fault SET left = left - 1 WHERE source_id = ?').run(text(row, 'source_id'));
  return text(row, 'kind');
}

// Sent without a subscription: they are declared with the app. https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
const COMPLIANCE_TOPICS: ReadonlySet<string> = new Set(['customers/data_request', 'customers/redact', 'shop/redact']);

function subscribedTo(database: DatabaseSync, hookUrl: string): string[] {
  return keptSubscriptions(database)
    .filter(({ uri }) => uri === hookUrl)
    .map(({ topic }) => topic);
}

/** How Shopify addresses and signs what it posts. https://shopify.dev/docs/apps/build/webhooks/verify-deliveries */
function shopifyAddress(database: DatabaseSync, { shopDomain, apiVersion }: Settings, { connectionId, hookUrl, secret }: ShopifyOptions): ShopAddress {
  function urlOf({ topic = '', request }: Posting['meta']): string | undefined {
    if (request !== undefined) return `${hookUrl().replace(/\/hooks\/[^/]+$/, '')}${servicePathOf(connectionId, secret.signing)}/${request}`;
    if (COMPLIANCE_TOPICS.has(topic)) return hookUrl();
    const subscriptions = keptSubscriptions(database).filter((one) => one.topic === topic);
    return (subscriptions.find(({ uri }) => uri === hookUrl()) ?? subscriptions[0])?.uri;
  }
  return ({ body, meta }, now) => {
    const url = urlOf(meta);
    if (url === undefined) return undefined;
    const scheme = { family: 'hmac-body', header: 'x-shopify-hmac-sha256', encoding: 'base64' } as const;
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Shopify-Captain-Hook',
      ...(meta.topic !== undefined && { 'x-shopify-topic': meta.topic }),
      'x-shopify-shop-domain': meta.shopDomain ?? shopDomain,
      'x-shopify-api-version': apiVersion,
      'x-shopify-webhook-id': meta.webhookId ?? '',
      'x-shopify-event-id': meta.eventId ?? randomUUID(),
      'x-shopify-triggered-at': meta.triggeredAt ?? now.toISOString(),
      ...(meta.test === 'true' && { 'x-shopify-test': 'true' }),
    };
    return { url, headers: { ...headers, ...sign(body, scheme, secret.signing, { id: '', at: now }) } };
  };
}

const TOPICS = { created: 'orders/create', updated: 'orders/updated', paid: 'orders/paid', cancelled: 'orders/cancelled' } as const;

/** Writes what Shopify posts when an order comes to a version. */
export const writeShopify: Writer = (happening, order, version, id) => ({
  body: shopifyOrder(order, version),
  meta: { topic: TOPICS[happening], webhookId: webhookIdOf(id), triggeredAt: version.updatedAt, test: String(order.test) },
});

/** A webhook's id, as Shopify writes them, made from the id of its posting. */
function webhookIdOf(id: string): string {
  const hash = createHash('sha256').update(id).digest('hex');
  return [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join('-');
}

/** What the shop posts because somebody fulfilled an order: the hub hears what it did itself. */
function echoesOf(order: OrderState, { id, at }: Fulfilment, { connectionId }: ShopifyOptions, subscribed: readonly string[]): Posting[] {
  const { sold, version } = order;
  const topics = [fulfilmentStatusOf(order) === 'FULFILLED' ? 'orders/fulfilled' : 'orders/partially_fulfilled', 'orders/updated'];
  return topics
    .filter((topic) => subscribed.includes(topic))
    .map((topic) => {
      const posting = `${connectionId}:${sold.sourceId}/fulfilment-${id}/${topic}`;
      const meta = { topic, webhookId: webhookIdOf(posting), triggeredAt: at, test: String(sold.test) };
      return { id: posting, sender: connectionId, meta, body: shopifyOrder(sold, version, order), due: Date.now() };
    });
}

/** https://shopify.dev/docs/apps/build/orders-fulfillment/fulfillment-service-apps/build-for-fulfillment-services */
function requestPosting(connectionId: string, kind: string): Posting {
  const id = `${connectionId}/request/${randomUUID()}`;
  return {
    id,
    sender: connectionId,
    meta: { request: 'fulfillment_order_notification', webhookId: webhookIdOf(id) },
    body: Buffer.from(JSON.stringify({ kind })),
    due: Date.now(),
  };
}

function shopOrderOf(database: DatabaseSync, state: OrderState): ShopOrder {
  const { sourceId } = state.sold;
  const fulfilled: Record<string, number> = {};
  for (const { line, fulfilled: units } of state.lines) if (units > 0) fulfilled[line.sku ?? ''] = (fulfilled[line.sku ?? ''] ?? 0) + units;
  const mails = database.prepare('SELECT what FROM mail WHERE source_id = ? ORDER BY id').all(sourceId);
  return {
    sourceId,
    fulfilled,
    trackingNumbers: state.fulfilments.flatMap(({ numbers }) => numbers),
    status: state.version.cancelled ? 'CANCELLED' : fulfilmentStatusOf(state),
    mails: mails.map((row) => text(row, 'what')),
  };
}
