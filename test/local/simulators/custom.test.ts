import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpClient } from '../../../adapters/http.ts';
import { isSigned } from '../../../adapters/signature.ts';
import type { Shipped, StorefrontCall } from '../../../adapters/storefront.ts';
import custom from '../../../adapters/storefronts/custom.ts';
import { inventBuyer } from '../../../local/day/people.ts';
import { type CustomShop, openCustom, writeCustom } from '../../../local/simulators/custom.ts';
import { seeded } from '../../../local/simulators/seed.ts';
import type { SoldOrder, SoldVersion } from '../../../local/simulators/sold-order.ts';
import { delivered } from '../../adapters/fixtures.ts';
import { PATIENT_MS, patienceFor } from './patience.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SHIPPED: Shipped = {
  sourceId: 'W-000003',
  orderId: 'wholesale:W-000003',
  parcel: 1,
  units: [{ sku: 'TENT-2P', quantity: 1 }],
  lines: [{ lineId: '31', sku: 'TENT-2P', quantity: 2, requiresShipping: true }],
  completes: false,
  carrier: 'UPS',
  service: 'Ground',
  trackingNumber: '1Z999AA0000000001',
  trackingUrl: '',
  shippedAt: '2026-11-22T10:00:00.000Z',
};
const VERSION: SoldVersion = { version: 1, updatedAt: '2026-11-22T09:00:00Z', paid: true, cancelled: false, removed: {}, note: '' };
let folder: string;
let shop: CustomShop;

const open = () =>
  openCustom({
    connectionId: 'wholesale',
    file: join(folder, 'shop.sqlite'),
    secret: { signing: SECRET, token: '' },
    settings: {},
    hookUrl: () => 'https://hub.example.com/hooks/wholesale',
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custom-'));
  shop = await open();
});
afterEach(() => shop.close());

function sold(sourceId: string): SoldOrder {
  const lines = [{ lineId: '31', sku: 'TENT-2P', title: 'Tent', quantity: 2, unitPrice: 29_900, grams: 2_400, kind: 'goods' as const }];
  const buyer = inventBuyer(3, seeded(sourceId));
  return { sourceId, number: 'WH-3', placedAt: '2026-11-22T08:59:00Z', currency: 'EUR', test: false, buyer, shipped: true, lines };
}

function call(signingSecret = SECRET, timeoutMs = PATIENT_MS): StorefrontCall<ReturnType<typeof custom.settings.parse>> {
  return {
    connectionId: 'wholesale',
    settings: custom.settings.parse(shop.settings),
    token: '',
    apiKey: '',
    signingSecret,
    hookUrl: '',
    http: httpClient({ trustedOrigins: [new URL(shop.callbackUrl).origin], defaultTimeoutMs: timeoutMs }),
    now: new Date(),
  };
}

async function tell(change: Partial<Shipped> = {}, told = call()): Promise<void> {
  await custom.markShipped?.({ ...SHIPPED, ...change }, told);
}

describe('told of parcels', () => {
  beforeEach(() => shop.place(sold('W-000003'), VERSION));

  it('shows them once, however often it is told', async () => {
    await tell();
    await tell();

    expect(shop.notes()).toMatchObject([{ orderId: 'W-000003', carrier: 'UPS', trackingNumber: '1Z999AA0000000001', units: { 'TENT-2P': 1 }, copies: 2 }]);
    expect(shop.orders()).toEqual([{ sourceId: 'W-000003', fulfilled: { 'TENT-2P': 1 }, trackingNumbers: ['1Z999AA0000000001'], status: 'partly shipped', mails: ['tracking'] }]);
    expect(shop.complaints()).toEqual([]);
  });

  it('counts an order as shipped when all that is left of it has gone', async () => {
    await tell();
    shop.place(sold('W-000003'), { ...VERSION, version: 2, removed: { 31: 1 } });

    expect(shop.orders()).toMatchObject([{ status: 'shipped' }]);
  });

  it.each<[string, Partial<Shipped>, RegExp]>([
    ['of an order that nobody placed', { sourceId: 'W-9' }, /no such order/],
    ['of more than was bought', { units: [{ sku: 'TENT-2P', quantity: 3 }] }, /3 of TENT-2P in all, and 2 were bought/],
    ['of a product that was not bought', { units: [{ sku: 'MUG', quantity: 1 }] }, /1 of MUG in all, and 0 were bought/],
    ['of no units', { units: [] }, /units/],
    ['without a tracking number', { trackingNumber: '' }, /trackingNumber/],
  ])('refuses and remembers one %s', async (_what, change, complaint) => {
    await expect(tell(change)).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.refused' });

    expect(shop.notes()).toEqual([]);
    expect(shop.complaints()).toEqual([expect.stringMatching(complaint)]);
  });

  it('refuses the same tracking number under another name', async () => {
    await tell();

    await expect(tell({ parcel: 2 })).rejects.toMatchObject({ name: 'Rejected' });
    expect(shop.complaints()).toEqual([expect.stringContaining('told before under another webhook-id')]);
  });

  it('refuses what another secret signed', async () => {
    await expect(tell({}, call('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'))).rejects.toMatchObject({ name: 'Rejected' });

    expect(shop.notes()).toEqual([]);
    expect(shop.complaints()).toEqual(['POST /crossdock was not signed as it must be']);
  });

  it.each([
    ['busy', { retryAfterSeconds: 1 }, 1],
    ['broken', { code: 'storefront.unavailable' }, 1],
    ['hang-after', { code: 'http.timeout' }, 2],
  ] as const)('is %s once, and takes the next', async (fault, error, copies) => {
    shop.expect([{ sourceId: 'W-000003', fault }]);

    await expect(tell({}, call(SECRET, patienceFor(fault)))).rejects.toMatchObject({ name: 'Unavailable', ...error });
    await tell();

    expect(shop.notes()).toMatchObject([{ copies }]);
    expect(shop.complaints()).toEqual([]);
  });

  it('knows all of it again when it is opened anew', async () => {
    shop.stock({ 'TENT-2P': 4 });
    await tell();
    await tell({ units: [] }).catch(() => {});
    const before = [shop.orders(), shop.available(), shop.complaints(), shop.notes()];
    await shop.close();
    shop = await open();

    expect([shop.orders(), shop.available(), shop.complaints(), shop.notes()]).toEqual(before);
  });
});

it('offers the figure with the highest sequence, whatever comes last and whatever it began with', async () => {
  const level = (sku: string, quantity: number, sequence: number) => ({
    sku,
    quantity,
    sequence,
    before: null,
    at: '2026-11-22T10:00:00.000Z',
    eventId: `shop/${sku}#${sequence}`,
  });
  shop.stock({ TENT: 3, LAMP: 8 });

  await custom.setStock?.([level('TENT', 5, 7), level('MUG', 1, 1)], call());
  await custom.setStock?.([level('TENT', 9, 6), level('MUG', 2, 2)], call());
  shop.stock({ TENT: 3 });

  expect(shop.available()).toEqual({ LAMP: 8, MUG: 2, TENT: 5 });
});

describe('asked for its orders', () => {
  const PLACED = Array.from({ length: 120 }, (_, index) => `W-${String(index).padStart(6, '0')}`);

  async function read(since: string): Promise<{ readonly pages: number; readonly ids: readonly string[] }> {
    const ids: string[] = [];
    let page: string | null = null;
    let pages = 0;
    do {
      const read: Awaited<ReturnType<NonNullable<typeof custom.poll>>> | undefined = await custom.poll?.({ since, page }, call());
      const parsed = (read?.bodies ?? []).map((body) => custom.parse({ ...delivered(body), via: 'poll' }, call().settings));
      ids.push(...parsed.flatMap((one) => (one.kind === 'orders' ? one.orders.map(({ sourceId }) => sourceId) : [])));
      page = read?.next ?? null;
      pages += 1;
    } while (page !== null);
    return { pages, ids };
  }

  it('lists those that changed since, fifty at a time, each once and in its newest version', async () => {
    for (const sourceId of PLACED) shop.place(sold(sourceId), VERSION);
    shop.place(sold('W-000007'), { ...VERSION, version: 2, cancelled: true });
    shop.place(sold('W-000007'), VERSION);

    const all = await read('2026-01-01T00:00:00.000Z');
    expect(all.pages).toBe(3);
    expect([...all.ids].sort()).toEqual(PLACED);
    expect(await read(new Date(Date.now() + 1_000).toISOString())).toEqual({ pages: 1, ids: [] });
    expect(shop.orders().find(({ sourceId }) => sourceId === 'W-000007')?.status).toBe('cancelled');
  });

  it('refuses a query that was changed on the way, and one it does not know', async () => {
    const { http } = call();
    const meddled = { ...call(), http: (request: Parameters<typeof http>[0]) => http({ ...request, url: request.url.replace('2026', '2025') }) };
    const { ordersUrl = '' } = shop.settings;

    await expect(custom.poll?.({ since: '2026-01-01T00:00:00.000Z', page: null }, meddled)).rejects.toMatchObject({ name: 'Rejected' });
    await expect(custom.poll?.({ since: 'yesterday', page: null }, call())).rejects.toMatchObject({ name: 'Rejected' });
    await expect(
      custom.poll?.({ since: '2026-01-01T00:00:00.000Z', page: null }, { ...call(), settings: custom.settings.parse({ ...shop.settings, ordersUrl: `${ordersUrl}?limit=9` }) }),
    ).rejects.toMatchObject({ name: 'Rejected' });
    expect(shop.complaints()).toHaveLength(3);
  });
});

it('posts what the hub takes, signed anew at each attempt', () => {
  const { body, meta } = writeCustom('paid', sold('W-000003'), VERSION, 'wholesale:W-000003/1.2');
  const at = new Date();
  const { url = '', headers = {} } = shop.address({ id: 'p', sender: 'wholesale', body, meta, due: null }, at) ?? {};

  expect(url).toBe('https://hub.example.com/hooks/wholesale');
  expect(isSigned({ headers, body }, custom.signature(call().settings), { current: SECRET }, at)).toBe(true);
  expect(custom.parse(delivered(body), call().settings)).toMatchObject({ kind: 'orders', orders: [{ sourceId: 'W-000003', paid: true }] });
  shop.unsubscribe();
  expect(shop.subscribed()).toEqual(['order.created', 'order.updated', 'order.paid', 'order.cancelled']);
});
