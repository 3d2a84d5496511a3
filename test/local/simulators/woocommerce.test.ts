import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HttpRequest, httpClient } from '../../../adapters/http.ts';
import { isSigned } from '../../../adapters/signature.ts';
import type { Cursor, Page, StockLevel, StorefrontCall } from '../../../adapters/storefront.ts';
import woocommerce from '../../../adapters/storefronts/woocommerce.ts';
import { fetch as fetchOrder, poll as pollOrders } from '../../../adapters/woocommerce/fetching.ts';
import type { Settings } from '../../../adapters/woocommerce/settings.ts';
import { setStock } from '../../../adapters/woocommerce/stock.ts';
import { markShipped } from '../../../adapters/woocommerce/tracking.ts';
import { subscriptions } from '../../../adapters/woocommerce/webhooks.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { type Listening, listen } from '../../../local/simulators/listen.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { type SoldOrder, totalOf, unitsLeft } from '../../../local/simulators/sold-order.ts';
import { openWoocommerce, type WoocommerceOptions, type WoocommerceShop, writeWoocommerce } from '../../../local/simulators/woocommerce.ts';
import { PATIENT_MS, patienceFor } from './patience.ts';
import { at, ORDER, SECRET, SHIPPED } from './woocommerce-samples.ts';

let shop: WoocommerceShop;
let hub: Listening;
let hubStatus = 200;
let pinged: string[] = [];
let posted: Posting[] = [];
let asked: string[] = [];

beforeEach(async () => {
  [hubStatus, pinged, posted, asked] = [200, [], [], []];
  hub = await listen(({ body, headers }) => {
    pinged.push(`${body} ${headers['x-wc-webhook-signature'] ?? 'unsigned'}`);
    return { status: hubStatus };
  });
  await reopen({});
});
afterEach(async () => {
  await Promise.all([shop.close(), hub.close()]);
});

async function reopen(options: Partial<WoocommerceOptions>): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'woocommerce-')), 'site.sqlite');
  shop = await openWoocommerce({
    connectionId: 'boutique',
    file,
    secret: SECRET,
    settings: {},
    hookUrl: () => `${hub.url}/hooks/boutique`,
    post: (one) => posted.push(...one),
    ...options,
  });
}

function call(settings: Partial<Settings> = {}, changes: Partial<StorefrontCall<Settings>> = {}, timeoutMs = PATIENT_MS): StorefrontCall<Settings> {
  const http = httpClient({ trustedOrigins: [shop.siteUrl], defaultTimeoutMs: timeoutMs });
  return {
    connectionId: 'boutique',
    settings: woocommerceSettings(settings),
    token: SECRET.token,
    apiKey: '',
    signingSecret: SECRET.signing,
    hookUrl: `${hub.url}/hooks/boutique`,
    now: new Date(),
    http: (request: HttpRequest) => {
      asked.push(`${request.method} ${new URL(request.url).pathname.replace('/wp-json', '')}`);
      return http(request);
    },
    ...changes,
  };
}

function woocommerceSettings(settings: Partial<Settings>): Settings {
  return woocommerce.settings.parse({ siteUrl: shop.siteUrl, ...settings });
}

function documentIn(body: Buffer, via: 'webhook' | 'fetch' | 'poll'): OrderDocument | string {
  const parsed = woocommerce.parse({ connectionId: 'boutique', headers: {}, body, receivedAt: '2026-11-22T10:00:00.000Z', via }, woocommerceSettings({}));
  return parsed.kind === 'orders' ? (parsed.orders[0] ?? 'none') : parsed.kind;
}

async function fetched(sourceId: string): Promise<OrderDocument | string> {
  const found = await fetchOrder({ what: 'order', id: sourceId }, call());
  return found.kind === 'found' ? documentIn(found.bodies[0] ?? Buffer.alloc(0), 'fetch') : found.kind;
}

async function pollAll(since: string): Promise<OrderDocument[]> {
  const documents: OrderDocument[] = [];
  for (let cursor: Cursor | undefined = { since, page: null }; cursor !== undefined; ) {
    const page: Page = await pollOrders(cursor, call());
    documents.push(...page.bodies.map((body) => documentIn(body, 'poll')).filter((one) => typeof one !== 'string'));
    cursor = page.next === null ? undefined : { since, page: page.next };
  }
  return documents;
}

describe('reading a WooCommerce site', () => {
  it('gives the same order from a webhook, by fetching and by polling, whatever its story', async () => {
    const line = fc.record({
      quantity: fc.integer({ min: 1, max: 9 }),
      unitPrice: fc.integer({ min: 0, max: 99_999 }),
      kind: fc.constantFrom('goods', 'goods', 'tip', 'gift-card'),
    });
    const story = fc.record({
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
      removed: fc.integer({ min: 0, max: 9 }),
      paid: fc.boolean(),
      cancelled: fc.boolean(),
      shipped: fc.boolean(),
      lastName: fc.constantFrom('Müller', "O'Hara & Daughters", '東京 🎁', 'a - b'),
    });
    let id = 5_000;

    await fc.assert(
      fc.asyncProperty(story, async ({ lines, removed, lastName, shipped, ...state }) => {
        id += 1;
        const sold: SoldOrder = {
          ...ORDER,
          sourceId: String(id),
          shipped,
          buyer: { ...ORDER.buyer, lastName },
          lines: lines.map((one, index) => ({
            ...one,
            quantity: one.kind === 'tip' ? 1 : one.quantity,
            lineId: `${id}${index}`,
            sku: one.kind === 'goods' ? `SKU-${index}` : null,
            title: 'A thing',
            grams: 1,
          })),
        };
        const [first] = sold.lines;
        const version = at(id - 5_000, { ...state, removed: first === undefined || removed === 0 ? {} : { [first.lineId]: Math.min(removed, first.quantity) } });
        shop.place(sold, version);

        const webhook = documentIn(writeWoocommerce('created', sold, version, 'x').body, 'webhook');
        const fetch = await fetched(sold.sourceId);
        const polled = (await pollAll(version.updatedAt)).find(({ sourceId }) => sourceId === sold.sourceId);

        expect(webhook).toEqual(removed > 0 && Object.values(version.removed)[0] !== 0 ? 'reference' : fetch);
        expect(polled).toEqual(fetch);
        expect(fetch).toMatchObject({ cancelled: version.cancelled, total: totalOf(sold, version) });
        if (typeof fetch === 'string') throw new Error(fetch);
        for (const one of sold.lines)
          expect(fetch.lines.find(({ lineId }) => lineId === one.lineId)?.quantity).toBe(one.kind === 'tip' && removed > 0 && one === first ? 1 : unitsLeft(one, version));
      }),
      { numRuns: 60 },
    );
    expect(shop.complaints()).toEqual([]);
  });

  it('finds every order that changed, also when many changed in one second and when one changes between two pages', async () => {
    for (let index = 0; index < 1_200; index++) shop.place({ ...ORDER, sourceId: String(6_000 + index) }, at(index < 70 ? 1 : index < 1_000 ? 2 : index));
    const since = at(1).updatedAt;

    const first = await pollOrders({ since, page: null }, call());
    shop.place({ ...ORDER, sourceId: '6000' }, at(9_000));
    const ids = new Set(first.bodies.map((body) => String(Object(documentIn(body, 'poll')).sourceId)));
    for (let page = first.next; page !== null; ) {
      const next: Page = await pollOrders({ since, page }, call());
      for (const body of next.bodies) ids.add(String(Object(documentIn(body, 'poll')).sourceId));
      page = next.next;
    }

    expect(ids.size).toBe(1_200);
  });

  it('finds what changed in the very second, and nothing from before', async () => {
    shop.place(ORDER, at(1));
    shop.place({ ...ORDER, sourceId: '4102' }, at(2));

    expect((await pollAll(at(2).updatedAt)).map(({ sourceId }) => sourceId)).toEqual(['4102']);
  });

  it('finds an order in the trash as cancelled, and one that is not there as absent', async () => {
    shop.place(ORDER, at(1));
    shop.trash('4101');

    expect(await fetched('4101')).toMatchObject({ cancelled: true });
    expect(await pollAll(at(1).updatedAt)).toMatchObject([{ sourceId: '4101', cancelled: true }]);
    expect(await fetched('9')).toBe('absent');
    expect(documentIn(Buffer.from('{"id":9}'), 'webhook')).toBe('reference');
  });

  it('does not take a site without the API for one without the order', async () => {
    const elsewhere = call({ siteUrl: `${shop.siteUrl}/blog` });

    await expect(fetchOrder({ what: 'order', id: '4101' }, elsewhere)).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.refused' });
  });
});

describe('telling a WooCommerce site of a parcel', () => {
  beforeEach(() => shop.place(ORDER, at(1)));

  it('writes the tracking number first and completes the order then, so that the mail shows it; once', async () => {
    expect(await markShipped(SHIPPED, call())).toBe('written');
    const first = asked;
    asked = [];
    expect(await markShipped(SHIPPED, call())).toBe('known');

    expect(first).toEqual([
      'GET /wc/v3/orders/4101',
      'GET /wc-ast/v3/orders/4101/shipment-trackings',
      'GET /wc-shipment-tracking/v3/orders/4101/shipment-trackings',
      'POST /wc-shipment-tracking/v3/orders/4101/shipment-trackings',
      'PUT /wc/v3/orders/4101',
    ]);
    expect(asked.every((one) => one.startsWith('GET'))).toBe(true);
    expect(shop.orders()).toEqual([
      { sourceId: '4101', fulfilled: { 'TENT-2P': 3 }, trackingNumbers: [SHIPPED.trackingNumber], status: 'completed', mails: ['tracking', 'completed'] },
    ]);
    expect(shop.complaints()).toEqual([]);
  });

  it.each([
    ['auto', ['GET /wc/v3/orders/4101/notes', 'POST /wc/v3/orders/4101/notes', 'PUT /wc/v3/orders/4101']],
    ['notes', ['GET /wc/v3/orders/4101/notes', 'POST /wc/v3/orders/4101/notes', 'PUT /wc/v3/orders/4101']],
  ] as const)('writes a note to the customer where there is no plugin and tracking is %s; once', async (tracking, expected) => {
    await shop.close();
    await reopen({ plugins: [] });
    shop.place(ORDER, at(1));

    expect(await markShipped(SHIPPED, call({ tracking }))).toBe('written');
    expect(asked.slice(-3)).toEqual(expected);
    expect(await markShipped(SHIPPED, call({ tracking }))).toBe('known');

    expect(shop.orders()).toMatchObject([{ trackingNumbers: [SHIPPED.trackingNumber], status: 'completed', mails: ['tracking', 'completed'] }]);
  });

  it('asks for a person when the plugin that the client file names is not there', async () => {
    await expect(markShipped(SHIPPED, call({ tracking: 'ast' }))).rejects.toMatchObject({ code: 'storefront.plugin-absent', seen: 'ast' });
  });

  it.each([
    ['hang-after', 'http.timeout'],
    ['busy', 'storefront.unavailable'],
    ['broken', 'storefront.unavailable'],
  ] as const)('that does %s is told once, and the repeat completes the order', async (fault, code) => {
    shop.expect([{ sourceId: '4101', fault }]);

    await expect(markShipped(SHIPPED, call({}, {}, patienceFor(fault)))).rejects.toMatchObject({ name: 'Unavailable', code });
    expect(await markShipped(SHIPPED, call())).toBe('written');

    expect(shop.orders()).toMatchObject([{ trackingNumbers: [SHIPPED.trackingNumber], status: 'completed' }]);
    expect(shop.complaints()).toEqual([]);
  });

  it('completes an order with its last parcel alone, and never where the client file says so', async () => {
    await markShipped({ ...SHIPPED, completes: false }, call());
    await markShipped({ ...SHIPPED, parcel: 2, trackingNumber: '1Z2' }, call({ completes: false }));

    expect(shop.orders()).toMatchObject([{ trackingNumbers: [SHIPPED.trackingNumber, '1Z2'], status: 'processing', mails: ['tracking', 'tracking'] }]);
  });

  it.each([
    ['cancelled', { cancelled: true }],
    ['pending', { paid: false }],
  ])('leaves a %s order as it is and shows the customer the parcel all the same', async (status, change) => {
    shop.place(ORDER, at(2, change));

    expect(await markShipped(SHIPPED, call())).toBe('written');
    expect(shop.orders()).toMatchObject([{ status, trackingNumbers: [SHIPPED.trackingNumber] }]);
    expect(shop.complaints()).toEqual([]);
  });

  it('asks for a person when the order is in the trash or gone', async () => {
    shop.trash('4101');

    await expect(markShipped(SHIPPED, call())).rejects.toMatchObject({ code: 'storefront.order-absent' });
    await expect(markShipped({ ...SHIPPED, sourceId: '9' }, call())).rejects.toMatchObject({ code: 'storefront.order-absent' });
  });

  it('hears its own word back as the same order, newer and shipped', async () => {
    await subscriptions.create('order.updated', call());
    const before = await fetched('4101');
    await markShipped(SHIPPED, call());
    const [, echo] = posted.map(({ body }) => documentIn(body, 'webhook'));

    expect(posted).toHaveLength(2);
    expect(echo).toMatchObject({ ...Object(before), sourceVersion: Object(before).sourceVersion + 2_000, lines: [{ quantity: 3, fulfilled: 3 }, {}] });
  });
});

describe('webhooks of a WooCommerce site', () => {
  it('are made once each, pinged unsigned, and post what is signed with their secret', async () => {
    for (const topic of [...subscriptions.wanted(woocommerceSettings({})), 'order.created']) await subscriptions.create(topic, call());

    expect(shop.subscribed()).toEqual(['order.created', 'order.deleted', 'order.restored', 'order.updated']);
    expect(pinged).toEqual([1, 2, 3, 4].map((id) => `webhook_id=${id} unsigned`));
    const written = writeWoocommerce('created', ORDER, at(1), 'x');
    const sent = shop.address({ id: 'p1', sender: 'boutique', due: 0, ...written }, new Date());
    expect(sent?.url).toBe(`${hub.url}/hooks/boutique`);
    expect(isSigned({ headers: sent?.headers ?? {}, body: written.body }, woocommerce.signature(woocommerceSettings({})), { current: SECRET.signing }, new Date())).toBe(true);
  });

  it('that were disabled are found and send again after a repair', async () => {
    await subscriptions.create('order.created', call());
    shop.unsubscribe();
    const [dead] = await subscriptions.list(call());
    if (dead === undefined) throw new Error('none listed');

    expect(dead).toEqual({ id: '1', topic: 'order.created', address: `${hub.url}/hooks/boutique`, active: false });
    await subscriptions.repair(dead, call());
    await subscriptions.create('order.created', call());

    expect(await subscriptions.list(call())).toEqual([{ ...dead, active: true }]);
  });

  it('do not become active at an address that answers a ping with anything but 200', async () => {
    hubStatus = 204;

    await subscriptions.create('order.created', call());

    expect(shop.subscribed()).toEqual([]);
  });

  it('post once: a second attempt is none, and too many failures in a row disable the webhook', async () => {
    await subscriptions.create('order.created', call());
    const written = writeWoocommerce('created', ORDER, at(1), 'x');
    const now = new Date();

    for (let index = 1; index <= 7; index++) {
      const posting = { id: `p${index}`, sender: 'boutique', due: 0, ...written };
      expect(shop.address(posting, now)).toBeDefined();
      expect(shop.address(posting, now)).toBeUndefined();
    }

    expect(shop.subscribed()).toEqual([]);
  });
});

describe('stock of a WooCommerce site', () => {
  const level = (sku: string, quantity: number, before: number | null = null): StockLevel => ({
    sku,
    quantity,
    sequence: 1,
    before,
    at: '2026-11-22T10:00:00.000Z',
    eventId: `e/${sku}`,
  });

  it('is set for products and variations alike, by their SKU, and says what was there', async () => {
    shop.stock(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`SKU-${index}`, index])));
    shop.stock({ 'A,B': 5, A: 7 });
    const levels = [...Array.from({ length: 60 }, (_, index) => level(`SKU-${index}`, 3)), level('A,B', 1), level('NOBODY', 1)];

    const told = await setStock(levels, call());

    expect(told).toHaveLength(62);
    expect(told.find(({ sku }) => sku === 'SKU-9')).toEqual({ sku: 'SKU-9', became: 'set', theirs: 9 });
    expect(told.find(({ sku }) => sku === 'NOBODY')).toEqual({ sku: 'NOBODY', became: 'unknown' });
    expect(shop.available()).toMatchObject({ 'SKU-0': 3, 'SKU-59': 3, 'A,B': 1, A: 7 });
    expect(new Set(asked.filter((one) => one.startsWith('POST')).map((one) => one.replace(/\d{3,}/, 'N')))).toEqual(
      new Set(['POST /wc/v3/products/batch', 'POST /wc/v3/products/N/variations/batch']),
    );
    expect(shop.complaints()).toEqual([]);
  });

  it('that somebody raised is overwritten and reported', async () => {
    shop.stock({ 'TENT-2P': 12 });

    expect(await setStock([level('TENT-2P', 4, 5)], call())).toEqual([{ sku: 'TENT-2P', became: 'drifted', theirs: 12 }]);
    expect(await setStock([level('TENT-2P', 4, 4)], call())).toEqual([{ sku: 'TENT-2P', became: 'set', theirs: 4 }]);
    expect(asked.filter((one) => one.startsWith('POST'))).toHaveLength(1);
  });
});

describe('the simulated WooCommerce', () => {
  it.each([
    ['PUT', '/wc/v3/orders/4101', { status: 'completed', colour: 1 }, 'rest_invalid_param'],
    ['POST', '/wc/v3/webhooks', { topic: 'order.paid', delivery_url: 'https://hub.example.com', secret: 'x' }, 'rest_invalid_param'],
    ['POST', '/wc-shipment-tracking/v3/orders/4101/shipment-trackings', { tracking_number: '1' }, 'rest_invalid_param'],
    ['POST', '/wc-ast/v3/orders/4101/shipment-trackings', { tracking_number: '1' }, 'rest_no_route'],
  ])('refuses %s %s with %o', async (method, path, body, code) => {
    shop.place(ORDER, at(1));
    const authorization = `Basic ${Buffer.from(SECRET.token).toString('base64')}`;

    const answer = await fetch(`${shop.siteUrl}/wp-json${path}`, { method, headers: { authorization }, body: JSON.stringify(body) });

    expect(JSON.parse(await answer.text())).toMatchObject({ code });
    expect(shop.complaints()).toHaveLength(code === 'rest_no_route' ? 0 : 1);
  });

  it('refuses a wrong key, and remembers an order that was completed before its tracking number was there', async () => {
    shop.place(ORDER, at(1));

    await expect(markShipped(SHIPPED, call({}, { token: 'ck_2:cs_2' }))).rejects.toMatchObject({
      name: 'Rejected',
      message: expect.stringContaining('woocommerce_rest_cannot_view'),
    });
    const authorization = `Basic ${Buffer.from(SECRET.token).toString('base64')}`;
    await fetch(`${shop.siteUrl}/wp-json/wc/v3/orders/4101`, { method: 'PUT', headers: { authorization }, body: '{"status":"completed"}' });

    expect(shop.complaints()).toEqual(['GET /wp-json/wc/v3/orders/4101: wrong key', 'order 4101: completed before its tracking number was there']);
  });
});
