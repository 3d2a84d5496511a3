import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Shipment } from '../../../adapters/carrier.ts';
import ups from '../../../adapters/carriers/ups.ts';
import { partyOf, wrapped } from '../../../adapters/ups/address.ts';
import { checkRequest } from '../../../adapters/ups/check-address.ts';
import { CODES, meaningOf } from '../../../adapters/ups/codes.ts';
import { unitValue } from '../../../adapters/ups/forms.ts';
import { pickupRequest } from '../../../adapters/ups/pickup.ts';
import { rateRequest } from '../../../adapters/ups/rating.ts';
import { Settings } from '../../../adapters/ups/settings.ts';
import { instantOf } from '../../../adapters/ups/tracking.ts';
import { Unavailable } from '../../../core/error.ts';
import { published, publishedBy } from '../../contracts/carriers.ts';
import { callWith, SHIPMENT } from '../carrier-answers.ts';
import { type Answer, delivered, fixture, json, rejectionOf, scripted } from '../fixtures.ts';

const SETTINGS = Settings.parse({ accountNumber: 'A1B2C3' });
const RATE = { rateId: '03', carrier: 'UPS', service: 'Ground', cost: 992, currency: 'USD', deliveryDays: 3 };
const PURCHASE = JSON.parse(fixture('ups/purchase.json'));
const LABEL = { reference: SHIPMENT.reference, carrierRef: '1ZA1B2C30000000017', trackingNumber: '1ZA1B2C30000000017' };
const BERLIN = { name: 'Jörg Bäcker', line1: 'Invalidenstraße 117', city: 'Berlin', region: 'Berlin', postalCode: '10115', country: 'DE', phone: '+49 30 5550100' };
const HAMBURG = { name: 'Harbour & Pine', company: 'Harbour & Pine GmbH', line1: 'Am Kaiserkai 12', city: 'Hamburg', postalCode: '20457', country: 'DE', phone: '040 5550100' };
const TORONTO = { name: 'Maple Quill', line1: '5 Bay St', city: 'Toronto', region: 'ON', postalCode: 'M5J 2R8', country: 'CA', phone: '+1 416 555 0100' };
const CUSTOMS: NonNullable<Shipment['customs']> = {
  contents: 'merchandise',
  currency: 'USD',
  items: [{ sku: 'MUG-1', description: 'Mug of glazed stoneware with a handle, hand thrown', quantity: 3, value: 2_000, weight: 900, hsCode: '6912.00', origin: 'PT' }],
  invoiceNumber: 'HP-1001',
  invoiceDate: '2026-11-22',
  signer: 'Harbour & Pine',
  terms: 'DAP',
  undeliverable: 'return',
};
const ABROAD: Shipment = { ...SHIPMENT, to: TORONTO, customs: CUSTOMS };
const RETURN: Shipment = { ...SHIPMENT, from: SHIPMENT.to, to: SHIPMENT.from, returns: true };
const LANES: readonly (readonly [string, Shipment])[] = [
  ['within the US', SHIPMENT],
  ['without measures', { ...SHIPMENT, dimensions: null }],
  ['to Canada', ABROAD],
  ['to Canada with duties paid', { ...ABROAD, customs: { ...CUSTOMS, terms: 'DDP' } }],
  ['within Germany', { ...SHIPMENT, from: HAMBURG, to: BERLIN, currency: 'EUR' }],
  ['from Germany to Switzerland', { ...SHIPMENT, from: HAMBURG, to: { ...BERLIN, city: 'Basel', postalCode: '4051', country: 'CH' }, customs: { ...CUSTOMS, currency: 'EUR' } }],
  ['back within the US', RETURN],
  ['back from Canada', { ...RETURN, from: TORONTO, customs: { ...CUSTOMS, contents: 'returned-goods' } }],
];

function calling(...answers: readonly Answer[]) {
  const { http, asked } = scripted(...answers);
  return { call: callWith(SETTINGS, http), asked };
}

function shipped(shipment: Shipment, settings = SETTINGS) {
  return JSON.parse(ups.draft(shipment, '', RATE, settings)).ShipmentRequest;
}

function answered(name: string): Answer {
  const { status, body } = JSON.parse(fixture(`ups/${name}.json`));
  return json(body, status);
}

const failed = (code: string, status = 400) => json({ response: { errors: [{ code, message: 'Unable for Erika Muster' }] } }, status);
const unknownNumber = () => json(fixture('ups/tracked-unknown.json'));

/** The parts of UPS's documents that stand in the tree, and the whole ones where they are given. */
const DOCUMENTS = [
  { name: 'kept here', of: (file: string) => published(join(import.meta.dirname, '..', '..', 'contracts', 'ups', `${file}.json`)) },
  { name: 'given', of: (file: string) => publishedBy('ups', `${file === 'UPSTrackAlert' ? 'UPSTrackAlert-Ready' : file}.yaml`, MENDINGS[file]) },
] as const;
const MENDINGS: Readonly<Record<string, { readonly without: readonly string[] }>> = {
  Pickup: {
    without: [
      '/components/schemas/PickupCreationRequest_PickupDateInfo/properties/PickupDate/maxLength',
      '/components/schemas/PickupCreationRequest_TotalWeight/properties/Weight/minLength',
    ],
  },
  Shipping: { without: ['/components/schemas/LabelRecovery_LabelSpecification_LabelImageFormat/properties/Code/minLength'] },
};

describe.each(DOCUMENTS)('what UPS is sent, by its own document as it is $name', ({ of }) => {
  const documents = Object.fromEntries(['Shipping', 'Rating', 'Pickup', 'AddressValidation', 'UPSTrackAlert'].map((file) => [file, of(file)]));
  const misfits = (file: string, component: string, body: unknown) => documents[file]?.misfits(component, body);
  const skipped = documents.Shipping?.skipped;

  describe.skipIf(skipped !== undefined)(skipped ?? 'fits it', () => {
    test.each(LANES)('prices and labels %s', (_lane, shipment) => {
      for (const labelFormat of ['ZPL', 'GIF', 'PDF'] as const)
        expect(misfits('Shipping', 'SHIPRequestWrapper', JSON.parse(ups.draft(shipment, '', RATE, { ...SETTINGS, labelFormat })))).toEqual([]);
      expect(misfits('Rating', 'RATERequestWrapper', rateRequest(shipment, { settings: SETTINGS }))).toEqual([]);
    });

    test('looks up by reference, and fetches a label by number', async () => {
      const { call, asked } = calling(answered('found'), answered('found'));
      await ups.find(PURCHASE, call);
      await ups.label(LABEL, null, call);

      for (const { body } of asked) expect(misfits('Shipping', 'LABELRECOVERYRequestWrapper', JSON.parse(String(body)))).toEqual([]);
    });

    test('collections, addresses and subscriptions', async () => {
      const { call, asked } = calling(json({ expiryDate: '2026-12-06' }));
      await ups.subscribe?.(call);
      const when = { day: '2026-11-23', readyAt: '14:00', closesAt: '17:00', timeZone: 'America/New_York' };
      const request = { reference: SHIPMENT.reference, from: SHIPMENT.from, ...when, parcels: 12, weight: 40_000, instructions: 'At the dock.', labels: [] };

      expect(misfits('Pickup', 'PICKUPCreationRequestWrapper', pickupRequest(request, SETTINGS))).toEqual([]);
      expect(misfits('AddressValidation', 'XAVRequestWrapper', checkRequest(SHIPMENT.to))).toEqual([]);
      expect(misfits('UPSTrackAlert', 'AccountSubscriptionRequest', JSON.parse(String(asked[0]?.body)))).toEqual([]);
    });
  });
});

test('the documents kept here notice what is wrong', () => {
  const { misfits } = DOCUMENTS[0].of('Shipping');
  const body = JSON.parse(ups.draft(SHIPMENT, '', RATE, SETTINGS));
  body.ShipmentRequest.Shipment.ShipTo.Name = 'x'.repeat(36);
  body.ShipmentRequest.Shipment.Package[0].PackagingType = { Code: '02' };

  expect(misfits('SHIPRequestWrapper', body)).toHaveLength(2);
  expect(readFileSync(join(import.meta.dirname, '..', '..', 'contracts', 'ups', 'LICENSE'), 'utf8')).toContain('MIT License');
});

describe('drafting a shipment', () => {
  test('says the reference with the package within the US, and with the shipment on any other lane', () => {
    const [home, abroad, german] = [shipped(SHIPMENT), shipped(ABROAD), shipped({ ...SHIPMENT, from: HAMBURG, to: BERLIN })];

    expect(home.Shipment.Package[0].ReferenceNumber).toEqual([{ Code: 'PO', Value: SHIPMENT.reference }]);
    expect(home.Shipment.ReferenceNumber).toBeUndefined();
    for (const { Shipment: other } of [abroad, german]) {
      expect(other.ReferenceNumber).toEqual([{ Code: 'PO', Value: SHIPMENT.reference }]);
      expect(other.Package[0].ReferenceNumber).toBeUndefined();
    }
  });

  test('writes whole inches and half pounds in the US, else whole centimetres and tenths of a kilogram, rounded up and as texts', () => {
    const [home, german] = [shipped(SHIPMENT), shipped({ ...SHIPMENT, from: HAMBURG, to: BERLIN, weight: 1_001, dimensions: { length: 101, width: 305, height: 99 } })];

    expect(home.Shipment.Package[0]).toMatchObject({ PackageWeight: { UnitOfMeasurement: { Code: 'LBS' }, Weight: '2.5' }, Dimensions: { Length: '12', Width: '8', Height: '4' } });
    expect(german.Shipment.Package[0]).toMatchObject({
      PackageWeight: { UnitOfMeasurement: { Code: 'KGS' }, Weight: '1.1' },
      Dimensions: { UnitOfMeasurement: { Code: 'CM' }, Length: '31', Width: '11', Height: '10' },
    });
  });

  test('makes a parcel that comes back a return on the account of the warehouse', () => {
    const { Shipment: back } = shipped(RETURN);

    expect(back).toMatchObject({ ReturnService: { Code: '9' }, Shipper: { Name: 'Harbour & Pine', ShipperNumber: 'A1B2C3' }, ShipFrom: { Name: 'Erika Muster' } });
    expect(back.ShipTo.Address.ResidentialAddressIndicator).toBeUndefined();
    expect(back.Package[0].Description).toBe('Merchandise');
  });

  test('declares goods for customs with the value of one unit, and who pays the duties', () => {
    const { Shipment: sent } = shipped(ABROAD);
    const { InternationalForms } = sent.ShipmentServiceOptions;

    expect(InternationalForms).toMatchObject({ FormType: ['01'], InvoiceDate: '20261122', ReasonForExport: 'SALE', TermsOfShipment: 'DDU' });
    expect(InternationalForms.Product).toEqual([
      {
        Description: ['Mug of glazed stoneware with a', 'handle, hand thrown'],
        Unit: { Number: '3', UnitOfMeasurement: { Code: 'PCS' }, Value: '6.666667' },
        CommodityCode: '691200',
        PartNumber: 'MUG-1',
        OriginCountryCode: 'PT',
      },
    ]);
    expect(sent.PaymentInformation.ShipmentCharge).toHaveLength(1);
    expect(shipped({ ...ABROAD, customs: { ...CUSTOMS, terms: 'DDP' } }).Shipment.PaymentInformation.ShipmentCharge[1]).toEqual({
      Type: '02',
      BillShipper: { AccountNumber: 'A1B2C3' },
    });
    expect(sent.InvoiceLineTotal).toEqual({ CurrencyCode: 'USD', MonetaryValue: '29.95' });
  });

  test.each([
    ['carrier.hazardous-refused', { ...SHIPMENT, hazardous: true }],
    ['carrier.phone-missing', { ...ABROAD, to: { ...TORONTO, phone: '' } }],
    ['carrier.address-too-long', { ...SHIPMENT, to: { ...SHIPMENT.to, name: 'Wolfeschlegelsteinhausenbergerdorff the Third' } }],
    ['carrier.address-too-long', { ...SHIPMENT, to: { ...SHIPMENT.to, line1: 'word '.repeat(20), line2: 'word '.repeat(10) } }],
    ['carrier.address-too-long', { ...SHIPMENT, to: { ...SHIPMENT.to, city: 'x'.repeat(31) } }],
    ['carrier.address-too-long', { ...SHIPMENT, to: { ...SHIPMENT.to, region: 'Connecticut' } }],
    ['carrier.customs-too-long', { ...ABROAD, customs: { ...CUSTOMS, items: CUSTOMS.items.map((item) => ({ ...item, description: 'stoneware '.repeat(15) })) } }],
    ['carrier.customs-too-many', { ...ABROAD, customs: { ...CUSTOMS, items: Array.from({ length: 51 }, () => CUSTOMS.items[0]).filter((item) => item !== undefined) } }],
  ] as const)('refuses with %s what does not fit, and shows no personal data', (code, shipment) => {
    const error = rejectionOf(() => ups.draft(shipment, '', RATE, SETTINGS));

    expect(error.code).toBe(code);
    for (const secret of ['Wolfeschlegel', 'Elm Street', 'Maple']) expect(error.message).not.toContain(secret);
  });

  test.each([
    [{ ...TORONTO }, { PostalCode: 'M5J2R8', StateProvinceCode: 'ON' }, '4165550100'],
    [{ ...SHIPMENT.to, postalCode: '06831-1234' }, { PostalCode: '068311234', StateProvinceCode: 'CT' }, '2035550142'],
    [BERLIN, { PostalCode: '10115' }, '49305550100'],
  ])('writes postcodes, states and telephone numbers as UPS wants them: %#', (address, written, phone) => {
    const { Address, Phone } = partyOf('to', address);

    expect(Address).toMatchObject(written);
    expect(Address.StateProvinceCode === undefined).toBe(!('StateProvinceCode' in written));
    expect(Phone).toEqual({ Number: phone });
  });

  test('wraps a street over lines without losing a word', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'ß', '7', '-'), minLength: 1, maxLength: 35 }), { maxLength: 12 });
    fc.assert(
      fc.property(words, (all) => {
        const lines = wrapped(all.join('  '), 35);

        expect(lines.join(' ').split(' ').filter(Boolean)).toEqual(all);
        expect(lines.every((line) => line.length <= 35)).toBe(true);
      }),
    );
  });

  test('never declares units that are worth less than all of them are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_000_000_000 }), fc.integer({ min: 1, max: 9_999 }), fc.constantFrom('USD', 'JPY', 'KWD'), (value, quantity, currency) => {
        const [whole = '', fraction = ''] = unitValue(value, quantity, currency).split('.');
        const units = BigInt(whole + fraction.padEnd(6, '0')) * BigInt(quantity);
        const declared = BigInt(value) * 10n ** BigInt({ USD: 4, JPY: 6, KWD: 3 }[currency] ?? 4);

        expect(units >= declared && units - declared < BigInt(quantity)).toBe(true);
      }),
    );
  });
});

describe('asking for prices', () => {
  test("takes the account's own prices and the days in transit, and leaves out services that need more than is known", async () => {
    const { call, asked } = calling(answered('quote'));
    const { carrierRef, rates } = await ups.quote(SHIPMENT, call);

    expect(carrierRef).toBe('');
    expect(rates).toEqual([
      { rateId: '03', carrier: 'UPS', service: 'Ground', cost: 992, currency: 'USD', deliveryDays: 3 },
      { rateId: '02', carrier: 'UPS', service: '2nd Day Air', cost: 2_072, currency: 'USD', deliveryDays: 2 },
      { rateId: '01', carrier: 'UPS', service: 'Next Day Air', cost: 3_824, currency: 'USD', deliveryDays: 1 },
    ]);
    expect(asked[0]).toMatchObject({ method: 'POST', url: 'https://onlinetools.ups.com/api/rating/v2409/Shoptimeintransit' });
    expect(asked[0]?.headers).toMatchObject({ authorization: `Bearer ${call.token}`, transactionSrc: 'crossdock' });
  });

  test('a rate that cannot be read does not spoil the others, a single one may come as an object, and none is a refusal', async () => {
    const good = { Service: { Code: '03' }, TotalCharges: { CurrencyCode: 'USD', MonetaryValue: '12.40' } };
    const rated = (RatedShipment: unknown) => calling(json({ RateResponse: { RatedShipment } })).call;

    expect((await ups.quote(SHIPMENT, rated([{ Service: {} }, good, { ...good, TotalCharges: { CurrencyCode: 'XXQ', MonetaryValue: '1' } }]))).rates).toHaveLength(1);
    expect((await ups.quote(SHIPMENT, rated(good))).rates[0]?.cost).toBe(1_240);
    await expect(ups.quote(SHIPMENT, rated([]))).rejects.toMatchObject({ code: 'carrier.no-rates' });
  });
});

describe('buying', () => {
  test('posts the drafted bytes as they are, once', async () => {
    const { call, asked } = calling(answered('bought'));
    const outcome = await ups.buy(PURCHASE, call);

    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ url: 'https://onlinetools.ups.com/api/shipments/v2409/ship', body: PURCHASE.request, headers: { transId: PURCHASE.reference } });
    if (outcome.outcome !== 'bought') throw new Error(outcome.reason);
    expect(outcome.label).toMatchObject({ carrierRef: LABEL.carrierRef, trackingNumber: LABEL.trackingNumber, service: 'Ground', cost: 992, currency: 'USD', address: null });
    expect(outcome.label.document.in === 'answer' && outcome.label.document.bytes.toString().startsWith('^XA')).toBe(true);
  });

  test('leaves a PDF to label recovery', async () => {
    const { http } = scripted(answered('bought'));
    const outcome = await ups.buy(PURCHASE, callWith({ ...SETTINGS, labelFormat: 'PDF' }, http));

    expect(outcome).toMatchObject({ outcome: 'bought', label: { document: { in: 'url' } } });
  });

  test.each([
    ['120100', 400, { outcome: 'refused', again: false }],
    ['120541', 422, { outcome: 'refused', again: false }],
    ['251004', 401, { outcome: 'refused', again: true }],
    ['250003', 403, { outcome: 'refused', again: false }],
    ['10429', 429, { outcome: 'unknown' }],
    ['10004', 500, { outcome: 'unknown' }],
    ['120100', 409, { outcome: 'unknown' }],
  ] as const)('error %s with %i', async (code, status, outcome) => {
    expect(await ups.buy(PURCHASE, calling(failed(code, status)).call)).toMatchObject(outcome);
  });

  test('an error without a code proves nothing, and a lost answer neither; a request that never left may be made again', async () => {
    expect(await ups.buy(PURCHASE, calling(json('Bad Request', 400)).call)).toMatchObject({ outcome: 'unknown' });
    expect(await ups.buy(PURCHASE, calling(new Unavailable('http.timeout', 'no answer')).call)).toMatchObject({ outcome: 'unknown' });
    expect(await ups.buy(PURCHASE, calling(new Unavailable('carrier.down', 'left alone')).call)).toMatchObject({ outcome: 'refused', again: true });
  });
});

describe('looking a purchase up', () => {
  test('adopts the one shipment with the reference, at the price that was quoted', async () => {
    const { call, asked } = calling(answered('found'));
    const found = await ups.find(PURCHASE, call);

    expect(found).toMatchObject({ outcome: 'bought', label: { trackingNumber: LABEL.trackingNumber, carrierRef: LABEL.carrierRef, cost: 992, currency: 'USD' } });
    expect(JSON.parse(String(asked[0]?.body)).LabelRecoveryRequest.ReferenceValues).toEqual({ ReferenceNumber: { Value: PURCHASE.reference }, ShipperNumber: 'A1B2C3' });
  });

  test('several shipments under the reference are for a person', async () => {
    const candidates = json({ LabelRecoveryResponse: { TrackingCandidate: [{ TrackingNumber: LABEL.trackingNumber }, { TrackingNumber: '1ZA1B2C30000000018' }] } });

    expect(await ups.find(PURCHASE, calling(candidates).call)).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('2 shipments') });
  });

  test('believes that there is none when tracking knows of none either, or the settings name the code', async () => {
    const { http } = scripted(failed('300105'));

    expect(await ups.find(PURCHASE, calling(failed('300105'), unknownNumber()).call)).toEqual({ outcome: 'absent' });
    expect(await ups.find(PURCHASE, callWith({ ...SETTINGS, absentCodes: ['300105'] }, http))).toEqual({ outcome: 'absent' });
  });

  test('adopts what tracking alone knows of', async () => {
    const { call } = calling(failed('300105'), json(fixture('ups/tracked.json')));

    expect(await ups.find(PURCHASE, call)).toMatchObject({ outcome: 'bought', label: { trackingNumber: LABEL.trackingNumber, document: { in: 'url' } } });
  });

  test.each([
    ['recovery that is down', [failed('10004', 500)]],
    ['a token that ended', [failed('251004', 401)]],
    ['a scope that is missing', [failed('250003', 403)]],
    ['an unreadable recovery', [json({})]],
    ['tracking that is down', [failed('300105'), failed('10004', 500)]],
    ['tracking at a wrong address', [failed('300105'), failed('404', 404)]],
    ['tracking that cannot be read', [failed('300105'), json({})]],
  ])('is not known after %s', async (_what, answers) => {
    expect(await ups.find(PURCHASE, calling(...answers).call)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('voiding', () => {
  test('is done when every package is void, now or already', async () => {
    const { call, asked } = calling(answered('voided'));

    expect(await ups.void?.(LABEL, call)).toEqual({ outcome: 'voided' });
    expect(await ups.void?.(LABEL, calling(json({ VoidShipmentResponse: { SummaryResult: { Status: { Code: '1' } } } })).call)).toEqual({ outcome: 'voided' });
    expect(asked[0]).toMatchObject({ method: 'DELETE', url: `https://onlinetools.ups.com/api/shipments/v2409/void/cancel/${LABEL.carrierRef}` });
  });

  test.each([
    ['was scanned', json(fixture('ups/tracked.json')), { outcome: 'refused', used: true }],
    ['never showed', unknownNumber(), { outcome: 'refused', used: false }],
    ['cannot be asked about', failed('10004', 500), { outcome: 'unknown' }],
  ])('a refusal of a parcel that %s', async (_what, tracked, outcome) => {
    expect(await ups.void?.(LABEL, calling(failed('190101'), tracked).call)).toMatchObject(outcome);
  });

  test('is not known while UPS is down', async () => {
    expect(await ups.void?.(LABEL, calling(failed('10004', 503)).call)).toMatchObject({ outcome: 'unknown' });
    expect(await ups.void?.(LABEL, calling(json({})).call)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('tracking', () => {
  test('maps every code that UPS has described', () => {
    // 118, 137 and the like leave gaps: 1, 2, 4, 8, 9, 15, 31 and 150 to 152 are not in UPS's list.
    const gaps = [1, 2, 4, 8, 9, 15, 31, 150, 151, 152];
    const missing = Array.from({ length: 170 }, (_, code) => code).filter((code) => !CODES.has(code) && !gaps.includes(code));

    expect(missing).toEqual([]);
    expect(CODES.size).toBe(160);
  });

  test.each([
    ['I', '021', false, { status: 'out_for_delivery', attention: false }],
    ['D', '011', true, { status: 'delivered', attention: false }],
    ['X', '048', false, { status: 'delivery_exception', attention: true }],
    ['M', '065', false, { status: 'pre_transit', attention: true }],
    ['I', '143', false, { status: 'in_transit', attention: false }],
    ['D', '156', false, { status: 'delivered', attention: false }],
    ['I', '118', false, { status: 'returned_to_sender', attention: false, phase: 'initiated' }],
    ['D', '034', false, { status: 'returned_to_sender', attention: false, phase: 'completed' }],
    ['U', '095', false, { status: 'note', attention: false }],
    ['I', '999', false, { status: 'unknown', attention: false }],
    ['D', '', true, { status: 'delivered', attention: false }],
    ['D', '', false, { status: 'out_for_delivery', attention: false }],
    ['MV', '', false, { status: 'cancelled', attention: false }],
    ['U', '', false, { status: 'note', attention: false }],
    ['?', '', false, { status: 'unknown', attention: false }],
  ])('type %s with code %s says what it means', (type, number, isDelivered, meaning) => {
    expect(meaningOf({ type, number, isDelivered })).toEqual(meaning);
  });

  test.each([
    [{ date: '20261126', time: '145004', offset: '' }, '2026-11-26T14:50:04.000Z'],
    [{ date: '20261126', time: '14:50:04', offset: '' }, '2026-11-26T14:50:04.000Z'],
    [{ date: '20261126', time: '74700', offset: '' }, '2026-11-26T07:47:00.000Z'],
    [{ date: '20261126', time: '095004', offset: '-05.00' }, '2026-11-26T14:50:04.000Z'],
    [{ date: '20261126', time: '095004', offset: '-05:00' }, '2026-11-26T14:50:04.000Z'],
    [{ date: '20261332', time: '095004', offset: '' }, undefined],
    [{ date: '', time: '', offset: '' }, undefined],
  ])('reads the clock %#', (clock, instant) => {
    expect(instantOf(clock)).toBe(instant);
  });

  test('a posted scan is one event, told apart by time, type and codes', () => {
    expect(ups.parseUpdate(delivered(fixture('ups/update-out-for-delivery.json')), SETTINGS)).toEqual({
      kind: 'updates',
      updates: [
        {
          trackingNumber: LABEL.trackingNumber,
          events: [{ status: 'out_for_delivery', attention: false, code: 'I OT 021', at: '2026-11-26T14:15:19.000Z', description: 'Out for Delivery' }],
        },
      ],
    });
  });

  test('a scan without a time has just happened, and blanks around a number are no part of it', () => {
    const alert = { ...JSON.parse(fixture('ups/update-delivered.json')), trackingNumber: ' 1ZA1B2C30000000017', gmtActivityDate: '', gmtActivityTime: '', localActivityDate: '' };
    const parsed = ups.parseUpdate(delivered(JSON.stringify(alert)), SETTINGS);

    expect(parsed).toMatchObject({ updates: [{ trackingNumber: LABEL.trackingNumber, events: [{ status: 'delivered', at: '2026-11-20T09:00:00.000Z' }] }] });
  });

  test('an answer brings the history, and one about a parcel that UPS does not know brings nothing', async () => {
    const { call, asked } = calling(json(fixture('ups/tracked.json')), unknownNumber(), failed('TV1002', 404));
    const bodies = (await ups.track?.(['1ZA1B2C30000000017', '1ZA1B2C30000000099', '1Z 0'], call)) ?? [];

    expect(bodies).toHaveLength(1);
    expect(asked[2]?.url).toContain('/api/track/v1/details/1Z%200?');
    expect(ups.parseUpdate({ ...delivered(bodies[0] ?? ''), via: 'poll' }, SETTINGS)).toMatchObject({
      updates: [{ events: [{ status: 'delivered' }, { status: 'out_for_delivery' }, { status: 'delivery_exception', attention: true, at: '2026-11-25T08:00:00.000Z' }, {}, {}] }],
    });
    expect(ups.parseUpdate({ ...delivered(fixture('ups/tracked-unknown.json')), via: 'poll' }, SETTINGS)).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('TW0001'),
    });
    await expect(ups.track?.(['1Z1'], calling(failed('250003', 403)).call)).rejects.toMatchObject({ code: 'carrier.refused' });
  });

  test('subscribes to the whole account until the day that the answer names, else for fourteen days', async () => {
    const { call, asked } = calling(json({ expiryDate: '2027-01-31' }), json({}));

    expect(await ups.subscribe?.(call)).toEqual({ state: 'made', until: '2027-01-31T00:00:00.000Z' });
    expect(await ups.subscribe?.(call)).toEqual({ state: 'made', until: '2026-12-04T09:00:00.000Z' });
    expect(asked[0]).toMatchObject({ method: 'POST', url: 'https://onlinetools.ups.com/api/track/v2/subscription/standard/account' });
  });
});

describe('tokens', () => {
  test('are asked for with id and secret, and last as long as the text says', async () => {
    const { call, asked } = calling(json({ access_token: 'ey1', expires_in: '14399', token_type: 'Bearer' }));

    expect(await ups.refresh?.({ ...call, apiKey: 'id', secret: 'secret' })).toEqual({ token: 'ey1', refreshToken: '', expiresAt: '2026-11-20T12:59:59.000Z' });
    expect(asked[0]).toMatchObject({
      url: 'https://onlinetools.ups.com/security/v1/oauth/token',
      headers: { authorization: 'Basic aWQ6c2VjcmV0' },
      body: 'grant_type=client_credentials',
    });
  });

  test('a secret that is refused is for a person', async () => {
    await expect(ups.refresh?.({ ...calling(failed('250002', 401)).call, secret: 'secret' })).rejects.toMatchObject({ code: 'carrier.refused' });
  });
});

describe('collections', () => {
  const request = {
    ...{ reference: SHIPMENT.reference, from: SHIPMENT.from, day: '2026-11-23', readyAt: '14:00', closesAt: '17:00', timeZone: 'America/New_York' },
    ...{ parcels: 3, weight: 5_000, instructions: 'At the dock.', labels: [] },
  };

  test('are booked by one call and named by their number', async () => {
    const { call } = calling(json({ PickupCreationResponse: { PRN: '2929602E9CP', RateResult: { CurrencyCode: 'USD', GrandTotalOfAllCharge: '6.10' } } }));

    expect(await ups.pickup?.book(request, call)).toEqual({ outcome: 'booked', confirmation: '2929602E9CP', cost: 610, currency: 'USD' });
  });

  test.each([
    ['a long name', { ...request, from: { ...SHIPMENT.from, company: 'Harbour & Pine Fulfilment Company' } }],
    ['long instructions', { ...request, instructions: 'x'.repeat(58) }],
    ['no telephone number', { ...request, from: { ...SHIPMENT.from, phone: '' } }],
    ['too many parcels', { ...request, parcels: 1_000 }],
  ])('with %s are not asked for', async (_what, misfit) => {
    expect(await ups.pickup?.book(misfit, calling().call)).toMatchObject({ outcome: 'refused' });
  });

  test('are cancelled by their number', async () => {
    const done = json({ PickupCancelResponse: { Response: { ResponseStatus: { Code: '1' } }, PickupType: '01' } });
    const { call, asked } = calling(done, failed('9510117'), failed('10004', 500));

    expect(await ups.pickup?.cancel('2929602E9CP', call)).toEqual({ outcome: 'cancelled' });
    expect(asked[0]?.headers).toMatchObject({ Prn: '2929602E9CP' });
    expect(await ups.pickup?.cancel('2929602E9CP', call)).toMatchObject({ outcome: 'refused' });
    expect(await ups.pickup?.cancel('2929602E9CP', call)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('checking an address', () => {
  const format = {
    AddressLine: ['12 ELM ST', 'APT 4'],
    PoliticalDivision2: 'GREENWICH',
    PoliticalDivision1: 'CT',
    PostcodePrimaryLow: '06831',
    PostcodeExtendedLow: '1234',
    CountryCode: 'US',
  };
  const verdict = (answer: object) => ups.checkAddress?.(SHIPMENT.to, calling(json({ XAVResponse: answer })).call);

  test('is ok when only the writing differs, and corrected when more does', async () => {
    expect(await verdict({ ValidAddressIndicator: '', Candidate: [{ AddressKeyFormat: format }] })).toMatchObject({ verdict: 'ok' });
    expect(await verdict({ ValidAddressIndicator: '', Candidate: { AddressKeyFormat: { ...format, PoliticalDivision2: 'COS COB' } } })).toMatchObject({
      verdict: 'corrected',
      suggestion: { name: 'Erika Muster', line1: '12 ELM ST', line2: 'APT 4', city: 'COS COB', postalCode: '06831-1234' },
    });
  });

  test('is doubtful where UPS is', async () => {
    expect(await verdict({ NoCandidatesIndicator: '' })).toMatchObject({ verdict: 'doubtful', suggestion: null });
    expect(await verdict({ AmbiguousAddressIndicator: '', Candidate: [{ AddressKeyFormat: format }, { AddressKeyFormat: format }] })).toMatchObject({
      verdict: 'doubtful',
      suggestion: null,
    });
  });

  test('is not asked outside the US and Puerto Rico', async () => {
    expect(await ups.checkAddress?.(BERLIN, calling().call)).toEqual({ verdict: 'unchecked', suggestion: null, problems: [] });
  });
});
