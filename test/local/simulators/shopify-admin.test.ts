import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import shopify from '../../../adapters/storefronts/shopify.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import type { ShopifyShop } from '../../../local/simulators/shopify.ts';
import { openBucket } from '../../../local/simulators/shopify-bucket.ts';
import { ask, callOf, HOOK_URL, line, look, openShop, order, version } from './shopify-shop.ts';

let shop: ShopifyShop;
let posted: Posting[];

beforeEach(async () => {
  posted = [];
  shop = await openShop({ post: (postings) => posted.push(...postings), bucket: { maximum: 1_000, restoreRate: 1 } });
  shop.place(order('7', [line('11', 'TENT', 2)]), version(1));
});
afterEach(() => shop.close());

describe('the Admin API of the simulated Shopify', () => {
  it.each([
    ['a field that Shopify does not have', '{ order(id: "gid://shopify/Order/7") { colour } }', 'Cannot query field "colour" on type "Order"'],
    ['an argument that it does not have', '{ order(id: "gid://shopify/Order/7", name: "7") { id } }', 'Unknown argument "name"'],
    ['a page without a size', '{ locations { nodes { id } } }', 'You must provide one of first or last.'],
    ['a page that is too large', '{ locations(first: 251) { nodes { id } } }', '250 at most'],
    ['an id of something else', '{ order(id: "gid://shopify/Customer/7") { id } }', 'Invalid global id'],
    ['a document that ends too early', '{ order', 'Syntax Error'],
    [
      'a topic that is no subscription',
      'mutation { webhookSubscriptionCreate(topic: SHOP_REDACT, webhookSubscription: {uri: "https://hub.example.com/"}) { userErrors { message } } }',
      'SHOP_REDACT',
    ],
  ])('refuses %s and remembers it', async (_what, query, message) => {
    const answer = await ask(shop, query);

    expect(answer.errors[0].message).toContain(message);
    expect(shop.complaints()).toEqual([answer.errors[0].message]);
  });

  it.each([
    ['another address', '/admin/api/2020-01/graphql.json', '{"query":"{ __typename }"}', 404],
    ['a body that is no JSON', '', 'query', 400],
    ['a body that is no request', '', '{"document":"{ __typename }"}', 400],
  ])('refuses %s and remembers it', async (_what, path, body, status) => {
    const url = path === '' ? shop.endpoint : new URL(path, shop.endpoint);

    const response = await fetch(url, { method: 'POST', headers: { 'x-shopify-access-token': 'shpat_test' }, body });

    expect(response.status).toBe(status);
    expect(shop.complaints()).toHaveLength(1);
  });

  it('knows no order, fulfilment order or fulfilment that is not there', async () => {
    const answer = await ask(
      shop,
      '{ order(id: "gid://shopify/Order/8") { id } fulfillment(id: "gid://shopify/Fulfillment/8") { id } fulfillmentOrder(id: "gid://shopify/FulfillmentOrder/8") { id } }',
    );

    expect(answer.data).toEqual({ order: null, fulfillment: null, fulfillmentOrder: null });
    expect(shop.complaints()).toEqual([]);
  });

  it('leads from a fulfilment order to its order', async () => {
    const [part] = (await look(shop, '7')).fulfillmentOrders.nodes;

    const answer = await ask(shop, 'query F($id: ID!) { fulfillmentOrder(id: $id) { order { id legacyResourceId currentTotalPriceSet { shopMoney { amount currencyCode } } } } }', {
      id: part.id,
    });

    expect(answer.data.fulfillmentOrder.order).toEqual({
      id: 'gid://shopify/Order/7',
      legacyResourceId: '7',
      currentTotalPriceSet: { shopMoney: { amount: '45.0', currencyCode: 'EUR' } },
    });
  });
});

describe('the points of the simulated Shopify', () => {
  const WIDE = '{ orders(first: 100) { nodes { id fulfillments(first: 2) { id } } } }';

  it('are asked for before, and given back after', async () => {
    const { extensions } = await ask(shop, WIDE);

    expect(extensions.cost).toMatchObject({ requestedQueryCost: 302, actualQueryCost: 2, throttleStatus: { maximumAvailable: 1_000, restoreRate: 1 } });
    expect(extensions.cost.throttleStatus.currentlyAvailable).toBeGreaterThanOrEqual(998);
  });

  it('run out, and the shop says so until some are back, which nobody is blamed for', async () => {
    await shop.close();
    shop = await openShop({ bucket: { maximum: 300, restoreRate: 1 } });

    const answer = await ask(shop, WIDE);

    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'THROTTLED' } }], extensions: { cost: { requestedQueryCost: 302, actualQueryCost: null } } });
    expect(shop.complaints()).toEqual([]);
  });

  it('may be 1,000 at most for one document', async () => {
    const answer = await ask(shop, '{ orders(first: 250) { nodes { id fulfillments(first: 5) { id } } } }');

    expect(answer.errors[0].extensions).toEqual({ code: 'MAX_COST_EXCEEDED', cost: 1_502, maxCost: 1_000 });
    expect(shop.complaints()).toHaveLength(1);
  });

  it('come back with time, up to a full bucket', () => {
    const bucket = openBucket({ maximum: 100, restoreRate: 10 });

    expect(bucket.take(90, 0)).toBe(true);
    expect(bucket.take(20, 500)).toBe(false);
    expect(bucket.status(1_000)).toEqual({ maximumAvailable: 100, currentlyAvailable: 20, restoreRate: 10 });
    expect(bucket.take(20, 1_000)).toBe(true);
    bucket.giveBack(15, 1_000);
    expect(bucket.status(900).currentlyAvailable).toBe(15);
    expect(bucket.status(60_000).currentlyAvailable).toBe(100);
  });
});

describe('the subscriptions of the simulated Shopify', () => {
  const CREATE = `mutation C($t: WebhookSubscriptionTopic!, $s: WebhookSubscriptionInput!) {
    webhookSubscriptionCreate(topic: $t, webhookSubscription: $s) { webhookSubscription { id topic uri } userErrors { field message } }
  }`;
  const create = async (t: string, uri: string, more: object = {}) => (await ask(shop, CREATE, { t, s: { uri, ...more } })).data.webhookSubscriptionCreate;
  const message = (answer: { userErrors: { message: string }[] }) => answer.userErrors[0]?.message;

  it('are made once for a topic and an address, listed, moved and deleted', async () => {
    const { webhookSubscription } = await create('FULFILLMENT_ORDERS_MOVED', 'https://old.example.com/hooks/shop');
    expect(message(await create('FULFILLMENT_ORDERS_MOVED', 'https://old.example.com/hooks/shop'))).toBe('Address for this topic has already been taken');
    expect(shop.subscribed()).toEqual([]);

    await ask(shop, 'mutation U($id: ID!, $s: WebhookSubscriptionInput!) { webhookSubscriptionUpdate(id: $id, webhookSubscription: $s) { userErrors { message } } }', {
      id: webhookSubscription.id,
      s: { uri: HOOK_URL },
    });
    expect(shop.subscribed()).toEqual(['fulfillment_orders/moved']);
    const listed = await ask(shop, '{ webhookSubscriptions(first: 5) { nodes { id topic uri format endpoint { __typename ... on WebhookHttpEndpoint { callbackUrl } } } } }');
    expect(listed.data.webhookSubscriptions.nodes).toEqual([
      { ...webhookSubscription, uri: HOOK_URL, format: 'JSON', endpoint: { __typename: 'WebhookHttpEndpoint', callbackUrl: HOOK_URL } },
    ]);

    await ask(shop, 'mutation D($id: ID!) { webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } } }', { id: webhookSubscription.id });
    expect(shop.subscribed()).toEqual([]);
    expect(shop.complaints()).toEqual([]);
  });

  it.each([
    ['no address', '', {}, "Address can't be blank"],
    ['an address without encryption', 'http://hub.example.com/hooks/shop', {}, 'Address protocol http:// is not supported'],
    ['a body without its version', HOOK_URL, { includeFields: ['id'] }, 'updated_at is missing.'],
    ['XML', HOOK_URL, { format: 'XML' }, 'The hub reads JSON.'],
  ])('are refused with %s', async (_what, uri, more, expected) => {
    expect(message(await create('ORDERS_CREATE', uri, more))).toBe(expected);
    expect(shop.complaints()).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    'mutation { webhookSubscriptionDelete(id: "gid://shopify/WebhookSubscription/9") { userErrors { message } } }',
    'mutation { webhookSubscriptionUpdate(id: "gid://shopify/WebhookSubscription/9", webhookSubscription: {uri: "https://hub.example.com/"}) { userErrors { message } } }',
  ])('that are not there cannot be changed: %s', async (mutation) => {
    await ask(shop, mutation);

    expect(shop.complaints()).toEqual(['id: Webhook subscription does not exist']);
  });
});

describe('what the simulated Shopify asks of its fulfilment service', () => {
  const asked = async (status: string) =>
    (await ask(shop, `{ assignedFulfillmentOrders(first: 5, assignmentStatus: ${status}) { nodes { id orderId } } }`)).data.assignedFulfillmentOrders.nodes;
  const answer = async (mutation: string, id: string) =>
    (await ask(shop, `mutation A($id: ID!) { done: ${mutation}(id: $id) { fulfillmentOrder { status requestStatus } userErrors { message } } }`, { id })).data.done;

  it('is posted without saying which order, listed until it is answered, and answered once', async () => {
    shop.request('7', 'FULFILLMENT_REQUEST');
    shop.request('7', 'FULFILLMENT_REQUEST');
    expect(posted.map(({ meta, body }) => [meta.request, String(body)])).toEqual([['fulfillment_order_notification', '{"kind":"FULFILLMENT_REQUEST"}']]);
    const [part] = await asked('FULFILLMENT_REQUESTED');

    const accepted = await answer('fulfillmentOrderAcceptFulfillmentRequest', part.id);
    const again = await answer('fulfillmentOrderAcceptFulfillmentRequest', part.id);

    expect(part.orderId).toBe('gid://shopify/Order/7');
    expect(accepted).toEqual({ fulfillmentOrder: { status: 'IN_PROGRESS', requestStatus: 'ACCEPTED' }, userErrors: [] });
    expect(again.userErrors).toHaveLength(1);
    expect(await asked('FULFILLMENT_REQUESTED')).toEqual([]);
    expect(shop.complaints()).toHaveLength(1);
  });

  it.each([
    ['fulfillmentOrderAcceptCancellationRequest', 'CLOSED', 'CANCELLATION_ACCEPTED'],
    ['fulfillmentOrderRejectCancellationRequest', 'IN_PROGRESS', 'CANCELLATION_REJECTED'],
  ])('may be taken back, and %s says what becomes of it', async (mutation, status, requestStatus) => {
    shop.request('7', 'FULFILLMENT_REQUEST');
    const [part] = await asked('FULFILLMENT_REQUESTED');
    await answer('fulfillmentOrderAcceptFulfillmentRequest', part.id);

    shop.request('7', 'CANCELLATION_REQUEST');
    expect(await asked('CANCELLATION_REQUESTED')).toHaveLength(1);

    expect(await answer(mutation, part.id)).toEqual({ fulfillmentOrder: { status, requestStatus }, userErrors: [] });
    expect(shop.complaints()).toEqual([]);
  });

  it('is answered by our adapter once the hub has the order', async () => {
    const hub = { statusOf: async () => 'allocated' as const, stockOf: async () => new Map<string, number>(), trackingOf: async () => [], sourceIdOf: async () => undefined };
    shop.request('7', 'FULFILLMENT_REQUEST');

    const settings = { ...callOf(shop).settings, ships: 'assigned', service: true, locationIds: ['1'] } as const;
    const outcome = await shopify.answerRequests?.(hub, { ...callOf(shop), settings: shopify.settings.parse(settings) });

    expect(outcome).toMatchObject({ bodies: [expect.any(Buffer)], open: 0 });
    expect(await asked('FULFILLMENT_ACCEPTED')).toHaveLength(1);
    expect(shop.complaints()).toEqual([]);
  });

  it('is not answered for a fulfilment order that is not there', async () => {
    const done = await answer('fulfillmentOrderRejectFulfillmentRequest', 'gid://shopify/FulfillmentOrder/9');

    expect(done).toMatchObject({ fulfillmentOrder: null, userErrors: [{ message: 'Fulfillment order does not exist.' }] });
    expect(shop.complaints()).toHaveLength(1);
  });
});
