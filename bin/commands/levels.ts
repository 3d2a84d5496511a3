import { allLevels } from '../../adapters/aws/level-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import type { Level } from '../../core/level.ts';
import { columns, type Output, time } from '../terminal.ts';

/**
 * Lists what each of a client's storefronts was told of each SKU, or only where the storefront had more than it was told.
 * @param file the client's file, which names its storefronts
 */
export async function listLevels(table: Table, file: string, onlyDrifted: boolean): Promise<Output> {
  const { client } = await loadClient(file);
  const told = (await Promise.all(client.storefronts.map(({ id }) => Array.fromAsync(allLevels(table, id))))).flat();
  const levels = told.filter(({ drift }) => !onlyDrifted || drift !== undefined);
  const json = levels.map(({ entity: _entity, version: _version, leaseUntil: _lease, offset: _offset, basis: _basis, ...level }) => level);
  return { json, text: describe(levels, onlyDrifted) };
}

function describe(levels: readonly Level[], onlyDrifted: boolean): string {
  if (levels.length === 0) return onlyDrifted ? 'no storefront had more than it was told' : 'no storefront was told of any stock yet';
  const heads = ['storefront', 'SKU', 'told', 'when', 'had before', 'remarks'];
  return `stock as storefronts were told it\n${columns([heads, ...levels.map(rowOf)])}`;
}

function rowOf(level: Level): string[] {
  const { connectionId, sku, figure, toldAt, theirs } = level;
  return [connectionId, sku, figure === null ? '-' : String(figure), toldAt === undefined ? '-' : time(toldAt), theirs === undefined ? '-' : String(theirs), remarksOf(level)];
}

function remarksOf({ status, wanted, unknownAt, drift }: Level): string {
  const remarks = [
    status === 'telling' ? `to be told ${wanted}` : '',
    unknownAt === undefined ? '' : `does not sell it, seen ${time(unknownAt)}`,
    drift === undefined ? '' : `drifted: had ${drift.theirs ?? 'more'} where it was told ${drift.before ?? 'nothing'}, seen ${time(drift.at)}`,
  ];
  return remarks.filter((remark) => remark !== '').join('; ');
}
