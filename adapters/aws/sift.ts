import { createHash } from 'node:crypto';
import type { Client } from '../../core/client.ts';
import { orderIdOf } from '../../core/id.ts';
import type { Order } from '../../core/order.ts';
import { compareVersions, idOf, type OrderDocument, sourceVersionOf } from '../../core/order-document.ts';
import type { Delivery } from '../delivery.ts';
import { readDelivery } from '../read-delivery.ts';
import type { Parsed } from '../storefront.ts';
import { readOrders } from './order-store.ts';
import type { Table } from './table.ts';

/** What of some deliveries the hub does not have. */
export interface Sifted {
  /** To be taken in, or looked at by a person. */
  readonly wanted: readonly Delivery[];
  /** Orders among them of which the hub has an older version, or none. */
  readonly orderIds: readonly string[];
  /** Digests of all those that cannot be compared with what the hub has: unreadable ones, and those that are no orders. */
  readonly handled: readonly string[];
}

/**
 * Picks the deliveries that say something new. One that cannot be compared with what the hub has is picked once, by its content.
 * @param known digests of those that were picked before
 */
export async function sift({ table, client }: { readonly table: Table; readonly client: Client }, deliveries: readonly Delivery[], known: ReadonlySet<string>): Promise<Sifted> {
  const read = await Promise.all(deliveries.map(async (delivery) => ({ delivery, parsed: await readDelivery(delivery, client).catch(() => undefined) })));
  const orders = await readOrders(
    table,
    read.flatMap(({ delivery, parsed }) => idsIn(delivery, parsed)),
  );
  const wanted: Delivery[] = [];
  const orderIds: string[] = [];
  const handled: string[] = [];
  for (const { delivery, parsed } of read) {
    if (parsed?.kind === 'ignored') continue;
    if (parsed?.kind === 'orders') {
      const news = newsIn(delivery, parsed, orders);
      if (news.length > 0) wanted.push(delivery);
      orderIds.push(...news);
      continue;
    }
    const digest = createHash('sha256').update(delivery.body).digest('base64url').slice(0, 22);
    if (!known.has(digest)) wanted.push(delivery);
    handled.push(digest);
  }
  return { wanted, orderIds, handled };
}

type Orders = Extract<Parsed, { readonly kind: 'orders' }>;

function idsIn({ connectionId }: Delivery, parsed: Parsed | undefined): string[] {
  if (parsed?.kind !== 'orders') return [];
  return [...parsed.orders.map(idOf), ...(parsed.gone ?? []).map((sourceId) => orderIdOf(connectionId, sourceId))];
}

/** Ids of the orders of which this delivery is news. */
function newsIn({ connectionId }: Delivery, { orders, gone = [] }: Orders, known: ReadonlyMap<string, Order>): string[] {
  const newer = orders.filter((document) => isNewer(document, known.get(idOf(document)))).map(idOf);
  return [...newer, ...gone.map((sourceId) => orderIdOf(connectionId, sourceId)).filter((orderId) => isStanding(known.get(orderId)))];
}

function isNewer(document: OrderDocument, order: Order | undefined): boolean {
  return order === undefined || compareVersions(sourceVersionOf(document), order.source) > 0;
}

function isStanding(order: Order | undefined): boolean {
  return order !== undefined && order.ending !== 'cancelled';
}
