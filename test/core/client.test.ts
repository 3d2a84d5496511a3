import { describe, expect, test } from 'vitest';
import { Client, productOf } from '../../core/client.ts';
import { sampleClient } from './samples.ts';

const client = () => structuredClone(sampleClient());

function problemsOf(change: object): string[] {
  const { success, error } = Client.safeParse({ ...client(), ...change });
  return success ? [] : (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a client file', () => {
  test('that is sound is taken with its defaults', () => {
    const parsed = Client.parse({ ...client(), policies: undefined, notifications: undefined, reports: undefined });

    expect(parsed).toMatchObject({
      policies: { authorisation: { mode: 'automatic' }, packing: 'scan', personalDataDays: 90 },
      notifications: { customers: 'topic' },
      reports: { daily: { at: '06:00' } },
    });
  });

  test.each<[string, object, RegExp]>([
    ['a time zone that is none', { timeZone: 'Mars/Olympus' }, /^timeZone: .*Europe\/Berlin/],
    ['a currency that is none', { currency: 'EURO' }, /^currency: .*EUR/],
    ['an unknown field', { webhookSecret: 'x' }, /webhookSecret/],
    ['no storefront', { storefronts: [] }, /^storefronts/],
    ['two connections of one name', { storefronts: [...client().storefronts, ...client().storefronts] }, /^storefronts\.1\.id: "shop" is used twice/],
    ['a carrier named as a storefront', { carriers: [{ id: 'shop', kind: 'easypost' }] }, /^carriers\.0\.id: "shop" names a storefront too/],
    [
      'a product of a plant that is not there',
      { products: [{ ...client().products[0], plant: 'elsewhere' }] },
      /^products\.0\.plant: no plant is called "elsewhere"; plants: mill/,
    ],
    ['a SKU twice', { products: [client().products[0], client().products[0]] }, /^products\.1\.sku: "TENT" is used twice/],
    ['a reorder level below its point', { products: [{ ...client().products[0], reorder: { point: 9, upTo: 9 } }] }, /^products\.0\.reorder\.upTo/],
    ['a weight of nothing', { products: [{ ...client().products[0], weight: 0 }] }, /^products\.0\.weight/],
    ['a time of day that is none', { reports: { daily: { at: '24:00' } } }, /^reports\.daily\.at/],
    ['an id that cannot name a stack', { id: 'Demo Client' }, /^id: /],
    [
      'a misspelt field of a warehouse address',
      { warehouses: [{ ...client().warehouses[0], address: { ...client().warehouses[0]?.address, postcode: '1' } }] },
      /^warehouses\.0\.address: .*postcode/,
    ],
  ])('with %s is refused at that place', (_what, change, problem) => {
    expect(problemsOf(change).join('\n')).toMatch(problem);
  });
});

test('a product is found by its exact SKU', () => {
  expect(productOf(sampleClient(), 'TENT')?.sku).toBe('TENT');
  expect(productOf(sampleClient(), 'tent')).toBeUndefined();
});
