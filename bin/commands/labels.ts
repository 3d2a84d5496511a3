import { readReconciliations } from '../../adapters/aws/reconciliation-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import { printMoney } from '../../core/money.ts';
import type { Difference, Reconciliation } from '../../core/reconciliation.ts';
import { columns, type Output, time } from '../terminal.ts';

/**
 * Shows in what each carrier's books differed from ours when they were compared last.
 * @param file the client's file, which names its carriers
 */
export async function showReconciliations(table: Table, file: string): Promise<Output> {
  const { client } = await loadClient(file);
  const latest = await Promise.all(client.carriers.map(async ({ id }) => ({ carrierId: id, reconciliation: (await readReconciliations(table, id, 1))[0] })));
  return { json: latest.map(({ carrierId, reconciliation }) => reconciliation ?? { carrierId, at: null }), text: latest.map(describe).join('\n\n') };
}

function describe({ carrierId, reconciliation }: { readonly carrierId: string; readonly reconciliation: Reconciliation | undefined }): string {
  if (reconciliation === undefined) return `${carrierId}: not compared yet; that is done every night`;
  const { at, listed, compared, foreign, lookedUp, orphansVoided, differences } = reconciliation;
  const books = listed ? `${compared} labels compared, ${foreign} of them bought elsewhere` : 'it lists no labels';
  const head = `${carrierId}: ${time(at)}; ${books}; ${lookedUp} purchases looked up again, ${orphansVoided} orphans voided`;
  if (differences.length === 0) return `${head}\n  no differences`;
  return `${head}\n${columns(differences.map(rowOf))}`;
}

function rowOf(difference: Difference): string[] {
  return ['', difference.trackingNumber || difference.reference, WORDS[difference.kind], difference.kind === 'cost' ? priceOf(difference) : ''];
}

const WORDS: Readonly<Record<Difference['kind'], string>> = {
  orphan: 'sold, and no parcel has it',
  cost: 'another price',
  'voided-there': 'voided there, and a parcel has it',
  'kept-there': 'voided here, and still charged there',
  unsettled: 'sold, and not settled here yet',
};

function priceOf({ ours, theirs, currency }: Extract<Difference, { readonly kind: 'cost' }>): string {
  return `we have ${printMoney(ours, currency)} ${currency}, they ${printMoney(theirs, currency)}`;
}
