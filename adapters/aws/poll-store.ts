import type { PollState } from '../../core/connection.ts';
import { connectionKey } from './connection-row.ts';
import type { Table } from './table.ts';

/** Reads where reading a storefront's orders stands; undefined before the first reading. */
export async function readPollState(table: Table, connectionId: string): Promise<PollState | undefined> {
  return await table.get<PollState>(connectionKey(connectionId, 'CURSOR'), 'cursor');
}

/** Writes the state after the one that was read. @returns false when another reading was faster */
export async function writePollState(table: Table, state: PollState): Promise<boolean> {
  const after = { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': state.version - 1 } };
  const condition = state.version === 1 ? { ConditionExpression: 'attribute_not_exists(PK)' } : after;
  return (await table.transact([{ Put: { TableName: table.name, Item: { ...state, ...connectionKey(state.connectionId, 'CURSOR') }, ...condition } }])).written;
}
