import type { CarrierReaching } from '../../adapters/carrier-reach.ts';
import { renewSubscription } from '../../adapters/renew-subscription.ts';
import type { CarrierConnection } from '../../core/client.ts';
import { Unavailable } from '../../core/error.ts';
import { count, errorFields, log } from '../shell/log.ts';
import { Due, schedule } from '../shell/schedule.ts';
import { openCarriers, openHub } from '../shell/services.ts';

/** Called by the scheduler, every hour: sees to it that every carrier goes on posting to us. */
export const handler = schedule({ due: Due, services: () => openCarriers(openHub()), run: renewSubscriptions });

/** One carrier that fails keeps no other from being seen to. @throws Unavailable `tracking.renewal-incomplete` */
export async function renewSubscriptions(_due: Due, reaching: CarrierReaching): Promise<void> {
  const { carriers } = reaching.client;
  const outcomes = await Promise.all(carriers.map(async (connection) => ({ id: connection.id, failure: await renewOne(connection, reaching) })));
  const failed = outcomes.flatMap(({ id, failure }) => (failure === undefined ? [] : id));
  if (failed.length > 0) throw new Unavailable('tracking.renewal-incomplete', `The subscriptions of ${failed.join(', ')} could not be looked at.`);
}

/** @returns what failed and is not noted with the subscription */
async function renewOne(connection: CarrierConnection, reaching: CarrierReaching): Promise<unknown> {
  try {
    const renewed = await renewSubscription(connection, reaching);
    if (renewed === undefined) return undefined;
    const { carrierId, state, until, problem } = renewed.subscription;
    log(problem === undefined ? 'info' : 'warn', 'subscription seen to', {
      carrierId,
      state,
      until: until ?? 'no term',
      ...(problem && { code: problem.code, reason: problem.message }),
    });
    if (state === 'mended') count('subscriptionRepaired', reaching.now(), { carrierId });
    if (renewed.lapsing) count('subscriptionLapsing', reaching.now(), { carrierId, code: problem?.code });
    return undefined;
  } catch (error) {
    log('error', 'subscription not seen to', { carrierId: connection.id, ...errorFields(error) });
    return error;
  }
}
