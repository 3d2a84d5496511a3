import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from '../../../adapters/shopify/events.ts';
import { fetchReferred, pollOrders } from '../../../adapters/shopify/fetching.ts';
import type { Settings } from '../../../adapters/shopify/settings.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { delivered, json } from '../fixtures.ts';
import { type Line, linesOf, nodeOf, posted, type Sold, settingsOf, shopThat, shopWith } from './sold.ts';

const ORDER = { what: 'order', id: '820982911946154508' };
const SETTINGS = settingsOf();
const ASSIGNED = settingsOf({ ships: 'assigned', locationIds: ['7', '8'] });

const line = fc.record<Line>({
  id: fc.integer({ min: 1, max: 999 }),
  sku: fc.constantFrom('TENT', ' MUG ', '007', null, ''),
  price: fc.constantFrom('29.90', '10.00', '0.00'),
  requiresShipping: fc.boolean(),
  giftCard: fc.constantFrom(false, false, true),
  left: fc.nat(3),
  removed: fc.nat(2),
  shipped: fc.nat(3),
  returned: fc.nat(2),
});

const order = fc.record<Sold>({
  id: fc.constantFrom('1', '820982911946154508'),
  updatedAt: fc.integer({ min: 1_763_600_000, max: 1_763_700_000 }).map((seconds) => seconds * 1_000),
  status: fc.constantFrom('paid', 'pending', 'authorized', 'partially_refunded', 'refunded', 'voided'),
  cancelled: fc.boolean(),
  test: fc.boolean(),
  email: fc.constantFrom('erika@example.com', null),
  phone: fc.constantFrom('+49 341 555 0100', null),
  locale: fc.constantFrom('de-DE', null),
  address: fc.option(
    fc.record({ name: fc.constantFrom('Zoë Muster', null), line1: fc.constant('Beispielweg 4'), line2: fc.constantFrom('', null, 'c/o Muster'), country: fc.constant('DE') }),
  ),
  lines: fc.uniqueArray(line, { minLength: 1, maxLength: 6, selector: ({ id }) => id }),
});

function documentOf(body: Buffer | undefined, via: 'fetch' | 'poll', settings: Settings = SETTINGS): OrderDocument {
  const parsed = parse({ ...delivered(body ?? ''), via }, settings);
  const document = parsed.kind === 'orders' ? parsed.orders[0] : undefined;
  if (document === undefined) throw new Error(`was taken for ${parsed.kind}`);
  return document;
}

async function fetched(sold: Sold): Promise<OrderDocument> {
  const found = await fetchReferred(ORDER, shopWith(sold));
  return documentOf(found.kind === 'found' ? found.bodies[0] : undefined, 'fetch');
}

async function polled(sold: Sold): Promise<OrderDocument> {
  const page = await pollOrders({ since: '2026-11-20T08:00:00.000Z', page: null }, shopWith(sold));
  return documentOf(page.bodies[0], 'poll');
}

describe('an order that is posted, fetched and listed', () => {
  test('comes to the same document every way, so that a reading of what we have is a duplicate', async () => {
    await fc.assert(
      fc.asyncProperty(order, async (sold) => {
        const post = parse(delivered(posted(sold), { 'x-shopify-topic': 'orders/updated' }), SETTINGS);
        const fetch = await fetched(sold);

        expect(await polled(sold)).toEqual(fetch);
        if (post.kind === 'orders') expect(post.orders).toEqual([fetch]);
        else expect(post).toEqual({ kind: 'reference', reference: { what: 'changed-order', id: sold.id } });
      }),
      { numRuns: 400 },
    );
  });

  test('leaves to ship what is left to ship, whatever was refunded before or after it left', async () => {
    await fc.assert(
      fc.asyncProperty(order, async (sold) => {
        const { lines } = await fetched({ ...sold, cancelled: false });
        const open = lines.filter(({ requiresShipping }) => requiresShipping).map(({ quantity, fulfilled = 0 }) => quantity - fulfilled);
        const left = sold.lines.toSorted((a, b) => a.id - b.id).filter(({ requiresShipping, giftCard }) => requiresShipping && !giftCard);

        expect(open).toEqual(left.map((one) => one.left));
      }),
      { numRuns: 400 },
    );
  });

  test('is fetched only where a post does not tell which units are left', async () => {
    await fc.assert(
      fc.asyncProperty(order, async (sold) => {
        const post = parse(delivered(posted(sold)), SETTINGS);
        const unclear = sold.lines.some((one) => one.requiresShipping && !one.giftCard && one.shipped + one.returned > 0 && one.removed + one.returned > 0);

        expect(post.kind).toBe(unclear && !sold.cancelled ? 'reference' : 'orders');
      }),
    );
  });
});

const SOLD: Sold = {
  id: '820982911946154508',
  updatedAt: Date.parse('2026-11-20T09:00:00Z'),
  status: 'paid',
  cancelled: false,
  test: false,
  email: 'erika@example.com',
  phone: null,
  locale: 'de',
  address: null,
  lines: [lineOf(1, { left: 3 }), lineOf(2, { left: 1 }), lineOf(3, { left: 2 })],
};

function lineOf(id: number, units: Partial<Line>): Line {
  return { id, sku: `SKU-${id}`, price: '10.00', requiresShipping: true, giftCard: false, left: 0, removed: 0, shipped: 0, returned: 0, ...units };
}

const LAST = { hasNextPage: false, endCursor: null };

describe('fetching what a post named', () => {
  test('reads all lines of an order, page by page', async () => {
    const [one, two, three] = SOLD.lines.map((each) => [each]);
    const { call, asked } = shopThat([
      json({ data: { order: nodeOf(SOLD, one, 'c1') } }),
      json({ data: { order: { lineItems: linesOf(two ?? [], 'c2') } } }),
      json({ data: { order: { lineItems: linesOf(three ?? [], null) } } }),
    ]);

    const found = await fetchReferred(ORDER, call);

    expect(documentOf(found.kind === 'found' ? found.bodies[0] : undefined, 'fetch').lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ['SKU-1', 3],
      ['SKU-2', 1],
      ['SKU-3', 2],
    ]);
    expect(asked().map(({ operationName, variables }) => [operationName, variables.after])).toEqual([
      ['ReadOrder', undefined],
      ['OrderLines', 'c1'],
      ['OrderLines', 'c2'],
    ]);
  });

  test('says of an order that is gone that it is gone', async () => {
    expect(await fetchReferred(ORDER, shopThat([json({ data: { order: null } })]).call)).toEqual({ kind: 'absent', sourceIds: [ORDER.id] });
  });

  test('one that changed and is not shown is for a person: that it is too old for the app to see cancels nothing', async () => {
    const gone = json({ data: { order: null } });
    const named = json({ data: { fulfillmentOrder: { orderId: `gid://shopify/Order/${ORDER.id}` } } });

    await expect(fetchReferred({ what: 'changed-order', id: ORDER.id }, shopThat([gone]).call)).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.order-unseen' });
    await expect(fetchReferred({ what: 'fulfillment-order', id: '12' }, shopThat([named, gone]).call)).rejects.toMatchObject({ code: 'storefront.order-unseen' });
  });

  test('finds the order of a fulfilment order', async () => {
    const { call, asked } = shopThat([json({ data: { fulfillmentOrder: { orderId: 'gid://shopify/Order/820982911946154508' } } }), json({ data: { order: nodeOf(SOLD) } })]);

    expect((await fetchReferred({ what: 'fulfillment-order', id: '12' }, call)).kind).toBe('found');
    expect(asked().map(({ variables }) => variables)).toEqual([{ fulfillmentOrder: 'gid://shopify/FulfillmentOrder/12' }, { order: 'gid://shopify/Order/820982911946154508' }]);
  });

  test('knows nothing of the order of a fulfilment order that was merged away', async () => {
    const { call } = shopThat([json({ data: { fulfillmentOrder: null } })]);

    expect(await fetchReferred({ what: 'fulfillment-order', id: '12' }, call)).toEqual({ kind: 'absent', sourceIds: [] });
  });

  test('takes an order whose personal fields are withheld, each with an error of its own', async () => {
    const denied = (...path: string[]) => ({ message: 'not approved', path, extensions: { code: 'ACCESS_DENIED' } });
    const data = { order: { ...nodeOf(SOLD), email: null } };

    const found = await fetchReferred(ORDER, shopThat([json({ data, errors: [denied('order', 'email'), denied('order', 'shippingAddress')] })]).call);
    const refused = fetchReferred(ORDER, shopThat([json({ data, errors: [denied('order', 'email'), denied('order', 'lineItems')] })]).call);

    expect(documentOf(found.kind === 'found' ? found.bodies[0] : undefined, 'fetch').email).toBeNull();
    await expect(refused).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.refused' });
  });

  test('brings an order of another shape, so that it is set aside and held up nobody', async () => {
    const { call } = shopThat([json({ data: { order: { ...nodeOf(SOLD), updatedAt: undefined } } })]);

    const found = await fetchReferred(ORDER, call);

    expect(() => documentOf(found.kind === 'found' ? found.bodies[0] : undefined, 'fetch')).toThrow(/order\.updatedAt \(missing\)/);
  });
});

describe('listing what changed', () => {
  test('asks from an instant on, and goes on where the page before ended', async () => {
    const page = (nodes: object[], endCursor: string | null) => json({ data: { orders: { pageInfo: { hasNextPage: endCursor !== null, endCursor }, nodes } } });
    const { call, asked } = shopThat([page([nodeOf(SOLD), nodeOf({ ...SOLD, id: '2' })], 'p1'), page([], null)]);

    const first = await pollOrders({ since: '2026-11-20T08:00:00.000Z', page: null }, call);
    const second = await pollOrders({ since: '2026-11-20T08:00:00.000Z', page: first.next }, call);

    expect(first.bodies.map((body) => documentOf(body, 'poll').sourceId)).toEqual(['820982911946154508', '2']);
    expect([first.next, second.next, second.bodies]).toEqual(['p1', null, []]);
    expect(asked().map(({ variables }) => variables)).toEqual([
      { changed: "updated_at:>='2026-11-20T08:00:00.000Z'", after: null },
      { changed: "updated_at:>='2026-11-20T08:00:00.000Z'", after: 'p1' },
    ]);
  });
});

describe('where only what is assigned to us is ours', () => {
  const fulfilmentOrder = (location: string, units: Record<number, number>, change: object = {}) => ({
    status: 'OPEN',
    requestStatus: 'UNSUBMITTED',
    updatedAt: '2026-11-20T09:00:00Z',
    assignedLocation: { location: { id: `gid://shopify/Location/${location}` } },
    lineItems: { nodes: Object.entries(units).map(([id, remainingQuantity]) => ({ remainingQuantity, lineItem: { id: gid(Number(id)) } })) },
    ...change,
  });
  const gid = (id: number) => `gid://shopify/LineItem/866550311766439${String(id).padStart(3, '0')}`;
  const assigned = (nodes: object[], endCursor: string | null = null) =>
    json({ data: { order: { fulfillmentOrders: { pageInfo: { hasNextPage: endCursor !== null, endCursor }, nodes } } } });
  const fulfilments = (...locations: string[]) =>
    json({
      data: {
        order: { fulfillments: locations.map((id, index) => ({ id: `gid://shopify/Fulfillment/${index}`, status: 'SUCCESS', location: { id: `gid://shopify/Location/${id}` } })) },
      },
    });
  const inside = (id: number, quantity: number) =>
    json({ data: { fulfillment: { fulfillmentLineItems: { pageInfo: LAST, nodes: [{ quantity, lineItem: { id: gid(id), sku: null } }] } } } });

  async function unitsOf(answers: Parameters<typeof shopThat>[0], settings: Settings = ASSIGNED) {
    const { call } = shopThat([json({ data: { order: nodeOf(SOLD) } }), ...answers], settings);
    const found = await fetchReferred(ORDER, call);
    const { lines, sourceVersion } = documentOf(found.kind === 'found' ? found.bodies[0] : undefined, 'fetch', settings);
    return { units: lines.map(({ quantity, fulfilled }) => [quantity, fulfilled]), sourceVersion };
  }

  test('a post only says which order to fetch', () => {
    expect(parse(delivered(posted(SOLD)), ASSIGNED)).toEqual({ kind: 'reference', reference: { ...ORDER, what: 'changed-order' } });
  });

  test.each(['OPEN', 'IN_PROGRESS', 'ON_HOLD', 'SCHEDULED'])('ships what remains of its own fulfilment orders that are %s', async (status) => {
    const { units } = await unitsOf([assigned([fulfilmentOrder('7', { 1: 2 }, { status }), fulfilmentOrder('99', { 2: 1, 3: 2 })]), fulfilments()]);

    expect(units).toEqual([
      [2, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  test.each(['CLOSED', 'CANCELLED', 'INCOMPLETE'])('ships nothing of a fulfilment order that is %s', async (status) => {
    expect((await unitsOf([assigned([fulfilmentOrder('7', { 1: 2 }, { status })]), fulfilments()])).units[0]).toEqual([0, 0]);
  });

  test('adds up its fulfilment orders over locations and pages, and counts what left from them', async () => {
    const { units } = await unitsOf([assigned([fulfilmentOrder('7', { 1: 1 })], 'c1'), assigned([fulfilmentOrder('8', { 1: 1, 2: 1 })]), fulfilments('7', '99'), inside(1, 1)]);

    expect(units).toEqual([
      [3, 1],
      [1, 0],
      [0, 0],
    ]);
  });

  test('is a newer version when what is assigned changed and the order did not', async () => {
    const moved = fulfilmentOrder('99', { 1: 3 }, { updatedAt: '2026-11-20T09:10:00Z' });

    expect((await unitsOf([assigned([fulfilmentOrder('7', { 1: 3 })]), fulfilments()])).sourceVersion).toBe(SOLD.updatedAt);
    expect((await unitsOf([assigned([moved]), fulfilments()])).sourceVersion).toBe(Date.parse('2026-11-20T09:10:00Z'));
  });

  test.each([
    ['UNSUBMITTED', 0],
    ['SUBMITTED', 3],
    ['ACCEPTED', 3],
    ['CANCELLATION_REQUESTED', 3],
    ['CANCELLATION_REJECTED', 3],
    ['CANCELLATION_ACCEPTED', 0],
    ['REJECTED', 0],
  ])('a fulfilment service ships of a request that is %s %i units', async (requestStatus, quantity) => {
    const service = settingsOf({ ships: 'assigned', locationId: '7', service: true });

    expect((await unitsOf([assigned([fulfilmentOrder('7', { 1: 3 }, { requestStatus })]), fulfilments()], service)).units[0]).toEqual([quantity, 0]);
  });

  test.each([
    ['locations', { ships: 'assigned' }],
    ['what is assigned', { service: true, locationId: '7' }],
  ])('cannot be told without %s', (_, settings) => {
    expect(() => settingsOf(settings)).toThrow();
  });
});
