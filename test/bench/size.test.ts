import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE_LIMITS, type BundleSize, weighBundles } from '../../bench/limits.ts';

describe('size of bundles', () => {
  let folder = '';
  let bundles: readonly BundleSize[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'crossdock-size-'));
    bundles = await weighBundles(folder);
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps every bundle within its limit', () => {
    const tooLarge = bundles.filter(({ bytes, limit }) => bytes > limit).map(({ name, bytes, limit }) => `${name}: ${bytes} bytes, limit ${limit}`);
    expect(tooLarge).toEqual([]);
  });

  it('weighs every function, and holds the receiving edge to its own limit', () => {
    const limits = new Map(bundles.map(({ name, limit }) => [name, limit]));
    expect(limits.size).toBeGreaterThan(15);
    expect(limits.get('storefront/receive-webhook')).toBe(350 * 1024);
    expect(limits.get('tracking/receive-update')).toBe(350 * 1024);
    expect(limits.get('shipment/buy-label')).toBe(600 * 1024);
    const named = Object.keys(BUNDLE_LIMITS).filter((name) => name !== 'others');
    expect(named.filter((name) => !limits.has(name))).toEqual([]);
  });
});
