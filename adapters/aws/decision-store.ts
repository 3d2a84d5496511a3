import type { AllocationDecision } from '../../core/allocation.ts';
import type { Saved } from '../../core/order.ts';
import type { Item, Key, Table } from './table.ts';

/** Why an order got what it got, with what decided it; kept for each version of the order that was allocated. */
export interface StoredDecision extends AllocationDecision {
  readonly at: string;
  readonly version: number;
}

interface Row {
  readonly entity: 'allocation';
  readonly at: string;
  readonly version: number;
  /** JSON: nobody asks the table about a part of it, and as one value it costs a fraction to read and write. */
  readonly decision: string;
}

/** The rows that keep decisions; the key makes a rewrite harmless. */
export function decisionRows(saved: readonly Saved[]): (Key & Item)[] {
  return saved.flatMap(({ order, decision }) =>
    decision === undefined
      ? []
      : [
          {
            PK: `O#${order.orderId}`,
            SK: `ALLOCATION#${String(order.version).padStart(5, '0')}`,
            entity: 'allocation',
            at: order.change.at,
            version: order.version,
            decision: JSON.stringify(decision),
          },
        ],
  );
}

/** Reads the decisions about an order, oldest first. */
export async function readDecisions(table: Table, orderId: string): Promise<StoredDecision[]> {
  const rows = await Array.fromAsync(table.query<Row>(`O#${orderId}`, 'ALLOCATION#', 'allocation'));
  return rows.map(({ at, version, decision }) => {
    const decided: AllocationDecision = JSON.parse(decision);
    return { ...decided, at, version };
  });
}
