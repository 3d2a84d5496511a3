import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Shipment } from '../../../adapters/carrier.ts';
import easypost from '../../../adapters/carriers/easypost.ts';
import { httpClient } from '../../../adapters/http.ts';
import { labelFileOf } from '../../../adapters/label-file.ts';
import { isSigned } from '../../../adapters/signature.ts';
import { differencesOf } from '../../../core/address.ts';
import type { CarrierFault, PlayedCarrier } from '../../../local/simulators/carrier.ts';
import { easypostAddress, openEasypost } from '../../../local/simulators/easypost.ts';
import type { Journey } from '../../../local/simulators/journey.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';
import { PATIENT_MS, patienceFor } from './patience.ts';

const TO = { name: 'Zoë Vandergloom', line1: 'Thistledown Lane 7', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US', phone: '+15035550100' };
const FROM = { name: 'Harbour & Pine', line1: 'Am Kaiserkai 12', city: 'Hamburg', postalCode: '20457', country: 'DE', phone: '+49405550100' };
const SECRET = 'Zoë-Ångström';
const CUSTOMS: NonNullable<Shipment['customs']> = {
  ...{ contents: 'merchandise', currency: 'EUR', invoiceNumber: '#1', invoiceDate: '2026-11-20', signer: 'Jule Ankerplatz', terms: 'DAP', undeliverable: 'return' },
  items: [{ sku: 'TENT', description: 'Camping tent', quantity: 1, value: 9_000, weight: 800, hsCode: '630622', origin: 'DE' }],
};
const SHIPMENT: Shipment = {
  ...{ reference: '01JD', from: FROM, to: TO, email: null, weight: 900, dimensions: null, shipDate: '2026-11-20', value: 9_000, currency: 'EUR', customs: CUSTOMS },
  ...{ hazardous: false, returns: false },
};

describe('the simulated EasyPost', () => {
  let posted: Posting[];
  let carrier: PlayedCarrier;

  beforeEach(async () => {
    posted = [];
    const file = join(mkdtempSync(join(tmpdir(), 'easypost-')), 'account.sqlite');
    const secret = { token: 'EZTK', signing: SECRET, apiKey: '' };
    const updateUrl = () => 'http://hub/updates/easypost';
    carrier = await openEasypost({ connectionId: 'easypost', file, secret, settings: {}, post: (postings) => posted.push(...postings), updateUrl, stepMs: 10, currency: 'EUR' });
  });
  afterEach(() => carrier.close());

  function call(timeoutMs = PATIENT_MS) {
    const { endpoint = '' } = carrier.settings;
    const http = httpClient({ trustedOrigins: [new URL(endpoint).origin] });
    const secrets = { token: 'EZTK', secondToken: '', apiKey: '', signingSecret: SECRET };
    return {
      ...{ connectionId: 'easypost', settings: easypost.settings.parse({ endpoint }), ...secrets, updateUrl: 'https://hub.example.com/updates/easypost', now: new Date() },
      http: (request: Parameters<typeof http>[0]) => http({ ...request, timeoutMs }),
    };
  }

  async function buy(fault?: CarrierFault, journey: Journey = 'plain') {
    carrier.expect([{ recipient: TO.name, journey, ...(fault !== undefined && { fault }) }]);
    const { carrierRef, rates } = await easypost.quote(SHIPMENT, call());
    const rate = rates.find(({ carrier: mover, service }) => mover === 'USPS' && service === 'Priority');
    if (rate === undefined) throw new Error('no rate');
    const purchase = { reference: '01JD', carrierRef, rate, request: easypost.draft(SHIPMENT, carrierRef, rate, call().settings) };
    return { purchase, outcome: await easypost.buy(purchase, call(patienceFor(fault))) };
  }

  async function bought(journey: Journey = 'plain') {
    const { purchase, outcome } = await buy(undefined, journey);
    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    const { carrierRef, trackingNumber } = outcome.label;
    return { purchase, label: outcome.label, known: { reference: purchase.reference, carrierRef, trackingNumber } };
  }

  it('sells a label whose address differs in formatting alone', async () => {
    const { outcome } = await buy();

    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    expect(outcome.label).toMatchObject({ carrier: 'USPS', service: 'Priority', currency: 'EUR' });
    expect(outcome.label.address?.name).toBe('ZOË VANDERGLOOM');
    expect(outcome.label.address && differencesOf(TO, outcome.label.address)).toEqual([]);
    expect(carrier.charges()).toHaveLength(1);
  });

  it('keeps the label as a real document', async () => {
    const { outcome } = await buy();

    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    const { document } = outcome.label;
    const label = { reference: '01JD', carrierRef: outcome.label.carrierRef, trackingNumber: outcome.label.trackingNumber };
    expect(labelFileOf(await easypost.label(label, document.in === 'url' ? document.url : null, call()))).toMatchObject({ contentType: 'application/pdf', extension: 'pdf' });
    expect(labelFileOf(await easypost.label(label, null, call())), 'also by what it is known by').toMatchObject({ extension: 'pdf' });
  });

  it('refuses to sell a shipment twice and charges once', async () => {
    const { purchase } = await buy();

    expect(await easypost.buy(purchase, call())).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('SHIPMENT.POSTAGE.EXISTS') });
    expect(carrier.charges()).toHaveLength(1);
    expect(carrier.repeats()).toBe(1);
  });

  it.each(['hang-after-charge', 'reset-after-charge', 'error-after-charge'] as const)('%s: charges, loses the answer, and shows the label to a look-up', async (fault) => {
    const { outcome, purchase } = await buy(fault);

    expect(outcome.outcome).toBe('unknown');
    expect(carrier.charges()).toHaveLength(1);
    expect(await easypost.find(purchase, call())).toMatchObject({ outcome: 'bought' });
  });

  it.each(['error-before', 'throttled'] as const)('%s: charges nothing, and a look-up says so', async (fault) => {
    const { outcome, purchase } = await buy(fault);

    expect(outcome.outcome).toBe('unknown');
    expect(carrier.charges()).toEqual([]);
    expect(await easypost.find(purchase, call())).toEqual({ outcome: 'absent' });
  });

  it('declines with proof that nothing was bought', async () => {
    expect((await buy('declined')).outcome).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('PAYMENT_REQUIRED') });
    expect(carrier.charges()).toEqual([]);
  });

  it('takes a label back once, after which its parcel does not travel', async () => {
    const { known } = await bought();

    expect(await easypost.void?.(known, call())).toEqual({ outcome: 'pending' });
    expect(await easypost.void?.(known, call())).toEqual({ outcome: 'pending' });

    expect(carrier.voids()).toEqual([known.carrierRef]);
    const before = posted.length;
    carrier.handOver([known.trackingNumber]);
    expect(posted).toHaveLength(before);
  });

  it('takes no label back of a parcel that has left, and none that was not sold', async () => {
    const { known } = await bought();
    carrier.handOver([known.trackingNumber]);
    const unsold = await easypost.quote({ ...SHIPMENT, reference: '01JE' }, call());

    expect(await easypost.void?.(known, call())).toMatchObject({ outcome: 'refused', used: true });
    expect(await easypost.void?.({ ...unsold, reference: '01JE', trackingNumber: '' }, call())).toMatchObject({ outcome: 'refused', used: false });
    expect(carrier.voids()).toEqual([]);
  });

  it('lets travel what the driver took alone: another parcel of the same customer stays', async () => {
    const [taken, stays] = [await bought(), await bought()];
    carrier.handOver([taken.known.trackingNumber]);

    expect(await easypost.void?.(taken.known, call())).toMatchObject({ outcome: 'refused' });
    expect(await easypost.void?.(stays.known, call())).toEqual({ outcome: 'pending' });
  });

  it('prints another house number when it is told to', async () => {
    const { outcome } = await buy('wrong-address');

    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    expect(outcome.label.address && differencesOf(TO, outcome.label.address).map(({ field }) => field)).toEqual(['line1']);
  });

  it('posts the whole history with every scan, signed with the normalised secret', async () => {
    const { known } = await bought('delayed');
    carrier.handOver([known.trackingNumber]);

    const last = posted.find(({ body }) => body.includes('"status":"delivered"'));
    if (last === undefined) throw new Error('nothing was delivered');
    const { headers } = easypostAddress('http://hub/updates/easypost', SECRET)(last, new Date());
    expect(isSigned({ headers, body: last.body }, easypost.signature(call().settings), { current: SECRET.normalize('NFC') }, new Date())).toBe(true);
    const parsed = easypost.parseUpdate({ connectionId: 'easypost', headers, body: last.body, receivedAt: new Date().toISOString() }, call().settings);
    expect(parsed).toMatchObject({
      kind: 'updates',
      updates: [
        { events: [{ status: 'pre_transit' }, { status: 'in_transit' }, { status: 'in_transit', attention: true }, { status: 'out_for_delivery' }, { status: 'delivered' }] },
      ],
    });
  });

  it('wants customs data beyond the border, and remembers who sent none', async () => {
    await expect(easypost.quote({ ...SHIPMENT, customs: null }, call())).rejects.toMatchObject({ name: 'Rejected' });

    expect(carrier.complaints()).toEqual([expect.stringContaining('without customs_info')]);
  });

  it('answers nothing but errors while it is down', async () => {
    carrier.breakDown(true);
    await expect(easypost.quote(SHIPMENT, call())).rejects.toMatchObject({ name: 'Unavailable' });
    carrier.breakDown(false);

    expect((await buy()).outcome.outcome).toBe('bought');
  });

  it('closes a day once: a second form of the same label is refused', async () => {
    const { known } = await bought();
    const request = { reference: '01JF', from: FROM, shipDate: '2026-11-20', labels: [known], carrier: 'USPS' };

    expect(await easypost.manifest?.close(request, call())).toMatchObject({ outcome: 'closed', leftOut: [] });
    expect(await easypost.manifest?.close(request, call())).toMatchObject({ outcome: 'refused' });
    expect(await easypost.manifest?.look(request, null, call())).toMatchObject({ outcome: 'closed' });
    expect(carrier.manifested()).toEqual([known.trackingNumber]);
  });

  it('shows where a parcel is, lists what was sold, keeps one webhook, and checks addresses', async () => {
    const { label } = await bought();
    const { trackingNumber } = label;
    carrier.handOver([trackingNumber]);

    await vi.waitFor(async () => {
      const bodies = (await easypost.track?.([trackingNumber, 'NOBODYS'], call())) ?? [];
      const parsed = bodies.map((body) =>
        easypost.parseUpdate({ connectionId: 'easypost', headers: {}, body, receivedAt: new Date().toISOString(), via: 'poll' }, call().settings),
      );
      expect(parsed).toMatchObject([
        { kind: 'updates', updates: [{ trackingNumber, events: expect.arrayContaining([expect.objectContaining({ status: 'delivered' })]) }] },
        { kind: 'ignored' },
      ]);
    }, PATIENT_MS);
    expect(await easypost.list?.('2026-11-01T00:00:00.000Z', null, call())).toMatchObject({ labels: [{ reference: '01JD', cost: label.cost, voided: false }], next: null });
    expect([await easypost.subscribe?.(call()), await easypost.subscribe?.(call())]).toMatchObject([{ state: 'made' }, { state: 'kept' }]);
    expect(await easypost.checkAddress?.({ ...TO, line1: 'Unknown Road 1' }, call())).toMatchObject({ verdict: 'doubtful' });
    expect(await easypost.checkAddress?.({ ...TO, line1: 'Lange Strase 1' }, call())).toMatchObject({ suggestion: { line1: 'Lange Straße 1' } });
    expect(carrier.complaints()).toEqual([]);
  });

  it('collects what is booked, and takes a cancelled pickup for cancelled', async () => {
    const when = { day: '2026-11-23', readyAt: '14:00', closesAt: '17:00', timeZone: 'Europe/Berlin' };
    const booked = await easypost.pickup?.book({ reference: '01JG', from: FROM, ...when, parcels: 1, weight: 900, instructions: 'Gate 2', labels: [] }, call());

    expect(booked).toMatchObject({ outcome: 'booked', cost: 490 });
    const confirmation = booked?.outcome === 'booked' ? booked.confirmation : '';
    expect(await easypost.pickup?.cancel(confirmation, call())).toEqual({ outcome: 'cancelled' });
    expect(await easypost.pickup?.cancel(confirmation, call())).toEqual({ outcome: 'cancelled' });
  });
});
