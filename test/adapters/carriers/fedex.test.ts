import { describe, expect, test } from 'vitest';
import fedex from '../../../adapters/carriers/fedex.ts';
import { Unavailable } from '../../../core/error.ts';
import { bodyOf, calling, kept, LABEL, PURCHASE, RATE, REFERENCE, refusal, SHIPMENT } from '../fedex/calling.ts';
import { type Answer, json } from '../fixtures.ts';

describe('asking for a token', () => {
  test('posts a form with key and secret and keeps the token until it ends', async () => {
    const { call, asked } = calling(json({ access_token: 'abc', token_type: 'bearer', expires_in: 3599, scope: 'CXS' }));

    expect(await fedex.refresh?.({ ...call, secret: 's&cret' })).toEqual({ token: 'abc', refreshToken: '', expiresAt: '2026-11-22T22:59:59.000Z' });
    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://apis.fedex.com/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&client_id=key&client_secret=s%26cret',
    });
  });

  test('a secret that is refused is a person to look at', async () => {
    await expect(fedex.refresh?.({ ...calling(refusal(401, 'NOT.AUTHORIZED.ERROR')).call, secret: 's' })).rejects.toMatchObject({ name: 'Rejected', code: 'carrier.refused' });
  });
});

describe('asking for prices', () => {
  test('sends one recipient and whole inches, and half pounds', async () => {
    const { call, asked } = calling(kept('quote'));
    await fedex.quote(SHIPMENT, call);

    expect(asked[0]).toMatchObject({ method: 'POST', url: 'https://apis.fedex.com/rate/v1/rates/quotes', headers: { authorization: 'Bearer tok' } });
    expect(bodyOf(asked[0])).toEqual({
      accountNumber: { value: '740561073' },
      rateRequestControlParameters: { returnTransitTimes: true },
      requestedShipment: {
        shipper: { address: { city: 'Memphis', stateOrProvinceCode: 'TN', postalCode: '38103', countryCode: 'US', residential: false } },
        recipient: { address: { city: 'Portland', stateOrProvinceCode: 'OR', postalCode: '97205', countryCode: 'US', residential: true } },
        shipDateStamp: '2026-11-23',
        pickupType: 'USE_SCHEDULED_PICKUP',
        packagingType: 'YOUR_PACKAGING',
        rateRequestType: ['ACCOUNT', 'LIST'],
        requestedPackageLineItems: [{ weight: { units: 'LB', value: 6 }, dimensions: { length: 12, width: 8, height: 5, units: 'IN' } }],
      },
    });
  });

  test("prefers the account's price, reads it digit by digit, and leaves out what it cannot read", async () => {
    const { carrierRef, rates } = await fedex.quote(SHIPMENT, calling(kept('quote')).call);

    expect(carrierRef).toBe('');
    expect(rates).toEqual([
      { rateId: 'GROUND_HOME_DELIVERY', carrier: 'FedEx', service: 'GROUND_HOME_DELIVERY', cost: 1_284, currency: 'USD', deliveryDays: 3 },
      { rateId: 'FEDEX_2_DAY', carrier: 'FedEx', service: 'FEDEX_2_DAY', cost: 2_010, currency: 'USD', deliveryDays: 2 },
      { rateId: 'PRIORITY_OVERNIGHT', carrier: 'FedEx', service: 'PRIORITY_OVERNIGHT', cost: 6_100, currency: 'USD', deliveryDays: null },
    ]);
  });

  test.each<[string, Answer, object]>([
    ['no offer', json({ output: { rateReplyDetails: [] } }), { name: 'Rejected', code: 'carrier.no-rates' }],
    [
      'a place that is not served',
      refusal(400, 'RATE.LOCATION.NOSERVICE'),
      { name: 'Rejected', code: 'carrier.refused', message: expect.stringContaining('RATE.LOCATION.NOSERVICE') },
    ],
    ['too many calls', json('', 429, { 'retry-after': '7' }), { name: 'Unavailable', retryAfterSeconds: 7 }],
    ['a token that ended', refusal(401, 'NOT.AUTHORIZED.ERROR'), { name: 'Unavailable', code: 'carrier.token-refused' }],
    ['half an answer', json('{"output":'), { name: 'Unavailable', code: 'carrier.answer-unreadable' }],
  ])('%s is said as it is, without personal data', async (_what, answer, error) => {
    const thrown: unknown = await fedex.quote(SHIPMENT, calling(answer).call).catch((cause: unknown) => cause);

    expect(thrown).toMatchObject(error);
    expect(String(thrown)).not.toMatch(/Ada|Sample/);
  });

  test('dangerous goods are not offered to FedEx at all', async () => {
    const { call, asked } = calling();

    await expect(fedex.quote({ ...SHIPMENT, hazardous: true }, call)).rejects.toMatchObject({ code: 'carrier.hazardous-not-taken' });
    expect(asked).toEqual([]);
  });
});

describe('buying', () => {
  test('is one call with the bytes that were written down', async () => {
    const { call, asked } = calling(kept('bought'));
    const outcome = await fedex.buy(PURCHASE, call);

    expect(outcome).toMatchObject({
      outcome: 'bought',
      label: {
        carrierRef: 'FDXG~794600000001',
        carrier: 'FedEx',
        service: 'GROUND_HOME_DELIVERY',
        trackingNumber: '794600000001',
        trackingUrl: 'https://www.fedex.com/fedextrack/?trknbr=794600000001',
        cost: 1_284,
        currency: 'USD',
        document: { in: 'answer' },
        forms: [],
        address: null,
      },
    });
    expect(outcome.outcome === 'bought' && outcome.label.document.in === 'answer' && outcome.label.document.bytes.toString('latin1', 0, 5)).toBe('%PDF-');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://apis.fedex.com/ship/v1/shipments',
      headers: { 'x-customer-transaction-id': REFERENCE },
      body: PURCHASE.request,
    });
  });

  const shipmentOf = (body: ReturnType<typeof JSON.parse>) => body.output.transactionShipments[0];

  test.each<[string, (body: ReturnType<typeof JSON.parse>) => unknown, number]>([
    [
      'of the rate type that is billed',
      (body) => shipmentOf(body).completedShipmentDetail.shipmentRating.shipmentRateDetails.unshift({ rateType: 'PAYOR_LIST_PACKAGE', totalNetCharge: 99, currency: 'USD' }),
      1_284,
    ],
    ['of the package, where the shipment names none', (body) => Object.assign(shipmentOf(body), { completedShipmentDetail: { carrierCode: 'FDXG' } }), 1_284],
    [
      'that was quoted, where nothing is named',
      (body) => {
        shipmentOf(body).completedShipmentDetail = null;
        shipmentOf(body).pieceResponses[0].netChargeAmount = null;
      },
      RATE.cost,
    ],
  ])('the price is that %s', async (_what, change, cost) => {
    expect(await fedex.buy(PURCHASE, calling(kept('bought', change)).call)).toMatchObject({ outcome: 'bought', label: { cost, currency: 'USD' } });
  });

  test('customs forms come with the label', async () => {
    const answer = kept('bought', (body) => {
      shipmentOf(body).shipmentDocuments = [{ contentType: 'COMMERCIAL_INVOICE', docType: 'PDF', encodedLabel: Buffer.from('%PDF-1.4 invoice').toString('base64') }];
    });
    const outcome = await fedex.buy(PURCHASE, calling(answer).call);

    expect(outcome).toMatchObject({ outcome: 'bought', label: { forms: [{ in: 'answer', bytes: Buffer.from('%PDF-1.4 invoice') }] } });
  });

  test.each<[number, string, boolean]>([
    [400, 'SERVICE.PACKAGECOMBINATION.INVALID', false],
    [400, 'ACCOUNT.CREDIT.LIMIT.EXCEEDED', false],
    [401, 'NOT.AUTHORIZED.ERROR', true],
    [403, 'FORBIDDEN.ERROR', false],
    [422, 'INVALID.INPUT.EXCEPTION', false],
  ])('HTTP %d %s proves that nothing was bought', async (status, code, again) => {
    expect(await fedex.buy(PURCHASE, calling(refusal(status, code)).call)).toEqual({ outcome: 'refused', again, reason: `answered ${status} ${code}` });
  });

  test.each<[string, Answer]>([
    ['a lost answer', new Unavailable('http.timeout', 'no answer')],
    ['HTTP 408', refusal(408, 'TIMEOUT')],
    ['HTTP 409', refusal(409, 'CONFLICT')],
    ['HTTP 425', refusal(425, 'EARLY')],
    ['HTTP 429', refusal(429, 'TOO.MANY.REQUESTS')],
    ['HTTP 500', refusal(500, 'INTERNAL.SERVER.ERROR')],
    ['HTTP 503 of a proxy', json('<html>', 503)],
    ['HTTP 400 with the word for their own trouble', refusal(400, 'SYSTEM.UNAVAILABLE.EXCEPTION')],
    ['a refusal that is not FedEx’s', json('<html>Forbidden</html>', 403)],
    ['a redirect', json('', 302)],
    ['half an answer', json('{"output":{')],
    ['a job that is still at work', json({ output: { jobId: 'abc' } })],
    ['an answer without a label', kept('bought', (body) => Object.assign(shipmentOf(body).pieceResponses[0].packageDocuments[0], { encodedLabel: null }))],
    ['an answer without a tracking number', kept('bought', (body) => Object.assign(shipmentOf(body).pieceResponses[0], { trackingNumber: null }))],
    ['an answer to another request', kept('bought', (body) => Object.assign(body, { customerTransactionId: 'other' }))],
  ])('%s leaves the outcome unknown', async (_what, answer) => {
    expect(await fedex.buy(PURCHASE, calling(answer).call)).toMatchObject({ outcome: 'unknown' });
  });

  test('a request that never left bought nothing', async () => {
    expect(await fedex.buy(PURCHASE, calling(new Unavailable('carrier.down', 'left alone')).call)).toMatchObject({ outcome: 'refused', again: true });
  });
});

describe('looking a purchase up', () => {
  test('asks for our reference around the day that is in the request', async () => {
    const { call, asked } = calling(kept('found'));
    const found = await fedex.find(PURCHASE, call);

    expect(found).toMatchObject({
      outcome: 'bought',
      label: { carrierRef: 'FDXG~794600000001', trackingNumber: '794600000001', cost: 1_284, document: { in: 'nowhere' }, address: null },
    });
    expect(asked[0]?.url).toBe('https://apis.fedex.com/track/v1/referencenumbers');
    expect(bodyOf(asked[0]).referencesInformation).toEqual({
      value: REFERENCE,
      accountNumber: '740561073',
      shipDateBegin: '2026-11-21',
      shipDateEnd: '2026-11-24',
      shipDateEndDate: '2026-11-24',
    });
  });

  const resultOf = (body: ReturnType<typeof JSON.parse>) => body.output.completeTrackResults[0].trackResults[0];

  test.each<[string, Answer, string]>([
    ['that FedEx does not know is absent', kept('absent'), 'absent'],
    ['that it does not know by an alert is absent', json({ output: { alerts: 'TRACKING.DATA.NOTFOUND - Tracking data unavailable' } }), 'absent'],
    ['that it does not know by a 404 is absent', refusal(404, 'TRACKING.REFERENCENUMBER.NOTFOUND'), 'absent'],
    ['whose label was cancelled is absent', kept('found', (body) => Object.assign(resultOf(body).latestStatusDetail, { code: 'CA' })), 'absent'],
    ['with an empty answer is unknown', json({ output: { completeTrackResults: [] } }), 'unknown'],
    ['with another error is unknown', kept('absent', (body) => Object.assign(resultOf(body).error, { code: 'TRACKING.REFERENCEDATA.INCOMPLETE' })), 'unknown'],
    ['that two parcels carry is unknown', kept('found', (body) => body.output.completeTrackResults.push(body.output.completeTrackResults[0])), 'unknown'],
    [
      "with somebody else's reference is unknown",
      kept('found', (body) => Object.assign(resultOf(body).additionalTrackingInfo.packageIdentifiers[0], { values: ['OTHER'] })),
      'unknown',
    ],
    ['with no right to track is unknown', refusal(403, 'FORBIDDEN.ERROR'), 'unknown'],
    ['with a general 404 is unknown', refusal(404, 'NOT.FOUND.ERROR'), 'unknown'],
    ['without an answer is unknown', new Unavailable('http.timeout', 'no answer'), 'unknown'],
  ])('a purchase %s', async (_what, answer, outcome) => {
    expect(await fedex.find(PURCHASE, calling(answer).call)).toMatchObject({ outcome });
  });

  test('a label cannot be had again', async () => {
    await expect(fedex.label(LABEL, null, calling().call)).rejects.toMatchObject({ name: 'Rejected', code: 'carrier.label-gone' });
  });
});

describe('taking a label back', () => {
  const progress = (code: string) =>
    json({ output: { completeTrackResults: [{ trackResults: [{ trackingNumberInfo: { trackingNumber: '794600000001' }, latestStatusDetail: { code } }] }] } });

  test('cancels all packages of the number', async () => {
    const { call, asked } = calling(kept('voided'));

    expect(await fedex.void?.(LABEL, call)).toEqual({ outcome: 'voided' });
    expect(asked[0]).toMatchObject({ method: 'PUT', url: 'https://apis.fedex.com/ship/v1/shipments/cancel' });
    expect(bodyOf(asked[0])).toEqual({ accountNumber: { value: '740561073' }, trackingNumber: '794600000001', deletionControl: 'DELETE_ALL_PACKAGES' });
  });

  test.each<[string, Answer[], object]>([
    ['that is cancelled already is void', [refusal(400, 'SHIPMENT.ALREADY.CANCELLED')], { outcome: 'voided' }],
    ['that moves was used', [refusal(400, 'SHIPMENT.CANNOT.BE.DELETED'), progress('PU')], { outcome: 'refused', used: true }],
    ['that FedEx keeps though it does not move was not used', [refusal(400, 'SHIPMENT.CANNOT.BE.DELETED'), progress('OC')], { outcome: 'refused', used: false }],
    ['whose tracking says cancelled is void', [refusal(404, 'TRACKING.NUMBER.NOTFOUND'), progress('CA')], { outcome: 'voided' }],
    ['that a good answer does not cancel is looked at', [json({ output: { cancelledShipment: false } }), progress('DL')], { outcome: 'refused', used: true }],
    ['whose tracking is out of reach is unknown', [refusal(400, 'SHIPMENT.CANNOT.BE.DELETED'), json('', 503)], { outcome: 'unknown' }],
    ['without the right to cancel is unknown', [refusal(403, 'FORBIDDEN.ERROR')], { outcome: 'unknown' }],
    ['with a token that ended is unknown', [refusal(401, 'NOT.AUTHORIZED.ERROR')], { outcome: 'unknown' }],
    ['at a carrier in trouble is unknown', [json('', 500)], { outcome: 'unknown' }],
    ['without an answer is unknown', [new Unavailable('http.timeout', 'no answer')], { outcome: 'unknown' }],
  ])('a label %s', async (_what, answers, outcome) => {
    expect(await fedex.void?.(LABEL, calling(...answers).call)).toMatchObject(outcome);
  });
});
