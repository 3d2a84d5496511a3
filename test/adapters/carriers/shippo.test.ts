import { describe, expect, test } from 'vitest';
import type { Shipment } from '../../../adapters/carrier.ts';
import shippo from '../../../adapters/carriers/shippo.ts';
import { Settings } from '../../../adapters/shippo/settings.ts';
import { Unavailable } from '../../../core/error.ts';
import { publishedBy } from '../../contracts/carriers.ts';
import { type Answer, json } from '../fixtures.ts';
import { BOUGHT, CUSTOMS, calling, FROM, LABEL, LIST, NOW, PURCHASE, QUOTED, SHIPMENT, TO } from '../shippo/calling.ts';

describe('asking for prices', () => {
  async function bodyOf(shipment: Partial<Shipment>, settings: object = {}): Promise<unknown> {
    const { call, body } = calling([json(QUOTED, 201)], settings);
    await shippo.quote({ ...SHIPMENT, ...shipment }, call);
    return body();
  }

  test('posts the shipment in grams and millimetres, synchronously, with token and version', async () => {
    const { call, asked, body } = calling([json(QUOTED, 201)]);
    await shippo.quote(SHIPMENT, call);

    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://api.goshippo.com/shipments',
      headers: { authorization: 'ShippoToken shippo_live_1', 'shippo-api-version': '2018-02-08' },
    });
    expect(body()).toEqual({
      address_from: { name: 'Harbour & Pine', street1: '12 Pier Street', city: 'Portland', state: 'OR', zip: '97209', country: 'US' },
      address_to: {
        ...{ name: 'Erika Sample', company: 'Sample Works', street1: '4 Elm Street', street2: 'Suite 7', city: 'Austin', state: 'TX', zip: '78701', country: 'US' },
        ...{ phone: '+1 512 555 0100', email: 'erika@example.com' },
      },
      parcels: [{ length: '300', width: '200', height: '150', distance_unit: 'mm', weight: '2520', mass_unit: 'g' }],
      shipment_date: '2026-11-20T12:00:00.000Z',
      metadata: '01KAGM5Q80ABCDEFGHJKMNPQRS',
      async: false,
    });
  });

  test('reads prices digit by digit and leaves out rates it cannot read', async () => {
    expect(await shippo.quote(SHIPMENT, calling([json(QUOTED, 201)]).call)).toEqual({
      carrierRef: QUOTED.object_id,
      rates: [
        { rateId: QUOTED.rates[0].object_id, carrier: 'DHL Express', service: 'dhl_express_worldwide', cost: 1840, currency: 'USD', deliveryDays: 1 },
        { rateId: QUOTED.rates[1].object_id, carrier: 'USPS', service: 'usps_priority', cost: 593, currency: 'USD', deliveryDays: 3 },
        { rateId: QUOTED.rates[2].object_id, carrier: 'UPS', service: 'ups_ground', cost: 770, currency: 'USD', deliveryDays: null },
      ],
    });
  });

  test.each<[string, Partial<Shipment>, object, object]>([
    ['only of the accounts it is told', {}, { carrierAccounts: ['a1', 'a2'] }, { carrier_accounts: ['a1', 'a2'] }],
    [
      'with what carriers ask of senders',
      {},
      { senderEmail: 'desk@example.com', senderPhone: '+1 503 555 0100' },
      { address_from: { email: 'desk@example.com', phone: '+1 503 555 0100' } },
    ],
    [
      'with a box of the settings where nobody measured',
      { dimensions: null },
      { box: { length: 10, width: 20, height: 30 } },
      { parcels: [{ length: '30', width: '20', height: '10' }] },
    ],
    ['of a company without a name of a person', { to: { ...TO, name: '' } }, {}, { address_to: { name: 'Sample Works', company: 'Sample Works' } }],
    ['of dangerous goods', { hazardous: true }, {}, { extra: { dangerous_goods: { contains: true } } }],
    ['for a day that is over by noon UTC', { shipDate: '2026-11-19' }, {}, { shipment_date: NOW.toISOString() }],
    [
      'with a declaration',
      { customs: CUSTOMS },
      {},
      { customs_declaration: { incoterm: 'DDU', eel_pfc: 'NOEEI_30_37_a', contents_type: 'MERCHANDISE', non_delivery_option: 'RETURN' } },
    ],
    [
      'with its items',
      { customs: CUSTOMS },
      {},
      { customs_declaration: { items: [{ quantity: 2, net_weight: '800', mass_unit: 'g', value_amount: '49.90', origin_country: 'PT' }] } },
    ],
    ['to Canada', { customs: { ...CUSTOMS, terms: 'DDP' }, to: { ...TO, country: 'CA' } }, {}, { customs_declaration: { incoterm: 'DDP', eel_pfc: 'NOEEI_30_36' } }],
    [
      'for a return, whose ends Shippo turns round',
      { returns: true, from: TO, to: FROM },
      {},
      { address_from: { city: 'Portland' }, address_to: { city: 'Austin' }, extra: { is_return: true } },
    ],
    ['for a return that is paid at once', { returns: true, from: TO, to: FROM }, { returns: 'prepaid' }, { address_from: { city: 'Austin' }, address_to: { city: 'Portland' } }],
  ])('asks %s', async (_what, shipment, settings, expected) => {
    expect(await bodyOf(shipment, settings)).toMatchObject(expected);
  });

  test.each<[string, Partial<Shipment>, string]>([
    ['of a box that nobody measured', { dimensions: null }, 'carrier.dimensions-absent'],
    [
      'of an export that is to be declared first',
      { customs: { ...CUSTOMS, items: [{ sku: 'A', description: 'Ring', quantity: 1, value: 250_001, weight: 9, hsCode: '711319', origin: 'US' }] } },
      'carrier.customs-filing-needed',
    ],
  ])('does not ask %s', async (_what, shipment, code) => {
    const { call, asked } = calling([]);

    await expect(shippo.quote({ ...SHIPMENT, ...shipment }, call)).rejects.toMatchObject({ name: 'Rejected', code });
    expect(asked).toEqual([]);
  });

  test('looks once more where Shippo is not done', async () => {
    const { call, asked } = calling([json({ ...QUOTED, status: 'QUEUED', rates: [] }, 201), json(QUOTED)]);

    expect((await shippo.quote(SHIPMENT, call)).rates).toHaveLength(3);
    expect(asked[1]).toMatchObject({ method: 'GET', url: `https://api.goshippo.com/shipments/${QUOTED.object_id}` });
  });

  test.each<[string, readonly Answer[], object]>([
    [
      'still at work',
      [json({ ...QUOTED, status: 'QUEUED', rates: [] }, 201), json({ ...QUOTED, status: 'WAITING', rates: [] })],
      { name: 'Unavailable', code: 'carrier.rates-pending' },
    ],
    ['a carrier that is silent', [json({ ...QUOTED, rates: [], messages: [{ source: 'UPS', code: 'carrier_timeout', text: '' }] }, 201)], { name: 'Unavailable' }],
    ['no rates', [json({ ...QUOTED, rates: [] }, 201)], { name: 'Rejected', code: 'carrier.no-rates', message: expect.stringContaining('FedEx: no code') }],
    ['too many calls at once', [json({ detail: 'Conflict' }, 409)], { name: 'Unavailable', retryAfterSeconds: 2 }],
    ['too many calls', [json({}, 429, { 'retry-after': '7' })], { name: 'Unavailable', retryAfterSeconds: 7 }],
    ['fields at fault', [json({ address_to: ['Erika Sample is not valid'] }, 400)], { name: 'Rejected', message: expect.stringContaining('400 (address_to)') }],
    ['nothing readable', [json('<html>', 200)], { name: 'Unavailable', code: 'carrier.answer-unreadable' }],
  ])('fails with %s, and repeats no address', async (_what, answers, expected) => {
    const error: unknown = await shippo.quote(SHIPMENT, calling(answers).call).catch((cause: unknown) => cause);

    expect(error).toMatchObject(expected);
    expect(String(error)).not.toContain('Erika');
  });
});

describe('buying', () => {
  test('is drafted as one call that waits for the label and names our reference', () => {
    const rate = PURCHASE.rate;

    expect(shippo.draft(SHIPMENT, '', rate, Settings.parse({ labelType: 'ZPLII' }))).toBe(
      `{"rate":"${rate.rateId}","label_file_type":"ZPLII","metadata":"01KAGM5Q80ABCDEFGHJKMNPQRS","async":false}`,
    );
    expect(shippo.draft(SHIPMENT, '', rate, Settings.parse({}))).toBe(PURCHASE.request);
  });

  test('is known by the status of the transaction, at the price that was quoted', async () => {
    expect(await shippo.buy(PURCHASE, calling([json({ ...BOUGHT, commercial_invoice_url: 'https://labels.example.com/invoice.pdf' }, 201)]).call)).toEqual({
      outcome: 'bought',
      label: {
        ...{ carrierRef: BOUGHT.object_id, carrier: 'USPS', service: 'usps_priority', trackingNumber: BOUGHT.tracking_number, trackingUrl: BOUGHT.tracking_url_provider },
        ...{ cost: 593, currency: 'USD', document: { in: 'url', url: BOUGHT.label_url }, forms: [{ in: 'url', url: 'https://labels.example.com/invoice.pdf' }], address: null },
      },
    });
  });

  test.each<[number, boolean]>([
    [400, false],
    [401, true],
    [402, false],
    [403, true],
    [404, false],
    [422, false],
  ])('HTTP %d proves that nothing was bought; to be asked for again: %s', async (status, again) => {
    expect(await shippo.buy(PURCHASE, calling([json({ rate: ['Erika Sample'] }, status)]).call)).toEqual({ outcome: 'refused', again, reason: `answered ${status} about rate` });
  });

  test.each<[string, object]>([
    ['carrier_timeout', { outcome: 'unknown' }],
    ['invalid_address', { outcome: 'refused', again: false, reason: expect.stringContaining('USPS: invalid_address') }],
    ['', { outcome: 'refused', again: false }],
  ])('fails with 201, and repeats no text: code %j', async (code, expected) => {
    const failed = { ...BOUGHT, status: 'ERROR', tracking_number: '', label_url: '', messages: [{ source: 'USPS', code, text: 'for Erika Sample' }] };
    const outcome = await shippo.buy(PURCHASE, calling([json(failed, 201)]).call);

    expect(outcome).toMatchObject(expected);
    expect(JSON.stringify(outcome)).not.toContain('Erika');
  });

  test.each<[string, Answer]>([
    ['a transaction that is queued', json({ ...BOUGHT, status: 'QUEUED' }, 201)],
    ['a transaction that waits', json({ ...BOUGHT, status: 'WAITING' }, 201)],
    ['a status that nobody knows', json({ ...BOUGHT, status: 'SPLIT' }, 201)],
    ['a success without a label', json({ ...BOUGHT, label_url: '' }, 201)],
    ['a success without a number', json({ ...BOUGHT, tracking_number: null }, 201)],
    ['a transaction of another rate', json({ ...BOUGHT, rate: '4a7e9' }, 201)],
    ['a failed transaction of another rate', json({ ...BOUGHT, status: 'ERROR', rate: '4a7e9' }, 201)],
    ['a page', json('<html>', 201)],
    ['a page that refuses', json('<html>', 403)],
    ['HTTP 408', json({}, 408)],
    ['HTTP 409', json({}, 409)],
    ['HTTP 425', json({}, 425)],
    ['HTTP 429', json({}, 429)],
    ['HTTP 500', json({}, 500)],
    ['HTTP 502', json('', 502)],
    ['a redirect', json({}, 302)],
    ['no answer', new Unavailable('http.timeout', 'it did not answer')],
  ])('is not known after %s', async (_what, answer) => {
    const { call, asked } = calling([answer]);

    expect(await shippo.buy(PURCHASE, call)).toMatchObject({ outcome: 'unknown' });
    expect(asked).toHaveLength(1);
  });

  test('was not made when the request never left', async () => {
    expect(await shippo.buy(PURCHASE, calling([new Unavailable('carrier.down', 'it is left alone')]).call)).toEqual({
      outcome: 'refused',
      again: true,
      reason: 'it is left alone',
    });
  });
});

describe('looking a purchase up', () => {
  const listed = (more: object) => ({ ...BOUGHT, rate: { object_id: PURCHASE.rate.rateId, amount: '6.10', currency: 'USD' }, ...more });

  test('asks for the transactions of its rate, and reads their price where it is repeated', async () => {
    const { call, asked } = calling([LIST(listed({}))]);

    expect(await shippo.find(PURCHASE, call)).toMatchObject({ outcome: 'bought', label: { carrierRef: BOUGHT.object_id, cost: 610 } });
    expect(asked[0]?.url).toBe(`https://api.goshippo.com/transactions?rate=${PURCHASE.rate.rateId}&results=100`);
  });

  test.each<[string, Answer, string]>([
    ['nothing', LIST(), 'absent'],
    ['nothing but failures', LIST(listed({ status: 'ERROR' })), 'absent'],
    ['one that is queued', LIST(listed({ status: 'QUEUED', label_url: '' })), 'unknown'],
    ['one that waits beside a failure', LIST(listed({ status: 'ERROR' }), listed({ status: 'WAITING' })), 'unknown'],
    ['one that was given back', LIST(listed({ status: 'REFUNDED' })), 'unknown'],
    ['one whose refund was rejected', LIST(listed({ status: 'REFUNDREJECTED' })), 'bought'],
    ['one that cannot be read', LIST({ object_id: 1 }), 'unknown'],
    ['those of another rate', LIST(listed({ rate: 'another' })), 'unknown'],
    ['more than one page', json({ next: 'https://api.goshippo.com/transactions?page=2', results: [] }), 'unknown'],
    ['no list', json({ detail: 'x' }), 'unknown'],
    ['an error', json({}, 404), 'unknown'],
    ['no answer', new Unavailable('http.timeout', 'it did not answer'), 'unknown'],
  ])('finds %s', async (_what, answer, outcome) => {
    expect(await shippo.find(PURCHASE, calling([answer]).call)).toMatchObject({ outcome });
  });
});

describe('fetching a label', () => {
  const pdf = { status: 200, body: Buffer.from('%PDF-1.7\n') };

  test('goes to its address without the token, and asks Shippo for another one when that has expired', async () => {
    const { call, asked } = calling([{ status: 403 }, json({ ...BOUGHT, label_url: 'https://labels.example.com/again.pdf' }), pdf]);

    expect(await shippo.label(LABEL, 'https://labels.example.com/first.pdf', call)).toEqual(pdf.body);
    expect(asked.map(({ url }) => url)).toEqual([
      'https://labels.example.com/first.pdf',
      `https://api.goshippo.com/transactions/${LABEL.carrierRef}`,
      'https://labels.example.com/again.pdf',
    ]);
    for (const index of [0, 2]) expect(JSON.stringify(asked[index]?.headers ?? {})).not.toContain('shippo_live');
  });

  test.each<[string, readonly Answer[], object]>([
    ['the transaction has none', [json({ ...BOUGHT, label_url: '' })], { name: 'Rejected', code: 'carrier.label-absent' }],
    ['there is no such transaction', [json({}, 404)], { name: 'Rejected' }],
    ['its address does not answer', [json(BOUGHT), { status: 503 }], { name: 'Unavailable', code: 'carrier.label-unavailable' }],
  ])('fails where %s', async (_what, answers, error) => {
    await expect(shippo.label(LABEL, null, calling(answers).call)).rejects.toMatchObject(error);
  });
});

describe('giving a label back', () => {
  const still = json(BOUGHT);
  const refund = (status: string, test = false) => json({ object_id: '4ef01', transaction: LABEL.carrierRef, status, test }, 201);

  test.each<[string, readonly Answer[], object]>([
    ['was done before', [json({ ...BOUGHT, status: 'REFUNDED' })], { outcome: 'voided' }],
    ['was asked for before', [json({ ...BOUGHT, status: 'REFUNDPENDING' })], { outcome: 'pending' }],
    ['was rejected', [json({ ...BOUGHT, status: 'REFUNDREJECTED' })], { outcome: 'refused', used: true }],
    ['is queued', [still, refund('QUEUED')], { outcome: 'pending' }],
    ['is pending', [still, refund('PENDING')], { outcome: 'pending' }],
    ['is done at once', [still, refund('SUCCESS')], { outcome: 'voided' }],
    ['is rejected before a scan shows', [still, refund('ERROR')], { outcome: 'refused', used: true }],
    ['is rejected in test mode', [still, refund('ERROR', true)], { outcome: 'refused', used: false }],
    ['is rejected in test mode of a parcel that moves', [json({ ...BOUGHT, tracking_status: 'TRANSIT' }), refund('ERROR', true)], { outcome: 'refused', used: true }],
    ['is in a status nobody knows', [still, refund('HALF')], { outcome: 'unknown' }],
    ['is refused', [still, json({ transaction: ['too old'] }, 400), still], { outcome: 'refused', used: false, reason: 'answered 400 about transaction' }],
    ['is refused because it was asked for', [still, json({ transaction: ['exists'] }, 400), json({ ...BOUGHT, status: 'REFUNDPENDING' })], { outcome: 'pending' }],
    ['is asked for with a token that ended', [still, json({ detail: 'x' }, 401)], { outcome: 'unknown' }],
    ['is asked for too often', [still, json({}, 409)], { outcome: 'unknown' }],
    ['has no answer', [still, new Unavailable('http.timeout', 'it did not answer')], { outcome: 'unknown' }],
    ['is of a label that is not made', [json({ ...BOUGHT, status: 'QUEUED' })], { outcome: 'unknown' }],
    ['is of a transaction that cannot be read', [json({ ...BOUGHT, object_id: 'another' })], { outcome: 'unknown' }],
  ])('which %s', async (_what, answers, expected) => {
    const { call, asked } = calling(answers);

    expect(await shippo.void?.(LABEL, call)).toMatchObject(expected);
    expect(asked.filter(({ method }) => method === 'POST').length).toBeLessThan(2);
    expect(asked).toHaveLength(answers.length);
  });
});

describe('listing labels', () => {
  const listed = (more: object) => ({ ...BOUGHT, rate: { object_id: 'r', amount: '6.10', currency: 'USD' }, ...more });

  test('reads those that were sold, asks for prices that are not repeated, and knows what was given back', async () => {
    const page = {
      next: 'https://api.goshippo.com/transactions?page=2',
      results: [listed({}), listed({ status: 'ERROR' }), listed({ status: 'QUEUED' }), { ...BOUGHT, status: 'REFUNDPENDING' }],
    };
    const { call, asked } = calling([json(page), json({ object_id: BOUGHT.rate, amount: '5.93', currency: 'USD' })]);

    const common = { reference: BOUGHT.metadata, carrierRef: BOUGHT.object_id, trackingNumber: BOUGHT.tracking_number, currency: 'USD', boughtAt: '2026-11-20T09:00:01.250Z' };
    expect(await shippo.list?.('2026-11-20T00:00:00.000Z', null, call)).toEqual({
      labels: [
        { ...common, cost: 610, voided: false },
        { ...common, cost: 593, voided: true },
      ],
      next: 'page=2',
    });
    expect(asked.map(({ url }) => url.replace('https://api.goshippo.com/', ''))).toEqual(['transactions?results=25', `rates/${BOUGHT.rate}`]);
  });

  test('goes on from a page, and ends where all are older', async () => {
    const { call, asked } = calling([json({ next: 'https://api.goshippo.com/transactions?page_token=abc', results: [listed({})] })]);

    expect(await shippo.list?.('2026-11-21T00:00:00.000Z', 'page=2', call)).toEqual({ labels: [], next: null });
    expect(asked[0]?.url).toBe('https://api.goshippo.com/transactions?results=25&page=2');
  });
});

describe("bodies by Shippo's own document", () => {
  const { skipped, misfits } = publishedBy('shippo', 'public-api.yaml');

  test.skipIf(skipped !== undefined)(`fit it${skipped === undefined ? '' : ` (${skipped})`}`, async () => {
    const quoted = calling([json(QUOTED, 201)], { senderEmail: 'desk@example.com' });
    await shippo.quote({ ...SHIPMENT, customs: CUSTOMS, hazardous: true }, quoted.call);
    const closed = calling([json({}, 201)], { carrierAccounts: ['a1'] });
    await shippo.manifest?.close({ reference: SHIPMENT.reference, from: FROM, shipDate: '2026-11-20', labels: [LABEL] }, closed.call);

    expect(misfits('ShipmentCreateRequest', quoted.body())).toEqual([]);
    expect(misfits('TransactionCreateRequest', JSON.parse(PURCHASE.request))).toEqual([]);
    expect(misfits('ManifestCreateRequest', closed.body())).toEqual([]);
  });
});
