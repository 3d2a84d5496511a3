import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type CarrierReaching, carrierConnectionOf, isDown, type ReachedCarrier, reachCarrier } from '../../adapters/carrier-reach.ts';
import type { Grant } from '../../adapters/credential.ts';
import type { HttpRequest, HttpResponse } from '../../adapters/http.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { useEmulator } from '../emulator.ts';
import { base } from '../functions/dock-base.ts';
import { connected } from '../functions/told-carrier.ts';
import { clientWith, hubOn, type TestHub } from '../functions/world.ts';

const carriers = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../adapters/carrier.ts', async (original) => ({ ...(await original<object>()), loadCarrier: async (kind: string) => carriers.get(kind) }));

const emulator = useEmulator();

/** What the carrier does with a call: a status, or an error that the way out throws. */
type Answer = number | Error;

let hub: TestHub;
let answers: Answer[];
let calls: { readonly request: HttpRequest; readonly at: number }[];
let waits: number[];

beforeEach(async () => {
  carriers.set('post', base);
  answers = [];
  calls = [];
  waits = [];
  await openHub();
});

async function openHub(connection: object = {}): Promise<void> {
  hub = hubOn(await emulator.freshTable(), clientWith({ carriers: [connected('post', connection), connected('van')] }));
  carriers.set('van', base);
}

async function http(request: HttpRequest): Promise<HttpResponse> {
  calls.push({ request, at: hub.now().getTime() });
  const answer = answers.shift() ?? 200;
  if (typeof answer !== 'number') throw answer;
  return { status: answer, headers: {}, body: Buffer.from('') };
}

/** What an invocation reaches carriers with: a container of its own, unless it is given one. */
function container(table = emulator.reopen(hub.table)): CarrierReaching {
  return {
    client: hub.client,
    table,
    secrets: { read: async () => ({ signing: { current: 'signs' }, token: 'first', apiKey: 'key-id' }) },
    http,
    publicUrl: 'https://hub.example.com',
    now: hub.now,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      hub.pass(milliseconds / 1000);
    },
  };
}

const REQUEST: HttpRequest = { method: 'GET', url: 'https://carrier.example.com/' };
const TIMED_OUT = new Unavailable('http.timeout', 'no answer');

async function call(reached: Pick<ReachedCarrier, 'call'> | Promise<ReachedCarrier>): Promise<HttpResponse> {
  return await (await reached).call.http(REQUEST);
}

async function callAnew(): Promise<HttpResponse> {
  return await call(reachCarrier('post', container()));
}

/** Calls that end as they may; what is looked at is what became of the carrier. */
async function failTimes(times: number, answer: Answer): Promise<void> {
  for (let time = 0; time < times; time++) {
    answers.push(answer);
    await callAnew().catch((error: unknown) => expect(error).toBe(answer));
  }
}

describe('a carrier', () => {
  test('is called with what its connection and its secret say', async () => {
    await openHub({ settings: { account: '1' }, settleSeconds: 7 });

    const { call: handed, capabilities, connection } = await reachCarrier('post', container());

    expect(handed).toMatchObject({
      ...{ connectionId: 'post', settings: { account: '1' }, token: 'first', secondToken: '', apiKey: 'key-id', signingSecret: 'signs' },
      updateUrl: 'https://hub.example.com/updates/post',
    });
    expect(capabilities.settleSeconds, "the connection's figure holds").toBe(7);
    expect(connection.id).toBe('post');
  });

  test('without a secret is called without a token', async () => {
    const { call: handed } = await reachCarrier('post', { ...container(), secrets: { read: async () => undefined } });

    expect(handed).toMatchObject({ token: '', secondToken: '', apiKey: '', signingSecret: '' });
  });

  test('that the client file does not have is refused by its name', async () => {
    expect(() => carrierConnectionOf(hub.client, 'pigeon')).toThrow(expect.objectContaining({ code: 'carrier.unknown', message: expect.stringContaining('"pigeon"') }));
    await expect(reachCarrier('pigeon', container())).rejects.toBeInstanceOf(Rejected);
  });

  test.each([
    ['as long as it asks where nothing else is said', 9_000, undefined, 9_000],
    ['no longer than its caller can wait', 9_000, 800, 800],
    ['as long as it asks where its caller can wait longer', 500, 800, 500],
    ['as long as its caller can wait where it does not say', undefined, 800, 800],
    ['as long as the way out allows where nobody says', undefined, undefined, undefined],
  ])('is given %s', async (_what, timeoutMs, limitMs, expected) => {
    const { call: handed } = await reachCarrier('post', container(), limitMs);

    await handed.http({ ...REQUEST, ...(timeoutMs !== undefined && { timeoutMs }) });

    expect(calls[0]?.request.timeoutMs).toBe(expected);
  });
});

describe('calls in turn', () => {
  test('keep to the number that the connection declares, over all invocations', async () => {
    await openHub({ requestsPerMinute: 60 });
    const start = hub.now().getTime();

    for (let index = 0; index < 130; index++) await callAnew();

    const at = calls.map((one) => one.at - start);
    for (const from of at) expect(at.filter((one) => one >= from && one < from + 60_000).length).toBeLessThanOrEqual(60);
    expect(waits.length, 'five at once, all others in turn').toBe(125);
    expect(at.at(-1), 'and no slower than they may be').toBeLessThan(140_000);
  });

  test('keep to the number that the adapter declares where the connection names none, that of the connection where it does', async () => {
    carriers.set('post', { ...base, capabilities: () => ({ ...base.capabilities({}), requestsPerMinute: 60 }) });
    for (let index = 0; index < 7; index++) await callAnew();
    expect(waits).toEqual([1_071, 1_072]);

    await openHub({ requestsPerMinute: 10_000 });
    for (let index = 0; index < 7; index++) await callAnew();
    expect(waits.slice(2).every((wait) => wait <= 12)).toBe(true);
  });

  test('are not counted where nobody declares a number', async () => {
    for (let index = 0; index < 20; index++) await callAnew();

    expect(waits).toEqual([]);
  });

  test('that would wait too long come back instead, take no place, and never left', async () => {
    await openHub({ requestsPerMinute: 10 });
    const reaching = { ...container(), wait: async (milliseconds: number) => void waits.push(milliseconds) };
    const reached = await reachCarrier('post', reaching);
    for (let index = 0; index < 5; index++) await call(reached);

    for (let index = 0; index < 3; index++) await expect(call(reached)).rejects.toMatchObject({ code: 'carrier.throttled', retryAfterSeconds: 10 });

    expect(calls).toHaveLength(5);
    hub.pass(10);
    await call(reached);
    expect(calls).toHaveLength(6);
  });

  test('of one carrier leave another alone', async () => {
    await openHub({ requestsPerMinute: 10 });
    for (let index = 0; index < 5; index++) await callAnew();

    for (let index = 0; index < 8; index++) await call(reachCarrier('van', container()));

    expect(waits).toEqual([]);
  });

  test('at the same instant each have a place of their own', async () => {
    await openHub({ requestsPerMinute: 600 });
    const reached = await Promise.all(Array.from({ length: 8 }, () => reachCarrier('post', { ...container(), wait: async (milliseconds) => void waits.push(milliseconds) })));

    await Promise.all(reached.map((one) => call(one)));

    expect(calls).toHaveLength(8);
    expect(waits.toSorted((a, b) => a - b)).toEqual([101, 201, 302]);
  });
});

describe('a carrier that does not answer', () => {
  test.each<[string, Answer]>([
    ['is silent', TIMED_OUT],
    ['answers 503', 503],
    ['answers 500', 500],
  ])('and %s five times in a row is left alone for 20 seconds, and then looked at once', async (_what, answer) => {
    await failTimes(4, answer);
    expect(await isDown('post', container())).toBe(false);
    await failTimes(1, answer);

    expect(await isDown('post', container())).toBe(true);
    await expect(callAnew()).rejects.toMatchObject({ code: 'carrier.down', retryAfterSeconds: 20, message: expect.stringContaining('has not answered 5 times') });
    expect(calls, 'the sixth never left').toHaveLength(5);

    hub.pass(20);
    await failTimes(1, answer);
    await expect(callAnew()).rejects.toMatchObject({ code: 'carrier.down', retryAfterSeconds: 40 });
    hub.pass(40);
    await callAnew();
    expect(await isDown('post', container())).toBe(false);
    await failTimes(4, answer);
    expect(await isDown('post', container()), 'what failed before is forgotten').toBe(false);
  });

  test.each([400, 401, 404, 422, 429])('is not one that answers %i: somebody is there', async (status) => {
    await failTimes(4, TIMED_OUT);
    answers.push(status);
    await callAnew();
    await failTimes(4, TIMED_OUT);

    expect(await isDown('post', container())).toBe(false);
  });

  test('is not one that we would not call', async () => {
    await failTimes(8, new Rejected('http.address-refused', 'not public'));

    expect(await isDown('post', container())).toBe(false);
  });

  test('keeps nobody from another one', async () => {
    await failTimes(5, TIMED_OUT);

    expect(await isDown('van', container())).toBe(false);
  });

  test('takes no place in the line of calls while it is left alone', async () => {
    await openHub({ requestsPerMinute: 10 });
    await failTimes(5, TIMED_OUT);

    for (let index = 0; index < 5; index++) await expect(callAnew()).rejects.toMatchObject({ code: 'carrier.down' });
    hub.pass(60);
    await callAnew();

    expect(waits).toEqual([]);
  });
});

describe('a container', () => {
  test('that found a carrier well asks the table again only after three seconds', async () => {
    const table = emulator.reopen(hub.table);
    const send = vi.spyOn(table.client, 'send');
    const reached = await reachCarrier('post', container(table));

    for (let index = 0; index < 4; index++) await call(reached);
    expect(await isDown('post', container(table))).toBe(false);
    expect(send).toHaveBeenCalledTimes(1);

    hub.pass(3);
    await call(reached);
    expect(send).toHaveBeenCalledTimes(2);
  });

  test('whose own call failed looks before each further one, and at once sees that the carrier is down', async () => {
    const reached = await reachCarrier('post', container());
    await call(reached);

    for (let index = 0; index < 5; index++) {
      answers.push(TIMED_OUT);
      await expect(call(reached)).rejects.toBe(TIMED_OUT);
    }

    await expect(call(reached)).rejects.toMatchObject({ code: 'carrier.down' });
  });

  test('learns within three seconds that others found a carrier down', async () => {
    const reached = await reachCarrier('post', container());
    await call(reached);
    await failTimes(5, TIMED_OUT);
    hub.pass(3);

    await expect(call(reached)).rejects.toMatchObject({ code: 'carrier.down', retryAfterSeconds: 17 });
  });
});

describe('a token that expires', () => {
  let granted: number;

  beforeEach(() => {
    granted = 0;
    carriers.set('post', {
      ...base,
      refresh: async ({ secret, apiKey, http: out, now }: { secret: string; apiKey: string; http: CarrierReaching['http']; now: Date }): Promise<Grant> => {
        granted += 1;
        const mine = granted;
        await out({ ...REQUEST, url: `https://carrier.example.com/token?${apiKey}:${secret}` });
        // Long enough for another invocation to come in between.
        await sleep(20);
        return { token: `token-${mine}`, secondToken: `pay-${mine}`, refreshToken: '', expiresAt: new Date(now.getTime() + 3_600_000).toISOString() };
      },
    });
  });

  test('is asked for with the secret, comes with its second, and is used until shortly before its end', async () => {
    const first = await reachCarrier('post', container());
    hub.pass(3_400);
    const second = await reachCarrier('post', container());
    hub.pass(100);
    const third = await reachCarrier('post', container());

    expect([first, second, third].map(({ call: { token, secondToken } }) => [token, secondToken])).toEqual([
      ['token-1', 'pay-1'],
      ['token-1', 'pay-1'],
      ['token-2', 'pay-2'],
    ]);
    expect(calls[0]?.request.url).toBe('https://carrier.example.com/token?key-id:first');
  });

  test('is asked for once by many who come at the same time: the others wait for it', async () => {
    const patient = () => ({ ...container(), wait: async (milliseconds: number) => void (await sleep(Math.min(milliseconds, 30))) });

    const reached = await Promise.all(Array.from({ length: 5 }, () => reachCarrier('post', patient())));

    expect(granted).toBe(1);
    expect(new Set(reached.map(({ call: { token } }) => token))).toEqual(new Set(['token-1']));
  });

  test('that is refused before its time is dropped: the answer stands, and the next call has another', async () => {
    const reached = await reachCarrier('post', container());
    answers.push(401);

    expect(await call(reached)).toMatchObject({ status: 401 });

    expect((await reachCarrier('post', container())).call.token).toBe('token-2');
  });

  test('that was refused long after another one came leaves that one be', async () => {
    const stale = await reachCarrier('post', container());
    hub.pass(3_600);
    await reachCarrier('post', container());
    answers.push(401);

    await call(stale);

    expect((await reachCarrier('post', container())).call.token).toBe('token-2');
    expect(granted).toBe(2);
  });

  test('is not dropped for an answer that says something else', async () => {
    const reached = await reachCarrier('post', container());
    answers.push(403, 500);

    await call(reached);
    await call(reached);

    expect((await reachCarrier('post', container())).call.token).toBe('token-1');
  });

  test('is not asked for while its carrier is down', async () => {
    await failTimes(5, TIMED_OUT);
    granted = 0;

    await expect(reachCarrier('post', container())).rejects.toMatchObject({ code: 'carrier.down' });
  });
});
