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

describe('kits', () => {
  const kit = (sku: string, ...parts: string[]) => ({ sku, name: sku, parts: parts.map((part) => ({ sku: part, quantity: 1 })) });
  const problemsOf = (...kits: object[]) => {
    return (Client.safeParse({ ...sampleClient(), kits }).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  };

  test('may hold products and other kits', () => {
    expect(problemsOf(kit('SET', 'TENT', 'MUG'), kit('BIG-SET', 'SET', 'LAMP'))).toEqual([]);
  });

  test.each<[string, object[], string]>([
    ['contains itself', [kit('SET', 'TENT', 'SET')], 'kits.0.parts: kit "SET" contains itself'],
    ['contains itself by way of another', [kit('A', 'B'), kit('B', 'A')], 'kits.1.parts: kit "B" contains itself'],
    ['has a part nobody knows', [kit('SET', 'GHOST')], 'kits.0.parts.0.sku: no product or kit is called "GHOST"'],
    ['is a product too', [kit('TENT', 'MUG')], 'kits.0.sku: "TENT" is a product too; a kit has no stock of its own'],
    ['is named twice', [kit('SET', 'MUG'), kit('SET', 'LAMP')], 'kits.1.sku: "SET" is used twice'],
  ])('one that %s is refused by name', (_what, kits, problem) => {
    expect(problemsOf(...kits)).toContain(problem);
  });
});
