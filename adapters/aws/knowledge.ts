import type { Client, StorefrontConnection } from '../../core/client.ts';
import { orderIdOf } from '../../core/id.ts';
import type { Stock } from '../../core/inventory.ts';
import { explode } from '../../core/kit.ts';
import { readingsOf, sharedWith, skusToRead } from '../../core/level.ts';
import { hasLeft } from '../../core/order.ts';
import type { Knowledge } from '../storefront.ts';
import { readSourceId } from './number-store.ts';
import { readOrders } from './order-store.ts';
import { readParcels } from './parcel-store.ts';
import { readStock } from './stock-store.ts';
import type { Table } from './table.ts';

/** Where the hub's knowledge is. */
interface Hub {
  readonly client: Client;
  readonly table: Table;
  /** @default the machine's clock */
  now?(): Date;
}

/** What the hub knows that a storefront may ask for: of its own orders, and of stock without what the connection holds back. */
export function knowledgeOf(connection: StorefrontConnection, { client, table, now = () => new Date() }: Hub): Knowledge {
  const idOf = (sourceId: string) => orderIdOf(connection.id, sourceId);
  const statusOf = async (sourceId: string) => (await readOrders(table, [idOf(sourceId)])).get(idOf(sourceId))?.status;
  // Some storefronts have one name for both.
  const namedByItsId = async (number: string) => ((await statusOf(number)) === undefined ? undefined : number);
  return {
    statusOf,
    stockOf: async (skus) => await stockOf(skus, connection, { client, table, now }),
    trackingOf: async (sourceId) => await trackingOf(table, idOf(sourceId)),
    sourceIdOf: async (number) => (await readSourceId(table, connection.id, number)) ?? (await namedByItsId(number)),
  };
}

async function trackingOf(table: Table, orderId: string): ReturnType<Knowledge['trackingOf']> {
  const order = (await readOrders(table, [orderId])).get(orderId);
  const left = new Set(order?.parcels.filter(hasLeft).map(({ parcel }) => parcel));
  const parcels = left.size === 0 ? [] : await readParcels(table, orderId);
  return parcels
    .sort((a, b) => a.parcel - b.parcel)
    .flatMap(({ parcel, label }) => (left.has(parcel) && label ? [{ parcel, carrier: label.carrier, trackingNumber: label.trackingNumber, trackingUrl: label.trackingUrl }] : []));
}

/**
 * Units on the shelf that may be sold, promised ones among them: a storefront that asks takes off itself what it has sold.
 */
async function stockOf(skus: readonly string[] | undefined, connection: StorefrontConnection, { client, table, now }: Required<Hub>): Promise<ReadonlyMap<string, number>> {
  const known = new Set([...client.products, ...client.kits].map(({ sku }) => sku));
  const wanted = new Set(skus === undefined ? known : skus.filter((sku) => known.has(sku)));
  const parts = new Set(
    explode(
      [...wanted].map((sku) => ({ sku, quantity: 1 })),
      client,
      [],
    ).demand.map(({ sku }) => sku),
  );
  const stock = await readStock(table, skusToRead(parts, client), client);
  const readings = readingsOf(parts, stock.map(withPromised), client, now());
  return new Map(readings.filter(({ sku }) => wanted.has(sku)).map((reading) => [reading.sku, sharedWith(connection, reading)]));
}

function withPromised(stock: Stock): Stock {
  return { ...stock, available: stock.available + stock.reserved };
}
