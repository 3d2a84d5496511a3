import { archiveDeliveries } from '../../adapters/aws/delivery-store.ts';
import { noteEnded } from '../../adapters/aws/health-store.ts';
import { fetchesOf, readInbox, takeInInbox } from '../../adapters/aws/inbox.ts';
import type { Intake } from '../../adapters/aws/intake.ts';
import { MessageQueue, type Outbox } from '../../adapters/aws/message-queue.ts';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { type Delivery, unpackDelivery } from '../../adapters/delivery.ts';
import { isShapeChanged } from '../../adapters/payload.ts';
import { packPrivacy } from '../../adapters/reference.ts';
import { Unavailable } from '../../core/error.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { count } from '../shell/log.ts';
import { type Failures, queue, type Received } from '../shell/queue.ts';
import { openHub } from '../shell/services.ts';

/** Called by the inbox queue, in batches: keeps what came, takes orders in, reserves their stock, authorises the clean ones by policy. */
export const handler = queue({ read: unpackDelivery, handle: acceptOrders, services: openAccepting });

/** What it works with: what intake does, where deliveries are kept, and where that goes which is not an order. */
export interface Accepting extends Intake {
  readonly archive: Pick<Bucket, 'put'>;
  readonly fetches: Outbox;
  readonly privacy: Outbox;
}

function openAccepting(): Accepting {
  const env = readEnv(ENV.deliveriesBucket, ENV.fetchQueue, ENV.privacyQueue);
  return { ...openHub(), archive: new Bucket(env[ENV.deliveriesBucket]), fetches: new MessageQueue(env[ENV.fetchQueue]), privacy: new MessageQueue(env[ENV.privacyQueue]) };
}

/** What comes of one batch: unreadable deliveries fail alone, the rest is taken in together; all come back when they could not be kept. */
export async function acceptOrders(batch: readonly Received<Delivery>[], accepting: Accepting): Promise<Failures> {
  const { client, table, archive, fetches, privacy, now } = accepting;
  const inbox = await readInbox(batch, client);
  const failures = new Map(inbox.unreadable);
  await Promise.all([
    attempt(inbox.orders, takeIn),
    attempt(inbox.reference, (references) => fetches.send(fetchesOf(references))),
    attempt(inbox.privacy, (asked) =>
      privacy.send(asked.map(({ delivery: { connectionId, receivedAt }, parsed: { request } }) => packPrivacy({ connectionId, request, receivedAt }))),
    ),
    ...inbox.ended.map((one) => attempt([one], () => noteEnded(table, one.delivery.connectionId, one.parsed.reason, now()))),
    attempt(batch, () => archiveDeliveries(archive, batch)),
  ]);
  countKinds(batch, inbox, now());
  return failures;

  async function takeIn(orders: typeof inbox.orders): Promise<void> {
    for (const [{ connectionId }, became] of await takeInInbox(accepting, orders)) if (became !== 'saved') count('duplicateRefused', now(), { connectionId, became });
  }

  async function attempt<One extends { readonly id: string }>(those: readonly One[], work: (those: readonly One[]) => Promise<void>): Promise<void> {
    try {
      await work(those);
    } catch (error) {
      // A message that has to come back comes back, whatever else became of it.
      for (const { id } of those) if (!(failures.get(id) instanceof Unavailable)) failures.set(id, error);
    }
  }
}

function countKinds(batch: readonly Received<Delivery>[], { ended, ignored, unreadable }: Awaited<ReturnType<typeof readInbox>>, now: Date): void {
  for (const { delivery, parsed } of ended) count('connectionEnded', now, { connectionId: delivery.connectionId, reason: parsed.reason });
  for (const { delivery, parsed } of ignored) count('deliveryIgnored', now, { connectionId: delivery.connectionId, reason: parsed.reason });
  for (const { id, message } of batch) {
    const error = unreadable.get(id);
    if (isShapeChanged(error)) count('shapeChanged', now, { connectionId: message.connectionId, field: error.seen });
  }
}
