import { describe, expect, test } from 'vitest';
import shippo from '../../../adapters/carriers/shippo.ts';
import { Settings } from '../../../adapters/shippo/settings.ts';
import { carriersOf } from '../../../adapters/shippo/tracking.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { summarise } from '../../../core/tracking.ts';
import { type Answer, delivered, fixture, json, rejectionOf } from '../fixtures.ts';
import { BOUGHT, calling, LIST } from './calling.ts';

describe('what is said of parcels', () => {
  const settings = Settings.parse({});
  const scan = (more: object) => ({ object_id: '1', status: 'TRANSIT', substatus: null, status_date: '2026-11-20T10:00:00Z', status_details: 'Somewhere', ...more });
  const update = (data: object, event = 'track_updated') =>
    delivered(JSON.stringify({ event, test: false, data: { tracking_number: 'T1', tracking_status: null, tracking_history: [], ...data } }));
  const eventOf = (status: string, substatus: string | null) => {
    const parsed = shippo.parseUpdate(update({ tracking_history: [scan({ status, substatus: substatus === null ? null : { code: substatus } })] }), settings);
    return parsed.kind === 'updates' ? parsed.updates[0]?.events[0] : undefined;
  };

  const IN_TRANSIT = 'package_accepted package_arrived package_departed package_processed package_processing package_forwarded delivery_scheduled'.split(' ');
  const TROUBLE = 'address_issue contact_carrier delivery_attempted location_inaccessible notice_left package_damaged package_held reschedule_delivery'.split(' ');
  test.each<[string, string | null, string, boolean]>([
    ['PRE_TRANSIT', 'information_received', 'pre_transit', false],
    ...IN_TRANSIT.map((code): [string, string, string, boolean] => ['TRANSIT', code, 'in_transit', false]),
    ['TRANSIT', 'delayed', 'in_transit', true],
    ['TRANSIT', 'delivery_rescheduled', 'in_transit', true],
    ['TRANSIT', 'out_for_delivery', 'out_for_delivery', false],
    ['TRANSIT', 'pickup_available', 'available_for_pickup', false],
    ...TROUBLE.map((code): [string, string, string, boolean] => ['TRANSIT', code, 'delivery_exception', false]),
    ['DELIVERED', 'delivered', 'delivered', false],
    ['RETURNED', 'return_to_sender', 'returned_to_sender', false],
    ['RETURNED', 'package_unclaimed', 'returned_to_sender', false],
    ['FAILURE', 'package_undeliverable', 'delivery_exception', false],
    ['FAILURE', 'package_disposed', 'lost', false],
    ['FAILURE', 'package_lost', 'lost', false],
    ['UNKNOWN', 'other', 'unknown', false],
    ['TRANSIT', null, 'in_transit', false],
    ['DELIVERED', null, 'delivered', false],
    ['TRANSIT', 'on_a_bicycle', 'unknown', false],
    ['constructor', null, 'unknown', false],
  ])('%s/%s is %s', (status, substatus, expected, attention) => {
    expect(eventOf(status, substatus)).toMatchObject({ status: expected, code: substatus === null ? status : `${status}/${substatus}`, attention });
  });

  test('is the whole history, with the latest scan once', () => {
    const parsed = shippo.parseUpdate(delivered(fixture('shippo/update.json')), settings);

    expect(parsed).toMatchObject({ kind: 'updates', updates: [{ trackingNumber: BOUGHT.tracking_number }] });
    if (parsed.kind !== 'updates') return;
    expect(parsed.updates[0]?.events.map(({ at, status }) => `${at} ${status}`)).toEqual([
      '2026-11-20T09:01:00.000Z pre_transit',
      '2026-11-20T18:20:00.000Z in_transit',
      '2026-11-21T04:00:00.000Z in_transit',
      '2026-11-22T13:05:00.000Z out_for_delivery',
    ]);
  });

  test('of a return says how far it is', () => {
    const parsed = shippo.parseUpdate(delivered(fixture('shippo/update-returned.json')), settings);
    const events = parsed.kind === 'updates' ? parsed.updates.flatMap((one) => one.events) : [];

    expect(events.map(({ phase }) => phase)).toEqual([undefined, undefined, 'initiated', 'in_transit']);
    expect(summarise(events).status).toBe('returned_to_sender');
  });

  test.each([
    ['another event', fixture('shippo/update-transaction.json')],
    ['a transaction, as older versions post it', JSON.stringify({ event: 'track_updated', data: { ...BOUGHT, tracking_status: 'TRANSIT' } })],
  ])('is not for us: %s', (_what, body) => {
    expect(shippo.parseUpdate(delivered(body), settings)).toMatchObject({ kind: 'ignored' });
  });

  test('is nothing yet of a parcel that its carrier does not know', () => {
    const none = { kind: 'updates', updates: [{ trackingNumber: 'T1', events: [] }] };

    expect(shippo.parseUpdate(update({}), settings)).toEqual(none);
    expect(shippo.parseUpdate(update({ tracking_status: scan({ status: 'UNKNOWN', status_date: null }) }), settings)).toEqual(none);
  });

  test('spoils nothing where one scan cannot be read, and is refused where none can', () => {
    const both = shippo.parseUpdate(update({ tracking_history: [scan({}), scan({ status_date: 'yesterday' })] }), settings);
    const rejection = rejectionOf(() => shippo.parseUpdate(update({ tracking_history: [scan({ status_date: 'yesterday', location: { city: 'Austin' } })] }), settings));

    expect(both).toMatchObject({ updates: [{ events: [{ status: 'in_transit' }] }] });
    expect(rejection.code).toBe('tracking.payload-unreadable');
    expect(rejection.message).not.toContain('Austin');
  });

  test.each([
    ['1Z999AA10123456784', ['ups', 'chronopost']],
    ['92055901755477000271990251', ['usps', 'chronopost']],
    ['SHIPPO_DELIVERED', ['shippo']],
    ['XY123', ['chronopost']],
    ['794644790132', ['fedex', 'chronopost']],
  ])('is asked of the carriers that number %s may be of', (number, expected) => {
    expect(carriersOf(number, { trackingCarriers: ['usps', 'ups', 'fedex', 'dhl_express', 'chronopost'] })).toEqual(expected);
    expect(carriersOf('XY123', { trackingCarriers: ['usps', 'ups'] })).toEqual(['usps', 'ups']);
  });

  test('is asked by GET, carrier after carrier, until one knows the parcel', async () => {
    const unheard = json({ carrier: 'gls_us', tracking_number: 'XY1', tracking_status: scan({ status: 'UNKNOWN', status_date: null }), tracking_history: [] });
    const known = json({ carrier: 'lso', tracking_number: 'XY1', tracking_status: scan({}), tracking_history: [] });
    const { call, asked } = calling([unheard, json({}, 404), known], { trackingCarriers: ['gls_us', 'ontrac', 'lso', 'uds'] });

    expect(await shippo.track?.(['XY1'], call)).toEqual([known.body]);
    expect(asked.map(({ method, url }) => `${method} ${url.replace('https://api.goshippo.com/', '')}`)).toEqual([
      'GET tracks/gls_us/XY1',
      'GET tracks/ontrac/XY1',
      'GET tracks/lso/XY1',
    ]);
  });

  test.each<[string, Answer, unknown]>([
    ['nobody has heard of it', json({}, 404), []],
    ['too many calls', json({}, 409), Unavailable],
    ['a token that ended', json({}, 401), Rejected],
  ])('is nothing, or an error, where the answer is: %s', async (_what, answer, expected) => {
    const answered: unknown = await shippo.track?.(['1Z999AA10123456784'], calling([answer]).call).catch((cause: unknown) => cause);

    if (typeof expected === 'function') expect(answered).toBeInstanceOf(expected);
    else expect(answered).toEqual(expected);
  });
});

describe('webhooks', () => {
  const URL_WITH_TOKEN = 'https://hub.example.com/updates/shippo?token=hush';
  const hook = (more: object) => ({ object_id: 'w1', event: 'track_updated', url: URL_WITH_TOKEN, active: true, is_test: false, ...more });

  test.each<[string, readonly unknown[], string, string | undefined]>([
    ['none', [], 'made', 'POST webhooks'],
    ["another one's", [hook({ url: 'https://other.example.com/updates/shippo?token=hush' })], 'made', 'POST webhooks'],
    ['ours for something else', [hook({ event: 'batch_created' })], 'made', 'POST webhooks'],
    ['ours', [hook({})], 'kept', undefined],
    ['ours for everything', [hook({ event: 'all' })], 'kept', undefined],
    ['ours, turned off', [hook({ active: false })], 'mended', 'PUT webhooks/w1'],
    ['ours with another token', [hook({ url: 'https://hub.example.com/updates/shippo?token=old' })], 'mended', 'PUT webhooks/w1'],
    ['ours for tests', [hook({ is_test: true })], 'mended', 'PUT webhooks/w1'],
    ['ours with an older one beside it', [hook({ object_id: 'w0', active: false }), hook({})], 'kept', undefined],
  ])('with %s there', async (_what, there, state, request) => {
    const { call, asked, body } = calling([LIST(...there), json(hook({}), 201)]);

    expect(await shippo.subscribe?.(call)).toEqual({ state, until: null });
    const [, written] = asked;
    expect(written === undefined ? undefined : `${written.method} ${written.url.replace('https://api.goshippo.com/', '')}`).toBe(request);
    if (written !== undefined) expect(body(1)).toEqual({ event: 'track_updated', url: URL_WITH_TOKEN, active: true, is_test: false });
  });

  test('looks at every page of them', async () => {
    const { call, asked } = calling([json({ next: 'https://evil.example.com/webhooks?page=2&results=5', results: [] }), LIST(hook({}))]);

    expect(await shippo.subscribe?.(call)).toEqual({ state: 'kept', until: null });
    expect(asked[1]?.url).toBe('https://api.goshippo.com/webhooks?results=100&page=2');
  });

  test('hold no token where Shippo signs', async () => {
    const { call, body } = calling([LIST(), json({}, 201)], { callbacks: 'signature' });
    await shippo.subscribe?.(call);

    expect(body(1)).toMatchObject({ url: 'https://hub.example.com/updates/shippo' });
  });

  test('are not made with an address that is too long for Shippo', async () => {
    const { call, asked } = calling([]);

    await expect(shippo.subscribe?.({ ...call, signingSecret: 'x'.repeat(200) })).rejects.toMatchObject({ name: 'Rejected', code: 'carrier.update-url-too-long' });
    expect(asked).toEqual([]);
  });
});
