import { describe, expect, test } from 'vitest';
import { answerQuestion, answerRequests } from '../../../adapters/shopify/service.ts';
import type { Knowledge } from '../../../adapters/storefront.ts';
import type { OrderStatus } from '../../../core/order.ts';
import { type Answer, json } from '../fixtures.ts';
import { nodeOf, type Sold, settingsOf, shopThat } from './sold.ts';

const SETTINGS = settingsOf({ ships: 'assigned', locationIds: ['7'], service: true });
const LAST = { hasNextPage: false, endCursor: null };
const SOLD: Sold = {
  id: '11',
  updatedAt: Date.parse('2026-11-20T09:00:00Z'),
  status: 'paid',
  cancelled: false,
  test: false,
  email: null,
  phone: null,
  locale: null,
  address: null,
  lines: [{ id: 1, sku: 'TENT', price: '10.00', requiresShipping: true, giftCard: false, left: 1, removed: 0, shipped: 0, returned: 0 }],
};

function knowing(parts: Partial<Knowledge>): Knowledge {
  return { statusOf: async () => undefined, stockOf: async () => new Map(), trackingOf: async () => [], sourceIdOf: async () => undefined, ...parts };
}

const asks = (...ids: number[]) =>
  json({ data: { assignedFulfillmentOrders: { pageInfo: LAST, nodes: ids.map((id) => ({ id: `gid://shopify/FulfillmentOrder/${id}`, orderId: 'gid://shopify/Order/11' })) } } });
const NOTHING = asks();
/** What fetching the order takes. */
const FETCHED: readonly Answer[] = [
  json({ data: { order: nodeOf(SOLD) } }),
  json({ data: { order: { fulfillmentOrders: { pageInfo: LAST, nodes: [] } } } }),
  json({ data: { order: { fulfillments: [] } } }),
];
const answered = (mutation: string, ...userErrors: object[]) => json({ data: { [mutation]: { userErrors } } });
const accepted = answered('fulfillmentOrderAcceptFulfillmentRequest');

async function answering(status: OrderStatus | undefined, ...answers: readonly Answer[]) {
  const { call, asked } = shopThat(answers, SETTINGS);
  const { bodies, open } = await answerRequests(knowing({ statusOf: async (sourceId) => (sourceId === '11' ? status : undefined) }), call);
  return { bodies: bodies.length, open, asked: asked().map(({ operationName }) => operationName), variables: asked().map(({ variables }) => variables) };
}

const LOOKED = ['AssignedOrders', 'AssignedOrders'];
const BROUGHT = ['ReadOrder', 'AssignedLines', 'OrderFulfillments'];

describe('a request to fulfil', () => {
  test('is accepted when the hub has the order', async () => {
    const { asked, bodies, open, variables } = await answering('allocated', asks(1), NOTHING, ...FETCHED, accepted);

    expect(asked).toEqual([...LOOKED, ...BROUGHT, 'AcceptFulfillment']);
    expect({ bodies, open }).toEqual({ bodies: 1, open: 0 });
    expect(variables[0]).toEqual({ status: 'FULFILLMENT_REQUESTED', locations: ['gid://shopify/Location/7'], after: null });
  });

  test.each<OrderStatus | undefined>([undefined, 'cancelled', 'closed'])('stays open while the hub has the order as %s, and brings it in', async (status) => {
    const { asked, bodies, open } = await answering(status, asks(1), NOTHING, ...FETCHED);

    expect(asked).toEqual([...LOOKED, ...BROUGHT]);
    expect({ bodies, open }).toEqual({ bodies: 1, open: 1 });
  });

  test('is not accepted when its order cannot be fetched, as it would not be asked again', async () => {
    const { call, asked } = shopThat([asks(1), NOTHING, { status: 503 }], SETTINGS);

    await expect(answerRequests(knowing({ statusOf: async () => 'allocated' }), call)).rejects.toMatchObject({ name: 'Unavailable' });

    expect(asked().map(({ operationName }) => operationName)).toEqual([...LOOKED, 'ReadOrder']);
  });

  test('of two parts of an order is accepted for both, and brings the order in once', async () => {
    const { asked, open } = await answering('allocated', asks(1, 2), NOTHING, ...FETCHED, accepted, accepted);

    expect(asked.filter((name) => name === 'AcceptFulfillment')).toHaveLength(2);
    expect(asked.filter((name) => name === 'ReadOrder')).toHaveLength(1);
    expect(open).toBe(0);
  });

  test('that somebody answered meanwhile is looked at again', async () => {
    const refused = answered('fulfillmentOrderAcceptFulfillmentRequest', { field: ['id'], message: 'has no request' });

    expect((await answering('allocated', asks(1), NOTHING, ...FETCHED, refused)).open).toBe(1);
  });

  test('is read to the last page', async () => {
    const first = json({ data: { assignedFulfillmentOrders: { pageInfo: { hasNextPage: true, endCursor: 'c1' }, nodes: [] } } });

    expect((await answering(undefined, first, NOTHING, NOTHING)).variables.map(({ after }) => after)).toEqual([null, 'c1', null]);
  });

  test('that there is not costs two calls', async () => {
    expect(await answering(undefined, NOTHING, NOTHING)).toMatchObject({ asked: LOOKED, bodies: 0, open: 0 });
  });
});

describe('a request to leave it', () => {
  const stopped = answered('fulfillmentOrderAcceptCancellationRequest');

  test.each<OrderStatus | undefined>([undefined, 'held', 'backordered', 'allocated', 'authorised', 'packing', 'cancelled', 'closed'])(
    'is accepted while the order is %s, and the order is brought in as it is then',
    async (status) => {
      expect(await answering(status, NOTHING, asks(1), stopped, ...FETCHED)).toMatchObject({ asked: [...LOOKED, 'AcceptCancellation', ...BROUGHT], open: 0, bodies: 1 });
    },
  );

  test.each<OrderStatus>(['packed', 'dispatched', 'delivered', 'returned'])('is refused, with a reason, once the order is %s', async (status) => {
    const { asked, variables, open } = await answering(status, NOTHING, asks(1), answered('fulfillmentOrderRejectCancellationRequest'), ...FETCHED);

    expect(asked).toEqual([...LOOKED, 'RejectCancellation', ...BROUGHT]);
    expect(variables[2]).toEqual({ id: 'gid://shopify/FulfillmentOrder/1', message: expect.stringMatching(/packed/) });
    expect(open).toBe(0);
  });
});

test('a request to fulfil one part and to leave another brings the order in once, as it is after both', async () => {
  const { asked, bodies } = await answering('allocated', asks(1), asks(2), accepted, answered('fulfillmentOrderAcceptCancellationRequest'), ...FETCHED);

  expect(asked).toEqual([...LOOKED, 'AcceptFulfillment', 'AcceptCancellation', ...BROUGHT]);
  expect(bodies).toBe(1);
});

describe('a question about stock', () => {
  const asked: (readonly string[] | undefined)[] = [];
  const hub = knowing({
    stockOf: async (skus) => {
      asked.push(skus);
      return new Map([
        ['TENT', 4],
        ['007', 0],
      ]);
    },
  });

  test.each(['fetch_stock', 'fetch_stock.json'])('%s is answered for one SKU, or for all', async (question) => {
    expect(await answerQuestion(question, { shop: 'pine.myshopify.com' }, hub)).toEqual({ TENT: 4, '007': 0 });
    await answerQuestion(question, { sku: 'TENT', shop: 'pine.myshopify.com', max_retries: '3' }, hub);

    expect(asked.splice(0)).toEqual([undefined, ['TENT']]);
  });
});

describe('a question about tracking numbers', () => {
  const parcel = (number: number, trackingNumber: string) => ({ parcel: number, carrier: 'UPS', trackingNumber, trackingUrl: '' });
  const hub = knowing({
    sourceIdOf: async (number) => (number === '#1001' ? '11' : undefined),
    trackingOf: async () => [parcel(1, '1Z1'), parcel(3, '1Z3')],
  });

  test.each(['fetch_tracking_numbers', 'fetch_tracking_numbers.json'])('%s is answered for parcels that left, in their order', async (question) => {
    expect(await answerQuestion(question, { 'order_names[]': '#1001.1,#1001.2,#1001.3,#1001-F1,#9.1,#1001' }, hub)).toEqual({
      tracking_numbers: { '#1001.1': '1Z1', '#1001.2': '1Z3', '#1001-F1': '1Z1' },
      message: '3 of 6 parcels have left',
      success: true,
    });
  });

  test('without names is answered with nothing', async () => {
    expect(await answerQuestion('fetch_tracking_numbers', {}, hub)).toMatchObject({ tracking_numbers: {}, success: true });
  });
});

test.each(['', 'fetch', 'fetch_stock.xml', '__proto__', 'fulfillment_order_notification'])('%j is no question', async (question) => {
  expect(await answerQuestion(question, {}, knowing({}))).toBeUndefined();
});
