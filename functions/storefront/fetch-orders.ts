import { type Fetching, fetchAll } from '../../adapters/aws/fetch.ts';
import { MessageQueue } from '../../adapters/aws/message-queue.ts';
import { type Referred, unpackReferred } from '../../adapters/reference.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { count, log } from '../shell/log.ts';
import { type Failures, queue, type Received } from '../shell/queue.ts';
import { openHub, openStorefronts } from '../shell/services.ts';

/** Called by the fetches queue: a storefront named an order, and what it is has to be fetched. */
export const handler = queue({ read: unpackReferred, handle: fetchOrders, services: openFetching });

function openFetching(): Fetching {
  return { ...openStorefronts(openHub()), inbox: new MessageQueue(readEnv(ENV.inboxQueue)[ENV.inboxQueue]) };
}

/** Connections side by side: one that is down holds up none of the others. */
export async function fetchOrders(batch: readonly Received<Referred>[], fetching: Fetching): Promise<Failures> {
  const failures = new Map<string, unknown>();
  const connections = Map.groupBy(batch, ({ message }) => message.connectionId);
  await Promise.all(
    [...connections].map(async ([connectionId, messages]) => {
      const fetched = await fetchAll(connectionId, messages, fetching);
      for (const [id, error] of fetched.failures) failures.set(id, error);
      for (const thing of fetched.absent) count('referenceAbsent', fetching.now(), { connectionId, what: thing.what, id: thing.id });
      log('info', 'references fetched', {
        connectionId,
        messages: messages.length,
        calls: fetched.calls,
        brought: fetched.brought,
        failed: fetched.failures.size,
        open: fetched.open,
      });
    }),
  );
  return failures;
}
