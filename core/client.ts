import * as z from 'zod';
import { Address } from './address.ts';
import { Sku, Slug } from './id.ts';
import { Currency, Minor } from './money.ts';
import { Grams } from './weight.ts';

const title = (text: string) => ({ title: text });
const Settings = z.record(z.string(), z.unknown());

/** A connection to somebody outside: which adapter speaks with them, and its settings. */
const Connection = z.strictObject({
  id: Slug.meta(title('Name of the connection; part of its webhook address')),
  kind: Slug.meta(title('Adapter: the name of a file in adapters/storefronts or adapters/carriers')),
  settings: Settings.default({}).meta(title('What the adapter needs to know; its own schema checks it')),
});

/** A storefront that posts orders to us. */
export const StorefrontConnection = Connection;
export type StorefrontConnection = z.infer<typeof StorefrontConnection>;

/** A carrier that sells us labels. */
export const CarrierConnection = Connection;
export type CarrierConnection = z.infer<typeof CarrierConnection>;

/** A building that holds stock and ships parcels. */
export const Warehouse = z.strictObject({
  id: Slug,
  name: z.string().min(1).max(80),
  address: z.strictObject(Address.shape).meta(title('Where parcels leave from')),
});
export type Warehouse = z.infer<typeof Warehouse>;

/** A factory or supplier that is asked to supply more. */
export const Plant = z.strictObject({
  id: Slug,
  name: z.string().min(1).max(80),
  leadTimeDays: z.int().min(0).max(365).meta(title('Days from request to arrival')),
});
export type Plant = z.infer<typeof Plant>;

/** When to ask the plant for more, and how much. All figures are units. */
export const Reorder = z
  .strictObject({
    point: z.int().min(0).max(1_000_000).meta(title('Ask when available stock falls to this')),
    upTo: z.int().min(1).max(1_000_000).meta(title('Ask for what brings available and incoming stock up to this')),
    multiple: z.int().min(1).max(100_000).default(1).meta(title('The plant supplies in multiples of this')),
  })
  .refine((reorder) => reorder.upTo > reorder.point, { error: 'upTo must be above point, or the plant is asked again at once', path: ['upTo'] });
export type Reorder = z.infer<typeof Reorder>;

/** Something that is kept in stock and sold. */
export const Product = z.strictObject({
  sku: Sku,
  name: z.string().min(1).max(120),
  weight: Grams.meta(title('Grams, packed')),
  plant: Slug.meta(title('Who supplies it')),
  reorder: Reorder,
});
export type Product = z.infer<typeof Product>;

const Policies = z.strictObject({
  authorisation: z
    .strictObject({
      mode: z.enum(['automatic', 'person']).default('automatic').meta(title('Who authorises clean orders')),
      limit: Minor.optional().meta(title('Orders above this total always wait for a person; minor units of the client currency')),
    })
    .prefault({}),
  packing: z.enum(['confirm', 'scan']).default('scan').meta(title('confirm: parcels are confirmed whole; scan: a person scans every unit')),
  personalDataDays: z.int().min(7).max(3650).default(90).meta(title('Days after which names and addresses are deleted')),
});

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day such as 06:00' });

/**
 * Everything the hub knows about one client firm: the content of a file in `clients/`. Holds no secret.
 * One stack is deployed per client.
 */
export const Client = z
  .strictObject({
    id: Slug.meta(title('Name of the client; part of the stack name')),
    name: z.string().min(1).max(80),
    timeZone: z.string().refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin' }),
    currency: Currency,
    storefronts: z.array(StorefrontConnection).min(1),
    carriers: z.array(CarrierConnection).min(1),
    warehouses: z.array(Warehouse).min(1).meta(title('In order of preference')),
    plants: z.array(Plant).min(1),
    products: z.array(Product).min(1),
    policies: Policies.prefault({}),
    notifications: z
      .strictObject({
        customers: z.enum(['topic', 'sms']).default('topic').meta(title('topic: to the customers topic; sms: also straight to the phone')),
      })
      .prefault({}),
    reports: z
      .strictObject({
        locale: z.string().refine(isLocale, { error: 'must be a BCP 47 locale such as en-GB' }).default('en-GB').meta(title('How reports write numbers, money and dates')),
        daily: z.strictObject({ at: TimeOfDay.default('06:00') }).prefault({}),
      })
      .prefault({}),
  })
  .superRefine((client, context) => {
    for (const field of ['storefronts', 'carriers', 'warehouses', 'plants'] as const)
      unique(
        field,
        'id',
        client[field].map((entry) => entry.id),
      );
    unique(
      'products',
      'sku',
      client.products.map((product) => product.sku),
    );
    // Storefronts and carriers share the name space of their secrets.
    const storefronts = new Set(client.storefronts.map((connection) => connection.id));
    client.carriers.forEach((carrier, index) => {
      if (storefronts.has(carrier.id)) context.addIssue({ code: 'custom', path: ['carriers', index, 'id'], message: `${JSON.stringify(carrier.id)} names a storefront too` });
    });
    const plants = new Set(client.plants.map((plant) => plant.id));
    client.products.forEach((product, index) => {
      if (plants.has(product.plant)) return;
      context.addIssue({ code: 'custom', path: ['products', index, 'plant'], message: `no plant is called ${JSON.stringify(product.plant)}; plants: ${[...plants].join(', ')}` });
    });

    function unique(field: string, key: string, names: readonly string[]): void {
      names.forEach((name, index) => {
        if (names.indexOf(name) !== index) context.addIssue({ code: 'custom', path: [field, index, key], message: `${JSON.stringify(name)} is used twice` });
      });
    }
  });
export type Client = z.infer<typeof Client>;

/** The product a SKU names, or undefined when the client does not keep it. */
export function productOf(client: Client, sku: string): Product | undefined {
  return client.products.find((product) => product.sku === sku);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function isLocale(name: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(name).length > 0;
  } catch {
    return false;
  }
}
