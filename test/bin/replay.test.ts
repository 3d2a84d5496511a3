import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { archiveDeliveries } from '../../adapters/aws/delivery-store.ts';
import { type Delivery, unpackDelivery } from '../../adapters/delivery.ts';
import { instantOf, type Replayer, type ReplayOptions, replay } from '../../bin/commands/replay.ts';
import type { Client } from '../../core/client.ts';
import { acceptOrders } from '../../functions/order/accept-orders.ts';
import { NOW } from '../core/samples.ts';
import { useEmulator } from '../emulator.ts';
import { PERSONAL, useLogLines } from '../functions/log-lines.ts';
import { memoryBucket } from '../functions/memory-bucket.ts';
import { accept, accepting, CLIENT, deliveryOf, hubOn, idOf, memoryOutbox, orderOf, type Posted, received, stockUp } from '../functions/world.ts';
import { itemsOf } from '../invariants.ts';

const emulator = useEmulator();
useLogLines();

const at = (second: number) => new Date(NOW.getTime() + second * 1000).toISOString();
const SINCE: ReplayOptions = { connection: 'wholesale', since: at(-60), until: at(3_600), dryRun: true };

/** A hub, what was kept of its deliveries, and a person at its command line who says yes. */
async function openReplayer(client: Client = CLIENT) {
  const hub = hubOn(await emulator.freshTable(), client);
  const { bucket, objects } = memoryBucket();
  const inbox = memoryOutbox();
  const asked: string[] = [];
  const said: string[] = [];
  const replayer: Replayer = {
    ...hub,
    where: 'this machine',
    archive: bucket,
    inbox,
    progress: (text) => said.push(text),
    confirm: async (question) => asked.push(question) > 0,
    wait: async () => {},
  };
  let kept = 0;
  const keep = async (...deliveries: readonly Delivery[]) =>
    await archiveDeliveries(
      bucket,
      deliveries.map((message) => ({ id: `kept-${kept++}`, message })),
    );
  return { hub, replayer, objects, inbox, asked, keep };
}

function posted(order: Posted, second = 0): Delivery {
  return { ...deliveryOf(order), receivedAt: at(second) };
}

const UNREADABLE = (second: number): Delivery => ({ ...deliveryOf({ id: '9' }), body: Buffer.from('{"type":"order.created"}'), receivedAt: at(second) });

describe('a rehearsal', () => {
  test('says of every order what would become of it, and writes nothing', async () => {
    const { hub, replayer, inbox, keep } = await openReplayer();
    await stockUp(hub, { TENT: 5 });
    await accept(hub, { id: 'known' }, { id: 'changed', units: { TENT: 1, MUG: 1 }, paid: false }, { id: 'newer', version: 9 });
    await keep(posted({ id: 'new' }, 1), posted({ id: 'new' }, 2), posted({ id: 'known' }, 3), posted({ id: 'changed', version: 2, units: { TENT: 2 }, total: '95.00' }, 4));
    await keep(posted({ id: 'newer', version: 3 }, 5), UNREADABLE(6), { ...UNREADABLE(7), body: Buffer.from('{"type":"ping"}') });
    const before = await itemsOf(hub.table);

    const { json, text, complete } = await replay(replayer, SINCE);

    expect(json).toMatchObject({
      deliveries: 7,
      repeats: 1,
      orders: [
        { orderId: idOf('new'), outcome: 'new', before: null, after: 'authorised', changes: [] },
        { orderId: idOf('known'), outcome: 'known', before: 'authorised', after: null, changes: [] },
        {
          orderId: idOf('changed'),
          outcome: 'would change',
          before: 'held',
          after: 'authorised',
          changes: ['paid: no -> yes', 'total: 120.00 EUR -> 95.00 EUR', 'units of MUG: 1 -> 0', 'units of TENT: 1 -> 2', 'titles, prices or ids of lines'],
        },
        { orderId: idOf('newer'), outcome: 'older', changes: [] },
      ],
      toSend: 2,
      sent: 0,
    });
    expect(complete).toBe(false);
    expect(text.split('\n')).toEqual([
      'what wholesale brought to this machine from 2026-11-20 08:59:00 UTC to 2026-11-20 10:00:00 UTC',
      '7 deliveries kept, 1 of them repeats',
      'would be taken in: 2',
      '  wholesale:new      new           -> authorised',
      expect.stringMatching(/^ {2}wholesale:changed {2}would change {2}held -> authorised {2}paid: no -> yes; total: 120\.00 EUR -> 95\.00 EUR; /),
      'cannot be read: 1',
      expect.stringMatching(/^ {2}2026-11-20 09:00:06 UTC {2}storefront\.shape-changed: The order cannot be read: timestamp \(missing\)/),
      'nothing to do: 1 known, 1 older, 1 ignored',
      'nothing was sent; without --dry-run 2 deliveries would be',
    ]);
    expect(inbox.messages).toEqual([]);
    expect(await itemsOf(hub.table)).toEqual(before);
  });

  test('names what differs of personal data and shows none of it', async () => {
    const { hub, replayer, keep } = await openReplayer();
    await accept(hub, { id: '1' });
    const shipTo = { name: 'Max Muster', line1: 'Musterallee 9', city: 'Bremen', postalCode: '28195', country: 'DE' };
    await keep(posted({ id: '1', version: 2, shipTo }));

    const { json, text } = await replay(replayer, SINCE);

    expect(json).toMatchObject({ orders: [{ outcome: 'would change', changes: ['address'] }] });
    expect(`${JSON.stringify(json)}${text}`).not.toMatch(PERSONAL);
  });

  test('shares scarce stock out as intake would', async () => {
    const { hub, replayer, keep } = await openReplayer();
    await stockUp(hub, { TENT: 1 });
    await keep(posted({ id: '1' }), posted({ id: '2' }, 1));

    expect((await replay(replayer, SINCE)).json).toMatchObject({ orders: [{ after: 'authorised' }, { after: 'backordered' }] });
  });

  test('says so where the same version is read otherwise than the hub has it, and keeps that', async () => {
    const { hub, replayer, keep } = await openReplayer();
    const readings = [posted({ id: '1', units: { TENT: 1 } }), posted({ id: '1', units: { TENT: 2 } })];
    await acceptOrders(received(...readings), accepting(hub));
    const kept = (await orderOf(hub, '1')).demand[0]?.quantity === 1 ? 1 : 2;
    const other = 3 - kept;
    await keep(posted({ id: '1', units: { TENT: other } }));

    const { json, text } = await replay(replayer, SINCE);

    expect(json).toMatchObject({ orders: [{ outcome: 'older', changes: [`read differently now, and kept as it is: units of TENT: ${kept} -> ${other}`] }], toSend: 0 });
    expect(text).toContain('kept as they are, as only a newer version replaces them: 1');
  });

  test('brings nothing back that was erased', async () => {
    const { hub, replayer, keep } = await openReplayer();
    await accept(hub, { id: '1' });
    await hub.table.putAll((await itemsOf(hub.table)).filter(({ entity }) => entity === 'document').map(({ PK, SK }) => ({ PK: String(PK), SK: String(SK), entity: 'gone' })));
    await keep(posted({ id: '1', version: 2 }));

    const { json, text } = await replay(replayer, SINCE);

    expect(json).toMatchObject({ orders: [{ outcome: 'erased' }], toSend: 0 });
    expect(text).toContain('not taken in again, as their personal data was erased: 1');
  });

  test('cancels what was gone only where nothing has happened since', async () => {
    const { hub, replayer, keep } = await openReplayer();
    await accept(hub, { id: '1' });
    hub.pass(600);
    await accept(hub, { id: '2' });
    await keep({ ...posted({ id: '0' }, 300), body: Buffer.alloc(0), via: 'fetch', absent: ['1', '2', '3'] });

    const { json } = await replay(replayer, SINCE);

    expect(json).toMatchObject({ orders: [{ orderId: idOf('1'), outcome: 'would change', after: 'cancelled', changes: ['cancelled: no -> yes'] }], toSend: 1 });
  });

  test('says of an order that was changed and then deleted that it would be cancelled, and of one that was there again that it would not', async () => {
    const { hub, replayer, keep } = await openReplayer();
    await accept(hub, { id: '1' }, { id: '2' });
    const absent = { ...posted({ id: '0' }, 300), body: Buffer.alloc(0), via: 'fetch' as const, absent: ['1', '2', 'new'] };
    await keep(posted({ id: '1', version: 9 }, 200), posted({ id: 'new' }, 200), absent, posted({ id: '2', version: 9, total: '95.00' }, 400));

    const { json } = await replay(replayer, SINCE);

    expect(json).toMatchObject({
      orders: [
        { orderId: idOf('1'), outcome: 'would change', after: 'cancelled' },
        { orderId: idOf('new'), outcome: 'new', after: 'cancelled' },
        { orderId: idOf('2'), outcome: 'would change', after: 'backordered' },
      ],
    });
  });

  test('reads past objects that are damaged or not ours, and names them', async () => {
    const { replayer, objects, keep } = await openReplayer();
    await keep(posted({ id: '1' }));
    const [name = '', whole = Buffer.alloc(0)] = [...objects][0] ?? [];
    const day = name.slice(0, name.lastIndexOf('/'));
    objects.set(`${day}/half.ndjson.gz`, whole.subarray(0, whole.length / 2));
    objects.set(`${day}/notes.txt`, Buffer.from('Erika Muster was here'));
    objects.set(`${day}/other.ndjson.gz`, gzipSync('{"connectionId":"wholesale"\n{"name":"Erika Muster"}\n'));

    const { json, text, complete } = await replay(replayer, SINCE);

    expect(json).toMatchObject({ deliveries: 1, orders: [{ orderId: idOf('1') }] });
    expect(complete).toBe(false);
    expect(text).toContain('damaged in the archive, and passed over: 4');
    expect(`${JSON.stringify(json)}${text}`).not.toMatch(PERSONAL);
  });
});

describe('a replay', () => {
  test('shows what would change, asks, sends what would change something as it came, and then nothing is left to do', async () => {
    const { hub, replayer, inbox, asked, keep } = await openReplayer();
    await stockUp(hub, { TENT: 50 });
    await accept(hub, { id: 'known' });
    const lost = Array.from({ length: 23 }, (_, index) => posted({ id: `lost-${index}` }, index));
    await keep(...lost, posted({ id: 'known' }), UNREADABLE(50));

    const { text } = await replay(replayer, { ...SINCE, dryRun: false });
    const sent = inbox.messages.map(unpackDelivery);
    await acceptOrders(received(...sent), accepting(hub));
    const after = await replay(replayer, { ...SINCE, dryRun: false });

    expect(asked).toEqual([expect.stringMatching(/would be taken in: 23[\s\S]*and 3 more; --json lists them all[\s\S]*\nsend 23 deliveries to the inbox of this machine\?$/)]);
    expect(text).toBe('sent 23 of 23 deliveries; the orders are taken in within seconds');
    expect(sent).toEqual(lost.map((delivery) => ({ ...delivery, via: 'webhook' })));
    expect(await orderOf(hub, 'lost-22')).toMatchObject({ status: 'authorised', receivedAt: at(22) });
    expect(after.json).toMatchObject({ toSend: 0, sent: 0 });
    expect(after.text).toMatch(/nothing to do: 24 known, 0 older, 0 ignored\nnothing to send$/);
  });

  test('cancels nothing that it said it would leave alone', async () => {
    const { hub, replayer, inbox, keep } = await openReplayer();
    await accept(hub, { id: '1' });
    hub.pass(600);
    await accept(hub, { id: '2' }, { id: '3' });
    const absent = (second: number, ...ids: readonly string[]) => ({ ...posted({ id: '0' }, second), body: Buffer.alloc(0), via: 'fetch' as const, absent: ids });
    await keep(absent(300, '1', '2'), absent(301, '3'), posted({ id: '3', version: 9, total: '95.00' }, 700));

    const { json } = await replay(replayer, { ...SINCE, dryRun: false });
    // Each in a batch of its own, in the order in which they came.
    for (const message of inbox.messages) await acceptOrders(received(unpackDelivery(message)), accepting(hub));

    expect(json).toMatchObject({
      orders: [
        { orderId: idOf('3'), after: 'backordered' },
        { orderId: idOf('1'), after: 'cancelled' },
      ],
      sent: 2,
    });
    expect(await Promise.all(['1', '2', '3'].map(async (id) => (await orderOf(hub, id)).status))).toEqual(['cancelled', 'backordered', 'backordered']);
    expect(await orderOf(hub, '3')).toMatchObject({ version: 2, total: 9_500 });
  });

  test('sends nothing when the person says no', async () => {
    const { replayer, inbox, keep } = await openReplayer();
    await keep(posted({ id: '1' }));

    const { text } = await replay({ ...replayer, confirm: async () => false }, { ...SINCE, dryRun: false });

    expect([text, inbox.messages]).toEqual(['nothing was sent', []]);
  });

  test('of one order is of nothing else, by the id of the hub or of the storefront', async () => {
    for (const order of ['1', 'wholesale:1']) {
      const { replayer, inbox, keep } = await openReplayer();
      await keep(posted({ id: '1' }), posted({ id: '1', version: 2 }, 1), posted({ id: '2' }), UNREADABLE(2));

      const { complete } = await replay(replayer, { ...SINCE, order, dryRun: false });

      expect(inbox.messages.map((message) => JSON.parse(String(unpackDelivery(message).body)).data)).toMatchObject([
        { id: '1', version: 1 },
        { id: '1', version: 2 },
      ]);
      expect(complete).toBe(true);
    }
  });

  test('is of one connection and one span of time', async () => {
    const { replayer, keep } = await openReplayer();
    await keep(posted({ id: 'before' }, -61), posted({ id: 'first' }, -60), posted({ id: 'last' }, 3_599), posted({ id: 'after' }, 3_600), posted({ id: 'late' }, 86_400));
    await keep({ ...posted({ id: 'other' }), connectionId: 'wholesale-2' });

    expect((await replay(replayer, SINCE)).json).toMatchObject({ orders: [{ orderId: idOf('first') }, { orderId: idOf('last') }] });
  });
});

describe('what is asked for', () => {
  test.each([
    ['30m', '2026-11-20T08:30:00.000Z'],
    ['2h', '2026-11-20T07:00:00.000Z'],
    ['3d', '2026-11-17T09:00:00.000Z'],
    ['2026-11-19', '2026-11-19T00:00:00.000Z'],
    ['2026-11-19T10:00:00+01:00', '2026-11-19T09:00:00.000Z'],
  ])('%s is a time', (text, instant) => {
    expect(instantOf('--since', text, NOW)).toBe(instant);
  });

  test.each(['', 'yesterday', '2026-11-19T10:00', '2w', '-1h', '2026-02-30'])('%j is none', (text) => {
    expect(() => instantOf('--since', text, NOW)).toThrow(expect.objectContaining({ code: 'request.invalid', message: expect.stringContaining('30m, 2h or 3d') }));
  });

  test('must be a connection of the client, and a span of time', async () => {
    const { replayer } = await openReplayer();

    await expect(replay(replayer, { ...SINCE, connection: 'nobody' })).rejects.toMatchObject({ code: 'storefront.unknown' });
    await expect(replay(replayer, { ...SINCE, since: at(9), until: at(9) })).rejects.toMatchObject({ code: 'request.invalid' });
  });
});
