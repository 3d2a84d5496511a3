import { describe, expect, test } from 'vitest';
import { orderKey, readOrders } from '../../../adapters/aws/order-store.ts';
import { sweep } from '../../../adapters/aws/sweep.ts';
import { readPosition } from '../../../adapters/aws/sweep-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { shardOf } from '../../../core/id.ts';
import { trackParcel } from '../../../core/shipment.ts';
import { summarise } from '../../../core/tracking.ts';
import { sweepClocks } from '../../../functions/order/sweep-clocks.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { labelParcel, writeChange } from '../shipment/parcels.ts';
import { accept, elsewhere, hubOn, idOf, orderOf, packed, parcelOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();

const HOUR = 3_600;

async function opened(units: Readonly<Record<string, number>> = {}): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  if (Object.keys(units).length > 0) await stockUp(hub, units);
  return hub;
}

async function swept(hub: TestHub): Promise<void> {
  await sweepClocks({ scheduledAt: hub.now() }, hub);
}

/** Calls something before, or instead of, the writes of an invocation. */
function onWrite(table: Table, act: (write: number) => Promise<'write' | 'lose the answer'>): void {
  let writes = 0;
  table.client.middlewareStack.add(
    (next, context) => async (args) => {
      if (!String(context.commandName).startsWith('Put')) return await next(args);
      writes += 1;
      const then = await act(writes);
      const answer = await next(args);
      if (then === 'lose the answer') throw new Error('crashed after a write');
      return answer;
    },
    { step: 'initialize', name: 'onWrite', priority: 'high' },
  );
}

describe('orders that stand still', () => {
  test('are noted late once for their stage and once for their promise, and a repeat changes nothing', async () => {
    const hub = await opened({ TENT: 5 });
    await accept(hub, { id: 'held', paid: false }, { id: 'waits', units: { LAMP: 1 } }, { id: 'fine' });

    hub.pass(23 * HOUR);
    await swept(hub);
    const first = await Promise.all(['held', 'waits', 'fine'].map(async (id) => (await orderOf(hub, id)).late?.stage));
    hub.pass(2 * HOUR);
    await swept(hub);
    const second = await Promise.all(['held', 'waits', 'fine'].map(async (id) => (await orderOf(hub, id)).late?.stage));
    const before = await itemsOf(hub.table);
    hub.pass(HOUR);
    await swept(hub);

    expect(first).toEqual(['promise', 'promise', 'promise']);
    expect(second).toEqual(['promise+held', 'promise', 'promise+packed']);
    expect(await itemsOf(hub.table)).toEqual(before);
    expect(await orderOf(hub, 'held')).toMatchObject({ version: 3, status: 'held', change: { type: 'order.late', by: 'hub' } });
    await expectStockSound(hub.table);
  });

  test('are left alone before their time', async () => {
    const hub = await opened({ TENT: 5 });
    await accept(hub, { id: 'held', paid: false }, { id: 'fine' });
    const before = await itemsOf(hub.table);

    hub.pass(HOUR);
    await swept(hub);

    expect(await itemsOf(hub.table)).toEqual(before);
    expect(log.lines.at(-1)).toMatchObject({ message: 'clocks swept', read: 2, late: 0, lacking: 0, complete: true });
  });

  test('are left alone when they moved on between reading and writing', async () => {
    const hub = await opened({ TENT: 5 });
    await accept(hub, { id: '1', paid: false });
    hub.pass(30 * HOUR);
    const racing = elsewhere(hub, emulator.reopen(hub.table));
    onWrite(racing.table, async (write) => {
      if (write === 1) await accept(hub, { id: '1', version: 2, status: 'cancelled' });
      return 'write';
    });

    await swept(racing);

    const order = await orderOf(hub, '1');
    expect(order).toMatchObject({ status: 'cancelled', version: 2 });
    expect(order.late).toBeUndefined();
    expect(log.lines.at(-1)).toMatchObject({ late: 0 });
  });

  test('are each noted once, wherever a sweep crashes, and whether or not its write arrived', async () => {
    for (const outcome of ['write', 'lose the answer'] as const) {
      for (let crash = 1; crash <= 4; crash++) {
        const hub = await opened({ TENT: 9 });
        await packed(hub, 'box');
        await accept(hub, { id: '1', paid: false }, { id: '2', paid: false }, { id: '3' });
        hub.pass(30 * HOUR);
        const crashing = elsewhere(hub, emulator.reopen(hub.table));
        onWrite(crashing.table, async (write) => {
          if (write === crash && outcome === 'write') throw new Error('crashed before a write');
          return write === crash ? outcome : 'write';
        });

        await expect(swept(crashing)).rejects.toThrow('crashed');
        await swept(hub);

        for (const id of ['1', '2', '3']) expect(await orderOf(hub, id)).toMatchObject({ version: 2, change: { type: 'order.late' } });
        expect(await parcelOf(hub, 'box')).toMatchObject({ version: 2, late: { stage: 'labelled' }, change: { type: 'parcel.late' } });
      }
    }
  }, 30_000);

  test('are noted once by two sweeps at the same time', async () => {
    const hub = await opened({ TENT: 30 });
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    await accept(hub, ...ids.map((id) => ({ id, paid: false })));
    hub.pass(30 * HOUR);

    await Promise.all([swept(hub), swept(elsewhere(hub, emulator.reopen(hub.table)))]);

    for (const id of ids) expect(await orderOf(hub, id)).toMatchObject({ version: 2, late: { stage: 'held+promise' } });
  });
});

describe('parcels that stand still', () => {
  test('are noted late once for their stage', async () => {
    const hub = await opened({ TENT: 5 });
    await packed(hub, '1');

    hub.pass(HOUR);
    await swept(hub);
    const early = await parcelOf(hub, '1');
    hub.pass(2 * HOUR);
    await swept(hub);
    const late = await parcelOf(hub, '1');
    hub.pass(HOUR);
    await swept(hub);

    expect(early.late).toBeUndefined();
    expect(late).toMatchObject({
      status: 'packed',
      version: 2,
      late: { stage: 'labelled' },
      change: { type: 'parcel.late', by: 'hub', reason: expect.stringContaining('waits for its label since') },
    });
    expect(await parcelOf(hub, '1')).toEqual(late);
  });
});

describe('parcels on their way', () => {
  test('are noted late when they are not scanned again, and when their delivery stays hindered, once each', async () => {
    const hub = await opened({ TENT: 5 });
    await packed(hub, 'still', 'hindered', 'waits');
    for (const [id, status] of [
      ['still', 'in_transit'],
      ['hindered', 'delivery_exception'],
      ['waits', 'available_for_pickup'],
    ] as const) {
      await labelParcel(hub, id);
      const scan = { status, code: status, at: hub.now().toISOString(), description: '', attention: false };
      await writeChange(hub, trackParcel(await parcelOf(hub, id), summarise([scan]), { by: 'easypost', now: hub.now() }));
    }
    const stages = async () => await Promise.all(['still', 'hindered', 'waits'].map(async (id) => (await parcelOf(hub, id)).late?.stage));
    const seen: (string | undefined)[][] = [];

    for (const hours of [24, 1, 71, 1, 50]) {
      hub.pass(hours * HOUR);
      await swept(hub);
      seen.push(await stages());
    }

    expect(seen).toEqual([
      [undefined, undefined, undefined],
      [undefined, 'exception', undefined],
      [undefined, 'exception', undefined],
      ['moving', 'exception', undefined],
      ['moving', 'exception', undefined],
    ]);
    expect((await parcelOf(hub, 'still')).change).toMatchObject({ type: 'parcel.late', reason: expect.stringContaining('waits for its next scan since') });
  });
});

/** Files so many orders that are held, a few of them at the same moment. */
async function fileHeld(hub: TestHub, count: number): Promise<string[]> {
  await accept(hub, { id: 'model', paid: false });
  const model = await orderOf(hub, 'model');
  const ids = Array.from({ length: count }, (_, index) => `copy-${index}`);
  const orders = ids.map((id, index) => {
    const since = new Date(hub.now().getTime() + Math.floor(index / 5) * 1_000).toISOString();
    return { ...model, orderId: idOf(id), since, work: `held#${shardOf(idOf(id))}`, ...orderKey(idOf(id)) };
  });
  await hub.table.putAll(orders);
  return ['model', ...ids];
}

describe('a sweep that runs out of time', () => {
  test('stops, and the next goes on where it stopped, until all of it is done', async () => {
    const hub = await opened();
    const ids = await fileHeld(hub, 249);
    hub.pass(48 * HOUR);
    const hurried = { at: hub.now(), patience: 0, progress: () => {} };
    const runs: { read: number; late: number; complete: boolean }[] = [];

    while (runs.at(-1)?.complete !== true && runs.length < 10) runs.push(await sweep(hub, hurried));

    expect(runs.map(({ complete }) => complete)).toEqual([false, false, true]);
    expect(runs.reduce((sum, { late }) => sum + late, 0)).toBe(250);
    expect(await readPosition(hub.table)).toBeUndefined();
    const orders = await readOrders(hub.table, ids.map(idOf));
    expect(new Set([...orders.values()].map(({ late, version }) => `${version} ${late?.stage}`))).toEqual(new Set(['2 held+promise']));
  });

  test('says from time to time how far it is', async () => {
    const hub = await opened();
    await fileHeld(hub, 1_200);
    hub.pass(HOUR);
    const heard: number[] = [];

    const { read } = await sweep(hub, { at: hub.now(), patience: 60_000, progress: (soFar) => heard.push(soFar.read) });

    expect(heard).toEqual([1_000]);
    expect(read).toBe(1_201);
  });
});

describe('orders whose stock is there', () => {
  test('are filled, in their turn, though the event that was to wake them was lost', async () => {
    const hub = await opened();
    await accept(hub, { id: 'first' });
    hub.pass(60);
    await accept(hub, { id: 'second', paid: false });
    hub.pass(60);
    await accept(hub, { id: 'third' }, { id: 'other', units: { LAMP: 1 } });
    await stockUp(hub, { TENT: 2 });

    await swept(hub);

    const orders = await Promise.all(['first', 'second', 'third', 'other'].map((id) => orderOf(hub, id)));
    expect(orders.map(({ status, allocations }) => [status, allocations.length])).toEqual([
      ['authorised', 1],
      ['held', 1],
      ['backordered', 0],
      ['backordered', 0],
    ]);
    expect(log.lines.at(-1)).toMatchObject({ message: 'waiting orders tried again', tried: 3 });
    await expectStockSound(hub.table);
  });

  test('are not looked at where nothing of what they lack is there', async () => {
    const hub = await opened({ MUG: 5 });
    await accept(hub, { id: '1' });

    await swept(hub);

    expect(log.lines.at(-1)).toMatchObject({ message: 'clocks swept', lacking: 1 });
  });
});
