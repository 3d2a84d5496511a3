import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { noteEnded, readHealth, refuseEnded } from '../../../adapters/aws/health-store.ts';
import { readPace } from '../../../adapters/aws/pace-store.ts';
import { secretField } from '../../../adapters/credential.ts';
import { defineStorefront, type Storefront, type Subscription } from '../../../adapters/storefront.ts';
import type { Client } from '../../../core/client.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { checkConnections } from '../../../functions/storefront/check-connections.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { memoryBucket } from '../memory-bucket.ts';
import { clientWith, hubOn, type TestHub } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();
const HOOK = 'https://hub.example.com/hooks/shop';

/** Storefronts that these tests play, by kind. */
const played = new Map<string, Storefront>();
vi.mock('../../../adapters/storefront.ts', async (original) => ({
  ...(await original<typeof import('../../../adapters/storefront.ts')>()),
  loadStorefront: async (kind: string) => {
    const storefront = played.get(kind);
    if (storefront === undefined) throw new Error(`no ${kind} is played`);
    return storefront;
  },
}));

let subscriptions: Subscription[] = [];
let failure: Error | undefined;
let calls: string[] = [];
/** Topics that the storefront will not send. */
let refused: string[] = [];

function playShop(): Storefront {
  const answer = (call: string) => {
    calls.push(call);
    if (failure !== undefined) throw failure;
  };
  return defineStorefront({
    id: 'shop',
    title: 'A shop',
    settings: z.unknown(),
    secrets: z.strictObject({ signing: secretField('Signing secret'), token: secretField('API token') }),
    capabilities: () => ['webhooks'],
    signature: () => ({ family: 'hmac-body', header: 'x-signature', encoding: 'base64' }),
    parse: () => ({ kind: 'ignored', reason: 'played' }),
    subscriptions: {
      wanted: () => ['orders', 'refunds'],
      async list() {
        answer('list');
        return subscriptions;
      },
      async create(topic, { hookUrl }) {
        answer(`create ${topic}`);
        if (refused.includes(topic)) throw new Rejected('storefront.refused', `The topic ${topic} needs the scope read_refunds.`);
        subscriptions = [...subscriptions, { id: `new-${topic}`, topic, address: hookUrl, active: true }];
      },
      async repair({ id }, { hookUrl }) {
        answer(`repair ${id}`);
        subscriptions = subscriptions.map((one) => (one.id === id ? { ...one, address: hookUrl, active: true } : one));
      },
    },
  });
}

function playPlain(): Storefront {
  const { subscriptions: _, ...plain } = playShop();
  return { ...plain, id: 'plain', secrets: z.strictObject({ signing: secretField('Signing secret') }) };
}

beforeEach(() => {
  played.clear();
  played.set('shop', playShop());
  played.set('plain', playPlain());
  [subscriptions, failure, calls, refused] = [[], undefined, [], []];
});

const CLIENT: Client = clientWith({
  storefronts: [
    { id: 'shop', kind: 'shop' },
    { id: 'wholesale', kind: 'plain' },
  ],
});

async function hub(): Promise<TestHub> {
  return hubOn(await emulator.freshTable(), CLIENT);
}

/** What was posted, as the archive's names say it. */
function archiveOf(connectionId: string, instants: readonly string[]): Map<string, Buffer> {
  return new Map(instants.map((at, index) => [`connection=${connectionId}/day=${at.slice(0, 10)}/${at}-1-hash${index}.ndjson.gz`, Buffer.from('')]));
}

async function check(
  on: TestHub,
  { token = 'shpat_1', archive = new Map<string, Buffer>() }: { readonly token?: string; readonly archive?: Map<string, Buffer> } = {},
): Promise<void> {
  const secrets = { read: async () => ({ signing: { current: 'signed', previous: undefined, previousUntil: undefined }, token, apiKey: '' }) };
  const http = async () => ({ status: 200, headers: {}, body: Buffer.alloc(0) });
  const checker = { ...on, secrets, http, publicUrl: 'https://hub.example.com', deliveries: memoryBucket(archive).bucket, labels: memoryBucket().bucket };
  await checkConnections({ scheduledAt: on.now() }, checker);
}

function counted(metric: string): Record<string, unknown>[] {
  return log.lines.filter(({ message }) => message === metric);
}

describe('the subscriptions of a connection', () => {
  test('are created where they are missing and switched on where they sleep, and the next check finds nothing to do', async () => {
    const on = await hub();
    subscriptions = [
      { id: 's1', topic: 'orders', address: HOOK, active: false },
      { id: 'theirs', topic: 'orders', address: 'https://crm.example.com/', active: false },
    ];

    await check(on);
    await check(on);

    expect(calls).toEqual(['list', 'repair s1', 'create refunds', 'list', 'list']);
    expect(counted('subscriptionRepaired').map(({ topic }) => topic)).toEqual(['orders', 'refunds']);
    expect(await readHealth(on.table, 'shop')).toEqual({
      entity: 'health',
      connectionId: 'shop',
      checkedAt: on.now().toISOString(),
      topics: [
        { topic: 'orders', active: true },
        { topic: 'refunds', active: true },
      ],
      duplicates: [],
      repaired: { at: on.now().toISOString(), topics: ['orders', 'refunds'] },
      version: 2,
    });
    expect(subscriptions).toContainEqual({ id: 'theirs', topic: 'orders', address: 'https://crm.example.com/', active: false });
  });

  test('that the storefront refuses keep no other from being mended, and are a problem that says what to do', async () => {
    const on = await hub();
    refused = ['orders'];

    await check(on);

    expect(counted('subscriptionRepaired').map(({ topic }) => topic)).toEqual(['refunds']);
    expect(await readHealth(on.table, 'shop')).toMatchObject({
      problem: { code: 'storefront.subscription-dead', message: expect.stringContaining('needs the scope read_refunds') },
    });
    expect(counted('connectionUnhealthy')).toHaveLength(1);
  });

  test('that are gone are there again after a check that died anywhere, and never twice', async () => {
    for (const [die, crash] of [
      ['list', 1],
      ['create orders', 1],
      ['create refunds', 1],
      ['list', 2],
    ] as const) {
      const on = await hub();
      subscriptions = [];
      calls = [];
      const push = calls.push.bind(calls);
      calls.push = (call) => {
        const length = push(call);
        if (calls.filter((one) => one === die).length === crash && call === die) throw new Unavailable('http.reset', 'The connection was reset.');
        return length;
      };
      await expect(check(on)).rejects.toMatchObject({ code: 'storefront.check-incomplete' });
      calls = [];

      await check(on);

      expect(subscriptions.map(({ topic }) => topic).sort()).toEqual(['orders', 'refunds']);
    }
  });
});

describe('a connection', () => {
  test('whose token is wrong is a problem to be mended by a person, and fails no schedule', async () => {
    const on = await hub();
    failure = new Rejected('storefront.refused', 'The storefront answered 401.');

    await check(on);
    on.pass(3_600);
    await check(on);

    const problem = { since: '2026-11-20T09:00:00.000Z', code: 'storefront.refused', message: expect.stringContaining('answered 401. Put right the token') };
    expect(await readHealth(on.table, 'shop')).toMatchObject({ checkedAt: '2026-11-20T10:00:00.000Z', problem });
    expect(counted('connectionUnhealthy')).toHaveLength(2);
  });

  test('that cannot be reached has the check come back, and the others are checked all the same', async () => {
    const on = await hub();
    failure = new Unavailable('http.timeout', 'The storefront did not answer.');

    await expect(check(on)).rejects.toMatchObject({
      name: 'Unavailable',
      code: 'storefront.check-incomplete',
      message: expect.stringContaining('1 of 2 connections could not be checked: shop'),
    });

    expect((await readHealth(on.table, 'wholesale'))?.checkedAt).toBe(on.now().toISOString());
    expect((await readHealth(on.table, 'shop'))?.problem?.code).toBe('http.timeout');
    expect(counted('connectionUnhealthy')).toEqual([]);
  });

  test('that meets a fault of ours has the check come back, and its text is not kept', async () => {
    const on = await hub();
    failure = new TypeError('Erika Muster is not a function');

    await expect(check(on)).rejects.toBeInstanceOf(Unavailable);

    expect((await readHealth(on.table, 'shop'))?.problem).toMatchObject({ code: 'hub.fault', message: expect.not.stringContaining('Erika') });
  });

  test('whose secret is incomplete is told what it lacks, and nothing of what it has', async () => {
    const on = await hub();

    await check(on, { token: '' });

    const { problem } = (await readHealth(on.table, 'shop')) ?? {};
    expect(problem).toEqual({
      since: on.now().toISOString(),
      code: 'storefront.secret-incomplete',
      message: expect.stringContaining('crossdock/sample/shop lacks token (API token)'),
    });
    expect(JSON.stringify([problem, log.lines])).not.toContain('signed');
    expect(calls).toEqual([]);
    expect((await readHealth(on.table, 'wholesale'))?.problem).toBeUndefined();
  });

  test('that the storefront ended can be used again once it answers', async () => {
    const on = await hub();
    await check(on);
    await noteEnded(on.table, 'shop', 'app/uninstalled', on.now());
    await expect(refuseEnded(on.table, 'shop')).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.ended' });
    on.pass(60);
    failure = new Rejected('storefront.refused', 'The storefront answered 401.');
    await check(on);
    await expect(refuseEnded(on.table, 'shop')).rejects.toMatchObject({ code: 'storefront.ended' });

    failure = undefined;
    await check(on);

    await expect(refuseEnded(on.table, 'shop')).resolves.toBeUndefined();
  });
});

describe('a connection that posts', () => {
  /** Deliveries at two minutes past every hour of so many days before now. */
  const hourly = (on: TestHub, days: number) => Array.from({ length: days * 24 }, (_, index) => new Date(on.now().getTime() - index * 3_600_000 - 3_480_000).toISOString());

  test('and stops is noticed, told once an hour, and is well again with its next delivery', async () => {
    const on = await hub();
    const [last] = hourly(on, 25);
    const archive = archiveOf('shop', hourly(on, 25));
    await check(on, { archive });
    on.pass(3 * 3_600);
    await check(on, { archive });
    expect(counted('connectionSilent')).toEqual([]);
    on.pass(24 * 3_600);

    await check(on, { archive });
    const since = (await readHealth(on.table, 'shop'))?.silentSince;
    for (const [name, body] of archiveOf('shop', [on.now().toISOString()])) archive.set(name, body);
    on.pass(600);
    await check(on, { archive });

    expect(counted('connectionSilent')).toEqual([expect.objectContaining({ connectionId: 'shop', since })]);
    expect(since).toBe(last);
    expect((await readHealth(on.table, 'shop'))?.silentSince).toBeUndefined();
  });

  test('and has done so for less than two weeks is never called silent', async () => {
    const on = await hub();
    await check(on, { archive: archiveOf('shop', hourly(on, 10)) });
    on.pass(3 * 86_400);

    await check(on, { archive: archiveOf('shop', []) });

    expect(counted('connectionSilent')).toEqual([]);
    expect((await readPace(on.table, 'shop'))?.hours).toBeGreaterThan(200);
  });

  test('is counted by what it posted, and not by what was fetched from it', async () => {
    const on = await hub();
    const at = new Date(on.now().getTime() - 60_000).toISOString();
    const archive = new Map([
      [`connection=shop/day=${at.slice(0, 10)}/${at}-0-fetched.ndjson.gz`, Buffer.from('')],
      [`connection=shop/day=${at.slice(0, 10)}/no-archive`, Buffer.from('')],
    ]);

    await check(on, { archive });

    expect(await readPace(on.table, 'shop')).toBeUndefined();
  });
});
