import type { Key } from './table.ts';

/** Where the rows of a connection are kept: its token, where reading its orders stands, how it is. */
export function connectionKey(connectionId: string, row: 'CURSOR' | 'TOKEN' | 'HEALTH' | 'PACE'): Key {
  return { PK: `C#${connectionId}`, SK: row };
}
