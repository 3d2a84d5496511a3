import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { noteEnded } from '../../../adapters/aws/health-store.ts';
import { readPollState } from '../../../adapters/aws/poll-store.ts';
import type { Cursor, Page } from '../../../adapters/storefront.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { acceptOrders } from '../../../functions/order/accept-orders.ts';
import { pollOrders } from '../../../functions/storefront/poll-orders.ts';
import { NOW } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';
import { runs } from '../../runs.ts';
import { lifeline, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { accepting, received } from '../world.ts';
import { bodyOf, deliveryOf, inInbox, played, reachingHub } from './played-storefront.ts';

vi.mock(import('../../../adapters/storefront.ts'), async (original) => ({
  ...(await original()),
  loadStorefront: async () => (await import('./played-storefront.ts')).default,
}));

const emulator = useEmulator();
const log = useLogLines();
const DUE = { connectionId: 'shop' };
const MINUTE = 60;

type TestHub = ReturnType<typeof reachingHub>;

beforeEach(() => {
  played.capabilities = ['polls'];
  played.poll = async () => ({ bodies: [], next: null });
});

/** A shop whose orders change while they are read: it lists them by when they changed, a page goes on after the last order of the one before. */
class Shop {
  readonly orders = new Map<string, { version: number; at: number }>();
  readonly pageSize: number;
  private readonly now: () => Date;
  private clock = 0;

  constructor(now: () => Date, pageSize: number) {
    this.now = now;
    this.pageSize = pageSize;
  }

  change(id: string): void {
    // No two changes at one instant: a version is the milliseconds of the shop's clock.
    this.clock = Math.max(this.clock + 1, this.now().getTime());
    this.orders.set(id, { version: this.clock, at: this.clock });
  }

  list({ since, page }: Cursor): Page {
    const after = page === null ? Date.parse(since) - 1 : Number(page);
    const changed = [...this.orders].filter(([, { at }]) => at > after).sort(([, a], [, b]) => a.at - b.at);
    const shown = changed.slice(0, this.pageSize);
    const next = changed.length > shown.length ? String(shown.at(-1)?.[1].at) : null;
    return { bodies: shown.map(([id, { version }]) => bodyOf({ id, version })), next };
  }
}

/** Takes in what is on the inbox. */
async function takeIn(hub: TestHub): Promise<void> {
  const failures = await acceptOrders(received(...inInbox(hub)), accepting(hub));
  hub.inbox.messages.splice(0);
  for (const error of failures.values()) if (!(error instanceof Rejected)) throw error;
}

function openShop(hub: TestHub, pageSize = 2): Shop {
  const shop = new Shop(hub.now, pageSize);
  played.poll = async (cursor) => shop.list(cursor);
  return shop;
}

function said(message: string) {
  return log.lines.filter((line) => line.message === message);
}

describe('a reading', () => {
  test('brings in what no webhook did, and nothing else', async () => {
    const hub = reachingHub(await emulator.freshTable());
    const shop = openShop(hub);
    for (const id of ['1', '2', '3', '4', '5']) shop.change(id);
    const { version = 0 } = shop.orders.get('2') ?? {};
    await acceptOrders(received(deliveryOf(bodyOf({ id: '2', version }), NOW.toISOString()), deliveryOf(bodyOf({ id: '3', version: 1 }), NOW.toISOString())), accepting(hub));

    await pollOrders(DUE, hub);

    expect(inInbox(hub).map(({ via, body }) => [via, JSON.parse(String(body)).id])).toEqual(['1', '3', '4', '5'].map((id) => ['poll', id]));
    expect(said('foundByPoll').map(({ foundByPoll, orders }) => [foundByPoll, orders])).toEqual([
      [1, 'shop:1'],
      [2, 'shop:3 shop:4'],
      [1, 'shop:5'],
    ]);
    expect(await readPollState(hub.table, 'shop')).toMatchObject({ since: NOW.toISOString(), page: null, readAt: NOW.toISOString(), found: 4, version: 3 });
  });

  test('goes back a day at first, and after that by the overlap', async () => {
    const hub = reachingHub(await emulator.freshTable());
    const asked: Cursor[] = [];
    played.poll = async (cursor) => {
      asked.push(cursor);
      return { bodies: [], next: null };
    };

    await pollOrders(DUE, hub);
    hub.pass(10 * MINUTE);
    await pollOrders(DUE, hub);

    expect(asked.map(({ since }) => (NOW.getTime() - Date.parse(since)) / 60_000)).toEqual([24 * 60 + 15, 15]);
  });

  test('that runs out of patience is gone on with, and its beginning counts', async () => {
    const hub = reachingHub(await emulator.freshTable());
    const shop = openShop(hub);
    for (let id = 0; id < 7; id++) shop.change(String(id));
    const list = played.poll;
    played.poll = async (cursor, connectionId) => {
      hub.pass(100);
      return await list(cursor, connectionId);
    };

    await pollOrders(DUE, hub);
    const left = await readPollState(hub.table, 'shop');
    await pollOrders(DUE, hub);

    expect(left).toMatchObject({ page: expect.any(String), readAt: null });
    expect(await readPollState(hub.table, 'shop')).toMatchObject({ page: null, since: NOW.toISOString(), found: 7 });
    expect(said('orders read').map(({ pages, stopped }) => `${pages} ${stopped}`)).toEqual(['2 patience', '2 end']);
  });

  test('whose page is there no longer begins anew', async () => {
    const hub = reachingHub(await emulator.freshTable());
    const shop = openShop(hub);
    for (let id = 0; id < 3; id++) shop.change(String(id));
    played.poll = async (cursor) => {
      hub.pass(200);
      return shop.list(cursor);
    };
    await pollOrders(DUE, hub);
    const second = hub.now().toISOString();
    played.poll = async (cursor) => {
      if (cursor.page !== null && Number(cursor.page) < 1e15 && cursor.page.length > 0 && hub.now().toISOString() === second)
        throw new Rejected('storefront.refused', 'no such page');
      return shop.list({ ...cursor, page: null });
    };

    shop.orders.clear();
    shop.change('9');
    await pollOrders(DUE, hub);

    expect(await readPollState(hub.table, 'shop')).toMatchObject({ page: null, since: second });
    expect(inInbox(hub).map(({ body }) => JSON.parse(String(body)).id)).toEqual(['0', '1', '9']);
  });

  test('passes over what it cannot read: it is put on the inbox once, and again only when it changes', async () => {
    const hub = reachingHub(await emulator.freshTable());
    let bodies = [Buffer.from('{"id":7}'), bodyOf({ id: '1', version: 3 }), bodyOf({ kind: 'reference', id: '5' }), bodyOf({ kind: 'ignored', id: '6' })];
    played.poll = async () => ({ bodies, next: null });

    await pollOrders(DUE, hub);
    const first = inInbox(hub).map(({ body }) => String(body));
    await takeIn(hub);
    await pollOrders(DUE, hub);
    const again = inInbox(hub);
    bodies = [Buffer.from('{"id":8}')];
    await pollOrders(DUE, hub);

    expect(first).toEqual(['{"id":7}', '{"id":"1","version":3}', '{"kind":"reference","id":"5"}']);
    expect(again).toEqual([]);
    expect(inInbox(hub).map(({ body }) => String(body))).toEqual(['{"id":8}']);
    expect((await readPollState(hub.table, 'shop'))?.handled).toHaveLength(1);
  });
});

describe('a storefront that asks us to wait', () => {
  test('is waited for where there is time', async () => {
    const hub = reachingHub(await emulator.freshTable());
    let calls = 0;
    played.poll = async () => {
      calls += 1;
      if (calls < 3) throw new Unavailable('storefront.unavailable', 'too many', { retryAfterSeconds: 20 });
      return { bodies: [], next: null };
    };

    await pollOrders(DUE, hub);

    expect([calls, hub.now().getTime() - NOW.getTime()]).toEqual([3, 40_000]);
  });

  test('for longer is left alone until then', async () => {
    const hub = reachingHub(await emulator.freshTable());
    let calls = 0;
    played.poll = async () => {
      calls += 1;
      if (calls === 1) throw new Unavailable('storefront.unavailable', 'too many', { retryAfterSeconds: 900 });
      return { bodies: [], next: null };
    };

    await pollOrders(DUE, hub);
    hub.pass(10 * MINUTE);
    await pollOrders(DUE, hub);
    const early = calls;
    hub.pass(10 * MINUTE);
    await pollOrders(DUE, hub);

    expect([early, calls]).toEqual([1, 2]);
    expect(await readPollState(hub.table, 'shop')).toMatchObject({ notBefore: null, readAt: hub.now().toISOString() });
  });

  test('and does not say how long is for the scheduler to try again', async () => {
    const hub = reachingHub(await emulator.freshTable());
    played.poll = () => Promise.reject(new Unavailable('storefront.unavailable', 'down'));

    await expect(pollOrders(DUE, hub)).rejects.toBeInstanceOf(Unavailable);
  });
});

test('a connection that its storefront ended is left alone, quietly: it was told when it ended', async () => {
  const hub = reachingHub(await emulator.freshTable());
  played.poll = () => Promise.reject(new Error('it was asked'));
  await noteEnded(hub.table, 'shop', 'uninstalled', hub.now());

  await pollOrders(DUE, hub);

  expect(said('orders read')).toMatchObject([{ stopped: 'ended' }]);
});

test('a storefront whose orders cannot be listed is refused, with what to do', async () => {
  const hub = reachingHub(await emulator.freshTable());
  played.capabilities = ['webhooks'];

  await expect(pollOrders(DUE, hub)).rejects.toMatchObject({ code: 'storefront.polls-unsupported', message: expect.stringContaining('take its schedule away') });
});

test('requests to a fulfilment service are answered too, and one that cannot be keeps no order from being read', async () => {
  const hub = reachingHub(await emulator.freshTable());
  played.capabilities = ['polls', 'service'];
  played.poll = async () => ({ bodies: [bodyOf({ id: '1' })], next: null });
  played.answerRequests = async () => ({ bodies: [bodyOf({ id: '2' }), Buffer.from('?')], open: 2 });
  await pollOrders(DUE, hub);
  const first = inInbox(hub).map(({ body }) => String(body));
  await takeIn(hub);
  await pollOrders(DUE, hub);
  const again = inInbox(hub);
  played.answerRequests = () => Promise.reject(new Rejected('storefront.refused', 'no'));
  played.poll = async () => ({ bodies: [bodyOf({ id: '3' })], next: null });

  await expect(pollOrders(DUE, hub)).rejects.toMatchObject({ code: 'storefront.refused' });

  expect(first).toEqual(['{"id":"2"}', '?', '{"id":"1"}']);
  expect(again).toEqual([]);
  expect(inInbox(hub).map(({ body }) => String(body))).toEqual(['{"id":"3"}']);
});

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const Change = fc.record({ do: fc.constant('change' as const), id: fc.constantFrom(...IDS), seconds: fc.integer({ min: 0, max: 400 }) });
const Reading = fc.record({
  do: fc.constant('read' as const),
  readers: fc.integer({ min: 1, max: 2 }),
  /** What changes between its pages. */
  meanwhile: fc.array(fc.constantFrom(...IDS), { maxLength: 4 }),
  crash: fc.option(fc.record({ call: fc.integer({ min: 1, max: 6 }), when: fc.constantFrom('before' as const, 'after' as const) }), { nil: undefined, freq: 2 }),
  /** Seconds that a page takes: long ones end a reading before its end. */
  slow: fc.constantFrom(0, 0, 70),
});
const TakeIn = fc.record({ do: fc.constant('take in' as const) });

test('whatever changes while it is read, and whoever dies or reads beside it, every order arrives in its newest version', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(Change, Reading, TakeIn), { minLength: 3, maxLength: 14 }), fc.integer({ min: 1, max: 3 }), async (steps, pageSize) => {
      const hub = reachingHub(await emulator.freshTable(), 1);
      const shop = openShop(hub, pageSize);
      const sent = new Map<string, number>();
      const inbox = { send: async (messages: readonly string[]) => void hub.inbox.messages.push(...messages) };
      const note = () => {
        for (const { body } of inInbox(hub)) {
          const { id, version } = JSON.parse(String(body));
          sent.set(id, Math.max(sent.get(id) ?? 0, version));
        }
      };
      for (const step of steps) {
        hub.pass(1);
        if (step.do === 'change') {
          hub.pass(step.seconds);
          shop.change(step.id);
        } else if (step.do === 'take in') {
          note();
          await takeIn(hub);
        } else {
          const meanwhile = [...step.meanwhile];
          played.poll = async (cursor) => {
            const page = shop.list(cursor);
            const id = meanwhile.pop();
            if (id !== undefined) shop.change(id);
            hub.pass(step.slow);
            return page;
          };
          const line = lifeline(step.crash);
          const dying = { ...hub, table: emulator.reopen(hub.table), inbox: { send: (messages: readonly string[]) => line.through('send', () => inbox.send(messages)) } };
          tieTable(dying.table, line);
          const others = step.readers === 1 ? [] : [pollOrders(DUE, { ...hub, table: emulator.reopen(hub.table) })];
          await Promise.all([line.run(() => pollOrders(DUE, dying)), ...others]);
        }
      }
      // The shop rests, and a reading comes to its end.
      for (let pause = 0; pause < 3; pause++) {
        hub.pass(10 * MINUTE);
        played.poll = async (cursor) => shop.list(cursor);
        await pollOrders(DUE, hub);
        note();
        await takeIn(hub);
      }
      const ends = await readPollState(hub.table, 'shop');
      hub.pass(MINUTE);
      await pollOrders(DUE, hub);

      expect(Object.fromEntries(sent)).toEqual(Object.fromEntries([...shop.orders].map(([id, { version }]) => [id, version])));
      expect(ends?.page).toBeNull();
      // What the hub has is not sent again.
      expect(hub.inbox.messages).toEqual([]);
    }),
    { numRuns: runs(40) },
  );
}, 120_000);
