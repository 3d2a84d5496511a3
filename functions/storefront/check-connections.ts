import { type Erasing, eraseWaiting } from '../../adapters/aws/erase.ts';
import { type CheckedConnection, checkConnection, type HealthChecking } from '../../adapters/aws/health-check.ts';
import { Bucket } from '../../adapters/aws/object-store.ts';
import type { StorefrontConnection } from '../../core/client.ts';
import { Unavailable } from '../../core/error.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { count, errorFields, log } from '../shell/log.ts';
import { Due, schedule } from '../shell/schedule.ts';
import { openHub, openStorefronts } from '../shell/services.ts';

/** Called by the scheduler, every hour: sees to it that every storefront still posts to us, and notices those that fell silent. */
export const handler = schedule({ due: Due, services: openChecker, run: checkConnections });

type Checker = HealthChecking & Erasing;

function openChecker(): Checker {
  const env = readEnv(ENV.deliveriesBucket, ENV.labelsBucket);
  return { ...openStorefronts(openHub()), deliveries: new Bucket(env[ENV.deliveriesBucket]), labels: new Bucket(env[ENV.labelsBucket]) };
}

/** One connection that fails keeps no other from being checked. @throws Unavailable `storefront.check-incomplete` */
export async function checkConnections(_due: Due, checker: Checker): Promise<void> {
  const { storefronts } = checker.client;
  const outcomes = await Promise.all(storefronts.map(async (connection) => ({ connectionId: connection.id, failure: await checkOne(connection, checker) })));
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  for (const { connectionId, failure } of failed) log('error', 'connection not checked', { connectionId, ...errorFields(failure) });
  const names = failed.map(({ connectionId }) => connectionId).join(', ');
  if (failed.length > 0) throw new Unavailable('storefront.check-incomplete', `${failed.length} of ${storefronts.length} connections could not be checked: ${names}.`);
}

/** @returns what failed and may pass */
async function checkOne(connection: StorefrontConnection, checker: Checker): Promise<unknown> {
  try {
    const checked = await checkConnection(connection, checker);
    tell(checked, checker.now());
    await eraseWaiting(connection.id, checker, (fields) => log('info', 'erased what was over', { connectionId: connection.id, ...fields }));
    return checked.failure;
  } catch (error) {
    return error;
  }
}

function tell({ health, repaired, silence, failure }: CheckedConnection, now: Date): void {
  const { connectionId, problem, ended } = health;
  for (const topic of repaired) count('subscriptionRepaired', now, { connectionId, topic });
  if (problem !== undefined && failure === undefined) count('connectionUnhealthy', now, { connectionId, code: problem.code, reason: problem.message });
  if (silence?.kind === 'silent' && ended === undefined) count('connectionSilent', now, { connectionId, since: silence.since });
}
