import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STATUSES } from '../../../adapters/bigcommerce/status.ts';
import { isSigned } from '../../../adapters/signature.ts';
import bigcommerce from '../../../adapters/storefronts/bigcommerce.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { delivered, fixture, rejectionOf } from '../fixtures.ts';

const SETTINGS = bigcommerce.settings.parse({ storeHash: 'pinestore1' });
const ONE = fixture('bigcommerce/fetched-one-address.json');
const TWO = fixture('bigcommerce/fetched-two-addresses.json');

type Piece = readonly [string, string];

/** A text with pieces replaced once each, so that digits stay as they stand. */
function changed(text: string, ...pieces: readonly Piece[]): string {
  return pieces.reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`the fixture has no ${from}`);
    return so.replace(from, to);
  }, text);
}

function read(text: string, settings = SETTINGS) {
  return bigcommerce.parse({ ...delivered(text), via: 'fetch' }, settings);
}

function ordersIn(text: string, settings = SETTINGS): readonly OrderDocument[] {
  const result = read(text, settings);
  if (result.kind !== 'orders') throw new Error(`was taken for ${result.kind}`);
  return result.orders;
}

function orderIn(text: string, settings = SETTINGS): OrderDocument {
  const [order] = ordersIn(text, settings);
  if (order === undefined) throw new Error('there was no order');
  return order;
}

function event(scope: string, data: object, producer = 'stores/pinestore1'): string {
  return JSON.stringify({ scope, store_id: '1025646', data, hash: 'abc', created_at: 1_763_627_400, producer });
}

describe('what is posted', () => {
  test.each<[string, object]>([
    ['store/order/created', { type: 'order', id: 250 }],
    ['store/order/created', { type: 'order', id: '250' }],
    ['store/order/updated', { type: 'order', id: 250 }],
    ['store/order/archived', { type: 'order', id: 250 }],
    ['store/order/statusUpdated', { type: 'order', id: 250, status: { previous_status_id: 0, new_status_id: 11 } }],
    ['store/order/message/created', { type: 'order', id: 250, message: { order_message_id: 3 } }],
    ['store/order/refund/created', { type: 'order', id: 250, refund: { refund_id: 2 } }],
    ['store/order/transaction/created', { type: 'order_transaction', transaction_id: 4, order_id: '250' }],
    ['store/shipment/created', { type: 'shipment', id: 8, orderId: 250 }],
    ['store/shipment/deleted', { type: 'shipment', id: 8, orderId: '250' }],
    ['store/channel/3/order/statusUpdated', { type: 'order', id: 250 }],
    ['store/channel/3/shipment/created', { type: 'shipment', id: 8, orderId: 250 }],
  ])('%s %j names order 250', (scope, data) => {
    expect(bigcommerce.parse(delivered(event(scope, data)), SETTINGS)).toEqual({ kind: 'reference', reference: { what: 'order', id: '250' } });
  });

  test('keeps an id digit for digit past 2^53', () => {
    const body = event('store/order/created', { type: 'order', id: 1 }).replace('"id":1', '"id":9007199254740993');

    expect(bigcommerce.parse(delivered(body), SETTINGS)).toMatchObject({ reference: { id: '9007199254740993' } });
  });

  test.each(['store/product/inventory/updated', 'store/sku/inventory/order/updated', 'store/order/metafield/created', 'store/customer/created', 'store/order/created/again'])(
    '%s is left alone',
    (scope) => {
      expect(bigcommerce.parse(delivered(event(scope, { type: 'metafield', id: 8, resource_id: '270' })), SETTINGS).kind).toBe('ignored');
    },
  );

  test('the end of the app ends the connection', () => {
    expect(bigcommerce.parse(delivered(event('store/app/uninstalled', {})), SETTINGS).kind).toBe('ended');
  });

  test('an event of another store is refused', () => {
    const refusal = rejectionOf(() => bigcommerce.parse(delivered(event('store/order/created', { type: 'order', id: 250 }, 'stores/somebodyelse')), SETTINGS));

    expect(refusal).toMatchObject({ code: 'storefront.foreign-shop', seen: 'stores/somebodyelse' });
  });

  test.each<[string, object]>([
    ['store/order/created', { type: 'order' }],
    ['store/shipment/created', { type: 'shipment', id: 8 }],
    ['store/order/transaction/created', { type: 'order_transaction' }],
  ])('%s without its order says that the shape has changed', (scope, data) => {
    expect(rejectionOf(() => bigcommerce.parse(delivered(event(scope, data)), SETTINGS)).code).toBe('storefront.shape-changed');
  });

  test.each(['../hooks', '1/../2', '-1', '0', '1.5'])('an id of %s never becomes part of an address', (id) => {
    expect(rejectionOf(() => bigcommerce.parse(delivered(event('store/order/created', { type: 'order', id })), SETTINGS)).code).toBe('storefront.payload-unreadable');
  });
});

describe('its signature', () => {
  const body = Buffer.from('{"id":820982911946154508,"name":"#1001","note":"Zoë – 東京 🎁"}');
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1700000000', 'webhook-signature': 'v1,tppTCpVbzdEwj1rDgxbSdhqII81NCQl3ePDpgKaFcbI=' };
  const secrets = { current: 'bc_client_secret_1' };

  test.each([0, 299, 86_400, 172_800])('is made with the client secret as it stands, and taken %d seconds later', (seconds) => {
    expect(isSigned({ headers, body }, bigcommerce.signature(SETTINGS), secrets, new Date((1_700_000_000 + seconds) * 1000))).toBe(true);
  });

  test('is refused when time, id or body is another, and then in silence', () => {
    const scheme = bigcommerce.signature(SETTINGS);
    const now = new Date(1_700_000_000_000);

    for (const wrong of [{ 'webhook-timestamp': '1700000001' }, { 'webhook-id': 'msg_2' }, { 'webhook-signature': '' }])
      expect(isSigned({ headers: { ...headers, ...wrong }, body }, scheme, secrets, now)).toBe(false);
    expect(scheme.refusal).toBe('silent');
  });
});

describe('reading an order', () => {
  test('takes everything from the body', () => {
    expect(orderIn(ONE)).toEqual({
      connectionId: 'shop',
      sourceId: '41250',
      number: '41250',
      sourceVersion: Date.parse('2026-11-20T08:31:12Z'),
      placedAt: '2026-11-20T08:30:00.000Z',
      test: false,
      cancelled: false,
      paid: true,
      currency: 'EUR',
      total: 15_969,
      lines: [
        { lineId: '5501', sku: 'TENT-2P', title: 'Two-person tent', quantity: 2, fulfilled: 0, unitPrice: 6_984, requiresShipping: true },
        { lineId: '5502', sku: 'SOCK-WOOL', title: 'Wool socks', quantity: 2, fulfilled: 1, unitPrice: 1_000, requiresShipping: true },
        { lineId: '5503', sku: null, title: 'Gift certificate', quantity: 1, fulfilled: 0, unitPrice: 500, requiresShipping: false },
      ],
      shipTo: { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', country: 'DE', region: 'Saxony', postalCode: '04109', phone: '+49 341 555 0199' },
      email: 'erika.muster@example.com',
      phone: '+49 341 555 0199',
      locale: 'de',
    });
    expect(read(ONE)).not.toHaveProperty('gone');
  });

  test.each<[number, Partial<OrderDocument> | 'ignored']>([
    [0, 'ignored'],
    [1, { paid: false, cancelled: false }],
    [2, { paid: true, cancelled: false }],
    [3, { paid: true, cancelled: false }],
    [4, { cancelled: true }],
    [5, { cancelled: true }],
    [6, { cancelled: true }],
    [7, { paid: false, cancelled: false }],
    [8, { paid: false, cancelled: false }],
    [9, { paid: true, cancelled: false }],
    [10, { paid: true, cancelled: false }],
    [11, { paid: true, cancelled: false }],
    [12, { paid: false, cancelled: false }],
    [13, { paid: false, cancelled: false }],
    [14, { paid: true, cancelled: false }],
  ])('status %d', (id, expected) => {
    const result = read(changed(ONE, ['"status_id": 11', `"status_id": ${id}`]));

    expect(result).toMatchObject(expected === 'ignored' ? { kind: 'ignored' } : { kind: 'orders', orders: [expected] });
    expect(STATUSES.has(id)).toBe(true);
  });

  test.each([15, -1, 99])('status %d, which nobody knows, says that the shape has changed', (id) => {
    expect(rejectionOf(() => read(changed(ONE, ['"status_id": 11', `"status_id": ${id}`]))).code).toBe('storefront.shape-changed');
  });

  test.each([2, 10])('status %d counts every unit as shipped, also where no shipment says so', (id) => {
    const { lines } = orderIn(changed(ONE, ['"status_id": 11', `"status_id": ${id}`]));

    for (const { quantity, fulfilled } of lines) expect(fulfilled).toBe(quantity);
  });

  test('a client decides which of the waiting statuses ship', () => {
    const settings = bigcommerce.settings.parse({ storeHash: 'pinestore1', paidStatusIds: [7] });

    expect(orderIn(changed(ONE, ['"status_id": 11', '"status_id": 7']), settings).paid).toBe(true);
    expect(orderIn(ONE, settings).paid).toBe(false);
    expect(bigcommerce.settings.safeParse({ storeHash: 'pinestore1', paidStatusIds: [5] }).success).toBe(false);
  });

  test.each<[string, readonly Piece[], Partial<OrderDocument>]>([
    ['an order in the archive', [['"is_deleted": false', '"is_deleted": true']], { cancelled: true }],
    [
      'an order that left and was put into the archive after',
      [
        ['"is_deleted": false', '"is_deleted": true'],
        ['"status_id": 11', '"status_id": 2'],
      ],
      { cancelled: false },
    ],
    ['an order of the test gateway', [['"Credit Card"', '"Test Payment Gateway"']], { test: true }],
    ['a price that was only shown in another currency', [['"currency_code": "EUR"', '"currency_code": "USD"']], { currency: 'EUR' }],
    [
      'a price whose fourth place counts',
      [['"price_inc_tax": "69.8400"', '"price_inc_tax": "69.8450"']],
      { lines: expect.arrayContaining([expect.objectContaining({ unitPrice: 6_985 })]) },
    ],
    ['a total that is a number', [['"159.6900"', '159.69']], { total: 15_969 }],
    ['a total that is a whole number', [['"159.6900"', '160']], { total: 16_000 }],
    ['no phone at the address', [['"phone": "+49 341 555 0199"', '"phone": ""']], { phone: '+49 341 555 0199' }],
    ['no language', [['"customer_locale": "de"', '"customer_locale": ""']], { locale: 'en' }],
  ])('reads %s', (_what, pieces, expected) => {
    expect(orderIn(changed(ONE, ...pieces))).toMatchObject(expected);
  });

  test('reads yen and dinars', () => {
    const inCurrency = (code: string, total: string) =>
      orderIn(changed(ONE, ['"default_currency_code": "EUR"', `"default_currency_code": "${code}"`], ['"159.6900"', `"${total}"`])).total;

    expect(inCurrency('JPY', '15969.0000')).toBe(15_969);
    expect(inCurrency('KWD', '15.9690')).toBe(15_969);
  });

  test('writes states as codes where their country has them', () => {
    const address = changed(ONE.replaceAll('"state": "Saxony"', '"state": "new york"').replaceAll('"country_iso2": "DE"', '"country_iso2": "us"'));

    expect(orderIn(address).shipTo).toMatchObject({ region: 'NY', country: 'US' });
  });

  test('a country that is no code is left for a person to mend', () => {
    expect(orderIn(ONE.replaceAll('"country_iso2": "DE"', '"country_iso2": "Germany"')).shipTo).toMatchObject({ country: '' });
  });

  test('an address that holds nothing is none', () => {
    const order = JSON.parse(ONE);
    Object.assign(order.consignments.shipping[0], { first_name: '', last_name: '', street_1: '', city: '', zip: '', country_iso2: '' });

    expect(orderIn(JSON.stringify(order)).shipTo).toBeNull();
  });

  test('goods that are fetched at a counter are not shipped', () => {
    const order = JSON.parse(ONE);
    const [{ line_items }] = order.consignments.shipping;
    order.consignments = { shipping: [], pickups: [{ id: 99, pickup_method_id: 1, line_items }], downloads: [], email: { gift_certificates: [] } };

    const read = orderIn(JSON.stringify(order));

    expect(read.shipTo).toBeNull();
    expect(read.lines.map(({ requiresShipping }) => requiresShipping)).toEqual([false, false]);
  });

  test('a bundle and what it holds are lines of their own', () => {
    const order = JSON.parse(ONE);
    Object.assign(order.consignments.shipping[0].line_items[1], { parent_order_product_id: 5501, is_bundled_product: true, price_inc_tax: '0.0000' });

    expect(orderIn(JSON.stringify(order)).lines.slice(0, 2)).toMatchObject([
      { lineId: '5501', requiresShipping: true },
      { lineId: '5502', unitPrice: 0, requiresShipping: true },
    ]);
  });

  test.each<[string, Piece, RegExp]>([
    ['a fractional quantity', ['"quantity": 2', '"quantity": 1.5'], /line_items\[0\]\.quantity \("1\.5"\)/],
    ['a quantity beyond any shelf', ['"quantity": 2', '"quantity": 10001'], /quantity \(10001\)/],
    ['a date without zone', ['"Fri, 20 Nov 2026 09:31:12 +0100"', '"2026-11-20T09:31:12"'], /date_modified \("2026-11-20T09:31:12"\)/],
    ['a day that is none', ['"Fri, 20 Nov 2026 08:30:00 +0000"', '"Mon, 30 Feb 2026 08:30:00 +0000"'], /date_created/],
    ['a negative price', ['"price_inc_tax": "69.8400"', '"price_inc_tax": "-69.8400"'], /price_inc_tax/],
    ['an amount that is none', ['"159.6900"', '"1e3"'], /total_inc_tax/],
    ['a currency that is none', ['"default_currency_code": "EUR"', '"default_currency_code": "DOGE"'], /default_currency_code/],
    ['an unknown kind of product', ['"type": "physical"', '"type": "hologram"'], /type \("hologram"\)/],
  ])('refuses %s and names field and value', (_what, piece, message) => {
    expect(rejectionOf(() => read(changed(ONE, piece))).message).toMatch(message);
  });

  test('keeps personal data out of its refusals', () => {
    expect(rejectionOf(() => read(changed(ONE.replaceAll('"Beispielstraße 4"', '7')))).message).not.toContain('7)');
    expect(rejectionOf(() => read(ONE.replaceAll('Beispielstraße 4', 'Geheimweg'.repeat(20)))).message).not.toContain('Geheimweg');
  });
});

describe('an order that goes to several addresses', () => {
  test('is one order for each of them, in the order of their ids, and none of its own name', () => {
    const result = read(TWO);

    expect(result).toMatchObject({
      gone: ['41260'],
      orders: [
        { sourceId: '41260-70011', number: '41260-1', shipTo: { city: 'Leipzig' }, lines: [{ lineId: '5601', quantity: 2 }] },
        { sourceId: '41260-70012', number: '41260-2', shipTo: { city: 'Dresden' }, lines: [{ lineId: '5602', quantity: 1 }] },
      ],
    });
  });

  test('is one order again when all of it goes to one of them', () => {
    const order = JSON.parse(TWO);
    const [second, first] = order.consignments.shipping;
    first.line_items.push(...second.line_items.splice(0));

    expect(read(JSON.stringify(order))).toMatchObject({ orders: [{ sourceId: '41260', lines: [{ lineId: '5601' }, { lineId: '5602' }] }], gone: ['41260-70012', '41260-70011'] });
  });

  test('gives away every cent of its total, in proportion to what its parts cost', () => {
    expect(ordersIn(TWO).map(({ total }) => total)).toEqual([6_668, 3_333]);

    fc.assert(
      fc.property(
        fc.nat(9_000_000_000),
        fc.array(fc.record({ price: fc.nat(5_000_000), quantity: fc.integer({ min: 1, max: 50 }) }), { minLength: 2, maxLength: 8 }),
        (total, parts) => {
          const order = JSON.parse(TWO);
          const [like] = order.consignments.shipping;
          order.total_inc_tax = amount(total);
          order.consignments.shipping = parts.map(({ price, quantity }, index) => ({
            ...like,
            id: 100 + index,
            line_items: [{ ...like.line_items[0], id: 500 + index, price_inc_tax: amount(price), quantity }],
          }));

          const totals = ordersIn(JSON.stringify(order)).map((one) => one.total);

          const cost = parts.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
          expect(totals.reduce((sum, one) => sum + one, 0)).toBe(total);
          for (const [index, one] of totals.entries()) {
            const { price = 0, quantity = 0 } = parts[index] ?? {};
            expect(Math.abs(one - (cost === 0 ? total / parts.length : (total * price * quantity) / cost))).toBeLessThan(1.01);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

function amount(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}00`;
}
