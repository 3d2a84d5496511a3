import { describe, expect, it } from 'vitest';
import type { Shipped, StockLevel, StorefrontCall } from '../../../adapters/storefront.ts';
import { fetch as fetchOrder, poll } from '../../../adapters/woocommerce/fetching.ts';
import { Settings } from '../../../adapters/woocommerce/settings.ts';
import { setStock } from '../../../adapters/woocommerce/stock.ts';
import { markShipped } from '../../../adapters/woocommerce/tracking.ts';
import { Unavailable } from '../../../core/error.ts';
import { type Answer, json, scripted } from '../fixtures.ts';

const SHIPPED: Shipped = {
  sourceId: '70211',
  orderId: 'boutique:70211',
  parcel: 1,
  units: [{ sku: 'MUG-ENAMEL', quantity: 6 }],
  lines: [
    { lineId: '311', sku: 'MUG-ENAMEL', quantity: 4, requiresShipping: true },
    { lineId: '312', sku: 'MUG-ENAMEL', quantity: 4, requiresShipping: true },
    { lineId: '313', sku: 'SOCK-WOOL', quantity: 1, requiresShipping: true },
  ],
  completes: false,
  carrier: 'DHLExpress',
  service: 'Worldwide',
  trackingNumber: 'JD014600',
  trackingUrl: 'https://track.example.com/a%20b',
  shippedAt: '2026-11-20T23:10:00.000Z',
};
const NO_ROUTE = json({ code: 'rest_no_route', message: 'No route', data: { status: 404 } }, 404);
const PROCESSING = json({ id: 70211, status: 'processing' });

function site(settings: object, ...answers: Answer[]) {
  const { http, asked } = scripted(...answers);
  const call: StorefrontCall<Settings> = {
    connectionId: 'boutique',
    settings: Settings.parse({ siteUrl: 'https://boutique.example.com/shop', ...settings }),
    token: 'ck_1:cs_1',
    apiKey: '',
    signingSecret: 'hush',
    hookUrl: 'https://hub.example.com/hooks/boutique',
    http,
    now: new Date('2026-11-21T00:00:00.000Z'),
  };
  return { call, asked, sent: () => JSON.parse(String(asked.at(-1)?.body)) };
}

describe('a tracking number', () => {
  it('goes to Shipment Tracking under the name that the site has for the carrier, without a link that PHP would take for a pattern', async () => {
    const { call, asked, sent } = site({ carrierNames: { DHLExpress: 'DHL Express' } }, PROCESSING, NO_ROUTE, json([]), json({}, 201));

    await markShipped(SHIPPED, call);

    expect(asked[2]?.url).toBe('https://boutique.example.com/shop/wp-json/wc-shipment-tracking/v3/orders/70211/shipment-trackings');
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Basic Y2tfMTpjc18x' });
    expect(sent()).toEqual({ custom_tracking_provider: 'DHL Express', tracking_number: 'JD014600', date_shipped: '2026-11-20' });
  });

  it('goes to Advanced Shipment Tracking where that is there, and leaves the status to us', async () => {
    const { call, sent } = site({}, PROCESSING, json({ 0: { tracking_number: 'OTHER' } }), json({}, 201));

    await markShipped(SHIPPED, call);

    expect(sent()).toEqual({ tracking_provider: 'DHLExpress', tracking_number: 'JD014600', date_shipped: '2026-11-20', status_shipped: 0, replace_tracking: 0 });
  });

  it("goes into a fulfilment of the core's with the units of each line", async () => {
    const { call, sent } = site({ tracking: 'fulfillments' }, PROCESSING, json({ fulfillments: [] }), json({}, 201));

    await markShipped(SHIPPED, call);

    expect(sent()).toMatchObject({ is_fulfilled: true, notify_customer: true });
    expect(sent().meta_data).toContainEqual({
      key: '_items',
      value: [
        { item_id: '311', qty: 4 },
        { item_id: '312', qty: 2 },
      ],
    });
    expect(sent().meta_data).toContainEqual({ key: '_tracking_number', value: 'JD014600' });
  });

  it('goes into a note in the words of the client file', async () => {
    const { call, sent } = site({ tracking: 'notes', noteText: 'Ihr Paket: {carrier} {trackingNumber} {unheardOf}' }, PROCESSING, json([]), json({}, 201));

    await markShipped(SHIPPED, call);

    expect(sent()).toEqual({ note: 'Ihr Paket: DHLExpress JD014600 {unheardOf}', customer_note: true });
  });

  it.each(['Nr{trackingNumber}', 'AWB-{trackingNumber}', '{trackingNumber}{carrier}', '{carrier}{trackingNumber} {trackingNumber}x'])(
    'that could not be found again in the words %s is refused with the client file',
    (noteText) => {
      expect(Settings.safeParse({ siteUrl: 'https://boutique.example.com', noteText }).error?.issues[0]?.path).toEqual(['noteText']);
    },
  );

  it.each(['{trackingNumber}', 'Nr.{trackingNumber}: {carrier}', 'Paket ({trackingNumber})'])('is found again in the words %s', async (noteText) => {
    const { call, sent } = site({ tracking: 'notes', noteText }, PROCESSING, json([]), json({}, 201));
    await markShipped(SHIPPED, call);
    const again = site({ tracking: 'notes', noteText }, PROCESSING, json([sent()]));

    expect(await markShipped(SHIPPED, again.call)).toBe('known');
  });

  it.each([
    ['ast', [{ tracking_number: 'JD014600' }]],
    ['fulfillments', [{ meta_data: [{ key: '_tracking_number', value: 'JD014600' }] }]],
    ['notes', [{ note: 'Number: <b>JD014600</b>.', customer_note: true }]],
  ])('that is there already is not written to %s again', async (tracking, there) => {
    const { call, asked } = site({ tracking }, PROCESSING, json(there));

    expect(await markShipped(SHIPPED, call)).toBe('known');
    expect(asked).toHaveLength(2);
  });

  it('in a note for the shop alone, or as part of another number, is not there', async () => {
    const notes = [
      { note: 'JD014600', customer_note: false },
      { note: 'JD0146009', customer_note: true },
    ];
    const { call } = site({ tracking: 'notes' }, PROCESSING, json(notes), json({}, 201));

    expect(await markShipped(SHIPPED, call)).toBe('written');
  });
});

describe('reading', () => {
  const order = (changes: object) => json({ id: 70211, status: 'processing', date_modified_gmt: '2026-11-20T08:00:00', refunds: [], ...changes });

  it('waits for refunds that the order names and the list does not have yet', async () => {
    const { call } = site({}, order({ refunds: [{ id: 1 }, { id: 2 }] }), json([{ id: 1 }]));

    await expect(fetchOrder({ what: 'order', id: '70211' }, call)).rejects.toMatchObject({ name: 'Unavailable', code: 'storefront.answer-incomplete' });
  });

  it('reads all pages of refunds', async () => {
    const refunds = Array.from({ length: 101 }, (_, id) => ({ id }));
    const { call, asked } = site({}, order({ refunds }), json(refunds.slice(0, 100)), json(refunds.slice(100)));

    const found = await fetchOrder({ what: 'order', id: '70211' }, call);

    expect(asked.at(-1)?.url).toContain('per_page=100&page=2');
    expect(found.kind === 'found' && JSON.parse(String(found.bodies[0])).refunds).toEqual(refunds);
  });

  it('hands on an order that it cannot read, and leaves drafts out', async () => {
    const listed = [
      { id: 1, status: 'processing' },
      { id: 2, status: 'checkout-draft', date_modified_gmt: '2026-11-20T08:00:00', refunds: [] },
    ];
    const { call, asked } = site({}, json(listed));

    const page = await poll({ since: '2026-11-20T07:30:00.500Z', page: null }, call);

    expect(page.bodies.map(String)).toEqual(['{"order":{"id":1,"status":"processing"},"refunds":[]}']);
    expect(asked[0]?.url).toContain('status=any&modified_after=2026-11-20T07%3A29%3A59&dates_are_gmt=true&orderby=modified&order=asc&per_page=50&page=1');
    expect(page.next).toMatch(/^trash /);
  });

  it.each([
    ['a page of HTML', json('<!doctype html><title>Maintenance</title>'), Unavailable],
    ['a notice of PHP before the JSON', json('<br />Notice: undefined index[]'), Unavailable],
  ])('tries again after %s', async (_, answer, kind) => {
    await expect(poll({ since: '2026-11-20T07:30:00.000Z', page: null }, site({}, answer).call)).rejects.toBeInstanceOf(kind);
  });

  it('waits as long as the site asks', async () => {
    const { call } = site({}, json({ code: 'too_many' }, 429, { 'retry-after': '7' }));

    await expect(poll({ since: '2026-11-20T07:30:00.000Z', page: null }, call)).rejects.toMatchObject({ retryAfterSeconds: 7 });
  });

  it('repeats of an error its code alone', async () => {
    const { call } = site({}, json({ code: 'woocommerce_rest_cannot_view', message: 'Renée may not', data: { status: 403 } }, 403));

    await expect(poll({ since: '2026-11-20T07:30:00.000Z', page: null }, call)).rejects.toMatchObject({ name: 'Rejected', message: expect.not.stringContaining('Renée') });
  });
});

describe('stock', () => {
  const level: StockLevel = { sku: 'TENT-2P', quantity: 4, sequence: 1, before: 5, at: '2026-11-20T08:00:00.000Z', eventId: 'e' };
  const product = { id: 94, type: 'variation', sku: 'TENT-2P', parent_id: 93, manage_stock: 'parent', stock_quantity: null };
  const refused = (code: string) => json({ update: [{ id: 94, error: { code, message: 'x', data: { status: 400 } } }] });

  it('of a variation that used its parent is counted by itself from then on', async () => {
    const { call, asked, sent } = site({}, json([product]), json({ update: [{ id: 94 }] }));

    expect(await setStock([level], call)).toEqual([{ sku: 'TENT-2P', became: 'set' }]);
    expect(asked.at(-1)?.url).toContain('/products/93/variations/batch');
    expect(sent()).toEqual({ update: [{ id: '94', manage_stock: true, stock_quantity: 4 }] });
  });

  it('of another case of a SKU is not ours', async () => {
    const { call } = site({}, json([{ ...product, sku: 'tent-2p' }]));

    expect(await setStock([level], call)).toEqual([{ sku: 'TENT-2P', became: 'unknown' }]);
  });

  it('of a product that was deleted meanwhile is unknown, and any other refusal is for a person', async () => {
    expect(await setStock([level], site({}, json([product]), refused('woocommerce_rest_product_invalid_id')).call)).toEqual([{ sku: 'TENT-2P', became: 'unknown' }]);
    await expect(setStock([level], site({}, json([product]), refused('woocommerce_rest_cannot_edit')).call)).rejects.toMatchObject({ code: 'storefront.stock-refused' });
  });
});
