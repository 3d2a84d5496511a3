import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../core/json.ts';

/** Where Lambda mounts layers. */
const MOUNT = '/opt';

/**
 * Copies layers, later over earlier, to the folder that stands for `/opt`, and patches the client in the copy.
 * @param layers asset folders in the template's order
 */
export function mountLayers(layers: readonly string[], folder: string, patchClient: ((client: Json) => Json) | undefined): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const layer of layers) cpSync(layer, folder, { recursive: true });
  const file = join(folder, 'client.json');
  if (!patchClient || !existsSync(file)) return;
  const client: Json = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify(patchClient(client), undefined, 2)}\n`);
}

/** A variable that points into `/opt`, pointed into the copy. */
export function underMount(value: string, folder: string): string {
  return value === MOUNT || value.startsWith(`${MOUNT}/`) ? folder + value.slice(MOUNT.length) : value;
}
