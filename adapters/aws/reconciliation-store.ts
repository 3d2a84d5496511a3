import type { Reconciliation } from '../../core/reconciliation.ts';
import type { Key, Table } from './table.ts';

/** Days for which a reconciliation is kept. */
const KEPT_DAYS = 400;

interface Row {
  readonly entity: 'reconciliation';
  readonly reconciliation: string;
}

function keyOf(carrierId: string, at: string): Key {
  return { PK: `RUN#labels#${carrierId}`, SK: at };
}

/** Keeps what became of comparing a carrier's labels with ours. */
export async function writeReconciliation(table: Table, reconciliation: Reconciliation): Promise<void> {
  const { carrierId, at } = reconciliation;
  const expiresAt = Math.floor(Date.parse(at) / 1000) + KEPT_DAYS * 86_400;
  await table.putAll([{ ...keyOf(carrierId, at), entity: 'reconciliation', reconciliation: JSON.stringify(reconciliation), expiresAt }]);
}

/** Reads the latest reconciliations of a carrier, newest first. */
export async function readReconciliations(table: Table, carrierId: string, most: number): Promise<Reconciliation[]> {
  const found: Reconciliation[] = [];
  for await (const { reconciliation } of table.query<Row>(`RUN#labels#${carrierId}`, '', 'reconciliation', { ScanIndexForward: false })) {
    const parsed: Reconciliation = JSON.parse(reconciliation);
    found.push(parsed);
    if (found.length >= most) break;
  }
  return found;
}
