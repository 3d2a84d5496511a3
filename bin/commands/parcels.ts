import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { Bucket } from '../../adapters/aws/object-store.ts';
import type { ParcelName } from '../../adapters/aws/parcel-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import { type Paper, papersOf } from '../../adapters/parcel-papers.ts';
import type { FoundStack } from '../stack.ts';
import { columns, type Output } from '../terminal.ts';

/** What the commands are run with. */
interface Shell {
  stack(): Promise<FoundStack>;
  print(output: Output): void;
}

/** Adds the command that fetches what is printed for a parcel. */
export function addParcelsCommand(program: Command, shell: Shell): void {
  program
    .command('parcels')
    .description('parcels, and what is printed for them')
    .command('documents')
    .description('label, packing slip and customs forms of a parcel, and why one is not there')
    .argument('<order>', 'such as shop:1001')
    .argument('<parcel>', 'its number within the order', parcelNumber)
    .option('--open <folder>', 'copy them into this folder; they hold personal data')
    .action(async (orderId: string, parcel: number, { open }: { open?: string }) => {
      const { tableName, labelsBucket } = await shell.stack();
      shell.print(await fetchPapers({ table: new Table(tableName), labels: new Bucket(labelsBucket) }, { orderId, parcel }, open));
    });
}

/** Lists the papers of a parcel, and copies them into a folder where one is named. @throws Rejected `parcel.not-found` */
export async function fetchPapers(hub: { readonly table: Table; readonly labels: Bucket }, name: ParcelName, folder?: string): Promise<Output> {
  const { papers, missing } = await papersOf(hub, name);
  const rows = await Promise.all(papers.map(async (paper) => [paper.kind, folder === undefined ? paper.key : await copy(hub.labels, paper, folder)] as const));
  const documents = papers.map(({ kind, key, contentType }, index) => ({ kind, key, contentType, ...(folder !== undefined && { file: rows[index]?.[1] }) }));
  return { json: { ...name, documents, missing }, text: columns([...rows, ...missing.map(({ kind, why }) => [kind, `not there: ${why}`])]) };
}

/** @returns where it is now */
async function copy(labels: Bucket, { kind, key }: Paper, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${kind}-${basename(key)}`);
  writeFileSync(file, await labels.get(key));
  return file;
}

function parcelNumber(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`${JSON.stringify(text)} is no number of a parcel, such as 1.`);
}
