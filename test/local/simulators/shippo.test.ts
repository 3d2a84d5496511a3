import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CarrierCall, DraftedPurchase, ManifestRequest, PickupRequest, Shipment } from '../../../adapters/carrier.ts';
import shippo from '../../../adapters/carriers/shippo.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { httpClient } from '../../../adapters/http.ts';
import { labelFileOf } from '../../../adapters/label-file.ts';
import { Settings } from '../../../adapters/shippo/settings.ts';
import { isSigned } from '../../../adapters/signature.ts';
import { summarise, type TrackingEvent } from '../../../core/tracking.ts';
import type { CarrierFault, PlayedCarrier } from '../../../local/simulators/carrier.ts';
import type { Journey } from '../../../local/simulators/journey.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { openShippo } from '../../../local/simulators/shippo.ts';
import { IMPATIENT_MS } from './patience.ts';

const SECRET = { signing: 'callback secret', token: 'shippo_test_1', apiKey: '' };
const UPDATE_URL = 'https://hub.example.com/updates/shippo';
const FROM = { name: 'Harbour & Pine', line1: '1 Main St', city: 'Timonium', region: 'MD', postalCode: '21093', country: 'US', phone: '+1 410 555 0100' };
const TO = { name: 'Zoë Vandergloom', line1: '7 Thistledown Ln', line2: 'Apt 3', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US' };
const BERN = { name: 'Urs Wettstein', line1: 'Kramgasse 49', city: 'Bern', postalCode: '3011', country: 'CH', phone: '+41 31 555 01 00' };
const SHIPMENT: Shipment = {
  ...{ reference: '01KAGM5Q80ABCDEFGHJKMNPQRS', from: FROM, to: TO, email: 'zoe@example.com', weight: 900, dimensions: { length: 100, width: 300, height: 200 } },
  ...{ shipDate: '2026-11-23', value: 2_995, currency: 'USD', customs: null, hazardous: false, returns: false },
};
const CUSTOMS: NonNullable<Shipment['customs']> = {
  ...{ contents: 'merchandise', currency: 'USD', invoiceNumber: 'HP-1001', invoiceDate: '2026-11-22', signer: 'Harbour & Pine', terms: 'DAP', undeliverable: 'return' },
  items: [{ sku: 'MUG-1', description: 'Stoneware mug', quantity: 2, value: 2_995, weight: 800, hsCode: '691200', origin: 'PT' }],
};

describe('the simulated Shippo, called by the adapter', () => {
  let posted: Posting[];
  let carrier: PlayedCarrier;

  beforeEach(async () => {
    posted = [];
    carrier = await openAccount();
  });
  afterEach(async () => {
    await carrier.close();
  });

  async function openAccount(settings: object = {}): Promise<PlayedCarrier> {
    return await openShippo({
      ...{ connectionId: 'shippo', file: join(mkdtempSync(join(tmpdir(), 'shippo-')), 'shippo.sqlite'), secret: SECRET, settings: { ...settings } },
      ...{ post: (postings) => posted.push(...postings), updateUrl: () => UPDATE_URL, stepMs: 1_000, currency: 'USD' },
    });
  }

  function call(more: object = {}): CarrierCall<Settings> {
    const http = httpClient({ trustedOrigins: [carrier.settings.endpoint ?? ''] });
    return {
      ...{ connectionId: 'shippo', settings: Settings.parse({ ...carrier.settings, ...more }), token: SECRET.token, secondToken: '', apiKey: '' },
      ...{ signingSecret: SECRET.signing, updateUrl: UPDATE_URL, http, now: new Date() },
    };
  }

  /** The adapter's own limit is longer than a test may wait. */
  function impatient(calling: CarrierCall<Settings>): CarrierCall<Settings> {
    return { ...calling, http: async (request) => await calling.http({ ...request, timeoutMs: IMPATIENT_MS }) };
  }

  async function drafted(shipment: Shipment = SHIPMENT, more: object = {}, service = 'usps_priority'): Promise<DraftedPurchase> {
    const { carrierRef, rates } = await shippo.quote(shipment, call(more));
    const rate = rates.find((one) => one.service === service);
    if (rate === undefined) throw new Error(`no ${service} among ${rates.map((one) => one.service).join()}`);
    return { reference: shipment.reference, carrierRef, rate, request: shippo.draft(shipment, carrierRef, rate, call(more).settings) };
  }

  async function bought(shipment: Shipment = SHIPMENT, more: object = {}, service?: string) {
    const outcome = await shippo.buy(await drafted(shipment, more, service), call(more));
    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    const { carrierRef, trackingNumber } = outcome.label;
    return { ...outcome.label, atCarrier: { reference: shipment.reference, carrierRef, trackingNumber } };
  }

  function expectFault(fault: CarrierFault, journey: Journey = 'plain'): void {
    carrier.expect([{ recipient: TO.name, fault, journey }]);
  }

  test('prices a shipment, sells it at the price quoted, and gives its label', async () => {
    const { rates } = await shippo.quote(SHIPMENT, call());
    const label = await bought();

    expect(rates.map(({ carrier: mover, service }) => `${mover} ${service}`)).toContain('DHL Express dhl_express_worldwide');
    expect(label).toMatchObject({ carrier: 'USPS', service: 'usps_priority', cost: 609, currency: 'USD', forms: [], address: null });
    expect(carrier.charges()).toEqual([
      expect.objectContaining({ carrierRef: label.carrierRef, reference: SHIPMENT.reference, trackingNumber: label.trackingNumber, cost: 609, currency: 'USD' }),
    ]);
    expect(carrier.charges()[0]?.printed).toMatchObject({ name: 'ZOË VANDERGLOOM', line1: '7 THISTLEDOWN LN', line2: 'APT 3', postalCode: '97201' });
    expect(label.document.in).toBe('url');
    const url = label.document.in === 'url' ? label.document.url : '';
    expect(labelFileOf(await shippo.label(label.atCarrier, url, call())).contentType).toBe('application/pdf');
    expect(carrier.complaints()).toEqual([]);
  });

  test.each([
    ['PNG', 'image/png'],
    ['ZPLII', 'application/zpl'],
  ])('gives labels as %s', async (labelType, contentType) => {
    const { atCarrier, document } = await bought(SHIPMENT, { labelType });
    const url = document.in === 'url' ? document.url : '';

    expect(labelFileOf(await shippo.label(atCarrier, url, call())).contentType).toBe(contentType);
  });

  test('gives a label again when its address has expired, or none is known', async () => {
    const { atCarrier, document } = await bought();
    const expired = document.in === 'url' ? document.url.replace(/Expires=\d+/, 'Expires=1') : '';

    for (const url of [expired, null]) expect(labelFileOf(await shippo.label(atCarrier, url, call())).extension).toBe('pdf');
  });

  test.each<CarrierFault>(['hang-after-charge', 'reset-after-charge', 'error-after-charge'])(
    'after %s the outcome is unknown, and a look-up finds the one label',
    async (fault) => {
      expectFault(fault);
      const purchase = await drafted();

      expect(await shippo.buy(purchase, impatient(call()))).toMatchObject({ outcome: 'unknown' });
      expect(await shippo.find(purchase, call())).toMatchObject({ outcome: 'bought', label: { cost: 609, trackingNumber: carrier.charges()[0]?.trackingNumber } });
      expect(carrier.charges()).toHaveLength(1);
    },
  );

  test.each<CarrierFault>(['error-before', 'throttled'])('after %s the outcome is unknown, and a look-up finds nothing', async (fault) => {
    expectFault(fault);
    const purchase = await drafted();

    expect(await shippo.buy(purchase, call())).toMatchObject({ outcome: 'unknown' });
    expect(await shippo.find(purchase, call())).toEqual({ outcome: 'absent' });
    expect(carrier.charges()).toEqual([]);
  });

  test('a purchase that fails is answered 201, and is a refusal all the same', async () => {
    expectFault('declined');
    const purchase = await drafted();

    expect(await shippo.buy(purchase, call())).toMatchObject({ outcome: 'refused', again: false, reason: expect.stringContaining('payment_declined') });
    expect(await shippo.find(purchase, call())).toEqual({ outcome: 'absent' });
    expect(carrier.charges()).toEqual([]);
  });

  test('a label that is queued is looked up until it is made', async () => {
    const purchase = await drafted();
    const queued = { ...purchase, request: purchase.request.replace('"async":false', '"async":true') };

    expect(await shippo.buy(queued, call())).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('QUEUED') });
    expect(await shippo.find(queued, call())).toMatchObject({ outcome: 'bought' });
  });

  test('a second purchase of one rate is a second label, and a look-up prefers the one of our reference', async () => {
    const purchase = await drafted();
    await shippo.buy({ ...purchase, request: purchase.request.replace(purchase.reference, 'another') }, call());
    const second = await shippo.buy(purchase, call());
    await shippo.buy({ ...purchase, request: purchase.request.replace(purchase.reference, 'a third') }, call());

    expect(carrier.charges()).toHaveLength(3);
    expect(await shippo.find(purchase, call())).toEqual(second);
  });

  test.each<[CarrierFault, object]>([
    ['throttled-rating', { name: 'Unavailable', retryAfterSeconds: 1 }],
    ['error-rating', { name: 'Unavailable' }],
    ['no-rates', { name: 'Rejected', code: 'carrier.no-rates', message: expect.stringContaining('USPS: no_rates') }],
  ])('with %s there is no quote', async (fault, error) => {
    expectFault(fault);

    await expect(shippo.quote(SHIPMENT, call())).rejects.toMatchObject(error);
  });

  test('while it is down nothing is known, and nothing is bought', async () => {
    const purchase = await drafted();
    carrier.breakDown(true);

    await expect(shippo.quote(SHIPMENT, call())).rejects.toMatchObject({ name: 'Unavailable' });
    expect(await shippo.buy(purchase, call())).toMatchObject({ outcome: 'unknown' });
    expect(await shippo.find(purchase, call())).toMatchObject({ outcome: 'unknown' });
    carrier.breakDown(false);
    expect(await shippo.find(purchase, call())).toEqual({ outcome: 'absent' });
  });

  test('refuses another token', async () => {
    const purchase = await drafted();
    const stranger = { ...call(), token: 'shippo_test_2' };

    expect(await shippo.buy(purchase, stranger)).toMatchObject({ outcome: 'refused', again: true });
    await expect(shippo.quote(SHIPMENT, stranger)).rejects.toMatchObject({ name: 'Rejected', code: 'carrier.refused' });
    expect(carrier.complaints()).toHaveLength(2);
  });

  test('takes parcels across a border with a declaration, and gives its invoice', async () => {
    const label = await bought({ ...SHIPMENT, to: BERN, customs: CUSTOMS });
    const [invoice] = label.forms;
    const url = invoice?.in === 'url' ? invoice.url : '';

    expect(labelFileOf(await shippo.label(label.atCarrier, url, call())).contentType).toBe('application/pdf');
    expect(carrier.complaints()).toEqual([]);
    await expect(shippo.quote({ ...SHIPMENT, to: BERN }, call())).rejects.toMatchObject({ name: 'Rejected' });
    expect(carrier.complaints()).toEqual([expect.stringContaining('customs_declaration')]);
  });

  test('sells a label to a company that names nobody, and none where no name is sent', async () => {
    await bought({ ...SHIPMENT, to: { ...TO, name: '', company: 'Thistle Works' } });
    expect(carrier.charges()).toEqual([expect.objectContaining({ recipient: 'THISTLE WORKS' })]);
    expect(carrier.complaints()).toEqual([]);

    const nameless = await drafted({ ...SHIPMENT, to: { ...TO, name: '' } });
    expect(await shippo.buy(nameless, call())).toMatchObject({ outcome: 'refused' });
    expect(carrier.complaints()).toEqual([expect.stringContaining('required for purchase')]);
  });

  test.each(['pay-on-use', 'prepaid'])('a label for goods that come back goes to the warehouse: %s', async (returns) => {
    await bought({ ...SHIPMENT, from: TO, to: FROM, returns: true }, { returns });

    expect(carrier.charges()).toEqual([expect.objectContaining({ recipient: 'HARBOUR & PINE', printed: expect.objectContaining({ city: 'TIMONIUM' }) })]);
  });

  test('a label is given back once; the money is decided upon later', async () => {
    const { atCarrier, carrierRef } = await bought();

    expect(await shippo.void?.(atCarrier, call())).toEqual({ outcome: 'pending' });
    expect(await shippo.void?.(atCarrier, call())).toEqual({ outcome: 'pending' });
    expect(carrier.voids()).toEqual([carrierRef]);
    expect(carrier.complaints()).toEqual([]);
  });

  test('a label of a parcel that has left is not taken back', async () => {
    const { atCarrier } = await bought();
    carrier.handOver([atCarrier.trackingNumber]);

    expect(await shippo.void?.(atCarrier, call())).toMatchObject({ outcome: 'refused', used: true });
    expect(carrier.voids()).toEqual([]);
  });

  test('a label that was given back does not travel, and is no label of a look-up', async () => {
    const purchase = await drafted();
    const outcome = await shippo.buy(purchase, call());
    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    const { carrierRef, trackingNumber } = outcome.label;
    await shippo.void?.({ reference: purchase.reference, carrierRef, trackingNumber }, call());
    const before = posted.length;
    carrier.handOver([trackingNumber]);

    expect(posted).toHaveLength(before);
    expect(await shippo.find(purchase, call())).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('REFUNDPENDING') });
  });

  describe('callbacks', () => {
    test('go nowhere before there is a webhook; it is made once, and mended when it was turned off', async () => {
      await bought();
      const [posting] = posted;
      const addressed = async () => (posting === undefined ? undefined : await carrier.address(posting, new Date()));

      expect(await addressed()).toBeUndefined();
      expect(await shippo.subscribe?.(call())).toEqual({ state: 'made', until: null });
      expect((await addressed())?.url).toBe(`${UPDATE_URL}?token=callback%20secret`);
      expect(await shippo.subscribe?.(call())).toEqual({ state: 'kept', until: null });
      expect(await shippo.subscribe?.({ ...call(), signingSecret: 'another' })).toEqual({ state: 'mended', until: null });
      expect((await addressed())?.url).toBe(`${UPDATE_URL}?token=another`);
    });

    test.each<['token' | 'signature', string]>([
      ['token', '?token=callback%20secret'],
      ['signature', ''],
    ])('prove themselves by %s', async (callbacks, query) => {
      await carrier.close();
      carrier = await openAccount({ callbacks });
      await shippo.subscribe?.(call({ callbacks }));
      await bought();
      const [posting] = posted;
      if (posting === undefined) throw new Error('nothing was posted');
      const now = new Date();
      const addressed = await carrier.address(posting, now);
      const url = new URL(addressed?.url ?? '');
      const request = { headers: { ...addressed?.headers }, body: posting.body, query: url.search.slice(1) };
      const scheme = shippo.signature(call({ callbacks }).settings);

      expect(url.search).toBe(query);
      expect(isSigned(request, scheme, { current: SECRET.signing }, now)).toBe(true);
      expect(isSigned(request, scheme, { current: 'guessed' }, now)).toBe(false);
    });

    test.each<[Journey, string]>([
      ['plain', 'delivered'],
      ['delayed', 'delivered'],
      ['exception', 'delivered'],
      ['returned', 'returned_to_sender'],
      ['kept', 'pre_transit'],
    ])('and what is asked for tell of a journey that is %s', async (journey, status) => {
      carrier.expect([{ recipient: TO.name, journey }]);
      const { trackingNumber } = await bought();
      if (journey !== 'kept') carrier.handOver([trackingNumber]);
      const news = posted.flatMap(({ body }) => eventsOf(body, 'webhook', trackingNumber));
      // Scans are in whole seconds, so the last of them may be ahead of the clock.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
      const bodies = (await shippo.track?.([trackingNumber], call())) ?? [];
      vi.useRealTimers();

      expect(summarise(news).status).toBe(status);
      expect(bodies).toHaveLength(1);
      expect(summarise(bodies.flatMap((body) => eventsOf(body, 'poll', trackingNumber)))).toEqual(summarise(news));
      expect(news.some(({ attention }) => attention)).toBe(journey === 'delayed');
    });

    function eventsOf(body: Buffer, via: NonNullable<Delivery['via']>, trackingNumber: string): readonly TrackingEvent[] {
      const parsed = shippo.parseUpdate({ connectionId: 'shippo', headers: {}, body, receivedAt: new Date().toISOString(), via }, call().settings);
      if (parsed.kind === 'ignored') throw new Error(parsed.reason);
      return parsed.updates.filter((update) => update.trackingNumber === trackingNumber).flatMap(({ events }) => events);
    }
  });

  describe('handing over', () => {
    const USPS = { carrierAccounts: ['account_usps'], manifests: true };

    async function manifestOf(...recipients: readonly string[]): Promise<ManifestRequest> {
      const labels = [];
      for (const name of recipients) labels.push((await bought({ ...SHIPMENT, to: { ...TO, name } }, USPS)).atCarrier);
      return { reference: SHIPMENT.reference, from: FROM, shipDate: '2026-11-23', labels };
    }

    test('a manifest is made a little later, and its form can be had', async () => {
      const request = await manifestOf('Ada Quill', 'Bo Fen');
      const closed = await shippo.manifest?.close(request, call(USPS));
      if (closed?.outcome !== 'pending') throw new Error(closed?.outcome);
      const looked = await shippo.manifest?.look(request, closed.manifestRef, call(USPS));

      expect(looked).toMatchObject({ outcome: 'closed', manifestRef: closed.manifestRef, leftOut: [] });
      const [form] = looked?.outcome === 'closed' ? looked.documents : [];
      const [first] = request.labels;
      if (form?.in !== 'url' || first === undefined) throw new Error('no form');
      expect(labelFileOf(await shippo.label(first, form.url, call())).contentType).toBe('application/pdf');
      expect(carrier.manifested()).toEqual(request.labels.map(({ trackingNumber }) => trackingNumber));
      expect(carrier.complaints()).toEqual([]);
    });

    test('a close whose answer was lost is found by its labels', async () => {
      const request = await manifestOf('Ada Quill');
      const other = await manifestOf('Bo Fen');
      await shippo.manifest?.close(request, call(USPS));

      expect(await shippo.manifest?.look(request, null, call(USPS))).toMatchObject({ outcome: 'pending' });
      expect(await shippo.manifest?.look(other, null, call(USPS))).toMatchObject({ outcome: 'refused' });
    });

    test('a label that is on a manifest, or void, is on no other', async () => {
      const request = await manifestOf('Ada Quill');
      await shippo.manifest?.close(request, call(USPS));

      expect(await shippo.manifest?.close(request, call(USPS))).toMatchObject({ outcome: 'refused' });
      expect(await shippo.manifest?.look(request, null, call(USPS))).toMatchObject({ outcome: 'pending' });
      expect(carrier.manifested()).toHaveLength(1);
    });

    test.each<[string, object, string, string]>([
      ['of USPS', USPS, 'usps_priority', 'booked'],
      ['of DHL Express', { carrierAccounts: ['account_dhl_express'] }, 'dhl_express_worldwide', 'booked'],
      ['of UPS, which Shippo books no collections with', { carrierAccounts: ['account_ups'] }, 'ups_ground', 'refused'],
    ])('a collection %s', async (_what, more, service, outcome) => {
      const { atCarrier } = await bought(SHIPMENT, more, service);
      const request: PickupRequest = {
        ...{ reference: SHIPMENT.reference, from: FROM, day: '2026-11-24', readyAt: '14:00', closesAt: '17:00', timeZone: 'America/New_York' },
        ...{ parcels: 1, weight: 900, instructions: 'Dock 2', labels: [atCarrier] },
      };

      expect(await shippo.pickup?.book(request, call(more))).toMatchObject({ outcome });
      expect(await shippo.pickup?.cancel('WTC1', call(more))).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('WTC1') });
      expect(carrier.complaints()).toEqual([]);
    });
  });

  test.each<[string, object, object]>([
    ['one that it knows', TO, { verdict: 'ok', suggestion: null }],
    ['one that it writes otherwise', { ...TO, line2: 'Apt 3', postalCode: '' }, { verdict: 'ok' }],
    ['one that it does not know', { ...TO, line1: 'Thistledown Ln' }, { verdict: 'doubtful', problems: ['Unknown Street'] }],
    ['one abroad', BERN, { verdict: 'unchecked', suggestion: null }],
  ])('checks an address: %s', async (_what, address, verdict) => {
    expect(await shippo.checkAddress?.({ ...TO, ...address }, call())).toMatchObject(verdict);
  });

  test('lists what was bought since, page after page, with its price and whether it was given back', async () => {
    const since = new Date(Date.now() - 1_000).toISOString();
    const labels = [];
    for (let index = 0; index < 26; index++) labels.push(await bought());
    const [first] = labels;
    if (first === undefined) throw new Error('nothing was bought');
    await shippo.void?.(first.atCarrier, call());
    const one = await shippo.list?.(since, null, call());
    const two = await shippo.list?.(since, one?.next ?? null, call());
    const none = await shippo.list?.(new Date(Date.now() + 60_000).toISOString(), null, call());

    expect([one?.labels.length, two?.labels.length, two?.next]).toEqual([25, 1, null]);
    expect(one?.labels[0]).toMatchObject({ reference: SHIPMENT.reference, cost: 609, currency: 'USD', voided: false });
    expect(two?.labels[0]).toMatchObject({ carrierRef: first.carrierRef, voided: true });
    expect(none).toEqual({ labels: [], next: null });
    expect(carrier.complaints()).toEqual([]);
  });
});
