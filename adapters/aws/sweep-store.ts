import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { WorkList } from '../../core/clock.ts';
import type { Key, Table } from './table.ts';

/** Where a sweep stopped: in the work lists, each read by shard and by the instant since when something waits. */
export interface Position {
  readonly list: WorkList;
  readonly shard: number;
  /** UTC instant. */
  readonly since: string;
}

const KEY: Key = { PK: 'SWEEP', SK: 'CLOCKS' };

/** Reads where the last sweep stopped. @returns undefined when it came to the end */
export async function readPosition(table: Table): Promise<Position | undefined> {
  return await table.get<Position & { readonly entity: 'sweep' }>(KEY, 'sweep');
}

/** Keeps where a sweep stopped. Two at once may each keep theirs: either is a place to go on from. */
export async function writePosition(table: Table, position: Position): Promise<void> {
  await table.client.send(new PutCommand({ TableName: table.name, Item: { ...KEY, entity: 'sweep', ...position } }));
}

/** The next sweep begins at the beginning. */
export async function forgetPosition(table: Table): Promise<void> {
  await table.client.send(new DeleteCommand({ TableName: table.name, Key: KEY }));
}
