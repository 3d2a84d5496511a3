import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { loadCarrier } from '../../adapters/carrier.ts';
import { isSigned, sign } from '../../adapters/signature.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { TrackingEvent } from '../../core/tracking.ts';
import { type Answer, delivered, filesIn, fixturesOf, json, scripted } from './fixtures.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
/** The least that each kind must be told; a new kind adds a line here and fixtures beside it. */
const SETTINGS: Record<string, object> = { easypost: {} };

const ADDRESS = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' };
const REFERENCE = '01KAGM5Q80ABCDEFGHJKMNPQRS';
const RATE = { rateId: 'rate_1', carrier: 'UPS', service: 'UPSStandard', cost: 770, currency: 'EUR', deliveryDays: null };

describe.each(filesIn('adapters/carriers'))('carrier %s', async (id) => {
  const carrier = await loadCarrier(id);
  const settings = carrier.settings.parse(SETTINGS[id]);
  const shipment = { reference: REFERENCE, from: ADDRESS, to: ADDRESS, email: null, weight: 1_000 };
  const purchase = { reference: REFERENCE, carrierRef: 'shp_1', rate: RATE };

  test('is named after its file, has a title, and says how it guards a purchase', () => {
    expect(carrier.id).toBe(id);
    expect(carrier.title).not.toBe('');
    expect(['key', 'two-step', 'client-id', 'find-by-reference', 'none']).toContain(carrier.purchaseGuard);
    expect(carrier.settleSeconds).toBeGreaterThan(0);
  });

  test('says of every setting what it is, and refuses settings it does not know', () => {
    const { properties = {} } = z.toJSONSchema(carrier.settings, { io: 'input' });

    for (const [name, property] of Object.entries(properties)) expect(typeof property === 'object' && property.title, name).toBeTruthy();
    expect(carrier.settings.safeParse({ ...SETTINGS[id], unheardOf: 1 }).success).toBe(false);
    expect(carrier.settings.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  test('verifies what its own scheme signs', () => {
    const scheme = carrier.signature(settings);
    const body = Buffer.from('{"a":1}');
    const headers = sign(body, scheme, 'hush', { id: 'msg_1', at: NOW });

    expect(isSigned({ headers, body }, scheme, { current: 'hush' }, NOW)).toBe(true);
    expect(isSigned({ headers, body: Buffer.from('{"a":2}') }, scheme, { current: 'hush' }, NOW)).toBe(false);
    expect(JSON.parse(JSON.stringify(scheme)), 'the edge table carries it as JSON').toEqual(scheme);
  });

  const anyAnswer = fc.record({
    status: fc.integer({ min: 200, max: 599 }),
    body: fc
      .oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
        fc.constantFrom(...fixturesOf(id)).map((text) => Buffer.from(text)),
      )
      .map((bytes) => Buffer.from(bytes)),
  });

  test('buying never throws and never says bought or refused of an answer that proves neither', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (answer) => {
        const { http, asked } = scripted(answer);
        const { outcome } = await carrier.buy(purchase, { settings, token: 'key', http });
        expect(outcome).toBe('unknown');
        expect(asked, 'one call, no repeat').toHaveLength(1);
      }),
    );
  });

  test('a purchase without an answer is unknown, and is looked up, not repeated', async () => {
    const lost = new Unavailable('http.timeout', 'api did not answer');

    expect(await carrier.buy(purchase, { settings, token: 'key', http: scripted(lost).http })).toMatchObject({ outcome: 'unknown' });
    expect(await carrier.find(purchase, { settings, token: 'key', http: scripted(lost).http })).toMatchObject({ outcome: 'unknown' });
  });

  test('a look-up never throws, and says absent of nothing but a shipment that it can read', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (answer) => {
        expect(await carrier.find(purchase, { settings, token: 'key', http: scripted(answer).http })).toMatchObject({ outcome: 'unknown' });
      }),
    );
  });

  test('declares whether it takes labels back as it does', () => {
    expect(['at-once', 'asynchronous', 'never']).toContain(carrier.voids);
    expect(carrier.voidLabel === undefined).toBe(carrier.voids === 'never');
  });

  test('taking a label back never throws, and never says of an answer it cannot read that the label is void or was used', async () => {
    const label = { reference: REFERENCE, carrierRef: 'shp_1', trackingNumber: 'T1' };
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (answer) => {
        const voided = await carrier.voidLabel?.(label, { settings, token: 'key', http: scripted(answer, answer).http });
        expect(voided ?? { outcome: 'unknown' }).toMatchObject({ outcome: 'unknown' });
      }),
    );
    const lost = new Unavailable('http.timeout', 'api did not answer');
    expect((await carrier.voidLabel?.(label, { settings, token: 'key', http: scripted(lost).http })) ?? { outcome: 'unknown' }).toMatchObject({ outcome: 'unknown' });
  });

  test('asking for an offer fails with nothing but the two kinds', async () => {
    for (const status of [200, 201, 301, 400, 401, 402, 404, 408, 422, 429, 500, 503]) {
      const error: unknown = await carrier.offer(shipment, { settings, token: 'key', http: scripted(json('nothing', status)).http }).catch((cause: unknown) => cause);
      const passes = status < 300 || status === 408 || status === 429 || status >= 500;
      expect(error, String(status)).toBeInstanceOf(passes ? Unavailable : Rejected);
    }
  });

  test.each<[string, Buffer, string]>([
    ['PDF', Buffer.from('%PDF-1.7\n...'), 'application/pdf'],
    ['PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]), 'image/png'],
    ['ZPL', Buffer.from('\n^XA^FO50,50^XZ'), 'application/zpl'],
  ])('knows a label in %s by its first bytes', async (_what, body, contentType) => {
    const { http, asked } = scripted({ status: 200, body });

    expect(await carrier.label('https://labels.example.com/1', { settings, token: 'key', http })).toMatchObject({ bytes: body, contentType });
    expect(JSON.stringify(asked[0]?.headers ?? {}), 'the key stays at home').not.toMatch(/authorization/i);
  });

  test('a web page is no label, and a label that is not there yet is asked for again', async () => {
    const label = (answer: Answer) => carrier.label('https://labels.example.com/1', { settings, token: 'key', http: scripted(answer).http });

    await expect(label({ status: 200, body: Buffer.from('<html>expired</html>') })).rejects.toMatchObject({ name: 'Rejected', code: 'carrier.label-unreadable' });
    await expect(label({ status: 200 })).rejects.toBeInstanceOf(Rejected);
    await expect(label({ status: 403 })).rejects.toBeInstanceOf(Unavailable);
  });

  test('reads any callback as an update or not for us, or throws Rejected', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from), fc.constantFrom(...fixturesOf(id)).chain(mutated)), (bytes) => {
        try {
          const parsed = carrier.parseUpdate(delivered(Buffer.from(bytes)));
          if (parsed.kind === 'update') for (const event of parsed.update.events) expect(TrackingEvent.parse(event)).toEqual(event);
        } catch (error) {
          expect(error).toBeInstanceOf(Rejected);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** A fixture with a piece cut out or doubled. */
function mutated(text: string): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.nat(text.length), fc.nat(40), fc.constantFrom('', 'null', '[]', '1e309', '"', '{"a":'))
    .map(([from, length, piece]) => Buffer.from(text.slice(0, from) + piece + text.slice(from + length)));
}
