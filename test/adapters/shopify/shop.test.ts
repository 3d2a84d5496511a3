import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from '../../../adapters/shopify/events.ts';
import { fetchReferred, pollOrders } from '../../../adapters/shopify/fetching.ts';
import { markShipped } from '../../../adapters/shopify/fulfilment.ts';
import { answerRequests } from '../../../adapters/shopify/service.ts';
import { Settings } from '../../../adapters/shopify/settings.ts';
import { subscriptions } from '../../../adapters/shopify/subscriptions.ts';
import type { Knowledge } from '../../../adapters/storefront.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { type ShopifyShop, writeShopify } from '../../../local/simulators/shopify.ts';
import type { SoldVersion } from '../../../local/simulators/sold-order.ts';
import { callOf, HOOK_URL, line, openShop, order, shipped, version } from '../../local/simulators/shopify-shop.ts';
import { delivered } from '../fixtures.ts';

const ID = '820982911946154508';
const SOLD = order(ID, [
  line('866550311766439020', 'TENT-2P', 3),
  line('866550311766439021', 'MUG', 1),
  line('866550311766439022', null, 1, 'tip'),
  line('9', null, 1, 'gift-card'),
]);

let shop: ShopifyShop;
let postings: Posting[];
beforeEach(async () => {
  postings = [];
  shop = await openShop({ post: (more) => void postings.push(...more) });
});
afterEach(async () => {
  expect(shop.complaints()).toEqual([]);
  await shop.close();
});

/** The order as fetching and listing bring it, and it must be one and the same. */
async function fetched(call = callOf(shop)): Promise<OrderDocument | undefined> {
  const found = await fetchReferred({ what: 'order', id: ID }, call);
  const { bodies } = await pollOrders({ since: '2026-11-22T09:00:00.000Z', page: null }, call);
  const [one, other] = [found.kind === 'found' ? found.bodies[0] : undefined, bodies[0]].map((body) => body && parse({ ...delivered(body), via: 'poll' }, call.settings));
  expect(one).toEqual(other);
  return one?.kind === 'orders' ? one.orders[0] : undefined;
}

function posted(body: Buffer): ReturnType<typeof parse> {
  return parse(delivered(body, { 'x-shopify-topic': 'orders/updated' }), callOf(shop).settings);
}

test.each<[string, Partial<SoldVersion>]>([
  ['paid', {}],
  ['unpaid', { paid: false }],
  ['cancelled', { cancelled: true }],
  ['refunded in part', { removed: { '866550311766439020': 1 } }],
  ['refunded in whole', { removed: { '866550311766439020': 3, '866550311766439021': 1 } }],
  ['larger later', { later: { '866550311766439020': 2 } }],
])('an order that is %s is the same whether it is posted, fetched or listed', async (_, change) => {
  shop.place(SOLD, version(1, change));

  expect(posted(writeShopify('updated', SOLD, version(1, change), 'one').body)).toEqual({ kind: 'orders', orders: [await fetched()] });
});

describe('an order of which a part has left', () => {
  test('comes back as what we told, and is the same whether it is posted, fetched or listed', async () => {
    shop.place(SOLD, version(1));
    for (const topic of ['ORDERS_UPDATED', 'ORDERS_PARTIALLY_FULFILLED', 'ORDERS_FULFILLED']) await subscriptions.create(topic, callOf(shop));

    expect(await markShipped(shipped(ID, [{ sku: 'TENT-2P', quantity: 2 }]), callOf(shop))).toBe('written');

    const document = await fetched();
    expect(document?.lines.map(({ quantity, fulfilled }) => [quantity, fulfilled])).toEqual([
      [1, undefined],
      [3, 2],
      [1, 0],
      [1, undefined],
    ]);
    expect(postings).toHaveLength(2);
    for (const { body } of postings) expect(posted(body)).toEqual({ kind: 'orders', orders: [document] });
  });

  test('and of which another part was refunded is fetched, and leaves to ship what is left', async () => {
    shop.place(SOLD, version(1));
    await markShipped(shipped(ID, [{ sku: 'TENT-2P', quantity: 1 }]), callOf(shop));

    shop.place(SOLD, version(2, { updatedAt: '2026-11-22T09:20:00.000Z', removed: { '866550311766439020': 1 } }));

    expect((await fetched())?.lines.find(({ sku }) => sku === 'TENT-2P')).toMatchObject({ quantity: 2, fulfilled: 1 });
  });

  test('is told once, and waits for a hold to be released', async () => {
    shop.place(SOLD, version(1));
    const parcel = shipped(ID, [{ sku: 'MUG', quantity: 1 }]);

    shop.hold(ID);
    await expect(markShipped(parcel, callOf(shop))).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 900 });
    shop.release(ID);

    expect([await markShipped(parcel, callOf(shop)), await markShipped(parcel, callOf(shop))]).toEqual(['written', 'known']);
    expect(shop.orders()[0]?.fulfilled).toEqual({ MUG: 1 });
  });
});

test('all webhooks that are wanted can be subscribed, once each, and be turned to another address', async () => {
  const call = callOf(shop);
  const topics = subscriptions.wanted(call.settings);

  for (const topic of [...topics, ...topics]) await subscriptions.create(topic, { ...call, hookUrl: 'http://127.0.0.1:1/old' });
  const before = await subscriptions.list(call);
  for (const one of before) await subscriptions.repair(one, call);

  expect(before.map(({ topic }) => topic).toSorted()).toEqual(topics.toSorted());
  expect((await subscriptions.list(call)).map(({ address, active }) => [address, active])).toEqual(topics.map(() => [HOOK_URL, true]));
});

describe('a shop that has us as its fulfilment service', () => {
  const call = () => {
    const base = callOf(shop);
    return { ...base, settings: Settings.parse({ ...base.settings, ships: 'assigned', locationIds: ['1'], service: true }) };
  };
  const hub = (status: Awaited<ReturnType<Knowledge['statusOf']>>): Knowledge => ({
    statusOf: async () => status,
    stockOf: async () => new Map(),
    trackingOf: async () => [],
    sourceIdOf: async () => undefined,
  });
  const units = async () => (await fetched(call()))?.lines.filter(({ requiresShipping }) => requiresShipping).map(({ quantity }) => quantity);

  test('has an order shipped when it asks, and left alone when it asks in time', async () => {
    shop.place(SOLD, version(1));
    expect(await units()).toEqual([0, 0]);

    shop.request(ID, 'FULFILLMENT_REQUEST');
    expect(await answerRequests(hub(undefined), call())).toMatchObject({ open: 1, bodies: [expect.any(Buffer)] });
    expect(await units()).toEqual([3, 1]);
    expect(await answerRequests(hub('allocated'), call())).toMatchObject({ open: 0 });
    expect(await answerRequests(hub('allocated'), call())).toEqual({ open: 0, bodies: [] });
    expect(await units()).toEqual([3, 1]);

    shop.request(ID, 'CANCELLATION_REQUEST');
    expect(await answerRequests(hub('allocated'), call())).toMatchObject({ open: 0, bodies: [expect.any(Buffer)] });
    expect(await units()).toEqual([0, 0]);
  });

  test('is told that it asks too late', async () => {
    shop.place(SOLD, version(1));
    shop.request(ID, 'FULFILLMENT_REQUEST');
    await answerRequests(hub('allocated'), call());
    shop.request(ID, 'CANCELLATION_REQUEST');

    expect(await answerRequests(hub('packed'), call())).toMatchObject({ open: 0 });
    expect(await units()).toEqual([3, 1]);
  });

  test('posts its requests so that they are looked up', () => {
    shop.place(SOLD, version(1));
    shop.request(ID, 'FULFILLMENT_REQUEST');

    expect(postings.map(({ body }) => parse(delivered(body), call().settings))).toEqual([{ kind: 'reference', reference: { what: 'requests', id: 'all' } }]);
  });
});
