import { describe, expect, test } from 'vitest';
import type { Shipped, StockLevel } from '../../../adapters/storefront.ts';
import bigcommerce from '../../../adapters/storefronts/bigcommerce.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { type Answer, fixture, json, scripted } from '../fixtures.ts';

const SETTINGS = bigcommerce.settings.parse({ storeHash: 'pinestore1' });
const BASE = 'https://api.bigcommerce.com/stores/pinestore1';
const ORDER = JSON.parse(fixture('bigcommerce/fetched-one-address.json'));
const TWO = JSON.parse(fixture('bigcommerce/fetched-two-addresses.json'));
const EMPTY: Answer = { status: 204 };
const HOOK_URL = 'https://hub.example.com/hooks/outlet';

function calling(...answers: readonly Answer[]) {
  const { http, asked } = scripted(...answers);
  const call = { connectionId: 'outlet', settings: SETTINGS, token: 'tok', apiKey: '', signingSecret: '', hookUrl: HOOK_URL, http, now: new Date('2026-11-20T09:00:00.000Z') };
  return { call, asked, said: () => asked.map(({ method, url }) => `${method} ${decodeURIComponent(url.replace(BASE, ''))}`) };
}

async function errorOf(act: Promise<unknown> | undefined): Promise<unknown> {
  return await act?.catch((cause: unknown) => cause);
}

const PARTS = 'include=consignments.line_items&consignment_structure=object';

describe('fetching an order', () => {
  test('takes one call, with its token, in JSON', async () => {
    const { call, asked, said } = calling(json(ORDER));

    const found = await bigcommerce.fetch?.({ what: 'order', id: '41250' }, call);

    expect(said()).toEqual([`GET /v2/orders/41250?${PARTS}`]);
    expect(asked[0]?.headers).toMatchObject({ accept: 'application/json', 'x-auth-token': 'tok' });
    expect(found).toMatchObject({ kind: 'found', bodies: [Buffer.from(JSON.stringify(ORDER))] });
  });

  test('loses no digit', async () => {
    const { call } = calling(json(JSON.stringify(ORDER).replace('"id":41250', '"id":9007199254740993')));

    const found = await bigcommerce.fetch?.({ what: 'order', id: '9007199254740993' }, call);

    expect(found?.kind === 'found' ? found.bodies.join('') : '').toContain('9007199254740993');
  });

  test('says that it is absent when the store has none', async () => {
    const { call } = calling(json([{ status: 404, message: 'The requested resource was not found.' }], 404));

    expect(await bigcommerce.fetch?.({ what: 'order', id: '7' }, call)).toEqual({ kind: 'absent', sourceIds: ['7'] });
  });

  test.each([EMPTY, json(''), json('<order/>')])('asks again when nothing readable came: %j', async (answer) => {
    expect(await errorOf(bigcommerce.fetch?.({ what: 'order', id: '7' }, calling(answer).call))).toMatchObject({ code: 'storefront.answer-unreadable' });
  });

  test.each([
    { url: 'https://api.bigcommerce.com/elsewhere', resource: '/elsewhere' },
    [{ shipping: [] }],
    { shipping: [{ ...ORDER.consignments.shipping[0], line_items: [{ url: 'https://api.bigcommerce.com/elsewhere' }] }] },
  ])('makes the same of lines and addresses that have to be asked for: %#', async (consignments) => {
    const [address] = ORDER.consignments.shipping;
    const { line_items: lines, ...bare } = address;
    const { line_items: gifts } = ORDER.consignments.email.gift_certificates[0];
    const { call, said } = calling(json({ ...ORDER, consignments }), json([...lines, ...gifts]), json([bare]));

    const found = await bigcommerce.fetch?.({ what: 'order', id: '41250' }, call);

    const body = found?.kind === 'found' ? found.bodies[0] : undefined;
    const parsed = (bytes: Buffer) => bigcommerce.parse({ connectionId: 'outlet', headers: {}, body: bytes, receivedAt: '', via: 'fetch' }, SETTINGS);
    expect(said().slice(1)).toEqual(['GET /v2/orders/41250/products?limit=250&page=1', 'GET /v2/orders/41250/shipping_addresses?limit=250&page=1']);
    expect(parsed(body ?? Buffer.alloc(0))).toEqual(parsed(Buffer.from(JSON.stringify(ORDER))));
  });

  test('asks again when lines are for an address that is not listed', async () => {
    const [{ line_items: lines }] = ORDER.consignments.shipping;
    const { call } = calling(json({ ...ORDER, consignments: {} }), json(lines), EMPTY);

    expect(await errorOf(bigcommerce.fetch?.({ what: 'order', id: '41250' }, call))).toBeInstanceOf(Unavailable);
  });
});

describe('reading what changed', () => {
  const page = (count: number, second: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => ({
      ...ORDER,
      id: 1000 + index,
      date_modified: new Date(Date.UTC(2026, 10, 20, 9, 0, second(index))).toUTCString().replace('GMT', '+0000'),
    }));

  test('asks for what changed since an instant, the oldest first', async () => {
    const { call, said } = calling(EMPTY);

    const read = await bigcommerce.poll?.({ since: '2026-11-20T08:00:00.500Z', page: null }, call);

    expect(read).toEqual({ bodies: [], next: null });
    expect(said()).toEqual([`GET /v2/orders?min_date_modified=2026-11-20T08:00:00.000+00:00&sort=date_modified:asc&limit=50&page=1&${PARTS}`]);
  });

  test('goes on from the last instant of a full page, one second back', async () => {
    const { call, said } = calling(json(page(50, (index) => index)), json(page(3, () => 59)));
    const since = '2026-11-20T09:00:00.000Z';

    const first = await bigcommerce.poll?.({ since, page: null }, call);
    const second = await bigcommerce.poll?.({ since, page: first?.next ?? null }, call);

    expect([first?.bodies.length, second?.bodies.length, second?.next]).toEqual([50, 3, null]);
    expect(said()[1]).toContain('min_date_modified=2026-11-20T09:00:48.000+00:00&sort=date_modified:asc&limit=50&page=1&');
  });

  test('counts pages while all of one changed in the same second', async () => {
    const { call, said } = calling(json(page(50, () => 0)), json(page(1, () => 0)));
    const since = '2026-11-20T09:00:00.000Z';

    const first = await bigcommerce.poll?.({ since, page: null }, call);
    await bigcommerce.poll?.({ since, page: first?.next ?? null }, call);

    expect(said()[1]).toContain('min_date_modified=2026-11-20T09:00:00.000+00:00&sort=date_modified:asc&limit=50&page=2&');
  });

  test('a body is the same, whether it was fetched or found', async () => {
    const found = await bigcommerce.fetch?.({ what: 'order', id: '41250' }, calling(json(ORDER)).call);
    const read = await bigcommerce.poll?.({ since: '2026-11-20T09:00:00.000Z', page: null }, calling(json([ORDER])).call);

    expect(found?.kind === 'found' && found.bodies).toEqual(read?.bodies);
  });

  test('waits as long as a full window asks', async () => {
    const { call } = calling(json({}, 429, { 'x-rate-limit-time-reset-ms': '4200' }));

    expect(await errorOf(bigcommerce.poll?.({ since: '2026-11-20T09:00:00.000Z', page: null }, call))).toMatchObject({ name: 'Unavailable', retryAfterSeconds: 5 });
  });

  test('stops before the window is empty, and leaves some of it to others', async () => {
    const { call, asked } = calling(json([{ ...ORDER, consignments: {} }], 200, { 'x-rate-limit-requests-left': '3', 'x-rate-limit-time-reset-ms': '12000' }));

    const error = await errorOf(bigcommerce.poll?.({ since: '2026-11-20T09:00:00.000Z', page: null }, call));

    expect(error).toMatchObject({ code: 'storefront.window-spent', retryAfterSeconds: 12 });
    expect(asked).toHaveLength(1);
  });
});

const SHIPPED: Shipped = {
  sourceId: '41250',
  orderId: 'outlet:41250',
  parcel: 1,
  units: [
    { sku: 'TENT-2P', quantity: 1 },
    { sku: 'SOCK-WOOL', quantity: 1 },
  ],
  lines: [],
  completes: false,
  carrier: 'UPS',
  service: 'UPSStandard',
  trackingNumber: '1Z001',
  trackingUrl: 'https://track.example.com/1Z001',
  shippedAt: '2026-11-20T09:00:00.000Z',
};

describe('telling of a parcel', () => {
  const written = (asked: readonly { readonly body?: string | Buffer }[]) => JSON.parse(String(asked.at(-1)?.body));

  test('looks first, then makes a shipment to the address', async () => {
    const { call, asked, said } = calling(EMPTY, json(ORDER), json({ id: 1 }, 201));

    expect(await bigcommerce.markShipped?.(SHIPPED, call)).toBe('written');

    expect(said()).toEqual(['GET /v2/orders/41250/shipments?limit=250&page=1', `GET /v2/orders/41250?${PARTS}`, 'POST /v2/orders/41250/shipments']);
    expect(written(asked)).toEqual({
      order_address_id: 70001,
      items: [
        { order_product_id: 5501, quantity: 1 },
        { order_product_id: 5502, quantity: 1 },
      ],
      tracking_number: '1Z001',
      shipping_provider: 'ups',
    });
  });

  test('does nothing when the number is there', async () => {
    const { call, asked } = calling(json([{ id: 1, order_address_id: 70001, tracking_number: '1Z001' }]));

    expect(await bigcommerce.markShipped?.(SHIPPED, call)).toBe('known');
    expect(asked).toHaveLength(1);
  });

  test('looks through every page of shipments', async () => {
    const others = Array.from({ length: 250 }, (_, id) => ({ id: id + 1, order_address_id: 70001, tracking_number: `X${id}` }));
    const { call } = calling(json(others), json([{ id: 900, order_address_id: 70001, tracking_number: '1Z001' }]));

    expect(await bigcommerce.markShipped?.(SHIPPED, call)).toBe('known');
  });

  test('knows the address of an order that goes to several, and takes the number of another for another parcel', async () => {
    const shipped = { ...SHIPPED, sourceId: '41260-70012', units: [{ sku: 'POT-SET', quantity: 1 }] };
    const { call, asked } = calling(json([{ id: 1, order_address_id: 70011, tracking_number: '1Z001' }]), json(TWO), json({ id: 2 }, 201));

    expect(await bigcommerce.markShipped?.(shipped, call)).toBe('written');
    expect(written(asked)).toMatchObject({ order_address_id: 70012, items: [{ order_product_id: 5602, quantity: 1 }] });
  });

  test('fills lines of one SKU in their order, none with more than is left of it', async () => {
    const order = structuredClone(ORDER);
    Object.assign(order.consignments.shipping[0].line_items[0], { quantity_shipped: 1 });
    Object.assign(order.consignments.shipping[0].line_items[1], { sku: 'TENT-2P' });
    const { call, asked } = calling(EMPTY, json(order), json({ id: 1 }, 201));

    await bigcommerce.markShipped?.({ ...SHIPPED, units: [{ sku: 'TENT-2P', quantity: 2 }] }, call);

    expect(written(asked).items).toEqual([
      { order_product_id: 5501, quantity: 1 },
      { order_product_id: 5502, quantity: 1 },
    ]);
  });

  test.each<[string, object]>([
    ['FedEx', { shipping_provider: 'fedex' }],
    ['DHLExpress', { shipping_provider: '', tracking_carrier: 'dhl' }],
    ['Boatman', { shipping_provider: '', tracking_link: 'https://track.example.com/1Z001' }],
  ])('names %s in one way that the store knows', async (carrier, expected) => {
    const { call, asked } = calling(EMPTY, json(ORDER), json({ id: 1 }, 201));

    await bigcommerce.markShipped?.({ ...SHIPPED, carrier }, call);

    const { order_address_id: _, items: __, tracking_number: ___, ...link } = written(asked);
    expect(link).toEqual(expected);
  });

  test.each<[string, Partial<Shipped>, object, string]>([
    ['a cancelled order', {}, { ...ORDER, status_id: 5 }, 'storefront.order-cancelled'],
    ['a refunded order', {}, { ...ORDER, status_id: 4 }, 'storefront.order-cancelled'],
    ['an order in the archive', {}, { ...ORDER, is_deleted: true }, 'storefront.order-cancelled'],
    ['more units than are left', { units: [{ sku: 'TENT-2P', quantity: 3 }] }, ORDER, 'storefront.units-unmatched'],
    ['a SKU that is not in it', { units: [{ sku: 'RAFT', quantity: 1 }] }, ORDER, 'storefront.units-unmatched'],
    ['an address that is not in it', { sourceId: '41250-99' }, ORDER, 'storefront.address-absent'],
    ['an order that has come to several addresses', {}, { ...ORDER, consignments: TWO.consignments }, 'storefront.address-absent'],
  ])('%s is for a person', async (_what, change, order, code) => {
    const { call } = calling(EMPTY, json(order));

    const error = await errorOf(bigcommerce.markShipped?.({ ...SHIPPED, ...change }, call));

    expect(error).toBeInstanceOf(Rejected);
    expect(error).toMatchObject({ code });
  });

  test.each([12, 13])('status %d has to be settled first: it is told later', async (status_id) => {
    const { call } = calling(EMPTY, json({ ...ORDER, status_id }));

    expect(await errorOf(bigcommerce.markShipped?.(SHIPPED, call))).toMatchObject({ name: 'Unavailable', code: 'storefront.order-held', retryAfterSeconds: 3_600 });
  });

  test.each(['abc', '1/2', '41250-', ''])('a source id of %j asks nobody', async (sourceId) => {
    expect(await errorOf(bigcommerce.markShipped?.({ ...SHIPPED, sourceId }, calling().call))).toMatchObject({ code: 'storefront.order-absent' });
  });

  test('says what the store said when it refuses, without what may be a person', async () => {
    const { call } = calling(EMPTY, json(ORDER), json([{ status: 400, message: 'The field quantity is invalid.' }], 400));

    const error = await errorOf(bigcommerce.markShipped?.(SHIPPED, call));

    expect(error).toMatchObject({ code: 'storefront.refused', message: expect.stringContaining('... field quantity is invalid.') });
  });
});

const level = (sku: string, quantity: number, before: number | null = null): StockLevel => ({ sku, quantity, before, sequence: 1, at: '', eventId: sku });
const item = (sku: string, onhand: number) => ({ identity: { sku, variant_id: 9, product_id: 77 }, available_to_sell: onhand, total_inventory_onhand: onhand });

describe('setting stock', () => {
  test('reads, sets what is different in one call, and says what became of each', async () => {
    const answer = { data: [item('TENT', 4), item('SOCK', 9), item('MUG', 30), item('mug', 1)] };
    const { call, asked, said } = calling(json(answer), json({ transaction_id: 'tx' }));

    const told = await bigcommerce.setStock?.([level('TENT', 3, 4), level('SOCK', 9), level('MUG', 10, 20), level('A,B', 1)], call);

    expect(said()).toEqual(['GET /v3/inventory/locations/1/items?sku:in=TENT,SOCK,MUG,A,B&limit=200', 'PUT /v3/inventory/adjustments/absolute']);
    expect(JSON.parse(String(asked[1]?.body))).toEqual({
      reason: 'Crossdock',
      items: [
        { location_id: 1, sku: 'TENT', quantity: 3 },
        { location_id: 1, sku: 'MUG', quantity: 10 },
      ],
    });
    expect(told).toEqual([
      { sku: 'TENT', became: 'set', theirs: 4 },
      { sku: 'SOCK', became: 'set', theirs: 9 },
      { sku: 'MUG', became: 'drifted', theirs: 30 },
      { sku: 'A,B', became: 'unknown' },
    ]);
  });

  test('writes nothing when all is as it should be', async () => {
    const { call, asked } = calling(json({ data: [item('TENT', 3)] }));

    await bigcommerce.setStock?.([level('TENT', 3)], call);

    expect(asked).toHaveLength(1);
  });

  test('sets by the product what the store does not track by its SKU, and the others all the same', async () => {
    const refused = json({ status: 422, title: 'Item is tracked by product' }, 422);
    const { call, asked } = calling(json({ data: [item('TENT', 4), item('SOCK', 9)] }), refused, refused, json({}), json({}));

    const told = await bigcommerce.setStock?.([level('TENT', 3), level('SOCK', 8)], call);

    expect(asked.slice(2).map(({ body }) => JSON.parse(String(body)).items)).toEqual([
      [{ location_id: 1, sku: 'TENT', quantity: 3 }],
      [{ location_id: 1, product_id: 77, quantity: 3 }],
      [{ location_id: 1, sku: 'SOCK', quantity: 8 }],
    ]);
    expect(told?.map(({ became }) => became)).toEqual(['set', 'set']);
  });

  test('names a location that is not there', async () => {
    const { call } = calling(json({ status: 404, title: 'not found' }, 404));

    expect(await errorOf(bigcommerce.setStock?.([level('TENT', 3)], call))).toMatchObject({ code: 'storefront.location-absent' });
  });

  test('asks for fifty at a time', async () => {
    const { call, asked } = calling(json({ data: [] }), json({ data: [] }), json({ data: [] }));

    const told = await bigcommerce.setStock?.(
      Array.from({ length: 101 }, (_, index) => level(`S${index}`, 1)),
      call,
    );

    expect([asked.length, told?.length]).toEqual([3, 101]);
  });
});

describe('hooks', () => {
  const hook = (id: number, scope: string, destination = HOOK_URL, is_active = true) => ({ id, client_id: 'c', store_hash: 'pinestore1', scope, destination, is_active });

  test('are listed to the last page', async () => {
    const page = (id: number, total_pages: number) => json({ data: [hook(id, 'store/order/created')], meta: { pagination: { total_pages } } });
    const { call } = calling(page(1, 2), page(2, 2));

    expect(await bigcommerce.subscriptions?.list(call)).toEqual([1, 2].map((id) => ({ id: String(id), topic: 'store/order/created', address: HOOK_URL, active: true })));
  });

  test('are made once', async () => {
    const { call, asked } = calling(json({ data: [hook(1, 'store/order/updated')] }), json({ data: {} }));
    const again = calling(json({ data: [hook(1, 'store/order/created')] }));

    await bigcommerce.subscriptions?.create('store/order/created', call);
    await bigcommerce.subscriptions?.create('store/order/created', again.call);

    expect(JSON.parse(String(asked[1]?.body))).toEqual({ scope: 'store/order/created', destination: HOOK_URL, is_active: true });
    expect(again.asked).toHaveLength(1);
  });

  test('are mended: switched on, and sent to where we are', async () => {
    const { call, asked, said } = calling(json({ data: {} }));

    await bigcommerce.subscriptions?.repair({ id: '7', topic: 'store/order/created', address: 'https://old.example.com', active: false }, call);

    expect(said()).toEqual(['PUT /v3/hooks/7']);
    expect(JSON.parse(String(asked[0]?.body))).toEqual({ scope: 'store/order/created', destination: HOOK_URL, is_active: true });
  });

  test('are of scopes that parse makes something of, each once', () => {
    const wanted = bigcommerce.subscriptions?.wanted(SETTINGS) ?? [];

    expect(new Set(wanted).size).toBe(wanted.length);
    for (const scope of wanted) {
      const body = Buffer.from(JSON.stringify({ scope, producer: 'stores/pinestore1', data: { type: 'order', id: 5, orderId: 5 } }));
      expect(['reference', 'ended']).toContain(bigcommerce.parse({ connectionId: 'outlet', headers: {}, body, receivedAt: '' }, SETTINGS).kind);
    }
  });
});
