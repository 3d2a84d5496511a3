import { describe, expect, test } from 'vitest';
import shopify from '../../../adapters/storefronts/shopify.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { delivered, fixture, rejectionOf } from '../fixtures.ts';

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
  const order = result.kind === 'orders' ? result.orders[0] : undefined;
  if (order === undefined) throw new Error(`was taken for ${result.kind}`);
  return order;
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

  const shipped = (status: string, ...units: number[]) => {
    const lines = units.map((quantity) => ({ id: '866550311766439020', quantity }));
    return changed(['"refunds": [', `"fulfillments": [${JSON.stringify({ status, line_items: lines })}], "refunds": [`], ['"quantity": 3', '"quantity": 2']);
  };

  test.each<[string, string, number]>([
    ['nothing', shipped('success'), 0],
    ['a part', shipped('success', 1), 1],
    ['what two entries of a fulfilment say', shipped('success', 1, 1), 2],
    ['never more than there is', shipped('success', 2, 2), 2],
    ['nothing of a cancelled fulfilment', shipped('cancelled', 1), 0],
    ['nothing of one that failed', shipped('failure', 1), 0],
  ])('counts of a line as shipped %s', (_what, text, fulfilled) => {
    expect(parsed(text).lines[0]).toMatchObject({ quantity: 2, fulfilled });
  });

  test('does not take off what has shipped where a payload of an older version counts only what has not', () => {
    const text = shipped('success', 1).replace('"current_quantity": 2,', '').replace('"fulfillable_quantity": 2', '"fulfillable_quantity": 1');

    expect(parsed(text).lines[0]).toMatchObject({ quantity: 2, fulfilled: 1 });
  });

  test('says of a cancelled order only what it wanted', () => {
    expect(parsed(shipped('success', 1).replace('"cancelled_at": null', '"cancelled_at": "2026-11-20T10:00:00Z"')).lines[0]).not.toHaveProperty('fulfilled');
  });

  test('takes the order that is a test, voided and cancelled at once, and is confirmed by nobody', () => {
    const text = changed(
      ['"test": false', '"test": true'],
      ['partially_refunded', 'voided'],
      ['"confirmed": true', '"confirmed": false'],
      ['"cancelled_at": null', '"cancelled_at": "2026-11-20T10:00:00Z"'],
      ['"fulfillment_status": null', '"fulfillment_status": "pending"'],
    );

    expect(parsed(text)).toMatchObject({ test: true, cancelled: true, paid: false });
  });

  test.each<[string, string, string]>([
    ['properties that are an object', '"properties": [{ "name": "Engraving", "value": "E.M." }]', '"properties": { "Engraving": "E.M." }'],
    ['no properties', '"properties": [{ "name": "Engraving", "value": "E.M." }]', '"properties": null'],
    ['a fulfilment service as a number', '"requested_fulfillment_service_id": null', '"requested_fulfillment_service_id": 9007199254740993'],
    ['a fulfilment service as text', '"requested_fulfillment_service_id": null', '"requested_fulfillment_service_id": "manual"'],
    ['no customer', '"po_number": null', '"customer": null'],
    ['refunds of which sums are numbers', '"subtotal": 29.95', '"subtotal": 29'],
  ])('is not disturbed by %s', (_what, from, to) => {
    expect(parsed(changed([from, to]))).toEqual(parsed(TEXT));
  });

  test('keeps its lines in the order of their ids, so that both shapes of an order are one', () => {
    const order = JSON.parse(TEXT.replace(/"id": (\d+)/g, '"id": "$1"'));

    expect(parsed(JSON.stringify({ ...order, line_items: order.line_items.toReversed() }))).toEqual(parsed(TEXT));
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

  test.each([
    'orders/create',
    'orders/updated',
    'orders/paid',
    'orders/cancelled',
    'orders/fulfilled',
    'orders/partially_fulfilled',
    'orders/edited',
    'refunds/create',
    'app/uninstalled',
  ])('comes to the same by topic %s, which is not signed', (topic) => {
    expect(shopify.parse(delivered(TEXT, { 'x-shopify-topic': topic }), SETTINGS)).toEqual({ kind: 'orders', orders: [parsed(TEXT)] });
  });
});

test.each(['https://pine.myshopify.com', 'pine.example.com', 'pine.myshopify.com.evil.example', 'PINE.myshopify.com', '.myshopify.com'])('%s is no shop domain', (shopDomain) => {
  expect(shopify.settings.safeParse({ shopDomain }).success).toBe(false);
});
