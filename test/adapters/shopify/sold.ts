import * as z from 'zod';
import { DOCUMENTS } from '../../../adapters/shopify/documents.ts';
import { Settings } from '../../../adapters/shopify/settings.ts';
import type { StorefrontCall } from '../../../adapters/storefront.ts';
import { type Answer, json, scripted } from '../fixtures.ts';

export const SHOP = 'pine.myshopify.com';

/** Settings of a shop of which these differ from the least. */
export function settingsOf(overrides: object = {}): Settings {
  return Settings.parse({ shopDomain: SHOP, ...overrides });
}

/** A call to the shop. */
export function callOf(http: StorefrontCall<Settings>['http'], settings: Settings = settingsOf()): StorefrontCall<Settings> {
  const hookUrl = 'https://hub.example.com/hooks/shop';
  return { connectionId: 'shop', settings, token: 'shpat_1', apiKey: '', signingSecret: 'hush', hookUrl, http, now: new Date('2026-11-20T09:00:00Z') };
}

/** A shop that gives these answers, one after the other, and what it was asked. */
export function shopThat(answers: readonly Answer[], settings: Settings = settingsOf()) {
  const { http, asked } = scripted(...answers);
  const bodies = () => asked.map(({ body }) => JSON.parse(String(body)));
  return { call: callOf(http, settings), bodies, asked: () => bodies().map((body) => Asked.parse(body)) };
}

const Asked = z.object({ operationName: z.string(), query: z.string(), variables: z.record(z.string(), z.any()) });

/** A line with what became of each of its units. */
export interface Line {
  readonly id: number;
  readonly sku: string | null;
  readonly price: string;
  readonly requiresShipping: boolean;
  readonly giftCard: boolean;
  /** Units that are still to leave. */
  readonly left: number;
  readonly removed: number;
  readonly shipped: number;
  /** Units that were refunded after they had left. */
  readonly returned: number;
}

/** An order as it truly is; each shape tells part of it. */
export interface Sold {
  readonly id: string;
  readonly updatedAt: number;
  readonly status: string;
  readonly cancelled: boolean;
  readonly test: boolean;
  readonly email: string | null;
  readonly phone: string | null;
  readonly locale: string | null;
  readonly address: { readonly name: string | null; readonly line1: string; readonly line2: string | null; readonly country: string } | null;
  readonly lines: readonly Line[];
}

/** Ids past 2^53, as text that `unquoted` turns into numbers. */
const lineId = ({ id }: Line): string => `866550311766439${String(id).padStart(3, '0')}`;
const soldOf = ({ left, removed, shipped, returned }: Line): number => left + removed + shipped + returned;
const currentOf = ({ left, shipped }: Line): number => left + shipped;
const goneOf = ({ shipped, returned }: Line): number => shipped + returned;

/** The order as a webhook posts it. */
export function posted(sold: Sold): string {
  const { address } = sold;
  const at = new Date(sold.updatedAt + 3_600_000).toISOString().replace(/\.\d+Z$/, '+01:00');
  const body = {
    id: `@${sold.id}`,
    admin_graphql_api_id: `gid://shopify/Order/${sold.id}`,
    name: '#1001',
    created_at: '2026-11-20T09:30:00+01:00',
    updated_at: at,
    cancelled_at: sold.cancelled ? at : null,
    test: sold.test,
    financial_status: sold.status,
    currency: 'EUR',
    current_total_price: '59.90',
    email: sold.email ?? '',
    contact_email: sold.email,
    phone: sold.phone,
    customer_locale: sold.locale,
    shipping_address: address && { name: address.name, address1: address.line1, address2: address.line2, city: 'Leipzig', zip: '04109', country_code: address.country },
    line_items: sold.lines.map((line) => ({
      id: `@${lineId(line)}`,
      sku: line.sku,
      title: `Article ${line.id}`,
      quantity: soldOf(line),
      current_quantity: currentOf(line),
      fulfillable_quantity: line.left,
      price: line.price,
      requires_shipping: line.requiresShipping,
      gift_card: line.giftCard,
      properties: {},
    })),
    fulfillments: [
      { status: 'cancelled', line_items: sold.lines.map((line) => ({ id: `@${lineId(line)}`, quantity: soldOf(line) })) },
      { status: 'success', line_items: sold.lines.filter((line) => goneOf(line) > 0).map((line) => ({ id: `@${lineId(line)}`, quantity: goneOf(line) })) },
    ],
  };
  return JSON.stringify(body).replace(/"@(\d+)"/g, '$1');
}

/** The order as the Admin API gives it. */
export function nodeOf(sold: Sold, lines: readonly Line[] = sold.lines, endCursor: string | null = null): object {
  const { address } = sold;
  const at = new Date(sold.updatedAt).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    id: `gid://shopify/Order/${sold.id}`,
    name: '#1001',
    createdAt: '2026-11-20T08:30:00Z',
    updatedAt: at,
    cancelledAt: sold.cancelled ? at : null,
    test: sold.test,
    displayFinancialStatus: sold.status.toUpperCase(),
    displayFulfillmentStatus: sold.lines.some((line) => goneOf(line) > 0) ? 'PARTIALLY_FULFILLED' : 'UNFULFILLED',
    currencyCode: 'EUR',
    currentTotalPriceSet: { shopMoney: { amount: '59.9' } },
    email: sold.email,
    phone: sold.phone,
    customerLocale: sold.locale,
    shippingAddress: address && { name: address.name, address1: address.line1, address2: address.line2, city: 'Leipzig', zip: '04109', countryCodeV2: address.country },
    lineItems: linesOf(lines, endCursor),
  };
}

/** A page of an order's lines as the Admin API gives it. */
export function linesOf(lines: readonly Line[], endCursor: string | null): object {
  return {
    pageInfo: { hasNextPage: endCursor !== null, endCursor },
    nodes: lines.map((line) => ({
      id: `gid://shopify/LineItem/${lineId(line)}`,
      sku: line.sku,
      title: `Article ${line.id}`,
      quantity: soldOf(line),
      currentQuantity: currentOf(line),
      unfulfilledQuantity: line.requiresShipping ? line.left : 0,
      requiresShipping: line.requiresShipping,
      isGiftCard: line.giftCard,
      originalUnitPriceSet: { shopMoney: { amount: line.price.replace(/0$/, '') } },
    })),
  };
}

/** A shop that has this one order, and answers whatever is asked about it. */
export function shopWith(sold: Sold, settings: Settings = settingsOf()): StorefrontCall<Settings> {
  const gone = sold.lines.filter((line) => goneOf(line) > 0);
  const page = { hasNextPage: false, endCursor: null };
  const answers: Readonly<Record<string, object>> = {
    ReadOrder: { order: nodeOf(sold) },
    ChangedOrders: { orders: { pageInfo: page, nodes: [nodeOf(sold)] } },
    OrderFulfillments: { order: { fulfillments: [{ id: 'gid://shopify/Fulfillment/1', status: 'SUCCESS', location: null }, CANCELLED] } },
    FulfilledLines: {
      fulfillment: {
        fulfillmentLineItems: {
          pageInfo: page,
          nodes: gone.map((line) => ({ quantity: goneOf(line), lineItem: { id: `gid://shopify/LineItem/${lineId(line)}`, sku: line.sku } })),
        },
      },
    },
  };
  return callOf(async ({ body }) => {
    const { operationName, query } = Asked.parse(JSON.parse(String(body)));
    const data = answers[operationName];
    if (data === undefined || !Object.values<string>(DOCUMENTS).includes(query)) throw new Error(`nobody expected ${operationName}`);
    return json({ data });
  }, settings);
}

const CANCELLED = { id: 'gid://shopify/Fulfillment/2', status: 'CANCELLED', location: null };
