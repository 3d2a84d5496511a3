import { describe, expect, test } from 'vitest';
import usps from '../../../adapters/carriers/usps.ts';
import { parseUpdate } from '../../../adapters/usps/tracking.ts';
import { summarise } from '../../../core/tracking.ts';
import { delivered, fixture, json, rejectionOf, scripted } from '../fixtures.ts';

const NUMBER = '9234690111111100000001';

/** What is read of one event that is not the newest: nothing but its code and words tell what it is. */
function older(eventCode: string | null, eventType: string) {
  const [, event] = eventsOf([eventOf('01', 'Delivered', '2026-11-27T18:00:00Z'), eventOf(eventCode, eventType, '2026-11-26T18:00:00Z')], 'Delivered');
  return event;
}

function eventOf(eventCode: string | null, eventType: string, GMTTimestamp: string | null, extra: object = {}) {
  return { eventCode, eventType, GMTTimestamp, eventTimestamp: null, GMTOffset: null, ...extra };
}

function eventsOf(trackingEvents: readonly object[], statusCategory: string, status = '') {
  const body = JSON.stringify({ trackingNumber: NUMBER, status, statusCategory, trackingEvents });
  const parsed = parseUpdate({ ...delivered(body), via: 'poll' });
  return parsed.kind === 'updates' ? (parsed.updates[0]?.events ?? []) : [];
}

describe('the codes of USPS', () => {
  const CODES = {
    pre_transit: 'MA GX TM PA 83 89 GC',
    in_transit: '03 OA AD 06 07 08 10 15 41 42 80 81 82 EF SF PC T1 A1 L1 U1 NT TL',
    out_for_delivery: 'OF',
    available_for_pickup: '14 16',
    delivered: '01',
    delivery_exception: '02 30 44 51 52 53 54 55 56 04 05 71 DX',
    returned_to_sender: '09 21 22 23 24 25 26 27 28 29 31',
    lost: '11',
    unknown: 'ZZ 99 43 17',
  };

  test.each(Object.entries(CODES).flatMap(([status, codes]) => codes.split(' ').map((code) => [code, status])))('%s is %s', (code, status) => {
    expect(older(code, 'Something')).toMatchObject({ status, code });
  });

  test.each([
    ['43', 'Delivered, Individual Picked Up at Post Office', 'delivered'],
    ['17', 'Available for Pickup', 'available_for_pickup'],
    [null, 'Accepted at USPS Origin Facility', 'in_transit'],
    [null, 'Something nobody has mapped', 'unknown'],
  ])('are told apart by words where they are ambiguous or missing: %s, %s', (code, words, status) => {
    expect(older(code, words)?.status).toBe(status);
  });

  test.each([
    ['09', 'in_transit'],
    ['22', 'initiated'],
    ['31', 'initiated'],
  ])('%s is a return that is %s', (code, phase) => {
    expect(older(code, 'Back')?.phase).toBe(phase);
  });
});

describe('the category of the newest event', () => {
  test.each([
    ['Pre-Shipment', '03', 'pre_transit'],
    ['Accepted', 'ZZ', 'in_transit'],
    ['In Transit', 'ZZ', 'in_transit'],
    ['In-Transit', 'ZZ', 'in_transit'],
    ['OUT FOR DELIVERY', 'ZZ', 'out_for_delivery'],
    ['Available for Pickup', 'ZZ', 'available_for_pickup'],
    ['Delivered', 'ZZ', 'delivered'],
    ['Delivered, Parcel Locker', '43', 'delivered'],
    ['Delivered Alert', 'ZZ', 'delivered'],
    ['Delivery Attempt', '02', 'delivery_exception'],
    ['Alert', 'ZZ', 'delivery_exception'],
    ['Alert', '03', 'delivery_exception'],
    ['Alert', '22', 'returned_to_sender'],
    ['Alert', '11', 'lost'],
    ['Return to Sender', 'ZZ', 'returned_to_sender'],
    ['A new category', '03', 'in_transit'],
    ['A new category', 'ZZ', 'unknown'],
    ['', '01', 'delivered'],
  ])('%s with code %s is %s', (category, code, status) => {
    expect(eventsOf([eventOf(code, 'Something', '2026-11-27T18:00:00Z')], category)[0]?.status).toBe(status);
  });

  test('is of the event that the status repeats, or else of the one with the latest time', () => {
    const [older, newer] = [eventOf('ZZ', 'Older', '2026-11-26T18:00:00Z'), eventOf('ZZ', 'Newer', '2026-11-27T18:00:00Z')];

    expect(eventsOf([older, newer], 'Delivered').map(({ status }) => status)).toEqual(['unknown', 'delivered']);
    expect(eventsOf([older, newer], 'Delivered', 'Older').map(({ status }) => status)).toEqual(['delivered', 'unknown']);
  });
});

describe('times', () => {
  test.each([
    ['2026-11-27T18:58:40Z', null, null, '2026-11-27T18:58:40.000Z'],
    ['2026-11-27T18:58:40.041', null, null, '2026-11-27T18:58:40.041Z'],
    [null, '2026-11-27T13:58:00', '-05:00', '2026-11-27T18:58:00.000Z'],
    [null, '2026-11-27T13:58:00', '-5:00', '2026-11-27T18:58:00.000Z'],
    [null, '2026-11-27 13:58:00', null, '2026-11-27T13:58:00.000Z'],
  ])('%s, or %s with %s, is %s', (gmt, local, offset, at) => {
    expect(eventsOf([eventOf('01', 'Delivered', gmt, { eventTimestamp: local, GMTOffset: offset })], '')[0]?.at).toBe(at);
  });

  test('that cannot be read spoil their event alone, or all when there is no other', () => {
    const [good, bad] = [eventOf('01', 'Delivered', '2026-11-27T18:00:00Z'), eventOf('OF', 'Out for Delivery', 'yesterday')];

    expect(eventsOf([good, bad], '').map(({ code }) => code)).toEqual(['01']);
    expect(rejectionOf(() => eventsOf([bad], '')).code).toBe('tracking.payload-unreadable');
  });
});

describe('what USPS sends', () => {
  const updated = (name: string, via: 'webhook' | 'poll') => {
    const parsed = parseUpdate({ ...delivered(fixture(`usps/${name}.json`)), via });
    if (parsed.kind !== 'updates') throw new Error(parsed.reason);
    return parsed.updates;
  };

  test('a history is read whole, drift and all, without whoever signed for the parcel', () => {
    const [update] = updated('tracked', 'poll');

    expect(update?.trackingNumber).toBe(NUMBER);
    expect(update?.events.map(({ status, code, attention }) => [code, status, attention])).toEqual([
      ['01', 'delivered', false],
      ['OF', 'out_for_delivery', false],
      ['NT', 'in_transit', true],
      ['A1', 'in_transit', false],
      ['03', 'in_transit', false],
      ['GX', 'pre_transit', false],
    ]);
    expect(JSON.stringify(update)).not.toContain('MUSTER');
  });

  test('a parcel that its shipper has back is returned, though it was delivered to somebody', () => {
    const events = updated('tracked-returned', 'poll')[0]?.events ?? [];

    expect(summarise(events).status).toBe('returned_to_sender');
    expect(events[0]).toMatchObject({ status: 'returned_to_sender', phase: 'completed' });
  });

  test('a callback is read out of its text, and one without events by its own time', () => {
    expect(updated('update', 'webhook')[0]?.events.map(({ status }) => status)).toEqual(['out_for_delivery', 'in_transit']);
    expect(updated('update-thin', 'webhook')[0]).toEqual({
      trackingNumber: NUMBER,
      events: [{ status: 'delivered', code: 'Delivered', at: '2026-11-27T18:58:45.000Z', description: 'Delivered', attention: false }],
    });
  });

  test('what is of another type is ignored, and a payload that is no JSON refused', () => {
    const envelope = (extra: object) => delivered(JSON.stringify({ subscriptionType: 'TRACKING', timestamp: '2026-11-27T18:58:45Z', payload: '{}', ...extra }));

    expect(parseUpdate(envelope({ subscriptionType: 'SCAN_EVENT_EXTRACT' }))).toMatchObject({ kind: 'ignored' });
    expect(rejectionOf(() => parseUpdate(envelope({ payload: '{"trackingNumber"' }))).code).toBe('json.unreadable');
    expect(rejectionOf(() => parseUpdate(envelope({ payload: { trackingNumber: NUMBER } }))).code).toMatch(/^tracking\./);
  });

  test('a number that USPS does not know yet gives nothing, and an outage is thrown', async () => {
    const call = (http: ReturnType<typeof scripted>['http']) => ({
      connectionId: 'usps',
      settings: usps.settings.parse(JSON.parse(fixture('usps/settings.json'))),
      token: 'access',
      secondToken: '',
      apiKey: '',
      signingSecret: '',
      updateUrl: '',
      http,
      now: new Date(),
    });

    expect(await usps.track?.(['1', '2'], call(scripted(json({}, 404), json({ trackingNumber: '2' })).http))).toHaveLength(1);
    await expect(usps.track?.(['1'], call(scripted(json({}, 503)).http))).rejects.toMatchObject({ name: 'Unavailable' });
  });
});
