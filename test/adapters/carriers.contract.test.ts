import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isSigned, sign } from '../../adapters/signature.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { isCurrency } from '../../core/money.ts';
import { summarise, TrackingEvent } from '../../core/tracking.ts';
import { answersOf, fixtureNames, HUSH, mutatedText, NOW, SHIPMENT } from './carrier-answers.ts';
import { deepFrozen, problemOf } from './carrier-expectations.ts';
import { forEveryCarrier, updatesOf } from './carrier-under-test.ts';
import { delivered } from './fixtures.ts';

/**
 * What holds for every carrier: a new file in adapters/carriers is tested by this as it is, and its purchases by carrier-purchases.contract.test.ts.
 * Beside it, in test/fixtures/<kind>: `settings.json`, the least that its connection must be told, and what its capabilities ask for.
 * docs/adding-a-carrier.md lists the files.
 */
forEveryCarrier(({ id, carrier, least, settings, can, hasApi, signs, wanted, bodies, purchase, callOf }) => {
  test.each(Object.entries(wanted).filter(([, isWanted]) => isWanted))('has the fixture that its capabilities ask for: %s', (prefix) => {
    expect(fixtureNames(id, prefix), `add test/fixtures/${id}/${prefix}.json`).not.toEqual([]);
  });

  describe('says what it is', () => {
    test('is named after its file and has a title', () => {
      expect(carrier.id).toBe(id);
      expect(carrier.title).not.toBe('');
    });

    test('says of every setting what it is, refuses settings it does not know, and takes its own back', () => {
      const { properties = {} } = z.toJSONSchema(carrier.settings, { io: 'input' });

      for (const [name, property] of Object.entries(properties)) expect(typeof property === 'object' && property.title, name).toBeTruthy();
      expect(carrier.settings.safeParse({ ...least, unheardOf: 1 }).success).toBe(false);
      expect(carrier.settings.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
    });

    test('names the parts of its secret, each marked as one', () => {
      const { properties = {} } = z.toJSONSchema(carrier.secrets);

      expect(Object.keys(properties).length > 0).toBe(hasApi);
      expect('signing' in properties || !signs, 'what it signs with is in its secret').toBe(true);
      for (const [name, property] of Object.entries(properties)) {
        expect(['signing', 'token', 'apiKey']).toContain(name);
        expect(property, name).toMatchObject({ secret: true, title: expect.any(String) });
      }
    });

    test('has a method for what it says it can', () => {
      expect(carrier.void !== undefined).toBe(can.canVoid);
      expect(can.voidIsAsync && !can.canVoid).toBe(false);
      expect(can.voidDays !== null && !can.canVoid).toBe(false);
      expect(can.needsManifest && carrier.manifest === undefined).toBe(false);
      expect(can.subscriptionTtlDays !== null && carrier.subscribe === undefined).toBe(false);
      expect(carrier.subscribe !== undefined && !signs).toBe(false);
      expect(hasApi && !signs && carrier.track === undefined, 'hears of its parcels in some way').toBe(false);
      expect(hasApi || carrier.trackingUrl !== undefined).toBe(true);
    });

    test('gives limits that can be kept', () => {
      const { settleSeconds, requestsPerMinute, trackBatch, labelFormats, origins, voidDays, subscriptionTtlDays } = can;

      expect(settleSeconds).toBeGreaterThan(0);
      expect(trackBatch).toBeGreaterThan(0);
      for (const limit of [requestsPerMinute, voidDays, subscriptionTtlDays]) expect(limit === null || limit > 0).toBe(true);
      expect(new Set(labelFormats).size).toBe(labelFormats.length);
      for (const country of origins ?? []) expect(country).toMatch(/^[A-Z]{2}$/);
    });
  });

  describe('its callbacks', () => {
    const scheme = carrier.signature(settings);
    const body = Buffer.from('{"timestamp":"2026-11-20T09:00:00Z","payload":"{}"}');
    const headers = sign(body, scheme, 'hush', { id: 'msg_1', at: NOW, connectionId: id });
    const judged = (current: string, bytes = body) => isSigned({ headers, body: bytes, connectionId: id }, scheme, { current }, NOW);

    test('prove themselves as it declares', () => {
      expect(can.callbackAuth === 'none').toBe(!signs);
      expect(judged('hush')).toBe(signs);
      expect(judged('guessed')).toBe(false);
      if (can.callbackAuth === 'signature') expect(judged('hush', Buffer.from('{"timestamp":"2026-11-20T09:00:00Z","payload":"{ }"}'))).toBe(false);
      expect(JSON.parse(JSON.stringify(scheme)), 'the edge table carries it as JSON').toEqual(scheme);
    });

    test.each(bodies)('tell of parcels in the words of no carrier %#', (text, via) => {
      for (const { trackingNumber, events } of updatesOf(carrier.parseUpdate({ ...delivered(text), via }, settings))) {
        expect(trackingNumber).not.toBe('');
        for (const event of events) expect(TrackingEvent.parse(event)).toEqual(event);
      }
    });

    test.each([...(wanted.update ? ['webhook'] : []), ...(wanted.tracked ? ['poll'] : [])])('bring news, by %s', (how) => {
      const news = bodies.filter(([, via]) => via === how).flatMap(([text, via]) => updatesOf(carrier.parseUpdate({ ...delivered(text), via }, settings)));

      expect(news.flatMap(({ events }) => events).length).toBeGreaterThan(0);
    });

    test.each(bodies)('amount to the same in any order and number %#', (text, via) => {
      for (const { events } of updatesOf(carrier.parseUpdate({ ...delivered(text), via }, settings))) {
        const again = fc.array(fc.nat(Math.max(events.length - 1, 0)), { maxLength: events.length * 2 });
        const shuffled = again.chain((more) => {
          const all = [...events, ...more.flatMap((index) => events[index] ?? [])];
          return fc.shuffledSubarray(all, { minLength: all.length });
        });
        fc.assert(
          fc.property(shuffled, (mixed) => {
            expect(summarise(mixed)).toEqual(summarise(events));
          }),
        );
      }
    });

    test('are read as updates or as not for us, or refused, whatever they hold', () => {
      const via = fc.constantFrom('webhook' as const, 'poll' as const);
      const text = fc.oneof(fc.string(), fc.json(), ...bodies.map(([fixture]) => mutatedText(fixture)));
      fc.assert(
        fc.property(text, via, (written, how) => {
          const problem = problemOf(() => {
            for (const { events } of updatesOf(carrier.parseUpdate({ ...delivered(written), via: how }, settings))) for (const event of events) TrackingEvent.parse(event);
          });
          expect(problem === undefined || problem instanceof Rejected, String(problem)).toBe(true);
        }),
        { numRuns: 500 },
      );
    });
  });

  describe('its quotes', () => {
    if (can.ratesReturned)
      test('hold rates in whole minor units, never none', async () => {
        const { carrierRef, rates } = await quoted();

        expect(rates.length).toBeGreaterThan(0);
        expect(typeof carrierRef).toBe('string');
        for (const { service, carrier: mover, cost, currency, deliveryDays } of rates) {
          expect(service).not.toBe('');
          expect(mover).not.toBe('');
          expect(Number.isSafeInteger(cost) && cost >= 0, `${service} costs ${cost}`).toBe(true);
          expect(isCurrency(currency), currency).toBe(true);
          expect(deliveryDays === null || Number.isInteger(deliveryDays)).toBe(true);
        }
      });

    test('are drafted by what they say alone: the same bytes at any time, and nothing of the shipment changed', async () => {
      const { carrierRef, rates } = can.ratesReturned ? await quoted() : { ...purchase, rates: [purchase.rate] };
      const frozen = deepFrozen(SHIPMENT);
      for (const rate of rates) {
        const drafts = [carrier.draft(frozen, carrierRef, rate, settings), carrier.draft(structuredClone(SHIPMENT), carrierRef, structuredClone(rate), settings)];
        expect(drafts[0]).toBe(drafts[1]);
        expect(drafts[0]).not.toBe('');
        expect(drafts[0]).not.toContain(HUSH);
      }
    });

    if (hasApi)
      test('fail with nothing but the two kinds, and pass when the failure does', async () => {
        for (const status of [200, 201, 301, 400, 402, 404, 408, 422, 425, 429, 500, 503]) {
          const error = await carrier.quote(SHIPMENT, callOf({ status, headers: {}, body: Buffer.from('nothing') })).catch((cause: unknown) => cause);
          const passes = status < 300 || status === 408 || status === 425 || status === 429 || status >= 500;
          expect(error, String(status)).toBeInstanceOf(passes ? Unavailable : Rejected);
        }
      });

    async function quoted() {
      return await carrier.quote(SHIPMENT, callOf(...(hasApi ? answersOf(id, 'quote') : [])));
    }
  });
});
