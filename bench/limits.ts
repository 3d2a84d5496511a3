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

/** Bundles every function into a folder of the caller's and weighs them, by name. */
export async function weighBundles(folder: string): Promise<BundleSize[]> {
  const { metafile } = await buildFunctions(join(folder, 'dist'));
  return Object.entries(metafile.outputs)
    .flatMap(([file, { bytes }]) => {
      const name = BUNDLE.exec(file)?.[1];
      return name === undefined ? [] : [{ name, bytes, limit: limitOf(name) }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function limitOf(name: string): number {
  const named = Object.entries(BUNDLE_LIMITS).find(([known]) => known === name);
  return named?.[1] ?? BUNDLE_LIMITS.others;
}
