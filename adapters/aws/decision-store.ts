import type { AllocationDecision } from '../../core/allocation.ts';
import type { Saved } from '../../core/order.ts';
import type { Item, Key, Table } from './table.ts';

/** Why an order got what it got, with what decided it; kept for each version of the order that was allocated. */
export interface StoredDecision extends AllocationDecision {
  readonly at: string;
  readonly version: number;
}

/**
 * What an item keeps a decision in. JSON: nobody asks the table about a part of it, and as one value it costs a fraction to read and write.
 * One that came with a version of the order is kept with that version's document, which saves an item; any other has an item of its own.
 */
export interface Decided {
  readonly decision?: string;
}

/** The decision that a saved order rests on, as an item keeps it. */
export function decidedIn({ order, decision }: Saved): Decided {
  return decision === undefined ? {} : { decision: JSON.stringify({ ...decision, at: order.change.at, version: order.version } satisfies StoredDecision) };
}

/** The rows that keep decisions; the key makes a rewrite harmless. */
export function decisionRows(saved: readonly Saved[]): (Key & Item)[] {
  return saved
    .filter(({ decision }) => decision !== undefined)
    .map((one) => ({ PK: `O#${one.order.orderId}`, SK: `ALLOCATION#${String(one.order.version).padStart(5, '0')}`, entity: 'allocation', ...decidedIn(one) }));
}

/** Reads the decisions about an order, oldest first. */
export async function readDecisions(table: Table, orderId: string): Promise<StoredDecision[]> {
  const [own, withDocuments] = await Promise.all([
    Array.fromAsync(table.query<Decided & { entity: 'allocation' }>(`O#${orderId}`, 'ALLOCATION#', 'allocation')),
    Array.fromAsync(table.query<Decided & { entity: 'document' }>(`O#${orderId}`, 'DOC#', 'document')),
  ]);
  const decisions = [...own, ...withDocuments].flatMap(({ decision }): StoredDecision[] => (decision === undefined ? [] : [JSON.parse(decision)]));
  return decisions.sort((a, b) => a.version - b.version);
}
