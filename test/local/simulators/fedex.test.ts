import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CarrierCall, DraftedPurchase, Shipment } from '../../../adapters/carrier.ts';
import fedex from '../../../adapters/carriers/fedex.ts';
import { httpClient } from '../../../adapters/http.ts';
import { labelFileOf } from '../../../adapters/label-file.ts';
import { isSigned } from '../../../adapters/signature.ts';
import { summarise, type TrackingEvent } from '../../../core/tracking.ts';
import type { CarrierFault, PlayedCarrier } from '../../../local/simulators/carrier.ts';
import { openFedex } from '../../../local/simulators/fedex.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { BERLIN, eventually, FROM, shipmentTo, TO } from './fedex-shipments.ts';

const SECRET = { signing: 'hush', token: 'secret', apiKey: 'key' };
const STEP_MS = 20;
let folder: string;
let posted: Posting[];
let simulator: PlayedCarrier;
let call: CarrierCall<ReturnType<typeof fedex.settings.parse>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fedex-'));
  posted = [];
  simulator = await open();
  call = await callOf({});
});

afterEach(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true });
});

async function open(): Promise<PlayedCarrier> {
  const post = (postings: readonly Posting[]) => void posted.push(...postings);
  const settings = { accountNumber: '740561073' };
  return await openFedex({
    connectionId: 'fedex',
    file: join(folder, 'fedex.db'),
    secret: SECRET,
    settings,
    post,
    updateUrl: () => 'http://hub/updates/fedex',
    stepMs: STEP_MS,
    currency: 'USD',
  });
}

async function callOf(settings: object) {
  const http = httpClient({ trustedOrigins: [String(simulator.settings.endpoint)], defaultTimeoutMs: 2_000 });
  const parsed = fedex.settings.parse({ accountNumber: '740561073', ...simulator.settings, ...settings });
  const now = new Date();
  const grant = await fedex.refresh?.({ settings: parsed, apiKey: SECRET.apiKey, secret: SECRET.token, http, now });
  // Nobody waits 15 seconds here for an answer that is not to come.
  const impatient: typeof http = (request) => http({ ...request, timeoutMs: 2_000 });
  return {
    connectionId: 'fedex',
    settings: parsed,
    token: grant?.token ?? '',
    secondToken: '',
    apiKey: SECRET.apiKey,
    signingSecret: SECRET.signing,
    updateUrl: '',
    http: impatient,
    now,
  };
}

async function drafted(shipment: Shipment, service?: string): Promise<DraftedPurchase> {
  const { carrierRef, rates } = await fedex.quote(shipment, call);
  const rate = service === undefined ? rates[0] : rates.find((one) => one.service === service);
  if (rate === undefined) throw new Error('nothing is offered');
  return { reference: shipment.reference, carrierRef, rate, request: fedex.draft(shipment, carrierRef, rate, call.settings) };
}

async function bought(shipment: Shipment, service?: string) {
  const purchase = await drafted(shipment, service);
  const outcome = await fedex.buy(purchase, call);
  if (outcome.outcome !== 'bought') throw new Error(JSON.stringify(outcome));
  return { ...outcome.label, reference: purchase.reference, purchase };
}

const found = (purchase: DraftedPurchase) =>
  eventually(
    () => fedex.find(purchase, call),
    ({ outcome }) => outcome === 'bought',
  );

async function historyOf(trackingNumber: string): Promise<readonly TrackingEvent[]> {
  const bodies = (await fedex.track?.([trackingNumber], call)) ?? [];
  return bodies.flatMap((body) => eventsIn(body, 'poll'));
}

function eventsIn(body: Buffer, via: 'poll' | 'webhook'): readonly TrackingEvent[] {
  const parsed = fedex.parseUpdate({ connectionId: 'fedex', headers: {}, body, receivedAt: new Date().toISOString(), via }, call.settings);
  return parsed.kind === 'updates' ? parsed.updates.flatMap(({ events }) => events) : [];
}

describe('the adapter against FedEx as it is played', () => {
  test('buys what was quoted, at the price that was quoted, and remembers it over a restart', async () => {
    const label = await bought(shipmentTo(TO));
    const file = labelFileOf(label.document.in === 'answer' ? label.document.bytes : Buffer.alloc(0));

    expect(file.contentType).toBe('application/pdf');
    expect(label).toMatchObject({ carrier: 'FedEx', service: 'GROUND_HOME_DELIVERY', cost: label.purchase.rate.cost, currency: 'USD', address: null });
    await simulator.close();
    simulator = await open();
    expect(simulator.charges()).toEqual([
      {
        carrierRef: label.carrierRef,
        reference: label.reference,
        recipient: 'ADA SAMPLE',
        trackingNumber: label.trackingNumber,
        cost: label.cost,
        currency: 'USD',
        printed: { name: 'Ada Sample', line1: '18 Juniper Court', line2: '', city: 'Portland', postalCode: '97205', country: 'US' },
      },
    ]);
    expect(simulator.complaints()).toEqual([]);
  });

  test.each<['PDF' | 'PNG' | 'ZPL', string]>([
    ['PDF', 'application/pdf'],
    ['PNG', 'image/png'],
    ['ZPL', 'application/zpl'],
  ])('prints labels as %s', async (labelFormat, contentType) => {
    call = await callOf({ labelFormat });
    const { document } = await bought(shipmentTo(TO));

    expect(labelFileOf(document.in === 'answer' ? document.bytes : Buffer.alloc(0)).contentType).toBe(contentType);
  });

  test.each(['imperial', 'metric'])('sends goods abroad with what customs want, in %s units', async (units) => {
    call = await callOf({ units });
    const items = [{ sku: 'LAMP-1', description: 'Desk lamp', quantity: 3, value: 8_970, weight: 2_100, hsCode: '940521', origin: 'PT' }];
    const customs = {
      contents: 'merchandise' as const,
      currency: 'USD',
      items,
      invoiceNumber: '#1001',
      invoiceDate: '2026-11-22',
      signer: 'Harbour & Pine',
      terms: 'DAP' as const,
      undeliverable: 'return' as const,
    };
    const label = await bought(shipmentTo(BERLIN, { customs }));

    expect(label.forms).toHaveLength(1);
    expect(label.carrierRef).toMatch(/^FDXE~/);
    expect(simulator.complaints()).toEqual([]);
  });

  test('refuses goods for abroad that are not described', async () => {
    expect(await fedex.buy(await drafted(shipmentTo(BERLIN)), call)).toMatchObject({ outcome: 'refused', again: false });
    expect(simulator.charges()).toEqual([]);
    expect(simulator.complaints()).toHaveLength(1);
  });

  test('sells labels for goods that come back', async () => {
    const label = await bought(shipmentTo(FROM, { from: TO, returns: true }));

    expect(label.service).toBe('FEDEX_GROUND');
    expect(simulator.charges()).toMatchObject([{ recipient: 'ADA SAMPLE' }]);
    expect(simulator.complaints()).toEqual([]);
  });

  test.each<[CarrierFault, string, number]>([
    ['error-before', 'unknown', 0],
    ['throttled', 'unknown', 0],
    ['declined', 'refused', 0],
    ['no-rates', 'refused', 0],
    ['hang-after-charge', 'unknown', 1],
    ['reset-after-charge', 'unknown', 1],
    ['error-after-charge', 'unknown', 1],
    ['wrong-address', 'bought', 1],
  ])('with %s the outcome is %s, and the look-up tells the truth', async (fault, outcome, charges) => {
    simulator.expect([{ recipient: TO.name, fault, journey: 'plain' }]);
    const purchase = await drafted(shipmentTo(TO));

    expect(await fedex.buy(purchase, call)).toMatchObject({ outcome });
    expect(simulator.charges()).toHaveLength(charges);
    if (charges === 0) expect(await fedex.find(purchase, call)).toEqual({ outcome: 'absent' });
    else expect(await found(purchase)).toMatchObject({ outcome: 'bought', label: { trackingNumber: simulator.charges()[0]?.trackingNumber, document: { in: 'nowhere' } } });
    expect(simulator.complaints()).toEqual([]);
  });

  test('a label whose answer was lost is cancelled, and the next purchase is a new one', async () => {
    simulator.expect([{ recipient: TO.name, fault: 'reset-after-charge', journey: 'plain' }]);
    const lost = await drafted(shipmentTo(TO));
    await fedex.buy(lost, call);
    const orphan = await found(lost);
    if (orphan.outcome !== 'bought') throw new Error('not found');
    const { carrierRef, trackingNumber } = orphan.label;

    expect(await fedex.void?.({ reference: lost.reference, carrierRef, trackingNumber }, call)).toEqual({ outcome: 'voided' });
    expect(await fedex.void?.({ reference: lost.reference, carrierRef, trackingNumber }, call), 'again').toEqual({ outcome: 'voided' });
    expect(await fedex.find(lost, call), 'a cancelled label is none').toEqual({ outcome: 'absent' });
    const label = await bought(shipmentTo(TO));
    expect(simulator.voids()).toEqual([carrierRef]);
    expect(simulator.charges().map((charge) => charge.carrierRef)).toEqual([carrierRef, label.carrierRef]);
  });

  test.each<[CarrierFault, string]>([
    ['throttled-rating', 'Unavailable'],
    ['error-rating', 'Unavailable'],
  ])('%s passes', async (fault, name) => {
    simulator.expect([{ recipient: TO.name, fault, journey: 'plain' }]);

    await expect(drafted(shipmentTo(TO))).rejects.toMatchObject({ name });
    expect(await drafted(shipmentTo(TO))).toMatchObject({ carrierRef: '' });
  });

  test('a parcel that has left is not taken back, and its label counts as used', async () => {
    const label = await bought(shipmentTo(TO));
    simulator.handOver([label.trackingNumber]);
    await eventually(
      () => historyOf(label.trackingNumber),
      (events) => summarise(events).status === 'delivered',
    );

    expect(await fedex.void?.(label, call)).toMatchObject({ outcome: 'refused', used: true });
    expect(simulator.voids()).toEqual([]);
  });

  test.each([
    ['plain', 'delivered'],
    ['delayed', 'delivered'],
    ['exception', 'delivered'],
    ['returned', 'returned_to_sender'],
  ] as const)('a %s journey ends as %s, by the poll and by the callbacks in any order', async (journey, status) => {
    simulator.expect([{ recipient: TO.name, journey }]);
    const label = await bought(shipmentTo(TO));
    simulator.handOver([label.trackingNumber]);
    const polled = await eventually(
      () => historyOf(label.trackingNumber),
      (events) => summarise(events).status === status,
    );

    expect(summarise(polled)).toMatchObject({ status });
    expect(summarise(posted.toReversed().flatMap(({ body }) => eventsIn(body, 'webhook')))).toEqual(summarise(polled));
    expect(summarise(polled).delayedAt !== undefined).toBe(journey === 'delayed' || journey === 'exception');
  });

  test('callbacks are signed as FedEx signs them', async () => {
    await bought(shipmentTo(TO));
    const [posting] = posted;
    if (posting === undefined) throw new Error('nothing was posted');
    const addressed = await simulator.address(posting, new Date());

    expect(addressed?.url).toBe('http://hub/updates/fedex');
    expect(isSigned({ headers: addressed?.headers ?? {}, body: posting.body }, fedex.signature(call.settings), { current: 'hush' }, new Date())).toBe(true);
    expect(isSigned({ headers: addressed?.headers ?? {}, body: posting.body }, fedex.signature(call.settings), { current: 'other' }, new Date())).toBe(false);
  });

  test("a number that nobody has tells nothing, and does not spoil the others' news", async () => {
    const label = await bought(shipmentTo(TO));
    const [body = Buffer.alloc(0)] = (await fedex.track?.(['999900000000', label.trackingNumber], call)) ?? [];

    expect(eventsIn(body, 'poll')).toMatchObject([{ status: 'pre_transit', code: 'OC' }]);
  });

  test("closes Ground's day once, with a report that can be had again", async () => {
    const ground = await bought(shipmentTo(TO));
    const express = await bought(shipmentTo({ ...TO, name: 'Bea Sample' }), 'FEDEX_2_DAY');
    const request = { reference: '01KAGM5Q80ABCDEFGHJKMNPQRT', from: FROM, shipDate: new Date().toISOString().slice(0, 10), labels: [express, ground] };

    expect(await fedex.manifest?.look(request, null, call)).toMatchObject({ outcome: 'refused' });
    const closed = await fedex.manifest?.close(request, call);
    expect(closed).toMatchObject({ outcome: 'closed', leftOut: [], documents: [{ in: 'answer' }] });
    expect(simulator.manifested()).toEqual([ground.trackingNumber]);
    expect(await fedex.manifest?.look(request, null, call)).toEqual(closed);
    expect(await fedex.manifest?.close(request, call)).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('NO.SHIPMENTS') });
    expect(await fedex.void?.(ground, call), 'what is closed is not taken back').toMatchObject({ outcome: 'refused', used: false });
    expect(simulator.complaints()).toEqual([]);
  });

  test.each(['FDXE', 'FDXG'] as const)('books and cancels a pickup of %s', async (pickupCarrier) => {
    call = await callOf({ pickupCarrier });
    const request = {
      reference: '01KAGM5Q80ABCDEFGHJKMNPQRU',
      from: FROM,
      day: new Date().toISOString().slice(0, 10),
      readyAt: '14:00',
      closesAt: '18:00',
      timeZone: 'America/Chicago',
      parcels: 3,
      weight: 7_500,
      instructions: 'Dock 3',
      labels: [],
    };
    const booked = await fedex.pickup?.book(request, call);
    const confirmation = booked?.outcome === 'booked' ? booked.confirmation : '';

    expect(booked).toMatchObject({ outcome: 'booked', cost: null });
    expect(await fedex.pickup?.cancel(confirmation, call)).toEqual({ outcome: 'cancelled' });
    expect(await fedex.pickup?.cancel(confirmation, call), 'again').toEqual({ outcome: 'cancelled' });
    expect(await fedex.pickup?.book({ ...request, readyAt: '19:00' }, call)).toMatchObject({ outcome: 'refused' });
    expect(simulator.complaints()).toEqual([]);
  });

  test.each<[string, Partial<Shipment['to']>, string]>([
    ['good', {}, 'ok'],
    ['misspelt', { line1: '18 Mian Street' }, 'corrected'],
    ['without a house number', { line1: 'Juniper Court' }, 'doubtful'],
    ['in a country that is not known', { country: 'TG', region: '', postalCode: '01' }, 'unchecked'],
    ['with a postal code that is not known either', { country: 'TG', region: '', postalCode: '000' }, 'doubtful'],
  ])('an address that is %s is %s', async (_what, change, verdict) => {
    expect(await fedex.checkAddress?.({ ...TO, ...change }, call)).toMatchObject({ verdict });
    expect(simulator.complaints()).toEqual([]);
  });
});

describe('FedEx as it is played', () => {
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${simulator.settings.endpoint}${path}`, { method: 'POST', body, headers: { authorization: `Bearer ${call.token}`, 'content-type': 'application/json', ...headers } });

  test('gives a token for the right secret alone', async () => {
    const http = httpClient({ trustedOrigins: [String(simulator.settings.endpoint)] });

    await expect(fedex.refresh?.({ ...call, secret: 'wrong', http })).rejects.toMatchObject({ code: 'carrier.refused' });
    expect(await fedex.find(await drafted(shipmentTo(TO)), { ...call, token: 'stale' })).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('NOT.AUTHORIZED') });
  });

  test.each<[string, (shipment: ReturnType<typeof JSON.parse>) => unknown, string]>([
    ['a fourth street line', (shipment) => Object.assign(shipment.recipients[0].address, { streetLines: ['1', '2', '3', '4'] }), 'streetLines'],
    ['a line of 36 characters', (shipment) => Object.assign(shipment.recipients[0].address, { streetLines: ['x'.repeat(36)] }), 'streetLines'],
    ['a missing phone number', (shipment) => Object.assign(shipment.recipients[0].contact, { phoneNumber: '' }), 'phoneNumber'],
    ['a side with a fraction', (shipment) => Object.assign(shipment.requestedPackageLineItems[0].dimensions, { length: 11.9 }), 'length'],
    ['a field that it does not know', (shipment) => Object.assign(shipment, { recipient: {} }), 'recipient'],
    ['a reference of 31 characters', (shipment) => Object.assign(shipment.requestedPackageLineItems[0].customerReferences[0], { value: 'R'.repeat(31) }), 'value'],
    ['a service that does not go there', (shipment) => Object.assign(shipment, { serviceType: 'FEDEX_FREIGHT' }), 'FEDEX_FREIGHT'],
  ])('refuses %s, charges nothing, and remembers it', async (_what, change, said) => {
    const body = JSON.parse((await drafted(shipmentTo(TO))).request);
    change(body.requestedShipment);
    const response = await post('/ship/v1/shipments', JSON.stringify(body));

    expect(response.status).toBe(400);
    expect(simulator.charges()).toEqual([]);
    expect(simulator.complaints()).toEqual([expect.stringContaining(said)]);
  });

  test.each<[string, string, string, Record<string, string>]>([
    ['an endpoint that it does not have', '/ship/v2/shipments', '{}', {}],
    ['a body that is no JSON', '/ship/v1/shipments', '{', {}],
    ['a form in place of JSON', '/ship/v1/shipments', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    [
      '31 numbers at once',
      '/track/v1/trackingnumbers',
      JSON.stringify({ includeDetailedScans: true, trackingInfo: Array.from({ length: 31 }, () => ({ trackingNumberInfo: { trackingNumber: '1' } })) }),
      {},
    ],
  ])('complains of %s', async (_what, path, body, headers) => {
    const response = await post(path, body, headers);

    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(simulator.complaints()).toHaveLength(1);
  });

  test("takes nothing on another account's number", async () => {
    const { request } = await drafted(shipmentTo(TO));
    const response = await post('/ship/v1/shipments', request.replaceAll('740561073', '740561074'));

    expect(response.status).toBe(400);
    expect(simulator.charges()).toEqual([]);
  });

  test('answers nothing but errors while it is down', async () => {
    simulator.breakDown(true);
    const http = httpClient({ trustedOrigins: [String(simulator.settings.endpoint)] });

    await expect(fedex.quote(shipmentTo(TO), call)).rejects.toMatchObject({ name: 'Unavailable' });
    await expect(fedex.refresh?.({ ...call, secret: SECRET.token, http })).rejects.toMatchObject({ name: 'Unavailable' });
    simulator.breakDown(false);
    expect((await fedex.quote(shipmentTo(TO), call)).rates).not.toEqual([]);
  });

  test('a parcel whose label was taken back does not travel', async () => {
    const label = await bought(shipmentTo(TO));
    await fedex.void?.(label, call);
    posted.length = 0;
    simulator.handOver([label.trackingNumber]);

    expect(posted).toEqual([]);
    expect(summarise(await historyOf(label.trackingNumber))).toMatchObject({ status: 'cancelled' });
  });
});
