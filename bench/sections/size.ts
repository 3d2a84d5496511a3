import { weighBundles } from '../limits.ts';
import type { Bench, Findings } from '../section.ts';

/** Weighs every function's bundle. */
export async function measureSize({ scratch }: Bench): Promise<Findings> {
  const bundles = await weighBundles(scratch);
  return {
    rows: bundles.map(({ name, bytes, limit }) => ({ name, value: bytes / 1024, unit: 'KB', atMost: limit / 1024 })),
    notes: ['1 KB = 1,024 bytes; minified, with the AWS SDK, without source maps. Deterministic: test/bench/size.test.ts fails on it.'],
  };
}
