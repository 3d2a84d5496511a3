import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isSigned, sign } from '../../adapters/signature.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { OrderDocument } from '../../core/order-document.ts';
import { delivered, filesIn, fixturesOf, scripted } from './fixtures.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
/** The least that each kind must be told; a new kind adds a line here and fixtures beside it. */
const SETTINGS: Record<string, object> = {
  shopify: { shopDomain: 'pine.myshopify.com' },
  custom: { callbackUrl: 'https://wholesale.example.com/crossdock' },
};
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe.each(filesIn('adapters/storefronts'))('storefront %s', async (id) => {
  const storefront = await loadStorefront(id);
  const settings = storefront.settings.parse(SETTINGS[id]);

  test('is named after its file and has a title', () => {
    expect(storefront.id).toBe(id);
    expect(storefront.title).not.toBe('');
  });

  test('says of every setting what it is, and refuses settings it does not know', () => {
    const { properties = {} } = z.toJSONSchema(storefront.settings, { io: 'input' });

    for (const [name, property] of Object.entries(properties)) expect(typeof property === 'object' && property.title, name).toBeTruthy();
    expect(storefront.settings.safeParse({ ...SETTINGS[id], unheardOf: 1 }).success).toBe(false);
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

  test.each(fixturesOf(id))('turns its fixture into a canonical order %#', (text) => {
    const parsed = storefront.parse(delivered(text), settings);

    expect(parsed.kind).toBe('order');
    if (parsed.kind === 'order') expect(OrderDocument.parse(parsed.order)).toEqual(parsed.order);
  });

  test.each(fixturesOf(id))('answers an order or Rejected to any mutation of its fixture %#', (text) => {
    fc.assert(
      fc.property(mutated(JSON.parse(text)), (body) => {
        const problem = problemOf(() => storefront.parse(delivered(body), settings));
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

  test('fails with nothing but the two kinds when the shop cannot be told', async () => {
    const shipped = {
      sourceId: '1',
      orderId: 'shop:1',
      parcel: 1,
      units: [{ sku: 'TENT', quantity: 1 }],
      carrier: 'UPS',
      trackingNumber: '1Z',
      trackingUrl: '',
      shippedAt: NOW.toISOString(),
    };
    for (const status of [301, 400, 401, 403, 404, 408, 410, 422, 425, 429, 500, 502, 503]) {
      const { http } = scripted({ status });
      const error: unknown = await storefront.markShipped(shipped, { settings, token: 't', signingSecret: SECRET, http, now: NOW }).catch((cause: unknown) => cause);
      expect(error, String(status)).toBeInstanceOf([408, 425, 429].includes(status) || status >= 500 ? Unavailable : Rejected);
    }
  });

  const { setStock } = storefront;
  test.runIf(setStock !== undefined)('fails with nothing but the two kinds when the shop cannot be told of stock', async () => {
    const levels = [{ sku: 'TENT', quantity: 0, sequence: 1, before: null, at: NOW.toISOString(), eventId: 'shop/TENT#1' }];
    for (const status of [301, 400, 401, 403, 404, 408, 410, 422, 425, 429, 500, 502, 503]) {
      const { http } = scripted({ status });
      const error: unknown = await setStock?.(levels, { settings, token: 't', signingSecret: SECRET, http, now: NOW }).catch((cause: unknown) => cause);
      expect(error, String(status)).toBeInstanceOf([408, 425, 429].includes(status) || status >= 500 ? Unavailable : Rejected);
    }
  });
});

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
      if (typeof holder === 'object' && holder !== null) Reflect.set(holder, path.at(-1) ?? '', value);
    }
    return JSON.stringify(copy);
  });

  function visit(value: unknown, path: PropertyKey[]): void {
    if (path.length > 0) places.push(path);
    if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
  }
}
