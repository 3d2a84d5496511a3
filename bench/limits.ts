import { join } from 'node:path';
import { buildFunctions } from '../local/build.ts';

const KB = 1024;

/** What a bundle may weigh, in bytes: the receiving edge by name, every other function by `others`. Checked by `npm run bench` and by the tests. */
export const BUNDLE_LIMITS = {
  'storefront/receive-webhook': 350 * KB,
  'tracking/receive-update': 350 * KB,
  others: 600 * KB,
} as const satisfies Record<string, number>;

/** One function's bundle. */
export interface BundleSize {
  /** Such as `shipment/buy-label`. */
  readonly name: string;
  readonly bytes: number;
  readonly limit: number;
}

const BUNDLE = /([^/]+\/[^/]+)\/index\.mjs$/;

/** Bundles every function into a folder of the caller's and weighs what each loads, by name. */
export async function weighBundles(folder: string): Promise<BundleSize[]> {
  const { metafile } = await buildFunctions(join(folder, 'dist'));
  return Object.keys(metafile.outputs)
    .flatMap((file) => {
      const name = BUNDLE.exec(file)?.[1];
      return name === undefined ? [] : [{ name, bytes: loadedBytes(file, metafile.outputs), limit: limitOf(name) }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Outputs = Awaited<ReturnType<typeof buildFunctions>>['metafile']['outputs'];

/** What a function loads: its file, what that imports, and the heaviest of the adapters that it may load by their kind, with what that imports beside. */
function loadedBytes(file: string, outputs: Outputs): number {
  const own = importedBy(file, outputs);
  const adapters = [...own].flatMap((one) => outputs[one]?.imports.filter(({ kind }) => kind === 'dynamic-import') ?? []).filter(({ path }) => isAdapter(outputs[path]));
  const beside = adapters.map(({ path }) => sizeOf(importedBy(path, outputs).difference(own), outputs));
  return sizeOf(own, outputs) + Math.max(0, ...beside);
}

function isAdapter(output: Outputs[string] | undefined): boolean {
  return /^adapters\//.test(output?.entryPoint ?? '');
}

/** A file and all that it imports as it is loaded. */
function importedBy(file: string, outputs: Outputs, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const { path, kind, external } of outputs[file]?.imports ?? []) if (kind === 'import-statement' && external !== true) importedBy(path, outputs, seen);
  return seen;
}

function sizeOf(files: ReadonlySet<string>, outputs: Outputs): number {
  return [...files].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
}

function limitOf(name: string): number {
  const named = Object.entries(BUNDLE_LIMITS).find(([known]) => known === name);
  return named?.[1] ?? BUNDLE_LIMITS.others;
}
