import { gunzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { readHealth } from '../../../adapters/aws/health-store.ts';
import { readDocument, readOrders } from '../../../adapters/aws/order-store.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { Unavailable } from '../../../core/error.ts';
import { acceptOrders } from '../../../functions/order/accept-orders.ts';
import { NOW } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';
import { itemsOf } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { bodyOf, deliveryOf, reachingHub } from '../storefront/played-storefront.ts';
import { accepting, received } from '../world.ts';

vi.mock(import('../../../adapters/storefront.ts'), async (original) => ({
  ...(await original()),
  loadStorefront: async () => (await import('../storefront/played-storefront.ts')).default,
}));

const emulator = useEmulator();
const log = useLogLines();

const at = (second: number) => new Date(NOW.getTime() + second * 1000).toISOString();
const posted = (body: Parameters<typeof bodyOf>[0], second = 0): Delivery => deliveryOf(bodyOf(body), at(second));

async function openAccepting() {
  return accepting(reachingHub(await emulator.freshTable()));
}

async function statuses({ table }: Awaited<ReturnType<typeof openAccepting>>, ...ids: readonly string[]) {
  const orders = await readOrders(
    table,
    ids.map((id) => `shop:${id}`),
  );
  return ids.map((id) => orders.get(`shop:${id}`)?.status);
}

describe('what came', () => {
  test('is kept as it came, readable or not: one object for each connection and day of a batch', async () => {
    const hub = await openAccepting();
    const bytes = Buffer.from([0x00, 0xff, 0x7b]);
    const batch = received<Delivery>(
      posted({ id: '1' }, 5),
      deliveryOf(Buffer.from('no order: Zoë 🎁'), at(1), { headers: { 'content-type': 'text/plain' } }),
      deliveryOf(bytes, at(2)),
      deliveryOf(bodyOf({ id: '2' }), '2026-11-19T23:59:59.000Z', { via: 'poll' }),
      { ...posted({ id: '1' }), connectionId: 'outlet' },
    );

    await acceptOrders(batch, hub);

    const names = [...hub.objects.keys()].sort();
    expect(names).toEqual([
      expect.stringMatching(/^connection=outlet\/day=2026-11-20\/2026-11-20T09:00:00\.000Z-1-[\w-]{16}\.ndjson\.gz$/),
      expect.stringMatching(/^connection=shop\/day=2026-11-19\/2026-11-19T23:59:59\.000Z-0-[\w-]{16}\.ndjson\.gz$/),
      expect.stringMatching(/^connection=shop\/day=2026-11-20\/2026-11-20T09:00:01\.000Z-3-[\w-]{16}\.ndjson\.gz$/),
    ]);
    const lines = gunzipSync(hub.objects.get(names[2] ?? '') ?? Buffer.alloc(0))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { connectionId: 'shop', receivedAt: at(5), headers: {}, body: '{"id":"1"}' },
      { connectionId: 'shop', receivedAt: at(1), headers: { 'content-type': 'text/plain' }, body: 'no order: Zoë 🎁' },
      { connectionId: 'shop', receivedAt: at(2), headers: {}, base64: bytes.toString('base64') },
    ]);
  });

  test('replaces itself when the same batch comes again, in whatever order', async () => {
    const hub = await openAccepting();
    const batch = received<Delivery>(posted({ id: '1' }), posted({ id: '2' }, 1));

    await acceptOrders(batch, hub);
    await acceptOrders(batch.toReversed(), hub);

    expect(hub.objects.size).toBe(1);
  });

  test('comes back whole when it cannot be kept, and its orders are in the hub by then', async () => {
    const hub = await openAccepting();
    const batch = received<Delivery>(posted({ id: '1' }), deliveryOf(Buffer.from('[]'), at(0)), posted({ kind: 'ignored', id: '3' }));

    const failures = await acceptOrders(batch, { ...hub, archive: { put: () => Promise.reject(new Error('S3 is down')) } });

    expect([...failures]).toEqual(['m0', 'm1', 'm2'].map((id) => [id, expect.objectContaining({ name: 'Unavailable', code: 'archive.unavailable' })]).sort(byId));
    expect(await statuses(hub, '1')).toEqual(['backordered']);
    expect([...(await acceptOrders(batch, hub))]).toEqual([['m1', expect.objectContaining({ code: 'storefront.payload-unreadable' })]]);
    expect(hub.objects.size).toBe(1);
  });
});

function byId(a: readonly unknown[], b: readonly unknown[]): number {
  // An unreadable one failed first.
  return (a[0] === 'm1' ? 0 : 1) - (b[0] === 'm1' ? 0 : 1);
}

describe('a delivery', () => {
  test('of several orders takes in all of them, and fails when one of them fails', async () => {
    const hub = await openAccepting();
    const batch = received<Delivery>(posted({ id: '250-1', second: '250-2', gone: ['250'] }), posted({ kind: 'ignored', id: '9' }));

    expect([...(await acceptOrders(batch, hub))]).toEqual([]);
    expect(await statuses(hub, '250-1', '250-2', '250')).toEqual(['backordered', 'backordered', undefined]);

    const failures = await acceptOrders(received<Delivery>(posted({ id: '251-1', second: '251-2' }), posted({ kind: 'reference', id: '7' })), {
      ...hub,
      newId: () => {
        throw new Unavailable('order.contended', 'others write');
      },
    });
    expect([...failures]).toEqual([['m0', expect.any(Unavailable)]]);
    expect(hub.fetches.messages).toHaveLength(1);
  });

  test('that only names something has it fetched: once for all that name it, since it was first named', async () => {
    const hub = await openAccepting();

    await acceptOrders(received<Delivery>(posted({ kind: 'reference', id: '7' }, 9), posted({ kind: 'reference', id: '7' }, 3), posted({ kind: 'reference', id: '8' }, 4)), hub);

    expect(hub.fetches.messages.map((message) => JSON.parse(message))).toEqual([
      { connectionId: 'shop', reference: { what: 'order', id: '7' }, receivedAt: at(3) },
      { connectionId: 'shop', reference: { what: 'order', id: '8' }, receivedAt: at(4) },
    ]);
  });

  test('that asks for personal data is handed on, and comes back when it cannot be', async () => {
    const hub = await openAccepting();
    const batch = received<Delivery>(posted({ kind: 'privacy', id: 'r1' }), posted({ id: '1' }));

    await acceptOrders(batch, hub);
    const failures = await acceptOrders(batch, { ...hub, privacy: { send: () => Promise.reject(new Unavailable('queue.unavailable', 'SQS is down')) } });

    expect(hub.privacy.messages.map((message) => JSON.parse(message))).toEqual([
      { connectionId: 'shop', request: { wants: 'show', requestId: 'r1', sourceIds: ['r1'], email: null, phone: null }, receivedAt: at(0) },
    ]);
    expect([...failures.keys()]).toEqual(['m0']);
  });

  test('that ends the connection is noted with the connection, and counted', async () => {
    const hub = await openAccepting();

    await acceptOrders(received<Delivery>(posted({ kind: 'ended', id: 'by the shop' })), hub);

    expect(await readHealth(hub.table, 'shop')).toMatchObject({ ended: { at: at(0), reason: 'played by the shop' } });
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'connectionEnded', connectionId: 'shop', connectionEnded: 1 }));
  });

  test('whose shape has changed is refused, and counted with its field', async () => {
    const hub = await openAccepting();

    const failures = await acceptOrders(received<Delivery>(deliveryOf(Buffer.from('{"version":1}'), at(0)), deliveryOf(Buffer.from('{"id":"1","kind":"parcel"}'), at(0))), hub);

    expect([...failures.values()]).toEqual(Array(2).fill(expect.objectContaining({ name: 'Rejected', code: 'storefront.shape-changed' })));
    expect(log.lines.filter(({ message }) => message === 'shapeChanged').map(({ field, connectionId }) => [connectionId, field])).toEqual([
      ['shop', 'id'],
      ['shop', 'kind'],
    ]);
  });
});

describe('an order that is gone', () => {
  const absent = (ids: readonly string[], second = 0): Delivery => deliveryOf(Buffer.alloc(0), at(second), { via: 'fetch', absent: ids });

  test('is cancelled as the version after the one that is known, once', async () => {
    const hub = await openAccepting();
    await acceptOrders(received<Delivery>(posted({ id: '1', version: 7 })), hub);

    await acceptOrders(received<Delivery>(absent(['1', '404'], 5)), hub);
    const after = await itemsOf(hub.table);
    await acceptOrders(received<Delivery>(absent(['1', '404'], 6)), hub);

    const order = (await readOrders(hub.table, ['shop:1'])).get('shop:1');
    expect(order).toMatchObject({ status: 'cancelled', source: { version: 8 }, version: 2 });
    expect(order && (await readDocument(hub.table, order))).toMatchObject({ cancelled: true, sourceVersion: 8 });
    expect(await itemsOf(hub.table)).toEqual(after);
  });

  test('is cancelled in the newest version that its own batch brings', async () => {
    const hub = await openAccepting();
    await acceptOrders(received<Delivery>(posted({ id: '1', version: 7 })), hub);

    await acceptOrders(received<Delivery>(absent(['1'], 5), posted({ id: '1', version: 9, tents: 2 }, 4)), hub);

    expect(await statuses(hub, '1')).toEqual(['cancelled']);
  });

  test('is there again where what came after says so', async () => {
    const hub = await openAccepting();
    await acceptOrders(received<Delivery>(posted({ id: '1', version: 7 })), hub);

    await acceptOrders(received<Delivery>(absent(['1'], 4), posted({ id: '1', version: 9, tents: 2 }, 5)), hub);

    expect(await statuses(hub, '1')).toEqual(['backordered']);
  });

  test('taken apart is cancelled, and its parts are taken in', async () => {
    const hub = await openAccepting();
    await acceptOrders(received<Delivery>(posted({ id: '250', version: 7 })), hub);

    await acceptOrders(received<Delivery>(posted({ id: '250-1', second: '250-2', gone: ['250'], version: 8 }, 1)), hub);

    expect(await statuses(hub, '250', '250-1', '250-2')).toEqual(['cancelled', 'backordered', 'backordered']);
  });

  test('whose personal data was erased is left alone', async () => {
    const hub = await openAccepting();
    await acceptOrders(received<Delivery>(posted({ id: '1', version: 7 })), hub);
    await hub.table.putAll((await itemsOf(hub.table)).filter(({ entity }) => entity === 'document').map(({ PK, SK }) => ({ PK: String(PK), SK: String(SK), entity: 'gone' })));

    expect([...(await acceptOrders(received<Delivery>(absent(['1'], 5)), hub))]).toEqual([]);

    expect(await statuses(hub, '1')).toEqual(['backordered']);
  });
});
