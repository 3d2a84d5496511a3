import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that bundles and templates are made of: a change anywhere else changes neither. */
const SOURCES = ['{adapters,bin,clients,core,functions,lib}/**/*', 'local/build.ts', 'package.json', 'package-lock.json', 'cdk.json', 'tsconfig.json'];

/** A stack that was synthesized, as its note knows it again. */
export interface Assembly {
  /** Folder of the sources. */
  readonly root: string;
  /** Folder that it was synthesized into. */
  readonly folder: string;
  readonly clientId: string;
}

/** Notes what a stack that has just been synthesized was made of. */
export function noteAssembly(assembly: Assembly): void {
  writeFileSync(noteOf(assembly), digestOf(assembly));
}

/** Whether a stack is there, and was made of the sources as they are now: then it need not be made again. */
export function isUpToDate(assembly: Assembly): boolean {
  return existsSync(noteOf(assembly)) && existsSync(templateOf(assembly)) && readFileSync(noteOf(assembly), 'utf8') === digestOf(assembly);
}

function noteOf({ folder, clientId }: Assembly): string {
  return join(folder, `${clientId}.sources`);
}

function templateOf({ folder, clientId }: Assembly): string {
  return join(folder, `crossdock-${clientId}.template.json`);
}

/** Of all sources, and of the template, which names every bundle by its content: somebody else may have synthesized since. */
function digestOf(assembly: Assembly): string {
  const files = globSync(SOURCES, { cwd: assembly.root })
    .sort()
    .filter((file) => statSync(join(assembly.root, file)).isFile());
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(`${file}\n`).update(
      createHash('sha256')
        .update(readFileSync(join(assembly.root, file)))
        .digest('hex'),
    );
  return hash.update(readFileSync(templateOf(assembly))).digest('hex');
}
