import { describe, expect, test } from 'vitest';
import fedex from '../../../adapters/carriers/fedex.ts';
import { summarise } from '../../../core/tracking.ts';
import { delivered, fixture, rejectionOf } from '../fixtures.ts';
import { bodyOf, calling, SETTINGS } from './calling.ts';

describe('tracking', () => {
  const updatesOf = (body: string | Buffer, via?: 'poll') => {
    const parsed = fedex.parseUpdate({ ...delivered(body), ...(via !== undefined && { via }) }, SETTINGS);
    return parsed.kind === 'updates' ? parsed.updates : [];
  };
  const scan = (code: string, date = '2026-11-23T09:00:00-06:00', rest: object = {}) => ({ date, eventType: code, eventDescription: 'Scan', derivedStatusCode: code, ...rest });
  const parcel = (rest: object, number: unknown = '794600000001') => JSON.stringify({ trackingNumberInfo: { trackingNumber: number }, ...rest });
  const eventsOf = (rest: object) => updatesOf(parcel(rest))[0]?.events ?? [];

  test('asks for all numbers in one call, and hands the answer over as it is', async () => {
    const { call, asked } = calling({ body: Buffer.from(fixture('fedex/tracked.json')) });
    const bodies = await fedex.track?.(['794600000001', '794600000002'], call);

    expect(bodyOf(asked[0])).toEqual({
      includeDetailedScans: true,
      trackingInfo: [{ trackingNumberInfo: { trackingNumber: '794600000001' } }, { trackingNumberInfo: { trackingNumber: '794600000002' } }],
    });
    const [first, ...others] = updatesOf(bodies?.[0] ?? '', 'poll');
    expect(others, 'a number that is not found tells nothing').toEqual([]);
    expect(first?.events.map(({ at, status, code }) => [at, status, code])).toEqual([
      ['2026-11-25T19:04:05.000Z', 'delivered', 'DL'],
      ['2026-11-25T13:04:05.000Z', 'out_for_delivery', 'OD'],
      ['2026-11-24T11:04:05.000Z', 'in_transit', 'IT/DP'],
      ['2026-11-23T20:04:05.000Z', 'in_transit', 'PU'],
      ['2026-11-23T15:04:05.000Z', 'pre_transit', 'OC'],
    ]);
    expect(summarise(first?.events ?? [])).toMatchObject({ status: 'delivered', deliveredAt: '2026-11-25T19:04:05.000Z' });
  });

  test.each(['update', 'update-track-shape', 'update-wrapped'])('finds the parcel in the envelope of %s', (name) => {
    expect(updatesOf(fixture(`fedex/${name}.json`))).toMatchObject([{ trackingNumber: '794600000001', events: [{ at: expect.stringMatching(/^2026-11-2\dT.*Z$/) }] }]);
  });

  test.each(
    Object.entries({
      pre_transit: 'OC DS DR EP AP PD RP RG MD',
      in_transit: 'PU PX DO IP AA AC AF AR AX DP EA EO FD IT IX LO OF OX Ow PF PL PM SF SP TR CC CP CH IN TP',
      out_for_delivery: 'OD ED AD',
      available_for_pickup: 'HL HP',
      delivered: 'DL',
      delivery_exception: 'DE SE CD DD',
      returned_to_sender: 'RS',
      cancelled: 'CA LC LP RD',
      note: 'AE AO DY US RR RM RC RA PR AS HA RT',
      unknown: 'OW od ZZ constructor __proto__',
    }),
  )('says %s of %s', (status, codes) => {
    for (const code of codes.split(' ')) expect(eventsOf({ scanEvents: [scan(code)] }), code).toMatchObject([{ status, code }]);
  });

  test.each<[string, boolean]>([
    ['PD', true],
    ['DY', true],
    ['IT', false],
    ['DE', false],
  ])('a parcel with %s is late: %s', (code, attention) => {
    expect(eventsOf({ scanEvents: [scan(code)] })).toMatchObject([{ attention }]);
  });

  test('a delivery of what goes back is the end of its return', () => {
    const scanEvents = [scan('DL', '2026-11-28T10:00:00-06:00'), scan('RS', '2026-11-26T10:00:00-06:00'), scan('DL', '2026-11-25T10:00:00-06:00')];

    expect(eventsOf({ scanEvents, returnDetail: { authorizationName: 'Sam', reasonDetail: [] } })).toMatchObject([
      { status: 'returned_to_sender', phase: 'completed' },
      { status: 'returned_to_sender', phase: 'in_transit' },
      { status: 'delivered' },
    ]);
    expect(eventsOf({ scanEvents, returnDetail: {} })[0]).toMatchObject({ status: 'delivered' });
  });

  test.each<[string, object]>([
    ['a single scan', { scanEvents: scan('PU') }],
    ['a scan under another name', { scanEvent: scan('PU') }],
    ['a parcel that is itself a scan', scan('PU')],
    ['an event type alone', { scanEvents: [scan('', undefined, { eventType: 'PU' })] }],
    ['one scan among what cannot be read', { scanEvents: [{}, scan('PU'), { date: 'yesterday' }] }],
    ['a time without an offset', { scanEvents: [scan('PU', '2026-11-23T09:00:00')] }],
    ['a status without scans', { latestStatusDetail: { code: 'PU', description: 'Picked up' } }],
  ])('reads %s', (_what, rest) => {
    expect(eventsOf(rest)).toMatchObject([{ status: 'in_transit', code: 'PU' }]);
  });

  test('a status without scans has no time of its own, so a poll leaves it out', () => {
    expect(updatesOf(parcel({ latestStatusDetail: { code: 'PU' } }), 'poll')).toEqual([]);
  });

  test('of parcels that had one number in turn the newest counts', () => {
    const trackResults = ['2024-05-02T10:00:00-05:00', '2026-11-23T10:00:00-06:00', '2025-01-02T10:00:00-06:00'].map((date) => ({ scanEvents: [scan('DL', date)] }));

    expect(updatesOf(JSON.stringify({ output: { completeTrackResults: [{ trackingNumber: '794600000001', trackResults }] } }))).toMatchObject([
      { events: [{ at: '2026-11-23T16:00:00.000Z' }] },
    ]);
  });

  test('says which field it cannot read where no scan can be, and shows no place', () => {
    const error = rejectionOf(() => eventsOf({ scanEvents: [{ date: 5, scanLocation: { city: 'Portland' } }] }));

    expect(error).toMatchObject({ code: 'tracking.payload-unreadable', seen: 'date' });
    expect(error.message).not.toContain('Portland');
  });

  test.each(['[]', '{}', '"x"', '{"output":{"alerts":[]}}', '{"scanEvents":[{"date":"2026-11-23T09:00:00Z"}]}'])('%s is about no parcel', (body) => {
    expect(fedex.parseUpdate(delivered(body), SETTINGS)).toMatchObject({ kind: 'ignored' });
  });

  test('a body that is no JSON is refused, however deep it goes', () => {
    expect(rejectionOf(() => updatesOf('{')).code).toBe('json.unreadable');
    expect(updatesOf(`${'[{"a":'.repeat(500)}1${'}]'.repeat(500)}`)).toEqual([]);
  });
});
