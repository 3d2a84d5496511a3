import { describe, expect, test } from 'vitest';
import type { ManifestRequest, PickupRequest } from '../../../adapters/carrier.ts';
import shippo from '../../../adapters/carriers/shippo.ts';
import { Settings } from '../../../adapters/shippo/settings.ts';
import { Unavailable } from '../../../core/error.ts';
import { type Answer, json } from '../fixtures.ts';
import { calling, FROM, LABEL, LIST, SHIPMENT, TO } from './calling.ts';

describe('handing over', () => {
  const ONE = { carrierAccounts: ['a1'] };
  const DAY: ManifestRequest = { reference: SHIPMENT.reference, from: FROM, shipDate: '2026-11-20', labels: [LABEL, { ...LABEL, carrierRef: '7aac9', trackingNumber: 'T9' }] };
  const made = (more: object) => ({
    object_id: 'm1',
    status: 'SUCCESS',
    documents: ['https://labels.example.com/m1.pdf'],
    transactions: [LABEL.carrierRef, '7aac9'],
    errors: null,
    ...more,
  });

  test('names the account, the day and the labels', async () => {
    const { call, body } = calling([json(made({}), 201)], ONE);
    const closed = await shippo.manifest?.close(DAY, call);

    expect(body()).toMatchObject({ carrier_account: 'a1', shipment_date: '2026-11-20T12:00:00.000Z', transactions: [LABEL.carrierRef, '7aac9'], async: false });
    expect(closed).toEqual({ outcome: 'closed', manifestRef: 'm1', documents: [{ in: 'url', url: 'https://labels.example.com/m1.pdf' }], leftOut: [] });
  });

  test.each<[string, Answer, object]>([
    ['is queued', json(made({ status: 'QUEUED', documents: [] }), 201), { outcome: 'pending', manifestRef: 'm1' }],
    ['leaves one out', json(made({ transactions: [LABEL.carrierRef] }), 201), { outcome: 'closed', leftOut: [{ trackingNumber: 'T9', reason: expect.any(String) }] }],
    ['fails', json(made({ status: 'ERROR', errors: ['x'] }), 201), { outcome: 'refused' }],
    ['is in a status nobody knows', json(made({ status: 'HALF' }), 201), { outcome: 'unknown' }],
    ['is refused', json({ transactions: ['x'] }, 400), { outcome: 'refused', reason: 'answered 400 about transactions' }],
    ['is asked for too often', json({}, 409), { outcome: 'unknown' }],
    ['cannot be read', json('<html>', 200), { outcome: 'unknown' }],
    ['has no answer', new Unavailable('http.timeout', 'it did not answer'), { outcome: 'unknown' }],
    ['was not asked for', new Unavailable('carrier.down', 'it is left alone'), { outcome: 'refused' }],
  ])('a manifest that %s', async (_what, answer, expected) => {
    expect(await shippo.manifest?.close(DAY, calling([answer], ONE).call)).toMatchObject(expected);
  });

  test.each<[string, string | null, readonly Answer[], object]>([
    ['by its name', 'm1', [json(made({}))], { outcome: 'closed' }],
    ['by its name, and is another', 'm2', [json(made({}))], { outcome: 'unknown' }],
    ['by its labels', null, [LIST(made({ object_id: 'm0', transactions: ['x'] }), made({}))], { outcome: 'closed', manifestRef: 'm1' }],
    ['by its labels on the second page', null, [json({ next: 'https://api.goshippo.com/manifests?page=2', results: [] }), LIST(made({}))], { outcome: 'closed' }],
    ['and is nowhere', null, [LIST(made({ transactions: ['x'] }))], { outcome: 'refused' }],
    ['and failed', null, [LIST(made({ status: 'ERROR' }))], { outcome: 'refused' }],
    ['among what cannot be read', null, [LIST({})], { outcome: 'unknown' }],
    ['without an answer', null, [new Unavailable('http.timeout', 'it did not answer')], { outcome: 'unknown' }],
  ])('is looked up %s', async (_what, ref, answers, expected) => {
    expect(await shippo.manifest?.look(DAY, ref, calling(answers, ONE).call)).toMatchObject(expected);
  });

  const COLLECTION: PickupRequest = {
    ...{ reference: SHIPMENT.reference, from: FROM, day: '2026-11-23', readyAt: '14:00', closesAt: '17:30', timeZone: 'America/Los_Angeles' },
    ...{ parcels: 1, weight: 2_520, instructions: 'Ring twice', labels: [LABEL] },
  };

  test('a collection is asked for in UTC', async () => {
    const { call, body } = calling([json({ object_id: 'p1', status: 'CONFIRMED', confirmation_code: 'WTC1', messages: null }, 201)], { ...ONE, pickupPlace: 'Reception' });

    expect(await shippo.pickup?.book(COLLECTION, call)).toEqual({ outcome: 'booked', confirmation: 'WTC1', cost: null, currency: null });
    expect(body()).toMatchObject({
      carrier_account: 'a1',
      location: { building_location_type: 'Reception', instructions: 'Ring twice', address: { name: 'Harbour and Pine', city: 'Portland' } },
      requested_start_time: '2026-11-23T22:00:00.000Z',
      requested_end_time: '2026-11-24T01:30:00.000Z',
      transactions: [LABEL.carrierRef],
      is_test: false,
    });
  });

  test.each<[string, Answer, string]>([
    ['that is not confirmed yet', json({ object_id: 'p1', status: 'PENDING' }, 201), 'unknown'],
    ['that the carrier does not make', json({ object_id: 'p1', status: 'ERROR', messages: [{ source: 'USPS', code: 'x' }] }, 201), 'refused'],
    ['that is refused', json({ location: ['x'] }, 400), 'refused'],
    ['without an answer', new Unavailable('http.timeout', 'it did not answer'), 'unknown'],
  ])('a collection %s', async (_what, answer, outcome) => {
    expect(await shippo.pickup?.book(COLLECTION, calling([answer], ONE).call)).toMatchObject({ outcome });
  });

  test.each<[string, object]>([
    ['no carrier account', {}],
    ['several carrier accounts', { carrierAccounts: ['a1', 'a2'] }],
    ['a place that needs instructions, and none', { ...ONE, pickupPlace: 'Other' }],
  ])('is not asked for with %s', async (_what, settings) => {
    const { call, asked } = calling([], settings);

    expect(await shippo.pickup?.book({ ...COLLECTION, instructions: '' }, call)).toMatchObject({ outcome: 'refused' });
    if (!('pickupPlace' in settings)) expect(await shippo.manifest?.close(DAY, call)).toMatchObject({ outcome: 'refused' });
    expect(asked).toEqual([]);
  });

  test('manifests are wanted of exactly one carrier account', () => {
    expect(shippo.settings.safeParse({ manifests: true, carrierAccounts: ['a1', 'a2'] }).success).toBe(false);
    expect(shippo.capabilities(Settings.parse({ manifests: true, ...ONE })).needsManifest).toBe(true);
  });
});

describe('checking an address', () => {
  const checked = (more: object, results: object) =>
    json({ street1: '4 Elm St', city: 'Austin', state: 'TX', zip: '78701', country: 'US', ...more, validation_results: results }, 201);

  test.each<[string, Answer, object]>([
    ['as it is, but for its writing', checked({ street1: '4 ELM ST', street2: 'STE 7', zip: '78701-0042' }, { is_valid: true, messages: [] }), { verdict: 'ok', suggestion: null }],
    ['otherwise', checked({ street2: 'Suite 7', city: 'Round Rock' }, { is_valid: true }), { verdict: 'corrected', suggestion: { city: 'Round Rock', name: 'Erika Sample' } }],
    [
      'not at all',
      checked({ street2: 'Suite 7' }, { is_valid: false, messages: [{ code: 'Unknown Street', text: '4 Elm Street is unknown' }] }),
      { verdict: 'doubtful', problems: ['Unknown Street'] },
    ],
    ['not, and does not say why', checked({ street2: 'Suite 7' }, { is_valid: false }), { verdict: 'doubtful', problems: ['Shippo knows no such address'] }],
    ['neither so nor so', checked({}, {}), { verdict: 'unchecked', suggestion: null }],
  ])('which Shippo knows %s', async (_what, answer, expected) => {
    expect(await shippo.checkAddress?.(TO, calling([answer]).call)).toMatchObject(expected);
  });
});
