import { afterEach, describe, expect, test, vi } from 'vitest';
import { unpackDelivery } from '../../../adapters/delivery.ts';
import { packLookups, unpackLookup } from '../../../adapters/lookup.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { applyUpdates } from '../../../functions/tracking/apply-updates.ts';
import { type LookingUp, lookUpParcels } from '../../../functions/tracking/look-up-parcels.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { clientWith, hubOn, memoryOutbox, orderOf, packed, parcelOf, received, stockUp, type TestHub, tracking } from '../world.ts';
import { labelParcel } from './label-parcel.ts';
import { bodyOf, type Played, playCarrier } from './played-carrier.ts';

const emulator = useEmulator();
const log = useLogLines();

/** Carriers that these tests play, by kind. */
const played = new Map<string, Played>();
vi.mock('../../../adapters/carrier.ts', async (original) => ({
  ...(await original<typeof import('../../../adapters/carrier.ts')>()),
  loadCarrier: async (kind: string) => played.get(kind)?.carrier,
}));
afterEach(() => played.clear());

function play(kind: string, ...parts: Parameters<typeof playCarrier>): Played {
  const one = playCarrier(...parts);
  played.set(kind, one);
  return one;
}

const TWO = clientWith({
  carriers: [
    { id: 'first', kind: 'first', settings: {} },
    { id: 'second', kind: 'second', settings: {} },
  ],
});

async function lookingUpOn(hub?: TestHub) {
  const on = hub ?? hubOn(await emulator.freshTable(), TWO);
  const looking = {
    ...on,
    secrets: { read: async () => undefined },
    http: async () => {
      throw new Error('nothing is called');
    },
    publicUrl: 'https://hub.example.com',
    wait: async () => undefined,
    updates: memoryOutbox(),
  } satisfies LookingUp;
  return looking;
}

const lookup = (carrierId: string, ...trackingNumbers: string[]) => ({ carrierId, trackingNumbers, because: 'silence' as const });
const busy = () => new Unavailable('carrier.throttled', 'Its calls are spoken for.', { retryAfterSeconds: 30 });

describe('asking carriers for parcels', () => {
  test('puts what they answer where their callbacks go, as something that we asked for', async () => {
    const looking = await lookingUpOn();
    const { asked } = play('first', { trackBatch: 30 });

    const failures = await lookUpParcels(received(lookup('first', 'A', 'B')), looking);

    expect(failures.size).toBe(0);
    expect(asked).toEqual([['A', 'B']]);
    const deliveries = looking.updates.messages.map(unpackDelivery);
    expect(deliveries.map(({ connectionId, via, body }) => [connectionId, via, body.toString()])).toEqual([
      ['first', 'poll', bodyOf('A', []).toString()],
      ['first', 'poll', bodyOf('B', []).toString()],
    ]);
  });

  test('asks for a parcel once in a batch, and for no more at a time than the carrier takes', async () => {
    const looking = await lookingUpOn();
    const { asked } = play('first', { trackBatch: 2 });

    await lookUpParcels(received(lookup('first', 'A', 'B', 'C'), lookup('first', 'A', 'C'), lookup('first', 'C', 'D')), looking);

    expect(asked).toEqual([['A', 'B'], ['C'], ['D']]);
  });

  test('leaves a carrier that asks to wait alone, and holds up no other by that', async () => {
    const looking = await lookingUpOn();
    const first = play('first');
    const second = play('second');
    first.faults.push(undefined, busy());

    const failures = await lookUpParcels(received(lookup('first', 'A'), lookup('first', 'B'), lookup('first', 'C'), lookup('second', 'D')), looking);

    expect([...failures.keys()]).toEqual(['m1', 'm2']);
    expect([...failures.values()]).toEqual([expect.objectContaining({ retryAfterSeconds: 30 }), expect.objectContaining({ retryAfterSeconds: 30 })]);
    expect([first.asked, second.asked]).toEqual([[['A'], ['B']], [['D']]]);
  });

  test('asks again for an answer that was cut off, and hands on one that is whole whatever it says', async () => {
    const looking = await lookingUpOn();
    const answers = ['{"number":"A","sc', '', '["nothing"]'].map((text) => Buffer.from(text));
    play('first', {}, { track: async () => answers.splice(0, 1) });

    for (const _cutOff of answers.slice(0, 2))
      expect((await lookUpParcels(received(lookup('first', 'A')), looking)).get('m0')).toMatchObject({ name: 'Unavailable', code: 'carrier.answer-damaged' });
    expect((await lookUpParcels(received(lookup('first', 'A')), looking)).size).toBe(0);

    expect(looking.updates.messages.map((message) => unpackDelivery(message).body.toString())).toEqual(['["nothing"]']);
  });

  test('sets what the carrier will never answer aside, and asks on', async () => {
    const looking = await lookingUpOn();
    const { asked, faults } = play('first');
    faults.push(new Rejected('carrier.refused', 'No such number.'));

    const failures = await lookUpParcels(received(lookup('first', 'A'), lookup('first', 'B')), looking);

    expect([...failures.keys()]).toEqual(['m0']);
    expect(asked).toEqual([['A'], ['B']]);
  });

  test('rejects a question to a carrier that cannot be asked, or that nobody has', async () => {
    const looking = await lookingUpOn();
    const { track: _, ...deaf } = playCarrier().carrier;
    played.set('first', { ...playCarrier(), carrier: deaf });

    const failures = await lookUpParcels(received(lookup('first', 'A'), lookup('third', 'B')), looking);

    expect(failures.get('m0')).toMatchObject({ name: 'Rejected', code: 'carrier.track-unsupported' });
    expect(failures.get('m1')).toMatchObject({ name: 'Rejected', code: 'carrier.unknown' });
  });
});

describe('what a carrier posts that nobody vouches for', () => {
  async function hinted() {
    const hub = hubOn(await emulator.freshTable(), TWO);
    await stockUp(hub, { TENT: 10 });
    await packed(hub, '1');
    await labelParcel(hub, '1');
    return tracking(hub);
  }
  const posted = (number: string) => ({
    connectionId: 'first',
    receivedAt: '2026-11-20T12:00:00.000Z',
    headers: {},
    body: bodyOf(number, [{ status: 'delivered', at: '2026-11-20T12:00:00.000Z' }]),
  });

  test('moves nothing; the carrier is asked, and its answer moves the parcel', async () => {
    const { parcels, asked } = play('first', { callbackAuth: 'none' });
    const hub = await hinted();

    await applyUpdates(received(posted('T-1')), hub);
    const before = await parcelOf(hub, '1');
    const messages = hub.lookups.first?.messages.map(unpackLookup) ?? [];
    parcels.set('T-1', [{ status: 'in_transit', at: '2026-11-20T11:00:00.000Z' }]);
    const looking = await lookingUpOn(hub);
    await lookUpParcels(received(...messages), looking);
    await applyUpdates(received(...looking.updates.messages.map(unpackDelivery)), hub);

    expect(before.status).toBe('labelled');
    expect(messages).toEqual([{ carrierId: 'first', trackingNumbers: ['T-1'], because: 'hint' }]);
    expect(asked).toEqual([['T-1']]);
    expect((await parcelOf(hub, '1')).tracking.status).toBe('in_transit');
    expect((await orderOf(hub, '1')).status).toBe('dispatched');
  });

  test('is dropped where the carrier cannot be asked', async () => {
    const { track: _, ...deaf } = playCarrier({ callbackAuth: 'none' }).carrier;
    played.set('first', { ...playCarrier(), carrier: deaf });
    const hub = await hinted();

    expect((await applyUpdates(received(posted('T-1')), hub)).size).toBe(0);

    expect((await parcelOf(hub, '1')).status).toBe('labelled');
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'updateIgnored', carrierId: 'first' }));
  });
});

describe('a question as a message', () => {
  test('is a call each, and comes back as it was', () => {
    const messages = packLookups(lookup('first', 'A', 'B', 'C'), 2).map(unpackLookup);

    expect(messages).toEqual([lookup('first', 'A', 'B'), lookup('first', 'C')]);
  });

  test.each(['', '{}', '{"carrierId":"first","trackingNumbers":[],"because":"hint"}'])('is rejected when it is %j', (message) => {
    expect(() => unpackLookup(message)).toThrow(expect.objectContaining({ name: 'Rejected', code: 'lookup.unreadable' }));
  });
});
