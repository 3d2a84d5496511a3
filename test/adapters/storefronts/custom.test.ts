import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isSigned } from '../../../adapters/signature.ts';
import type { Shipped, StorefrontCall } from '../../../adapters/storefront.ts';
import custom, { CustomPayload } from '../../../adapters/storefronts/custom.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { type Answer, delivered, fixture, json, rejectionOf, scripted } from '../fixtures.ts';
import { edwardsPair } from '../signatures/vectors.ts';

const SETTINGS = custom.settings.parse({ callbackUrl: 'https://wholesale.example.com/crossdock' });
const PAYLOAD = JSON.parse(fixture('custom/order.json'));
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const call = (http: StorefrontCall<typeof SETTINGS>['http'], now: Date, settings = SETTINGS) => ({
  connectionId: 'wholesale',
  settings,
  token: '',
  apiKey: '',
  signingSecret: SECRET,
  hookUrl: 'https://hub.example.com/hooks/wholesale',
  http,
  now,
});

const withData = (change: object) => JSON.stringify({ ...PAYLOAD, data: { ...PAYLOAD.data, ...change } });
const withLine = (change: object) => withData({ lines: [{ ...PAYLOAD.data.lines[0], ...change }] });

function parsed(text: string): OrderDocument {
  const result = custom.parse(delivered(text), SETTINGS);
  const order = result.kind === 'orders' ? result.orders[0] : undefined;
  if (order === undefined) throw new Error(`was taken for ${result.kind}`);
  return order;
}

describe('reading an order', () => {
  test('takes the whole order', () => {
    expect(parsed(JSON.stringify(PAYLOAD))).toEqual({
      connectionId: 'shop',
      sourceId: 'W-2026/0042',
      number: 'W-42',
      sourceVersion: 3,
      placedAt: '2026-11-20T08:29:58.000Z',
      test: false,
      cancelled: false,
      paid: true,
      currency: 'EUR',
      total: 123_450,
      lines: [
        { lineId: '1', sku: 'MUG-ENAMEL', title: 'Enamel mug', quantity: 48, unitPrice: 990, requiresShipping: true },
        { lineId: '2', sku: null, title: 'Set-up fee', quantity: 1, unitPrice: 75_930, requiresShipping: false },
      ],
      shipTo: { name: 'Muster Outdoor', line1: 'Beispielallee 12', city: 'Dresden', postalCode: '01067', country: 'DE', phone: '+49 351 555 0100' },
      email: 'orders@muster-outdoor.example',
      phone: '+49 351 555 0100',
      locale: 'de',
    });
  });

  test.each<[string, object, Partial<OrderDocument>]>([
    ['a cancelled order', { status: 'cancelled' }, { cancelled: true }],
    ['an unpaid order', { paid: false }, { paid: false }],
    ['a test order', { test: true }, { test: true }],
    ['an order without address', { shipTo: undefined }, { shipTo: null }],
    ['an order without customer', { customer: undefined }, { email: null, locale: 'en' }],
    ['dinars with three places', { currency: 'KWD', total: '1.234', lines: [{ id: '1', sku: 'MUG', quantity: 1, unitPrice: '1.234' }] }, { total: 1234 }],
  ])('reads %s', (_what, change, expected) => {
    expect(parsed(withData(change))).toMatchObject(expected);
  });

  test.each(['order.created', 'order.updated', 'order.paid', 'order.refunded', 'order.cancelled'])('type %s says what happened, the data says in what state', (type) => {
    expect(parsed(JSON.stringify({ ...PAYLOAD, type }))).toMatchObject({ cancelled: false, paid: true });
  });

  test('takes the units that the shop counts as shipped, where it says', () => {
    expect(parsed(withLine({ quantity: 5, fulfilled: 2 })).lines[0]).toMatchObject({ quantity: 5, fulfilled: 2 });
    expect(parsed(withLine({ quantity: 5 })).lines[0]).not.toHaveProperty('fulfilled');
  });

  test('leaves other types alone and says which it takes', () => {
    expect(custom.parse(delivered('{"type":"product.updated","data":{}}'), SETTINGS)).toMatchObject({ kind: 'ignored', reason: expect.stringContaining('order.created') });
  });

  test.each<[string, string, RegExp]>([
    ['an id that is a number', withData({ id: 42 }), /data\.id \(42\): .*expected string/],
    ['a misspelt field', withData({ shipto: {} }), /shipto/],
    ['a fractional quantity', withLine({ quantity: 1.5 }), /data\.lines\[0\]\.quantity \(1\.5\)/],
    ['a negative quantity', withLine({ quantity: -1 }), /data\.lines\[0\]\.quantity \(-1\)/],
    ['an endless quantity', withLine({ quantity: 1 }).replace('"quantity":1', '"quantity":1e309'), /data\.lines\[0\]\.quantity/],
    ['a price that is a number', withLine({ unitPrice: 9.9 }), /data\.lines\[0\]\.unitPrice \(9\.9\)/],
    ['a negative price', withLine({ unitPrice: '-1.00' }), /unitPrice: "-1\.00" is negative/],
    ['a price in no decimal', withLine({ unitPrice: '1e309' }), /unitPrice: Amount "1e309"/],
    ['an unknown currency', withData({ currency: 'BTC' }), /data\.currency \("BTC"\)/],
    ['a version that is none', withData({ version: 2 ** 60 }), /data\.version/],
    ['a time without zone', withData({ placedAt: '2026-11-20T09:00:00' }), /data\.placedAt .*with its zone/],
    ['a state that is none', withData({ status: 'shipped' }), /data\.status \("shipped"\).*"open"\|"cancelled"/],
    ['no lines', withData({ lines: [] }), /data\.lines/],
    ['300 lines', withData({ lines: Array.from({ length: 300 }, () => PAYLOAD.data.lines[0]) }), /data\.lines/],
    ['a misspelt field of an address', withData({ shipTo: { ...PAYLOAD.data.shipTo, zip: '01067' } }), /data\.shipTo .*zip/],
  ])('refuses %s so that its developer can act', (_what, text, message) => {
    const refusal = rejectionOf(() => parsed(text));

    expect(refusal.message).toMatch(message);
    expect(refusal.message).not.toMatch(/Muster|Beispielallee|555/);
  });
});

test('the published JSON Schema is that of the code; update it with `npx vitest run -u`', async () => {
  const schema = JSON.stringify(z.toJSONSchema(CustomPayload, { io: 'input' }), null, 2);
  // Lists of words on one line, as the formatter wants them.
  const printed = schema.replace(/\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\]/g, (_list, words: string) => `[${words.replace(/\s+/g, ' ')}]`);

  await expect(`${printed}\n`).toMatchFileSnapshot('../../../docs/storefronts/custom.schema.json');
});

describe('telling the shop that a parcel left', () => {
  const SHIPPED: Shipped = {
    sourceId: 'W-2026/0042',
    orderId: 'wholesale:W-2026~2f~0042.a',
    parcel: 1,
    units: [{ sku: 'MUG-ENAMEL', quantity: 48 }],
    lines: [{ lineId: '1', sku: 'MUG-ENAMEL', quantity: 48, requiresShipping: true }],
    completes: true,
    carrier: 'UPS',
    service: 'Ground',
    trackingNumber: '1Z999',
    trackingUrl: '',
    shippedAt: '2026-11-20T09:00:00.000Z',
  };

  function tell(now: Date, ...answers: readonly Answer[]) {
    const { http, asked } = scripted(...answers);
    if (custom.markShipped === undefined) throw new Error('cannot be told of parcels');
    return { told: custom.markShipped(SHIPPED, call(http, now)), asked };
  }

  test('posts what happened, signed so that the standardwebhooks package takes it', async () => {
    const { told, asked } = tell(new Date(), { status: 204 });

    expect(await told).toBe('written');
    const [request] = asked;
    expect(request).toMatchObject({ method: 'POST', url: 'https://wholesale.example.com/crossdock' });
    expect(new Webhook(SECRET).verify(String(request?.body), { ...request?.headers })).toEqual({
      type: 'parcel.shipped',
      timestamp: '2026-11-20T09:00:00.000Z',
      data: {
        orderId: 'W-2026/0042',
        parcel: 1,
        carrier: 'UPS',
        trackingNumber: '1Z999',
        trackingUrl: '',
        units: [{ sku: 'MUG-ENAMEL', quantity: 48 }],
        shippedAt: '2026-11-20T09:00:00.000Z',
      },
    });
  });

  test('a later try has the same id and body, with the time of the try', async () => {
    const first = tell(new Date(1_000_000), { status: 200 });
    const second = tell(new Date(9_000_000), { status: 200 });
    await Promise.all([first.told, second.told]);

    expect(second.asked[0]?.headers?.['webhook-id']).toBe(first.asked[0]?.headers?.['webhook-id']);
    expect(second.asked[0]?.body).toEqual(first.asked[0]?.body);
    expect(second.asked[0]?.headers?.['webhook-timestamp']).toBe('9000');
    expect(first.asked[0]?.headers?.['webhook-id']).toMatch(/^[^.]+$/);
  });

  test('after no answer it may be told again: the shop drops the repeat by its id', async () => {
    const lost = tell(new Date(1_000_000), new Unavailable('http.timeout', 'no answer'));
    await expect(lost.told).rejects.toBeInstanceOf(Unavailable);
    const again = tell(new Date(2_000_000), { status: 200 });

    expect(await again.told).toBe('written');
    expect(again.asked[0]?.headers?.['webhook-id']).toBe(lost.asked[0]?.headers?.['webhook-id']);
  });

  test('signs with our private key where the shop has one of its own', async () => {
    const [theirs, ours] = [edwardsPair(), edwardsPair()];
    const { http, asked } = scripted({ status: 200 });
    const now = new Date();
    await custom.markShipped?.(SHIPPED, { ...call(http, now), signingSecret: theirs.whpk, token: ours.whsk });
    const [request] = asked;

    const body = Buffer.from(request?.body ?? '');
    expect(isSigned({ headers: request?.headers ?? {}, body }, custom.signature(SETTINGS), { current: ours.whpk }, now)).toBe(true);
  });

  test('says what is missing where there is no key to sign with', async () => {
    const { http } = scripted();

    await expect(custom.markShipped?.(SHIPPED, { ...call(http, new Date()), signingSecret: edwardsPair().whpk })).rejects.toMatchObject({ code: 'signature.key-unusable' });
  });

  test('waits as long as the shop asks', async () => {
    await expect(tell(new Date(), { status: 429, headers: { 'retry-after': '30' } }).told).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 30 });
  });

  test('does not knock again where it was told to go away', async () => {
    await expect(tell(new Date(), { status: 410 }).told).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.refused' });
  });
});

describe('telling the shop of stock', () => {
  const level = (sku: string, quantity: number, sequence: number, at = '2026-11-20T09:00:00.000Z') => ({
    sku,
    quantity,
    sequence,
    before: null,
    at,
    eventId: `shop/${sku}#${sequence}`,
  });

  function tell(levels: readonly ReturnType<typeof level>[], now: Date, ...answers: readonly Answer[]) {
    const { http, asked } = scripted(...answers);
    if (custom.setStock === undefined) throw new Error('cannot set stock');
    return { told: custom.setStock(levels, call(http, now)), asked };
  }

  test('posts all figures at once, signed, with the instant of the last movement', async () => {
    const { told, asked } = tell([level('MUG', 7, 3), level('TENT', 0, 12, '2026-11-20T09:00:01.000Z')], new Date(), { status: 204 });

    expect(await told).toEqual([
      { sku: 'MUG', became: 'set' },
      { sku: 'TENT', became: 'set' },
    ]);
    expect(asked).toHaveLength(1);
    expect(new Webhook(SECRET).verify(String(asked[0]?.body), { ...asked[0]?.headers })).toEqual({
      type: 'stock.changed',
      timestamp: '2026-11-20T09:00:01.000Z',
      data: {
        levels: [
          { sku: 'MUG', quantity: 7, sequence: 3 },
          { sku: 'TENT', quantity: 0, sequence: 12 },
        ],
      },
    });
  });

  test('a later try has the same id and body, and another figure another id', async () => {
    const tries = [tell([level('MUG', 7, 3)], new Date(1_000_000), {}), tell([level('MUG', 7, 3)], new Date(9_000_000), {}), tell([level('MUG', 7, 4)], new Date(9_000_000), {})];
    await Promise.all(tries.map(({ told }) => told));
    const [first, second, other] = tries.map(({ asked }) => asked[0]);

    expect(second?.headers?.['webhook-id']).toBe(first?.headers?.['webhook-id']);
    expect(second?.body).toEqual(first?.body);
    expect(other?.headers?.['webhook-id']).not.toBe(first?.headers?.['webhook-id']);
    expect(first?.headers?.['webhook-id']).toMatch(/^stock_[0-9a-f]{32}$/);
  });
});

describe('reading the orders that changed', () => {
  const settings = custom.settings.parse({ callbackUrl: 'https://wholesale.example.com/crossdock', ordersUrl: 'https://wholesale.example.com/api/orders?shop=7#top' });
  const NOW = new Date('2026-11-20T09:00:00.000Z');
  const CURSOR = { since: '2026-11-20T08:45:00.000Z', page: null };

  function read(cursor: { since: string; page: string | null }, ...answers: readonly Answer[]) {
    const { http, asked } = scripted(...answers);
    if (custom.poll === undefined) throw new Error('cannot be read');
    return { page: custom.poll(cursor, call(http, NOW, settings)), asked };
  }

  test('is offered by shops that have an address for it, and by no other', () => {
    expect(custom.capabilities(settings)).toContain('polls');
    expect(custom.capabilities(SETTINGS)).not.toContain('polls');
  });

  test('asks for a page, and brings each order as it can be parsed', async () => {
    const { page, asked } = read(CURSOR, json({ orders: [PAYLOAD.data, { ...PAYLOAD.data, id: 'W-2' }], next: 'p2' }));
    const { bodies, next } = await page;

    expect(asked[0]).toMatchObject({ method: 'GET', url: 'https://wholesale.example.com/api/orders?shop=7&since=2026-11-20T08%3A45%3A00.000Z' });
    expect(next).toBe('p2');
    const orders = bodies.map((body) => custom.parse({ ...delivered(body), via: 'poll' }, settings));
    expect(orders).toEqual([
      { kind: 'orders', orders: [parsed(JSON.stringify(PAYLOAD))] },
      { kind: 'orders', orders: [{ ...parsed(JSON.stringify(PAYLOAD)), sourceId: 'W-2' }] },
    ]);
  });

  test('signs the query in place of a body, with the page as the shop named it', async () => {
    const { page, asked } = read({ ...CURSOR, page: 'a&b=/ü' }, json({ orders: [], next: null }));

    expect(await page).toEqual({ bodies: [], next: null });
    const [request] = asked;
    const query = new URL(request?.url ?? '').search.slice(1);
    expect(query).toBe('shop=7&since=2026-11-20T08%3A45%3A00.000Z&page=a%26b%3D%2F%C3%BC');
    expect(request?.body).toBeUndefined();
    expect(isSigned({ headers: request?.headers ?? {}, body: Buffer.from(query) }, custom.signature(settings), { current: SECRET }, NOW)).toBe(true);
  });

  test('a page that leads to itself would never end, and needs a person', async () => {
    await expect(read({ ...CURSOR, page: 'p2' }, json({ orders: [], next: 'p2' })).page).rejects.toMatchObject({ code: 'storefront.page-repeated' });
  });

  test('an order that cannot be read holds up no other', async () => {
    const { page } = read(CURSOR, json({ orders: [null, { id: 7 }, PAYLOAD.data], next: null }));
    const { bodies } = await page;
    const [empty, numbered, whole] = bodies.map((body) => () => custom.parse({ ...delivered(body), via: 'poll' }, settings));

    expect(rejectionOf(empty ?? String)).toMatchObject({ code: 'storefront.payload-unreadable' });
    expect(rejectionOf(numbered ?? String).message).toMatch(/id \(7\)/);
    expect(whole?.()).toMatchObject({ kind: 'orders' });
  });

  test.each<[string, Answer]>([
    ['no JSON', json('<html>')],
    ['no UTF-8', { body: Buffer.from([0xff]) }],
    ['nothing', { body: Buffer.alloc(0) }],
    ['no orders', json({ next: null })],
    ['no word of a next page', json({ orders: [] })],
    ['an empty name of a next page', json({ orders: [], next: '' })],
    ['more than a page', json({ orders: Array.from({ length: 501 }, () => ({})), next: null })],
    ['a redirect', { status: 302, headers: { location: 'https://evil.example' } }],
    ['401', { status: 401 }],
    ['204', { status: 204 }],
  ])('an answer of %s needs a person', async (_what, answer) => {
    await expect(read(CURSOR, answer).page).rejects.toBeInstanceOf(Rejected);
  });

  test.each<[string, Answer, object]>([
    ['too many requests', { status: 429, headers: { 'retry-after': '7' } }, { retryAfterSeconds: 7 }],
    ['a failure', { status: 500 }, { code: 'storefront.unavailable' }],
    ['no answer', new Unavailable('http.timeout', 'no answer'), { code: 'http.timeout' }],
  ])('after %s it is tried again', async (_what, answer, expected) => {
    await expect(read(CURSOR, answer).page).rejects.toMatchObject({ name: 'Unavailable', ...expected });
  });

  test('bounds what it reads', async () => {
    const { page, asked } = read(CURSOR, json({ orders: [], next: null }));
    await page;

    expect(asked[0]?.maxBytes).toBe(8 * 1024 * 1024);
  });
});
