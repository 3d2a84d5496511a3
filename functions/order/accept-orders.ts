import { type Arrival, type Intake, takeInAll } from '../../adapters/aws/intake.ts';
import { type Delivery, unpackDelivery } from '../../adapters/delivery.ts';
import { loadStorefront, type Parsed } from '../../adapters/storefront.ts';
import type { Client } from '../../core/client.ts';
import { Rejected } from '../../core/error.ts';
import { count } from '../shell/log.ts';
import { type Failures, queue, type Received } from '../shell/queue.ts';
import { openHub } from '../shell/services.ts';

/** Called by the inbox queue, in batches: takes orders in, reserves their stock, authorises the clean ones by policy. */
export const handler = queue({ read: unpackDelivery, handle: acceptOrders, services: openHub });

/** What comes of one batch: unreadable deliveries fail alone, the rest is taken in together. */
export async function acceptOrders(batch: readonly Received<Delivery>[], intake: Intake): Promise<Failures> {
  const failures = new Map<string, unknown>();
  const orders = new Map<Arrival, string>();
  for (const { id, message } of batch) {
    const parsed = await parse(message, intake.client).catch((error: unknown) => void failures.set(id, error));
    if (parsed?.kind === 'order') orders.set({ document: parsed.order, receivedAt: message.receivedAt }, id);
    if (parsed?.kind === 'ignored') count('deliveryIgnored', intake.now(), { connectionId: message.connectionId, reason: parsed.reason });
  }
  try {
    for (const [document, became] of await takeInAll(intake, [...orders.keys()])) {
      if (became !== 'saved') count('duplicateRefused', intake.now(), { connectionId: document.connectionId, became });
    }
  } catch (error) {
    for (const id of orders.values()) failures.set(id, error);
  }
  return failures;
}

async function parse(delivery: Delivery, client: Client): Promise<Parsed> {
  const connection = client.storefronts.find(({ id }) => id === delivery.connectionId);
  if (connection === undefined) throw new Rejected('storefront.unknown', `No storefront connection is called ${JSON.stringify(delivery.connectionId)} in this client's file.`);
  return (await loadStorefront(connection.kind)).parse(delivery, connection.settings);
}
