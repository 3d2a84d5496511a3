import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignatureScheme } from '../../adapters/signature.ts';

/** How each connection's sender proves itself, by connection id, in the two halves of a client's file. */
export interface EdgeTable {
  readonly storefronts: Readonly<Record<string, SignatureScheme>>;
  readonly carriers: Readonly<Record<string, SignatureScheme>>;
}

/** Reads the edge table: all that what stands at the edge knows of a client. */
export function readSchemes(clientFolder: string): EdgeTable {
  return JSON.parse(readFileSync(join(clientFolder, 'edge.json'), 'utf8'));
}
