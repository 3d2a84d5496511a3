import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { sign } from '../../adapters/signature.ts';
import { count, inTransaction, openDatabase, type Row, text } from './database.ts';
import { execute, GraphqlError, type Offered, type Value } from './graphql.ts';
import { type Answer, type Call, listen } from './listen.ts';
import type { Address } from './outbox.ts';
import { INVENTORY_SCHEMA, inventoryQueries, openInventory, type ShopInventory, type ShopLocation, setQuantities } from './shopify-inventory.ts';

/** An order that the shop expects somebody to fulfil. */
interface ShopOrder {
  readonly sourceId: string;
  readonly lines: readonly { readonly lineId: string; readonly sku: string | null; readonly quantity: number }[];
  /** What goes wrong once when its fulfilment is written back. */
  readonly fault?: ShopifyFault;
}

/** `hang-after`: the fulfilment is made, and no answer comes; `throttled`: 200 with a THROTTLED error; `busy`: HTTP 429; `broken`: HTTP 502. */
type ShopifyFault = 'hang-after' | 'throttled' | 'busy' | 'broken';

/** What the shop has recorded as sent. */
interface Fulfilment {
  readonly sourceId: string;
  readonly company: string;
  readonly number: string;
  readonly url: string;
  readonly units: Readonly<Record<string, number>>;
}

/** How the simulated shop is set up. */
export interface ShopifyOptions {
  readonly file: string;
  readonly shopDomain: string;
  readonly apiVersion: string;
  readonly clientSecret: string;
  readonly accessToken: string;
  /** @default one in Hamburg */
  readonly locations?: readonly ShopLocation[];
}

/** A Shopify shop as the hub sees it: signed webhooks out, the GraphQL Admin API in. */
export interface ShopifyShop {
  readonly endpoint: string;
  /** Adds orders; those it knows stay as they are. */
  sell(orders: readonly ShopOrder[]): void;
  fulfilments(): Fulfilment[];
  readonly inventory: ShopInventory;
  close(): Promise<void>;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS shop_line (source_id TEXT, line_id TEXT, sku TEXT, quantity INTEGER, remaining INTEGER, PRIMARY KEY (source_id, line_id)) STRICT;
  CREATE TABLE IF NOT EXISTS fulfilment (id INTEGER PRIMARY KEY, source_id TEXT, company TEXT, number TEXT, url TEXT, units TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS fault (source_id TEXT PRIMARY KEY, kind TEXT, left INTEGER) STRICT;
  ${INVENTORY_SCHEMA}
`;
const HAMBURG: readonly ShopLocation[] = [{ id: '1', name: 'Hamburg' }];

const Request = z.object({ query: z.string(), variables: z.record(z.string(), z.json()).optional() });

/** Opens the shop's Admin API on the loopback interface. https://shopify.dev/docs/api/admin-graphql/2026-07 */
export async function openShopify(options: ShopifyOptions): Promise<ShopifyShop> {
  const database = openDatabase(options.file, SCHEMA);
  const server = await listen((call) => answer(call, database, options));
  return {
    endpoint: `${server.url}/admin/api/${options.apiVersion}/graphql.json`,
    sell: (orders) => sell(database, orders),
    inventory: openInventory(database),
    fulfilments: () => database.prepare('SELECT * FROM fulfilment').all().map(fulfilmentOf),
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

/** How Shopify addresses and signs a webhook. https://shopify.dev/docs/apps/build/webhooks/verify-deliveries */
export function shopifyAddress(hookUrl: string, options: Pick<ShopifyOptions, 'shopDomain' | 'apiVersion' | 'clientSecret'>): Address {
  return ({ body, meta }, now) => {
    const scheme = { family: 'hmac-body', header: 'x-shopify-hmac-sha256', encoding: 'base64' } as const;
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Shopify-Captain-Hook',
      'x-shopify-topic': meta.topic ?? '',
      'x-shopify-shop-domain': meta.shopDomain ?? options.shopDomain,
      'x-shopify-api-version': options.apiVersion,
      'x-shopify-webhook-id': meta.webhookId ?? '',
      'x-shopify-event-id': meta.eventId ?? randomUUID(),
      'x-shopify-triggered-at': meta.triggeredAt ?? now.toISOString(),
      ...(meta.test === 'true' && { 'x-shopify-test': 'true' }),
    };
    return { url: hookUrl, headers: { ...headers, ...sign(body, scheme, options.clientSecret, { id: '', at: now }) } };
  };
}

function sell(database: DatabaseSync, orders: readonly ShopOrder[]): void {
  const line = database.prepare('INSERT OR IGNORE INTO shop_line VALUES (?, ?, ?, ?, ?)');
  const fault = database.prepare('INSERT OR IGNORE INTO fault VALUES (?, ?, 1)');
  inTransaction(database, () => {
    for (const order of orders) {
      for (const { lineId, sku, quantity } of order.lines) line.run(order.sourceId, lineId, sku, quantity, quantity);
      if (order.fault !== undefined) fault.run(order.sourceId, order.fault);
    }
  });
}

function answer(call: Call, database: DatabaseSync, options: ShopifyOptions): Answer {
  if (call.path !== `/admin/api/${options.apiVersion}/graphql.json` || call.method !== 'POST') return { status: 404, json: { errors: 'Not Found' } };
  if (call.headers['x-shopify-access-token'] !== options.accessToken) {
    return { status: 401, json: { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' } };
  }
  const { query, variables = {} } = Request.parse(JSON.parse(call.body));
  const fault = /\bmutation\b/.test(query) ? takeFault(database, JSON.stringify(variables)) : undefined;
  if (fault === 'busy') return { status: 429, headers: { 'retry-after': '1' }, json: { errors: 'Exceeded request limit' } };
  if (fault === 'broken') return { status: 502, bytes: Buffer.from('<html>Bad Gateway</html>') };
  if (fault === 'throttled') return { status: 200, json: { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }], extensions: cost(12) } };
  const done = run(query, variables, database, options.locations ?? HAMBURG);
  return fault === 'hang-after' ? 'hang' : { status: 200, json: { ...done, extensions: cost(1_980) } };
}

function run(query: string, variables: Record<string, Value>, database: DatabaseSync, locations: readonly ShopLocation[]): Record<string, unknown> {
  try {
    const data = execute(query, variables, {
      query: {
        order: ({ id }) => orderOf(database, String(id).replace('gid://shopify/Order/', '')),
        fulfillment: ({ id }) => fulfilmentNamed(database, String(id)),
        ...inventoryQueries(database, locations),
      },
      mutation: {
        fulfillmentCreate: (args) => fulfil(database, args),
        inventorySetQuantities: (args, directives) => setQuantities(database, `gid://shopify/Location/${locations[0]?.id}`, args, directives),
      },
    });
    return { data };
  } catch (cause) {
    if (!(cause instanceof GraphqlError)) throw cause;
    return { errors: [{ message: cause.message, extensions: { code: 'undefinedField' } }] };
  }
}

function cost(available: number): Record<string, unknown> {
  return { cost: { requestedQueryCost: 14, actualQueryCost: 12, throttleStatus: { maximumAvailable: 2000, currentlyAvailable: available, restoreRate: 100 } } };
}

/** Takes the fault of the order that the variables name, once. */
function takeFault(database: DatabaseSync, variables: string): string | undefined {
  const rows = database.prepare('SELECT source_id, kind FROM fault WHERE left > 0').all();
  const row = rows.find((candidate) => variables.includes(`FulfillmentOrder/${text(candidate, 'source_id')}`));
  if (row === undefined) return undefined;
  database.prepare('UPDATE fault SET left = left - 1 WHERE source_id = ?').run(text(row, 'source_id'));
  return text(row, 'kind');
}

function connection(nodes: readonly Offered[]): Offered {
  return {
    nodes,
    edges: nodes.map((node, index) => ({ cursor: String(index), node })),
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  };
}

/** One fulfillment order per order, at one location; its id is the order's with another noun. */
function orderOf(database: DatabaseSync, sourceId: string): Offered {
  const lines = database.prepare('SELECT * FROM shop_line WHERE source_id = ?').all(sourceId);
  if (lines.length === 0) return null;
  const open = lines.some((line) => count(line, 'remaining') > 0);
  const fulfilments = database.prepare('SELECT * FROM fulfilment WHERE source_id = ?').all(sourceId).map(fulfilmentNode);
  const node = {
    id: `gid://shopify/FulfillmentOrder/${sourceId}`,
    status: open ? 'OPEN' : 'CLOSED',
    requestStatus: 'UNSUBMITTED',
    orderId: `gid://shopify/Order/${sourceId}`,
    assignedLocation: { name: 'Hamburg', location: { id: 'gid://shopify/Location/1', name: 'Hamburg' } },
    supportedActions: open ? [{ action: 'CREATE_FULFILLMENT', externalUrl: null }] : [],
    fulfillments: () => connection(fulfilments),
    lineItems: () => connection(lines.map((line) => lineNode(line))),
  };
  return { id: `gid://shopify/Order/${sourceId}`, name: sourceId, cancelledAt: null, fulfillments: () => fulfilments, fulfillmentOrders: () => connection([node]) };
}

function lineNode(line: Row): Offered {
  const sku = text(line, 'sku') === '' ? null : text(line, 'sku');
  return {
    id: `gid://shopify/FulfillmentOrderLineItem/${text(line, 'line_id')}`,
    totalQuantity: count(line, 'quantity'),
    remainingQuantity: count(line, 'remaining'),
    sku,
    lineItem: { id: `gid://shopify/LineItem/${text(line, 'line_id')}`, sku },
  };
}

function fulfilmentNamed(database: DatabaseSync, gid: string): Offered {
  const row = database.prepare('SELECT * FROM fulfilment WHERE id = ?').get(Number(gid.replace('gid://shopify/Fulfillment/', '')));
  return row === undefined ? null : fulfilmentNode(row);
}

function fulfilmentNode(row: Row): Offered {
  const units: Record<string, number> = JSON.parse(text(row, 'units'));
  const lines = Object.entries(units).map(([sku, quantity], index) => ({ id: `gid://shopify/FulfillmentLineItem/${count(row, 'id')}${index}`, quantity, lineItem: { sku } }));
  return {
    id: `gid://shopify/Fulfillment/${count(row, 'id')}`,
    status: 'SUCCESS',
    totalQuantity: lines.reduce((sum, line) => sum + line.quantity, 0),
    fulfillmentLineItems: () => connection(lines),
    trackingInfo: () => [{ number: text(row, 'number'), url: text(row, 'url'), company: text(row, 'company') }],
  };
}

const Tracking = z.strictObject({ company: z.string().nullish(), number: z.string().nullish(), url: z.string().nullish() });
const FulfillmentInput = z.strictObject({
  lineItemsByFulfillmentOrder: z
    .array(
      z.strictObject({
        fulfillmentOrderId: z.string().startsWith('gid://shopify/FulfillmentOrder/'),
        fulfillmentOrderLineItems: z
          .array(z.strictObject({ id: z.string().startsWith('gid://shopify/FulfillmentOrderLineItem/'), quantity: z.int().min(1) }))
          .max(512)
          .optional(),
      }),
    )
    .min(1),
  notifyCustomer: z.boolean().optional(),
  trackingInfo: Tracking.optional(),
});

/** https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/fulfillmentCreate: no idempotency key, so a repeat meets what is left. */
function fulfil(database: DatabaseSync, args: Record<string, Value>): Offered {
  const input = FulfillmentInput.safeParse(args.fulfillment);
  if (!input.success) throw new GraphqlError(`Variable $fulfillment of type FulfillmentInput! was provided invalid value: ${z.prettifyError(input.error)}`);
  const { lineItemsByFulfillmentOrder, trackingInfo } = input.data;
  const asked = lineItemsByFulfillmentOrder.flatMap((group) => {
    const sourceId = group.fulfillmentOrderId.replace('gid://shopify/FulfillmentOrder/', '');
    const lines = database.prepare('SELECT * FROM shop_line WHERE source_id = ?').all(sourceId);
    const wanted =
      group.fulfillmentOrderLineItems ?? lines.map((line) => ({ id: `gid://shopify/FulfillmentOrderLineItem/${text(line, 'line_id')}`, quantity: count(line, 'remaining') }));
    return wanted.map(({ id, quantity }) => ({ sourceId, quantity, line: lines.find((line) => id.endsWith(`/${text(line, 'line_id')}`)) }));
  });
  const impossible = asked.find(({ line, quantity }) => line === undefined || quantity > count(line, 'remaining') || quantity < 1);
  if (impossible !== undefined || asked.length === 0) {
    return { fulfillment: null, userErrors: [{ field: ['fulfillment'], message: 'Invalid fulfillment order line item quantity requested.' }] };
  }
  const tracking = { company: trackingInfo?.company ?? '', number: trackingInfo?.number ?? '', url: trackingInfo?.url ?? '' };
  return { fulfillment: fulfilmentNode(record(database, asked, tracking)), userErrors: [] };
}

function record(
  database: DatabaseSync,
  asked: readonly { readonly sourceId: string; readonly quantity: number; readonly line: Row | undefined }[],
  tracking: { readonly company: string; readonly number: string; readonly url: string },
): Row {
  const units = Object.fromEntries(asked.map(({ line, quantity }) => [text(line, 'sku'), quantity]));
  const update = database.prepare('UPDATE shop_line SET remaining = remaining - ? WHERE source_id = ? AND line_id = ?');
  inTransaction(database, () => {
    for (const { line, quantity, sourceId } of asked) update.run(quantity, sourceId, text(line, 'line_id'));
    database
      .prepare('INSERT INTO fulfilment (source_id, company, number, url, units) VALUES (?, ?, ?, ?, ?)')
      .run(asked[0]?.sourceId ?? '', tracking.company, tracking.number, tracking.url, JSON.stringify(units));
  });
  return database.prepare('SELECT * FROM fulfilment ORDER BY id DESC LIMIT 1').get() ?? {};
}

function fulfilmentOf(row: Row): Fulfilment {
  const units: Record<string, number> = JSON.parse(text(row, 'units'));
  return { sourceId: text(row, 'source_id'), company: text(row, 'company'), number: text(row, 'number'), url: text(row, 'url'), units };
}
