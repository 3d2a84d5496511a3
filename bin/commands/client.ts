import { basename } from 'node:path';
import { clientFiles, loadClient } from '../../adapters/client.ts';
import { Rejected } from '../../core/error.ts';
import type { Output } from '../terminal.ts';

/** Checks client files, to the last setting of the last adapter. @returns also whether all of them are valid */
export async function validateClients(files: readonly string[]): Promise<Output & { readonly valid: boolean }> {
  const results = await Promise.all((files.length > 0 ? files : clientFiles()).map(validate));
  const text = results.map(({ file, problem }) => (problem === undefined ? `ok    ${file}` : `FAIL  ${problem}`)).join('\n');
  return { json: results, text, valid: results.every(({ problem }) => problem === undefined) };
}

async function validate(path: string): Promise<{ readonly file: string; readonly problem?: string }> {
  try {
    await loadClient(path);
    return { file: basename(path) };
  } catch (error) {
    if (error instanceof Rejected) return { file: basename(path), problem: error.message };
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { file: basename(path), problem: `${path} does not exist; client files are in clients/` };
    throw error;
  }
}
