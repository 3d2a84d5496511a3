import type { Arrival } from '../adapters/aws/intake.ts';
import { loadStorefront } from '../adapters/storefront.ts';
import type { Client } from '../core/client.ts';
import { inventOrder, webhookOf } from './life.ts';

/** A paid order of one unit as the storefront's webhook brings it. @param index 0 for the first */
export async function arrivalOf(client: Client, index: number, sku: string): Promise<Arrival> {
  const connection = client.storefronts.find(({ kind }) => kind === 'custom');
  if (connection === undefined) throw new Error('The demo client has no custom storefront any more.');
  const { parse } = await loadStorefront(connection.kind);
  const receivedAt = new Date().toISOString();
  const { body, meta } = webhookOf(inventOrder(index, [sku], client.currency), 1, true);
  const parsed = parse({ connectionId: connection.id, receivedAt, headers: { 'webhook-id': String(meta.webhookId) }, body }, connection.settings);
  const document = parsed.kind === 'orders' ? parsed.orders[0] : undefined;
  if (document === undefined) throw new Error(`Order ${index} was not understood, but taken for ${parsed.kind}.`);
  return { document, receivedAt };
}
