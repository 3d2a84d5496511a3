import { describe, expect, test } from 'vitest';
import type { CarrierCall, Shipment } from '../../../adapters/carrier.ts';
import usps from '../../../adapters/carriers/usps.ts';
import type { Settings } from '../../../adapters/usps/settings.ts';
import { publishedBy } from '../../contracts/carriers.ts';
import { callWith, manifestOf, pickupOf, purchaseOf, SHIPMENT } from '../carrier-answers.ts';
import { fixture, json, scripted } from '../fixtures.ts';

const RATE = { rateId: 'SP/MACHINABLE/NONE', carrier: 'USPS', service: 'USPS_GROUND_ADVANTAGE', cost: 789, currency: 'USD', deliveryDays: 4 };
const ABROAD = { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', region: 'SN', postalCode: '04109', country: 'DE', phone: '+49 341 555 0199' };
const CUSTOMS = {
  contents: 'merchandise',
  currency: 'USD',
  items: [{ sku: 'TEA-1', description: 'Black tea in a tin', quantity: 2, value: 2_498, weight: 600, hsCode: '0902.30', origin: 'IN' }],
  invoiceNumber: '1004',
  invoiceDate: '2026-11-22',
  signer: 'Harbour & Pine',
  terms: 'DAP',
  undeliverable: 'abandon',
} as const;
const LABEL = { reference: SHIPMENT.reference, carrierRef: 'key', trackingNumber: '9234690111111100000001' };
const MONONYM = { ...SHIPMENT.to, name: 'Zoë', line1: '7 Thistledown Lane in the Quarter behind the Old Harbour' };

const settingsOf = (extra: object = {}) => usps.settings.parse({ ...JSON.parse(fixture('usps/settings.json')), ...extra });

/** The body of the first call that something makes, but for those that are skipped. */
async function sent(act: (call: CarrierCall<Settings>) => unknown, settings: object = {}, skipped = 0): Promise<unknown> {
  const { http, asked } = scripted(json({ access_token: 'access', expires_in: 60 }), json({}, 500));
  await Promise.resolve(act(callWith(settingsOf(settings), http))).catch(() => undefined);
  return JSON.parse(String(asked[skipped]?.body));
}

const drafted = (shipment: Partial<Shipment>, rate: object = {}, settings: object = {}): unknown =>
  JSON.parse(usps.draft({ ...SHIPMENT, ...shipment }, '', { ...RATE, ...rate }, settingsOf(settings)));

describe('what is sent to USPS fits its own documents', () => {
  const labels = publishedBy('usps', 'domestic-labels.yaml');
  describe.skipIf(labels.skipped !== undefined)(`labels ${labels.skipped ?? ''}`, () => {
    test.each([
      ['a parcel', {}, {}, {}],
      ['a name of one word, and a long street', { to: MONONYM }, {}, {}],
      ['a ZPL label by express', {}, { service: 'PRIORITY_MAIL_EXPRESS', rateId: 'PA/MACHINABLE/NONE' }, { labelFormat: 'ZPL' }],
      ['limited quantities, trusted', { hazardous: true }, {}, { trustAddresses: true }],
      ['an APO', { to: { ...SHIPMENT.to, city: 'APO', region: 'AE', postalCode: '09008' }, customs: CUSTOMS }, {}, {}],
    ])('%s', (_what, shipment, rate, settings) => {
      expect(labels.misfits('LabelRequest', drafted(shipment, rate, settings))).toEqual([]);
    });

    test('a parcel that comes back', () => {
      const body = drafted({ from: SHIPMENT.to, to: SHIPMENT.from, returns: true }, { service: 'PRIORITY_MAIL_RETURN_SERVICE' });

      expect(labels.misfits('ReturnLabelRequest', body)).toEqual([]);
    });

    test('a label that is printed again', async () => {
      expect(labels.misfits('LabelReprintRequest', await sent((call) => usps.find(purchaseOf('usps'), call)))).toEqual([]);
    });
  });

  // Beside `allOf` it forbids every field, those of its parts too.
  const forbids = ['InternationalPackageDescription/allOf/1', 'InternationalPackageOptions/allOf/1', 'InternationalCustomsForm', 'InternationalShippingContents'];
  const abroad = publishedBy('usps', 'international-labels.yaml', { without: forbids.map((path) => `/components/schemas/${path}/additionalProperties`) });
  test.skipIf(abroad.skipped !== undefined)(`labels abroad ${abroad.skipped ?? ''}`, () => {
    const body = drafted({ to: ABROAD, customs: CUSTOMS }, { service: 'PRIORITY_MAIL_INTERNATIONAL' }, { labelFormat: 'PNG' });

    expect(abroad.misfits('InternationalLabelRequest', body)).toEqual([]);
  });

  const options = publishedBy('usps', 'shipping-options.yaml');
  test.skipIf(options.skipped !== undefined).each([
    ['at home', {}, {}],
    ['dangerous goods by contract', { hazardous: true }, { priceType: 'CONTRACT' }],
    ['coming back by contract', { returns: true }, { priceType: 'CONTRACT' }],
    ['abroad', { to: ABROAD }, {}],
  ])(`prices %s ${options.skipped ?? ''}`, async (_what, shipment, settings) => {
    expect(options.misfits('OptionsRequest', await sent((call) => usps.quote({ ...SHIPMENT, ...shipment }, call), settings))).toEqual([]);
  });

  const payments = publishedBy('usps', 'payments.yaml');
  test.skipIf(payments.skipped !== undefined).each([
    ['an account', {}],
    ["a permit with a contract's prices", { accountType: 'PERMIT', permitZip: '20260', priceType: 'CONTRACT' }],
  ])(`payment by %s ${payments.skipped ?? ''}`, async (_what, settings) => {
    expect(payments.misfits('Parties', await sent((call) => usps.refresh?.({ ...call, secret: 'consumer-secret' }), settings, 1))).toEqual([]);
  });

  const forms = publishedBy('usps', 'scan-forms.yaml');
  test.skipIf(forms.skipped !== undefined)(`a SCAN form ${forms.skipped ?? ''}`, async () => {
    const body = await sent((call) => usps.manifest?.close(manifestOf(LABEL), call));

    expect(forms.misfits('SCANFormRequest', body)).toEqual([]);
  });

  // As written it takes no body: fields beside `allOf` are forbidden, and an e-mail address is two kinds of contact at once.
  const mended = ['/components/schemas/PickupAddress/additionalProperties', '/components/schemas/NotificationMethod/oneOf'];
  const pickups = publishedBy('usps', 'carrier-pickup.yaml', { without: mended });
  test.skipIf(pickups.skipped !== undefined).each([
    ['by telephone', {}],
    ['by e-mail', { contactEmail: 'dock@example.com' }],
  ])(`a pickup, answered %s ${pickups.skipped ?? ''}`, async (_what, settings) => {
    const body = await sent((call) => usps.pickup?.book(pickupOf(LABEL), call), settings);

    expect(pickups.misfits('SchedulePickupRequest', body)).toEqual([]);
  });
});
