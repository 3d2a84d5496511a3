import { archiveDeliveries } from '../../adapters/aws/delivery-store.ts';
import type { Outbox } from '../../adapters/aws/message-queue.ts';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { type Delivery, unpackDelivery } from '../../adapters/delivery.ts';
import { packLookups } from '../../adapters/lookup.ts';
import { readUpdate } from '../../adapters/read-update.ts';
import { type Applied, applyTold, type Told } from '../../adapters/update.ts';
import { Unavailable } from '../../core/error.ts';
import type { TrackingUpdate } from '../../core/tracking.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { count } from '../shell/log.ts';
import { type Failures, queue, type Received } from '../shell/queue.ts';
import { type Hub, openHub, openQueues } from '../shell/services.ts';

/** Called by the updates queue: what carriers told us about parcels. */
export const handler = queue({ read: unpackDelivery, handle: applyUpdates, services: openTracking });

/** What it works with: where deliveries are kept, and where carriers are asked. */
export interface Tracking extends Pick<Hub, 'table' | 'client' | 'now' | 'newId'> {
  readonly archive: Pick<Bucket, 'put'>;
  /** By carrier connection. */
  readonly lookups: Readonly<Record<string, Outbox>>;
}

function openTracking(): Tracking {
  return { ...openHub(), archive: new Bucket(readEnv(ENV.deliveriesBucket)[ENV.deliveriesBucket]), lookups: openQueues(ENV.lookupsQueue) };
}

/** Keeps every delivery as it came, beside what becomes of it; all come back when they could not be kept. */
export async function applyUpdates(batch: readonly Received<Delivery>[], tracking: Tracking): Promise<Failures> {
  const [failures] = await Promise.all([applyAll(batch, tracking), archiveDeliveries(tracking.archive, batch)]);
  return failures;
}

/** What a batch tells of one parcel, and the messages that tell it. */
interface ToldBy extends Told {
  readonly ids: readonly string[];
}

/** Takes together what a batch tells of one parcel, so that callbacks which come at once do not stand in each other's way. */
async function applyAll(batch: readonly Received<Delivery>[], tracking: Tracking): Promise<Failures> {
  const failures = new Map<string, unknown>();
  const told = new Map<string, ToldBy>();
  for (const { id, message } of batch) {
    const { connectionId: carrierId } = message;
    for (const { trackingNumber, events } of await newsIn(message, tracking).catch((error: unknown) => fail([id], error))) {
      const key = `${carrierId} ${trackingNumber}`;
      const before = told.get(key);
      told.set(key, { carrierId, trackingNumber, ids: [...(before?.ids ?? []), id], events: [...(before?.events ?? []), ...events] });
    }
  }
  const all = [...told.values()];
  const applied = await applyTold(all, tracking).catch((failure: unknown) => new Map(all.map((one) => [one, { fresh: [], foreign: 0, failure }])));
  for (const one of all) {
    const { failure } = report(one, applied.get(one), tracking);
    if (failure !== undefined) fail(one.ids, failure);
  }
  return failures;

  function fail(ids: readonly string[], error: unknown): [] {
    // A message that has to come back comes back, whatever else became of it.
    for (const id of ids) if (!(failures.get(id) instanceof Unavailable)) failures.set(id, error);
    return [];
  }
}

/** What nobody vouches for is looked up instead, and comes in again as the carrier's answer. */
async function newsIn(delivery: Delivery, { client, lookups, now }: Tracking): Promise<readonly TrackingUpdate[]> {
  const { connectionId: carrierId } = delivery;
  const read = await readUpdate(delivery, client);
  if (read.kind === 'updates') return read.updates;
  if (read.kind === 'ignored') count('updateIgnored', now(), { carrierId, reason: read.reason });
  else await lookups[carrierId]?.send(packLookups({ carrierId, trackingNumbers: read.trackingNumbers, because: 'hint' }, read.atOnce));
  return [];
}

function report({ carrierId }: Told, applied: Applied = { fresh: [], foreign: 0 }, tracking: Tracking): Applied {
  for (const { status, code } of applied.fresh) if (status === 'unknown') count('unmappedCode', tracking.now(), { carrierId, code });
  if (applied.foreign > 0) count('updateIgnored', tracking.now(), { carrierId, reason: `${applied.foreign} events are of no label that is in use` });
  return applied;
}
