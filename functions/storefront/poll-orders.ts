import { MessageQueue } from '../../adapters/aws/message-queue.ts';
import { type Polling, readChanges } from '../../adapters/aws/poll.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { count, log } from '../shell/log.ts';
import { PollDue, schedule } from '../shell/schedule.ts';
import { openHub, openStorefronts } from '../shell/services.ts';

/** Called by the scheduler, for each connection whose orders can be listed: takes in what no webhook brought. */
export const handler = schedule({ due: PollDue, services: openPolling, run: pollOrders });

function openPolling(): Polling {
  const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  return { ...openStorefronts(openHub()), inbox: new MessageQueue(readEnv(ENV.inboxQueue)[ENV.inboxQueue]), wait };
}

/** Leaves two minutes of the function's five to the page that it is at. */
const PATIENCE_MS = 180_000;
const NAMED = 50;

export async function pollOrders({ connectionId }: Pick<PollDue, 'connectionId'>, polling: Polling): Promise<void> {
  const { now } = polling;
  let found = 0;
  const { pages, bodies, stopped } = await readChanges(polling, {
    connectionId,
    patience: PATIENCE_MS,
    found(orderIds) {
      if (orderIds.length === 0) return;
      found += orderIds.length;
      count('foundByPoll', now(), { connectionId, orders: orderIds.slice(0, NAMED).join(' ') }, orderIds.length);
    },
    tooLarge: (bytes) => count('deliveryTooLarge', now(), { connectionId, bytes }),
  });
  log('info', 'orders read', { connectionId, pages, bodies, found, stopped });
}
