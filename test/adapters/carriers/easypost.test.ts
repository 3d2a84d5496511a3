import { describe, expect, test } from 'vitest';
import type { Shipment } from '../../../adapters/carrier.ts';
import easypost from '../../../adapters/carriers/easypost.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { summarise } from '../../../core/tracking.ts';
import { type Answer, delivered, fixture, json, rejectionOf, scripted } from '../fixtures.ts';

const SETTINGS = easypost.settings.parse({});
const SHIPMENT = JSON.parse(fixture('easypost/shipment.json'));
const BOUGHT = {
  ...SHIPMENT,
  tracking_code: 'EZ2000000002',
  postage_label: { id: 'pl_1', label_url: 'https://easypost-files.example.com/label.pdf', label_file_type: 'application/pdf' },
  selected_rate: SHIPMENT.rates[1],
  tracker: { id: 'trk_1', public_url: 'https://track.easypost.com/djE6dHJr' },
};
const RATE = { rateId: 'rate_2', carrier: 'UPS', service: 'UPSStandard', cost: 770, currency: 'EUR', deliveryDays: null };
const PURCHASE = { reference: SHIPMENT.reference, carrierRef: SHIPMENT.id, rate: RATE, request: '{"rate":{"id":"rate_2"}}' };
const TO = { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', region: 'SN', postalCode: '04109', country: 'DE', phone: '+49 341 555 0199' };
const FROM = { name: 'Harbour & Pine', line1: 'Am Kaiserkai 12', city: 'Hamburg', postalCode: '20457', country: 'DE' };

function calling(...answers: readonly Answer[]) {
  const { http, asked } = scripted(...answers);
  const updateUrl = 'https://hub.example.com/updates/easypost';
  const call = {
    connectionId: 'easypost',
    settings: SETTINGS,
    token: 'EZTK1',
    secondToken: '',
    apiKey: '',
    signingSecret: 'hush',
    updateUrl,
    http,
    now: new Date('2026-11-20T09:00:00.000Z'),
  };
  return { call, asked };
}

const failure = (code: string, status: number) => json({ error: { code, message: 'Unable for Erika Muster', errors: [] } }, status);

describe('asking for a quote', () => {
  const shipment: Shipment = {
    reference: SHIPMENT.reference,
    from: FROM,
    to: TO,
    email: 'erika@example.com',
    weight: 2_520,
    dimensions: null,
    shipDate: '2026-11-20',
    value: 12_345,
    currency: 'EUR',
    customs: null,
    hazardous: false,
    returns: false,
  };

  test('posts the shipment in ounces under the key as user name', async () => {
    const { call, asked } = calling(json(SHIPMENT, 201));
    await easypost.quote(shipment, call);

    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://api.easypost.com/v2/shipments',
      headers: { authorization: `Basic ${Buffer.from('EZTK1:').toString('base64')}` },
    });
    expect(JSON.parse(String(asked[0]?.body))).toEqual({
      shipment: {
        reference: '01KAGM5Q80ABCDEFGHJKMNPQRS',
        to_address: {
          name: 'Erika Muster',
          company: null,
          street1: 'Beispielstraße 4',
          street2: null,
          city: 'Leipzig',
          state: 'SN',
          zip: '04109',
          country: 'DE',
          phone: '+49 341 555 0199',
          email: 'erika@example.com',
        },
        from_address: { name: 'Harbour & Pine', company: null, street1: 'Am Kaiserkai 12', street2: null, city: 'Hamburg', state: null, zip: '20457', country: 'DE', phone: null },
        parcel: { weight: 88.9 },
        options: { label_format: 'PDF', label_date: '2026-11-20T12:00:00Z' },
      },
    });
  });

  test('reads prices digit by digit and leaves out rates it cannot read', async () => {
    const offer = await easypost.quote(shipment, calling(json(SHIPMENT, 201)).call);

    expect(offer.carrierRef).toBe(SHIPMENT.id);
    expect(offer.rates).toEqual([
      { rateId: 'rate_1', carrier: 'DHLExpress', service: 'ExpressWorldwide', cost: 1840, currency: 'EUR', deliveryDays: 1 },
      { rateId: 'rate_2', carrier: 'UPS', service: 'UPSStandard', cost: 770, currency: 'EUR', deliveryDays: null },
      { rateId: 'rate_3', carrier: 'USPS', service: 'Priority', cost: 593, currency: 'USD', deliveryDays: 2 },
    ]);
  });

  test('without rates it says which carriers refused, and repeats no address', async () => {
    const error: unknown = await easypost.quote(shipment, calling(json({ ...SHIPMENT, rates: [] }, 201)).call).catch((cause: unknown) => cause);

    expect(error).toMatchObject({ name: 'Rejected', code: 'carrier.no-rates', message: expect.stringContaining('FedEx: rate_error') });
    expect(String(error)).not.toMatch(/Erika|Muster/);
  });

  test('a refusal names the code alone', async () => {
    const error: unknown = await easypost.quote(shipment, calling(failure('ADDRESS.VERIFY.FAILURE', 422)).call).catch((cause: unknown) => cause);

    expect(error).toBeInstanceOf(Rejected);
    expect(String(error)).toContain('ADDRESS.VERIFY.FAILURE');
    expect(String(error)).not.toMatch(/Erika|Muster/);
  });

  test('a carrier that is busy says when to come again', async () => {
    await expect(easypost.quote(shipment, calling(json('', 429, { 'retry-after': '4' })).call)).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 4 });
  });
});

describe('buying', () => {
  test('is one call that names the rate, and reads what was bought', async () => {
    const { call, asked } = calling(json(BOUGHT));

    expect(await easypost.buy(PURCHASE, call)).toEqual({
      outcome: 'bought',
      label: {
        carrier: 'UPS',
        service: 'UPSStandard',
        trackingNumber: 'EZ2000000002',
        trackingUrl: 'https://track.easypost.com/djE6dHJr',
        cost: 770,
        currency: 'EUR',
        carrierRef: SHIPMENT.id,
        document: { in: 'url', url: 'https://easypost-files.example.com/label.pdf' },
        forms: [],
        address: { name: 'ERIKA MUSTER', line1: 'BEISPIELSTR 4', city: 'LEIPZIG', region: 'SN', postalCode: '04109', country: 'DE', phone: '493415550199' },
      },
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', url: `https://api.easypost.com/v2/shipments/${SHIPMENT.id}/buy`, body: '{"rate":{"id":"rate_2"}}' });
  });

  test.each<[number, string]>([
    [402, 'PAYMENT_REQUIRED'],
    [422, 'SHIPMENT.POSTAGE.FAILURE'],
    [422, 'SHIPMENT.RATES.UNAVAILABLE'],
    [401, 'APIKEY.INACTIVE'],
    [403, 'APIKEY.INACTIVE'],
    [404, 'NOT_FOUND'],
  ])('HTTP %d %s proves that nothing was bought', async (status, code) => {
    // A key that is refused is no fault of the shipment's.
    const again = status === 401 || status === 403;
    expect(await easypost.buy(PURCHASE, calling(failure(code, status)).call)).toEqual({ outcome: 'refused', again, reason: `answered ${status} ${code}` });
  });

  test.each<[string, Answer]>([
    ['postage that exists', failure('SHIPMENT.POSTAGE.EXISTS', 422)],
    ['a purchase in progress', failure('SHIPMENT.PURCHASE.IN_PROGRESS', 422)],
    ['a carrier behind it that did not answer', failure('SHIPMENT.POSTAGE.NO_RESPONSE', 422)],
    ['HTTP 408', failure('TIMEOUT', 408)],
    ['HTTP 409', failure('CONFLICT', 409)],
    ['HTTP 429', failure('RATE_LIMITED', 429)],
    ['HTTP 500', failure('INTERNAL_SERVER_ERROR', 500)],
    ['HTTP 503 from a proxy', json('<html>', 503)],
    ['a refusal without a code', json('<html>Forbidden</html>', 403)],
    ['a redirect', json('', 302)],
    ['a lost answer', new Unavailable('http.timeout', 'no answer')],
    ['half an answer', json('{"id":"shp_')],
    ['an answer without tracking number', json({ ...BOUGHT, tracking_code: null })],
    ['an answer without price', json({ ...BOUGHT, selected_rate: null })],
    ['an answer about another shipment', json({ ...BOUGHT, id: 'shp_other' })],
  ])('%s leaves the outcome unknown', async (_what, answer) => {
    expect(await easypost.buy(PURCHASE, calling(answer).call)).toMatchObject({ outcome: 'unknown' });
  });

  test('a request that never left bought nothing', async () => {
    expect(await easypost.buy(PURCHASE, calling(new Rejected('http.address-refused', 'not public')).call)).toMatchObject({ outcome: 'refused' });
  });

  test('a tracking page that is not https is not passed on', async () => {
    const outcome = await easypost.buy(PURCHASE, calling(json({ ...BOUGHT, tracker: { public_url: 'http://track.example.com' } })).call);

    expect(outcome).toMatchObject({ outcome: 'bought', label: { trackingUrl: '' } });
  });
});

describe('looking a purchase up', () => {
  test.each<[string, object, string]>([
    ['with label and number is bought', BOUGHT, 'bought'],
    ['with neither is absent', SHIPMENT, 'absent'],
    ['with a number alone is unknown', { ...SHIPMENT, tracking_code: 'EZ1' }, 'unknown'],
    ['with a label alone is unknown', { ...BOUGHT, tracking_code: null }, 'unknown'],
    ['of another id is unknown', { ...SHIPMENT, id: 'shp_other' }, 'unknown'],
  ])('a shipment %s', async (_what, answer, outcome) => {
    const { call, asked } = calling(json(answer));

    expect(await easypost.find(PURCHASE, call)).toMatchObject({ outcome });
    expect(asked[0]).toMatchObject({ method: 'GET', url: `https://api.easypost.com/v2/shipments/${SHIPMENT.id}` });
  });

  test('a shipment that is not found says nothing: the key may be that of the other mode', async () => {
    expect(await easypost.find(PURCHASE, calling(failure('NOT_FOUND', 404)).call)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('reading a callback', () => {
  const EVENT = JSON.parse(fixture('easypost/update-tracker.json'));
  const withTracker = (change: object) => JSON.stringify({ ...EVENT, result: { ...EVENT.result, ...change } });
  const detail = (status: string, status_detail: string | null, datetime = '2026-11-21T10:00:00Z') => ({ status, status_detail, datetime, message: 'Scan' });

  function eventsOf(text: string) {
    const parsed = easypost.parseUpdate(delivered(text), SETTINGS);
    return parsed.kind === 'updates' ? parsed.updates.flatMap(({ events }) => events) : [];
  }

  test('takes the whole history and drops the one detail that cannot be read', () => {
    const parsed = easypost.parseUpdate(delivered(fixture('easypost/update-tracker.json')), SETTINGS);

    expect(parsed).toEqual({
      kind: 'updates',
      updates: [
        {
          trackingNumber: 'EZ2000000002',
          events: [
            { status: 'pre_transit', code: 'pre_transit/label_created', at: '2026-11-20T12:00:00.000Z', description: 'Pre-Shipment Info Sent', attention: false },
            { status: 'in_transit', code: 'in_transit/received_at_origin_facility', at: '2026-11-20T18:05:00.123Z', description: 'Picked up', attention: false },
            { status: 'in_transit', code: 'in_transit/weather_delay', at: '2026-11-21T05:00:00.000Z', description: 'Delayed by snow', attention: true },
            { status: 'in_transit', code: 'in_transit/arrived_at_facility', at: '2026-11-21T09:30:00.000Z', description: 'Arrived', attention: false },
          ],
        },
      ],
    });
  });

  test('the history amounts to a parcel on its way, delayed once', () => {
    expect(summarise(eventsOf(fixture('easypost/update-tracker.json')))).toMatchObject({
      status: 'in_transit',
      firstScanAt: '2026-11-20T18:05:00.123Z',
      delayedAt: '2026-11-21T05:00:00.000Z',
    });
  });

  test.each([
    ['pre_transit', 'label_created', 'pre_transit', false],
    ['in_transit', null, 'in_transit', false],
    ['in_transit', 'delayed', 'in_transit', true],
    ['in_transit', 'transit_exception', 'in_transit', true],
    ['in_transit', 'missorted', 'in_transit', true],
    ['in_transit', 'held', 'in_transit', true],
    ['out_for_delivery', 'out_for_delivery', 'out_for_delivery', false],
    ['available_for_pickup', 'arrived_at_pickup_location', 'available_for_pickup', false],
    ['delivered', 'arrived_at_destination', 'delivered', false],
    ['return_to_sender', 'return', 'returned_to_sender', false],
    ['failure', 'address_correction', 'delivery_exception', false],
    ['failure', 'lost', 'lost', false],
    ['failure', 'damaged', 'lost', false],
    ['failure', 'expired', 'lost', false],
    ['cancelled', 'cancelled', 'cancelled', false],
    ['error', null, 'unknown', false],
    ['unknown', 'unknown', 'unknown', false],
    ['teleported', 'quantum', 'unknown', false],
  ])('%s with detail %s is %s', (status, word, expected, attention) => {
    expect(eventsOf(withTracker({ tracking_details: [detail(status, word)] }))).toMatchObject([
      { status: expected, attention, code: word === null ? status : `${status}/${word}` },
    ]);
  });

  test.each([
    ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00.000Z'],
    ['2026-11-21T10:00:00.1234567Z', '2026-11-21T10:00:00.123Z'],
    ['2026-11-21T10:00:00-05:00', '2026-11-21T15:00:00.000Z'],
    ['2026-11-21T10:00:00', '2026-11-21T10:00:00.000Z'],
  ])('time %s is %s', (datetime, at) => {
    expect(eventsOf(withTracker({ tracking_details: [detail('in_transit', null, datetime)] }))).toMatchObject([{ at }]);
  });

  test('a status without a history is one event at the time of the update', () => {
    expect(eventsOf(withTracker({ status: 'delivered', status_detail: 'arrived_at_destination', tracking_details: [] }))).toEqual([
      { status: 'delivered', code: 'delivered/arrived_at_destination', at: '2026-11-21T10:00:02.000Z', description: '', attention: false },
    ]);
    expect(eventsOf(withTracker({ status: 'unknown', tracking_details: null }))).toEqual([]);
  });

  test('a history of which nothing can be read, and no status, is refused and not lost', () => {
    const refusal = rejectionOf(() => easypost.parseUpdate(delivered(withTracker({ status: null, tracking_details: [{}, 7, detail('in_transit', null, 'soon')] })), SETTINGS));

    expect(refusal.code).toBe('tracking.payload-unreadable');
    expect(refusal.message).toContain('None of the 3');
  });

  test('a tracker without a number is refused by its field', () => {
    expect(rejectionOf(() => easypost.parseUpdate(delivered(withTracker({ tracking_code: '' })), SETTINGS)).message).toMatch(/result\.tracking_code \(""\)/);
  });

  test.each<[string, object]>([
    ['a batch', { description: 'batch.updated', result: { object: 'Batch', id: 'batch_1' } }],
    ['a tracker event of another kind', { description: 'refund.successful', result: { object: 'Refund' } }],
    ['an event without a result', { description: 'tracker.updated', result: null }],
    ['a ping', {}],
  ])('leaves %s alone', (_what, body) => {
    expect(easypost.parseUpdate(delivered(JSON.stringify(body)), SETTINGS)).toMatchObject({ kind: 'ignored' });
  });
});

describe('taking a label back', () => {
  const KEPT = { outcome: 'refused', used: false };
  const LABEL = { ...PURCHASE, trackingNumber: 'EZ2000000002' };
  const refund = (status: string | null, more: object = {}) => json({ ...BOUGHT, refund_status: status, ...more });
  const voidLabel = async (...answers: readonly Answer[]) => {
    const { call, asked } = calling(...answers);
    return { voided: await easypost.void?.(LABEL, call), asked: asked.map(({ method, url, body }) => [method, new URL(url).pathname, body]) };
  };
  const shipment = `/v2/shipments/${SHIPMENT.id}`;

  test('looks first, then asks once with an empty body', async () => {
    const { voided, asked } = await voidLabel(refund(null), refund('submitted'));

    expect(voided).toEqual({ outcome: 'pending' });
    expect(asked).toEqual([
      ['GET', shipment, undefined],
      ['POST', `${shipment}/refund`, '{}'],
    ]);
  });

  test.each([
    ['submitted', { outcome: 'pending' }],
    ['refunded', { outcome: 'voided' }],
    ['rejected', { outcome: 'refused', used: true }],
    ['not_applicable', { outcome: 'refused', used: false }],
    ['mislaid', { outcome: 'unknown' }],
  ])('a refund that is %s already is not asked for again', async (status, outcome) => {
    const { voided, asked } = await voidLabel(refund(status));

    expect(voided).toMatchObject(outcome);
    expect(asked).toHaveLength(1);
  });

  test.each<[string, Answer[], object]>([
    ['a refusal that is about the refund ends it', [refund(null), failure('SHIPMENT.REFUND.UNAVAILABLE', 422), refund(null, { status: 'pre_transit' })], KEPT],
    [
      'a refusal of a parcel that moves by then says that it was used',
      [refund(null), failure('SHIPMENT.REFUND.UNAVAILABLE', 422), refund(null, { status: 'in_transit' })],
      { outcome: 'refused', used: true },
    ],
    ['a refusal of what another asked for a moment ago is none', [refund(null), failure('SHIPMENT.REFUND.UNAVAILABLE', 422), refund('submitted')], { outcome: 'pending' }],
    ['a refusal after which nobody answers says nothing', [refund(null), failure('SHIPMENT.REFUND.UNAVAILABLE', 422), failure('BUSY', 503)], { outcome: 'unknown' }],
    ['another refusal says nothing about the label', [refund(null), failure('PAYMENT_REQUIRED', 402)], { outcome: 'unknown' }],
    ['an error of the carrier says nothing either', [refund(null), failure('SHIPMENT.REFUND.UNAVAILABLE', 503)], { outcome: 'unknown' }],
    ['nor does a look that fails', [failure('APIKEY.INACTIVE', 401)], { outcome: 'unknown' }],
    ['nor another shipment', [json({ ...BOUGHT, id: 'shp_other', refund_status: 'submitted' })], { outcome: 'unknown' }],
    ['nor an answer that has not heard of the refund', [refund(null), refund(null)], { outcome: 'unknown' }],
    ['nor silence', [refund(null), new Unavailable('http.timeout', 'api did not answer')], { outcome: 'unknown' }],
  ])('%s', async (_what, answers, outcome) => {
    expect((await voidLabel(...answers)).voided).toMatchObject(outcome);
  });
});

describe('a shipment beyond the border, of goods that come back, in a measured box', () => {
  const customs: NonNullable<Shipment['customs']> = {
    contents: 'returned-goods',
    currency: 'EUR',
    items: [{ sku: 'TENT', description: 'Camping tent', quantity: 2, value: 18_000, weight: 4_800, hsCode: '630622', origin: 'DE' }],
    invoiceNumber: '#1001',
    invoiceDate: '2026-11-20',
    signer: 'Jule Ankerplatz',
    terms: 'DDP',
    undeliverable: 'return',
  };
  const shipment: Shipment = {
    reference: SHIPMENT.reference,
    from: TO,
    to: FROM,
    email: 'erika@example.com',
    weight: 1_000,
    dimensions: { length: 180, width: 520, height: 101 },
    shipDate: '2026-11-20',
    value: 18_000,
    currency: 'EUR',
    customs,
    hazardous: true,
    returns: true,
  };

  test('is told so at once: customs cannot be added when it is bought', async () => {
    const { call, asked } = calling(json(SHIPMENT, 201));
    await easypost.quote(shipment, call);

    expect(JSON.parse(String(asked[0]?.body)).shipment).toMatchObject({
      is_return: true,
      parcel: { weight: 35.3, length: 20.5, width: 7.1, height: 4 },
      options: { hazmat: 'LIMITED_QUANTITY', incoterm: 'DDP' },
      // The customer sends it back, and is written to.
      from_address: { name: 'Erika Muster', email: 'erika@example.com' },
      customs_info: {
        contents_type: 'returned_goods',
        customs_signer: 'Jule Ankerplatz',
        non_delivery_option: 'return',
        customs_items: [{ quantity: 2, value: '180.00', currency: 'EUR', weight: 169.4, hs_tariff_number: '630622', origin_country: 'DE' }],
      },
    });
    expect(JSON.parse(String(asked[0]?.body)).shipment.to_address).not.toHaveProperty('email');
  });

  test('is bought with bytes that depend on the rate alone', () => {
    expect(easypost.draft(shipment, SHIPMENT.id, RATE, SETTINGS)).toBe(PURCHASE.request);
  });
});

describe('an address', () => {
  const check = (answer: object) => easypost.checkAddress?.(TO, calling(json(answer, 201)).call);
  const verified = (success: boolean, more: object = {}) => ({
    street1: 'BEISPIELSTR 4',
    city: 'LEIPZIG',
    zip: '04109',
    country: 'DE',
    ...more,
    verifications: { delivery: { success, errors: success ? [] : [{ code: 'E.ADDRESS.NOT_FOUND', field: 'address' }] } },
  });

  test('comes back as it should be written, under the name that we know', async () => {
    expect(await check(verified(true, { street1: 'BEISPIELSTR 5' }))).toMatchObject({ verdict: 'corrected', suggestion: { name: 'Erika Muster', line1: 'BEISPIELSTR 5' } });
  });

  test('that is not found is doubtful, with the code alone', async () => {
    expect(await check(verified(false))).toEqual({ verdict: 'doubtful', suggestion: null, problems: ['address: E.ADDRESS.NOT_FOUND'] });
  });

  test('of a country whose addresses nobody verifies is unchecked', async () => {
    expect(await check({ street1: 'X', verifications: {} })).toMatchObject({ verdict: 'unchecked' });
  });
});

describe('the end of a day', () => {
  const labels = ['1', '2'].map((id) => ({ reference: `R${id}`, carrierRef: `shp_${id}`, trackingNumber: `EZ${id}` }));
  const request = { reference: SHIPMENT.reference, from: FROM, shipDate: '2026-11-20', labels, carrier: 'USPS' };
  const form = (more: object) => json({ id: 'sf_1', status: 'created', form_url: 'https://files.example.com/sf_1.pdf', tracking_codes: ['EZ1', 'EZ2'], ...more });

  test.each<[string, Answer, object]>([
    ['is closed by a form', form({}), { outcome: 'closed', manifestRef: 'sf_1', documents: [{ in: 'url' }], leftOut: [] }],
    ['leaves out what the form does not name', form({ tracking_codes: ['EZ1'] }), { outcome: 'closed', leftOut: [{ trackingNumber: 'EZ2' }] }],
    ['is pending while the form is made', form({ status: 'creating', form_url: null }), { outcome: 'pending', manifestRef: 'sf_1' }],
    ['is refused when the form failed', form({ status: 'failed', message: 'no origin' }), { outcome: 'refused', reason: 'no origin' }],
    ['is refused by a code', failure('SCAN_FORM.SHIPMENT_INELIGIBLE', 422), { outcome: 'refused' }],
    ['is unknown without an answer', new Unavailable('http.timeout', 'none'), { outcome: 'unknown' }],
    ['is unknown after an error', failure('INTERNAL', 500), { outcome: 'unknown' }],
  ])('%s', async (_what, answer, outcome) => {
    expect(await easypost.manifest?.close(request, calling(answer).call)).toMatchObject(outcome);
  });

  test('needs no form of what moves without one, and asks for none', async () => {
    const { call, asked } = calling();

    expect(await easypost.manifest?.close({ ...request, carrier: 'UPS' }, call)).toMatchObject({ outcome: 'closed', documents: [] });
    expect(asked).toEqual([]);
  });

  test('whose form has no name for us is found by one of its shipments', async () => {
    const { call, asked } = calling(json({ id: 'shp_1', scan_form: { id: 'sf_1' } }), form({}));

    expect(await easypost.manifest?.look(request, null, call)).toMatchObject({ outcome: 'closed', manifestRef: 'sf_1' });
    expect(asked.map(({ url }) => new URL(url).pathname)).toEqual(['/v2/shipments/shp_1', '/v2/scan_forms/sf_1']);
    expect(await easypost.manifest?.look(request, null, calling(json({ id: 'shp_1', scan_form: null })).call)).toMatchObject({ outcome: 'refused' });
  });
});

describe('a pickup', () => {
  const request = {
    ...{ reference: SHIPMENT.reference, from: FROM, day: '2026-11-23', readyAt: '14:00', closesAt: '17:00', timeZone: 'Europe/Berlin', parcels: 3, weight: 4_000 },
    ...{ instructions: 'Gate 2', labels: [{ reference: 'R1', carrierRef: 'shp_1', trackingNumber: 'EZ1' }] },
  };
  const created = json({
    id: 'pickup_1',
    pickup_rates: [
      { carrier: 'UPS', service: 'Same-day', rate: '9.90', currency: 'EUR' },
      { carrier: 'UPS', service: 'Future-day', rate: '4.90', currency: 'EUR' },
    ],
  });

  test('is created, and the cheapest rate bought', async () => {
    const { call, asked } = calling(created, json({ id: 'pickup_1', confirmation: 'C1' }));

    expect(await easypost.pickup?.book(request, call)).toEqual({ outcome: 'booked', confirmation: 'pickup_1', cost: 490, currency: 'EUR' });
    expect(JSON.parse(String(asked[0]?.body)).pickup).toMatchObject({
      min_datetime: '2026-11-23T13:00:00.000Z',
      max_datetime: '2026-11-23T16:00:00.000Z',
      shipment: { id: 'shp_1' },
    });
    expect(JSON.parse(String(asked[1]?.body))).toEqual({ carrier: 'UPS', service: 'Future-day' });
  });

  test.each<[string, Answer[], string]>([
    ['that nobody offers is refused', [json({ id: 'pickup_1', pickup_rates: [] })], 'refused'],
    ['that was not even created may be created again: that costs nothing', [new Unavailable('http.timeout', 'none')], 'later'],
    ['whose creation the carrier has no time for may be created again', [failure('RATE_LIMITED', 429)], 'later'],
    ['whose creation cannot be read may be created again', [json({ odd: true })], 'later'],
    ['whose creation is refused is refused', [failure('PICKUP.INVALID', 422)], 'refused'],
    ['whose purchase is not answered is unknown', [created, new Unavailable('http.timeout', 'none')], 'unknown'],
    ['whose purchase is refused is refused', [created, failure('PICKUP.FAILURE', 422)], 'refused'],
  ])('%s', async (_what, answers, outcome) => {
    expect(await easypost.pickup?.book(request, calling(...answers).call)).toMatchObject({ outcome });
  });
});

describe('the subscription', () => {
  const hook = { id: 'hook_1', url: 'https://hub.example.com/updates/easypost', disabled_at: null };

  test.each<[string, Answer[], string, string[]]>([
    ['is kept', [json({ webhooks: [hook] })], 'kept', ['GET']],
    ['is made where there is none of ours', [json({ webhooks: [{ ...hook, url: 'https://other.example.com' }] }), json({ id: 'hook_2' }, 201)], 'made', ['GET', 'POST']],
    ['is mended where it was disabled', [json({ webhooks: [{ ...hook, disabled_at: '2026-11-01T00:00:00Z' }] }), json({})], 'mended', ['GET', 'PATCH']],
  ])('%s', async (_what, answers, state, methods) => {
    const { call, asked } = calling(...answers);

    expect(await easypost.subscribe?.(call)).toEqual({ state, until: null });
    expect(asked.map(({ method }) => method)).toEqual(methods);
  });
});

describe('the list of labels', () => {
  const listed = (id: string, more: object = {}) => ({ ...BOUGHT, id, reference: `R-${id}`, created_at: '2026-11-20T08:00:00Z', ...more });

  test('comes in pages, tells which were taken back, and loses nothing for one that cannot be read', async () => {
    const { call, asked } = calling(json({ shipments: [listed('shp_2', { refund_status: 'submitted' }), listed('shp_1', { selected_rate: null })], has_more: true }));

    expect(await easypost.list?.('2026-11-19T00:00:00.000Z', 'shp_3', call)).toEqual({
      labels: [{ reference: 'R-shp_2', carrierRef: 'shp_2', trackingNumber: 'EZ2000000002', cost: 770, currency: 'EUR', boughtAt: '2026-11-20T08:00:00.000Z', voided: true }],
      next: 'shp_1',
    });
    expect(new URL(asked[0]?.url ?? '').searchParams.get('before_id')).toBe('shp_3');
  });
});
