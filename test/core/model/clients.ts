import type { Client, Split } from '../../../core/client.ts';
import { sampleClient } from '../samples.ts';

/** Products of the model's clients; MILK is kept by lot and must live two days more when it is promised. */
export const SKUS = ['LAMP', 'MILK', 'MUG', 'TENT'] as const;
/** Kits of theirs, which share parts, and of which one holds another. */
export const KITS = ['CAMP', 'PAIR'] as const;
export const WAREHOUSES = ['north', 'south', 'west'] as const;
/** Lots of MILK with their last days, which warehouses far from each other see end hours apart. */
export const LOTS = { a: '2026-11-23', b: '2026-11-25', c: '2027-01-31' } as const;

/** How a client of the model differs from the next. */
export interface Profile {
  readonly split: Split;
  /** Whether rules route, prioritise and ask for a person, and one warehouse is of little capacity. */
  readonly rules: boolean;
}

const address = { name: 'Sample Depot', line1: 'Am Hafen 1', city: 'Hamburg', postalCode: '20457', country: 'DE' };
const product = (sku: string) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 } });

function clientOf({ split, rules }: Profile): Client {
  return sampleClient({
    warehouses: [
      { id: 'north', name: 'North', address, ...(rules && { capacity: 2 }) },
      { id: 'south', name: 'South', address, serves: ['AT'] },
      { id: 'west', name: 'West', address, timeZone: 'America/Los_Angeles' },
    ],
    products: [product('LAMP'), { ...product('MILK'), lots: true, shelfLifeDays: 2 }, product('MUG'), product('TENT')],
    kits: [
      {
        sku: 'CAMP',
        name: 'Camp',
        parts: [
          { sku: 'PAIR', quantity: 1 },
          { sku: 'MUG', quantity: 1 },
          { sku: 'LAMP', quantity: 1 },
        ],
      },
      {
        sku: 'PAIR',
        name: 'Pair',
        parts: [
          { sku: 'TENT', quantity: 1 },
          { sku: 'MUG', quantity: 2 },
        ],
      },
    ],
    rules: rules ? RULES : [],
    policies: { authorisation: { mode: 'automatic', limit: 60_000 }, packing: 'scan', allocation: { split } },
  });
}

const RULES = [
  { name: 'austria-from-the-south', when: { countries: ['AT'] }, actions: [{ do: 'route', only: ['south', 'west'] }] },
  { name: 'dear-orders-from-the-west', when: { totalAbove: 50_000 }, actions: [{ do: 'route', prefer: ['west'] }] },
  { name: 'lamps-first', when: { skus: ['LAMP'] }, actions: [{ do: 'prioritise', priority: 8 }] },
  { name: 'many-units', when: { unitsAbove: 9 }, actions: [{ do: 'authorise', by: 'person' }] },
];

/** Every profile, with its client. */
export const CLIENTS: readonly (Profile & { readonly client: Client })[] = (['never', 'warehouses', 'backorders'] as const).flatMap((split) =>
  [false, true].map((rules) => ({ split, rules, client: clientOf({ split, rules }) })),
);
