import type { Address } from './address.ts';
import type { Client, Product } from './client.ts';
import { productOf } from './client.ts';
import type { OrderDocument } from './order-document.ts';
import type { Parcel } from './shipment.ts';

/** One kind of goods on a customs form. */
export interface CustomsItem {
  readonly sku: string;
  readonly description: string;
  readonly quantity: number;
  /** Of all these units together, in minor units of the form's currency. */
  readonly value: number;
  /** Grams of all these units together. */
  readonly weight: number;
  readonly hsCode: string;
  /** ISO 3166-1 alpha-2. */
  readonly origin: string;
}

/** What a carrier needs for customs, in words of no carrier in particular. */
export interface Customs {
  readonly contents: 'merchandise' | 'returned-goods';
  readonly currency: string;
  readonly items: readonly CustomsItem[];
  /** The storefront's number of the order, for the invoice. */
  readonly invoiceNumber: string;
  /** Day of the invoice: `2026-11-22`. */
  readonly invoiceDate: string;
  /** Who signs for the shipper. */
  readonly signer: string;
  /** Incoterm: `DAP`, the recipient pays duties, or `DDP`, the sender does. https://iccwbo.org/business-solutions/incoterms-rules/ */
  readonly terms: 'DAP' | 'DDP';
  readonly undeliverable: 'return' | 'abandon';
}

/** What customs want to know and nobody has told us: the product, and which of it. */
export interface CustomsGap {
  readonly sku: string;
  readonly missing: 'hsCode' | 'origin' | 'value';
}

/** The customs union of the EU, with Monaco. https://taxation-customs.ec.europa.eu/customs/customs-union_en */
const EU = new Set('AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK'.split(' '));
/** Parts of these countries that are outside its customs or tax territory: Canary Islands, Ceuta and Melilla, Busingen, Heligoland, Livigno, Aland. */
const OUTSIDE: Readonly<Record<string, RegExp>> = { ES: /^(35|38|51|52)\d{3}$/, DE: /^(78266|27498)$/, IT: /^(23041|22061)$/, FI: /^22\d{3}$/ };

/** Whether goods that go from one address to the other pass customs. */
export function passesCustoms(from: Address, to: Address): boolean {
  return territoryOf(from) !== territoryOf(to);
}

function territoryOf({ country, postalCode = '' }: Address): string {
  const isInside = EU.has(country) && !OUTSIDE[country]?.test(postalCode.replace(/\s/g, ''));
  return isInside ? 'EU' : EU.has(country) ? `${country}, outside the EU` : country;
}

/**
 * What customs must be told of a parcel, or what is missing for that.
 * The value of a unit is what the order's customer paid for it, for a part of a kit what the client file says.
 * @param returns whether the parcel comes back to us
 */
export function customsOf(
  parcel: Pick<Parcel, 'units'>,
  document: Pick<OrderDocument, 'lines' | 'number' | 'currency'>,
  client: Client,
  invoiceDate: string,
  returns: boolean,
): { readonly kind: 'customs'; readonly customs: Customs } | { readonly kind: 'gaps'; readonly gaps: readonly CustomsGap[] } {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of parcel.units) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  const gaps: CustomsGap[] = [];
  const items = [...quantities].map(([sku, quantity]): CustomsItem => {
    const product = productOf(client, sku);
    const { hsCode, origin, description = product?.name ?? sku } = product?.customs ?? {};
    const value = unitValueOf(sku, product, document, client);
    if (hsCode === undefined) gaps.push({ sku, missing: 'hsCode' });
    if (origin === undefined) gaps.push({ sku, missing: 'origin' });
    if (value === undefined) gaps.push({ sku, missing: 'value' });
    return { sku, description, quantity, value: (value ?? 0) * quantity, weight: (product?.weight ?? 0) * quantity, hsCode: hsCode ?? '', origin: origin ?? '' };
  });
  if (gaps.length > 0) return { kind: 'gaps', gaps };
  const { signer = client.name, terms, undeliverable } = client.shipping.customs;
  const contents = returns ? 'returned-goods' : 'merchandise';
  return { kind: 'customs', customs: { contents, currency: document.currency, items, invoiceNumber: document.number, invoiceDate, signer, terms, undeliverable } };
}

/** Minor units of the order's currency: what was paid for a unit on average, rounded up, so that a gift in a bundle is not declared as worthless. */
function unitValueOf(sku: string, product: Product | undefined, { lines, currency }: Pick<OrderDocument, 'lines' | 'currency'>, client: Client): number | undefined {
  const own = lines.filter((line) => line.sku === sku && line.unitPrice > 0);
  const units = own.reduce((sum, { quantity }) => sum + quantity, 0);
  if (units > 0) return Math.ceil(own.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0) / units);
  return currency === client.currency ? product?.customs?.value : undefined;
}

/** What is missing for customs, as one line for a person. */
export function gapsInWords(gaps: readonly CustomsGap[]): string {
  const WORDS = { hsCode: 'HS code', origin: 'country of origin', value: 'value' } as const;
  const bySku = Map.groupBy(gaps, ({ sku }) => sku);
  return [...bySku].map(([sku, own]) => `${sku} has no ${own.map(({ missing }) => WORDS[missing]).join(', no ')}`).join('; ');
}
