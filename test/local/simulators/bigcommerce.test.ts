import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpClient } from '../../../adapters/http.ts';
import type { Shipped, StorefrontCall } from '../../../adapters/storefront.ts';
import bigcommerce from '../../../adapters/storefronts/bigcommerce.ts';
import { Unavailable } from '../../../core/error.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { type BigcommerceOptions, openBigcommerce, writeBigcommerce } from '../../../local/simulators/bigcommerce.ts';
import type { SplitOrder } from '../../../local/simulators/bigcommerce-orders.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import type { PlayedShop } from '../../../local/simulators/shop.ts';
import { type Buyer, type SoldVersion, unitsBought, unitsLeft } from '../../../local/simulators/sold-order.ts';
import { PATIENT_MS, patienceFor } from './patience.ts';

const HOOK_URL = 'https://hub.example.com/hooks/outlet';
const SECRET = { signing: 'bc_client_secret_1', token: 'tok' };
const SETTINGS = bigcommerce.settings.parse({ storeHash: 'hp0utlet1' });

const BUYER: Buyer = {
  firstName: 'Erika',
  lastName: 'Muster',
  company: '',
  line1: 'Beispielstraße 4',
  line2: '',
  city: 'Leipzig',
  region: '',
  postalCode: '04109',
  country: 'DE',
  phone: '+49 341 555 0199',
  email: 'erika.muster@example.com',
  locale: 'de',
};
const FRIEND: Buyer = { ...BUYER, firstName: 'Jan', line1: 'Musterweg 9', city: 'Austin', region: 'TX', country: 'US', postalCode: '78701' };
const ORDER: SplitOrder = {
  sourceId: '301',
  number: '301',
  placedAt: '2026-11-20T08:00:00.000Z',
  currency: 'EUR',
  test: false,
  buyer: BUYER,
  shipped: true,
  lines: [
    { lineId: '3011', sku: 'TENT', title: 'Tent', quantity: 3, unitPrice: 10_000, grams: 2_000, kind: 'goods' },
    { lineId: '3012', sku: 'SOCK', title: 'Socks', quantity: 1, unitPrice: 999, grams: 100, kind: 'goods' },
  ],
};
const FIRST: SoldVersion = { version: 1, updatedAt: '2026-11-20T08:00:45.000Z', paid: true, cancelled: false, removed: {}, note: '' };
const SHIPPED: Shipped = {
  sourceId: '301',
  orderId: 'outlet:301',
  parcel: 1,
  units: [{ sku: 'TENT', quantity: 2 }],
  lines: [],
  completes: false,
  carrier: 'UPS',
  service: 'UPSStandard',
  trackingNumber: '1Z001',
  trackingUrl: '',
  shippedAt: '2026-11-20T09:00:00.000Z',
};

let folder = '';
let shop: PlayedShop;
let posted: Posting[] = [];

async function open(more: Partial<BigcommerceOptions> = {}): Promise<PlayedShop> {
  posted = [];
  const post = (postings: readonly Posting[]) => void posted.push(...postings);
  return await openBigcommerce({ connectionId: 'outlet', file: join(folder, 'outlet.sqlite'), secret: SECRET, settings: {}, hookUrl: () => HOOK_URL, post, ...more });
}

function call(timeoutMs = PATIENT_MS): StorefrontCall<typeof SETTINGS> {
  const settings = { ...SETTINGS, ...shop.settings };
  const http = httpClient({ trustedOrigins: [settings.apiUrl], defaultTimeoutMs: timeoutMs });
  return { connectionId: 'outlet', settings, token: SECRET.token, apiKey: '', signingSecret: '', hookUrl: HOOK_URL, http, now: new Date() };
}

async function fetched(id = '301'): Promise<{ readonly orders: readonly OrderDocument[]; readonly gone: readonly string[] }> {
  const found = await bigcommerce.fetch?.({ what: 'order', id }, call());
  if (found?.kind !== 'found') throw new Error('was not found');
  const [body = Buffer.alloc(0)] = found.bodies;
  const parsed = bigcommerce.parse({ connectionId: 'outlet', headers: {}, body, receivedAt: '', via: 'fetch' }, SETTINGS);
  if (parsed.kind !== 'orders') throw new Error(`was taken for ${parsed.kind}`);
  return { orders: parsed.orders, gone: parsed.gone ?? [] };
}

async function errorOf(act: Promise<unknown> | undefined): Promise<unknown> {
  return await act?.catch((cause: unknown) => cause);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bigcommerce-'));
  shop = await open();
});

afterEach(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

const line = fc.record({
  sku: fc.option(fc.constantFrom('TENT', 'SOCK', 'STOVE 🎁', '0042')),
  quantity: fc.integer({ min: 1, max: 20 }),
  unitPrice: fc.nat(1_000_000),
  removed: fc.nat(20),
  later: fc.nat(20),
  kind: fc.constantFrom('goods' as const, 'goods' as const, 'tip' as const, 'gift-card' as const),
});
const story = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 6 }),
  paid: fc.boolean(),
  cancelled: fc.boolean(),
  test: fc.boolean(),
  shipped: fc.boolean(),
  region: fc.constantFrom('', 'TX', 'NY'),
});

describe('an order', () => {
  test('comes through the store as it was sold, whatever the story', async () => {
    let id = 500;
    await fc.assert(
      fc.asyncProperty(story, async ({ lines, paid, cancelled, test: isTest, shipped, region }) => {
        id += 1;
        const buyer = region === '' ? BUYER : { ...BUYER, region, country: 'US' };
        const named = lines.map((one, index) => ({ ...one, lineId: `${id}0${index}`, title: `Thing ${index}`, grams: 100 }));
        const sold: SplitOrder = {
          ...ORDER,
          sourceId: String(id),
          number: String(id),
          test: isTest,
          shipped,
          buyer,
          lines: named.map(({ removed: _, later: __, ...rest }) => rest),
        };
        const later = Object.fromEntries(named.map((one, index) => [one.lineId, index === 0 ? 0 : Math.min(one.later, one.quantity)]));
        const removed = Object.fromEntries(named.map((one) => [one.lineId, Math.min(one.removed, one.quantity - (later[one.lineId] ?? 0))]));
        const version: SoldVersion = { ...FIRST, paid, cancelled, removed, later };
        shop.place(sold, version);

        const { orders } = await fetched(sold.sourceId);

        const bought = sold.lines.filter((one) => unitsBought(one, version) > 0);
        const left = bought.reduce((sum, one) => sum + unitsLeft(one, version), 0);
        const goods = sold.lines.some(({ kind }) => kind === 'goods');
        expect(orders).toHaveLength(1);
        expect(orders[0]).toMatchObject({
          sourceId: sold.sourceId,
          sourceVersion: Date.parse(version.updatedAt),
          placedAt: sold.placedAt,
          test: isTest,
          cancelled: cancelled || left === 0,
          total: bought.reduce((sum, one) => sum + one.unitPrice * unitsBought(one, version), 0),
          email: buyer.email,
          locale: 'de',
          shipTo: shipped && goods ? { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', postalCode: '04109', country: buyer.country } : null,
        });
        if (!cancelled && left > 0) expect(orders[0]?.paid).toBe(paid);
        const wanted = bought.map((one) => ({
          lineId: one.lineId,
          sku: one.sku,
          quantity: unitsLeft(one, version),
          unitPrice: one.unitPrice,
          requiresShipping: one.kind === 'goods',
        }));
        const byId = (a: { readonly lineId: string }, b: { readonly lineId: string }) => a.lineId.localeCompare(b.lineId);
        expect(orders[0]?.lines.map(({ title: _, fulfilled: __, ...rest }) => rest).sort(byId)).toEqual(wanted.sort(byId));
        if (region !== '' && shipped && goods) expect(orders[0]?.shipTo?.region).toBe(region);
      }),
      { numRuns: 60 },
    );
    expect(shop.complaints()).toEqual([]);
  }, 30_000);

  test('changes its version with every change, also where the story goes back', async () => {
    shop.place(ORDER, FIRST);
    shop.place(ORDER, { ...FIRST, version: 3, updatedAt: '2026-11-20T08:00:00.000Z', cancelled: true });
    shop.place(ORDER, { ...FIRST, version: 2 });

    expect((await fetched()).orders[0]).toMatchObject({ cancelled: true, sourceVersion: Date.parse('2026-11-20T08:00:46.000Z') });
  });

  test('that goes to two addresses is two, and each is told of its own parcel', async () => {
    const split: SplitOrder = { ...ORDER, secondAddress: { buyer: FRIEND, lineIds: ['3012'] } };
    shop.place(split, FIRST);
    const { orders, gone } = await fetched();
    const [first, second] = orders;

    expect(gone).toEqual(['301']);
    expect(orders.map(({ shipTo, lines, total }) => [shipTo?.city, shipTo?.region, lines.map(({ sku }) => sku), total])).toEqual([
      ['Leipzig', undefined, ['TENT'], 30_000],
      ['Austin', 'TX', ['SOCK'], 999],
    ]);
    const told = [
      await bigcommerce.markShipped?.({ ...SHIPPED, sourceId: first?.sourceId ?? '', units: [{ sku: 'TENT', quantity: 3 }] }, call()),
      await bigcommerce.markShipped?.({ ...SHIPPED, sourceId: second?.sourceId ?? '', units: [{ sku: 'SOCK', quantity: 1 }] }, call()),
    ];
    expect(told).toEqual(['written', 'written']);
    expect(shop.orders()).toMatchObject([{ sourceId: '301', status: 'Shipped', trackingNumbers: ['1Z001', '1Z001'], fulfilled: { TENT: 3, SOCK: 1 } }]);
    expect(shop.complaints()).toEqual([]);
  });
});

describe('shipments', () => {
  test('move the status, mail the customer, and leave what is wanted as it was', async () => {
    shop.place(ORDER, FIRST);
    const [before] = (await fetched()).orders;

    await bigcommerce.markShipped?.(SHIPPED, call());
    const half = { shop: shop.orders()[0], order: (await fetched()).orders[0] };
    await bigcommerce.markShipped?.(
      {
        ...SHIPPED,
        trackingNumber: '1Z002',
        units: [
          { sku: 'TENT', quantity: 1 },
          { sku: 'SOCK', quantity: 1 },
        ],
      },
      call(),
    );

    expect(half.shop).toMatchObject({ status: 'Partially Shipped', fulfilled: { TENT: 2 }, trackingNumbers: ['1Z001'], mails: ['tracking'] });
    expect(half.order?.lines.map(({ quantity, fulfilled }) => [quantity, fulfilled])).toEqual([
      [3, 2],
      [1, 0],
    ]);
    expect(half.order?.sourceVersion).toBeGreaterThan(before?.sourceVersion ?? 0);
    expect(shop.orders()[0]).toMatchObject({ status: 'Shipped', fulfilled: { TENT: 3, SOCK: 1 }, trackingNumbers: ['1Z001', '1Z002'], mails: ['tracking', 'tracking'] });
  });

  test.each(['hang-after', 'busy', 'broken'] as const)('are made once when telling goes wrong: %s', async (fault) => {
    shop.place(ORDER, FIRST);
    shop.expect([{ sourceId: '301', fault }]);

    expect(await errorOf(bigcommerce.markShipped?.(SHIPPED, call(patienceFor(fault))))).toBeInstanceOf(Unavailable);
    expect(await bigcommerce.markShipped?.(SHIPPED, call())).toBe(fault === 'hang-after' ? 'known' : 'written');
    expect(shop.orders()[0]).toMatchObject({ trackingNumbers: ['1Z001'], fulfilled: { TENT: 2 }, mails: ['tracking'] });
    expect(shop.complaints()).toEqual([]);
  });

  test.each<[string, object, RegExp]>([
    ['more than is left', { items: [{ order_product_id: 3011, quantity: 4 }] }, /quantity 4 is more than the 3 that are left/],
    ['a field it does not know', { items: [{ order_product_id: 3011, quantity: 1 }], notify: true }, /Unrecognized key/],
    ['a carrier it does not know', { items: [{ order_product_id: 3011, quantity: 1 }], shipping_provider: 'pigeon' }, /shipping_provider/],
    ['another address', { order_address_id: 1, items: [{ order_product_id: 3011, quantity: 1 }] }, /goes to address 70001/],
    ['a number it was told before', { items: [{ order_product_id: 3011, quantity: 1 }], tracking_number: '1Z001' }, /1Z001 was told before/],
  ])('are refused for %s, and it is remembered', async (_what, change, complaint) => {
    shop.place(ORDER, FIRST);
    if ('tracking_number' in change) await bigcommerce.markShipped?.(SHIPPED, call());
    const { http, settings, token } = call();

    const headers = { accept: 'application/json', 'content-type': 'application/json', 'x-auth-token': token };
    const url = `${settings.apiUrl}/stores/hp0utlet1/v2/orders/301/shipments`;
    const { status } = await http({ method: 'POST', url, headers, body: JSON.stringify({ order_address_id: 70001, ...change }) });

    expect(status).toBe(400);
    expect(shop.complaints()).toEqual([expect.stringMatching(complaint)]);
  });

  test('come back to whoever made them, where somebody is subscribed', async () => {
    shop.place(ORDER, FIRST);
    await bigcommerce.markShipped?.(SHIPPED, call());
    const before = posted.length;
    for (const scope of ['store/shipment/created', 'store/order/statusUpdated']) await bigcommerce.subscriptions?.create(scope, call());

    await bigcommerce.markShipped?.({ ...SHIPPED, trackingNumber: '1Z002', units: [{ sku: 'SOCK', quantity: 1 }] }, call());
    await bigcommerce.markShipped?.({ ...SHIPPED, trackingNumber: '1Z003', units: [{ sku: 'TENT', quantity: 1 }] }, call());

    expect(before).toBe(0);
    expect(posted.map(({ meta }) => meta.topic)).toEqual(['store/shipment/created', 'store/shipment/created', 'store/order/statusUpdated']);
    for (const { body } of posted)
      expect(bigcommerce.parse({ connectionId: 'outlet', headers: {}, body, receivedAt: '' }, SETTINGS)).toEqual({ kind: 'reference', reference: { what: 'order', id: '301' } });
  });
});

describe('what it posts', () => {
  const posting = (): Posting => ({ id: 'p1', sender: 'outlet', due: 0, ...writeBigcommerce('created', ORDER, FIRST, 'outlet:301/v1') });

  test('names an order and no more, and the published library takes its signature', async () => {
    await bigcommerce.subscriptions?.create('store/order/created', call());
    const { body } = posting();
    const address = shop.address(posting(), new Date());

    expect(address?.url).toBe(HOOK_URL);
    expect(() => new Webhook(Buffer.from(SECRET.signing).toString('base64')).verify(body, { ...address?.headers })).not.toThrow();
    expect(JSON.parse(String(body)).data).toEqual({ type: 'order', id: 301 });
    expect(String(body)).not.toContain('Muster');
  });

  test('goes nowhere without a hook, nor by one that was switched off, until it is mended', async () => {
    expect(shop.address(posting(), new Date())).toBeUndefined();

    for (const scope of bigcommerce.subscriptions?.wanted(SETTINGS) ?? []) await bigcommerce.subscriptions?.create(scope, call());
    expect(shop.subscribed()).toEqual(bigcommerce.subscriptions?.wanted(SETTINGS));

    shop.unsubscribe();
    const hooks = await bigcommerce.subscriptions?.list(call());
    expect([shop.subscribed(), shop.address(posting(), new Date()), hooks?.some(({ active }) => active)]).toEqual([[], undefined, false]);

    for (const hook of hooks ?? []) await bigcommerce.subscriptions?.repair(hook, call());
    expect(shop.subscribed()).toEqual(bigcommerce.subscriptions?.wanted(SETTINGS));
    expect(shop.complaints()).toEqual([]);
  });
});

describe('being asked', () => {
  test('lists every order that changed, page by page', async () => {
    for (let n = 0; n < 120; n += 1)
      shop.place(
        { ...ORDER, sourceId: String(1000 + n), lines: ORDER.lines.map((one, index) => ({ ...one, lineId: `${1000 + n}${index}` })) },
        { ...FIRST, updatedAt: `2026-11-20T08:0${n % 3}:00.000Z` },
      );
    const ids = new Set<number>();

    for (let page: string | null = null; ; ) {
      const read: { readonly bodies: readonly Buffer[]; readonly next: string | null } | undefined = await bigcommerce.poll?.({ since: '2026-11-20T08:01:00.000Z', page }, call());
      for (const body of read?.bodies ?? []) ids.add(JSON.parse(String(body)).id);
      page = read?.next ?? null;
      if (page === null) break;
    }

    expect(ids.size).toBe(80);
    expect(shop.complaints()).toEqual([]);
  });

  test('counts requests: a window that is spent is waited for', async () => {
    await shop.close();
    shop = await open({ window: { requests: 5, ms: 2_000 } });
    shop.place(ORDER, FIRST);

    const error = await errorOf(
      (async () => {
        for (let n = 0; n < 6; n += 1) await fetched();
      })(),
    );

    expect(error).toMatchObject({ name: 'Unavailable', retryAfterSeconds: expect.toBeOneOf([1, 2]) });
    await new Promise((done) => setTimeout(done, 2_050));
    expect((await fetched()).orders).toHaveLength(1);
  });

  test('offers what it was told, and drifts where somebody else raised it', async () => {
    shop.stock({ TENT: 5, SOCK: 9 });
    const level = (sku: string, quantity: number, before: number | null) => ({ sku, quantity, before, sequence: 1, at: '', eventId: '' });

    const told = await bigcommerce.setStock?.([level('TENT', 3, 4), level('SOCK', 8, 9), level('RAFT', 1, null)], call());

    expect(told?.map(({ became }) => became)).toEqual(['drifted', 'set', 'unknown']);
    expect(shop.available()).toEqual({ SOCK: 8, TENT: 3 });
    expect(shop.complaints()).toEqual([]);
  });

  test('takes nobody without the token, and keeps all it knows over a restart', async () => {
    shop.place(ORDER, FIRST);
    await shop.close();
    shop = await open();

    expect(await errorOf(bigcommerce.fetch?.({ what: 'order', id: '301' }, { ...call(), token: 'guessed' }))).toMatchObject({ code: 'storefront.refused', seen: '401' });
    expect((await fetched()).orders).toHaveLength(1);
  });
});
