import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpClient } from '../../../adapters/http.ts';
import { Settings } from '../../../adapters/shopify/settings.ts';
import type { Shipped, StorefrontCall } from '../../../adapters/storefront.ts';
import { openShopify, type ShopifyOptions, type ShopifyShop } from '../../../local/simulators/shopify.ts';
import type { SoldLine, SoldOrder, SoldVersion } from '../../../local/simulators/sold-order.ts';

export const SHOP_DOMAIN = 'harbour-and-pine.myshopify.com';
export const HOOK_URL = 'http://127.0.0.1:1/hooks/shop';
const SECRET = { signing: 'hush', token: 'shpat_test' };
const UPDATED_AT = '2026-11-22T09:10:00.000Z';

/** Opens an empty shop, or one that was opened before by the same file. */
export function openShop(options: Partial<ShopifyOptions> = {}): Promise<ShopifyShop> {
  const file = join(mkdtempSync(join(tmpdir(), 'shopify-')), 'shop.sqlite');
  return openShopify({ connectionId: 'shop', file, secret: SECRET, settings: { shopDomain: SHOP_DOMAIN }, hookUrl: () => HOOK_URL, ...options });
}

export function line(lineId: string, sku: string | null, quantity: number, kind: SoldLine['kind'] = 'goods'): SoldLine {
  return { lineId, sku, title: sku ?? 'Thanks', quantity, unitPrice: 2_250, grams: 400, kind };
}

export function order(sourceId: string, lines: readonly SoldLine[] = [line('11', 'TENT-2P', 2)]): SoldOrder {
  const buyer = {
    firstName: 'Zoë',
    lastName: 'Vandergloom',
    company: '',
    line1: 'Nachtegaalsteeg 1',
    line2: '',
    city: 'Utrecht',
    region: '',
    postalCode: '3511 AB',
    country: 'NL',
    phone: '+31305550100',
    email: 'zoe@mail.example.org',
    locale: 'nl',
  };
  return { sourceId, number: '#1001', placedAt: '2026-11-22T09:00:00.000Z', currency: 'EUR', test: false, shipped: true, buyer, lines };
}

export function version(number: number, change: Partial<SoldVersion> = {}): SoldVersion {
  return { version: number, updatedAt: UPDATED_AT, paid: true, cancelled: false, removed: {}, note: '', ...change };
}

/** How our adapter calls the shop. */
export function callOf(shop: ShopifyShop, { token = SECRET.token, timeoutMs = 10_000 } = {}): StorefrontCall<Settings> {
  const settings = Settings.parse({ shopDomain: SHOP_DOMAIN, endpoint: shop.endpoint });
  const http = httpClient({ trustedOrigins: [new URL(shop.endpoint).origin], defaultTimeoutMs: timeoutMs });
  return { connectionId: 'shop', settings, token, apiKey: '', signingSecret: SECRET.signing, hookUrl: HOOK_URL, http, now: new Date() };
}

export function shipped(sourceId: string, units: Shipped['units'], more: Partial<Shipped> = {}): Shipped {
  return {
    sourceId,
    orderId: `shop:${sourceId}`,
    parcel: 1,
    units,
    lines: [],
    completes: true,
    carrier: 'USPS',
    service: 'Priority',
    trackingNumber: '9400100000000000000001',
    trackingUrl: 'https://track.example.com/1',
    shippedAt: '2026-11-22T10:00:00.000Z',
    ...more,
  };
}

/** Asks the Admin API, right token and all. */
export async function ask(shop: Pick<ShopifyShop, 'endpoint'>, query: string, variables: object = {}) {
  const response = await fetch(shop.endpoint, { method: 'POST', headers: { 'x-shopify-access-token': SECRET.token }, body: JSON.stringify({ query, variables }) });
  return JSON.parse(await response.text());
}

const LOOK = `query Look($id: ID!) {
  order(id: $id) {
    updatedAt displayFinancialStatus displayFulfillmentStatus
    lineItems(first: 10) { nodes { sku quantity currentQuantity unfulfilledQuantity } }
    fulfillmentOrders(first: 10) {
      nodes { id status requestStatus assignedLocation { location { id } } supportedActions { action } lineItems(first: 5) { nodes { id sku totalQuantity remainingQuantity } } }
    }
  }
}`;

/** An order as the Admin API shows it. */
export async function look(shop: ShopifyShop, sourceId: string) {
  const answer = await ask(shop, LOOK, { id: `gid://shopify/Order/${sourceId}` });
  return answer.data.order;
}

/** Units still to be shipped of each fulfilment order, with its status. */
export async function parts(shop: ShopifyShop, sourceId: string) {
  const { fulfillmentOrders } = await look(shop, sourceId);
  return fulfillmentOrders.nodes.map((one: { status: string; lineItems: { nodes: { sku: string; remainingQuantity: number }[] } }) => [
    one.status,
    Object.fromEntries(one.lineItems.nodes.map(({ sku, remainingQuantity }) => [sku, remainingQuantity])),
  ]);
}

const FULFIL = `mutation Fulfil($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id name status } userErrors { field message } }
}`;

export async function fulfil(shop: ShopifyShop, fulfillment: object) {
  const answer = await ask(shop, FULFIL, { fulfillment });
  return answer.data?.fulfillmentCreate ?? answer;
}
