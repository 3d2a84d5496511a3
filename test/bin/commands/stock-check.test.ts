import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { orderKey } from '../../../adapters/aws/order-store.ts';
import { stockKey } from '../../../adapters/aws/stock-store.ts';
import { checkAndRepair, checkStock } from '../../../bin/commands/stock-check.ts';
import { eventsOf } from '../../../core/event.ts';
import { checkStock as checkAtNight } from '../../../functions/inventory/check-stock.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../../functions/log-lines.ts';
import { accept, hubOn, idOf, orderOf, stockOf, stockUp, type TestHub } from '../../functions/world.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';

const emulator = useEmulator();
useLogLines();

const TENTS = { sku: 'TENT', warehouse: 'north' };

async function stockedHub(): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 10, MUG: 4 });
  await accept(hub, { id: '1', units: { TENT: 3 } });
  return hub;
}

/** Sets figures of the tents in the north by hand. */
async function tamper({ table }: TestHub, figures: Readonly<Record<string, number>>): Promise<void> {
  const names = Object.keys(figures);
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: stockKey(TENTS),
      UpdateExpression: `SET ${names.map((figure) => `${figure} = :${figure}`).join(', ')}`,
      ExpressionAttributeValues: Object.fromEntries(names.map((figure) => [`:${figure}`, figures[figure]])),
    }),
  );
}

describe('stock check', () => {
  test('says that all is as it should be, and writes nothing', async () => {
    const hub = await stockedHub();
    const before = await itemsOf(hub.table);

    const checked = await checkStock(hub);

    expect(checked).toMatchObject({
      sound: true,
      text: '6 places and 1 orders checked: all as the ledger says',
      json: { places: 6, orders: 1, drifted: [], unsettled: [], repairs: [] },
    });
    expect(await itemsOf(hub.table)).toEqual(before);
  });

  test('shows what is wrong, and writes nothing', async () => {
    const hub = await stockedHub();
    await tamper(hub, { reserved: 1, available: 9 });
    const before = await itemsOf(hub.table);

    const checked = await checkStock(hub);

    expect(checked.sound).toBe(false);
    expect(checked.text).toContain('TENT in north  reserved 1, by the ledger 3; available 9, by the ledger 7');
    expect(checked.json).toMatchObject({ drifted: [{ ...TENTS, findings: [{ counter: 'reserved', is: 1, should: 3 }, { counter: 'available' }], orders: [] }] });
    expect(await itemsOf(hub.table)).toEqual(before);
  });
});

describe('stock check --repair', () => {
  test('sets counters to what the ledger says, by whom it was asked, and the next check is clean', async () => {
    const hub = await stockedHub();
    await tamper(hub, { onHand: 0, reserved: 1, available: 9 });
    await checkAtNight({ scheduledAt: hub.now() }, hub);
    const drifted = await stockOf(hub, 'TENT');

    const repaired = await checkAndRepair(hub, 'operator:ada');

    expect(repaired).toMatchObject({ sound: true, json: { drifted: [], repairs: [{ ...TENTS, outcome: 'repaired' }] } });
    expect(repaired.text).toContain('TENT in north: set to the ledger');
    const stock = await stockOf(hub, 'TENT');
    expect(stock).toMatchObject({ onHand: 10, reserved: 3, available: 7, quarantined: 0, version: drifted.version + 1 });
    expect(stock).not.toHaveProperty('drift');
    expect(eventsOf(drifted, stock).map(({ type, by }) => [type, by])).toEqual([['stock.repaired', 'operator:ada']]);
    await expectStockSound(hub.table);

    await checkAtNight({ scheduledAt: hub.now() }, hub);
    expect((await stockOf(hub, 'TENT')).version).toBe(stock.version);
  });

  test('has the orders that wait hear of units that are there after all', async () => {
    const hub = await stockedHub();
    await tamper(hub, { onHand: 3, available: 0 });
    const before = await stockOf(hub, 'TENT');

    await checkAndRepair(hub, 'operator:ada');

    expect(eventsOf(before, await stockOf(hub, 'TENT')).map(({ type }) => type)).toEqual(['stock.repaired', 'stock.gained']);
  });

  test('repairs nothing where orders contradict the ledger: it names them and says what to do', async () => {
    const hub = await stockedHub();
    await tamper(hub, { onHand: 12, available: 9 });
    const allocations = (await orderOf(hub, '1')).allocations.map((one) => ({ ...one, quantity: 4 }));
    const { table } = hub;
    const change = { UpdateExpression: 'SET allocations = :allocations', ExpressionAttributeValues: { ':allocations': allocations } };
    await table.client.send(new UpdateCommand({ TableName: table.name, Key: orderKey(idOf('1')), ...change }));
    const before = await itemsOf(table);

    const checked = await checkAndRepair(hub, 'operator:ada');

    expect(checked).toMatchObject({
      sound: false,
      json: { drifted: [{ ...TENTS, orders: [{ orderId: idOf('1'), allocated: 4, reserved: 3 }] }], repairs: [{ outcome: 'contradicted' }] },
    });
    expect(checked.text).toContain(`${idOf('1')}: has 4 allocated, the ledger reserved 3 for it; crossdock order timeline ${idOf('1')}`);
    expect(await itemsOf(table)).toEqual(before);
  });

  test('leaves counters that moved after they were checked', async () => {
    const hub = await stockedHub();
    await tamper(hub, { onHand: 12, available: 9 });
    const table = emulator.reopen(hub.table);
    table.client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'UpdateItemCommand' || commandName === 'UpdateCommand') await stockUp(hub, { TENT: 1 });
          return await next(args);
        },
      { step: 'initialize', name: 'meanwhile' },
    );

    const checked = await checkAndRepair({ ...hub, table }, 'operator:ada');

    expect(checked).toMatchObject({ sound: false, json: { repairs: [{ outcome: 'moved' }] } });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 13, available: 10 });
  });
});
