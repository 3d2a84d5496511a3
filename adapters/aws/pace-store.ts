import type { Client } from '../../core/client.ts';
import { type Arrivals, Pace, type PaceCalendar, paceAfter, type Silence } from '../../core/pace.ts';
import { connectionKey } from './connection-row.ts';
import { archivePrefix, readArchiveName } from './delivery-store.ts';
import type { Bucket } from './object-store.ts';
import type { Table } from './table.ts';

const DAY = 86_400_000;

/** What the pace of a connection is read from. */
interface Pacing {
  readonly table: Table;
  readonly client: Pick<Client, 'timeZone' | 'warehouses' | 'policies'>;
  readonly deliveries: Pick<Bucket, 'list'>;
  now(): Date;
}

/** Reads the pace of a connection. @returns undefined when nothing has ever come */
export async function readPace(table: Table, connectionId: string): Promise<Pace | undefined> {
  const row = await table.get<Pace>(connectionKey(connectionId, 'PACE'), 'pace');
  return row === undefined ? undefined : Pace.parse(row);
}

/**
 * Counts what a connection posted since it was counted last, by the names in the archive, and tells what the time since then amounts to.
 * Two at once count the same: the first to write it wins.
 * @returns undefined where nothing has ever come
 */
export async function countDeliveries(connectionId: string, pacing: Pacing): Promise<{ readonly pace: Pace; readonly silence: Silence } | undefined> {
  const { table, client, now } = pacing;
  const before = await readPace(table, connectionId);
  const after = paceAfter(connectionId, before, await arrivalsSince(before?.countedUntil, connectionId, pacing), now(), calendarOf(client));
  if (after === undefined) return undefined;
  const condition =
    before === undefined
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } };
  await table.transact([{ Put: { TableName: table.name, Item: { ...after.pace, ...connectionKey(connectionId, 'PACE') }, ...condition } }]);
  return after;
}

async function arrivalsSince(since: string | undefined, connectionId: string, { client, deliveries, now }: Pacing): Promise<Arrivals[]> {
  const oldest = now().getTime() - client.policies.deliveryDays * DAY;
  const from = since === undefined ? oldest : Math.max(oldest, Date.parse(since));
  const arrivals: Arrivals[] = [];
  for (let day = from - (from % DAY); day <= now().getTime(); day += DAY) {
    for await (const name of deliveries.list(archivePrefix(connectionId, new Date(day).toISOString().slice(0, 10)))) {
      const object = readArchiveName(name);
      if (object !== undefined) arrivals.push({ at: object.receivedAt, count: object.posted });
    }
  }
  return arrivals;
}

function calendarOf({ timeZone, warehouses }: Pacing['client']): PaceCalendar {
  return { timeZone, holidays: new Set(warehouses.flatMap(({ holidays }) => holidays)) };
}
