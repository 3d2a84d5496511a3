import type { Client } from '../core/client.ts';
import type { Delivery } from './delivery.ts';
import { connectionOf } from './reach.ts';
import { loadStorefront, type Parsed } from './storefront.ts';

/**
 * Reads a storefront's delivery by the adapter of its connection.
 * @throws Rejected `storefront.unknown`, or with the field and the value that cannot be read
 */
export async function readDelivery(delivery: Delivery, client: Pick<Client, 'storefronts'>): Promise<Parsed> {
  const { kind, settings } = connectionOf(client, delivery.connectionId);
  if (delivery.absent !== undefined) return { kind: 'orders', orders: [], gone: delivery.absent };
  return (await loadStorefront(kind)).parse(delivery, settings);
}
