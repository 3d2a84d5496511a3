import type { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import { readSupply } from '../../../adapters/aws/supply-store.ts';
import { loadNotifier, type Sns } from '../../../adapters/notifier.ts';
import { Unavailable } from '../../../core/error.ts';
import { eventsOf } from '../../../core/event.ts';
import { bookStock } from '../../../functions/inventory/book-stock.ts';
import { notifyPlant } from '../../../functions/notification/notify-plant.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { type CrashPoint, lifeline, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, CLIENT, clientWith, elsewhere, eventOf, hubOn, stockOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();

const SLOT = { plant: 'mill', sku: 'TENT', warehouse: 'north' };
type Published = PublishCommand['input'][];

/** A hub with ten tents, of which eight are sold: what is left is the reorder point. */
async function lowHub(): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 10 });
  hub.pass(4 * 86_400);
  await accept(hub, { id: '1', units: { TENT: 8 } });
  return hub;
}

async function tell(hub: TestHub, published: Published, line = lifeline()): Promise<'done' | 'crashed'> {
  const event = eventOf('stock.low', await stockOf(hub, 'TENT'));
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  const sns: Sns = { send: ({ input }) => line.through('Publish', async () => void published.push(input)) };
  return await line.run(() => notifyPlant(event, { ...elsewhere(hub, table), topicArn: 'arn:plants', notifier: () => loadNotifier('topic', sns) }));
}

describe('a plant', () => {
  test('is asked for what is missing, with every figure that the request rests on', async () => {
    const hub = await lowHub();
    const published: Published = [];

    await tell(hub, published);

    const request = await readSupply(hub.table, SLOT);
    expect(request).toMatchObject({
      status: 'open',
      quantity: 18,
      received: 0,
      needBy: '2026-11-27',
      basis: { onHand: 10, reserved: 8, available: 2, incoming: 0, dailyUse: 2, point: 2, upTo: 20, multiple: 1 },
    });
    expect(published.map(({ TopicArn, MessageAttributes }) => [TopicArn, MessageAttributes?.plant?.StringValue, MessageAttributes?.sku?.StringValue])).toEqual([
      ['arn:plants', 'mill', 'TENT'],
    ]);
    const { text } = JSON.parse(published[0]?.Message ?? '{}');
    for (const figure of ['18', '10', '8', '2', '20', '2026-11-27', 'TENT', 'North']) expect(text).toContain(figure);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 10, reserved: 8, incoming: 18 });
    await expectStockSound(hub.table);
  });

  test('is asked once while a request is open, however often stock is low', async () => {
    const hub = await lowHub();
    const published: Published = [];
    await tell(hub, published);

    await accept(hub, { id: '2', units: { TENT: 1 } });
    await tell(hub, published);
    await tell(hub, published);

    expect(published).toHaveLength(1);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ incoming: 18 });
  });

  test('is asked once by five workers at once', async () => {
    const hub = await lowHub();
    const published: Published = [];

    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => tell(hub, published)));
    await tell(hub, published);

    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Unavailable);
    expect(published).toHaveLength(1);
    expect((await itemsOf(hub.table)).filter(({ entity }) => entity === 'supply')).toHaveLength(1);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ incoming: 18 });
    await expectStockSound(hub.table);
  });

  test('may be asked again once the last request was answered', async () => {
    const hub = await lowHub();
    const published: Published = [];
    await tell(hub, published);
    await stockUp(hub, { TENT: 18 });
    await accept(hub, { id: '2', units: { TENT: 19 } });

    await tell(hub, published);

    expect(published).toHaveLength(2);
    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'open', quantity: 19, version: 3 });
    await expectStockSound(hub.table);
  });

  test('is told nothing when stock rose above the point before the event came', async () => {
    const hub = await lowHub();
    const low = eventOf('stock.low', await stockOf(hub, 'TENT'));
    await stockUp(hub, { TENT: 5 });
    const published: Published = [];
    const notifier = async () => ({ id: 'topic', accepts: () => true, send: async () => void published.push({ Message: '' }) });

    await notifyPlant(low, { ...hub, topicArn: 'arn:plants', notifier });

    expect(published).toEqual([]);
    expect(await readSupply(hub.table, SLOT)).toBeUndefined();
  });

  test('is not asked for a SKU that left the client file: somebody looks', async () => {
    const hub = await lowHub();
    const forgetful: TestHub = { ...hub, client: { ...CLIENT, products: CLIENT.products.filter(({ sku }) => sku !== 'TENT') } };

    await expect(tell(forgetful, [])).rejects.toMatchObject({ name: 'Rejected', code: 'inventory.unknown' });
  });

  test('is asked once after a worker died at any of its calls, twice only if it died between the telling and the note', async () => {
    const line = lifeline();
    await tell(await lowHub(), [], line);
    const told = line.calls.indexOf('Publish') + 1;
    const points = line.calls.flatMap((_, index): CrashPoint[] => [
      { call: index + 1, when: 'before' },
      { call: index + 1, when: 'after' },
    ]);

    for (const point of points) {
      const hub = await lowHub();
      const published: Published = [];

      expect(await tell(hub, published, lifeline(point))).toBe('crashed');
      hub.pass(61);
      await tell(hub, published);

      const betweenTellingAndNote = (point.call === told && point.when === 'after') || (point.call === told + 1 && point.when === 'before');
      expect(published, `${point.when} call ${point.call} of ${line.calls.join(', ')}`).toHaveLength(betweenTellingAndNote ? 2 : 1);
      expect(await stockOf(hub, 'TENT')).toMatchObject({ incoming: 18 });
      await expectStockSound(hub.table);
    }
  }, 60_000);

  test('hears of low stock by the event that its fall brings about', async () => {
    const hub = await lowHub();
    const after = await stockOf(hub, 'TENT');

    expect(eventsOf({ ...after, available: 10, version: after.version - 1 }, after).map(({ type }) => type)).toContain('stock.low');
  });

  describe('of a SKU that is kept by lot', () => {
    const client = clientWith({
      products: [{ sku: 'MILK', name: 'Milk', weight: 500, plant: 'mill', reorder: { point: 4, upTo: 20 }, lots: true, shelfLifeDays: 2 }],
    });

    async function milkHub(lots: Readonly<Record<string, readonly [expiresOn: string, quantity: number]>>): Promise<TestHub> {
      const hub = hubOn(await emulator.freshTable(), client);
      const lines = Object.entries(lots).map(([lot, [expiresOn, quantity]]) => ({ sku: 'MILK', lot, expiresOn, quantity }));
      await bookStock({ kind: 'receipt', id: 'milk', warehouse: 'north', against: 'free', lines }, hub, { by: 'receiver', now: hub.now() });
      return hub;
    }

    async function tellOf(hub: TestHub, lot: string): Promise<Published> {
      const published: Published = [];
      const sns: Sns = { send: async ({ input }) => void published.push(input) };
      const low = eventOf('stock.low', await stockOf(hub, 'MILK', 'north', lot));
      await notifyPlant(low, { ...hub, topicArn: 'arn:plants', notifier: () => loadNotifier('topic', sns) });
      return published;
    }

    test('is asked for nothing while the lots together are above the reorder point, however little there is of one', async () => {
      const hub = await milkHub({ first: ['2026-12-01', 2], second: ['2026-12-10', 3] });

      expect(await tellOf(hub, 'first')).toEqual([]);
      expect(await readSupply(hub.table, { ...SLOT, sku: 'MILK' })).toBeUndefined();
    });

    test('is asked once for what all lots lack, and it is incoming for the SKU', async () => {
      const hub = await milkHub({ first: ['2026-12-01', 2], second: ['2026-12-10', 3] });
      await accept(hub, { id: '1', units: { MILK: 1 } });

      expect(await tellOf(hub, 'first')).toHaveLength(1);
      expect(await tellOf(hub, 'second')).toEqual([]);
      expect(await readSupply(hub.table, { ...SLOT, sku: 'MILK' })).toMatchObject({ quantity: 16, basis: { onHand: 5, reserved: 1, available: 4, incoming: 0 } });
      expect(await stockOf(hub, 'MILK')).toMatchObject({ onHand: 0, incoming: 16 });
      await expectStockSound(hub.table);
    });

    test('is asked for what cannot be promised any more because it expires too soon', async () => {
      const hub = await milkHub({ first: ['2026-11-21', 10], second: ['2026-12-10', 3] });

      await tellOf(hub, 'second');

      expect(await readSupply(hub.table, { ...SLOT, sku: 'MILK' })).toMatchObject({ quantity: 17, basis: { onHand: 13, available: 3 } });
    });
  });
});
