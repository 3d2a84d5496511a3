import { expect, test } from 'vitest';
import type { HttpRequest } from '../../adapters/http.ts';
import { type Reaching, reach } from '../../adapters/reach.ts';
import { Unavailable } from '../../core/error.ts';
import { useEmulator } from '../emulator.ts';
import { clientWith, hubOn } from '../functions/world.ts';
import { json } from './fixtures.ts';

const emulator = useEmulator();
const SETTINGS = { shopId: '51230042', apiUrl: 'https://openapi.etsy.com', toleranceSeconds: 300 };
const ASK: HttpRequest = { method: 'GET', url: 'https://openapi.etsy.com/v3/application/shops/51230042/receipts/1' };

/** A shop that gives out `access 1`, `access 2`, ... and takes those that it did not revoke. */
async function openShop() {
  const hub = hubOn(await emulator.freshTable(), clientWith({ storefronts: [{ id: 'handmade', kind: 'etsy', settings: SETTINGS }] }));
  const revoked = new Set<string>();
  let given = 0;
  const reaching: Reaching = {
    ...hub,
    secrets: { read: async () => ({ signing: { current: '' }, token: 'first', apiKey: 'key:shared' }) },
    publicUrl: 'https://hub.example.com',
    http: async ({ url, headers }) => {
      if (!url.endsWith('/oauth/token')) return { status: revoked.has(headers?.authorization ?? '') ? 401 : 200, headers: {}, body: Buffer.from('{}') };
      given += 1;
      return json({ access_token: `access ${given}`, refresh_token: `refresh ${given}`, expires_in: 3600 });
    },
  };
  const call = async () => {
    const reached = await reach('handmade', reaching);
    return await reached.call.http({ ...ASK, headers: { authorization: `Bearer ${reached.call.token}` } });
  };
  return { call, revoked, tokens: () => given };
}

test('a token is used as long as the storefront takes it', async () => {
  const { call, tokens } = await openShop();

  expect((await call()).status).toBe(200);
  expect((await call()).status).toBe(200);
  expect(tokens()).toBe(1);
});

test('a call whose token is refused before its time may be made again, and is made with another one', async () => {
  const { call, revoked, tokens } = await openShop();
  await call();
  revoked.add('Bearer access 1');

  await expect(call()).rejects.toMatchObject({ constructor: Unavailable, code: 'storefront.token-refused', seen: '401' });

  expect((await call()).status).toBe(200);
  expect(tokens()).toBe(2);
});
