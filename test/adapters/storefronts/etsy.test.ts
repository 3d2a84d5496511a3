import { describe, expect, test } from 'vitest';
import type { HttpRequest, HttpResponse } from '../../../adapters/http.ts';
import { isSigned, sign } from '../../../adapters/signature.ts';
import type { Shipped, StorefrontCall } from '../../../adapters/storefront.ts';
import etsy from '../../../adapters/storefronts/etsy.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { delivered, fixture, json, rejectionOf, scripted } from '../fixtures.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
const SETTINGS = etsy.settings.parse(JSON.parse(fixture('etsy/settings.json')));
const RECEIPT = JSON.parse(fixture('etsy/fetched-paid.json'));
const SHIPPED: Shipped = {
  sourceId: '3201457788',
  orderId: 'etsy:3201457788',
  parcel: 1,
  units: [{ sku: 'MUG-ENAMEL', quantity: 2 }],
  lines: [{ lineId: '4401233001', sku: 'MUG-ENAMEL', quantity: 2, requiresShipping: true }],
  completes: true,
  carrier: 'DHLExpress',
  service: 'ExpressWorldwide',
  trackingNumber: '00340434161094042557',
  trackingUrl: '',
  shippedAt: NOW.toISOString(),
};

function call(http: StorefrontCall<unknown>['http']): StorefrontCall<typeof SETTINGS> {
  return { connectionId: 'etsy', settings: SETTINGS, token: 'access', apiKey: 'keystring:shared', signingSecret: '', hookUrl: '', http, now: NOW };
}

function parsed(receipt: unknown): OrderDocument {
  const result = etsy.parse({ ...delivered(JSON.stringify(receipt)), via: 'fetch' }, SETTINGS);
  const order = result.kind === 'orders' ? result.orders[0] : undefined;
  if (order === undefined) throw new Error(`was taken for ${result.kind}`);
  return order;
}

describe('an event', () => {
  const event = (change: object) => etsy.parse(delivered(JSON.stringify({ ...JSON.parse(fixture('etsy/order-paid.json')), ...change })), SETTINGS);

  test('refers to its receipt, whatever host its address names', () => {
    for (const host of ['https://api.etsy.com', 'https://openapi.etsy.com', 'http://169.254.169.254', 'https://attacker.example.com'])
      expect(event({ resource_url: `${host}/v3/application/shops/51230042/receipts/3201457788` })).toEqual({ kind: 'reference', reference: { what: 'receipt', id: '3201457788' } });
  });

  test('of an order refers to it whatever happened; of anything else it is ignored', () => {
    for (const type of ['order.paid', 'order.canceled', 'order.shipped', 'order.delivered']) expect(event({ event_type: type }).kind).toBe('reference');
    expect(event({ event_type: 'listing.updated' })).toMatchObject({ kind: 'ignored' });
  });

  test('of another shop is refused, whichever of the two says so', () => {
    expect(rejectionOf(() => event({ shop_id: 99 })).code).toBe('storefront.foreign-shop');
    expect(rejectionOf(() => event({ resource_url: 'https://api.etsy.com/v3/application/shops/99/receipts/1' })).code).toBe('storefront.foreign-shop');
    expect(event({ shop_id: '51230042' }).kind).toBe('reference');
  });

  test.each(['', '/v3/application/shops/51230042/receipts/', '/shops/51230042/receipts/1/../../2', '/shops/51230042/receipts/1?x=1'])(
    'that names no receipt (%s) is refused',
    (resource_url) => {
      expect(rejectionOf(() => event({ resource_url })).seen).toBe('resource_url');
    },
  );

  test('is genuine with its signature bare or in a list', () => {
    const scheme = etsy.signature(SETTINGS);
    const body = Buffer.from(fixture('etsy/order-paid.json'));
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = sign(body, scheme, secret, { id: 'msg_1', at: NOW });
    const bare = { ...headers, 'webhook-signature': headers['webhook-signature']?.slice('v1,'.length) };

    expect(isSigned({ headers, body }, scheme, { current: secret }, NOW)).toBe(true);
    expect(isSigned({ headers: bare, body }, scheme, { current: secret }, NOW)).toBe(true);
    expect(isSigned({ headers: bare, body: Buffer.from('{}') }, scheme, { current: secret }, NOW)).toBe(false);
  });
});

describe('a receipt', () => {
  test('becomes an order with its goods, its digital lines and its address', () => {
    expect(parsed(RECEIPT)).toMatchObject({
      sourceId: '3201457788',
      sourceVersion: 1_795_166_460_000,
      paid: true,
      cancelled: false,
      currency: 'EUR',
      total: 4690,
      fulfils: 'order',
      lines: [
        { lineId: '4401233001', sku: 'MUG-ENAMEL', quantity: 2, fulfilled: 0, unitPrice: 1500, requiresShipping: true },
        { sku: null, requiresShipping: false },
      ],
      shipTo: { name: 'Mira Invented', line1: 'Beispielweg 4', postalCode: '04109', city: 'Leipzig', country: 'DE' },
      email: 'mira.invented@example.com',
    });
  });

  test.each([
    ['open', false, false],
    ['Payment Processing', false, false],
    ['paid', true, false],
    ['Completed', true, false],
    ['partially refunded', true, false],
    ['fully refunded', false, true],
    ['Canceled', false, true],
  ])('that is %s: paid %s, cancelled %s', (status, paid, cancelled) => {
    expect(parsed({ ...RECEIPT, status })).toMatchObject({ paid, cancelled });
  });

  test('whose status nobody knows, or that lacks a field, has changed its shape', () => {
    const { is_shipped: _, ...lacking } = RECEIPT;

    for (const receipt of [{ ...RECEIPT, status: 'on its way' }, lacking]) expect(rejectionOf(() => parsed(receipt)).code).toBe('storefront.shape-changed');
  });

  test('that is not paid for is not paid, whatever its status says', () => {
    expect(parsed({ ...RECEIPT, is_paid: false }).paid).toBe(false);
  });

  test('that is marked as shipped counts all of its units as fulfilled', () => {
    expect(parsed({ ...RECEIPT, is_shipped: true }).lines.map(({ fulfilled }) => fulfilled)).toEqual([2, 1]);
  });

  test.each([
    [{ amount: 4690, divisor: 100, currency_code: 'EUR' }, 4690],
    [{ amount: 5, divisor: 100, currency_code: 'EUR' }, 5],
    [{ amount: 1200, divisor: 1, currency_code: 'JPY' }, 1200],
    [{ amount: 120_000, divisor: 100, currency_code: 'JPY' }, 1200],
    [{ amount: 1234, divisor: 1000, currency_code: 'KWD' }, 1234],
  ])('reads %o as %d minor units', (grandtotal, minor) => {
    expect(parsed({ ...RECEIPT, grandtotal, transactions: [{ ...RECEIPT.transactions[0], price: grandtotal }] }).total).toBe(minor);
  });

  test.each([
    [{ amount: 4690, divisor: 60, currency_code: 'EUR' }, '60'],
    [{ amount: 1255, divisor: 100, currency_code: 'JPY' }, '12.55'],
    [{ amount: 46.9, divisor: 1, currency_code: 'EUR' }, 'grandtotal.amount'],
  ])('refuses %o, which is no amount of its currency, and says that it saw %s', (grandtotal, seen) => {
    expect(rejectionOf(() => parsed({ ...RECEIPT, grandtotal })).seen).toBe(seen);
  });

  test('of digital goods alone has no address', () => {
    expect(parsed({ ...RECEIPT, first_line: null, city: null, zip: null, state: null }).shipTo).toBeNull();
  });
});

describe('fetching a receipt', () => {
  test('asks our own address for it, with key and token', async () => {
    const { http, asked } = scripted(json(RECEIPT));

    const fetched = await etsy.fetch?.({ what: 'receipt', id: '3201457788' }, call(http));

    expect(fetched).toMatchObject({ kind: 'found' });
    expect(asked[0]).toMatchObject({
      method: 'GET',
      url: 'https://openapi.etsy.com/v3/application/shops/51230042/receipts/3201457788',
      headers: { 'x-api-key': 'keystring:shared', authorization: 'Bearer access' },
    });
  });

  test('that is gone says so', async () => {
    expect(await etsy.fetch?.({ what: 'receipt', id: '1' }, call(scripted({ status: 404 }).http))).toEqual({ kind: 'absent', sourceIds: ['1'] });
  });

  test.each(['<html>maintenance</html>', '{"receipt_id":32', '[]', ''])('asks again when the answer was cut off or is another one: %s', async (body) => {
    const { http } = scripted(json(body));

    await expect(etsy.fetch?.({ what: 'receipt', id: '1' }, call(http))).rejects.toMatchObject({ constructor: Unavailable, code: 'storefront.answer-unreadable' });
  });
});

describe('reading what changed', () => {
  test('finds every receipt at its newest, though others change while it reads', async () => {
    const shop = new Map(Array.from({ length: 350 }, (_, index) => [index + 1, 1_795_166_400 + Math.floor(index / 3)]));
    let clock = 1_795_170_000;
    const http = (request: HttpRequest): Promise<HttpResponse> => {
      const query = new URL(request.url).searchParams;
      const listed = [...shop].filter(([, at]) => at >= Number(query.get('min_last_modified'))).sort((a, b) => a[1] - b[1] || a[0] - b[0]);
      const offset = Number(query.get('offset'));
      const results = listed.slice(offset, offset + Number(query.get('limit'))).map(([id, at]) => ({ ...RECEIPT, receipt_id: id, updated_timestamp: at }));
      // Receipts of pages that were read change, and move to the end.
      for (let id = 1; id <= 20; id++) shop.set(id + 10, clock++);
      return Promise.resolve(json({ count: listed.length, results }));
    };

    const seen = new Map<string, number>();
    let page: string | null = null;
    let pages = 0;
    do {
      const read: { bodies: readonly Buffer[]; next: string | null } | undefined = await etsy.poll?.({ since: '2026-11-19T00:00:00.000Z', page }, call(http));
      for (const body of read?.bodies ?? []) {
        const { receipt_id, updated_timestamp } = JSON.parse(body.toString());
        seen.set(String(receipt_id), updated_timestamp);
      }
      page = read?.next ?? null;
      pages += 1;
    } while (page !== null && pages < 40);

    expect(seen.size).toBe(350);
    // What never changed again was read as it is; what keeps changing comes with the next reading too.
    for (const [id, at] of shop) if (id > 30 || id <= 10) expect(seen.get(String(id))).toBe(at);
  });

  test('goes on past a receipt that cannot be read, which is handed on as it is', async () => {
    const { updated_timestamp: _, ...unreadable } = RECEIPT;
    const later = { ...RECEIPT, updated_timestamp: 1_795_166_500 };
    const page = Array.from({ length: 98 }, (_, index) => ({ ...RECEIPT, receipt_id: index + 1 }));

    const read = await etsy.poll?.({ since: NOW.toISOString(), page: null }, call(scripted(json({ results: [...page, later, unreadable] })).http));

    expect(read?.bodies).toHaveLength(100);
    expect(read?.next).toBe('1795166500+0');
    expect(JSON.parse(String(read?.bodies.at(-1)))).toEqual(unreadable);
    expect(rejectionOf(() => parsed(unreadable)).code).toBe('storefront.shape-changed');
  });

  test('gets past more receipts of one second than a page holds', async () => {
    const receipts = Array.from({ length: 250 }, (_, index) => ({ ...RECEIPT, receipt_id: index + 1, updated_timestamp: 1_795_166_400 }));
    const http = (request: HttpRequest): Promise<HttpResponse> => {
      const offset = Number(new URL(request.url).searchParams.get('offset'));
      return Promise.resolve(json({ results: receipts.slice(offset, offset + 100) }));
    };

    const since = new Date(1_795_166_400_000).toISOString();
    const first = await etsy.poll?.({ since, page: null }, call(http));
    const second = await etsy.poll?.({ since, page: first?.next ?? null }, call(http));
    const third = await etsy.poll?.({ since, page: second?.next ?? null }, call(http));

    expect([first, second, third].map((one) => one?.bodies.length)).toEqual([100, 100, 50]);
    expect(third?.next).toBeNull();
  });
});

describe('telling that a parcel left', () => {
  test('posts its tracking number with the carrier as Etsy calls it', async () => {
    const { http, asked } = scripted(json(RECEIPT), json(RECEIPT));

    expect(await etsy.markShipped?.(SHIPPED, call(http))).toBe('written');
    expect(asked[1]).toMatchObject({ method: 'POST', url: expect.stringMatching(/\/receipts\/3201457788\/tracking$/) });
    expect(Object.fromEntries(new URLSearchParams(String(asked[1]?.body)))).toEqual({ tracking_code: SHIPPED.trackingNumber, carrier_name: 'dhl', send_bcc: 'false' });
  });

  test('again, after an answer that was lost, finds it there and mails nobody twice', async () => {
    const { http, asked } = scripted(json({ ...RECEIPT, shipments: [{ tracking_code: SHIPPED.trackingNumber }] }));

    expect(await etsy.markShipped?.(SHIPPED, call(http))).toBe('known');
    expect(asked).toHaveLength(1);
  });

  test('of a cancelled receipt is for a person', async () => {
    const telling = etsy.markShipped?.(SHIPPED, call(scripted(json({ ...RECEIPT, status: 'canceled' })).http));

    await expect(telling).rejects.toMatchObject({ code: 'storefront.order-cancelled' });
  });

  test('by a carrier that Etsy does not know goes as other', async () => {
    const { http, asked } = scripted(json(RECEIPT), json(RECEIPT));

    await etsy.markShipped?.({ ...SHIPPED, carrier: 'Kurier' }, call(http));

    expect(String(asked[1]?.body)).toContain('carrier_name=other');
  });
});

describe('asking for a token', () => {
  test('brings one with its end and what the next is asked for with', async () => {
    const { http, asked } = scripted(json({ access_token: 'a2', refresh_token: 'r2', expires_in: 3600, token_type: 'Bearer' }));

    const grant = await etsy.refresh?.('r1', { settings: SETTINGS, apiKey: 'keystring:shared', http, now: NOW });

    expect(grant).toEqual({ token: 'a2', refreshToken: 'r2', expiresAt: '2026-11-20T10:00:00.000Z' });
    expect(Object.fromEntries(new URLSearchParams(String(asked[0]?.body)))).toEqual({ grant_type: 'refresh_token', client_id: 'keystring', refresh_token: 'r1' });
  });

  test('says to sign in again when it is refused, and only then', async () => {
    const messageAfter = (status: number) =>
      etsy.refresh?.('r1', { settings: SETTINGS, apiKey: 'k:s', http: scripted({ status }).http, now: NOW }).then(
        () => '',
        (error: Error) => error.message,
      );

    expect(await messageAfter(400)).toContain('sign in');
    expect(await messageAfter(503)).not.toContain('sign in');
  });

  test.each([
    [{ status: 400 }, Rejected],
    [{ status: 503 }, Unavailable],
    [json('{}'), Unavailable],
  ])('fails with one of the two kinds', async (answer, kind) => {
    await expect(etsy.refresh?.('r1', { settings: SETTINGS, apiKey: 'k:s', http: scripted(answer).http, now: NOW })).rejects.toBeInstanceOf(kind);
  });
});
