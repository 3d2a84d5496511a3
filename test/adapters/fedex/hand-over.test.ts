import { describe, expect, test } from 'vitest';
import type { LabelAtCarrier } from '../../../adapters/carrier.ts';
import fedex from '../../../adapters/carriers/fedex.ts';
import { Unavailable } from '../../../core/error.ts';
import { type Answer, json } from '../fixtures.ts';
import { bodyOf, calling, FROM, LABEL, REFERENCE, refusal, SETTINGS } from './calling.ts';

describe('handing over', () => {
  const REQUEST = { reference: REFERENCE, from: FROM, shipDate: '2026-11-23', labels: [LABEL] };
  const EXPRESS = { ...LABEL, carrierRef: 'FDXE~794600000009', trackingNumber: '794600000009' };
  const closed = json({ output: { closeDocuments: [{ type: 'MANIFEST', shippingCycle: '1003234523333204', parts: [{ image: Buffer.from('%PDF-1.4').toString('base64') }] }] } });

  test("closes Ground's day and keeps its report", async () => {
    const { call, asked } = calling(closed);

    expect(await fedex.manifest?.close({ ...REQUEST, labels: [EXPRESS, LABEL] }, call)).toEqual({
      outcome: 'closed',
      manifestRef: '1003234523333204',
      documents: [{ in: 'answer', bytes: Buffer.from('%PDF-1.4') }],
      leftOut: [],
    });
    expect(asked[0]).toMatchObject({ method: 'PUT', url: 'https://apis.fedex.com/ship/v1/endofday/' });
    expect(bodyOf(asked[0])).toMatchObject({ closeReqType: 'GCDR', accountNumber: { value: '740561073' }, groundServiceCategory: 'GROUND', closeDate: '2026-11-23' });
  });

  test('asks nobody where all goes by Express', async () => {
    const { call, asked } = calling();

    expect(await fedex.manifest?.close({ ...REQUEST, labels: [EXPRESS] }, call)).toEqual({ outcome: 'closed', manifestRef: 'FDXE-2026-11-23', documents: [], leftOut: [] });
    expect(asked).toEqual([]);
  });

  test('needs no manifest where FedEx closes the day by itself', async () => {
    const { call } = calling();
    const settings = { ...SETTINGS, groundClose: false };

    expect(fedex.capabilities(SETTINGS).needsManifest).toBe(true);
    expect(fedex.capabilities(settings).needsManifest).toBe(false);
    expect(await fedex.manifest?.close(REQUEST, { ...call, settings })).toMatchObject({ outcome: 'closed', documents: [] });
  });

  test.each<[string, Answer, string]>([
    ['with nothing to close is refused', refusal(400, 'CLOSE.NO.SHIPMENTS.FOUND'), 'refused'],
    ['in trouble is unknown', json('', 500), 'unknown'],
    ['without an answer is unknown', new Unavailable('http.timeout', 'no answer'), 'unknown'],
    ['that never left is refused', new Unavailable('carrier.down', 'left alone'), 'refused'],
    ['with half an answer is unknown', json('{'), 'unknown'],
  ])('a close %s', async (_what, answer, outcome) => {
    expect(await fedex.manifest?.close(REQUEST, calling(answer).call)).toMatchObject({ outcome });
  });

  test('looks a close up by the report of one of its parcels', async () => {
    const { call, asked } = calling(closed);

    expect(await fedex.manifest?.look(REQUEST, null, call)).toMatchObject({ outcome: 'closed' });
    expect(asked[0]?.method).toBe('POST');
    expect(bodyOf(asked[0])).toMatchObject({ closeReqType: 'RGCDR', reprintOption: 'BY_TRACKING_NUMBER', trackingNumber: '794600000001' });
  });

  test.each<[string, Answer, string]>([
    ['that is not there shows that nothing was closed', refusal(400, 'CLOSE.REPORT.NOT.FOUND'), 'refused'],
    ['that is refused for another reason shows nothing', refusal(400, 'INVALID.INPUT.EXCEPTION'), 'unknown'],
    ['without an answer shows nothing', new Unavailable('http.timeout', 'no answer'), 'unknown'],
  ])('a report %s', async (_what, answer, outcome) => {
    expect(await fedex.manifest?.look(REQUEST, null, calling(answer).call)).toMatchObject({ outcome });
  });

  const PICKUP = {
    reference: REFERENCE,
    from: FROM,
    day: '2026-11-23',
    readyAt: '14:00',
    closesAt: '18:00',
    timeZone: 'America/Chicago',
    parcels: 12,
    weight: 30_000,
    instructions: 'Dock 3',
    labels: [EXPRESS],
  };

  test('books the driver of the parcels, in local times', async () => {
    const { call, asked } = calling(json({ output: { pickupConfirmationCode: '3001', location: 'COSA', message: 'Courier on the way' } }));

    expect(await fedex.pickup?.book(PICKUP, call)).toEqual({ outcome: 'booked', confirmation: 'FDXE~2026-11-23~3001~COSA', cost: null, currency: null });
    expect(bodyOf(asked[0])).toMatchObject({
      carrierCode: 'FDXE',
      packageCount: 12,
      totalWeight: { units: 'LB', value: 66.5 },
      remarks: 'Dock 3',
      originDetail: { readyDateTimestamp: '2026-11-23T14:00:00Z', customerCloseTime: '18:00:00', pickupDateType: 'FUTURE_DAY', packageLocation: 'FRONT' },
    });
  });

  test.each<[string, readonly LabelAtCarrier[], string]>([
    ['Ground alone', [LABEL], 'FDXG'],
    ['both', [LABEL, EXPRESS], 'FDXG'],
    ['none', [], 'FDXG'],
  ])('parcels of %s', async (_what, labels, carrierCode) => {
    const { call, asked } = calling(json({ output: { pickupConfirmationCode: 3001 } }));
    await fedex.pickup?.book({ ...PICKUP, labels }, call);

    expect(bodyOf(asked[0]).carrierCode).toBe(carrierCode);
  });

  test('does not cut what the driver is told', async () => {
    expect(await fedex.pickup?.book({ ...PICKUP, instructions: 'x'.repeat(61) }, calling().call)).toMatchObject({ outcome: 'refused' });
  });

  test.each<[string, Answer, string]>([
    ['is cancelled', json({ output: { cancelConfirmationMessage: 'ok' } }), 'cancelled'],
    ['that was cancelled stays so', refusal(400, 'PICKUP.ALREADY.CANCELLED'), 'cancelled'],
    ['that is under way is not', refusal(400, 'PICKUP.CANNOT.BE.CANCELLED'), 'refused'],
    ['without an answer is unknown', new Unavailable('http.timeout', 'no answer'), 'unknown'],
  ])('a pickup %s', async (_what, answer, outcome) => {
    const { call, asked } = calling(answer);

    expect(await fedex.pickup?.cancel('FDXE~2026-11-23~3001~COSA', call)).toMatchObject({ outcome });
    expect(bodyOf(asked[0])).toEqual({
      associatedAccountNumber: { value: '740561073' },
      pickupConfirmationCode: '3001',
      carrierCode: 'FDXE',
      scheduledDate: '2026-11-23',
      location: 'COSA',
    });
  });
});
