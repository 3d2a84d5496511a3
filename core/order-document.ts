import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Address } from './address.ts';
import { Instant, orderIdOf } from './id.ts';
import { addUnits, type Demand } from './inventory.ts';
import { Currency, Minor } from './money.ts';

/** How many different SKUs one order may hold: a DynamoDB transaction has 100 items and each SKU takes two. */
export const MAX_SKUS = 45;
/** How many lines one order may hold. */
export const MAX_LINES = 200;
/** How many units one line may hold. */
export const MAX_QUANTITY = 10_000;

/** One line of an order as the storefront sold it. */
export const OrderLine = z.object({
  lineId: z.string().min(1).max(80),
  /** Null where the storefront's product has none. */
  sku: z.string().max(80).nullable(),
  title: z.string().max(300),
  /** Units to be shipped in all: refunded and removed units are already taken off, shipped ones are not. */
  quantity: z.int().min(0).max(MAX_QUANTITY),
  /** Of these, the units that the storefront counts as shipped, by us or by somebody else; left out where it does not say. */
  fulfilled: z.int().min(0).max(MAX_QUANTITY).optional(),
  unitPrice: Minor,
  requiresShipping: z.boolean(),
});
export type OrderLine = z.infer<typeof OrderLine>;

/**
 * The canonical order: what every storefront adapter turns its payload into, and what is kept as the order document.
 * Holds personal data. Money is in minor units of `currency`.
 */
export const OrderDocument = z.object({
  connectionId: z.string(),
  /** The storefront's own id, digit for digit. */
  sourceId: z.string().min(1).max(120),
  /** The number people know the order by, such as `#1001`. */
  number: z.string().min(1).max(60),
  /** Rises with every change at the storefront: milliseconds of its clock, or its own counter. */
  sourceVersion: z.int().min(0),
  placedAt: Instant,
  test: z.boolean(),
  cancelled: z.boolean(),
  paid: z.boolean(),
  currency: Currency,
  total: Minor.min(0),
  lines: z
    .array(OrderLine)
    .min(1)
    .max(MAX_LINES)
    .refine((lines) => soldIn({ lines }).length <= MAX_SKUS, { error: `hold more than ${MAX_SKUS} different SKUs to ship; split the order` }),
  /** `order`: the storefront counts an order as shipped whole, from its first parcel on. @default 'line' */
  fulfils: z.enum(['line', 'order']).optional(),
  /** Null where the storefront gave none, as for pick-up or withheld data. */
  shipTo: Address.nullable(),
  email: z.string().max(254).nullable(),
  phone: z.string().max(40).nullable(),
  /** BCP 47 language of the customer. */
  locale: z.string().max(20),
});
export type OrderDocument = z.infer<typeof OrderDocument>;

/** Which of two versions of an order is the newer: the storefront's clock, then how far it got in life, then its content, apart from what was shipped. */
export interface SourceVersion {
  readonly version: number;
  readonly rank: number;
  readonly digest: string;
}

/** The id of the order that a document is a version of. */
export function idOf(document: Pick<OrderDocument, 'connectionId' | 'sourceId'>): string {
  return orderIdOf(document.connectionId, document.sourceId);
}

// Made once: a schema compiles itself on its first use. What has been shipped is not what was ordered: a storefront's echo of our own word
// is the same content, further in life.
const Content = OrderDocument.omit({ sourceVersion: true, lines: true }).extend({ lines: z.array(OrderLine.omit({ fulfilled: true })) });
/** Units fulfilled count less than any other step in life, however many. */
const FULFILLED_RANK = 1e-8;
const versions = new WeakMap<OrderDocument, SourceVersion>();

/** The version of a document. The digest leaves the clock out, so a repeat of the same content is the same document. */
export function sourceVersionOf(document: OrderDocument): SourceVersion {
  const known = versions.get(document) ?? newSourceVersion(document);
  versions.set(document, known);
  return known;
}

function newSourceVersion({ sourceVersion, ...content }: OrderDocument): SourceVersion {
  const digest = createHash('sha256')
    .update(JSON.stringify(Content.parse(content)))
    .digest('base64url')
    .slice(0, 22);
  const fulfilled = fulfilledIn(content).reduce((sum, { quantity }) => sum + quantity, 0);
  return { version: sourceVersion, rank: (content.cancelled ? 2 : content.paid ? 1 : 0) + fulfilled * FULFILLED_RANK, digest };
}

/** Negative when `a` is the older version, 0 when they are the same, positive when `a` is the newer one. */
export function compareVersions(a: SourceVersion, b: SourceVersion): number {
  return a.version - b.version || a.rank - b.rank || (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0);
}

/** Units to ship per SKU as it was sold: lines of one SKU are added up, lines that need no shipping are left out. */
export function soldIn(document: { readonly lines: readonly OrderLine[] }): Demand[] {
  return addUnits(document.lines.filter(({ quantity, requiresShipping }) => requiresShipping && quantity > 0).map(({ sku, quantity }) => ({ sku: sku ?? '', quantity })));
}

/** Units per SKU that the storefront counts as shipped, whoever shipped them. */
export function fulfilledIn(document: { readonly lines: readonly OrderLine[] }): Demand[] {
  return addUnits(document.lines.flatMap(({ sku, fulfilled = 0, requiresShipping }) => (requiresShipping && fulfilled > 0 ? [{ sku: sku ?? '', quantity: fulfilled }] : [])));
}
