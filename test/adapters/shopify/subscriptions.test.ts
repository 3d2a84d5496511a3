import { describe, expect, test } from 'vitest';
import { subscriptions } from '../../../adapters/shopify/subscriptions.ts';
import { json } from '../fixtures.ts';
import { settingsOf, shopThat } from './sold.ts';

const HOOK = 'https://hub.example.com/hooks/shop';
const page = (nodes: object[], endCursor: string | null = null) => json({ data: { webhookSubscriptions: { pageInfo: { hasNextPage: endCursor !== null, endCursor }, nodes } } });
const subscription = (id: number, topic: string, uri = HOOK) => ({ id: `gid://shopify/WebhookSubscription/${id}`, topic, uri });
const created = (...userErrors: object[]) => json({ data: { webhookSubscriptionCreate: { webhookSubscription: null, userErrors } } });
const updated = (...userErrors: object[]) => json({ data: { webhookSubscriptionUpdate: { webhookSubscription: null, userErrors } } });
const error = (message: string) => ({ field: ['webhookSubscription', 'uri'], message });
const OURS = { id: 'gid://shopify/WebhookSubscription/1', topic: 'ORDERS_CREATE', address: 'https://old.example.com', active: true };

describe('the topics that are wanted', () => {
  test('are those of orders, and of what is assigned and asked for where that counts', () => {
    const orders = subscriptions.wanted(settingsOf());
    const assigned = subscriptions.wanted(settingsOf({ ships: 'assigned', locationId: '7' }));
    const service = subscriptions.wanted(settingsOf({ ships: 'assigned', locationId: '7', service: true }));

    expect(orders).toEqual(expect.arrayContaining(['ORDERS_CREATE', 'ORDERS_UPDATED', 'ORDERS_EDITED', 'REFUNDS_CREATE', 'APP_UNINSTALLED']));
    expect(orders.some((topic) => topic.startsWith('FULFILLMENT_ORDERS'))).toBe(false);
    expect(assigned).toEqual(expect.arrayContaining([...orders, 'FULFILLMENT_ORDERS_MOVED', 'FULFILLMENT_ORDERS_SPLIT']));
    expect(service).toEqual(expect.arrayContaining([...assigned, 'FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_SUBMITTED', 'FULFILLMENT_ORDERS_CANCELLATION_REQUEST_ACCEPTED']));
  });

  test('leave out those that are declared with the app', () => {
    expect(subscriptions.wanted(settingsOf()).filter((topic) => /REDACT|DATA_REQUEST/.test(topic))).toEqual([]);
  });
});

describe("a shop's subscriptions", () => {
  test('are listed to the last page, ours and others', async () => {
    const { call, asked } = shopThat([page([subscription(1, 'ORDERS_CREATE')], 'c1'), page([subscription(2, 'ORDERS_PAID', 'https://other.example.com')])]);

    expect(await subscriptions.list(call)).toEqual([
      { id: 'gid://shopify/WebhookSubscription/1', topic: 'ORDERS_CREATE', address: HOOK, active: true },
      { id: 'gid://shopify/WebhookSubscription/2', topic: 'ORDERS_PAID', address: 'https://other.example.com', active: true },
    ]);
    expect(asked().map(({ variables }) => variables.after)).toEqual([null, 'c1']);
  });

  test('are made for our address', async () => {
    const { call, asked } = shopThat([created()]);

    await subscriptions.create('ORDERS_CREATE', call);

    expect(asked()[0]).toMatchObject({ operationName: 'CreateSubscription', variables: { topic: 'ORDERS_CREATE', subscription: { uri: HOOK, format: 'JSON' } } });
  });

  test('that are there already are fine', async () => {
    await expect(subscriptions.create('ORDERS_CREATE', shopThat([created(error('Address for this topic has already been taken'))]).call)).resolves.toBeUndefined();
  });

  test('that the shop refuses are for a person', async () => {
    const told = subscriptions.create('ORDERS_CREATE', shopThat([created(error('Address protocol http:// is not supported'))]).call);

    await expect(told).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.subscription-refused', message: expect.stringContaining('not supported') });
  });

  test('of which nothing is said are looked at again', async () => {
    await expect(subscriptions.create('ORDERS_CREATE', shopThat([json({ data: { webhookSubscriptionCreate: null } })]).call)).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('that go elsewhere are turned to our address', async () => {
    const { call, asked } = shopThat([updated()]);

    await subscriptions.repair(OURS, call);

    expect(asked()[0]).toMatchObject({ operationName: 'UpdateSubscription', variables: { id: OURS.id, subscription: { uri: HOOK } } });
  });

  test('that went away meanwhile are made anew', async () => {
    const { call, asked } = shopThat([updated(error('Webhook subscription does not exist')), created()]);

    await subscriptions.repair(OURS, call);

    expect(asked().map(({ operationName }) => operationName)).toEqual(['UpdateSubscription', 'CreateSubscription']);
  });
});
