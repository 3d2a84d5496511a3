import { jsonOf } from '../../adapters/answer.ts';
import { MessageQueue, type Outbox } from '../../adapters/aws/message-queue.ts';
import { type CarrierReaching, reachCarrier } from '../../adapters/carrier-reach.ts';
import { packDelivery } from '../../adapters/delivery.ts';
import { type Lookup, unpackLookup } from '../../adapters/lookup.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { type Failures, queue, type Received } from '../shell/queue.ts';
import { openCarriers, openHub } from '../shell/services.ts';

/** Called by the lookups queues, one for each carrier: asks it where parcels are, and puts what it says where its callbacks go. */
export const handler = queue({ read: unpackLookup, handle: lookUpParcels, services: openLookups });

/** What it works with: the way to carriers, and where their updates go. */
export interface LookingUp extends CarrierReaching {
  readonly updates: Outbox;
}

function openLookups(): LookingUp {
  return { ...openCarriers(openHub()), updates: new MessageQueue(readEnv(ENV.updatesQueue)[ENV.updatesQueue]) };
}

/** Carriers side by side. After a call that may succeed later a carrier is asked nothing more: the messages come back. */
export async function lookUpParcels(batch: readonly Received<Lookup>[], lookingUp: LookingUp): Promise<Failures> {
  const failures = new Map<string, unknown>();
  const carriers = Map.groupBy(batch, ({ message }) => message.carrierId);
  await Promise.all([...carriers].map(([carrierId, messages]) => askOne(carrierId, messages, lookingUp, failures)));
  return failures;
}

async function askOne(carrierId: string, messages: readonly Received<Lookup>[], lookingUp: LookingUp, failures: Map<string, unknown>): Promise<void> {
  const asked = new Set<string>();
  let down: Unavailable | undefined;
  for (const { id, message } of messages) {
    try {
      if (down !== undefined) throw down;
      // Two messages that name one parcel are answered by one call.
      const numbers = message.trackingNumbers.filter((number) => !asked.has(number));
      await ask(carrierId, numbers, lookingUp);
      for (const number of numbers) asked.add(number);
    } catch (error) {
      if (error instanceof Unavailable) down ??= error;
      failures.set(id, error);
    }
  }
  log('info', 'carrier asked for parcels', { carrierId, messages: messages.length, parcels: asked.size, failed: messages.filter(({ id }) => failures.has(id)).length });
}

async function ask(carrierId: string, numbers: readonly string[], lookingUp: LookingUp): Promise<void> {
  if (numbers.length === 0) return;
  const { carrier, capabilities, call } = await reachCarrier(carrierId, lookingUp);
  if (carrier.track === undefined)
    throw new Rejected('carrier.track-unsupported', `${carrier.title} cannot be asked where parcels are, and a message asks ${carrierId}; take its queue away.`);
  for (let from = 0; from < numbers.length; from += capabilities.trackBatch) {
    const bodies = await carrier.track(numbers.slice(from, from + capabilities.trackBatch), call);
    // One that is whole and says nothing readable is kept, as a dead letter; one that was cut off is no answer.
    if (bodies.some((body) => jsonOf({ body }) === undefined)) throw new Unavailable('carrier.answer-damaged', `${carrier.title} answered what is no JSON; it is asked again.`);
    const receivedAt = lookingUp.now().toISOString();
    await lookingUp.updates.send(bodies.map((body) => packDelivery({ connectionId: carrierId, headers: {}, body, receivedAt, via: 'poll' })));
  }
}
