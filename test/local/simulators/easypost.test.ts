import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import easypost from '../../../adapters/carriers/easypost.ts';
import { httpClient } from '../../../adapters/http.ts';
import { isSigned } from '../../../adapters/signature.ts';
import { differencesOf } from '../../../core/address.ts';
import { chooseRate } from '../../../core/shipment.ts';
import { type CarrierFault, type Easypost, easypostAddress, openEasypost } from '../../../local/simulators/easypost.ts';
import type { Journey } from '../../../local/simulators/journey.ts';
import type { Posting } from '../../../local/simulators/outbox.ts';

const TO = { name: 'Zoë Vandergloom', line1: 'Thistledown Lane 7', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US', phone: '+15035550100' };
const FROM = { name: 'Harbour & Pine', line1: 'Am Kaiserkai 12', city: 'Hamburg', postalCode: '20457', country: 'DE', phone: '+49405550100' };
const SECRET = 'Zoë-Ångström';

describe('the simulated EasyPost', () => {
  let posted: Posting[];
  let carrier: Easypost;

  beforeEach(async () => {
    posted = [];
    const file = join(mkdtempSync(join(tmpdir(), 'easypost-')), 'account.sqlite');
    carrier = await openEasypost({ file, apiKey: 'EZTK', post: (postings) => posted.push(...postings), sender: 'easypost', stepMs: 10, currency: 'EUR' });
  });
  afterEach(() => carrier.close());

  function call() {
    const http = httpClient({ trustedOrigins: [new URL(carrier.endpoint).origin] });
    const settings = easypost.settings.parse({ endpoint: carrier.endpoint, services: ['USPS Priority'] });
    return { settings, token: 'EZTK', http: (request: Parameters<typeof http>[0]) => http({ ...request, timeoutMs: 400 }) };
  }

  async function buy(fault?: CarrierFault, journey: Journey = 'plain') {
    carrier.expect([{ recipient: TO.name, journey, ...(fault !== undefined && { fault }) }]);
    const offer = await easypost.offer({ reference: '01JD', from: FROM, to: TO, email: null, weight: 900 }, call());
    const rate = chooseRate(offer.rates, 'EUR', easypost.services(call().settings));
    if (rate === undefined) throw new Error('no rate');
    const purchase = { reference: '01JD', carrierRef: offer.carrierRef, rate };
    return { purchase, outcome: await easypost.buy(purchase, call()) };
  }

  it('sells a label whose address differs in formatting alone', async () => {
    const { outcome } = await buy();

    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    expect(outcome.label).toMatchObject({ carrier: 'USPS', service: 'Priority', currency: 'EUR' });
    expect(outcome.label.address.name).toBe('ZOË VANDERGLOOM');
    expect(differencesOf(TO, outcome.label.address)).toEqual([]);
    expect(carrier.charges()).toHaveLength(1);
  });

  it('keeps the label as a real document', async () => {
    const { outcome } = await buy();

    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    expect(await easypost.label(outcome.label.documentUrl, call())).toMatchObject({ contentType: 'application/pdf', extension: 'pdf' });
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
    const { purchase } = await buy();
    const label = { ...purchase, trackingNumber: '' };

    expect(await easypost.voidLabel?.(label, call())).toEqual({ outcome: 'pending' });
    expect(await easypost.voidLabel?.(label, call())).toEqual({ outcome: 'pending' });

    expect(carrier.refunds()).toEqual([purchase.carrierRef]);
    const before = posted.length;
    carrier.handOver([TO.name]);
    expect(posted).toHaveLength(before);
  });

  it('takes no label back of a parcel that has left, and none that was not sold', async () => {
    const { purchase } = await buy();
    carrier.handOver([TO.name]);
    const unsold = await easypost.offer({ reference: '01JE', from: FROM, to: TO, email: null, weight: 900 }, call());

    expect(await easypost.voidLabel?.({ ...purchase, trackingNumber: '' }, call())).toMatchObject({ outcome: 'refused', used: true });
    expect(await easypost.voidLabel?.({ ...unsold, reference: '01JE', trackingNumber: '' }, call())).toMatchObject({ outcome: 'refused', used: false });
    expect(carrier.refunds()).toEqual([]);
  });

  it('prints another house number when it is told to', async () => {
    const { outcome } = await buy('wrong-address');

    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    expect(differencesOf(TO, outcome.label.address).map(({ field }) => field)).toEqual(['line1']);
  });

  it('posts the whole history with every scan, signed with the normalised secret', async () => {
    await buy(undefined, 'delayed');
    carrier.handOver([TO.name]);

    const last = posted.find(({ body }) => body.includes('"status":"delivered"'));
    if (last === undefined) throw new Error('nothing was delivered');
    const { headers } = easypostAddress('http://hub/updates/easypost', SECRET)(last, new Date());
    expect(isSigned({ headers, body: last.body }, easypost.signature(call().settings), { current: SECRET.normalize('NFC') }, new Date())).toBe(true);
    const parsed = easypost.parseUpdate({ connectionId: 'easypost', headers, body: last.body, receivedAt: new Date().toISOString() });
    expect(parsed).toMatchObject({
      kind: 'update',
      update: { events: [{ status: 'pre_transit' }, { status: 'in_transit' }, { status: 'in_transit', attention: true }, { status: 'out_for_delivery' }, { status: 'delivered' }] },
    });
  });
});
