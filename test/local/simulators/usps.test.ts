import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabelAtCarrier, Purchased, Shipment } from '../../../adapters/carrier.ts';
import usps from '../../../adapters/carriers/usps.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { type HttpRequest, httpClient } from '../../../adapters/http.ts';
import { labelFileOf } from '../../../adapters/label-file.ts';
import { isHandshake, isSigned } from '../../../adapters/signature.ts';
import { differencesOf } from '../../../core/address.ts';
import { ulid } from '../../../core/id.ts';
import { summarise } from '../../../core/tracking.ts';
import type { CarrierFault, PlayedCarrier } from '../../../local/simulators/carrier.ts';
import type { Journey } from '../../../local/simulators/journey.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { openUsps } from '../../../local/simulators/usps.ts';
import { PATIENT_MS, patienceFor } from './patience.ts';

const FROM = { name: 'Harbour & Pine', line1: '45 Larch Street SW', city: 'Washington', region: 'DC', postalCode: '20024', country: 'US', phone: '+1 202 555 0100' };
const TO = { name: 'Zoë Vandergloom', line1: '7 Thistledown Lane', line2: 'Apt 3', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US' };
const ABROAD = { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', postalCode: '04109', country: 'DE', phone: '+49 341 555 0199' };
const CUSTOMS = {
  contents: 'merchandise',
  currency: 'USD',
  items: [{ sku: 'TEA-1', description: 'Black tea in a tin', quantity: 2, value: 2_498, weight: 600, hsCode: '090230', origin: 'IN' }],
  invoiceNumber: '1004',
  invoiceDate: '2026-11-22',
  signer: 'Harbour & Pine',
  terms: 'DAP',
  undeliverable: 'return',
} as const;
const SECRET = 'an-invented-secret-of-32-letters';
const ACCOUNT = { crid: '12345678', mid: '987654321', accountNumber: '1000405525' };
const UPDATES = 'https://hub.example.com/updates/usps';

describe('the simulated USPS', () => {
  let posted: Posting[];
  let carrier: PlayedCarrier;
  let tokens: { token: string; secondToken?: string };
  let made = 0;

  beforeEach(async () => {
    posted = [];
    carrier = await openUsps({
      connectionId: 'usps',
      file: join(mkdtempSync(join(tmpdir(), 'usps-')), 'account.sqlite'),
      secret: { signing: SECRET, token: 'consumer-secret', apiKey: 'consumer-key' },
      settings: ACCOUNT,
      post: (postings) => posted.push(...postings),
      updateUrl: () => UPDATES,
      stepMs: 10,
      currency: 'EUR',
    });
    tokens = await grantOf();
  });
  afterEach(() => carrier.close());

  function settingsOf(extra: object = {}) {
    return usps.settings.parse({ ...ACCOUNT, ...carrier.settings, ...extra });
  }

  function http(request: HttpRequest, timeoutMs = PATIENT_MS) {
    return httpClient({ trustedOrigins: [carrier.settings.endpoint ?? ''] })({ ...request, timeoutMs });
  }

  async function grantOf(secret = 'consumer-secret') {
    const { refresh } = usps;
    if (refresh === undefined) throw new Error('no refresh');
    return await refresh({ settings: settingsOf(), apiKey: 'consumer-key', secret, http, now: new Date() });
  }

  function call(extra: object = {}, now = new Date()) {
    return {
      connectionId: 'usps',
      settings: settingsOf(extra),
      token: tokens.token,
      secondToken: tokens.secondToken ?? '',
      apiKey: 'consumer-key',
      signingSecret: SECRET,
      updateUrl: UPDATES,
      http,
      now,
    };
  }

  function shipmentOf(extra: Partial<Shipment> = {}): Shipment {
    made += 1;
    const reference = ulid(new Date(), Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, made]));
    const shipDate = new Date().toISOString().slice(0, 10);
    const dimensions = { length: 300, width: 200, height: 100 };
    const rest = { email: 'zoe@example.com', weight: 900, dimensions, shipDate, value: 4_999, currency: 'USD', customs: null, hazardous: false, returns: false };
    return { reference, from: FROM, to: TO, ...rest, ...extra };
  }

  async function draftFor(shipment: Shipment, service = 'USPS_GROUND_ADVANTAGE', extra: object = {}) {
    const { rates } = await usps.quote(shipment, call(extra));
    const rate = rates.find((one) => one.service === service);
    if (rate === undefined) throw new Error(`no ${service} among ${rates.map((one) => one.service).join(', ')}`);
    return { reference: shipment.reference, carrierRef: '', rate, request: usps.draft(shipment, '', rate, settingsOf(extra)) };
  }

  async function buy({ fault, journey = 'plain', shipment = shipmentOf() }: { fault?: CarrierFault; journey?: Journey; shipment?: Shipment } = {}) {
    carrier.expect([{ recipient: TO.name, journey, ...(fault !== undefined && { fault }) }]);
    const purchase = await draftFor(shipment);
    return { purchase, outcome: await usps.buy(purchase, { ...call(), http: (request) => http(request, patienceFor(fault)) }) };
  }

  function labelIn(outcome: Purchased) {
    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    return outcome.label;
  }

  async function bought(options: Parameters<typeof buy>[0] = {}): Promise<LabelAtCarrier & { readonly cost: number }> {
    const { purchase, outcome } = await buy(options);
    const { carrierRef, trackingNumber, cost } = labelIn(outcome);
    return { reference: purchase.reference, carrierRef, trackingNumber, cost };
  }

  function deliveryOf({ body }: Posting, headers: Delivery['headers'] = {}): Delivery {
    return { connectionId: 'usps', headers, body, receivedAt: new Date().toISOString() };
  }

  it('issues both tokens until the first of them ends, and refuses a wrong secret', async () => {
    expect(tokens).toMatchObject({ token: expect.stringMatching(/^access\./), secondToken: expect.stringMatching(/^payment\./), expiresAt: expect.any(String) });
    await expect(grantOf('somebody-else')).rejects.toMatchObject({ name: 'Rejected', message: expect.stringContaining('invalid_client') });
  });

  it('names prices of the mail classes that fit our boxes, and sells a label for exactly that', async () => {
    const shipment = shipmentOf();
    const { rates } = await usps.quote(shipment, call());
    const { outcome } = await buy({ shipment });

    expect(rates.map(({ service, rateId }) => `${service} ${rateId}`)).toEqual([
      'USPS_GROUND_ADVANTAGE SP/MACHINABLE/NONE',
      'PRIORITY_MAIL SP/MACHINABLE/NONE',
      'PRIORITY_MAIL_EXPRESS PA/MACHINABLE/NONE',
    ]);
    expect(labelIn(outcome)).toMatchObject({ carrier: 'USPS', service: 'USPS_GROUND_ADVANTAGE', currency: 'USD', cost: rates[0]?.cost });
    expect(carrier.charges()).toMatchObject([{ recipient: 'ZOË VANDERGLOOM', reference: shipment.reference, cost: rates[0]?.cost, currency: 'USD' }]);
    expect(carrier.complaints()).toEqual([]);
  });

  it('charges the fee of a long box as it was quoted, to the cent', async () => {
    const shipment = shipmentOf({ dimensions: { length: 700, width: 200, height: 100 } });
    const purchase = await draftFor(shipment);

    expect(purchase.rate.rateId).toBe('SP/NONSTANDARD/NONE');
    expect(labelIn(await usps.buy(purchase, call())).cost).toBe(purchase.rate.cost);
    expect(carrier.charges()[0]?.cost).toBe(purchase.rate.cost);
  });

  it('prints the address in capitals with a long ZIP code, which is no difference', async () => {
    const { outcome } = await buy();

    const { address } = labelIn(outcome);
    expect(address).toMatchObject({ name: 'ZOË VANDERGLOOM', postalCode: '97201-0042' });
    expect(address === null ? [] : differencesOf(TO, address)).toEqual([]);
  });

  it('shows a wrong address in its answer', async () => {
    const { outcome } = await buy({ fault: 'wrong-address' });

    const { address } = labelIn(outcome);
    expect(address === null ? [] : differencesOf(TO, address).map(({ field }) => field)).toEqual(['line1']);
    expect(carrier.charges()[0]?.printed.line1).toContain('999');
  });

  it.each(['PDF', 'PNG', 'GIF', 'ZPL'])('draws labels as %s', async (labelFormat) => {
    const purchase = await draftFor(shipmentOf(), 'PRIORITY_MAIL', { labelFormat });
    const { document } = labelIn(await usps.buy(purchase, call({ labelFormat })));

    if (document.in !== 'answer') throw new Error('no picture');
    expect(labelFileOf(document.bytes).extension).toBe(labelFormat.toLowerCase());
  });

  it('is understood also where it answers in parts', async () => {
    const purchase = await draftFor(shipmentOf());
    const inParts = { ...call(), http: (request: HttpRequest) => http({ ...request, headers: { ...request.headers, accept: 'multipart/form-data' } }) };
    const one = labelIn(await usps.buy(purchase, inParts));
    const again = labelIn(await usps.buy(purchase, call()));

    expect(one).toEqual(again);
  });

  it('sells the same purchase once, however often it is asked for', async () => {
    const { purchase, outcome } = await buy();
    const again = await Promise.all([usps.buy(purchase, call()), usps.buy(purchase, call())]);

    for (const one of again) expect(labelIn(one)).toEqual(labelIn(outcome));
    expect(carrier.charges()).toHaveLength(1);
    expect(carrier.repeats()).toBe(2);
  });

  it('takes a key with other bytes for an unknown outcome', async () => {
    const { purchase } = await buy();

    expect(await usps.buy({ ...purchase, request: purchase.request.replace('Portland', 'Salem') }, call())).toMatchObject({ outcome: 'unknown' });
    expect(carrier.charges()).toHaveLength(1);
    expect(carrier.complaints()).toEqual([expect.stringContaining('another body')]);
  });

  it.each(['hang-after-charge', 'reset-after-charge', 'error-after-charge', 'slow'] as const)('%s: charges once, shows the label to a look-up and to a repeat', async (fault) => {
    const { purchase, outcome } = await buy({ fault });
    const found = await usps.find(purchase, call());
    const repeated = await usps.buy(purchase, call());

    expect(outcome).toMatchObject({ outcome: 'unknown' });
    if (found.outcome !== 'bought') throw new Error('not found');
    expect(labelIn(repeated)).toEqual(found.label);
    expect(found.label.document.in).toBe('answer');
    expect(carrier.charges()).toMatchObject([{ carrierRef: found.label.carrierRef, trackingNumber: found.label.trackingNumber, cost: found.label.cost }]);
  });

  it.each(['error-before', 'throttled'] as const)('%s: is unknown, not found, and bought by the repeat', async (fault) => {
    const { purchase, outcome } = await buy({ fault });

    expect(outcome).toMatchObject({ outcome: 'unknown' });
    expect(await usps.find(purchase, call())).toEqual({ outcome: 'absent' });
    expect(await usps.buy(purchase, call())).toMatchObject({ outcome: 'bought' });
    expect(carrier.charges()).toHaveLength(1);
  });

  it.each(['declined', 'no-rates'] as const)('%s: refuses and charges nothing', async (fault) => {
    const { outcome } = await buy({ fault });

    expect(outcome).toMatchObject({ outcome: 'refused', again: false });
    expect(carrier.charges()).toEqual([]);
  });

  it('refuses a token that ended, and says that it may be asked again', async () => {
    const purchase = await draftFor(shipmentOf());

    expect(await usps.buy(purchase, { ...call(), token: 'spent' })).toMatchObject({ outcome: 'refused', again: true });
    expect(await usps.buy(purchase, { ...call(), secondToken: 'spent' })).toMatchObject({ outcome: 'refused', again: true });
    expect(carrier.charges()).toEqual([]);
  });

  it.each(['throttled-rating', 'error-rating'] as const)('%s: names no prices once', async (fault) => {
    carrier.expect([{ recipient: 'Somebody', fault, journey: 'plain' }]);

    await expect(usps.quote(shipmentOf(), call())).rejects.toMatchObject({ name: 'Unavailable' });
    expect((await usps.quote(shipmentOf(), call())).rates).not.toEqual([]);
  });

  it('answers nothing while it is down', async () => {
    carrier.breakDown(true);
    await expect(usps.quote(shipmentOf(), call())).rejects.toMatchObject({ name: 'Unavailable' });

    carrier.breakDown(false);
    expect((await usps.quote(shipmentOf(), call())).rates).toHaveLength(3);
  });

  it('prints a label again three times', async () => {
    const label = await bought();
    for (let times = 0; times < 3; times++) expect(labelFileOf(await usps.label(label, null, call())).extension).toBe('pdf');

    await expect(usps.label(label, null, call())).rejects.toMatchObject({ name: 'Rejected' });
  });

  it('sells a label to another country with its customs form', async () => {
    const purchase = await draftFor(shipmentOf({ to: ABROAD, customs: CUSTOMS }), 'PRIORITY_MAIL_INTERNATIONAL');
    const label = labelIn(await usps.buy(purchase, call()));

    expect(label).toMatchObject({ service: 'PRIORITY_MAIL_INTERNATIONAL', trackingNumber: expect.stringMatching(/^LZ\d{9}US$/), cost: purchase.rate.cost });
    expect(label.address === null ? [] : differencesOf(ABROAD, label.address)).toEqual([]);
    expect(await usps.find(purchase, call())).toMatchObject({ outcome: 'bought' });
    expect(labelFileOf(await usps.label({ ...label, reference: purchase.reference }, null, call())).extension).toBe('pdf');
    expect(await usps.void?.({ ...label, reference: purchase.reference }, call())).toEqual({ outcome: 'voided' });
    expect(carrier.complaints()).toEqual([]);
  });

  it('sells a label for a parcel that comes back', async () => {
    const purchase = await draftFor(shipmentOf({ from: TO, to: FROM, returns: true }), 'USPS_GROUND_ADVANTAGE_RETURN_SERVICE');
    const label = labelIn(await usps.buy(purchase, call()));

    expect(label.address === null ? [] : differencesOf(FROM, label.address)).toEqual([]);
    expect(carrier.charges()[0]?.recipient).toBe('ZOË VANDERGLOOM');
    expect(await usps.find(purchase, call())).toMatchObject({ outcome: 'bought' });
    expect(carrier.complaints()).toEqual([]);
  });

  it('sells limited quantities by ground alone', async () => {
    const shipment = shipmentOf({ hazardous: true });
    const { rates } = await usps.quote(shipment, call());

    expect(rates.map(({ service }) => service)).toEqual(['USPS_GROUND_ADVANTAGE']);
    expect(await usps.buy(await draftFor(shipment), call())).toMatchObject({ outcome: 'bought' });
    expect(carrier.complaints()).toEqual([]);
  });

  it('cancels a label that was not filed, and says so again', async () => {
    const label = await bought();

    expect(await usps.void?.(label, call())).toEqual({ outcome: 'voided' });
    expect(await usps.void?.(label, call())).toEqual({ outcome: 'voided' });
    expect(carrier.voids()).toEqual([label.carrierRef]);
    await expect(usps.label(label, null, call())).rejects.toMatchObject({ name: 'Rejected' });
  });

  it('decides later on the postage of a label that was filed', async () => {
    const label = await bought();
    await usps.manifest?.close({ reference: label.reference, from: FROM, shipDate: '2026-11-23', labels: [label] }, call());

    expect(await usps.void?.(label, call())).toEqual({ outcome: 'pending' });
    expect(await usps.void?.(label, call())).toEqual({ outcome: 'pending' });
    expect(carrier.voids()).toEqual([label.carrierRef]);
  });

  it('takes back no label whose parcel it has', async () => {
    const label = await bought();
    carrier.handOver([label.trackingNumber]);

    expect(await usps.void?.(label, call())).toMatchObject({ outcome: 'refused', used: true });
    expect(carrier.voids()).toEqual([]);
  });

  it('knows a label that it does not find as cancelled only when it is old', async () => {
    const reference = ulid(new Date(), new Uint8Array(10));
    const label = { reference, carrierRef: 'x', trackingNumber: '9234690000000000000099' };

    expect(await usps.void?.(label, call())).toMatchObject({ outcome: 'unknown' });
    expect(await usps.void?.(label, call({}, new Date(Date.now() + 2 * 3_600_000)))).toEqual({ outcome: 'voided' });
  });

  it('closes a day with a SCAN form, and leaves out what cannot be on it', async () => {
    const [one, two, gone] = [await bought(), await bought(), await bought()];
    await usps.void?.(gone, call());
    const request = { reference: one.reference, from: FROM, shipDate: new Date().toISOString().slice(0, 10), labels: [one, two, gone] };
    const closed = await usps.manifest?.close(request, call());

    expect(closed).toMatchObject({ outcome: 'closed', manifestRef: expect.stringMatching(/^9475/), leftOut: [{ trackingNumber: gone.trackingNumber }] });
    if (closed?.outcome !== 'closed' || closed.documents[0]?.in !== 'answer') throw new Error('no document');
    expect(labelFileOf(closed.documents[0].bytes).extension).toBe('pdf');
    expect(carrier.manifested()).toEqual([one.trackingNumber, two.trackingNumber]);
    expect(await usps.manifest?.look({ ...request, labels: [one, two] }, null, call())).toMatchObject({ outcome: 'unknown' });
    expect(carrier.complaints()).toEqual([]);
  });

  it('closes a day by a second look where nothing came of the first', async () => {
    const label = await bought();
    const request = { reference: label.reference, from: FROM, shipDate: '2026-11-23', labels: [label] };
    carrier.breakDown(true);
    const first = await usps.manifest?.close(request, call());
    carrier.breakDown(false);

    expect(first).toMatchObject({ outcome: 'unknown' });
    expect(await usps.manifest?.look(request, null, call())).toMatchObject({ outcome: 'closed', leftOut: [] });
    expect(carrier.manifested()).toEqual([label.trackingNumber]);
  });

  it('books a pickup and cancels the version that was read, once', async () => {
    const label = await bought();
    const request = {
      reference: label.reference,
      from: FROM,
      day: '2026-11-24',
      readyAt: '14:00',
      closesAt: '17:00',
      timeZone: 'America/New_York',
      parcels: 1,
      weight: 900,
      instructions: 'Dock 2',
      labels: [label],
    };
    const booked = await usps.pickup?.book(request, call());

    if (booked?.outcome !== 'booked') throw new Error('not booked');
    expect(await usps.pickup?.cancel(booked.confirmation, call())).toEqual({ outcome: 'cancelled' });
    expect(await usps.pickup?.cancel(booked.confirmation, call())).toEqual({ outcome: 'cancelled' });
    expect(await usps.pickup?.book({ ...request, day: '2026-11-22' }, call())).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('Monday to Saturday') });
    expect(carrier.complaints()).toEqual([]);
  });

  it.each([
    ['7 Thistledown Lane', 'ok', []],
    ['7 Thistledown Avenu', 'corrected', []],
    ['1 Grey Tower', 'doubtful', ['the building is known, and the apartment or suite is missing', 'it lacks an apartment, suite or box number']],
    ['Nowhere', 'doubtful', ['USPS finds no such address']],
    ['4 Twin Street', 'doubtful', ['several addresses match it']],
    ['8 Ghost Road', 'doubtful', ['USPS does not deliver to this street; the recipient may have a PO box']],
  ])('checks an address: %s is %s', async (line1, verdict, problems) => {
    const { line2: _, ...address } = TO;

    expect(await usps.checkAddress?.({ ...address, line1 }, call())).toMatchObject({ verdict, problems });
  });

  it('is subscribed to once, and mends what was suspended or signs with another secret', async () => {
    const subscribe = async (signingSecret = SECRET) => (await usps.subscribe?.({ ...call(), signingSecret }))?.state;

    expect([await subscribe(), await subscribe(), await subscribe('another-secret-of-32-characters.')]).toEqual(['made', 'kept', 'mended']);
    expect(carrier.complaints()).toEqual([]);
    await expect(subscribe('short')).rejects.toMatchObject({ code: 'carrier.secret-unfit' });
  });

  it('tries a new listener with a challenge that is answered and not taken in', async () => {
    await usps.subscribe?.(call());
    const [challenge] = posted;
    const addressed = challenge === undefined ? undefined : await carrier.address(challenge, new Date());

    if (challenge === undefined || addressed === undefined) throw new Error('no challenge');
    const request = { headers: addressed.headers, body: challenge.body, method: 'POST', path: '/updates/usps', query: '' };
    expect(isHandshake(request, usps.signature(settingsOf()))).toBe(true);
    expect(isSigned(request, usps.signature(settingsOf()), { current: SECRET }, new Date())).toBe(false);
  });

  it('posts to nobody who is not subscribed', async () => {
    await bought();

    expect(posted.length).toBeGreaterThan(0);
    expect(posted[0] && (await carrier.address(posted[0], new Date()))).toBeUndefined();
  });

  it.each([
    ['plain', 'delivered', undefined],
    ['delayed', 'delivered', undefined],
    ['exception', 'delivered', undefined],
    ['returned', 'returned_to_sender', 'in_transit'],
    ['kept', 'pre_transit', undefined],
  ] as const)('%s: its signed callbacks and its tracking come to the same end, %s', async (journey, status, phase) => {
    await usps.subscribe?.(call());
    posted.length = 0;
    const label = await bought({ journey });
    if (journey !== 'kept') carrier.handOver([label.trackingNumber]);
    const updates = [];
    for (const posting of posted) {
      const addressed = await carrier.address(posting, new Date());
      const request = { headers: addressed?.headers ?? {}, body: posting.body, method: 'POST', path: '/updates/usps', query: '' };
      expect(isSigned(request, usps.signature(settingsOf()), { current: SECRET }, new Date())).toBe(true);
      const parsed = usps.parseUpdate(deliveryOf(posting), settingsOf());
      if (parsed.kind === 'updates') updates.push(...parsed.updates);
    }

    expect(new Set(updates.map(({ trackingNumber }) => trackingNumber))).toEqual(new Set([label.trackingNumber]));
    const events = updates.flatMap((update) => update.events);
    expect(summarise(events).status).toBe(status);
    expect(events.findLast((event) => event.status === status)?.phase).toBe(phase);
    const [body] = (await usps.track?.([label.trackingNumber], call())) ?? [];
    const asked = body === undefined ? undefined : usps.parseUpdate({ ...deliveryOf({ id: '', sender: '', meta: {}, body, due: 0 }), via: 'poll' }, settingsOf());
    expect(asked).toMatchObject({
      kind: 'updates',
      updates: [{ trackingNumber: label.trackingNumber, events: expect.arrayContaining([expect.objectContaining({ code: 'GX' })]) }],
    });
  });

  it('knows nothing of a number that it never gave', async () => {
    expect(await usps.track?.(['9234690000000000000099'], call())).toEqual([]);
  });
});
