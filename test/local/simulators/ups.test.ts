import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CarrierCall, Shipment } from '../../../adapters/carrier.ts';
import ups from '../../../adapters/carriers/ups.ts';
import { httpClient } from '../../../adapters/http.ts';
import { labelFileOf } from '../../../adapters/label-file.ts';
import { isSigned } from '../../../adapters/signature.ts';
import { issueToken } from '../../../adapters/signatures/issued-token.ts';
import { Settings } from '../../../adapters/ups/settings.ts';
import { summarise, type TrackingEvent } from '../../../core/tracking.ts';
import type { CarrierFault, PlayedCarrier } from '../../../local/simulators/carrier.ts';
import type { Journey } from '../../../local/simulators/journey.ts';
import { type Listening, listen } from '../../../local/simulators/listen.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { openUps } from '../../../local/simulators/ups.ts';
import { PATIENT_MS, patienceFor } from './patience.ts';

const SECRET = { signing: 'callback-secret', token: 'client-secret', apiKey: 'client-id' };
const FROM = {
  name: 'Harbour & Pine',
  company: 'Harbour & Pine',
  line1: '1 Main St',
  city: 'Timonium',
  region: 'MD',
  postalCode: '21093',
  country: 'US',
  phone: '+1 410 555 0100',
};
const TO = { name: 'Zoë Vandergloom', line1: '7 Thistledown Ln', line2: 'Apt 3', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US', phone: '+1 503 555 0100' };
const BERN = { name: 'Urs Wettstein', line1: 'Kramgasse 49', city: 'Bern', postalCode: '3011', country: 'CH', phone: '+41 31 555 01 00' };
const SHIPMENT: Shipment = {
  ...{ reference: '01KAGM5Q80ABCDEFGHJKMNPQRS', from: FROM, to: TO, email: null, weight: 900, dimensions: { length: 300, width: 200, height: 100 } },
  ...{ shipDate: '2026-11-23', value: 2_995, currency: 'USD', customs: null, hazardous: false, returns: false },
};
const CUSTOMS: NonNullable<Shipment['customs']> = {
  ...{ contents: 'merchandise', currency: 'USD', invoiceNumber: 'HP-1001', invoiceDate: '2026-11-22', signer: 'Harbour & Pine', terms: 'DDP', undeliverable: 'return' },
  items: [{ sku: 'MUG-1', description: 'Stoneware mug', quantity: 2, value: 2_995, weight: 800, hsCode: '691200', origin: 'PT' }],
};

describe('the simulated UPS, called by the adapter', () => {
  let posted: Posting[];
  let hub: Listening;
  let tokensAsked: string[];
  let carrier: PlayedCarrier;

  beforeEach(async () => {
    posted = [];
    tokensAsked = [];
    hub = await listen(({ path, headers, body }) => {
      tokensAsked.push(path);
      const isKnown = headers.authorization === `Basic ${Buffer.from('client-id:callback-secret').toString('base64')}` && body === 'grant_type=client_credentials';
      return isKnown ? { status: 200, json: { access_token: issueToken('ups', SECRET.signing, new Date()), expires_in: 14_400, token_type: 'Bearer' } } : { status: 401 };
    });
    carrier = await openAccount();
  });
  afterEach(async () => {
    await carrier.close();
    await hub.close();
  });

  async function openAccount(): Promise<PlayedCarrier> {
    return await openUps({
      ...{ connectionId: 'ups', file: join(mkdtempSync(join(tmpdir(), 'ups-')), 'ups.sqlite'), secret: SECRET, settings: { accountNumber: 'A1B2C3' } },
      ...{ post: (postings) => posted.push(...postings), updateUrl: () => `${hub.url}/updates/ups`, stepMs: 10, currency: 'EUR' },
    });
  }

  async function call(more: object = {}): Promise<CarrierCall<Settings>> {
    const settings = Settings.parse({ accountNumber: 'A1B2C3', ...carrier.settings, ...more });
    const http = httpClient({ trustedOrigins: [settings.endpoint] });
    const limited: typeof http = (request) => http({ timeoutMs: PATIENT_MS, ...request });
    const basis = { connectionId: 'ups', settings, secondToken: '', apiKey: SECRET.apiKey, signingSecret: SECRET.signing, updateUrl: '', http: limited, now: new Date() };
    const grant = await ups.refresh?.({ ...basis, secret: SECRET.token });
    return { ...basis, token: grant?.token ?? '' };
  }

  async function purchase(shipment: Shipment, fault?: CarrierFault, journey: Journey = 'plain', more: object = {}) {
    carrier.expect([{ recipient: shipment.to.name, journey, ...(fault !== undefined && { fault }) }]);
    const reach = await call(more);
    const { carrierRef, rates } = await ups.quote(shipment, reach);
    const [rate] = rates;
    if (rate === undefined) throw new Error('no rate');
    const drafted = { reference: shipment.reference, carrierRef, rate, request: ups.draft(shipment, carrierRef, rate, reach.settings) };
    return { drafted, reach, outcome: await ups.buy(drafted, { ...reach, http: (request) => reach.http({ ...request, timeoutMs: patienceFor(fault) }) }) };
  }

  async function bought(shipment: Shipment = SHIPMENT, journey: Journey = 'plain', more: object = {}) {
    const { drafted, outcome, reach } = await purchase(shipment, undefined, journey, more);
    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    const { label } = outcome;
    return { drafted, label, reach, known: { reference: shipment.reference, carrierRef: label.carrierRef, trackingNumber: label.trackingNumber } };
  }

  test.each([
    ['within the US', SHIPMENT, 'USD'],
    ['to Switzerland with customs', { ...SHIPMENT, to: BERN, customs: CUSTOMS }, 'USD'],
    ['from Switzerland to Switzerland', { ...SHIPMENT, from: { ...BERN, name: 'Lager' }, to: BERN, currency: 'EUR' }, 'EUR'],
    ['back to the warehouse', { ...SHIPMENT, from: TO, to: FROM, returns: true }, 'USD'],
  ] as const)('sells a label %s at the price that was quoted, and has nothing to complain of', async (_lane, shipment, currency) => {
    const { label, drafted } = await bought(shipment);

    expect(label).toMatchObject({ cost: drafted.rate.cost, currency, trackingNumber: expect.stringMatching(/^1ZA1B2C3\d{10}$/) });
    expect(label.forms).toHaveLength(shipment.customs === null ? 0 : 1);
    expect(carrier.charges()).toMatchObject([{ reference: shipment.reference, recipient: shipment.to.name, cost: label.cost, currency, carrierRef: label.carrierRef }]);
    expect(carrier.complaints()).toEqual([]);
  });

  test.each([
    ['ZPL', 'zpl'],
    ['GIF', 'gif'],
    ['PDF', 'pdf'],
  ])('gives its label as %s, at once or by recovery, and again', async (labelFormat, extension) => {
    const { label, reach, known } = await bought(SHIPMENT, 'plain', { labelFormat });
    const first = label.document.in === 'answer' ? label.document.bytes : await ups.label(known, label.document.in === 'url' ? label.document.url : null, reach);
    const again = await ups.label(known, null, reach);

    expect(labelFileOf(first).extension).toBe(extension);
    expect(labelFileOf(again).extension).toBe(extension);
    expect(carrier.complaints()).toEqual([]);
  });

  test.each(['hang-after-charge', 'reset-after-charge', 'error-after-charge'] as const)('after %s the one label that was charged is found and adopted', async (fault) => {
    const { drafted, outcome, reach } = await purchase(SHIPMENT, fault);
    const found = await ups.find(drafted, reach);

    expect(outcome.outcome).toBe('unknown');
    const [charged, ...others] = carrier.charges();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ outcome: 'bought', label: { trackingNumber: charged?.trackingNumber, cost: charged?.cost, currency: charged?.currency } });
  });

  test.each([
    ['declined', 'refused'],
    ['error-before', 'unknown'],
    ['throttled', 'unknown'],
  ] as const)('after %s nothing was charged, and nothing is found', async (fault, outcome) => {
    const { drafted, outcome: seen, reach } = await purchase(SHIPMENT, fault);

    expect(seen.outcome).toBe(outcome);
    expect(await ups.find(drafted, reach)).toEqual({ outcome: 'absent' });
    expect(carrier.charges()).toEqual([]);
  });

  test.each([
    ['throttled-rating', 'carrier.unavailable'],
    ['error-rating', 'carrier.unavailable'],
    ['no-rates', 'carrier.refused'],
  ] as const)('at %s no prices come, once', async (fault, code) => {
    carrier.expect([{ recipient: TO.name, journey: 'plain', fault }]);
    const reach = await call();

    await expect(ups.quote(SHIPMENT, reach)).rejects.toMatchObject({ code });
    expect((await ups.quote(SHIPMENT, reach)).rates).toHaveLength(3);
  });

  test('sells the same body again as another label, so that a look-up names both for a person', async () => {
    const { drafted, reach } = await bought();
    const again = await ups.buy(drafted, reach);

    expect(again.outcome).toBe('bought');
    expect(carrier.charges()).toHaveLength(2);
    expect(await ups.find(drafted, reach)).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('2 shipments') });
  });

  test('takes a label back once or again, and none that it has', async () => {
    const { known, reach } = await bought();
    const { known: gone } = await bought({ ...SHIPMENT, reference: '01KAGM5Q80ABCDEFGHJKMNPQRT', to: { ...TO, name: 'Pip Larkspur' } });
    carrier.handOver([gone.trackingNumber]);

    expect(await ups.void?.(known, reach)).toEqual({ outcome: 'voided' });
    expect(await ups.void?.(known, reach)).toEqual({ outcome: 'voided' });
    // Its first scan tells that it was used.
    await vi.waitFor(async () => expect(await ups.void?.(gone, reach)).toMatchObject({ outcome: 'refused', used: true }), PATIENT_MS);
    expect(carrier.voids()).toEqual([known.carrierRef]);
  });

  test.each([
    ['plain', 'delivered'],
    ['delayed', 'delivered'],
    ['exception', 'delivered'],
    ['returned', 'returned_to_sender'],
    ['kept', 'pre_transit'],
  ] as const)('a parcel of the %s journey ends as %s, by what is posted and by what is asked', async (journey, status) => {
    const { known, reach } = await bought(SHIPMENT, journey);
    await ups.subscribe?.(reach);
    if (journey !== 'kept') carrier.handOver([known.trackingNumber]);
    const told = posted.flatMap(({ body }) => eventsIn(body, 'webhook'));

    expect(summarise(told).status).toBe(status);
    await vi.waitFor(async () => {
      const asked = ((await ups.track?.([known.trackingNumber], reach)) ?? []).flatMap((body) => eventsIn(body, 'poll'));
      expect(summarise(asked)).toEqual(summarise(told));
    }, PATIENT_MS);
    expect(carrier.complaints()).toEqual([]);
  });

  function eventsIn(body: Buffer, via: 'webhook' | 'poll'): readonly TrackingEvent[] {
    const delivery = { connectionId: 'ups', headers: {}, body, receivedAt: new Date().toISOString(), via };
    const parsed = ups.parseUpdate(delivery, Settings.parse({ accountNumber: 'A1B2C3' }));
    return parsed.kind === 'updates' ? parsed.updates.flatMap(({ events }) => events) : [];
  }

  test('posts nothing until the account is subscribed, then with a token that the hub has issued', async () => {
    const { reach } = await bought();
    const [posting] = posted;
    if (posting === undefined) throw new Error('nothing posted');

    expect(await carrier.address(posting, new Date())).toBeUndefined();
    expect(await ups.subscribe?.(reach)).toMatchObject({ state: 'made' });
    const addressed = [await carrier.address(posting, new Date()), await carrier.address(posting, new Date())];

    expect(tokensAsked).toEqual(['/oauth/ups/token']);
    for (const one of addressed) {
      expect(one).toMatchObject({ url: `${hub.url}/updates/ups`, headers: { 'x-api-key': 'client-id', 'user-agent': 'UPSPubSubTrackingService' } });
      const request = { headers: one?.headers ?? {}, body: posting.body, connectionId: 'ups' };
      expect(isSigned(request, ups.signature(reach.settings), { current: SECRET.signing }, new Date())).toBe(true);
    }
  });

  test('asks for no unknown parcel in vain', async () => {
    expect(await ups.track?.(['1ZA1B2C39999999999'], await call())).toEqual([]);
  });

  test('books and cancels a collection', async () => {
    const reach = await call();
    const when = { day: '2026-11-23', readyAt: '14:00', closesAt: '17:00', timeZone: 'America/New_York' };
    const request = { reference: SHIPMENT.reference, from: FROM, ...when, parcels: 12, weight: 40_000, instructions: 'At the dock.', labels: [] };
    const booked = await ups.pickup?.book(request, reach);
    if (booked?.outcome !== 'booked') throw new Error(booked?.reason);

    expect(booked).toMatchObject({ cost: 610, currency: 'USD' });
    expect(await ups.pickup?.book({ ...request, closesAt: '13:00' }, reach)).toMatchObject({ outcome: 'refused' });
    expect(await ups.pickup?.cancel(booked.confirmation, reach)).toEqual({ outcome: 'cancelled' });
    expect(await ups.pickup?.cancel(booked.confirmation, reach)).toMatchObject({ outcome: 'refused' });
    expect(carrier.complaints()).toEqual([]);
  });

  test.each([
    [TO, 'ok'],
    [{ ...TO, line1: '7 Nowhere Rd' }, 'doubtful'],
    [{ ...TO, line1: '7 Thistledown Raod' }, 'corrected'],
    [{ ...TO, line1: 'Thistledown Ln', line2: '' }, 'doubtful'],
    [BERN, 'unchecked'],
  ])('checks the address %#', async (address, verdict) => {
    expect(await ups.checkAddress?.(address, await call())).toMatchObject({ verdict });
    expect(carrier.complaints()).toEqual([]);
  });

  test('refuses and remembers what breaks its contract', async () => {
    const { drafted, reach } = await bought();
    const broken = JSON.parse(drafted.request);
    broken.ShipmentRequest.Shipment.Package[0].PackageWeight.UnitOfMeasurement.Code = 'KGS';
    const foreign = JSON.parse(drafted.request);
    foreign.ShipmentRequest.Shipment.PaymentDetails = {};

    expect(await ups.buy({ ...drafted, request: JSON.stringify(broken) }, reach)).toMatchObject({ outcome: 'refused', reason: 'answered 400 120070' });
    expect(await ups.buy({ ...drafted, request: JSON.stringify(foreign) }, reach)).toMatchObject({ outcome: 'refused' });
    expect(await ups.buy(drafted, { ...reach, token: 'guessed' })).toMatchObject({ outcome: 'refused', again: true });
    expect(carrier.complaints()).toHaveLength(2);
    expect(carrier.charges()).toHaveLength(1);
  });

  test('answers nothing but errors while it is down', async () => {
    const reach = await call();
    carrier.breakDown(true);
    await expect(ups.quote(SHIPMENT, reach)).rejects.toMatchObject({ code: 'carrier.unavailable' });
    carrier.breakDown(false);

    expect((await ups.quote(SHIPMENT, reach)).rates).toHaveLength(3);
  });
});
