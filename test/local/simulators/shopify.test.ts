import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSigned } from '../../../adapters/signature.ts';
import shopify from '../../../adapters/storefronts/shopify.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { type ShopifyShop, writeShopify } from '../../../local/simulators/shopify.ts';
import { shopifyOrder } from '../../../local/simulators/shopify-payload.ts';
import { ask, callOf, fulfil, HOOK_URL, line, look, openShop, order, SHOP_DOMAIN, shipped, version } from './shopify-shop.ts';

const ID = '820982911946154508';
const UNITS = [{ sku: 'TENT-2P', quantity: 2 }];
const SETTINGS = shopify.settings.parse({ shopDomain: SHOP_DOMAIN });
let shop: ShopifyShop;
let posted: Posting[];

beforeEach(async () => {
  posted = [];
  shop = await openShop({ post: (postings) => posted.push(...postings) });
  shop.place(order(ID), version(1));
});
afterEach(() => shop.close());

async function subscribe(...topics: readonly string[]): Promise<void> {
  const mutation =
    'mutation S($t: WebhookSubscriptionTopic!, $s: WebhookSubscriptionInput!) { webhookSubscriptionCreate(topic: $t, webhookSubscription: $s) { userErrors { message } } }';
  for (const t of topics) await ask(shop, mutation, { t, s: { uri: HOOK_URL } });
}

describe('the simulated Shopify and our adapter', () => {
  it('shows a fulfilment that our adapter made, once, however often it is asked', async () => {
    expect(await shopify.markShipped?.(shipped(ID, UNITS), callOf(shop))).toBe('written');
    expect(await shopify.markShipped?.(shipped(ID, UNITS), callOf(shop))).toBe('known');

    expect(shop.orders()).toEqual([{ sourceId: ID, fulfilled: { 'TENT-2P': 2 }, trackingNumbers: ['9400100000000000000001'], status: 'FULFILLED', mails: [] }]);
    expect(shop.fulfilments()).toMatchObject([{ name: '#1001.1', company: 'USPS', urls: ['https://track.example.com/1'] }]);
    expect(shop.complaints()).toEqual([]);
  });

  it('has made the fulfilment although it never answered, and the next try finds it', async () => {
    shop.expect([{ sourceId: ID, fault: 'hang-after' }]);

    await expect(shopify.markShipped?.(shipped(ID, UNITS), callOf(shop, { timeoutMs: 1_500 }))).rejects.toMatchObject({ code: 'http.timeout' });
    expect(await shopify.markShipped?.(shipped(ID, UNITS), callOf(shop))).toBe('known');
    expect(shop.fulfilments()).toHaveLength(1);
  });

  it.each(['throttled', 'busy', 'broken'] as const)('is %s once when it is told of a parcel, and then takes it', async (fault) => {
    shop.expect([{ sourceId: ID, fault }]);
    shop.expect([{ sourceId: ID, fault }]);

    await expect(shopify.markShipped?.(shipped(ID, UNITS), callOf(shop))).rejects.toMatchObject({ name: 'Unavailable' });
    expect(await shopify.markShipped?.(shipped(ID, UNITS), callOf(shop))).toBe('written');
    expect(shop.complaints()).toEqual([]);
  });

  it('refuses a wrong token and remembers it', async () => {
    await expect(shopify.markShipped?.(shipped(ID, UNITS), callOf(shop, { token: 'shpat_wrong' }))).rejects.toMatchObject({ name: 'Rejected' });

    expect(shop.complaints()).toEqual(['The access token is wrong.']);
  });

  it('mails the customer when it is asked to', async () => {
    const [part] = (await look(shop, ID)).fulfillmentOrders.nodes;

    await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: part.id }], notifyCustomer: true });

    expect(shop.orders()[0]?.mails).toEqual(['tracking']);
  });

  it('knows everything again after it was closed', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'shopify-')), 'shop.sqlite');
    const before = await openShop({ file });
    before.place(order(ID), version(1));
    before.stock({ TENT: 4 });
    before.expect([{ sourceId: ID, fault: 'busy' }]);
    await expect(shopify.markShipped?.(shipped(ID, UNITS), callOf(before))).rejects.toMatchObject({ name: 'Unavailable' });
    await before.close();

    const after = await openShop({ file });
    after.expect([{ sourceId: ID, fault: 'busy' }]);
    const outcome = await shopify.markShipped?.(shipped(ID, UNITS), callOf(after));
    const [kept, available] = [after.orders(), after.available()];
    await after.close();

    expect(outcome).toBe('written');
    expect(kept).toMatchObject([{ fulfilled: { 'TENT-2P': 2 } }]);
    expect(available).toEqual({ TENT: 4 });
  });
});

describe('what our adapter reads of the simulated Shopify', () => {
  const read = (body: Buffer | undefined, via: 'webhook' | 'fetch' | 'poll') =>
    shopify.parse({ connectionId: 'shop', headers: { 'x-shopify-topic': 'orders/updated' }, body: body ?? Buffer.alloc(0), receivedAt: '2026-11-22T10:00:00.000Z', via }, SETTINGS);

  it.each([
    ['paid', version(1), [line('866550311766439020', 'TENT-2P', 3), line('12', null, 1, 'tip'), line('13', 'CARD', 1, 'gift-card')]],
    ['not paid', version(1, { paid: false }), [line('11', 'TENT-2P', 3)]],
    ['refunded in part', version(2, { removed: { '11': 1 } }), [line('11', 'TENT-2P', 3)]],
    ['with a line that is not there yet', version(1, { later: { '11': 1, '12': 2 } }), [line('11', 'TENT-2P', 3), line('12', 'MUG', 2)]],
    ['cancelled', version(2, { cancelled: true }), [line('11', 'TENT-2P', 3)]],
  ])('is the same order, %s, however it comes: posted, fetched and polled', async (_what, at, lines) => {
    const sold = order('820982911946154999', lines);
    shop.place(sold, at);

    const fetched = await shopify.fetch?.({ what: 'order', id: sold.sourceId }, callOf(shop));
    const polled = await shopify.poll?.({ since: '2026-11-22T09:00:00.000Z', page: null }, callOf(shop));

    const webhook = read(shopifyOrder(sold, at), 'webhook');
    expect(webhook.kind).toBe('orders');
    expect(fetched?.kind === 'found' && fetched.bodies.map((body) => read(body, 'fetch'))).toEqual([webhook]);
    expect(polled?.bodies.map((body) => read(body, 'poll'))).toContainEqual(webhook);
    expect(shop.complaints()).toEqual([]);
  });

  it('is the same order after a parcel left, posted by the shop and polled', async () => {
    await subscribe('ORDERS_PARTIALLY_FULFILLED');
    await shopify.markShipped?.(shipped(ID, [{ sku: 'TENT-2P', quantity: 1 }]), callOf(shop));

    const polled = await shopify.poll?.({ since: '2026-11-22T09:00:00.000Z', page: null }, callOf(shop));

    const echo = read(posted[0]?.body, 'webhook');
    expect(echo).toMatchObject({ kind: 'orders', orders: [{ lines: [{ quantity: 2, fulfilled: 1 }] }] });
    expect(polled?.bodies.map((body) => read(body, 'poll'))).toEqual([echo]);
  });

  it('is absent when the shop has no such order', async () => {
    expect(await shopify.fetch?.({ what: 'order', id: '9' }, callOf(shop))).toEqual({ kind: 'absent', sourceIds: ['9'] });
    expect(shop.complaints()).toEqual([]);
  });

  it('is found page by page', async () => {
    for (let index = 0; index < 40; index++) shop.place(order(`5${100 + index}`), version(1));
    const sourceIds: string[] = [];

    for (let page: string | null = null; ; ) {
      const polled: { readonly bodies: readonly Buffer[]; readonly next: string | null } | undefined = await shopify.poll?.(
        { since: '2026-11-22T09:00:00.000Z', page },
        callOf(shop),
      );
      for (const body of polled?.bodies ?? []) {
        const parsed = read(body, 'poll');
        if (parsed.kind === 'orders') sourceIds.push(...parsed.orders.map(({ sourceId }) => sourceId));
      }
      page = polled?.next ?? null;
      if (page === null) break;
    }

    expect(new Set(sourceIds).size).toBe(41);
    expect(sourceIds).toHaveLength(41);
  });

  it('is what it is subscribed to: all topics that are wanted, once, and again after they are gone', async () => {
    const { subscriptions } = shopify;
    const wanted = subscriptions?.wanted(SETTINGS) ?? [];

    for (const topic of wanted) await subscriptions?.create(topic, callOf(shop));
    for (const topic of wanted) await subscriptions?.create(topic, callOf(shop));
    const listed = await subscriptions?.list(callOf(shop));
    shop.unsubscribe();
    for (const topic of wanted) await subscriptions?.create(topic, callOf(shop));

    expect(listed?.map(({ topic, address, active }) => [topic, address, active])).toEqual(wanted.map((topic) => [topic, HOOK_URL, true]));
    expect(shop.subscribed()).toHaveLength(wanted.length);
    expect(shop.subscribed()).toEqual(expect.arrayContaining(['orders/create', 'orders/partially_fulfilled', 'refunds/create', 'app/uninstalled']));
    expect(shop.complaints()).toEqual([]);
  });
});

describe('what the simulated Shopify posts', () => {
  const posting = (meta: Posting['meta'], body: Buffer = Buffer.from('{}')): Posting => ({ id: 'x', sender: 'shop', meta, body, due: 0 });

  it('writes ids past 2^53 digit for digit and counts refunded units in quantity only', () => {
    const sold = order(ID, [line('866550311766439020', 'TENT-2P', 3)]);

    const { body, meta } = writeShopify('created', sold, version(2, { removed: { '866550311766439020': 1 } }), 'one');

    expect(body.toString()).toContain('"id":820982911946154508,');
    expect(body.toString()).toContain('"current_quantity":2');
    expect(body.toString()).toContain('"quantity":3');
    expect(body.toString()).toContain('"updated_at":"2026-11-22T10:10:00+01:00"');
    expect(meta).toMatchObject({ topic: 'orders/create', test: 'false', webhookId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('is signed so that our edge takes it, and only with its own secret', async () => {
    await subscribe('ORDERS_CREATE');
    const { body, meta } = writeShopify('created', order(ID), version(1), 'one');

    const address = shop.address(posting(meta, body), new Date());

    const headers = address?.headers ?? {};
    expect(address?.url).toBe(HOOK_URL);
    expect(isSigned({ headers, body }, shopify.signature(SETTINGS), { current: 'hush' }, new Date())).toBe(true);
    expect(isSigned({ headers, body }, shopify.signature(SETTINGS), { current: 'shush' }, new Date())).toBe(false);
  });

  it('goes nowhere while nobody is subscribed to its topic, unless the law or a merchant asks', () => {
    expect(shop.address(posting({ topic: 'orders/create' }), new Date())).toBeUndefined();
    expect(shop.address(posting({ topic: 'shop/redact' }), new Date())?.url).toBe(HOOK_URL);
    expect(shop.address(posting({ request: 'fulfillment_order_notification' }), new Date())?.url).toMatch(
      /^http:\/\/127\.0\.0\.1:1\/services\/shop\/[\w-]{32}\/fulfillment_order_notification$/,
    );
  });

  it('stops when the subscriptions are gone', async () => {
    await subscribe('ORDERS_CREATE', 'ORDERS_PARTIALLY_FULFILLED');
    expect(shop.subscribed()).toEqual(['orders/create', 'orders/partially_fulfilled']);

    shop.unsubscribe();

    expect(shop.subscribed()).toEqual([]);
    expect(shop.address(posting({ topic: 'orders/create' }), new Date())).toBeUndefined();
  });

  it('tells of every fulfilment itself, with a newer state that wants as much as before', async () => {
    await subscribe('ORDERS_UPDATED', 'ORDERS_FULFILLED');
    const before = shopify.parse({ connectionId: 'shop', headers: { 'x-shopify-topic': 'orders/create' }, body: shopifyOrder(order(ID), version(1)), receivedAt: '' }, SETTINGS);

    await shopify.markShipped?.(shipped(ID, UNITS), callOf(shop));

    const [fulfilled, updated] = posted;
    const headers = { 'x-shopify-topic': updated?.meta.topic };
    const echo = shopify.parse({ connectionId: 'shop', headers, body: updated?.body ?? Buffer.alloc(0), receivedAt: '' }, SETTINGS);
    expect(posted.map(({ meta }) => meta.topic)).toEqual(['orders/fulfilled', 'orders/updated']);
    expect(updated?.body).toEqual(fulfilled?.body);
    const [earlier, later] = [before, echo].map((parsed) => (parsed.kind === 'orders' ? parsed.orders[0] : undefined));
    expect(later?.lines.map(({ quantity }) => quantity)).toEqual(earlier?.lines.map(({ quantity }) => quantity));
    expect(later?.sourceVersion).toBeGreaterThan(earlier?.sourceVersion ?? Number.POSITIVE_INFINITY);
    expect(JSON.parse(String(updated?.body))).toMatchObject({
      fulfillment_status: 'fulfilled',
      fulfillments: [{ status: 'success', name: '#1001.1', tracking_number: '9400100000000000000001', line_items: [{ quantity: 2, sku: 'TENT-2P' }] }],
      line_items: [{ quantity: 2, current_quantity: 2, fulfillable_quantity: 0, fulfillment_status: 'fulfilled' }],
    });
  });

  it('says orders/partially_fulfilled while something is left, and nothing to topics that nobody wants', async () => {
    await subscribe('ORDERS_PARTIALLY_FULFILLED');

    await shopify.markShipped?.(shipped(ID, [{ sku: 'TENT-2P', quantity: 1 }]), callOf(shop));

    expect(posted.map(({ meta }) => meta.topic)).toEqual(['orders/partially_fulfilled']);
    expect(JSON.parse(String(posted[0]?.body))).toMatchObject({ fulfillment_status: 'partial', line_items: [{ fulfillable_quantity: 1, current_quantity: 2 }] });
    expect(shop.orders()[0]?.status).toBe('PARTIALLY_FULFILLED');
  });
});
