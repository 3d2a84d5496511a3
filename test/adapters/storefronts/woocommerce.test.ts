import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../adapters/delivery.ts';
import { isSigned } from '../../../adapters/signature.ts';
import woocommerce from '../../../adapters/storefronts/woocommerce.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { delivered, fixture, rejectionOf } from '../fixtures.ts';

type Body = Record<string, unknown>;

const SETTINGS = woocommerce.settings.parse({ siteUrl: 'https://boutique.example.com' });
const ORDER: Body = JSON.parse(fixture('woocommerce/order.json'));
const FETCHED: { order: Body; refunds: Body[] } = JSON.parse(fixture('woocommerce/fetched.json'));
const LINE = { id: 411, name: 'Mug', product_id: 88, variation_id: 0, quantity: 5, total: '49.50', sku: 'MUG-ENAMEL' };

function parse(body: unknown, via: Delivery['via'] = 'webhook', settings = SETTINGS) {
  return woocommerce.parse({ ...delivered(typeof body === 'string' ? body : JSON.stringify(body)), ...(via && { via }) }, settings);
}

function orderFrom(changes: Body, settings = SETTINGS): OrderDocument {
  return only(parse({ ...ORDER, ...changes }, 'webhook', settings));
}

function fetchedOrder(order: Body, refunds: readonly Body[]): OrderDocument {
  return only(parse({ order: { ...FETCHED.order, ...order }, refunds }, 'fetch'));
}

function only(parsed: ReturnType<typeof parse>): OrderDocument {
  const [order] = parsed.kind === 'orders' ? parsed.orders : [];
  if (order === undefined) throw new Error(`was ${parsed.kind}`);
  return order;
}

describe('a WooCommerce order', () => {
  it('is read whole: bundles by their parts, fees and parents as lines that need no shipping, entities decoded', () => {
    expect(orderFrom({})).toEqual({
      connectionId: 'shop',
      sourceId: '70211',
      number: '70211',
      sourceVersion: Date.parse('2026-11-20T08:30:11Z'),
      placedAt: '2026-11-20T08:28:08.000Z',
      test: false,
      cancelled: false,
      paid: true,
      currency: 'EUR',
      total: 7_749,
      lines: [
        { lineId: '311', sku: 'SOCK-WOOL', title: 'Wool socks – grey', quantity: 2, unitPrice: 1_080, requiresShipping: true },
        { lineId: '312', sku: null, title: 'Breakfast set', quantity: 1, unitPrice: 3_147, requiresShipping: false },
        { lineId: '313', sku: 'MUG-ENAMEL', title: 'Enamel mug', quantity: 4, unitPrice: 0, requiresShipping: true },
        { lineId: '315', sku: null, title: 'Tip', quantity: 1, unitPrice: 300, requiresShipping: false },
      ],
      shipTo: {
        name: "Renée O'Harald",
        company: 'Atelier & Co',
        line1: 'Erfundene Gasse 9',
        line2: 'Hinterhaus',
        city: 'Bremen',
        region: 'DE-HB',
        postalCode: '28195',
        country: 'DE',
        phone: '+49 421 555 0142',
      },
      email: 'renee@mail.example.org',
      phone: '+49 421 555 0142',
      locale: 'en',
    });
  });

  it.each([
    ['processing', { paid: true, cancelled: false }],
    ['pending', { paid: false, cancelled: false }],
    ['on-hold', { paid: false, cancelled: false }],
    ['completed', { paid: true, cancelled: false }],
    ['cancelled', { paid: false, cancelled: true }],
    ['refunded', { paid: false, cancelled: true }],
    ['failed', { paid: false, cancelled: true }],
    ['trash', { paid: false, cancelled: true }],
  ])('with status %s is %o', (status, expected) => {
    expect(orderFrom({ status })).toMatchObject(expected);
  });

  it('that is completed counts all that is shipped as shipped, and nothing else', () => {
    expect(orderFrom({ status: 'completed' }).lines.map(({ quantity, fulfilled }) => [quantity, fulfilled])).toEqual([
      [2, 2],
      [1, undefined],
      [4, 4],
      [1, undefined],
    ]);
  });

  it.each(['checkout-draft', 'auto-draft', 'draft', 'new'])('with status %s is none yet', (status) => {
    expect(parse({ ...ORDER, status })).toMatchObject({ kind: 'ignored' });
  });

  it('with a status of a plugin is refused by name until the client file explains it', () => {
    const explained = woocommerce.settings.parse({ siteUrl: SETTINGS.siteUrl, paidStatuses: ['processing', 'ready-to-pack'], shippedStatuses: ['shipped'] });

    const refused = rejectionOf(() => parse({ ...ORDER, status: 'ready-to-pack' }));

    expect(refused).toMatchObject({ code: 'storefront.shape-changed', seen: 'ready-to-pack' });
    expect(orderFrom({ status: 'ready-to-pack' }, explained)).toMatchObject({ paid: true });
    expect(orderFrom({ status: 'shipped' }, explained).lines[0]).toMatchObject({ fulfilled: 2 });
  });

  it.each([
    ['a fraction of a unit', { line_items: [{ ...LINE, quantity: 1.5 }] }, 'storefront.quantity-unfit', 'line_items[0].quantity'],
    ['more units than a line may hold', { line_items: [{ ...LINE, quantity: 10_001 }] }, 'storefront.quantity-unfit', 'line_items[0].quantity'],
    ['a quantity below none', { line_items: [{ ...LINE, quantity: -1 }] }, 'storefront.payload-unreadable', 'line_items[0].quantity'],
    ['an amount that is none', { total: '12,50' }, 'money.unreadable', 'total'],
    ['no date of its last change', { date_modified_gmt: undefined }, 'storefront.shape-changed', 'date_modified_gmt'],
    ['no list of refunds', { refunds: undefined }, 'storefront.shape-changed', 'refunds'],
    ['a currency that nobody uses', { currency: 'XXY' }, 'storefront.payload-unreadable', 'currency'],
  ])('with %s is refused and says which field', (_, changes, code, field) => {
    const refused = rejectionOf(() => parse({ ...ORDER, ...changes }));

    expect(refused.code).toBe(code);
    expect(refused.message).toContain(field);
  });

  it.each([
    ['JPY', '1200.00', 1200],
    ['JPY', '1200.50', 1201],
    ['EUR', '77.4950', 7750],
    ['EUR', '77.4949', 7749],
    ['KWD', '1.2345', 1235],
  ])('rounds a total that the shop keeps finer than %s: %s', (currency, total, minor) => {
    expect(orderFrom({ currency, total, line_items: [] }).total).toBe(minor);
  });

  it.each([
    ['a fraction of something that is never shipped', { virtualSkus: ['MUG-ENAMEL'] }, { quantity: 2.5 }, { quantity: 3, requiresShipping: false }],
    ['quantities that PHP writes as floats', {}, { quantity: '2.000' }, { quantity: 2 }],
    ['a line without a SKU', {}, { sku: '' }, { sku: null, requiresShipping: true }],
    ['a line whose product was deleted', {}, { sku: null }, { sku: null, requiresShipping: true }],
    ['white space around a SKU', {}, { sku: ' MUG-ENAMEL ' }, { sku: 'MUG-ENAMEL' }],
    ['a total that does not divide', {}, { quantity: 3, total: '10.00' }, { unitPrice: 333 }],
    ['entities in a title', {}, { name: 'T&#233;a &amp;amp; mug &#x1F375; &unknown;' }, { title: 'Téa &amp; mug 🍵 &unknown;' }],
  ])('reads %s', (_, settings, line, expected) => {
    const order = orderFrom({ line_items: [{ ...LINE, ...line }] }, woocommerce.settings.parse({ siteUrl: SETTINGS.siteUrl, ...settings }));

    expect(order.lines[0]).toMatchObject(expected);
  });

  it.each([
    ['JPY', '1200.00', 1_200],
    ['JPY', '1200', 1_200],
    ['KWD', '1.234', 1_234],
    ['EUR', '77.490000', 7_749],
  ])('reads a total in %s, written as %s', (currency, total, minor) => {
    expect(orderFrom({ currency, total, line_items: [{ ...LINE, total: '0' }], fee_lines: [] }).total).toBe(minor);
  });

  it.each(['12,34', 'free', '1e3', ''])('refuses %o as an amount', (total) => {
    expect(rejectionOf(() => orderFrom({ total })).code).toBe('money.unreadable');
  });

  it('of which nothing needs work has nothing to ship and no address', () => {
    const order = orderFrom({ needs_processing: false });

    expect(order.lines.some(({ requiresShipping }) => requiresShipping)).toBe(false);
    expect(order.shipTo).toBeNull();
  });

  it('from which every line was taken off is an order with nothing to ship', () => {
    expect(orderFrom({ line_items: [], fee_lines: [] }).lines).toEqual([{ lineId: 'none', sku: null, title: '', quantity: 0, unitPrice: 0, requiresShipping: false }]);
  });

  it.each([
    ['local pick-up', [{ method_id: 'local_pickup:3' }], null],
    ['pick-up at a place', [{ method_id: 'pickup_location' }], null],
    ['a parcel beside a pick-up', [{ method_id: 'local_pickup' }, { method_id: 'flat_rate' }], 'Erfundene Gasse 9'],
  ])('for %s goes to %o', (_, shipping_lines, line1) => {
    expect(orderFrom({ shipping_lines }).shipTo?.line1 ?? null).toBe(line1);
  });

  it('that ships to the billing address goes there, and nowhere when that is empty too', () => {
    const empty = Object.fromEntries(Object.keys(Object(ORDER.shipping)).map((name) => [name, '']));

    expect(orderFrom({ shipping: empty }).shipTo).toMatchObject({ line1: 'Erfundene Gasse 7' });
    expect(orderFrom({ shipping: empty, billing: { ...empty, email: 'a@example.org' } })).toMatchObject({ shipTo: null, email: 'a@example.org' });
  });

  it('keeps its personal data out of a refusal', () => {
    const refused = rejectionOf(() => parse({ ...ORDER, shipping: { ...Object(ORDER.shipping), address_1: 'Erfundene Gasse '.repeat(20) } }));

    expect(refused.message).toContain('shipTo.line1');
    expect(refused.message).not.toContain('Erfundene');
  });
});

describe('refunds of a WooCommerce order', () => {
  const refund = (lines: readonly Body[]): Body => ({ id: 1, line_items: lines });
  const item = (changes: Body): Body => ({ quantity: -2, product_id: 88, variation_id: 0, meta_data: [{ id: 1, key: '_refunded_item_id', value: '411' }], ...changes });
  const amount = { refunds: [{ id: 1, total: '-9.90' }] };

  it('make a webhook a reference, because it does not say which units they took', () => {
    expect(parse(fixture('woocommerce/order-refunded.json'))).toEqual({ kind: 'reference', reference: { what: 'order', id: '70212' } });
  });

  it.each([
    ['of two units', [refund([item({})])], 3],
    ['of units one after the other', [refund([item({})]), refund([item({ quantity: -3 })])], 0],
    ['of more than there was', [refund([item({ quantity: -9 })])], 0],
    ['of an amount alone', [refund([])], 5],
    ['of an amount for a line', [refund([item({ quantity: 0 })])], 5],
    ['that names its line by a number', [refund([item({ meta_data: [null, 'x', { key: '_refunded_item_id', value: 411 }] })])], 3],
    ['that names its product alone', [refund([item({ meta_data: [] })])], 3],
    ['of a line that was taken off since', [refund([item({ meta_data: [{ key: '_refunded_item_id', value: '9' }] })])], 5],
    ['that was deleted later', [], 5],
  ])('%s leave the units that are still wanted', (_, refunds, left) => {
    expect(fetchedOrder(amount, refunds)).toMatchObject({ total: 3_960, lines: [{ lineId: '411', quantity: left }] });
  });

  it('spread over lines of one product where they name none', () => {
    const lines = [LINE, { ...LINE, id: 412, quantity: 3 }];

    const order = fetchedOrder({ line_items: lines }, [refund([item({ meta_data: [], quantity: -5 }), item({ meta_data: [], quantity: -2 })])]);

    expect(order.lines.map(({ quantity }) => quantity)).toEqual([0, 1]);
  });

  it('that fit no line are refused', () => {
    const refunds = [refund([item({ meta_data: [], product_id: 1 })])];

    expect(rejectionOf(() => fetchedOrder({}, refunds))).toMatchObject({ code: 'storefront.shape-changed', seen: 'refunds[0].line_items' });
  });
});

describe('a WooCommerce delivery', () => {
  it.each([
    ['order.deleted', { id: 70213 }, { kind: 'reference', reference: { what: 'order', id: '70213' } }],
    ['order.deleted', ORDER, { kind: 'orders' }],
    ['order.restored', ORDER, { kind: 'orders' }],
    ['product.updated', { id: 1 }, { kind: 'ignored' }],
    ['action.woocommerce_add_to_cart', { action: 'x', arg: 1 }, { kind: 'ignored' }],
    ['', ORDER, { kind: 'orders' }],
  ])('of topic %j is decided by its body', (topic, body, expected) => {
    const delivery = delivered(JSON.stringify(body), { 'x-wc-webhook-topic': topic });

    expect(woocommerce.parse(delivery, SETTINGS)).toMatchObject(expected);
  });

  it('that is a ping is left alone', () => {
    expect(parse('webhook_id=7')).toEqual({ kind: 'ignored', reason: 'a ping' });
  });

  it.each([401, 403])('that is an error of status %i says that the webhook lost its rights', (status) => {
    const error = { code: 'woocommerce_rest_cannot_view', message: 'Sorry, you cannot view this resource.', data: { status } };

    expect(rejectionOf(() => parse(error))).toMatchObject({ code: 'storefront.access-lost', seen: `woocommerce_rest_cannot_view ${status}` });
  });

  it.each([
    ['hush', 'OPti/sSUreWB+DyjoL+qgU0HB4K6+nheUz0IiYmi664='],
    ['a&amp;b', '1euRjxf8uhFym201G55MiLfPuiLmaKdu+L23+BdBSSk='],
  ])('is verified with secret %s as WordPress signs with it', (current, signature) => {
    const body = Buffer.from('{"id":820982911946154508,"name":"#1001","note":"Zoë – 東京 🎁"}');
    const headers = { 'x-wc-webhook-signature': signature };
    const now = new Date('2026-11-20T09:00:00.000Z');

    expect(isSigned({ headers, body }, woocommerce.signature(SETTINGS), { current }, now)).toBe(true);
    expect(isSigned({ headers, body: Buffer.from('{}') }, woocommerce.signature(SETTINGS), { current }, now)).toBe(false);
  });
});
