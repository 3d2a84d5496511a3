import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from '../../../adapters/shopify/events.ts';
import { Rejected } from '../../../core/error.ts';
import { delivered, fixture, rejectionOf } from '../fixtures.ts';
import { SHOP, settingsOf } from './sold.ts';

const SETTINGS = settingsOf();
const SERVICE = settingsOf({ service: true, ships: 'assigned', locationIds: ['7'] });
const ORDER = fixture('shopify/order.json');

const order = (id: string) => ({ kind: 'reference', reference: { what: 'changed-order', id } });
const fulfilmentOrder = (id: string) => ({ kind: 'reference', reference: { what: 'fulfillment-order', id } });
const read = (topic: string, body: string, settings = SETTINGS) => parse(delivered(body, { 'x-shopify-topic': topic }), settings);

const BODIES = {
  edited: '{"order_edit":{"id":78912328793,"order_id":820982911946154508,"notify_customer":false,"line_items":{"additions":[{"id":1,"delta":2}],"removals":[]}}}',
  refund:
    '{"id":890088186047892319,"order_id":820982911946154508,"restock":true,"refund_line_items":[{"line_item_id":866550311766439020,"quantity":1,"restock_type":"cancel","subtotal":29.95,"total_tax":4.78}]}',
  deleted: '{"id":820982911946154508}',
  routed: '{"fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/1","status":"open"}}',
  moved:
    '{"original_fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/1","status":"closed"},"moved_fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/2","status":"open"},"source_location":{"id":"gid://shopify/Location/0"}}',
  merged:
    '{"fulfillment_order_merges":[{"merge_intents":[{"fulfillment_order_id":"gid://shopify/FulfillmentOrder/5"}],"fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/6"}}]}',
  submitted:
    '{"original_fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/1","request_status":"unsubmitted"},"submitted_fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/1","request_status":"submitted"},"fulfillment_order_merchant_request":{"id":"gid://shopify/FulfillmentOrderMerchantRequest/1","message":"Fragile"}}',
  show: `{"shop_id":9007199254740993,"shop_domain":"${SHOP}","orders_requested":[820982911946154508,2],"customer":{"id":191167,"email":"erika@example.com","phone":"+49 341 555 0100"},"data_request":{"id":9999}}`,
  redact: `{"shop_id":1,"shop_domain":"${SHOP}","customer":{"id":191167,"email":"erika@example.com"},"orders_to_redact":["820982911946154508"]}`,
  redactById: `{"shop_id":1,"shop_domain":"${SHOP}","customer":{"id":191167},"orders_to_redact":[2]}`,
  redactByMail: `{"shop_id":1,"shop_domain":"${SHOP}","customer":{"email":"erika@example.com","phone":""},"orders_to_redact":[]}`,
  redactShop: `{"shop_id":1,"shop_domain":"${SHOP}"}`,
  shop: `{"id":548380009,"name":"Harbour & Pine","email":"owner@example.com","domain":null,"myshopify_domain":"${SHOP}"}`,
  request: '{"kind":"FULFILLMENT_REQUEST"}',
  cancellation: '{"kind":"CANCELLATION_REQUEST"}',
};

describe('what a post is', () => {
  test.each<[string, string, object]>([
    ['orders/edited', BODIES.edited, order('820982911946154508')],
    ['refunds/create', BODIES.refund, order('820982911946154508')],
    ['orders/delete', BODIES.deleted, { kind: 'reference', reference: { what: 'order', id: '820982911946154508' } }],
    ['fulfillment_orders/order_routing_complete', BODIES.routed, fulfilmentOrder('1')],
    ['fulfillment_orders/moved', BODIES.moved, fulfilmentOrder('1')],
    ['fulfillment_orders/merged', BODIES.merged, fulfilmentOrder('5')],
    ['fulfillment_orders/fulfillment_request_submitted', BODIES.submitted, fulfilmentOrder('1')],
    ['app/uninstalled', BODIES.shop, { kind: 'ended', reason: expect.any(String) }],
    ['app/scopes_update', '{"id":1,"previous":[],"current":[]}', { kind: 'ignored', reason: expect.stringContaining('app/scopes_update') }],
    ['orders/risk_assessment_changed', '{"order_id":1}', { kind: 'ignored', reason: expect.stringContaining('orders/risk_assessment_changed') }],
    ['products/delete', '{"id":1}', { kind: 'ignored', reason: expect.stringContaining('products/delete') }],
    ['', BODIES.request, { kind: 'ignored', reason: expect.stringContaining('service') }],
  ])('%s is told by its body', (topic, body, expected) => {
    expect(read(topic, body)).toEqual(expected);
  });

  test.each(['edited', 'refund', 'deleted', 'routed', 'moved', 'show', 'redact', 'redactShop'] as const)('%s is the same under whatever topic that we use', (name) => {
    const topics = ['', 'orders/create', 'orders/edited', 'refunds/create', 'orders/delete', 'fulfillment_orders/moved', 'customers/redact', 'app/uninstalled'];

    for (const topic of topics) expect(read(topic, BODIES[name]), topic).toEqual(read('', BODIES[name]));
  });

  test('a shop under another topic ends nothing, and another shop is refused', () => {
    expect(read('orders/updated', BODIES.shop).kind).toBe('ignored');
    expect(rejectionOf(() => read('app/uninstalled', BODIES.shop.replace(SHOP, 'other.myshopify.com'))).code).toBe('storefront.foreign-shop');
  });

  test('an order under the topic of a shop that left is an order', () => {
    expect(read('app/uninstalled', ORDER).kind).toBe('orders');
  });

  test('an order in which a customer wrote a global id is an order', () => {
    expect(read('orders/create', ORDER.replace('Geschenk für Zoë – 東京 🎁', 'gid://shopify/FulfillmentOrder/1')).kind).toBe('orders');
  });

  test('posts of the newer Events are left alone, whatever they hold', () => {
    const events = delivered('{"order":{}}', { 'shopify-topic': 'Order', 'shopify-action': 'create', 'shopify-webhook-id': '1' });

    expect(parse(events, SETTINGS)).toEqual({ kind: 'ignored', reason: expect.stringContaining('Events') });
  });

  test('a test post is read as any other', () => {
    expect(parse(delivered(ORDER, { 'x-shopify-topic': 'orders/create', 'x-shopify-test': 'true' }), SETTINGS)).toEqual(read('orders/create', ORDER));
  });
});

describe('requests of a shop that has us as its fulfilment service', () => {
  test.each(['request', 'cancellation'] as const)('%s is to be looked up', (name) => {
    expect(read('', BODIES[name], SERVICE)).toEqual({ kind: 'reference', reference: { what: 'requests', id: 'all' } });
  });

  test('a webhook about a request is the same', () => {
    expect(read('fulfillment_orders/fulfillment_request_submitted', BODIES.submitted, SERVICE)).toEqual(read('', BODIES.request, SERVICE));
    expect(read('fulfillment_orders/moved', BODIES.moved, SERVICE)).toEqual(fulfilmentOrder('1'));
  });
});

describe('what the law asks for', () => {
  test('a customer wants to see what is kept, of orders past 2^53', () => {
    expect(read('customers/data_request', BODIES.show)).toEqual({
      kind: 'privacy',
      request: { wants: 'show', requestId: '9999', sourceIds: ['820982911946154508', '2'], email: 'erika@example.com', phone: '+49 341 555 0100' },
    });
  });

  test.each<[string, string, object]>([
    ['a customer', BODIES.redact, { wants: 'erase', sourceIds: ['820982911946154508'], email: 'erika@example.com', phone: null }],
    ['a customer of whom only the id is told', BODIES.redactById, { wants: 'erase', sourceIds: ['2'], email: null, phone: null }],
    ['a customer of whom only the address is told', BODIES.redactByMail, { wants: 'erase', sourceIds: [], email: 'erika@example.com', phone: null }],
    ['everybody', BODIES.redactShop, { wants: 'erase-all', sourceIds: [], email: null, phone: null }],
  ])('%s is to be forgotten', (_, body, request) => {
    expect(read('customers/redact', body)).toEqual({ kind: 'privacy', request: { requestId: expect.stringMatching(/^erase/), ...request } });
    expect(read('customers/redact', body)).toEqual(read('shop/redact', body));
  });

  test.each<[string, string, string]>([
    ['about orders, without its customer', '"customer":null,"orders_to_redact":[2]', 'erase'],
    ['about no order, without its customer', '"customer":null,"orders_to_redact":[]', 'erase'],
    ['to see orders, without its number', '"customer":{"id":191167},"orders_requested":[2]', 'show'],
  ])('a request %s never forgets everybody', (_, fields, wants) => {
    expect(read('', `{"shop_id":1,"shop_domain":"${SHOP}",${fields}}`)).toMatchObject({ kind: 'privacy', request: { wants } });
  });

  test('two requests have two names', () => {
    const names = [BODIES.redact, BODIES.redactById, BODIES.redactByMail]
      .map((body) => read('customers/redact', body))
      .map((parsed) => parsed.kind === 'privacy' && parsed.request.requestId);

    expect(new Set(names).size).toBe(3);
  });

  test('another shop has nothing to ask here', () => {
    expect(rejectionOf(() => read('shop/redact', BODIES.redactShop.replace(SHOP, 'other.myshopify.com'))).code).toBe('storefront.foreign-shop');
  });

  test('what cannot be read names no person', () => {
    const refusal = rejectionOf(() => read('customers/redact', BODIES.redact.replace('"erika@example.com"', '["erika"]')));

    expect(refusal.message).toMatch(/customer\.email/);
    expect(refusal.message).not.toMatch(/erika/);
  });
});

test('no topic and no body throws anything but Rejected', () => {
  const topics = fc.constantFrom('', 'orders/create', 'orders/edited', 'refunds/create', 'shop/redact', 'app/uninstalled', 'fulfillment_orders/split', '__proto__');
  const bodies = fc.oneof(
    fc.constantFrom(...Object.values(BODIES)).chain((body) => fc.nat(body.length).map((end) => body.slice(0, end))),
    fc
      .record({ order_edit: fc.jsonValue(), order_id: fc.jsonValue(), id: fc.jsonValue(), shop_domain: fc.jsonValue(), customer: fc.jsonValue() }, { requiredKeys: [] })
      .map((value) => JSON.stringify(value)),
  );

  fc.assert(
    fc.property(topics, bodies, (topic, body) => {
      try {
        expect(['orders', 'reference', 'privacy', 'ended', 'ignored']).toContain(read(topic, body).kind);
      } catch (error) {
        expect(error).toBeInstanceOf(Rejected);
      }
    }),
    { numRuns: 1_000 },
  );
});
