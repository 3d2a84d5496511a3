import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShopifyShop } from '../../../local/simulators/shopify.ts';
import { ask, fulfil, line, look, openShop, order, parts, version } from './shopify-shop.ts';

const TENT = line('11', 'TENT', 2);
const MUG = line('12', 'MUG', 3);
let shop: ShopifyShop;

beforeEach(async () => {
  shop = await openShop({
    locations: [
      { id: '1', name: 'Hamburg' },
      { id: '2', name: 'Graz', skus: ['LAMP'] },
    ],
  });
});
afterEach(() => shop.close());

const part = (fulfillmentOrderId: string, id: string, quantity: number | string) => ({ fulfillmentOrderId, fulfillmentOrderLineItems: [{ id, quantity }] });

describe('the orders of the simulated Shopify', () => {
  it('are to be shipped from where each product is, and only what is goods', async () => {
    shop.place(order('7', [TENT, line('13', 'LAMP', 1), line('14', 'CARD', 1, 'gift-card'), line('15', null, 1, 'tip')]), version(1));

    const { fulfillmentOrders, lineItems } = await look(shop, '7');

    expect(fulfillmentOrders.nodes.map((one: { assignedLocation: unknown }) => one.assignedLocation)).toEqual([
      { location: { id: 'gid://shopify/Location/1' } },
      { location: { id: 'gid://shopify/Location/2' } },
    ]);
    expect(await parts(shop, '7')).toEqual([
      ['OPEN', { TENT: 2 }],
      ['OPEN', { LAMP: 1 }],
    ]);
    expect(lineItems.nodes).toHaveLength(4);
  });

  it('follow each newer version, and an older one changes nothing', async () => {
    shop.place(order('7', [TENT, MUG]), version(1, { paid: false, later: { '12': 1 } }));
    expect(await parts(shop, '7')).toEqual([['OPEN', { TENT: 2, MUG: 2 }]]);

    shop.place(order('7', [TENT, MUG]), version(3, { removed: { '11': 2 } }));
    shop.place(order('7', [TENT, MUG]), version(2));

    expect(await parts(shop, '7')).toEqual([['OPEN', { TENT: 0, MUG: 3 }]]);
    expect(await look(shop, '7')).toMatchObject({
      displayFinancialStatus: 'PARTIALLY_REFUNDED',
      lineItems: { nodes: [{ sku: 'TENT', quantity: 2, currentQuantity: 0, unfulfilledQuantity: 0 }, { sku: 'MUG' }] },
    });
  });

  it.each([
    [true, 'REFUNDED'],
    [false, 'VOIDED'],
  ])('cancelled, paid %s, leave nothing to ship', async (paid, displayFinancialStatus) => {
    shop.place(order('7', [TENT]), version(1));
    shop.place(order('7', [TENT]), version(2, { cancelled: true, paid }));

    expect(await parts(shop, '7')).toEqual([['CANCELLED', { TENT: 0 }]]);
    expect(await look(shop, '7')).toMatchObject({ displayFinancialStatus, lineItems: { nodes: [{ currentQuantity: 0 }] } });
    expect(shop.orders()[0]?.status).toBe('CANCELLED');
  });

  it('that have shipped in part keep what has shipped when units are refunded or added', async () => {
    shop.place(order('7', [MUG]), version(1, { later: { '12': 1 } }));
    const [one] = (await look(shop, '7')).fulfillmentOrders.nodes;
    await fulfil(shop, { lineItemsByFulfillmentOrder: [part(one.id, one.lineItems.nodes[0].id, 1)] });
    const { updatedAt } = await look(shop, '7');

    shop.place(order('7', [MUG]), version(2));
    expect(await parts(shop, '7')).toEqual([['IN_PROGRESS', { MUG: 2 }]]);
    shop.place(order('7', [MUG]), version(3, { removed: { '12': 2 } }));

    const after = await look(shop, '7');
    expect(after).toMatchObject({ displayFulfillmentStatus: 'FULFILLED', lineItems: { nodes: [{ currentQuantity: 1, unfulfilledQuantity: 0 }] } });
    expect(await parts(shop, '7')).toEqual([['CLOSED', { MUG: 0 }]]);
    expect(after.updatedAt > updatedAt).toBe(true);
  });

  it('have a new fulfilment order for units that are added after all was shipped', async () => {
    shop.place(order('7', [MUG]), version(1, { later: { '12': 1 } }));
    const [one] = (await look(shop, '7')).fulfillmentOrders.nodes;
    await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: one.id }] });

    shop.place(order('7', [MUG]), version(2));

    expect(await parts(shop, '7')).toEqual([
      ['CLOSED', { MUG: 0 }],
      ['OPEN', { MUG: 1 }],
    ]);
  });
});

describe('a fulfilment at the simulated Shopify', () => {
  beforeEach(() => shop.place(order('7', [TENT, MUG, line('13', 'LAMP', 1)]), version(1)));

  async function hamburgAndGraz() {
    const { fulfillmentOrders } = await look(shop, '7');
    const [hamburg, graz] = fulfillmentOrders.nodes;
    return { hamburg: hamburg.id, graz: graz.id, tent: hamburg.lineItems.nodes[0].id, mug: hamburg.lineItems.nodes[1].id, lamp: graz.lineItems.nodes[0].id };
  }

  it('takes all that is left when no lines are named', async () => {
    const { hamburg, tent } = await hamburgAndGraz();
    await fulfil(shop, { lineItemsByFulfillmentOrder: [part(hamburg, tent, 1)] });

    const made = await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: hamburg }], trackingInfo: { numbers: ['A', 'B'], company: 'DHL Express' } });

    expect(made).toMatchObject({ fulfillment: { name: '#1001.2', status: 'SUCCESS' }, userErrors: [] });
    expect(shop.orders()).toMatchObject([{ fulfilled: { TENT: 2, MUG: 3 }, trackingNumbers: ['A', 'B'], status: 'PARTIALLY_FULFILLED' }]);
    expect(shop.complaints()).toEqual([]);
  });

  it('of what is already shipped is refused and remembered', async () => {
    const { hamburg } = await hamburgAndGraz();
    await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: hamburg }] });

    const again = await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: hamburg }] });

    expect(again).toMatchObject({ fulfillment: null, userErrors: [{ field: ['fulfillment'], message: expect.stringContaining('unfulfillable status= closed') }] });
    expect(shop.complaints()).toHaveLength(1);
    expect(shop.orders()).toMatchObject([{ fulfilled: { TENT: 2, MUG: 3 } }]);
  });

  it.each<[string, (ids: Awaited<ReturnType<typeof hamburgAndGraz>>) => object[], string]>([
    ['of more than remains', ({ hamburg, tent }) => [part(hamburg, tent, 3)], 'Invalid fulfillment order line item quantity requested.'],
    ['of nothing', ({ hamburg, tent }) => [part(hamburg, tent, 0)], 'Invalid fulfillment order line item quantity requested.'],
    ['of a line of another fulfilment order', ({ hamburg, lamp }) => [part(hamburg, lamp, 1)], 'Invalid fulfillment order line item quantity requested.'],
    ['of two locations', ({ hamburg, graz, tent, lamp }) => [part(hamburg, tent, 1), part(graz, lamp, 1)], 'All fulfillment orders must be assigned to the same location.'],
    ['of a fulfilment order named twice', ({ hamburg, tent, mug }) => [part(hamburg, tent, 1), part(hamburg, mug, 1)], 'A fulfillment order may be named once.'],
    ['of a fulfilment order that is not there', ({ tent }) => [part('gid://shopify/FulfillmentOrder/99', tent, 1)], 'Fulfillment order does not exist.'],
  ])('%s is refused and remembered', async (_what, groups, message) => {
    const made = await fulfil(shop, { lineItemsByFulfillmentOrder: groups(await hamburgAndGraz()) });

    expect(made).toEqual({ fulfillment: null, userErrors: [{ field: ['fulfillment'], message }] });
    expect(shop.complaints()).toEqual([`fulfillment: ${message}`]);
    expect(shop.fulfilments()).toEqual([]);
  });

  it('of two orders is refused and remembered', async () => {
    shop.place(order('8', [line('21', 'TENT', 1)]), version(1));
    const [other] = (await look(shop, '8')).fulfillmentOrders.nodes;
    const { hamburg } = await hamburgAndGraz();

    const made = await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: hamburg }, { fulfillmentOrderId: other.id }] });

    expect(made.userErrors).toEqual([{ field: ['fulfillment'], message: 'All fulfillment orders must be of the same order.' }]);
    expect(shop.complaints()).toHaveLength(1);
  });

  it('waits for a hold to be released, which nobody is blamed for', async () => {
    const { hamburg } = await hamburgAndGraz();
    shop.hold('7');

    const held = await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: hamburg }] });
    const [shown] = (await look(shop, '7')).fulfillmentOrders.nodes;
    shop.release('7');
    const made = await fulfil(shop, { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: hamburg }] });

    expect(held.userErrors[0].message).toContain('on_hold');
    expect(shown.supportedActions).not.toContainEqual({ action: 'CREATE_FULFILLMENT' });
    expect(made.userErrors).toEqual([]);
    expect(shop.complaints()).toEqual([]);
  });

  it.each([
    ['an id of something else', { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: 'gid://shopify/Order/7' }] }, 'Invalid global id'],
    ['a field that it does not have', { lineItemsByFulfillmentOrder: [], colour: 'red' }, 'Field "colour" is not defined by type "FulfillmentInput"'],
    ['a quantity in words', { lineItemsByFulfillmentOrder: [part('a', 'b', '1')] }, 'Int cannot represent non-integer value'],
  ])('with %s is refused and remembered', async (_what, input, message) => {
    const answer = await fulfil(shop, input);

    expect(answer).not.toHaveProperty('fulfillment.id');
    expect(shop.complaints()).toEqual([expect.stringContaining(message)]);
  });
});

describe('the list of orders of the simulated Shopify', () => {
  const LIST = 'query L($q: String, $a: String) { orders(first: 2, query: $q, sortKey: UPDATED_AT, after: $a) { pageInfo { hasNextPage endCursor } nodes { id updatedAt } } }';
  const at = (minute: number) => version(1, { updatedAt: `2026-11-22T09:0${minute}:00.000Z` });
  const ids = (answer: { data: { orders: { nodes: { id: string }[] } } }) => answer.data.orders.nodes.map(({ id }) => id.split('/').at(-1));

  it('has those that changed since, the oldest first, page by page, also when one changes meanwhile', async () => {
    for (const [index, minute] of [4, 1, 3, 2].entries()) shop.place(order(`7${index}`, [TENT]), at(minute));
    const since = "updated_at:>='2026-11-22T09:02:00Z'";

    const first = await ask(shop, LIST, { q: since, a: null });
    shop.place(order('73', [TENT]), version(2, { updatedAt: '2026-11-22T09:09:00.000Z' }));
    const second = await ask(shop, LIST, { q: since, a: first.data.orders.pageInfo.endCursor });

    expect(ids(first)).toEqual(['73', '72']);
    expect(ids(second)).toEqual(['70', '73']);
    expect(second.data.orders.pageInfo.hasNextPage).toBe(false);
  });

  it.each([
    ['updated_at:>2026-11-22T09:02:00Z', ['72']],
    ['updated_at:<2026-11-22T09:02:00Z', ['71']],
    ['updated_at:>=2026-11-22T10:01:00+01:00 AND updated_at:<=2026-11-22T09:02:00Z', ['71', '73']],
  ])('understands %s', async (query, expected) => {
    for (const [index, minute] of [
      [1, 1],
      [3, 2],
      [2, 3],
    ] as const)
      shop.place(order(`7${index}`, [TENT]), at(minute));

    expect(ids(await ask(shop, LIST, { q: query, a: null }))).toEqual(expected);
  });

  it('refuses a search that it does not know, which Shopify would overlook', async () => {
    const answer = await ask(shop, LIST, { q: 'changed_at:>=2026-11-22T09:02:00Z' });

    expect(answer.errors[0].message).toContain('changed_at');
    expect(shop.complaints()).toHaveLength(1);
  });
});
