import * as z from 'zod';
import type { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import { MAX_QUANTITY, OrderDocument } from '../../core/order-document.ts';
import { type PayloadKind, readMoney, readPayload } from '../payload.ts';
import type { Settings } from './settings.ts';

/** How a refusal speaks of an order of Shopify, in whichever shape it came. */
export const PAYLOAD: PayloadKind = {
  code: 'storefront.payload-unreadable',
  what: 'The Shopify order',
  personal: new Set(['shipping_address', 'shippingAddress', 'shipTo', 'email', 'contact_email', 'phone', 'customer']),
};

export const Amount = z.union([z.string(), z.int()], { error: 'must be a decimal such as "12.34"' });
export const Units = z.int({ error: 'must be a whole number' }).min(0).max(MAX_QUANTITY);
export const OffsetInstant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 instant with its zone' });

/** An order as both of Shopify's shapes say it: what posts bring and what is fetched must come to the same document. */
export interface SoldOrder {
  readonly id: string;
  readonly number: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly cancelledAt: string | null | undefined;
  readonly test: boolean | null | undefined;
  /** In lower case, such as `partially_refunded`. */
  readonly financialStatus: string;
  readonly currency: string;
  readonly total: string | number;
  readonly lines: readonly SoldLine[];
  readonly address: SoldAddress | null | undefined;
  readonly email: string | null | undefined;
  readonly phone: string | null | undefined;
  readonly locale: string | null | undefined;
}

/** A line, and its units as Shopify counts them. */
export interface SoldLine {
  readonly id: string;
  readonly sku: string | null | undefined;
  readonly title: string | null | undefined;
  readonly price: string | number;
  /** The field that the price stands in, for a refusal. */
  readonly priceField: string;
  readonly requiresShipping: boolean;
  readonly units: LineUnits;
}

/** Units of a line that are ours to ship in all, and of these the shipped ones where that is told. */
export interface LineUnits {
  readonly quantity: number;
  readonly fulfilled?: number;
}

type SoldAddress = Partial<
  Readonly<
    Record<'firstName' | 'lastName' | 'name' | 'company' | 'address1' | 'address2' | 'city' | 'province' | 'provinceCode' | 'zip' | 'country' | 'phone', string | null | undefined>
  >
>;

/** Units of a line that was both refunded in part and shipped in part cannot be told from its counts: the refunded may be among the shipped. */
export function isUnclear({ sold, current, shipped }: { readonly sold: number; readonly current: number; readonly shipped: boolean }): boolean {
  return shipped && current < sold;
}

/** The canonical order. @throws Rejected with the field and the value that cannot be read */
export function documentOf(sold: SoldOrder, connectionId: string, { paidStatuses }: Pick<Settings, 'paidStatuses'>): OrderDocument {
  const { financialStatus: status, currency, address, locale } = sold;
  const lines = sold.lines.map((line) => lineOf(line, currency)).sort(byId);
  const isRefundedWhole = (status === 'refunded' || status === 'voided') && lines.every(({ quantity }) => quantity === 0);
  const document: OrderDocument = {
    connectionId,
    sourceId: sold.id,
    number: sold.number.slice(0, 60),
    sourceVersion: Date.parse(sold.updatedAt),
    placedAt: new Date(sold.createdAt).toISOString(),
    test: sold.test ?? false,
    cancelled: Boolean(sold.cancelledAt) || isRefundedWhole,
    paid: paidStatuses.some((paid) => paid === status),
    currency,
    total: readMoney('total_price', sold.total, currency),
    lines,
    shipTo: address ? addressOf(address) : null,
    email: sold.email || null,
    phone: sold.phone || address?.phone || null,
    locale: locale && locale.length <= 20 ? locale : 'en',
  };
  return readPayload(OrderDocument, document, PAYLOAD);
}

function lineOf({ id, sku, title, price, priceField, requiresShipping, units }: SoldLine, currency: string): OrderDocument['lines'][number] {
  return {
    lineId: id,
    sku: sku?.trim() || null,
    title: (title ?? '').slice(0, 300),
    quantity: units.quantity,
    ...(requiresShipping && units.fulfilled !== undefined && { fulfilled: units.fulfilled }),
    unitPrice: readMoney(priceField, price, currency),
    requiresShipping,
  };
}

/** In the order in which they were sold, whichever shape they came in. */
function byId(a: { readonly lineId: string }, b: { readonly lineId: string }): number {
  return a.lineId.length - b.lineId.length || (a.lineId < b.lineId ? -1 : 1);
}

function addressOf(theirs: SoldAddress): Address {
  const { company, address2, zip, phone } = theirs;
  const region = theirs.provinceCode || theirs.province;
  return {
    name: theirs.name?.trim() || [theirs.firstName, theirs.lastName].filter(Boolean).join(' '),
    line1: theirs.address1 ?? '',
    city: theirs.city ?? '',
    // A country that is no two-letter code becomes an address hold, where a person can mend it.
    country: theirs.country?.length === 2 ? theirs.country.toUpperCase() : '',
    ...(company && { company }),
    ...(address2 && { line2: address2 }),
    ...(region && { region }),
    ...(zip && { postalCode: zip }),
    ...(phone && { phone }),
  };
}

/** Ids pass 2^53: a relay that read them as floats damages `id`, but not the digits in the text of the gid. @throws Rejected `storefront.id-mismatch` */
export function exactId(id: string, gid: string | null | undefined): string {
  const exact = gid?.split('/').at(-1) ?? id;
  if (exact === id) return id;
  if (Number(exact) > Number.MAX_SAFE_INTEGER && Number(exact) === Number(id)) return exact;
  throw new Rejected('storefront.id-mismatch', `The Shopify order names two orders: id ${id} and admin_graphql_api_id ${exact}.`, { seen: id });
}
