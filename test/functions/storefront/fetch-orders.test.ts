import { beforeEach, describe, expect, test, vi } from 'vitest';
import { noteEnded } from '../../../adapters/aws/health-store.ts';
import { packReferred, type Referred, unpackReferred } from '../../../adapters/reference.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { fetchOrders } from '../../../functions/storefront/fetch-orders.ts';
import { NOW } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { received } from '../world.ts';
import { bodyOf, inInbox, played, reachingHub } from './played-storefront.ts';

vi.mock(import('../../../adapters/storefront.ts'), async (original) => ({
  ...(await original()),
  loadStorefront: async () => (await import('./played-storefront.ts')).default,
}));

const emulator = useEmulator();
const log = useLogLines();
const at = (second: number) => new Date(NOW.getTime() + second * 1000).toISOString();
const named = (id: string, second = 0, connectionId = 'shop', what = 'order'): Referred => ({ connectionId, reference: { what, id }, receivedAt: at(second) });

let asked: string[] = [];
beforeEach(() => {
  asked = [];
  played.capabilities = ['fetchBack'];
  played.fetch = async ({ id }) => {
    asked.push(id);
    return { kind: 'found', bodies: [bodyOf({ id })] };
  };
});

describe('what was only named', () => {
  test('is fetched once, however many messages name it, and is on the inbox since it was first named', async () => {
    const hub = reachingHub(await emulator.freshTable());

    const failures = await fetchOrders(received(named('1', 7), named('1', 3), named('2', 5), named('1', 4, 'outlet')), hub);

    expect([...failures]).toEqual([]);
    expect(asked.toSorted()).toEqual(['1', '1', '2']);
    expect(
      inInbox(hub)
        .map(({ connectionId, receivedAt, via, body }) => `${connectionId} ${receivedAt} ${via} ${body}`)
        .sort(),
    ).toEqual([`outlet ${at(4)} fetch {"id":"1"}`, `shop ${at(3)} fetch {"id":"1"}`, `shop ${at(5)} fetch {"id":"2"}`]);
  });

  test('and is gone at the storefront is handed on as gone, with all ids it had', async () => {
    const hub = reachingHub(await emulator.freshTable());
    played.fetch = async () => ({ kind: 'absent', sourceIds: ['250-1', '250-2'] });

    await fetchOrders(received(named('250')), hub);

    expect(inInbox(hub)).toEqual([{ connectionId: 'shop', receivedAt: at(0), via: 'fetch', headers: {}, body: Buffer.alloc(0), absent: ['250-1', '250-2'] }]);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'referenceAbsent', id: '250' }));
  });

  test('is fetched four at a time and no more', async () => {
    const hub = reachingHub(await emulator.freshTable());
    let [running, most] = [0, 0];
    const { promise: fourAtOnce, resolve: thereAreFour } = Promise.withResolvers<void>();
    played.fetch = async ({ id }) => {
      running += 1;
      most = Math.max(most, running);
      if (running === 4) thereAreFour();
      await fourAtOnce;
      running -= 1;
      return { kind: 'found', bodies: [bodyOf({ id })] };
    };

    await fetchOrders(received(...Array.from({ length: 20 }, (_, index) => named(String(index)))), hub);

    expect(most).toBe(4);
    expect(hub.inbox.messages).toHaveLength(20);
  });
});

describe('a storefront that is down', () => {
  test('is asked no more in this batch, and holds up no other', async () => {
    const hub = reachingHub(await emulator.freshTable());
    const down = new Unavailable('storefront.unavailable', 'down', { retryAfterSeconds: 9 });
    played.fetch = async ({ id }) => {
      asked.push(id);
      if (id.startsWith('s')) throw down;
      return { kind: 'found', bodies: [bodyOf({ id })] };
    };

    const failures = await fetchOrders(received(...Array.from({ length: 12 }, (_, index) => named(`s${index}`)), named('o1', 0, 'outlet')), hub);

    expect(failures).toEqual(new Map(Array.from({ length: 12 }, (_, index) => [`m${index}`, down])));
    expect(asked.filter((id) => id.startsWith('s')).length).toBeLessThanOrEqual(4);
    expect(inInbox(hub).map(({ connectionId }) => connectionId)).toEqual(['outlet']);
  });

  test('refuses one thing alone: the others are fetched', async () => {
    const hub = reachingHub(await emulator.freshTable());
    played.fetch = async ({ id }) => {
      if (id === '2') throw new Rejected('storefront.refused', 'no');
      return { kind: 'found', bodies: [bodyOf({ id })] };
    };

    const failures = await fetchOrders(received(named('1'), named('2'), named('3')), hub);

    expect([...failures]).toEqual([['m1', expect.any(Rejected)]]);
    expect(hub.inbox.messages).toHaveLength(2);
  });
});

test('a connection that its storefront ended is for a person to connect again', async () => {
  const hub = reachingHub(await emulator.freshTable());
  await noteEnded(hub.table, 'shop', 'uninstalled', hub.now());

  expect([...(await fetchOrders(received(named('1'), named('2', 0, 'outlet')), hub))]).toEqual([['m0', expect.objectContaining({ code: 'storefront.ended' })]]);
  expect(asked).toEqual(['2']);
});

test('nothing is done before the inbox has it', async () => {
  const hub = reachingHub(await emulator.freshTable());
  const full = new Unavailable('queue.unavailable', 'SQS is down');

  const failures = await fetchOrders(received(named('1')), { ...hub, inbox: { send: () => Promise.reject(full) } });

  expect(failures).toEqual(new Map([['m0', full]]));
});

test('what is larger than a message is for a person', async () => {
  const hub = reachingHub(await emulator.freshTable());
  const noise = Array.from({ length: 150_000 }, (_, index) => Math.sin(index).toString(36)).join('');
  played.fetch = async () => ({ kind: 'found', bodies: [Buffer.from(noise)] });

  expect([...(await fetchOrders(received(named('1')), hub))]).toEqual([['m0', expect.objectContaining({ code: 'delivery.too-large' })]]);
});

test('requests to a fulfilment service are answered, and their orders brought in', async () => {
  const hub = reachingHub(await emulator.freshTable());
  let calls = 0;
  played.answerRequests = async () => {
    calls += 1;
    return { bodies: [bodyOf({ id: '1' })], open: 1 };
  };

  await fetchOrders(received(named('', 0, 'shop', 'requests'), named('', 1, 'shop', 'requests')), hub);

  expect(calls).toBe(1);
  expect(inInbox(hub)).toMatchObject([{ via: 'fetch', receivedAt: at(0) }]);
  expect(log.lines).toContainEqual(expect.objectContaining({ message: 'references fetched', open: 1 }));
});

test('a message of another version of the hub is refused', () => {
  expect(unpackReferred(packReferred(named('1')))).toEqual(named('1'));
  expect(() => unpackReferred('{"connectionId":"shop"}')).toThrow(expect.objectContaining({ code: 'reference.unreadable' }));
});
