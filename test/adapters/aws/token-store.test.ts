import { beforeEach, describe, expect, test } from 'vitest';
import type { Table } from '../../../adapters/aws/table.ts';
import { freshGrant, freshToken, type Refreshing } from '../../../adapters/aws/token-store.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { useEmulator } from '../../emulator.ts';

const emulator = useEmulator();
let table: Table;
let now: number;

beforeEach(async () => {
  table = await emulator.freshTable();
  now = Date.parse('2026-11-20T09:00:00.000Z');
});

/** A storefront whose refresh tokens can be spent once each. */
class Issuer {
  readonly spent: string[] = [];
  #made = 0;

  grant(refreshToken: string) {
    if (this.spent.includes(refreshToken)) throw new Rejected('storefront.refused', 'this refresh token is spent');
    this.spent.push(refreshToken);
    this.#made += 1;
    return { token: `token-${this.#made}`, refreshToken: `refresh-${this.#made}`, expiresAt: new Date(now + 3_600_000).toISOString() };
  }
}

function asking(issuer: Issuer, more: Partial<Refreshing> = {}): Refreshing {
  return { table, connectionId: 'etsy', first: 'first', now: () => new Date(now), refresh: async (refreshToken) => issuer.grant(refreshToken), ...more };
}

describe('a token', () => {
  test('is asked for once and used until shortly before its end, then asked for with the refresh token that came with it', async () => {
    const issuer = new Issuer();

    const tokens = [];
    for (const minutes of [0, 30, 27, 2, 30]) {
      now += minutes * 60_000;
      tokens.push(await freshToken(asking(issuer)));
    }

    expect(tokens).toEqual(['token-1', 'token-1', 'token-1', 'token-2', 'token-2']);
    expect(issuer.spent).toEqual(['first', 'refresh-1']);
  });

  test('that many want at once is asked for by one of them; the others come back', async () => {
    const issuer = new Issuer();

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => freshToken(asking(issuer, { table: emulator.reopen(table) }))));

    expect(issuer.spent).toEqual(['first']);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') expect(outcome.value).toBe('token-1');
      else expect(outcome.reason).toMatchObject({ code: 'storefront.token-busy' });
    }
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
  });

  test('comes with its second one, also while another asks for the next or has failed to', async () => {
    const end = new Date(now + 180_000).toISOString();
    const first = asking(new Issuer(), { refresh: async () => ({ token: 't', secondToken: 'pays', refreshToken: '', expiresAt: end }) });
    await freshGrant(first);
    now += 90_000;
    const during: unknown[] = [];

    const failing = freshGrant({
      ...first,
      refresh: async () => {
        during.push(await freshGrant(first));
        throw new Unavailable('http.timeout', 'no answer');
      },
    });

    await expect(failing).rejects.toMatchObject({ code: 'http.timeout' });
    expect(during).toMatchObject([{ token: 't', secondToken: 'pays' }]);
    const meanwhile = freshGrant({ ...first, refresh: async () => ({ ...(await freshGrant(first)), refreshToken: '', expiresAt: end }) });
    expect(await meanwhile).toMatchObject({ token: 't', secondToken: 'pays' });
  });

  test('that is still valid is used while another asks for the next', async () => {
    const issuer = new Issuer();
    await freshToken(asking(issuer));
    now += 59 * 60_000;
    const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
    const slow = freshToken(
      asking(issuer, {
        refresh: async (refreshToken) => {
          await asked;
          return issuer.grant(refreshToken);
        },
      }),
    );
    while ((await table.get<{ entity: 'token'; leaseUntil: number }>({ PK: 'C#etsy', SK: 'TOKEN' }, 'token'))?.leaseUntil === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));

    expect(await freshToken(asking(issuer, { table: emulator.reopen(table) }))).toBe('token-1');
    answer();
    expect(await slow).toBe('token-2');
  });

  test('is asked for again when whoever asked died, and with the secret when the refresh token it left is spent', async () => {
    const issuer = new Issuer();
    await freshToken(asking(issuer));
    now += 3_600_000;
    // The issuer answers, and nobody is left to note it.
    const dead = asking(issuer, {
      refresh: async (refreshToken) => {
        issuer.grant(refreshToken);
        return await new Promise<never>(() => {});
      },
    });
    void freshToken(dead);
    while (issuer.spent.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));

    await expect(freshToken(asking(issuer))).rejects.toMatchObject({ code: 'storefront.token-busy' });
    now += 30_000;

    await expect(freshToken(asking(issuer))).rejects.toBeInstanceOf(Rejected);
    expect(await freshToken(asking(issuer, { first: 'signed in again' }))).toBe('token-3');
  });

  test('is asked for by one while that one tries the secret too, however slow both answers are', async () => {
    const issuer = new Issuer();
    await freshToken(asking(issuer));
    // The last refresh token is spent, and the secret's can be used.
    issuer.spent.splice(0, 1, 'refresh-1');
    now += 3_600_000;
    const others: unknown[] = [];
    const slow = asking(issuer, {
      refresh: async (refreshToken) => {
        // As long as a call may take, and a little for what is around it.
        now += 11_000;
        others.push(await freshToken(asking(issuer, { table: emulator.reopen(table) })).catch((error: unknown) => error));
        return issuer.grant(refreshToken);
      },
    });

    expect(await freshToken(slow)).toBe('token-2');
    expect(others).toMatchObject([{ code: 'storefront.token-busy' }, { code: 'storefront.token-busy' }]);
    expect(await freshToken(asking(issuer))).toBe('token-2');
  });

  test('can be asked for at once by the next when asking failed', async () => {
    const issuer = new Issuer();
    const down = new Unavailable('storefront.unavailable', 'down');

    await expect(freshToken(asking(issuer, { refresh: () => Promise.reject(down) }))).rejects.toBe(down);

    expect(await freshToken(asking(issuer))).toBe('token-1');
  });
});
