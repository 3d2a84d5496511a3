import type { PolledParcels, PollingParcels } from '../../adapters/poll-parcels.ts';
import { pollCarrier } from '../../adapters/poll-parcels.ts';
import type { CarrierConnection } from '../../core/client.ts';
import { Unavailable } from '../../core/error.ts';
import { ENV } from '../shell/env.ts';
import { errorFields, log } from '../shell/log.ts';
import { Due, schedule } from '../shell/schedule.ts';
import { type Hub, openHub, openQueues } from '../shell/services.ts';

/** Called by the scheduler, every half hour: has carriers asked about parcels of which nothing was heard for long. */
export const handler = schedule({ due: Due, services: () => ({ ...openHub(), lookups: openQueues(ENV.lookupsQueue) }), run: pollUpdates });

/** One carrier that fails keeps no other from being asked. @throws Unavailable `tracking.poll-incomplete` */
export async function pollUpdates(_due: Due, polling: Pick<Hub, 'client'> & PollingParcels): Promise<void> {
  const carriers = polling.client.carriers.filter(({ id }) => Object.hasOwn(polling.lookups, id));
  const outcomes = await Promise.all(carriers.map(async (connection) => ({ connection, failure: await pollOne(connection, polling) })));
  const failed = outcomes.flatMap(({ connection, failure }) => (failure === undefined ? [] : connection.id));
  if (failed.length > 0) throw new Unavailable('tracking.poll-incomplete', `Parcels of ${failed.join(', ')} could not be asked for; the next run goes on.`);
}

/** @returns what failed */
async function pollOne(connection: CarrierConnection, polling: PollingParcels): Promise<unknown> {
  try {
    const polled: PolledParcels = await pollCarrier(connection, polling);
    log('info', 'silent parcels asked for', { carrierId: connection.id, ...polled });
    return undefined;
  } catch (error) {
    log('error', 'silent parcels not asked for', { carrierId: connection.id, ...errorFields(error) });
    return error;
  }
}
