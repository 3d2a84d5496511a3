import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import fedex from '../../../adapters/carriers/fedex.ts';
import { publishedBy } from '../../contracts/carriers.ts';
import { rejectionOf } from '../fixtures.ts';
import { ABROAD, bodyOf, calling, draftOf, FROM, LABEL, PURCHASE, RATE, REFERENCE, RETURN, refusal, SETTINGS, SHIPMENT, TO } from './calling.ts';

describe('writing a purchase down', () => {
  test('is the same bytes for the same shipment, and has our reference on the package', () => {
    const first = fedex.draft(SHIPMENT, '', RATE, SETTINGS);

    expect(fedex.draft(structuredClone(SHIPMENT), '', RATE, SETTINGS)).toBe(first);
    expect(first).toBe(PURCHASE.request);
    expect(JSON.parse(first).requestedShipment.requestedPackageLineItems[0].customerReferences).toEqual([{ customerReferenceType: 'CUSTOMER_REFERENCE', value: REFERENCE }]);
  });

  test.each<[string, object, object]>([
    ['PDF', {}, { imageType: 'PDF', labelStockType: 'PAPER_4X6' }],
    ['PNG', { labelFormat: 'PNG' }, { imageType: 'PNG', labelStockType: 'PAPER_4X6' }],
    ['ZPL', { labelFormat: 'ZPL' }, { imageType: 'ZPLII', labelStockType: 'STOCK_4X6' }],
  ])('asks for a label as %s', (_format, settings, specification) => {
    expect(draftOf(SHIPMENT, settings).requestedShipment.labelSpecification).toEqual(specification);
  });

  test('writes metric units to the gram where the settings say so', () => {
    const text = fedex.draft({ ...SHIPMENT, dimensions: { length: 301, width: 200, height: 120 } }, '', RATE, { ...SETTINGS, units: 'metric' });

    expect(text).toContain('"weight":{"units":"KG","value":2.52},"dimensions":{"length":31,"width":20,"height":12,"units":"CM"}');
  });

  test('leaves the size out where nobody measured the box', () => {
    expect(draftOf({ ...SHIPMENT, dimensions: null }).requestedShipment.requestedPackageLineItems[0]).not.toHaveProperty('dimensions');
  });

  test('describes goods for customs, with amounts digit by digit and weights in the unit of the package', () => {
    const text = fedex.draft(ABROAD, '', RATE, SETTINGS);
    const { customsClearanceDetail, shippingDocumentSpecification, recipients } = JSON.parse(text).requestedShipment;

    expect(text).toContain('"unitPrice":{"amount":29.90,"currency":"USD"},"customsValue":{"amount":89.70,"currency":"USD"}');
    expect(customsClearanceDetail).toMatchObject({
      dutiesPayment: { paymentType: 'RECIPIENT' },
      totalCustomsValue: { amount: 89.7, currency: 'USD' },
      commercialInvoice: { termsOfSale: 'DAP', shipmentPurpose: 'SOLD', customerReferences: [{ customerReferenceType: 'INVOICE_NUMBER', value: '#1001' }] },
      commodities: [{ description: 'Desk lamp', countryOfManufacture: 'PT', harmonizedCode: '940521', quantity: 3, weight: { units: 'LB', value: 5 } }],
    });
    expect(shippingDocumentSpecification.shippingDocumentTypes).toEqual(['COMMERCIAL_INVOICE']);
    expect(recipients[0].address, 'a region that is no code of two letters is not needed there').not.toHaveProperty('stateOrProvinceCode');
  });

  test('duties of DDP are billed to our account', () => {
    const customs = ABROAD.customs === null ? null : { ...ABROAD.customs, terms: 'DDP' as const };

    expect(draftOf({ ...ABROAD, customs }).requestedShipment.customsClearanceDetail.dutiesPayment).toEqual({
      paymentType: 'SENDER',
      payor: { responsibleParty: { accountNumber: { value: '740561073' } } },
    });
  });

  test('a label for goods that come back is a printed return label, brought to FedEx', () => {
    const { shipmentSpecialServices, pickupType, shipper } = draftOf(RETURN).requestedShipment;

    expect(shipmentSpecialServices).toEqual({ specialServiceTypes: ['RETURN_SHIPMENT'], returnShipmentDetail: { returnType: 'PRINT_RETURN_LABEL' } });
    expect(pickupType).toBe('DROPOFF_AT_FEDEX_LOCATION');
    expect(shipper.contact.personName).toBe('Ada Sample');
  });

  test.each<[string, object, string[]]>([
    ['two short lines', { line1: '18 Juniper Court', line2: 'Apt 4' }, ['18 Juniper Court', 'Apt 4']],
    ['one long line', { line1: 'Building 7 of the Old Cannery, 1200 Waterfront Parkway', line2: '' }, ['Building 7 of the Old Cannery, 1200', 'Waterfront Parkway']],
    [
      'two long lines, broken anew over three',
      { line1: 'The Old Cannery on the Waterfront 1', line2: 'Third floor at the very end, the second door' },
      ['The Old Cannery on the Waterfront 1', 'Third floor at the very end, the', 'second door'],
    ],
  ])('puts a street of %s on lines that FedEx prints', (_what, street, lines) => {
    expect(draftOf({ ...SHIPMENT, to: { ...TO, ...street } }).requestedShipment.recipients[0].address.streetLines).toEqual(lines);
  });

  test.each<[string, object, object]>([
    ['a street that fits no three lines', { line1: 'word '.repeat(24).trim() }, { code: 'carrier.address-too-long', seen: 'street' }],
    ['a word that fits no line', { line1: 'x'.repeat(36), line2: '' }, { code: 'carrier.address-too-long', seen: 'street' }],
    ['a name of 71 characters', { name: 'n'.repeat(71) }, { code: 'carrier.address-too-long', seen: 'name' }],
    ['a company of 36 characters', { company: 'c'.repeat(36) }, { code: 'carrier.address-too-long', seen: 'company' }],
    ['a city of 36 characters', { city: 'c'.repeat(36) }, { code: 'carrier.address-too-long', seen: 'city' }],
    ['a postal code of 11 characters', { postalCode: '12345678901' }, { code: 'carrier.address-too-long', seen: 'postal code' }],
    ['no phone number', { phone: '' }, { code: 'carrier.phone-missing', seen: 'phone' }],
    ['a phone number of 7 digits', { phone: '555-0187' }, { code: 'carrier.phone-missing', seen: 'phone' }],
    ['an American phone number of 12 digits', { phone: '+44 503 555 0187' }, { code: 'carrier.phone-missing', seen: 'phone' }],
    ['a state in full', { region: 'Oregon' }, { code: 'carrier.region-unknown', seen: 'region' }],
  ])('refuses %s by its name, and repeats no personal data', (_what, change, error) => {
    const thrown = rejectionOf(() => fedex.draft({ ...SHIPMENT, to: { ...TO, ...change } }, '', RATE, SETTINGS));

    expect(thrown).toMatchObject(error);
    expect(thrown.message).not.toMatch(/Ada|Juniper|555/);
  });

  test('gives the phone number of the settings for whoever has none', () => {
    const { phone: _, ...silent } = TO;

    expect(draftOf({ ...SHIPMENT, to: silent }, { phone: '+19015550142' }).requestedShipment.recipients[0].contact.phoneNumber).toBe('19015550142');
  });

  test('keeps every word of any street, in order, on three lines of 35', () => {
    const words = fc.array(fc.stringMatching(/^[A-Za-z0-9.]{1,12}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(words, words, (first, second) => {
        const { streetLines } = draftOf({ ...SHIPMENT, to: { ...TO, line1: first.join(' '), line2: second.slice(0, 1).join(' ') } }).requestedShipment.recipients[0].address;

        expect(streetLines.join(' ')).toBe([...first, ...second.slice(0, 1)].join(' '));
        expect(streetLines.length).toBeLessThanOrEqual(3);
        expect(Math.max(...streetLines.map((line: string) => line.length))).toBeLessThanOrEqual(35);
      }),
    );
  });
});

describe('the bodies against the documents that FedEx publishes', () => {
  // FedEx's own samples omit totalWeight, which the document requires; commodities must be in the package's unit, which the document takes for KG.
  const MENDED = { 'Shipment-Resource.json': { without: ['/components/schemas/Weight_4/properties/units/enum'] } };
  const isMeant = (misfit: string) => !misfit.includes('totalWeight');

  const LABELS = { reference: REFERENCE, from: FROM, shipDate: '2026-11-23', labels: [LABEL] };
  const PICKUP = {
    reference: REFERENCE,
    from: FROM,
    day: '2026-11-23',
    readyAt: '14:00',
    closesAt: '18:00',
    timeZone: 'America/Chicago',
    parcels: 2,
    weight: 5_000,
    instructions: '',
    labels: [],
  };
  type Calls = ReturnType<typeof calling>['call'];

  test.for<[string, string, string, (call: Calls) => Promise<unknown> | undefined]>([
    ['a request for prices', 'RateQuotes-Resource.json', 'Full_Schema_Quote_Rate', (call) => fedex.quote(SHIPMENT, call)],
    ['a request for prices abroad', 'RateQuotes-Resource.json', 'Full_Schema_Quote_Rate', (call) => fedex.quote(ABROAD, call)],
    ['a purchase', 'Shipment-Resource.json', 'Full_Schema_Ship', (call) => fedex.buy(PURCHASE, call)],
    ['a purchase abroad', 'Shipment-Resource.json', 'Full_Schema_Ship', (call) => fedex.buy({ ...PURCHASE, request: fedex.draft(ABROAD, '', RATE, SETTINGS) }, call)],
    ['a return', 'Shipment-Resource.json', 'Full_Schema_Ship', (call) => fedex.buy({ ...PURCHASE, request: fedex.draft(RETURN, '', RATE, SETTINGS) }, call)],
    ['a cancellation', 'Shipment-Resource.json', 'Full_Schema_Cancel_Shipment', (call) => fedex.void?.(LABEL, call)],
    ['a look-up', 'ReferenceNumbers-Resource.json', 'Full_Schema_Tracking_References', (call) => fedex.find(PURCHASE, call)],
    ['a poll', 'TrackingNumbers-Resource.json', 'Full_Schema_Tracking_Numbers', (call) => fedex.track?.(['794600000001'], call)],
    ['a close', 'ShipmentCloseAPI-Resource.json', 'FullSchema_GEOD_PUT', (call) => fedex.manifest?.close(LABELS, call)],
    ['a reprint', 'ShipmentCloseAPI-Resource.json', 'FullSchema_Reprint_POST', (call) => fedex.manifest?.look(LABELS, null, call)],
    ['a pickup', 'Pickup-Resource.json', 'Full_Schema_Create_Pickup', (call) => fedex.pickup?.book(PICKUP, call)],
    ['an address', 'Addresses-Resource.json', 'Full_Schema_Validate_Address', (call) => fedex.checkAddress?.(TO, call)],
  ])('%s fits', async ([_what, file, schema, act], { skip }) => {
    const document = publishedBy('fedex', file, Object.entries(MENDED).find(([name]) => name === file)?.[1]);
    skip(document.skipped !== undefined, document.skipped);
    const { call, asked } = calling(refusal(500, 'INTERNAL.SERVER.ERROR'));

    await act(call)?.catch(() => {});

    expect(asked).toHaveLength(1);
    expect(document.misfits(schema, bodyOf(asked[0])).filter(isMeant)).toEqual([]);
  });
});
