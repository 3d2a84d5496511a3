import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import custom, { CustomPayload } from '../../../adapters/storefronts/custom.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { type Answer, delivered, fixture, rejectionOf, scripted } from '../fixtures.ts';

const SETTINGS = custom.settings.parse({ callbackUrl: 'https://wholesale.example.com/crossdock' });
const PAYLOAD = JSON.parse(fixture('custom/order.json'));
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const withData = (change: object) => JSON.stringify({ ...PAYLOAD, data: { ...PAYLOAD.data, ...change } });
const withLine = (change: object) => withData({ lines: [{ ...PAYLOAD.data.lines[0], ...change }] });

function parsed(text: string): OrderDocument {
  const result = custom.parse(delivered(text), SETTINGS);
  if (result.kind !== 'order') throw new Error(`was ignored: ${result.reason}`);
  return result.order;
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
  const SHIPPED = {
    sourceId: 'W-2026/0042',
    orderId: 'wholesale:W-2026~2f~0042.a',
    parcel: 1,
    units: [{ sku: 'MUG-ENAMEL', quantity: 48 }],
    carrier: 'UPS',
    trackingNumber: '1Z999',
    trackingUrl: '',
    shippedAt: '2026-11-20T09:00:00.000Z',
  };

  function tell(now: Date, ...answers: readonly Answer[]) {
    const { http, asked } = scripted(...answers);
    return { told: custom.markShipped(SHIPPED, { settings: SETTINGS, token: '', signingSecret: SECRET, http, now }), asked };
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
    return { told: custom.setStock(levels, { settings: SETTINGS, token: '', signingSecret: SECRET, http, now }), asked };
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
