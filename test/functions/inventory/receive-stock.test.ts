import { describe, expect, test } from 'vitest';
import { readSupply } from '../../../adapters/aws/supply-store.ts';
import { receiveStock } from '../../../functions/inventory/receive-stock.ts';
import { notifyPlant } from '../../../functions/notification/notify-plant.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { elsewhere, eventOf, hubOn, manager, stockOf, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();

const SLOT = { plant: 'mill', sku: 'TENT', warehouse: 'north' };

async function receive(hub: TestHub, receiptId: string, units: Record<string, number>, warehouse = 'north') {
  const lines = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
  return await receiveStock({ receiptId, warehouse, lines }, hub, manager(hub));
}

/** Has the plant asked for what is missing, as the event of low stock does. */
async function ask(hub: TestHub): Promise<void> {
  const notifier = async () => ({ id: 'topic', accepts: () => true, send: async () => {} });
  await notifyPlant(eventOf('stock.low', await stockOf(hub, 'TENT')), { ...hub, topicArn: 'arn:plants', notifier });
}

describe('goods that arrive', () => {
  test('are on hand and available, with their reorder point', async () => {
    const hub = hubOn(await emulator.freshTable());

    expect(await receive(hub, 'r1', { TENT: 5, MUG: 7 })).toEqual({ kind: 'answer', body: { receiptId: 'r1', booked: 'now', answers: [] } });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, reserved: 0, available: 5, incoming: 0, reorderPoint: 2, change: { type: 'stock.received', by: 'manager' } });
    await expectStockSound(hub.table);
  });

  test('are booked once however often the receipt is sent', async () => {
    const hub = hubOn(await emulator.freshTable());
    await receive(hub, 'r1', { TENT: 5 });

    expect(await receive(hub, 'r1', { TENT: 5 })).toMatchObject({ body: { booked: 'already' } });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, version: 1 });
  });

  test('are booked once when the same receipt is sent five times at once', async () => {
    const hub = hubOn(await emulator.freshTable());

    const answers = await Promise.all(Array.from({ length: 5 }, () => receive(elsewhere(hub, emulator.reopen(hub.table)), 'r1', { TENT: 5 })));

    expect(answers.filter((answer) => JSON.stringify(answer).includes('"now"'))).toHaveLength(1);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, version: 1 });
    await expectStockSound(hub.table);
  });

  test('from many receipts at once are all counted', async () => {
    const hub = hubOn(await emulator.freshTable());

    await Promise.all(Array.from({ length: 8 }, (_, index) => receive(elsewhere(hub, emulator.reopen(hub.table)), `r${index}`, { TENT: 5, MUG: 1 })));

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 40, version: 8 });
    await expectStockSound(hub.table);
  });

  test.each<[string, Record<string, number>, string]>([
    ['a SKU that the client does not keep', { TENT: 1, GHOST: 1 }, 'north'],
    ['a warehouse that the client does not have', { TENT: 1 }, 'moon'],
  ])('for %s are refused whole', async (_name, units, warehouse) => {
    const hub = hubOn(await emulator.freshTable());

    await expect(receive(hub, 'r1', units, warehouse)).rejects.toMatchObject({ name: 'Rejected', code: 'inventory.unknown' });

    expect(await itemsOf(hub.table)).toEqual([]);
  });
});

describe('goods that were asked for', () => {
  test('close the request when all are here, and count down what is incoming', async () => {
    const hub = hubOn(await emulator.freshTable());
    await receive(hub, 'r1', { TENT: 2 });
    await ask(hub);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ incoming: 18 });

    const partly = await receive(hub, 'r2', { TENT: 10 });
    const between = await readSupply(hub.table, SLOT);
    await receive(hub, 'r3', { TENT: 8 });

    expect(partly).toMatchObject({ body: { answers: [between?.requestId] } });
    expect(between).toMatchObject({ status: 'open', received: 10, quantity: 18 });
    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'received', received: 18 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 20, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test('and more than those close the request without taking incoming below zero', async () => {
    const hub = hubOn(await emulator.freshTable());
    await receive(hub, 'r1', { TENT: 2 });
    await ask(hub);

    await receive(hub, 'r2', { TENT: 50 });

    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'received', received: 50 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 52, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test('by two receipts at once answer the request exactly once each', async () => {
    const hub = hubOn(await emulator.freshTable());
    await receive(hub, 'r1', { TENT: 2 });
    await ask(hub);

    await Promise.all(['r2', 'r3', 'r4'].map((id) => receive(elsewhere(hub, emulator.reopen(hub.table)), id, { TENT: 6 })));

    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'received', received: 18 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 20, incoming: 0 });
    await expectStockSound(hub.table);
  });
});
