import type { CarrierConnection } from '../core/client.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import { type CarrierSubscription, isDue, isLapsing, notSeenTo, type Subscriber, seenTo } from '../core/subscription.ts';
import { readSubscription, writeSubscription } from './aws/subscription-store.ts';
import { loadCarrier } from './carrier.ts';
import { type CarrierReaching, reachCarrier } from './carrier-reach.ts';

/** How the subscription of a carrier is after a look. */
export interface Renewed {
  readonly subscription: CarrierSubscription;
  /** A person must hear of it. */
  readonly lapsing: boolean;
}

/**
 * Sees to it that a carrier posts to us, where that is due.
 * @returns undefined where it is not due, or a person subscribes
 * @throws what is no fault of the carrier's
 */
export async function renewSubscription({ id, kind, settings }: CarrierConnection, reaching: CarrierReaching): Promise<Renewed | undefined> {
  const { table, publicUrl, now } = reaching;
  const carrier = await loadCarrier(kind);
  const before = await readSubscription(table, id);
  if (carrier.subscribe === undefined || !isDue(before, carrier.capabilities(settings).subscriptionTtlDays, publicUrl, now())) return undefined;
  const { subscription, passes } = await look({ carrierId: id, hubUrl: publicUrl }, before, reaching);
  await writeSubscription(table, subscription);
  return { subscription, lapsing: isLapsing(subscription, passes, now()) };
}

async function look(
  subscriber: Subscriber,
  before: CarrierSubscription | undefined,
  reaching: CarrierReaching,
): Promise<{ readonly subscription: CarrierSubscription; readonly passes: boolean }> {
  try {
    const { carrier, call } = await reachCarrier(subscriber.carrierId, reaching);
    const subscribed = await carrier.subscribe?.(call);
    return { subscription: seenTo(before, subscriber, subscribed ?? { state: 'kept', until: null }, reaching.now()), passes: true };
  } catch (error) {
    if (!(error instanceof Unavailable) && !(error instanceof Rejected)) throw error;
    return { subscription: notSeenTo(before, subscriber, error, reaching.now()), passes: error instanceof Unavailable };
  }
}
