import type { Client } from '../core/client.ts';
import type { TrackingUpdate } from '../core/tracking.ts';
import { loadCarrier, type ParsedUpdate } from './carrier.ts';
import { carrierConnectionOf } from './carrier-reach.ts';
import type { Delivery } from './delivery.ts';

/** What a carrier's delivery is: news; something that names parcels and proves nothing, so that the carrier is asked about them; or neither. */
export type ReadUpdate = ParsedUpdate | { readonly kind: 'hint'; readonly trackingNumbers: string[]; readonly atOnce: number };

/**
 * Reads a carrier's delivery by the adapter of its connection.
 * @throws Rejected `carrier.unknown`, or with the field and the value that cannot be read
 */
export async function readUpdate(delivery: Delivery, client: Pick<Client, 'carriers'>): Promise<ReadUpdate> {
  const { kind, settings } = carrierConnectionOf(client, delivery.connectionId);
  const carrier = await loadCarrier(kind);
  const parsed = carrier.parseUpdate(delivery, settings);
  const { callbackAuth, trackBatch } = carrier.capabilities(settings);
  if (parsed.kind === 'ignored' || delivery.via === 'poll' || callbackAuth !== 'none') return parsed;
  if (carrier.track === undefined) return { kind: 'ignored', reason: `${carrier.title} proves nothing that it posts, and cannot be asked` };
  return { kind: 'hint', trackingNumbers: numbersIn(parsed.updates), atOnce: trackBatch };
}

function numbersIn(updates: readonly TrackingUpdate[]): string[] {
  return [...new Set(updates.map(({ trackingNumber }) => trackingNumber))];
}
