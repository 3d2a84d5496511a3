import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Delivery } from '../../adapters/delivery.ts';
import { isSigned, sign } from '../../adapters/signature.ts';
import { type Capability, loadStorefront, type Shipped, type StorefrontCall } from '../../adapters/storefront.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { OrderDocument } from '../../core/order-document.ts';
import { type Answer, delivered, filesIn, fixture, fixturesOf, json, scripted } from './fixtures.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const FAILURES = [301, 400, 401, 403, 404, 408, 410, 422, 425, 429, 500, 502, 503];

/**
 * What holds for every storefront: a new file in adapters/storefronts is tested by this as it is. Beside it, in test/fixtures/<kind>:
 * `settings.json`, the least that its connection must be told; `order*.json`, bodies of webhooks that are orders or refer to one;
 * `fetched*.json`, bodies as its own fetch and poll bring them.
 */
describe.each(filesIn('adapters/storefronts'))('storefront %s', async (id) => {
  const storefront = await loadStorefront(id);
  const least: object = JSON.parse(fixture(`${id}/settings.json`));
  const settings = storefront.settings.parse(least);
  const can = new Set<Capability>(storefront.capabilities(settings));
  const bodies: readonly (readonly [string, NonNullable<Delivery['via']>])[] = [
    ...fixturesOf(id, 'order').map((text) => [text, 'webhook'] as const),
    ...fixturesOf(id, 'fetched').flatMap((text) => [[text, 'fetch'] as const, [text, 'poll'] as const]),
  ];

  test('has a method for what it says it can, and says so of what it has', () => {
    const declared = {
      polls: can.has('polls'),
      fetchBack: can.has('fetchBack'),
      writesTracking: can.has('writesTracking'),
      writesStock: can.has('writesStock'),
      handshake: can.has('handshake'),
      service: can.has('service'),
    };
    expect({
      // What depends on a setting may be there and not be declared; never the other way round.
      polls: storefront.poll !== undefined && declared.polls,
      fetchBack: storefront.fetch !== undefined && declared.fetchBack,
      writesTracking: storefront.markShipped !== undefined,
      writesStock: storefront.setStock !== undefined,
      handshake: storefront.signature(settings).handshake !== undefined,
      service: storefront.answerRequests !== undefined && storefront.answerQuestion !== undefined && declared.service,
    }).toEqual(declared);
    expect(can.has('compareAndSet') && !can.has('writesStock')).toBe(false);
    expect(bodies.length, 'fixtures').toBeGreaterThan(0);
  });

  test('names the parts of its secret, each marked as one', () => {
    const { properties = {} } = z.toJSONSchema(storefront.secrets);

    expect(Object.keys(properties).length).toBeGreaterThan(0);
    for (const [name, property] of Object.entries(properties)) {
      expect(['signing', 'token', 'apiKey']).toContain(name);
      expect(property, name).toMatchObject({ secret: true, title: expect.any(String) });
    }
  });

  test('is named after its file and has a title', () => {
    expect(storefront.id).toBe(id);
    expect(storefront.title).not.toBe('');
  });

  test('says of every setting what it is, and refuses settings it does not know', () => {
    const { properties = {} } = z.toJSONSchema(storefront.settings, { io: 'input' });

    for (const [name, property] of Object.entries(properties)) expect(typeof property === 'object' && property.title, name).toBeTruthy();
    expect(storefront.settings.safeParse({ ...least, unheardOf: 1 }).success).toBe(false);
  });

  test('takes its own settings back, as they stand in a deployed client', () => {
    expect(storefront.settings.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  test('verifies what its own scheme signs', () => {
    const scheme = storefront.signature(settings);
    const body = Buffer.from('{"a":1}');
    const headers = sign(body, scheme, SECRET, { id: 'msg_1', at: NOW });

    expect(isSigned({ headers, body }, scheme, { current: SECRET }, NOW)).toBe(true);
    expect(isSigned({ headers, body: Buffer.from('{"a":2}') }, scheme, { current: SECRET }, NOW)).toBe(false);
    expect(JSON.parse(JSON.stringify(scheme)), 'the edge table carries it as JSON').toEqual(scheme);
  });

  test.each(bodies)('turns its fixture into canonical orders, or refers to one %#', (text, via) => {
    const parsed = storefront.parse({ ...delivered(text), via }, settings);

    expect(via === 'webhook' ? ['orders', 'reference'] : ['orders']).toContain(parsed.kind);
    if (parsed.kind === 'reference') expect(can.has('fetchBack')).toBe(true);
    if (parsed.kind === 'orders') for (const order of parsed.orders) expect(OrderDocument.parse(order)).toEqual(order);
  });

  test.each(bodies)('reads numbers of its fixture without loss, whatever their size %#', (text, via) => {
    // An id past 2^53 in place of the first id: the same order of another name, not the order of a rounded one.
    const [whole, name = '', digits = ''] = /"(id|order_id|receipt_id)":\s*"?(\d{2,19})"?/.exec(text) ?? [];
    if (whole === undefined) return;
    const big = text.replaceAll(digits, '9007199254740993');
    const parsed = storefront.parse({ ...delivered(big), via }, settings);

    expect(JSON.stringify(parsed), name).toContain('9007199254740993');
    expect(JSON.stringify(parsed)).not.toContain('9007199254740992');
  });

  test.each(bodies)('answers an order or Rejected to any mutation of its fixture %#', (text, via) => {
    fc.assert(
      fc.property(mutated(JSON.parse(text)), (body) => {
        const problem = problemOf(() => storefront.parse({ ...delivered(body), via }, settings));
        expect(problem === undefined || problem instanceof Rejected, String(problem)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('answers Rejected to any bytes that are no payload', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => {
        expect(problemOf(() => storefront.parse(delivered(Buffer.from(bytes)), settings))).toBeInstanceOf(Rejected);
      }),
    );
  });

  test.each(['[]', 'null', '1', '"order"', '{}', '{"__proto__":{"id":1}}', `{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`])('answers Rejected to %.40s', (body) => {
    expect(problemOf(() => storefront.parse(delivered(body), settings))).toBeInstanceOf(Rejected);
  });

  const calls: Readonly<Record<string, ((call: StorefrontCall<unknown>) => Promise<unknown>) | undefined>> = {
    markShipped: storefront.markShipped && ((call) => storefront.markShipped?.(SHIPPED, call) ?? Promise.resolve()),
    setStock: storefront.setStock && ((call) => storefront.setStock?.(LEVELS, call) ?? Promise.resolve()),
    poll: can.has('polls') ? (call) => storefront.poll?.({ since: NOW.toISOString(), page: null }, call) ?? Promise.resolve() : undefined,
    subscriptions: storefront.subscriptions && ((call) => storefront.subscriptions?.list(call) ?? Promise.resolve()),
  };
  const called = Object.entries(calls).flatMap(([name, act]) => (act === undefined ? [] : [[name, act] as const]));

  test.runIf(called.length > 0).each(called)('%s fails with nothing but the two kinds when the shop refuses, is down, or answers what nobody understands', async (_, act) => {
    const call = (http: StorefrontCall<unknown>['http']) => ({
      connectionId: 'shop',
      settings,
      token: 'ck_1:cs_1',
      apiKey: 'key',
      signingSecret: SECRET,
      hookUrl: 'https://hub.example.com/hooks/shop',
      http,
      now: NOW,
    });
    for (const status of FAILURES) {
      const error: unknown = await act(call(always({ status }))).catch((cause: unknown) => cause);
      expect(error, String(status)).toBeInstanceOf([408, 425, 429].includes(status) || status >= 500 ? Unavailable : Rejected);
    }
    for (const body of ['', '<html>', '[]', 'null', '{}', '{"data":null}', '{"errors":[]}']) {
      const outcome: unknown = await act(call(always(json(body)))).catch((cause: unknown) => cause);
      expect(!(outcome instanceof Error) || outcome instanceof Unavailable || outcome instanceof Rejected, `${body}: ${String(outcome)}`).toBe(true);
    }
    const lost = new Unavailable('http.timeout', 'no answer');
    const outcome: unknown = await act(call(() => Promise.reject(lost))).catch((cause: unknown) => cause);
    expect(outcome).toBe(lost);
  });
});

const SHIPPED: Shipped = {
  sourceId: '1',
  orderId: 'shop:1',
  parcel: 1,
  units: [{ sku: 'TENT', quantity: 1 }],
  lines: [{ lineId: '11', sku: 'TENT', quantity: 1, requiresShipping: true }],
  completes: true,
  carrier: 'UPS',
  service: 'Ground',
  trackingNumber: '1Z',
  trackingUrl: '',
  shippedAt: NOW.toISOString(),
};
const LEVELS = [{ sku: 'TENT', quantity: 0, sequence: 1, before: null, at: NOW.toISOString(), eventId: 'shop/TENT#1' }];

/** A way out that answers everything the same. */
function always(answer: Answer): StorefrontCall<unknown>['http'] {
  return (request) => scripted(answer).http(request);
}

function problemOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

const STRANGE = [
  null,
  '',
  ' ',
  -1,
  0.5,
  1e308,
  '1e309',
  'NaN',
  '-0.01',
  '9'.repeat(400),
  true,
  [],
  {},
  '\u0000',
  '🎁',
  '2026-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-12:00',
  '__proto__',
  'XXX',
];

/** One to three values of the payload replaced by strange ones, or removed. */
function mutated(payload: unknown): fc.Arbitrary<string> {
  const places: PropertyKey[][] = [];
  visit(payload, []);
  return fc.array(fc.tuple(fc.constantFrom(...places), fc.option(fc.constantFrom(...STRANGE))), { minLength: 1, maxLength: 3 }).map((changes) => {
    const copy: unknown = structuredClone(payload);
    for (const [path, value] of changes) {
      const holder = path.slice(0, -1).reduce<unknown>((one, key) => (typeof one === 'object' && one !== null ? Reflect.get(one, key) : undefined), copy);
      // A copy: what is written into one of them later must not stay in it.
      if (typeof holder === 'object' && holder !== null) Reflect.set(holder, path.at(-1) ?? '', structuredClone(value));
    }
    return JSON.stringify(copy);
  });

  function visit(value: unknown, path: PropertyKey[]): void {
    if (path.length > 0) places.push(path);
    if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
  }
}
