import type { Key } from './table.ts';

/**
 * Where the rows of a connection are kept: its token, where reading its orders stands, how it is, how fast it may be called, whether it is down,
 * where asking after its parcels stands, and whether it posts to us.
 */
export function connectionKey(connectionId: string, row: 'CURSOR' | 'TOKEN' | 'HEALTH' | 'PACE' | 'RATE' | 'BREAKER' | 'ROUND' | 'SUBSCRIPTION'): Key {
  return { PK: `C#${connectionId}`, SK: row };
}
