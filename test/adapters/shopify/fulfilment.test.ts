import { describe, expect, test } from 'vitest';
import { markShipped } from '../../../adapters/shopify/fulfilment.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { type Answer, json } from '../fixtures.ts';
import { settingsOf, shopThat } from './sold.ts';

describe('telling the shop that a parcel left', () => {
  const SHIPPED = {
    sourceId: '820982911946154508',
    orderId: 'shop:820982911946154508',
    parcel: 1,
    units: [
      { sku: 'MUG', quantity: 1 },
      { sku: 'TENT', quantity: 2 },
    ],
    lines: [],
    completes: true,
    carrier: 'DHLExpress',
    service: 'ExpressWorldwide',
    trackingNumber: '1Z999',
    trackingUrl: 'https://track.example.com/1Z999',
    shippedAt: '2026-11-20T09:00:00.000Z',
  };

  const order = (id: string, location: string, lines: Record<string, number>, change: object = {}) => ({
    id: `gid://shopify/FulfillmentOrder/${id}`,
    status: 'OPEN',
    supportedActions: [{ action: 'CREATE_FULFILLMENT' }, { action: 'HOLD' }],
    assignedLocation: { location: { id: `gid://shopify/Location/${location}` } },
    lineItems: { nodes: Object.entries(lines).map(([sku, remainingQuantity]) => ({ id: `line-${id}-${sku}`, sku, remainingQuantity })) },
    ...change,
  });
  const looked = (nodes: object[], fulfillments: object[] = [], endCursor: string | null = null) =>
    json({ data: { order: { fulfillments, fulfillmentOrders: { pageInfo: { hasNextPage: endCursor !== null, endCursor }, nodes } } } });
  const done = json({ data: { fulfillmentCreate: { fulfillment: { id: 'gid://shopify/Fulfillment/1', status: 'SUCCESS' }, userErrors: [] } } });
  const ours = (totalQuantity: number, change: object = {}) => ({
    id: 'gid://shopify/Fulfillment/1',
    status: 'SUCCESS',
    totalQuantity,
    trackingInfo: [{ number: '1Z999' }],
    ...change,
  });

  function tell(...answers: readonly Answer[]) {
    return tellOf({}, ...answers);
  }

  function tellOf({ settings = {}, shipped = {} }: { settings?: object; shipped?: object }, ...answers: readonly Answer[]) {
    const { call, asked } = shopThat(answers, settingsOf(settings));
    return { told: markShipped({ ...SHIPPED, ...shipped }, call), asked };
  }

  test('looks, then fulfils our units with the tracking number', async () => {
    const { told, asked } = tell(looked([order('1', 'A', { TENT: 3, MUG: 1, LAMP: 1 })]), done);

    expect(await told).toBe('written');
    expect(asked()[0]?.variables).toEqual({ order: 'gid://shopify/Order/820982911946154508', after: null });
    expect(asked()[1]?.variables.fulfillment).toEqual({
      lineItemsByFulfillmentOrder: [
        {
          fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/1',
          fulfillmentOrderLineItems: [
            { id: 'line-1-TENT', quantity: 2 },
            { id: 'line-1-MUG', quantity: 1 },
          ],
        },
      ],
      notifyCustomer: false,
      trackingInfo: { company: 'DHL Express', number: '1Z999', url: 'https://track.example.com/1Z999' },
    });
  });

  test('knows its own fulfilment again and writes nothing', async () => {
    const { told, asked } = tell(looked([order('1', 'A', { TENT: 0, MUG: 0 }, { status: 'CLOSED' })], [ours(3)]));

    expect(await told).toBe('known');
    expect(asked()).toHaveLength(1);
  });

  test('a fulfilment of ours that was cancelled does not count', async () => {
    expect(await tell(looked([order('1', 'A', { TENT: 2, MUG: 1 })], [ours(3, { status: 'CANCELLED' })]), done).told).toBe('written');
  });

  test('takes units from several fulfilment orders and pages, never more than remain', async () => {
    const { told, asked } = tell(looked([order('1', 'A', { TENT: 1 })], [], 'c1'), looked([order('2', 'A', { TENT: 5, MUG: 1 })]), done);

    expect(await told).toBe('written');
    expect(asked()[1]?.variables.after).toBe('c1');
    expect(asked()[2]?.variables.fulfillment.lineItemsByFulfillmentOrder).toEqual([
      { fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/1', fulfillmentOrderLineItems: [{ id: 'line-1-TENT', quantity: 1 }] },
      {
        fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/2',
        fulfillmentOrderLineItems: [
          { id: 'line-2-TENT', quantity: 1 },
          { id: 'line-2-MUG', quantity: 1 },
        ],
      },
    ]);
  });

  test('prefers the location that has everything', async () => {
    const { told, asked } = tell(looked([order('1', 'A', { TENT: 2 }), order('2', 'B', { TENT: 2, MUG: 1 })]), done);

    expect(await told).toBe('written');
    expect(asked()[1]?.variables.fulfillment.lineItemsByFulfillmentOrder.map((one: { fulfillmentOrderId: string }) => one.fulfillmentOrderId)).toEqual([
      'gid://shopify/FulfillmentOrder/2',
    ]);
  });

  test('makes one call for each location where none has everything', async () => {
    const { told, asked } = tell(looked([order('1', 'A', { TENT: 2 }), order('2', 'B', { MUG: 1 })]), done, done);

    expect(await told).toBe('written');
    expect(asked()).toHaveLength(3);
  });

  test('goes on where a try over two locations stopped half-way', async () => {
    const inside = json({
      data: {
        fulfillment: {
          fulfillmentLineItems: { pageInfo: { hasNextPage: false, endCursor: null }, nodes: [{ quantity: 2, lineItem: { id: 'gid://shopify/LineItem/1', sku: 'TENT' } }] },
        },
      },
    });
    const { told, asked } = tell(looked([order('1', 'A', { TENT: 0 }), order('2', 'B', { MUG: 1 })], [ours(2)]), inside, done);

    expect(await told).toBe('written');
    expect(asked()[2]?.variables.fulfillment.lineItemsByFulfillmentOrder).toEqual([
      { fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/2', fulfillmentOrderLineItems: [{ id: 'line-2-MUG', quantity: 1 }] },
    ]);
  });

  test.each<[string, object[]]>([
    ['may not be fulfilled by us', [order('1', 'A', { TENT: 2, MUG: 1 }, { supportedActions: [{ action: 'REQUEST_FULFILLMENT' }] })]],
    ['has fewer units left', [order('1', 'A', { TENT: 1, MUG: 1 })]],
    ['has other goods', [order('1', 'A', { LAMP: 9 })]],
    ['is nowhere', []],
  ])('gives it to a person when the fulfilment order %s', async (_what, nodes) => {
    await expect(tell(looked(nodes)).told).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.units-unmatched' });
  });

  test.each<[string, object[]]>([
    ['all of it is on hold', [order('1', 'A', { TENT: 2, MUG: 1 }, { status: 'ON_HOLD', supportedActions: [{ action: 'RELEASE_HOLD' }] })]],
    ['it is scheduled for later', [order('1', 'A', { TENT: 2, MUG: 1 }, { status: 'SCHEDULED' })]],
    ['a part of it is on hold', [order('1', 'A', { TENT: 2 }), order('2', 'A', { MUG: 1 }, { status: 'ON_HOLD' })]],
  ])('waits a quarter of an hour while %s', async (_what, nodes) => {
    await expect(tell(looked(nodes)).told).rejects.toMatchObject({ name: 'Unavailable', code: 'storefront.units-held', retryAfterSeconds: 900 });
  });

  test('fulfils the units of this parcel alone, and leaves the rest open', async () => {
    const { told, asked } = tellOf({ shipped: { units: [{ sku: 'TENT', quantity: 1 }] } }, looked([order('1', 'A', { TENT: 3, MUG: 1 })]), done);

    expect(await told).toBe('written');
    expect(asked()[1]?.variables.fulfillment.lineItemsByFulfillmentOrder).toEqual([
      { fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/1', fulfillmentOrderLineItems: [{ id: 'line-1-TENT', quantity: 1 }] },
    ]);
  });

  describe('where only what is assigned to us is ours', () => {
    const settings = { ships: 'assigned', locationIds: ['7'] };

    test('fulfils from our locations alone', async () => {
      const { told, asked } = tellOf({ settings }, looked([order('1', '99', { TENT: 2, MUG: 1 }), order('2', '7', { TENT: 2, MUG: 1 })]), done);

      expect(await told).toBe('written');
      expect(asked()[1]?.variables.fulfillment.lineItemsByFulfillmentOrder).toMatchObject([{ fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/2' }]);
    });

    test('never fulfils what is assigned to somebody else', async () => {
      await expect(tellOf({ settings }, looked([order('1', '99', { TENT: 2, MUG: 1 })])).told).rejects.toMatchObject({ code: 'storefront.units-unmatched' });
    });
  });

  test.each([
    ['DHLExpress', 'DHL Express'],
    ['RoyalMail', 'Royal Mail'],
    ['UPS', 'UPS'],
    ['Somebody', 'Somebody'],
  ])('spells %s as Shopify does: %s', async (carrier, company) => {
    const { told, asked } = tellOf({ shipped: { carrier } }, looked([order('1', 'A', { TENT: 2, MUG: 1 })]), done);

    await told;
    expect(asked()[1]?.variables.fulfillment.trackingInfo.company).toBe(company);
  });

  test('gives a refusal of the shop to a person, with what it said', async () => {
    const refusal = json({ data: { fulfillmentCreate: { fulfillment: null, userErrors: [{ field: ['fulfillment', 'trackingInfo'], message: 'Invalid tracking number' }] } } });
    const error: unknown = await tell(looked([order('1', 'A', { TENT: 2, MUG: 1 })]), refusal).told.catch((cause: unknown) => cause);

    expect(error).toBeInstanceOf(Rejected);
    expect(error).toMatchObject({ code: 'storefront.fulfilment-refused', message: expect.stringContaining('fulfillment.trackingInfo: Invalid tracking number') });
  });

  test('waits as long as a throttled shop needs', async () => {
    const throttled = json({
      errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
      extensions: { cost: { requestedQueryCost: 700, throttleStatus: { maximumAvailable: 2000.0, currentlyAvailable: 100, restoreRate: 100.0 } } },
    });

    await expect(tellOf({ settings: { shopDomain: 'busy.myshopify.com' } }, throttled).told).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 6 });
  });

  test.each<[string, Answer, typeof Unavailable | typeof Rejected]>([
    ['a lost answer', new Unavailable('http.timeout', 'no answer'), Unavailable],
    ['HTTP 429', json('', 429, { 'retry-after': '2' }), Unavailable],
    ['HTTP 502', json('<html>', 502), Unavailable],
    ['an answer that is no JSON', json('<html>'), Unavailable],
    ['an answer of another shape', json({ data: { order: { nodes: [] } } }), Unavailable],
    ['an order that is not there', json({ data: { order: null } }), Rejected],
    ['a token without the scope', json({ data: null, errors: [{ message: 'Access denied', extensions: { code: 'ACCESS_DENIED' } }] }), Rejected],
    ['a token that is none', json({ errors: '[API] Invalid API key' }, 401), Rejected],
  ])('%s ends in the right kind of error', async (_what, answer, kind) => {
    await expect(tell(answer).told).rejects.toBeInstanceOf(kind);
  });
});
