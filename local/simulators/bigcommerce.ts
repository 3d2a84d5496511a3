import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { sign } from '../../adapters/signature.ts';
import { API_SCHEMA, type Api, answering, type Window } from './bigcommerce-api.ts';
import { ORDERS_SCHEMA, type OrderState, placeOrder, readOrders, statusOf } from './bigcommerce-orders.ts';
import { numberOf } from './bigcommerce-payload.ts';
import { count, openDatabase, text } from './database.ts';
import { listen } from './listen.ts';
import type { Posting } from './outbox.ts';
import type { Happening, PlayedShop, ShopAddress, ShopOptions, ShopOrder, Writer } from './shop.ts';

/** How the simulated store is set up. */
export interface BigcommerceOptions extends ShopOptions {
  /** Posts of the store's own accord: what it says of shipments that were made. */
  readonly post?: (postings: readonly Posting[]) => void;
  /** @default generous, so that a day of trade is over in minutes */
  readonly window?: Window;
}

/** Every store that is played has this hash: what it posts names it. */
const STORE_HASH = 'hp0utlet1';
const STORE_ID = '1025646';
const WIDE_WINDOW: Window = { requests: 2_000, ms: 2_000 };

/** Opens a store's API on the loopback interface. https://developer.bigcommerce.com/docs/rest-management */
export async function openBigcommerce(options: BigcommerceOptions): Promise<PlayedShop> {
  const database = openDatabase(options.file, ORDERS_SCHEMA + API_SCHEMA);
  const { connectionId, secret, hookUrl } = options;
  const shipped: Api['shipped'] = (before, after, shipmentId) => options.post?.(echoesOf(before, after, shipmentId, connectionId, subscribedTo(database, hookUrl())));
  const server = await listen(answering({ database, base: `/stores/${STORE_HASH}`, token: secret.token, window: options.window ?? WIDE_WINDOW, shipped }));
  return {
    connectionId,
    settings: { apiUrl: server.url, storeHash: STORE_HASH },
    address: bigcommerceAddress(database, hookUrl, secret.signing),
    place: (order, version) => placeOrder(database, order, version),
    expect: (faults) => {
      for (const { sourceId, fault } of faults) database.prepare('INSERT OR IGNORE INTO fault VALUES (?, ?, 1)').run(sourceId, fault);
    },
    stock: (units) => {
      for (const [sku, quantity] of Object.entries(units)) database.prepare('INSERT OR IGNORE INTO stock VALUES (?, ?)').run(sku, quantity);
    },
    // After 48 hours of failures a hook is switched off, and stays in the list.
    unsubscribe: () => database.exec('UPDATE hook SET active = 0'),
    subscribed: () => subscribedTo(database, hookUrl()),
    orders: () => readOrders(database).map((state) => shopOrderOf(database, state)),
    available: () => Object.fromEntries(rowsOf(database, 'SELECT * FROM stock ORDER BY sku').map((row) => [text(row, 'sku'), count(row, 'quantity')])),
    complaints: () => rowsOf(database, 'SELECT what FROM complaint ORDER BY id').map((row) => text(row, 'what')),
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

const SCOPES: Readonly<Record<Happening, string>> = {
  created: 'store/order/created',
  updated: 'store/order/updated',
  paid: 'store/order/statusUpdated',
  cancelled: 'store/order/statusUpdated',
};

/** Writes what BigCommerce posts when an order comes to a version: its id, and where it is fetched is ours to know. */
export const writeBigcommerce: Writer = (happening, order, version, id) => {
  const scope = SCOPES[happening];
  return {
    body: eventOf(scope, { type: 'order', id: numberOf(order.sourceId) }, Date.parse(version.updatedAt)),
    meta: { topic: scope, webhookId: `msg_${id.replaceAll('.', '-')}` },
  };
};

function eventOf(scope: string, data: object, at: number): Buffer {
  const hash = createHash('sha1').update(JSON.stringify(data)).digest('hex');
  return Buffer.from(JSON.stringify({ scope, store_id: STORE_ID, data, hash, created_at: Math.floor(at / 1_000), producer: `stores/${STORE_HASH}` }));
}

/** Posts to every active hook's destination: ours where there is one. Each attempt is signed anew. */
function bigcommerceAddress(database: DatabaseSync, hookUrl: () => string, clientSecret: string): ShopAddress {
  return ({ body, meta }, now) => {
    const hooks = database.prepare('SELECT destination FROM hook WHERE scope = ? AND active = 1 ORDER BY id').all(meta.topic ?? '');
    const destinations = hooks.map((row) => text(row, 'destination'));
    const url = destinations.find((one) => one === hookUrl()) ?? destinations[0];
    if (url === undefined) return undefined;
    const at = meta.signedAt === undefined ? now : new Date(meta.signedAt);
    const signed = sign(body, { family: 'standard-webhooks', key: 'utf8', toleranceSeconds: 300 }, clientSecret, { id: meta.webhookId ?? '', at });
    return { url, headers: { 'content-type': 'application/json', ...signed } };
  };
}

function subscribedTo(database: DatabaseSync, hookUrl: string): string[] {
  const hooks = database.prepare('SELECT scope FROM hook WHERE active = 1 AND destination = ? ORDER BY id').all(hookUrl);
  return hooks.map((row) => text(row, 'scope'));
}

/** What the store posts because somebody made a shipment: the hub hears what it did itself. */
function echoesOf(before: OrderState, after: OrderState, shipmentId: number, connectionId: string, subscribed: readonly string[]): Posting[] {
  const { sold, modified } = after;
  const id = numberOf(sold.sourceId);
  const [previous, next] = [statusOf(before).id, statusOf(after).id];
  const events: readonly (readonly [string, object])[] = [
    ['store/shipment/created', { type: 'shipment', id: shipmentId, orderId: id }],
    ['store/order/updated', { type: 'order', id }],
    ...(previous === next ? [] : [['store/order/statusUpdated', { type: 'order', id, status: { previous_status_id: previous, new_status_id: next } }] as const]),
  ];
  return events
    .filter(([scope]) => subscribed.includes(scope))
    .map(([scope, data]) => {
      const posting = `${connectionId}:${sold.sourceId}/shipment-${shipmentId}/${scope}`;
      return { id: posting, sender: connectionId, meta: { topic: scope, webhookId: `msg_${posting.replaceAll('.', '-')}` }, body: eventOf(scope, data, modified), due: Date.now() };
    });
}

function shopOrderOf(database: DatabaseSync, state: OrderState): ShopOrder {
  const { sourceId } = state.sold;
  const fulfilled: Record<string, number> = {};
  for (const { line, shipped } of state.lines) if (shipped > 0) fulfilled[line.sku ?? ''] = (fulfilled[line.sku ?? ''] ?? 0) + shipped;
  const mails = database.prepare('SELECT what FROM mail WHERE source_id = ? ORDER BY id').all(sourceId);
  return {
    sourceId,
    fulfilled,
    trackingNumbers: state.shipments.map(({ trackingNumber }) => trackingNumber),
    status: statusOf(state).name,
    mails: mails.map((row) => text(row, 'what')),
  };
}

function rowsOf(database: DatabaseSync, query: string) {
  return database.prepare(query).all();
}
