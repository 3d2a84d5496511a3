import { PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Table } from '../../adapters/aws/table.ts';
import { reachCarrier } from '../../adapters/carrier-reach.ts';
import type { Http } from '../../adapters/http.ts';
import { Unavailable } from '../../core/error.ts';
import { useEmulator } from '../emulator.ts';
import { base } from '../functions/dock-base.ts';
import { connected, reachingFor } from '../functions/told-carrier.ts';
import { clientWith, hubOn, type TestHub } from '../functions/world.ts';

const carriers = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../adapters/carrier.ts', async (original) => ({ ...(await original<object>()), loadCarrier: async (kind: string) => carriers.get(kind) }));

const emulator = useEmulator();
const REQUEST = { method: 'POST' as const, url: 'https://carrier.example.com/labels', body: 'one label' };
let hub: TestHub;

beforeEach(async () => {
  hub = hubOn(await emulator.freshTable(), clientWith({ carriers: [connected('post')] }));
  carriers.set('post', { ...base, refresh: async () => ({ token: 't', refreshToken: '', expiresAt: new Date(hub.now().getTime() + 3_600_000).toISOString() }) });
});

/** From the moment at which the carrier is called, nothing can be written any more. */
function failingAfter(table: Table, http: Http): Http {
  return async (request) => {
    table.client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === PutCommand.name || context.commandName === TransactWriteCommand.name) throw new Unavailable('table.contended', 'met the writes of others');
        return await next(args);
      },
      { step: 'initialize', name: 'unwritable' },
    );
    return await http(request);
  };
}

describe('a call that has left, while what became of it cannot be noted,', () => {
  test.each([503, 401])('is answered %i as the carrier answered', async (status) => {
    const table = emulator.reopen(hub.table);
    const http = failingAfter(table, async () => ({ status, headers: {}, body: Buffer.from('sold?') }));
    const { call } = await reachCarrier('post', { ...reachingFor(hub, table), http });

    await expect(call.http(REQUEST)).resolves.toMatchObject({ status });
  });

  test('fails with the error that says that it left', async () => {
    const table = emulator.reopen(hub.table);
    const http = failingAfter(table, () => Promise.reject(new Unavailable('http.timeout', 'no answer')));
    const { call } = await reachCarrier('post', { ...reachingFor(hub, table), http });

    await expect(call.http(REQUEST)).rejects.toMatchObject({ code: 'http.timeout' });
  });
});
