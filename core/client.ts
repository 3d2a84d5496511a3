import * as z from 'zod';
import { Address } from './address.ts';
import { Dimensions } from './dimensions.ts';
import { Sku, Slug } from './id.ts';
import { Currency, Minor } from './money.ts';
import { Rule } from './rule.ts';
import { Grams } from './weight.ts';

const title = (text: string) => ({ title: text });
const Settings = z.record(z.string(), z.unknown());

/** A connection to somebody outside: which adapter speaks with them, and its settings. */
const Connection = z.strictObject({
  id: Slug.meta(title('Name of the connection; part of its webhook address')),
  kind: Slug.meta(title('Adapter: the name of a file in adapters/storefronts or adapters/carriers')),
  settings: Settings.default({}).meta(title('What the adapter needs to know; its own schema checks it')),
});

/** How much of the stock a storefront is told of. */
const SharedStock = z.strictObject({
  publish: z.boolean().default(false).meta(title('Whether this storefront is told what is available')),
  buffer: z.int().min(0).max(100_000).default(0).meta(title('Units of every SKU that it is not told of')),
  buffers: z.record(Sku, z.int().min(0).max(100_000)).default({}).meta(title('Units by SKU that it is not told of, instead of `buffer`')),
});

/** How a storefront's orders are read, beside what it posts. */
const Polling = z.strictObject({
  everyMinutes: z.int().min(1).max(1_440).default(10).meta(title('Minutes between two readings of the orders that changed')),
  overlapMinutes: z.int().min(1).max(1_440).default(15).meta(title('Minutes that a reading goes back before the one before it')),
});

/** A storefront that posts orders to us. */
export const StorefrontConnection = Connection.extend({ stock: SharedStock.prefault({}), poll: Polling.prefault({}) });
export type StorefrontConnection = z.infer<typeof StorefrontConnection>;

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day such as 06:00' });

/** A carrier that sells us labels. */
export const CarrierConnection = Connection.extend({
  collects: TimeOfDay.optional().meta(title("When it collects; the warehouse's cut-off where it is not given. Parcels that are labelled later leave the next working day")),
  closesAfterMinutes: z.int().min(0).max(240).optional().meta(title('Minutes after it collects until its manifest is closed; 5 where it is not given')),
  settleSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .meta(title("Seconds after which a purchase that the carrier does not show was surely not made; the adapter's own caution where it is not given")),
  requestsPerMinute: z.int().min(1).max(100_000).optional().meta(title("Calls a minute at most, over all of the hub; the adapter's own figure where it is not given")),
});
export type CarrierConnection = z.infer<typeof CarrierConnection>;

const ZoneName = z.string().refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin' });
const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

const Region = z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, { error: 'must be a country such as DE or a region of one such as US-CA' });

/** A building that holds stock and ships parcels. */
export const Warehouse = z.strictObject({
  id: Slug,
  name: z.string().min(1).max(80),
  address: z.strictObject(Address.shape).meta(title('Where parcels leave from')),
  timeZone: ZoneName.optional().meta(title("IANA time zone of its clocks; the client's where it is not given")),
  cutOff: TimeOfDay.default('14:00').meta(title('Orders that are in by then leave the same day')),
  workingDays: z.array(Weekday).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']).meta(title('Days on which it ships')),
  holidays: z.array(z.iso.date()).default([]).meta(title('Days on which it does not, such as 2026-12-25')),
  serves: z.array(Region).default([]).meta(title('Countries and regions that are near it, beside its own country')),
  capacity: z.int().min(1).max(1_000_000).optional().meta(title('Orders that it can ship in a day; more spill over to the next warehouse')),
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

/** What customs must be told of a product. */
const ProductCustoms = z.strictObject({
  hsCode: z
    .string()
    .regex(/^\d{6,10}$/, { error: 'must be 6 to 10 digits, such as 940490' })
    .optional()
    .meta(title('Harmonised System code, 6 to 10 digits')),
  origin: z
    .string()
    .regex(/^[A-Z]{2}$/, { error: 'must be an ISO 3166-1 country code such as DE' })
    .optional()
    .meta(title('Country in which it was made')),
  description: z.string().min(3).max(60).optional().meta(title('What it is, in English; its name where nothing is given')),
  value: z.int().min(1).max(1_000_000_000).optional().meta(title('Value of a unit in minor units of the client currency, where an order has no price for it')),
});

/** Something that is kept in stock and sold. */
export const Product = z.strictObject({
  sku: Sku,
  name: z.string().min(1).max(120),
  weight: Grams.meta(title('Grams, packed')),
  plant: Slug.meta(title('Who supplies it')),
  reorder: Reorder,
  lots: z.boolean().default(false).meta(title('Whether its stock is kept by lot, with expiry; the first to expire is shipped first')),
  shelfLifeDays: z.int().min(0).max(3650).default(0).meta(title('Days that a lot must have left on the day it is promised')),
  serials: z.boolean().default(false).meta(title('Whether the serial number of every unit is captured at packing')),
  dimensions: Dimensions.optional().meta(title('Millimetres, packed')),
  hazardous: z.boolean().default(false).meta(title('Dangerous goods, such as gas, batteries by themselves or perfume: only services that are named for them take it')),
  customs: ProductCustoms.prefault({}).meta(title('What customs must be told of it, where parcels leave the customs territory')),
});
export type Product = z.infer<typeof Product>;

/** A set of products that is sold under a SKU of its own and never stocked under it. */
export const Kit = z.strictObject({
  sku: Sku,
  name: z.string().min(1).max(120),
  parts: z
    .array(z.strictObject({ sku: Sku, quantity: z.int().min(1).max(1_000) }))
    .min(1)
    .max(30)
    .meta(title('Products, or other kits, and how many of each')),
});
export type Kit = z.infer<typeof Kit>;

/** Which services may be bought for which parcels. */
const ServiceRule = z.strictObject({
  carrier: Slug.meta(title('Carrier connection')),
  services: z.array(z.string().min(1).max(80)).default([]).meta(title('Such as USPS Priority; empty: all that it offers')),
  from: z.array(Slug).default([]).meta(title('Warehouses; empty: all')),
  to: z.array(Region).default([]).meta(title('Countries and regions; empty: all')),
  weightUpTo: z.int().min(1).optional().meta(title('Grams, packed')),
  valueUpTo: Minor.min(1).optional().meta(title('Minor units of the client currency: what the order is worth')),
  longestUpTo: z.int().min(1).optional().meta(title('Millimetres of the longest side')),
  girthUpTo: z.int().min(1).optional().meta(title('Millimetres of the longest side and the girth together')),
  hazardous: z.boolean().default(false).meta(title('Whether it takes dangerous goods')),
  poBox: z.boolean().default(false).meta(title('Whether it delivers to PO boxes and parcel lockers')),
  military: z.boolean().default(false).meta(title('Whether it delivers to military addresses (APO, FPO, DPO)')),
});
export type ServiceRule = z.infer<typeof ServiceRule>;

/** A price to reckon with where a carrier tells none, or does not answer. */
const Tariff = z.strictObject({
  carrier: Slug.meta(title('Carrier connection')),
  service: z.string().min(1).max(80).meta(title('Such as USPS Priority')),
  to: z.array(Region).default([]).meta(title('Countries and regions; empty: all')),
  weightUpTo: z.int().min(1).optional().meta(title('Grams, packed')),
  cost: Minor.min(0).meta(title('Minor units of the client currency')),
  days: z.int().min(1).max(60).optional().meta(title('Working days to the door')),
});
export type Tariff = z.infer<typeof Tariff>;

/** What a box measures that nobody measured. */
const StockBox = z.strictObject({
  name: z.string().min(1).max(40),
  dimensions: Dimensions.meta(title('Millimetres, outside')),
  weightUpTo: z.int().min(1).optional().meta(title('Grams, packed: a heavier parcel is taken for one in the next box')),
});

/** How carriers and services are chosen. */
const Shipping = z.strictObject({
  services: z.array(ServiceRule).default([]).meta(title('A service may be bought where one of these allows it; empty: all but for dangerous goods')),
  promises: z
    .array(
      z.strictObject({
        to: z.array(Region).default([]).meta(title('Countries and regions; empty: all')),
        days: z.int().min(1).max(60).meta(title('Working days from the warehouse to the door')),
      }),
    )
    .default([])
    .meta(title('What customers are promised; the first that fits holds')),
  exchange: z
    .record(Currency, z.string().regex(/^\d{1,6}(\.\d{1,8})?$/, { error: 'must be a decimal such as "0.92"' }))
    .default({})
    .meta(title('What a unit of a foreign currency is worth in the client currency, to compare prices by; prices in others are not bought')),
  tolerance: z
    .strictObject({
      percent: z.int().min(0).max(100).default(10).meta(title('A price may have risen by so many percent since it was chosen')),
      amount: Minor.min(0).default(100).meta(title('or by so many minor units of the client currency; above both the order is held')),
    })
    .prefault({}),
  quoteMinutes: z.int().min(1).max(1_440).default(20).meta(title('Minutes for which a price holds without being asked for again')),
  tariff: z.array(Tariff).default([]),
  boxes: z
    .array(StockBox)
    .default([])
    .meta(title('Boxes by what they hold, the lightest first: parcels that nobody measured are taken for these. Some carriers price no box without measures')),
  scorecard: z
    .strictObject({
      weight: z.int().min(0).max(200).default(50).meta(title('Percent that a service which is never on time is reckoned dearer')),
      atLeast: z.int().min(1).max(100_000).default(20).meta(title('Parcels of a service on a lane below which nothing is said about it')),
      days: z.int().min(7).max(365).default(90).meta(title('Days that are looked back')),
    })
    .prefault({}),
  addressCheck: z
    .strictObject({ carrier: Slug.meta(title('Carrier connection that is asked')), to: z.array(Region).min(1).meta(title('Countries and regions whose addresses are checked')) })
    .optional()
    .meta(title('Who checks addresses before labels are bought')),
  customs: z
    .strictObject({
      signer: z.string().min(2).max(60).optional().meta(title("Who signs customs forms; the client's name where nobody is given")),
      terms: z.enum(['DAP', 'DDP']).default('DAP').meta(title('DAP: the recipient pays duties; DDP: the sender does')),
      undeliverable: z.enum(['return', 'abandon']).default('return'),
    })
    .prefault({}),
});
type Shipping = z.infer<typeof Shipping>;

/** How an order may be shared out over warehouses and time. */
export const Split = z.enum(['never', 'warehouses', 'backorders']);
export type Split = z.infer<typeof Split>;

/** What makes one way to ship an order better than another. */
export const Criterion = z.enum(['fewest-parcels', 'soonest', 'nearest', 'priority']);
export type Criterion = z.infer<typeof Criterion>;

const Hours = z.int().min(1).max(2_160);

const Policies = z.strictObject({
  authorisation: z
    .strictObject({
      mode: z.enum(['automatic', 'person']).default('automatic').meta(title('Who authorises clean orders')),
      limit: Minor.optional().meta(title('Orders above this total always wait for a person; minor units of the client currency')),
      customers: z.enum(['any', 'known']).default('any').meta(title('known: orders of new customers always wait for a person')),
    })
    .prefault({}),
  allocation: z
    .strictObject({
      split: Split.default('never').meta(title('never: whole from one warehouse; warehouses: whole, from as many as it takes; backorders: what is there leaves, the rest follows')),
      prefer: z
        .array(Criterion)
        .min(1)
        .default(['fewest-parcels', 'soonest', 'nearest', 'priority'])
        .meta(title('What counts, most important first. soonest: by cut-off and capacity; priority: the order of the warehouses in this file')),
    })
    .prefault({}),
  counting: z
    .strictObject({
      toleranceUnits: z.int().min(0).max(10_000).default(2).meta(title('A count that differs by no more units is booked at once')),
      tolerancePercent: z.int().min(0).max(100).default(2).meta(title('or by no more of the stock, in percent; else it is counted again first')),
    })
    .prefault({}),
  clocks: z
    .strictObject({
      held: Hours.default(24).meta(title('Hours that an order may be held before somebody is told')),
      backordered: Hours.default(168).meta(title('Hours that it may wait for stock')),
      authorised: Hours.default(8).meta(title('Hours from allocated to authorised')),
      packed: Hours.default(24).meta(title('Hours from authorised to packed')),
      labelled: Hours.default(2).meta(title('Hours from packed to labelled')),
      handedOver: Hours.default(24).meta(title('Hours from labelled to handed over')),
      scanned: Hours.default(24).meta(title("Hours from handed over to the carrier's first scan")),
      delivered: Hours.default(240).meta(title('Hours from the first scan to the door')),
      moving: Hours.default(96).meta(title('Hours from one scan to the next while a parcel is on its way')),
      exception: Hours.default(24).meta(title('Hours that a delivery exception may last')),
    })
    .prefault({}),
  packing: z.enum(['confirm', 'scan']).default('scan').meta(title('confirm: parcels are confirmed whole; scan: a person scans every unit')),
  deliveryDays: z.int().min(1).max(30).default(30).meta(title('Days that what storefronts posted is kept as it came, for replay')),
  personalDataDays: z.int().min(7).max(3650).default(90).meta(title('Days after which names and addresses are deleted')),
});

/**
 * Everything the hub knows about one client firm: the content of a file in `clients/`. Holds no secret.
 * One stack is deployed per client.
 */
export const Client = z
  .strictObject({
    id: Slug.meta(title('Name of the client; part of the stack name')),
    name: z.string().min(1).max(80),
    timeZone: ZoneName,
    currency: Currency,
    storefronts: z.array(StorefrontConnection).min(1),
    carriers: z.array(CarrierConnection).min(1),
    warehouses: z.array(Warehouse).min(1).meta(title('In order of preference')),
    plants: z.array(Plant).min(1),
    products: z.array(Product).min(1),
    kits: z.array(Kit).default([]),
    rules: z.array(Rule).default([]).meta(title('Asked in this order')),
    shipping: Shipping.prefault({}),
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

    unique(
      'rules',
      'name',
      client.rules.map((rule) => rule.name),
    );
    for (const { path, message } of shippingProblems(client)) context.addIssue({ code: 'custom', path: [...path], message });
    for (const { path, message } of kitProblems(client)) context.addIssue({ code: 'custom', path: [...path], message });
    for (const { path, message } of ruleProblems(client)) context.addIssue({ code: 'custom', path: [...path], message });

    function unique(field: string, key: string, names: readonly string[]): void {
      names.forEach((name, index) => {
        if (names.indexOf(name) !== index) context.addIssue({ code: 'custom', path: [field, index, key], message: `${JSON.stringify(name)} is used twice` });
      });
    }
  });
export type Client = z.infer<typeof Client>;

/** The product a SKU names, or undefined when the client does not keep it. */
export function productOf(client: Pick<Client, 'products'>, sku: string): Product | undefined {
  return catalogueOf(client).get(sku);
}

const catalogues = new WeakMap<readonly Product[], ReadonlyMap<string, Product>>();

/** A client's products by SKU; made once, as a manufacturer has thousands and every line of every order asks. */
function catalogueOf({ products }: Pick<Client, 'products'>): ReadonlyMap<string, Product> {
  const known = catalogues.get(products) ?? new Map(products.map((product) => [product.sku, product]));
  catalogues.set(products, known);
  return known;
}

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Kits that cannot be taken apart: a part nobody knows, a SKU that is a product too, a kit that contains itself. */
function kitProblems({ kits, products }: { readonly kits: readonly Kit[]; readonly products: readonly Product[] }): Problem[] {
  const stocked = new Set(products.map(({ sku }) => sku));
  const recipes = new Map(kits.map((kit) => [kit.sku, kit]));
  return kits.flatMap((kit, index) => [
    ...(stocked.has(kit.sku) ? [{ path: ['kits', index, 'sku'], message: `${JSON.stringify(kit.sku)} is a product too; a kit has no stock of its own` }] : []),
    ...(kits.findIndex(({ sku }) => sku === kit.sku) === index ? [] : [{ path: ['kits', index, 'sku'], message: `${JSON.stringify(kit.sku)} is used twice` }]),
    ...kit.parts.flatMap(({ sku }, part) =>
      stocked.has(sku) || recipes.has(sku) ? [] : [{ path: ['kits', index, 'parts', part, 'sku'], message: `no product or kit is called ${JSON.stringify(sku)}` }],
    ),
    ...(contains(kit.sku, kit, recipes, new Set()) ? [{ path: ['kits', index, 'parts'], message: `kit ${JSON.stringify(kit.sku)} contains itself` }] : []),
  ]);
}

/** Names of carriers and warehouses in the shipping policy that nobody has. */
function shippingProblems({
  shipping,
  carriers,
  warehouses,
}: {
  readonly shipping: Shipping;
  readonly carriers: readonly CarrierConnection[];
  readonly warehouses: readonly Warehouse[];
}): Problem[] {
  const [known, places] = [new Set(carriers.map(({ id }) => id)), new Set(warehouses.map(({ id }) => id))];
  const carrier = (path: Problem['path'], id: string): Problem[] =>
    known.has(id) ? [] : [{ path, message: `no carrier is called ${JSON.stringify(id)}; carriers: ${[...known].join(', ')}` }];
  return [
    ...shipping.services.flatMap((rule, index) => [
      ...carrier(['shipping', 'services', index, 'carrier'], rule.carrier),
      ...rule.from.flatMap((id, at) =>
        places.has(id)
          ? []
          : [{ path: ['shipping', 'services', index, 'from', at], message: `no warehouse is called ${JSON.stringify(id)}; warehouses: ${[...places].join(', ')}` }],
      ),
    ]),
    ...shipping.tariff.flatMap((entry, index) => carrier(['shipping', 'tariff', index, 'carrier'], entry.carrier)),
    ...(shipping.addressCheck === undefined ? [] : carrier(['shipping', 'addressCheck', 'carrier'], shipping.addressCheck.carrier)),
  ];
}

function contains(wanted: string, kit: Kit, recipes: ReadonlyMap<string, Kit>, seen: Set<string>): boolean {
  return kit.parts.some(({ sku }) => {
    if (sku === wanted) return true;
    const inner = recipes.get(sku);
    if (inner === undefined || seen.has(sku)) return false;
    seen.add(sku);
    return contains(wanted, inner, recipes, seen);
  });
}

function ruleProblems({
  rules,
  warehouses,
  storefronts,
}: {
  readonly rules: readonly Rule[];
  readonly warehouses: readonly Warehouse[];
  readonly storefronts: readonly StorefrontConnection[];
}): Problem[] {
  const places = new Set(warehouses.map(({ id }) => id));
  const connections = new Set(storefronts.map(({ id }) => id));
  return rules.flatMap((rule, index) => [
    ...(rule.when.connections ?? []).flatMap((id, at) =>
      connections.has(id)
        ? []
        : [{ path: ['rules', index, 'when', 'connections', at], message: `no storefront is called ${JSON.stringify(id)}; storefronts: ${[...connections].join(', ')}` }],
    ),
    ...rule.actions.flatMap((action, at) =>
      action.do !== 'route'
        ? []
        : (['only', 'prefer'] as const).flatMap((field) =>
            (action[field] ?? []).flatMap((id, place) =>
              places.has(id)
                ? []
                : [{ path: ['rules', index, 'actions', at, field, place], message: `no warehouse is called ${JSON.stringify(id)}; warehouses: ${[...places].join(', ')}` }],
            ),
          ),
    ),
  ]);
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
