import { openDatabase, text } from './database.ts';
import { listen } from './listen.ts';
import type { Posting } from './outbox.ts';
import type { Happening, PlayedShop, ShopOptions, Writer } from './shop.ts';
import { ORDERS_SCHEMA, type OrderDesk, orderBody, orderRoutes, placeOrder, setStatus, shopOrders } from './woocommerce-orders.ts';
import { wooOrder } from './woocommerce-payload.ts';
import { addProducts, availableProducts, PRODUCTS_SCHEMA, productRoutes } from './woocommerce-products.ts';
import { restApi } from './woocommerce-rest.ts';
import { activeTopics, WEBHOOKS_SCHEMA, webhookAddress, webhookRoutes } from './woocommerce-webhooks.ts';

/** How the simulated site is set up. */
export interface WoocommerceOptions extends ShopOptions {
  /** Takes what the site posts because somebody wrote to it. */
  readonly post?: (postings: readonly Posting[]) => void;
  /** Plugins that are switched on. @default Shipment Tracking */
  readonly plugins?: readonly 'shipment-tracking'[];
}

/** A WooCommerce site as the hub sees it: webhooks that are posted once out, the REST API in. */
export interface WoocommerceShop extends PlayedShop {
  readonly siteUrl: string;
  /** Puts an order into the trash, as the site's own people do. */
  trash(sourceId: string): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, what TEXT) STRICT;
  ${ORDERS_SCHEMA}
  ${PRODUCTS_SCHEMA}
  ${WEBHOOKS_SCHEMA}
`;

/** Opens the site's REST API on the loopback interface. https://woocommerce.github.io/woocommerce-rest-api-docs */
export async function openWoocommerce(options: WoocommerceOptions): Promise<WoocommerceShop> {
  const { connectionId, hookUrl, plugins = ['shipment-tracking'] } = options;
  const database = openDatabase(options.file, SCHEMA);
  const complain = (what: string): void => void database.prepare('INSERT INTO complaint (what) VALUES (?)').run(what);
  const subscribed = () => activeTopics(database, hookUrl());
  const changed = (sourceId: string): void => {
    const body = orderBody(database, sourceId);
    if (body !== undefined && subscribed().includes('order.updated')) options.post?.([echoOf(connectionId, sourceId, body)]);
  };
  const desk: OrderDesk = { database, hasPlugin: plugins.includes('shipment-tracking'), complain, changed };
  const server = await listen(restApi([...orderRoutes(desk), ...productRoutes(database), ...webhookRoutes(database)], options.secret.token, complain));
  return {
    connectionId,
    siteUrl: server.url,
    settings: { siteUrl: server.url },
    address: webhookAddress(database, () => server.url),
    place: (order, version) => placeOrder(database, order, version),
    expect: (faults) => {
      for (const { sourceId, fault } of faults) database.prepare('INSERT OR IGNORE INTO telling_fault VALUES (?, ?, 1)').run(sourceId, fault);
    },
    stock: (units) => addProducts(database, units),
    unsubscribe: () => database.exec("UPDATE webhook SET status = 'disabled'"),
    subscribed,
    orders: () => shopOrders(database),
    available: () => availableProducts(database),
    complaints: () =>
      database
        .prepare('SELECT what FROM complaint ORDER BY id')
        .all()
        .map((row) => text(row, 'what')),
    trash: (sourceId) => setStatus(database, sourceId, 'trash'),
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

let echoes = 0;

/** What the site posts because it was written to: the hub hears what it did itself. */
function echoOf(connectionId: string, sourceId: string, body: Buffer): Posting {
  echoes += 1;
  return { id: `${connectionId}:${sourceId}/echo-${Date.now()}-${echoes}`, sender: connectionId, meta: { topic: 'order.updated' }, body, due: Date.now() };
}

const TOPICS: Readonly<Record<Happening, string>> = { created: 'order.created', updated: 'order.updated', paid: 'order.updated', cancelled: 'order.updated' };

/** Writes what the site posts when an order comes to a version. */
export const writeWoocommerce: Writer = (happening, order, version) => ({ body: wooOrder(order, version), meta: { topic: TOPICS[happening] } });
