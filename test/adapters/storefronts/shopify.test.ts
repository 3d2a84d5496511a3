import { describe, expect, test } from 'vitest';
import shopify from '../../../adapters/storefronts/shopify.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { type Answer, delivered, fixture, json, rejectionOf, scripted } from '../fixtures.ts';

const SETTINGS = shopify.settings.parse({ shopDomain: 'pine.myshopify.com' });
const TEXT = fixture('shopify/order.json');
const TOPIC = { 'x-shopify-topic': 'orders/create' };

/** The fixture's text with one piece replaced, so that digits stay as they stand. */
function changed(...pieces: readonly (readonly [string, string])[]): string {
  return pieces.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the fixture has no ${from}`);
    return text.replace(from, to);
  }, TEXT);
}

function parsed(text: string, settings = SETTINGS): OrderDocument {
  const result = shopify.parse(delivered(text, TOPIC), settings);
  if (result.kind !== 'order') throw new Error(`was ignored: ${result.reason}`);
  return result.order;
}

describe('reading an order', () => {
  test('keeps the id digit for digit past 2^53', () => {
    expect(parsed(TEXT).sourceId).toBe('820982911946154508');
  });

  test('takes everything from the body', () => {
    expect(parsed(TEXT)).toMatchObject({
      connectionId: 'shop',
      number: '#1001',
      sourceVersion: Date.parse('2026-11-20T08:31:12Z'),
      placedAt: '2026-11-20T08:30:00.000Z',
      paid: true,
      cancelled: false,
      test: false,
      currency: 'EUR',
      total: 11_980,
      email: 'erika.muster@example.com',
      phone: '+49 341 555 0199',
      locale: 'de-DE',
      shipTo: { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', region: 'SN', postalCode: '04109', country: 'DE', phone: '+49 341 555 0199' },
    });
    expect(parsed(TEXT).shipTo).not.toHaveProperty('line2');
  });

  test('ships current quantities, trimmed SKUs, and neither tips nor gift cards', () => {
    expect(parsed(TEXT).lines.map(({ lineId, sku, quantity, unitPrice, requiresShipping }) => [lineId, sku, quantity, unitPrice, requiresShipping])).toEqual([
      ['866550311766439020', 'TENT-2P', 2, 2995, true],
      ['866550311766439021', 'SOCK-WOOL', 0, 2990, true],
      ['866550311766439022', null, 1, 1000, false],
      ['866550311766439023', null, 1, 5000, false],
    ]);
  });

  test('falls back from current to fulfillable to sold quantity', () => {
    expect(parsed(changed(['"current_quantity": 2,', ''])).lines[0]?.quantity).toBe(2);
    expect(parsed(changed(['"current_quantity": 2,', ''], ['"fulfillable_quantity": 2,', ''])).lines[0]?.quantity).toBe(3);
  });

  test('mends an id that a relay rounded, from the gid', () => {
    expect(parsed(changed(['"id": 820982911946154508', '"id": 820982911946154500'])).sourceId).toBe('820982911946154508');
  });

  test('refuses an id and a gid that name two orders', () => {
    expect(rejectionOf(() => parsed(changed(['"id": 820982911946154508', '"id": 820982911946159999']))).code).toBe('storefront.id-mismatch');
    expect(rejectionOf(() => parsed(changed(['"id": 820982911946154508', '"id": 17']))).code).toBe('storefront.id-mismatch');
  });

  test.each<[string, readonly [string, string][], Partial<OrderDocument>]>([
    ['a cancelled order', [['"cancelled_at": null', '"cancelled_at": "2026-11-20T10:00:00+01:00"']], { cancelled: true }],
    [
      'an order refunded whole',
      [
        ['partially_refunded', 'refunded'],
        ['"current_quantity": 2', '"current_quantity": 0'],
        ['"current_quantity": 1', '"current_quantity": 0'],
        ['"current_quantity": 1', '"current_quantity": 0'],
      ],
      { cancelled: true, paid: false },
    ],
    ['a refund of money alone', [['partially_refunded', 'refunded']], { cancelled: false, paid: false }],
    ['a pending order', [['partially_refunded', 'pending']], { paid: false }],
    ['an authorised order', [['partially_refunded', 'authorized']], { paid: false }],
    ['a status nobody knows', [['partially_refunded', 'quantum']], { paid: false }],
    ['a test order', [['"test": false', '"test": true']], { test: true }],
    [
      'an order in yen',
      [
        ['"currency": "EUR"', '"currency": "JPY"'],
        ['"119.80"', '"11980"'],
        ['"29.95"', '"2995"'],
        ['"29.90"', '"2990.00"'],
      ],
      { currency: 'JPY', total: 11_980 },
    ],
    [
      'an order without contact',
      [
        ['"contact_email": "erika.muster@example.com"', '"contact_email": null'],
        ['"email": "erika.muster@example.com"', '"email": ""'],
      ],
      { email: null },
    ],
    ['an order without current total', [['"current_total_price": "119.80",', '']], { total: 14_970 }],
    ['an order without name', [['"name": "#1001",', '']], { number: '#1001' }],
    ['a country that is no code', [['"country_code": "DE"', '"country_code": "Germany"']], { shipTo: expect.objectContaining({ country: '' }) }],
    ['a name in two parts', [['"name": "Erika Muster"', '"name": null']], { shipTo: expect.objectContaining({ name: 'Erika Muster' }) }],
  ])('reads %s', (_what, pieces, expected) => {
    expect(parsed(changed(...pieces))).toMatchObject(expected);
  });

  test('ships authorised orders where the shop wants it so', () => {
    const settings = shopify.settings.parse({ shopDomain: 'pine.myshopify.com', paidStatuses: ['paid', 'authorized'] });

    expect(parsed(changed(['partially_refunded', 'authorized']), settings).paid).toBe(true);
  });

  test('reads an order whose personal data is withheld, so that it is held and not lost', () => {
    const order = JSON.parse(changed(['820982911946154508', '1'], ['820982911946154508', '1']));

    expect(parsed(JSON.stringify({ ...order, shipping_address: null, email: null, contact_email: null })).shipTo).toBeNull();
    expect(parsed(JSON.stringify({ ...order, shipping_address: {} })).shipTo).toEqual({ name: '', line1: '', city: '', country: '' });
  });

  test.each<[string, string, string, RegExp]>([
    ['a fractional quantity', '"current_quantity": 2,', '"current_quantity": 1.5,', /line_items\[0\]\.current_quantity \("1\.5"\)/],
    ['a negative quantity', '"current_quantity": 2,', '"current_quantity": -2,', /line_items\[0\]\.current_quantity \(-2\)/],
    ['an absurd quantity', '"current_quantity": 2,', '"current_quantity": 1e309,', /line_items\[0\]\.current_quantity \("1e309"\)/],
    ['a quantity beyond any shelf', '"current_quantity": 2,', '"current_quantity": 10001,', /line_items\[0\]\.current_quantity \(10001\)/],
    ['an unknown currency', '"currency": "EUR"', '"currency": "DOGE"', /currency \("DOGE"\): must be an ISO 4217/],
    ['a price that is none', '"price": "29.95"', '"price": "NaN"', /line_items\[0\]\.price: Amount "NaN"/],
    ['a price with too many places', '"price": "29.95"', '"price": "29.955"', /line_items\[0\]\.price/],
    ['a missing id', '"id": 820982911946154508,', '', /id \(missing\)/],
    ['a negative id', '"id": 820982911946154508', '"id": -5', /id \(-5\)/],
    [
      'a time without zone',
      '"updated_at": "2026-11-20T09:31:12+01:00"',
      '"updated_at": "2026-11-20T09:31:12"',
      /updated_at \("2026-11-20T09:31:12"\): must be an ISO 8601 instant with its zone/,
    ],
    ['a day that is none', '"created_at": "2026-11-20T09:30:00+01:00"', '"created_at": "2026-02-30T09:30:00+01:00"', /created_at/],
    ['a total that is negative', '"current_total_price": "119.80"', '"current_total_price": "-1.00"', /total \(-100\)/],
    ['an address line beyond any label', '"Beispielstraße 4"', `"${'x'.repeat(121)}"`, /shipTo\.line1/],
    ['lines that are none', '"line_items": [', '"line_items": 7, "_": [', /line_items \(7\)/],
  ])('refuses %s and names field and value', (_what, from, to, message) => {
    const refusal = rejectionOf(() => parsed(changed([from, to])));

    expect(refusal.message).toMatch(message);
    expect(refusal.message).not.toMatch(/Erika|Muster|Beispiel|x{20}|example\.com|555/);
  });

  test('names the field of personal data and not its value', () => {
    const refusal = rejectionOf(() => parsed(changed(['"zip": "04109"', '"zip": 4109'], ['"email": "erika.muster@example.com"', '"email": ["erika"]'])));

    expect(refusal.message).toMatch(/shipping_address\.zip/);
    expect(refusal.message).not.toMatch(/4109|erika/);
  });

  test('names no more than five of many fields', () => {
    expect(rejectionOf(() => parsed('{"line_items":[{},{},{}]}')).message).toMatch(/and \d+ more\.$/);
  });

  test('refuses 300 lines, and 46 different SKUs', () => {
    const order = JSON.parse(TEXT);
    const lines = (count: number, sku: (index: number) => string) =>
      JSON.stringify({
        ...order,
        id: '1',
        admin_graphql_api_id: null,
        line_items: Array.from({ length: count }, (_, index) => ({ ...order.line_items[0], id: index + 1, sku: sku(index) })),
      });

    expect(rejectionOf(() => parsed(lines(300, () => 'TENT'))).message).toMatch(/lines/);
    expect(rejectionOf(() => parsed(lines(46, (index) => `SKU-${index}`))).message).toMatch(/45 different SKUs/);
    expect(parsed(lines(200, () => 'TENT')).lines).toHaveLength(200);
  });

  test.each(['app/uninstalled', 'orders/edited', 'fulfillment_orders/moved', 'customers/redact'])('leaves topic %s alone', (topic) => {
    expect(shopify.parse(delivered('{}', { 'x-shopify-topic': topic }), SETTINGS)).toMatchObject({ kind: 'ignored', reason: expect.stringContaining(topic) });
  });

  test.each(['orders/create', 'orders/updated', 'orders/paid', 'orders/cancelled'])('comes to the same by topic %s, which is not signed', (topic) => {
    expect(shopify.parse(delivered(TEXT, { 'x-shopify-topic': topic }), SETTINGS)).toEqual({ kind: 'order', order: parsed(TEXT) });
  });
});

test.each(['https://pine.myshopify.com', 'pine.example.com', 'pine.myshopify.com.evil.example', 'PINE.myshopify.com', '.myshopify.com'])('%s is no shop domain', (shopDomain) => {
  expect(shopify.settings.safeParse({ shopDomain }).success).toBe(false);
});

describe('telling the shop that a parcel left', () => {
  const SHIPPED = {
    sourceId: '820982911946154508',
    orderId: 'shop:820982911946154508',
    parcel: 1,
    units: [
      { sku: 'MUG', quantity: 1 },
      { sku: 'TENT', quantity: 2 },
    ],
    carrier: 'DHLExpress',
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
    const { http, asked } = scripted(...answers);
    const told = shopify.markShipped(SHIPPED, { settings: SETTINGS, token: 'shpat_1', signingSecret: '', http, now: new Date() });
    return { told, bodies: () => asked.map(({ body }) => JSON.parse(String(body))), asked };
  }

  test('looks, then fulfils our units with the tracking number', async () => {
    const { told, asked, bodies } = tell(looked([order('1', 'A', { TENT: 3, MUG: 1, LAMP: 1 })]), done);

    expect(await told).toBe('written');
    expect(asked[0]).toMatchObject({ method: 'POST', url: 'https://pine.myshopify.com/admin/api/2026-07/graphql.json', headers: { 'x-shopify-access-token': 'shpat_1' } });
    expect(bodies()[0].variables).toEqual({ order: 'gid://shopify/Order/820982911946154508', after: null });
    expect(bodies()[1].variables.fulfillment).toEqual({
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
    expect(asked).toHaveLength(1);
  });

  test('a fulfilment of ours that was cancelled does not count', async () => {
    expect(await tell(looked([order('1', 'A', { TENT: 2, MUG: 1 })], [ours(3, { status: 'CANCELLED' })]), done).told).toBe('written');
  });

  test('takes units from several fulfilment orders and pages, never more than remain', async () => {
    const { told, bodies } = tell(looked([order('1', 'A', { TENT: 1 })], [], 'c1'), looked([order('2', 'A', { TENT: 5, MUG: 1 })]), done);

    expect(await told).toBe('written');
    expect(bodies()[1].variables.after).toBe('c1');
    expect(bodies()[2].variables.fulfillment.lineItemsByFulfillmentOrder).toEqual([
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
    const { told, bodies } = tell(looked([order('1', 'A', { TENT: 2 }), order('2', 'B', { TENT: 2, MUG: 1 })]), done);

    expect(await told).toBe('written');
    expect(bodies()[1].variables.fulfillment.lineItemsByFulfillmentOrder.map((one: { fulfillmentOrderId: string }) => one.fulfillmentOrderId)).toEqual([
      'gid://shopify/FulfillmentOrder/2',
    ]);
  });

  test('makes one call for each location where none has everything', async () => {
    const { told, bodies } = tell(looked([order('1', 'A', { TENT: 2 }), order('2', 'B', { MUG: 1 })]), done, done);

    expect(await told).toBe('written');
    expect(bodies()).toHaveLength(3);
  });

  test('goes on where a try over two locations stopped half-way', async () => {
    const inside = json({ data: { fulfillment: { fulfillmentLineItems: { nodes: [{ quantity: 2, lineItem: { sku: 'TENT' } }] } } } });
    const { told, bodies } = tell(looked([order('1', 'A', { TENT: 0 }), order('2', 'B', { MUG: 1 })], [ours(2)]), inside, done);

    expect(await told).toBe('written');
    expect(bodies()[2].variables.fulfillment.lineItemsByFulfillmentOrder).toEqual([
      { fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/2', fulfillmentOrderLineItems: [{ id: 'line-2-MUG', quantity: 1 }] },
    ]);
  });

  test.each<[string, object[]]>([
    ['is on hold', [order('1', 'A', { TENT: 2, MUG: 1 }, { status: 'ON_HOLD' })]],
    ['may not be fulfilled by us', [order('1', 'A', { TENT: 2, MUG: 1 }, { supportedActions: [{ action: 'REQUEST_FULFILLMENT' }] })]],
    ['has fewer units left', [order('1', 'A', { TENT: 1, MUG: 1 })]],
    ['has other goods', [order('1', 'A', { LAMP: 9 })]],
    ['is nowhere', []],
  ])('gives it to a person when the fulfilment order %s', async (_what, nodes) => {
    await expect(tell(looked(nodes)).told).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.units-unmatched' });
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

    await expect(tell(throttled).told).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 6 });
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
