import { describe, expect, test } from 'vitest';
import type { Shipment } from '../../../adapters/carrier.ts';
import usps from '../../../adapters/carriers/usps.ts';
import { Unavailable } from '../../../core/error.ts';
import { SHIPMENT } from '../carrier-answers.ts';
import { type Answer, fixture, json, rejectionOf, scripted } from '../fixtures.ts';

const ACCOUNT = JSON.parse(fixture('usps/settings.json'));
const PURCHASE = JSON.parse(fixture('usps/purchase.json'));
const QUOTE = JSON.parse(fixture('usps/quote.json'));
const BOUGHT = JSON.parse(fixture('usps/bought.json'));
const ABROAD = { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', region: 'SN', postalCode: '04109', country: 'DE', phone: '+49 341 555 0199' };
const CUSTOMS = {
  contents: 'merchandise',
  currency: 'USD',
  items: [{ sku: 'TEA-1', description: 'Black tea in a tin with a bird on it', quantity: 2, value: 2_498, weight: 600, hsCode: '090230', origin: 'IN' }],
  invoiceNumber: '1004',
  invoiceDate: '2026-11-22',
  signer: 'Harbour & Pine',
  terms: 'DAP',
  undeliverable: 'return',
} as const;

const settingsOf = (extra: object = {}) => usps.settings.parse({ ...ACCOUNT, ...extra });

function calling(...answers: readonly Answer[]) {
  const { http, asked } = scripted(...answers);
  const call = {
    connectionId: 'usps',
    settings: settingsOf(),
    token: 'access',
    secondToken: 'payment',
    apiKey: 'consumer-key',
    signingSecret: 'an-invented-secret-of-32-letters',
    updateUrl: 'https://hub.example.com/updates/usps',
    http,
    now: new Date('2026-11-20T09:00:00.000Z'),
  };
  return { call, asked };
}

const refusal = (detail: string, status = 400, parameter = 'trackingNumber') =>
  json(
    { apiVersion: '/labels/v3', error: { code: String(status), message: 'Bad Request', errors: [{ title: 'Bad Request', detail, code: '00000XX', source: { parameter } }] } },
    status,
  );

describe('asking for tokens', () => {
  async function refreshed(extra: object, ...answers: readonly Answer[]) {
    const { call, asked } = calling(...answers);
    return { grant: await usps.refresh?.({ ...call, settings: settingsOf(extra), secret: 'consumer-secret' }), asked };
  }

  const TOKEN = json({ access_token: 'access', token_type: 'Bearer', expires_in: '28799' });

  test('asks in JSON, without scopes, and then for the payment token with the roles of the account', async () => {
    const { grant, asked } = await refreshed({}, TOKEN, json({ paymentAuthorizationToken: 'payment', roles: [] }));

    expect(grant).toEqual({ token: 'access', refreshToken: 'consumer-secret', secondToken: 'payment', expiresAt: '2026-11-20T16:59:59.000Z' });
    expect(JSON.parse(String(asked[0]?.body))).toEqual({ client_id: 'consumer-key', client_secret: 'consumer-secret', grant_type: 'client_credentials' });
    expect(asked[1]).toMatchObject({ url: 'https://apis.usps.com/payments/v3/payment-authorization', headers: { authorization: 'Bearer access' } });
    expect(JSON.parse(String(asked[1]?.body))).toEqual({
      roles: [
        { roleName: 'PAYER', CRID: '12345678', accountType: 'EPS', accountNumber: '1000405525' },
        { roleName: 'LABEL_OWNER', CRID: '12345678', MID: '987654321', manifestMID: '987654321' },
      ],
    });
  });

  test('ends with the token that ends first', async () => {
    const { grant } = await refreshed({}, json({ access_token: 'access', expires_in: 90_000 }), json({ paymentAuthorizationToken: 'payment' }));

    expect(grant?.expiresAt).toBe('2026-11-20T17:00:00.000Z');
  });

  test('says whose permit pays and whose contract is priced', async () => {
    const extra = { accountType: 'PERMIT', permitZip: '20260', priceType: 'CONTRACT', manifestMid: '123456' };
    const { asked } = await refreshed(extra, TOKEN, json({ paymentAuthorizationToken: 'payment' }));

    const account = { CRID: '12345678', accountType: 'PERMIT', permitNumber: '1000405525', permitZIP: '20260' };
    expect(JSON.parse(String(asked[1]?.body)).roles).toEqual([
      { roleName: 'PAYER', ...account },
      { roleName: 'LABEL_OWNER', CRID: '12345678', MID: '987654321', manifestMID: '123456' },
      { roleName: 'RATE_HOLDER', ...account },
    ]);
  });

  test.each([
    ['a wrong secret', [json({ error: 'invalid_client', error_description: 'Client authentication failed.' }, 401)], 'Rejected'],
    ['an account that may not pay', [TOKEN, refusal('The account is not active', 403)], 'Rejected'],
    ['a quota that is spent', [json({}, 429, { 'retry-after': '60' })], 'Unavailable'],
    ['an answer without a token', [json({})], 'Unavailable'],
  ])('throws for %s', async (_what, answers, name) => {
    await expect(refreshed({}, ...answers)).rejects.toMatchObject({ name });
  });

  test('needs the ZIP code of a permit', () => {
    expect(usps.settings.safeParse({ ...ACCOUNT, accountType: 'PERMIT' }).success).toBe(false);
  });
});

describe('asking for prices', () => {
  test('asks for all mail classes at once, in pounds and inches, rounded up', async () => {
    const { call, asked } = calling(json(QUOTE.body));
    await usps.quote(SHIPMENT, call);

    expect(asked).toHaveLength(1);
    expect(JSON.parse(String(asked[0]?.body))).toEqual({
      pricingOptions: [{ priceType: 'COMMERCIAL' }],
      originZIPCode: '21093',
      destinationZIPCode: '06831',
      destinationEntryFacilityType: 'NONE',
      packageDescription: { weight: 2.25, length: 11.9, width: 7.9, height: 4, mailClass: 'ALL_OUTBOUND', mailingDate: '2026-11-23' },
    });
  });

  test('offers the cheapest of each class that fits our boxes, where we hand over, with working days', async () => {
    const { rates } = await usps.quote(SHIPMENT, calling(json(QUOTE.body)).call);

    expect(rates).toEqual([
      { rateId: 'SP/MACHINABLE/NONE', carrier: 'USPS', service: 'USPS_GROUND_ADVANTAGE', cost: 789, currency: 'USD', deliveryDays: 4 },
      { rateId: 'SP/MACHINABLE/NONE', carrier: 'USPS', service: 'PRIORITY_MAIL', cost: 1045, currency: 'USD', deliveryDays: 2 },
      { rateId: 'PA/MACHINABLE/NONE', carrier: 'USPS', service: 'PRIORITY_MAIL_EXPRESS', cost: 3460, currency: 'USD', deliveryDays: null },
    ]);
  });

  test.each([
    ['a Saturday counts as the Monday after it', { totalBasePrice: 7.89, commitment: { expectedDeliveryDate: '2026-11-28' } }, { cost: 789, deliveryDays: 5 }],
    ['the total with extra services goes before the base', { totalPrice: '12.10', totalBasePrice: 7.89 }, { cost: 1210 }],
    ['the dust of binary fractions is rounded', { totalBasePrice: '9.170000000000002' }, { cost: 917 }],
    ['without totals, postage and fees are added', { totalBasePrice: null, fees: [{ price: '3.00' }] }, { cost: 1089 }],
  ])('%s', async (_what, { fees, ...option }: Record<string, unknown>, expected) => {
    const [first] = QUOTE.body.pricingOptions[0].shippingOptions[0].rateOptions;
    const changed = { ...first, ...option, rates: [{ ...first.rates[0], ...(fees !== undefined && { fees }) }] };
    const body = { pricingOptions: [{ shippingOptions: [{ mailClass: 'USPS_GROUND_ADVANTAGE', rateOptions: [changed] }] }] };

    expect((await usps.quote(SHIPMENT, calling(json(body)).call)).rates).toEqual([expect.objectContaining(expected)]);
  });

  test('names the Mailer ID for returns and the account for contracts', async () => {
    const [sent, back] = [calling(json(QUOTE.body)), calling(json(QUOTE.body))];
    const contract = settingsOf({ priceType: 'CONTRACT' });
    await usps.quote(SHIPMENT, { ...sent.call, settings: contract });
    await usps.quote({ ...SHIPMENT, returns: true }, { ...back.call, settings: contract });

    expect(JSON.parse(String(sent.asked[0]?.body)).pricingOptions[0].paymentAccount).toEqual({ accountType: 'EPS', accountNumber: '1000405525', CRID: '12345678' });
    expect(JSON.parse(String(back.asked[0]?.body)).pricingOptions[0].paymentAccount).toEqual({ accountType: 'MID', accountNumber: '987654321' });
  });

  test.each([
    ['carrier.no-rates', {}, json({ pricingOptions: [{ shippingOptions: [] }] })],
    ['carrier.dimensions-missing', { dimensions: null }, undefined],
    ['carrier.origin-unsupported', { from: ABROAD }, undefined],
    ['carrier.hazardous-abroad', { to: ABROAD, hazardous: true }, undefined],
    ['carrier.address-invalid', { to: { ...SHIPMENT.to, postalCode: '0683' } }, undefined],
  ])('throws %s', async (code, extra, answer) => {
    await expect(usps.quote({ ...SHIPMENT, ...extra }, calling(...(answer === undefined ? [] : [answer])).call)).rejects.toMatchObject({ name: 'Rejected', code });
  });
});

describe('drafting a label', () => {
  const drafted = (extra: Partial<Shipment> = {}, rate: object = {}, settings: object = {}) =>
    JSON.parse(usps.draft({ ...SHIPMENT, ...extra }, '', { ...PURCHASE.rate, ...rate }, settingsOf(settings)));

  test('writes a domestic label as its rate says', () => {
    expect(drafted()).toEqual({
      imageInfo: { imageType: 'PDF', labelType: '4X6LABEL', receiptOption: 'NONE' },
      toAddress: { firstName: 'Erika', lastName: 'Muster', streetAddress: '12 Elm Street', secondaryAddress: 'Apt 4', city: 'Greenwich', state: 'CT', ZIPCode: '06831' },
      fromAddress: { firstName: 'Harbour &', lastName: 'Pine', firm: 'Harbour & Pine', streetAddress: '1 Main St', city: 'Timonium', state: 'MD', ZIPCode: '21093' },
      packageDescription: {
        mailClass: 'USPS_GROUND_ADVANTAGE',
        rateIndicator: 'SP',
        weightUOM: 'lb',
        dimensionsUOM: 'in',
        weight: 2.25,
        length: 11.9,
        width: 7.9,
        height: 4,
        processingCategory: 'MACHINABLE',
        mailingDate: '2026-11-23',
        destinationEntryFacilityType: 'NONE',
        customerReference: [{ referenceNumber: SHIPMENT.reference, printReferenceNumber: true }],
      },
    });
  });

  test('writes a label abroad with its customs form, and never more weight of goods than of the parcel', () => {
    const { toAddress, customsForm, packageDescription, imageInfo } = drafted({ to: ABROAD, customs: CUSTOMS }, { service: 'PRIORITY_MAIL_INTERNATIONAL' }, { labelFormat: 'PNG' });

    expect(imageInfo).toEqual({ imageType: 'PDF', labelType: '4X6LABEL' });
    expect(toAddress).toMatchObject({ province: 'SN', postalCode: '04109', country: 'Germany', countryISOAlpha2Code: 'DE', phone: '+493415550199' });
    expect(packageDescription).toMatchObject({ packageOptions: { nonDeliveryOption: 'RETURN' }, customerReference: [{ referenceNumber: SHIPMENT.reference }] });
    expect(customsForm).toEqual({
      customsContentType: 'MERCHANDISE',
      AESITN: 'NO EEI 30.37(a)',
      invoiceNumber: '1004',
      contents: [
        {
          itemDescription: 'Black tea in a tin with a bird',
          itemQuantity: 2,
          itemTotalValue: 24.98,
          itemTotalWeight: 1.3227,
          weightUOM: 'lb',
          HSTariffNumber: '090230',
          countryofOrigin: 'IN',
        },
      ],
    });
  });

  test('leaves a return without a day and a place of mailing', () => {
    const { packageDescription } = drafted({ returns: true }, { service: 'USPS_GROUND_ADVANTAGE_RETURN_SERVICE' });

    expect(Object.keys(packageDescription)).not.toEqual(expect.arrayContaining(['mailingDate']));
    expect(packageDescription).not.toHaveProperty('destinationEntryFacilityType');
  });

  test.each([
    ['an APO takes the form', { line1: 'PSC 123 Box 1234', city: 'APO', region: 'AE', postalCode: '09008' }, true],
    ['Puerto Rico does not', { city: 'Ponce', region: '', country: 'PR', postalCode: '00731' }, false],
    ['Guam does', { city: 'Hagatna', region: '', country: 'GU', postalCode: '96910' }, true],
  ])('domestic mail with customs: %s', (_what, to, takes) => {
    const body = drafted({ to: { ...SHIPMENT.to, ...to }, customs: CUSTOMS });

    expect('customsForm' in body).toBe(takes);
    expect(body.toAddress.state).toMatch(/^(AE|PR|GU)$/);
  });

  test.each([
    ['PRIORITY_MAIL_EXPRESS', 'PA'],
    ['PRIORITY_MAIL', 'SP'],
  ])('takes a rate of our own tariff, %s, for a single parcel', (service, rateIndicator) => {
    expect(drafted({}, { rateId: '', service }).packageDescription).toMatchObject({ rateIndicator, processingCategory: 'MACHINABLE', destinationEntryFacilityType: 'NONE' });
  });

  test('declares limited quantities, and has addresses printed that USPS cannot confirm where it is told so', () => {
    const body = drafted({ hazardous: true }, {}, { trustAddresses: true });

    expect(body.packageDescription).toMatchObject({ extraServices: [831], packageOptions: { contentType: 'HAZMAT' } });
    expect(body.toAddress.ignoreBadAddress).toBe(true);
  });

  const [item] = CUSTOMS.items;
  test.each([
    ['carrier.customs-missing', { customs: null }],
    ['carrier.customs-currency', { customs: { ...CUSTOMS, currency: 'EUR' } }],
    ['carrier.customs-terms', { customs: { ...CUSTOMS, terms: 'DDP' as const } }],
    ['carrier.customs-items', { customs: { ...CUSTOMS, items: Array.from({ length: 31 }, () => item) } }],
    ['carrier.customs-description', { customs: { ...CUSTOMS, items: [{ ...item, description: ' Gift' }] } }],
    ['carrier.customs-value', { customs: { ...CUSTOMS, items: [{ ...item, value: 0 }] } }],
    ['carrier.customs-statement', { customs: { ...CUSTOMS, items: [{ ...item, value: 250_001 }] } }],
    ['carrier.hazardous-abroad', { customs: CUSTOMS, hazardous: true }],
  ])('refuses with %s', (code, extra) => {
    const act = () => drafted({ to: ABROAD, ...extra }, { service: 'PRIORITY_MAIL_INTERNATIONAL' });

    expect(rejectionOf(act).code).toBe(code);
  });

  test.each([
    ['CA', {}, 'NO EEI 30.36'],
    ['DE', { exportStatement: 'X20261122123456' }, 'X20261122123456'],
  ])('states the exemption for %s', (country, settings, statement) => {
    expect(drafted({ to: { ...ABROAD, country }, customs: CUSTOMS }, { service: 'PRIORITY_MAIL_INTERNATIONAL' }, settings).customsForm.AESITN).toBe(statement);
  });
});

describe('buying a label', () => {
  const buying = async (...answers: readonly Answer[]) => await usps.buy(PURCHASE, calling(...answers).call);

  test('sends both tokens and a key that is the same for the same purchase', async () => {
    const { call, asked } = calling(json(BOUGHT.body), json(BOUGHT.body));
    await usps.buy(PURCHASE, call);
    await usps.buy(PURCHASE, call);

    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://apis.usps.com/labels/v3/label',
      body: PURCHASE.request,
      headers: {
        authorization: 'Bearer access',
        'x-payment-authorization-token': 'payment',
        'x-idempotency-key': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        accept: 'application/vnd.usps.labels+json',
      },
    });
    expect(asked[1]).toEqual(asked[0]);
  });

  test('adds fees and extra services to the postage, digit by digit', async () => {
    const body = { ...BOUGHT.body, postage: '7.890000000000001', fees: [{ price: 3.1 }], extraServices: [{ price: '0.20' }, {}] };
    const outcome = await buying(json(body));

    expect(outcome).toMatchObject({ outcome: 'bought', label: { cost: 1119, currency: 'USD', trackingNumber: '9234690111111100000001' } });
  });

  test('reads the same label from parts as from one document', async () => {
    const parts = JSON.parse(fixture('usps/bought-parts.json'));

    expect(await buying({ status: 200, headers: parts.headers, body: Buffer.from(parts.text) })).toEqual(await buying(json(BOUGHT.body)));
  });

  test.each([
    ['a label without a picture is bought all the same', { labelImage: undefined }, { document: { in: 'nowhere' } }],
    ['an answer without an address names none', { labelAddress: undefined }, { address: null }],
  ])('%s', async (_what, extra, expected) => {
    expect(await buying(json({ ...BOUGHT.body, ...extra }))).toMatchObject({ outcome: 'bought', label: expected });
  });

  test.each([
    ['a number', { trackingNumber: undefined }],
    ['postage', { postage: undefined }],
    ['an amount that is one', { postage: 'free' }],
  ])('is unknown without %s', async (_what, extra) => {
    expect(await buying(json({ ...BOUGHT.body, ...extra }))).toMatchObject({ outcome: 'unknown' });
  });

  test.each([
    ['a refusal', refusal('The weight is over the limit'), { outcome: 'refused', again: false }],
    ['a token that ended', json('', 401), { outcome: 'refused', again: true }],
    ['a scope that was not approved', json('', 403), { outcome: 'refused', again: false }],
    ['a refusal that nobody wrote', json('<html>', 400), { outcome: 'unknown' }],
    ['a key that is known', refusal('The idempotency key was used', 400, 'X-Idempotency-Key'), { outcome: 'unknown' }],
    ['a day of mailing that is over', refusal('The date must be today or later', 400, 'packageDescription.mailingDate'), { outcome: 'unknown' }],
    ['a quota that is spent', refusal('Too Many Requests', 429), { outcome: 'unknown' }],
    ['no answer', new Unavailable('http.timeout', 'no answer'), { outcome: 'unknown' }],
  ])('tells %s', async (_what, answer, expected) => {
    expect(await buying(answer)).toMatchObject(expected);
  });

  test('repeats neither quotes nor numbers of a refusal, as they may be the customer', async () => {
    const outcome = await buying(refusal("Address 'Beispiel Street' 12345 of erika@example.com is unknown"));

    expect(outcome).toMatchObject({ outcome: 'refused', reason: expect.not.stringMatching(/Beispiel|12345|erika/) });
  });
});

describe('what was bought', () => {
  const LABEL = { reference: SHIPMENT.reference, carrierRef: 'key', trackingNumber: '9234690111111100000001' };

  test('is looked up by its key, which buys nothing', async () => {
    const { call, asked } = calling(json(JSON.parse(fixture('usps/found.json')).body));
    const found = await usps.find(PURCHASE, call);

    expect(found).toEqual(await usps.buy(PURCHASE, calling(json(BOUGHT.body)).call));
    expect(asked[0]).toMatchObject({ url: 'https://apis.usps.com/labels/v3/label-reprint', body: '{"imageInfo":{"imageType":"PDF","labelType":"4X6LABEL"}}' });
  });

  test.each([
    ['cancelled', json({ trackingNumber: LABEL.trackingNumber, status: 'CANCELED' }), { outcome: 'voided' }],
    ['disputed', json({ trackingNumber: LABEL.trackingNumber, status: 'DISPUTED', disputeId: '103789' }), { outcome: 'pending' }],
    ['asked for today already', refusal('A refund request for this order has already been submitted today'), { outcome: 'pending' }],
    ['not refundable', refusal('A refund request for this order cannot be submitted'), { outcome: 'refused', used: true }],
    ['not found long after it was bought', refusal('Order not found'), { outcome: 'voided' }],
    ['something else', refusal('Something else'), { outcome: 'unknown' }],
    ['not allowed', refusal('Order not found', 403), { outcome: 'unknown' }],
    ['a status of its own', json({ status: 'PENDING' }), { outcome: 'unknown' }],
  ])('is taken back: %s', async (_what, answer, expected) => {
    expect(await usps.void?.({ ...LABEL, reference: '01K9GM5Q80ABCDEFGHJKMNPQRS' }, calling(answer).call)).toMatchObject(expected);
  });

  test('of another country is taken back where it was bought', async () => {
    const { call, asked } = calling(json({ status: 'CANCELED' }));
    await usps.void?.({ ...LABEL, trackingNumber: 'LZ000000001US' }, call);

    expect(asked[0]).toMatchObject({ method: 'DELETE', url: 'https://apis.usps.com/international-labels/v3/international-label/LZ000000001US' });
  });
});

describe('subscribing', () => {
  const ID = '5b0c7d1e-3f0a-4c7e-9a55-0c1d2e3f4a5b';

  test('adopts the subscription that a refusal names, and says when it lapses', async () => {
    const { call, asked } = calling(json([]), refusal(`Already there: ${ID}`, 400, 'listenerURL'), json({ subscriptionId: ID, status: 'ENABLED' }, 200, { etag: '"1"' }));

    expect(await usps.subscribe?.(call)).toEqual({ state: 'kept', until: '2026-12-20T09:00:00.000Z' });
    expect(JSON.parse(String(asked[1]?.body))).toEqual({
      listenerURL: call.updateUrl,
      secret: call.signingSecret,
      filterProperties: { MID: '987654321', trackingEventTypes: ['ALL_UPDATES'] },
    });
  });

  test('throws what refuses it for another reason, without the secret', async () => {
    const error: unknown = await usps.subscribe?.(calling(json([]), refusal('The MID is not linked', 400, 'MID')).call).catch((cause: unknown) => cause);

    expect(error).toMatchObject({ name: 'Rejected', message: expect.stringContaining('not linked') });
    expect(String(error)).not.toContain('an-invented-secret');
  });
});
