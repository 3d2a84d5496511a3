import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { type Breaker, CLOSED } from '../../core/breaker.ts';
import { emptyEnd, lineOf, waitOf } from '../../core/throttle.ts';
import { connectionKey } from './connection-row.ts';
import type { Table } from './table.ts';

interface LineRow {
  readonly entity: 'rate';
  /** The end of the line. */
  readonly promisedUntil: number;
}

interface BreakerRow extends Breaker {
  readonly entity: 'breaker';
  readonly version: number;
}

const ATTEMPTS = 5;

/**
 * Takes a place in the line of calls to a connection, over all of the hub; none where it would have to wait too long, as that call comes back.
 * The database moves the line's end on, so that callers who come at once do not stand in each other's way; an update that is sent again after
 * its answer was lost leaves a place empty.
 * @param longestMs milliseconds beyond which no place is taken
 * @returns how long the call must wait, in milliseconds
 */
export async function takeTurn(table: Table, connectionId: string, perMinute: number, longestMs: number, now: () => Date): Promise<number> {
  const line = lineOf(perMinute);
  const { intervalMs } = line;
  const Key = connectionKey(connectionId, 'RATE');
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const at = now().getTime();
    const empty = emptyEnd(line, at);
    const latest = at + longestMs;
    const joined = await moveEnd(table, {
      Key,
      UpdateExpression: 'SET promisedUntil = promisedUntil + :interval',
      ConditionExpression: 'promisedUntil BETWEEN :empty AND :latest',
      ExpressionAttributeValues: { ':interval': intervalMs, ':empty': empty, ':latest': latest },
    });
    if (joined !== undefined) return waitOf(line, joined, at);
    const begun = await moveEnd(table, {
      Key,
      UpdateExpression: 'SET entity = :rate, promisedUntil = :first',
      ConditionExpression: 'attribute_not_exists(promisedUntil) OR promisedUntil < :empty',
      ExpressionAttributeValues: { ':rate': 'rate', ':first': empty + intervalMs, ':empty': empty },
    });
    if (begun !== undefined) return 0;
    const row = await table.get<LineRow>(Key, 'rate');
    if (row !== undefined && row.promisedUntil > latest) return waitOf(line, row.promisedUntil + intervalMs, at);
  }
  // So many want a turn that the line itself is the limit.
  return longestMs + 1_000;
}

/** @returns the end of the line after that, or undefined when it is not where it was thought to be */
async function moveEnd(table: Table, update: Omit<UpdateCommandInput, 'TableName' | 'ReturnValues'>): Promise<number | undefined> {
  try {
    const { Attributes } = await table.client.send(new UpdateCommand({ TableName: table.name, ReturnValues: 'ALL_NEW', ...update }));
    return Number(Attributes?.promisedUntil);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** Reads whether a connection may be called. */
export async function readBreaker(table: Table, connectionId: string): Promise<Breaker & { readonly version: number }> {
  const row = await table.get<BreakerRow>(connectionKey(connectionId, 'BREAKER'), 'breaker');
  return row ?? { ...CLOSED, version: 0 };
}

/** Writes the breaker that follows the one that was read. @returns false when somebody was faster */
export async function writeBreaker(table: Table, connectionId: string, breaker: Breaker, before: number): Promise<boolean> {
  const item: BreakerRow = { entity: 'breaker', ...breaker, version: before + 1 };
  const condition =
    before === 0 ? { ConditionExpression: 'attribute_not_exists(PK)' } : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before } };
  return (await table.transact([{ Put: { TableName: table.name, Item: { ...item, ...connectionKey(connectionId, 'BREAKER') }, ...condition } }])).written;
}
