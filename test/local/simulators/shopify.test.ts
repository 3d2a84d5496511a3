import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpClient } from '../../../adapters/http.ts';
import { isSigned } from '../../../adapters/signature.ts';
import type { Shipped } from '../../../adapters/storefront.ts';
import shopify from '../../../adapters/storefronts/shopify.ts';
import { openShopify, type ShopifyShop, shopifyAddress } from '../../../local/simulators/shopify.ts';
import { shopifyOrder } from '../../../local/simulators/shopify-payload.ts';
import type { SoldOrder, SoldVersion } from '../../../local/simulators/sold-order.ts';

const SHOP = { shopDomain: 'harbour-and-pine.myshopify.com', apiVersion: '2026-07', clientSecret: 'hush', accessToken: 'shpat_test' };
const SHIPPED: Shipped = {
  sourceId: '820982911946154508',
  orderId: 'shop:820982911946154508',
  parcel: 1,
  units: [{ sku: 'TENT-2P', quantity: 2 }],
  carrier: 'USPS',
  trackingNumber: '9400100000000000000001',
  trackingUrl: 'https://track.example.com/1',
  shippedAt: '2026-11-22T10:00:00.000Z',
};

describe('the simulated Shopify', () => {
  let shop: ShopifyShop;

  beforeEach(async () => {
    shop = await openShopify({ ...SHOP, file: join(mkdtempSync(join(tmpdir(), 'shopify-')), 'shop.sqlite') });
    shop.sell([{ sourceId: SHIPPED.sourceId, lines: [{ lineId: '11', sku: 'TENT-2P', quantity: 2 }] }]);
  });
  afterEach(() => shop.close());

  function call(token = SHOP.accessToken) {
    const settings = shopify.settings.parse({ shopDomain: SHOP.shopDomain, endpoint: shop.endpoint });
    return { settings, token, signingSecret: '', http: httpClient({ trustedOrigins: [new URL(shop.endpoint).origin], defaultTimeoutMs: 400 }), now: new Date() };
  }

  it('shows a fulfilment that our adapter made, once, however often it is asked', async () => {
    expect(await shopify.markShipped(SHIPPED, call())).toBe('written');
    expect(await shopify.markShipped(SHIPPED, call())).toBe('known');

    expect(shop.fulfilments()).toEqual([{ sourceId: SHIPPED.sourceId, company: 'USPS', number: SHIPPED.trackingNumber, url: SHIPPED.trackingUrl, units: { 'TENT-2P': 2 } }]);
  });

  it('has made the fulfilment although it never answered, and the next try finds it', async () => {
    const sourceId = '7';
    shop.sell([{ sourceId, lines: [{ lineId: '12', sku: 'TENT-2P', quantity: 2 }], fault: 'hang-after' }]);

    await expect(shopify.markShipped({ ...SHIPPED, sourceId }, call())).rejects.toMatchObject({ code: 'http.timeout' });
    expect(await shopify.markShipped({ ...SHIPPED, sourceId }, call())).toBe('known');
    expect(shop.fulfilments()).toHaveLength(1);
  });

  it('refuses to fulfil more than is left', async () => {
    const fulfillment = {
      lineItemsByFulfillmentOrder: [
        { fulfillmentOrderId: `gid://shopify/FulfillmentOrder/${SHIPPED.sourceId}`, fulfillmentOrderLineItems: [{ id: 'gid://shopify/FulfillmentOrderLineItem/11', quantity: 3 }] },
      ],
    };
    const answer = await ask('mutation M($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { fulfillment { id } userErrors { message } } }', { f: fulfillment });

    expect(answer.data.fulfillmentCreate).toMatchObject({ fulfillment: null, userErrors: [{ message: 'Invalid fulfillment order line item quantity requested.' }] });
  });

  it('refuses a field that Shopify does not have', async () => {
    const answer = await ask(`{ order(id: "gid://shopify/Order/${SHIPPED.sourceId}") { colour } }`, {});

    expect(answer.errors[0].message).toBe("Field 'colour' doesn't exist on type 'order'");
  });

  it('refuses a wrong token', async () => {
    await expect(shopify.markShipped(SHIPPED, call('shpat_wrong'))).rejects.toMatchObject({ name: 'Rejected' });
  });

  async function ask(query: string, variables: object) {
    const response = await fetch(shop.endpoint, { method: 'POST', headers: { 'x-shopify-access-token': SHOP.accessToken }, body: JSON.stringify({ query, variables }) });
    return JSON.parse(await response.text());
  }
});

describe('the simulated webhook', () => {
  const order: SoldOrder = {
    sourceId: '820982911946154508',
    number: '#1001',
    placedAt: '2026-11-22T09:00:00.000Z',
    currency: 'EUR',
    test: false,
    shipped: true,
    buyer: {
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
    },
    lines: [{ lineId: '866550311766439020', sku: 'TENT-2P', title: 'Tent', quantity: 3, unitPrice: 22_500, grams: 2400, kind: 'goods' }],
  };
  const version: SoldVersion = { version: 2, updatedAt: '2026-11-22T09:10:00.000Z', paid: true, cancelled: false, removed: { '866550311766439020': 1 }, note: '' };

  it('writes ids past 2^53 digit for digit and counts refunded units in quantity only', () => {
    const body = shopifyOrder(order, version).toString();

    expect(body).toContain('"id":820982911946154508,');
    expect(body).toContain('"current_quantity":2');
    expect(body).toContain('"quantity":3');
    expect(body).toContain('"updated_at":"2026-11-22T10:10:00+01:00"');
  });

  it('is signed so that our edge takes it, and only with its own secret', () => {
    const body = shopifyOrder(order, version);
    const { headers } = shopifyAddress('http://hub/hooks/shop', SHOP)({ id: 'x', sender: 'shop', meta: { topic: 'orders/create', webhookId: 'w' }, body, due: 0 }, new Date());
    const scheme = shopify.signature(shopify.settings.parse({ shopDomain: SHOP.shopDomain }));

    expect(isSigned({ headers, body }, scheme, { current: 'hush' }, new Date())).toBe(true);
    expect(isSigned({ headers, body }, scheme, { current: 'shush' }, new Date())).toBe(false);
  });
});
