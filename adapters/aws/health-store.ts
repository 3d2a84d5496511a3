import { Rejected, Unavailable } from '../../core/error.ts';
import { endedHealth, Health, unchecked } from '../../core/health.ts';
import { instant } from '../../core/id.ts';
import { connectionKey } from './connection-row.ts';
import type { Table } from './table.ts';

const ATTEMPTS = 5;

/** Reads how a connection is. @returns undefined when nobody has looked yet */
export async function readHealth(table: Table, connectionId: string): Promise<Health | undefined> {
  const row = await table.get<Health>(connectionKey(connectionId, 'HEALTH'), 'health');
  return row === undefined ? undefined : Health.parse(row);
}

/** Writes down how a connection is now, on top of what others wrote meanwhile. @throws Unavailable `health.contended` */
export async function changeHealth(table: Table, connectionId: string, change: (before: Health) => Health): Promise<Health> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await readHealth(table, connectionId);
    const after = change(before ?? unchecked(connectionId));
    const condition =
      before === undefined
        ? { ConditionExpression: 'attribute_not_exists(PK)' }
        : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } };
    if ((await table.transact([{ Put: { TableName: table.name, Item: { ...after, ...connectionKey(connectionId, 'HEALTH') }, ...condition } }])).written) return after;
  }
  throw new Unavailable('health.contended', `How ${connectionId} is was written by others ${ATTEMPTS} times.`);
}

/** Notes that the storefront ended a connection: what is to be written to it waits for a person, until a check finds it there again. */
export async function noteEnded(table: Table, connectionId: string, reason: string, now: Date): Promise<void> {
  await changeHealth(table, connectionId, (before) => endedHealth(before, reason, instant(now)));
}

/** Refuses to read or write a connection that the storefront ended. @throws Rejected `storefront.ended` */
export async function refuseEnded(table: Table, connectionId: string): Promise<void> {
  const { ended } = (await readHealth(table, connectionId)) ?? {};
  if (ended === undefined) return;
  throw new Rejected(
    'storefront.ended',
    `The storefront ended ${connectionId} at ${ended.at} (${ended.reason}): connect it again there, put its new token into its secret, and redrive once the hourly check has found it.`,
  );
}
