import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { readCheckpoint, readOn, UNREAD } from '../../../adapters/aws/ledger-store.ts';
import { orderKey } from '../../../adapters/aws/order-store.ts';
import { compareAll } from '../../../adapters/aws/stock-check.ts';
import { stockKey } from '../../../adapters/aws/stock-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { eventsOf } from '../../../core/event.ts';
import type { Place } from '../../../core/inventory.ts';
import type { CheckedStock } from '../../../core/stock-check.ts';
import { bookStock } from '../../../functions/inventory/book-stock.ts';
import { checkStock } from '../../../functions/inventory/check-stock.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { type CrashPoint, lifeline, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, CLIENT, clientWith, elsewhere, hubOn, idOf, orderOf, packed, stockOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();

const TENTS: Place = { sku: 'TENT', warehouse: 'north' };
const NIGHT = 86_400;

/** A hub with stock, a packed order, one that waits to be packed and one that waits for stock. */
async function busyHub(): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 10, MUG: 4 });
  await stockUp(hub, { TENT: 5 }, 'south');
  await packed(hub, '1');
  await accept(hub, { id: '2', units: { TENT: 3, MUG: 1 } }, { id: '3', units: { LAMP: 2 } });
  return hub;
}

async function check(hub: TestHub): Promise<void> {
  await checkStock({ scheduledAt: hub.now() }, hub);
}

/** Writes to an item by hand, past all that the hub does. */
async function tamper({ name, client }: Table, place: Place, figures: Readonly<Record<string, number>>): Promise<void> {
  const names = Object.keys(figures);
  await client.send(
    new UpdateCommand({
      TableName: name,
      Key: stockKey(place),
      UpdateExpression: `SET ${names.map((figure) => `${figure} = ${figure} + :${figure}`).join(', ')}`,
      ExpressionAttributeValues: Object.fromEntries(Object.entries(figures).map(([figure, by]) => [`:${figure}`, by])),
    }),
  );
}

async function checkRow({ table }: TestHub, day: string) {
  return await table.get<{ entity: 'check'; drifted: number; first: unknown[] }>({ PK: 'CHECK#stock', SK: day }, 'check');
}

function drifts(): Record<string, unknown>[] {
  return log.lines.filter(({ message }) => message === 'stock drifted');
}

describe('the nightly check', () => {
  test('finds nothing in stock that only the hub has moved, and says so', async () => {
    const hub = await busyHub();

    await check(hub);

    expect(await checkRow(hub, '2026-11-20')).toMatchObject({ places: 6, orders: 2, drifted: 0, unsettled: 0, expired: 0, first: [] });
    expect(drifts()).toEqual([]);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 9, reserved: 3, change: { type: 'stock.moved' } });
    await expectStockSound(hub.table);
  });

  test('finds a counter that was changed by hand, with what it is and should be, and leaves it as it is', async () => {
    const hub = await busyHub();
    await tamper(hub.table, TENTS, { onHand: 3, available: 3 });
    const before = await stockOf(hub, 'TENT');

    await check(hub);

    const after = await stockOf(hub, 'TENT');
    expect(after).toMatchObject({ onHand: 12, available: 9, reserved: 3, version: before.version + 1 });
    expect(eventsOf(before, after).map(({ type, by, reason }) => [type, by, reason])).toEqual([
      ['stock.drifted', 'hub', 'on hand 12, by the ledger 9; available 9, by the ledger 6'],
    ]);
    expect(await checkRow(hub, '2026-11-20')).toMatchObject({
      drifted: 1,
      first: [
        {
          ...TENTS,
          findings: [
            { counter: 'onHand', is: 12, should: 9 },
            { counter: 'available', is: 9, should: 6 },
          ],
        },
      ],
    });
    expect(log.lines.find(({ stockDrifted }) => stockDrifted !== undefined)).toMatchObject({ stockDrifted: 1 });
  });

  test('tells of a finding once, whatever moves there, and anew when it is another one', async () => {
    const hub = await busyHub();
    await tamper(hub.table, TENTS, { onHand: 3, available: 3 });
    await check(hub);
    await stockUp(hub, { TENT: 2 });
    await accept(hub, { id: '4' });
    const moved = await stockOf(hub, 'TENT');
    hub.pass(NIGHT);

    await check(hub);
    expect((await stockOf(hub, 'TENT')).version).toBe(moved.version);
    expect(drifts().map(({ isNews }) => isNews)).toEqual([true, false]);
    expect(await checkRow(hub, '2026-11-21')).toMatchObject({ drifted: 1 });

    await tamper(hub.table, TENTS, { onHand: 1, available: 1 });
    await check(hub);
    expect((await stockOf(hub, 'TENT')).change).toMatchObject({ type: 'stock.drifted', reason: expect.stringContaining('on hand 15, by the ledger 11') });
  });

  test('forgets a finding that was put right, without an event, so that the next one like it is news', async () => {
    const hub = await busyHub();
    await tamper(hub.table, TENTS, { incoming: 7 });
    await check(hub);
    await tamper(hub.table, TENTS, { incoming: -7 });
    const right = await stockOf(hub, 'TENT');

    await check(hub);
    const forgotten: CheckedStock = await stockOf(hub, 'TENT');
    expect(forgotten.drift).toBeUndefined();
    expect(eventsOf(right, forgotten)).toEqual([]);

    await tamper(hub.table, TENTS, { incoming: 7 });
    await check(hub);
    expect(drifts().map(({ isNews }) => isNews)).toEqual([true, true]);
  });

  test('finds counters that are gone: the ledger still knows what there was', async () => {
    const hub = await busyHub();
    const { table } = hub;
    await table.transact([{ Delete: { TableName: table.name, Key: stockKey({ sku: 'MUG', warehouse: 'north' }) } }, { ConditionCheck: never(table) }]);

    await check(hub);

    expect(await checkRow(hub, '2026-11-20')).toMatchObject({ drifted: 1 });
    expect(await stockOf(hub, 'MUG')).toMatchObject({ onHand: 0, available: 0, change: { type: 'stock.drifted', reason: expect.stringContaining('on hand 0, by the ledger 4') } });
  });

  test('finds an order that has more than the ledger reserved for it, and names it', async () => {
    const hub = await busyHub();
    await misallocate(hub, '2', 5);

    await check(hub);

    expect(await checkRow(hub, '2026-11-20')).toMatchObject({
      drifted: 1,
      first: [{ ...TENTS, findings: [{ counter: 'allocated', is: 5, should: 3 }], orders: [{ orderId: idOf('2'), allocated: 5, reserved: 3 }] }],
    });
    expect(drifts()).toMatchObject([{ orders: idOf('2'), is: 'allocated to orders 5, by the ledger 3' }]);
  });

  test('finds nothing in what moves while it reads', async () => {
    for (const moment of [1, 2, 3, 4]) {
      const hub = await busyHub();
      const table = emulator.reopen(hub.table);
      let reads = 0;
      // A receipt and an order come in at each of the first readings of the tents in the north.
      table.client.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            const answer = await next(args);
            if (commandName === 'QueryCommand' && JSON.stringify(args.input).includes('"S#TENT"') && JSON.stringify(args.input).includes('#north') && reads++ < moment) {
              await stockUp(hub, { TENT: 1 });
              await accept(hub, { id: `late-${moment}-${reads}` });
            }
            return answer;
          },
        { step: 'initialize', name: 'meanwhile' },
      );

      await check({ ...hub, table });

      expect(reads).toBeGreaterThan(moment);
      expect(await checkRow(hub, '2026-11-20'), `moving at ${moment} readings`).toMatchObject({ drifted: 0, unsettled: 0 });
      await expectStockSound(hub.table);
    }
  });

  test('finds orders by the ledger that were missed while they moved from list to list', async () => {
    const hub = await busyHub();
    const nobody = { orders: 0, sites: new Map() };

    expect(await compareAll(hub, nobody, true)).toMatchObject({ drifted: [], unsettled: [] });
    hub.pass(NIGHT);
    await check(hub);
    expect((await readCheckpoint(hub.table, { sku: 'TENT', warehouse: 'north' })).until).not.toBe('');
    expect(await compareAll(hub, nobody, true)).toMatchObject({ drifted: [], unsettled: [] });
  });

  test('leaves a place unchecked that never stands still, and says so', async () => {
    const hub = await busyHub();
    await tamper(hub.table, TENTS, { onHand: 100, available: 100 });
    const table = emulator.reopen(hub.table);
    table.client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'QueryCommand' && JSON.stringify(args.input).includes('"S#TENT"')) await stockUp(hub, { TENT: 1 });
          return await next(args);
        },
      { step: 'initialize', name: 'meanwhile' },
    );

    await check({ ...hub, table });

    expect(await checkRow(hub, '2026-11-20')).toMatchObject({ drifted: 0, unsettled: 1, firstUnsettled: [TENTS] });
  });

  test('may be repeated after it died at any of its writes', async () => {
    const line = lifeline();
    const first = await driftedHub();
    await run(first, line);
    const writes = line.calls.flatMap((name, index) => (/Update|Write|Put/.test(name) ? [index + 1] : []));
    const points = writes.flatMap((call): CrashPoint[] => [
      { call, when: 'before' },
      { call, when: 'after' },
    ]);
    expect(writes.length).toBeGreaterThan(1);

    for (const point of points) {
      const hub = await driftedHub();
      await run(hub, lifeline(point));

      await check(hub);

      const told = (await itemsOf(hub.table)).filter(({ entity, drift }) => entity === 'stock' && drift !== undefined);
      expect(told, `${point.when} call ${point.call} of ${line.calls.join(', ')}`).toMatchObject([{ ...TENTS, version: 3 }]);
      expect(await checkRow(hub, '2026-11-20')).toMatchObject({ drifted: 1 });
    }
  }, 60_000);
});

async function driftedHub(): Promise<TestHub> {
  const { products, warehouses } = CLIENT;
  const hub = hubOn(await emulator.freshTable(), { ...CLIENT, products: products.slice(0, 1), warehouses: warehouses.slice(0, 1) });
  await stockUp(hub, { TENT: 5 });
  await accept(hub, { id: '1' });
  await tamper(hub.table, TENTS, { onHand: 3, available: 3 });
  return hub;
}

async function run(hub: TestHub, line: ReturnType<typeof lifeline>): Promise<void> {
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  await line.run(() => check(elsewhere(hub, table)));
}

/** A condition that always holds. */
function never(table: Table) {
  return { TableName: table.name, Key: { PK: 'NOTHING', SK: 'NOTHING' }, ConditionExpression: 'attribute_not_exists(PK)' };
}

/** Gives an order another number of tents by hand. */
async function misallocate({ table }: TestHub, id: string, quantity: number): Promise<void> {
  const allocations = (await orderOf({ table }, id)).allocations.map((one) => (one.sku === 'TENT' ? { ...one, quantity } : one));
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: orderKey(idOf(id)),
      UpdateExpression: 'SET allocations = :allocations',
      ExpressionAttributeValues: { ':allocations': allocations },
    }),
  );
}

describe('a checkpoint', () => {
  test('adds up to what the whole ledger does, and the next check reads on from it', async () => {
    const hub = await busyHub();
    await check(hub);
    hub.pass(NIGHT);
    await check(hub);
    await stockUp(hub, { TENT: 7 });
    await accept(hub, { id: '4', units: { TENT: 2 } });
    hub.pass(NIGHT);
    await check(hub);

    const checkpoint = await readCheckpoint(hub.table, { sku: 'TENT', warehouse: 'north' });
    const fromIt = await readOn(hub.table, { sku: 'TENT', warehouse: 'north' }, checkpoint, hub.now());
    const fromTheBeginning = await readOn(hub.table, { sku: 'TENT', warehouse: 'north' }, UNREAD, hub.now());

    expect(checkpoint.until).toBe(new Date(hub.now().getTime() - 3_600_000).toISOString());
    expect(fromIt.whole.entries).toBe(0);
    expect(fromTheBeginning.whole.entries).toBeGreaterThan(4);
    expect(fromIt.whole.sums).toEqual(fromTheBeginning.whole.sums);
  });

  test('lies an hour back, so that no entry can still come before it', async () => {
    const hub = await busyHub();
    hub.pass(3_599);

    await check(hub);
    expect((await readCheckpoint(hub.table, { sku: 'TENT', warehouse: 'north' })).until).toBe('');

    hub.pass(2);
    await check(hub);
    expect((await readCheckpoint(hub.table, { sku: 'TENT', warehouse: 'north' })).until).toBe('2026-11-20T09:00:01.000Z');
  });

  test('that is wrong is no finding: the ledger is read from its beginning, and the checkpoint is made anew', async () => {
    const hub = await busyHub();
    hub.pass(NIGHT);
    await check(hub);
    const { table } = hub;
    const wrong = {
      PK: 'S#TENT',
      SK: 'CHECK#north',
      entity: 'stock-check',
      until: '2026-11-21T08:00:00.000Z',
      sums: [{ ...TENTS, onHand: 99, reserved: 0, quarantined: 0, incoming: 0 }],
    };
    await table.putAll([wrong]);

    await check(hub);

    expect(await checkRow(hub, '2026-11-21')).toMatchObject({ drifted: 0 });
    expect((await readCheckpoint(table, { sku: 'TENT', warehouse: 'north' })).sums.get('north TENT')).toMatchObject({ onHand: 9, reserved: 3 });
  });
});

describe('lots that expire', () => {
  const address = { name: 'Sample Depot', line1: 'Am Hafen 1', city: 'Hamburg', postalCode: '20457', country: 'DE' };
  const client = clientWith({
    warehouses: [
      { id: 'north', name: 'North', address },
      { id: 'west', name: 'West', address, timeZone: 'America/Los_Angeles' },
    ],
    products: [{ sku: 'MILK', name: 'Milk', weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, lots: true }],
  });

  let bookings = 0;

  async function milkHub(warehouse: string, lots: Readonly<Record<string, string>>): Promise<TestHub> {
    const hub = hubOn(await emulator.freshTable(), client);
    for (const [lot, expiresOn] of Object.entries(lots)) {
      bookings += 1;
      const lines = [{ sku: 'MILK', lot, expiresOn, quantity: 10 }];
      const booked = await bookStock({ kind: 'receipt', id: `milk-${bookings}`, warehouse, against: 'free', lines }, hub, { by: 'receiver', now: hub.now() });
      if (booked.kind !== 'answer') throw new Error(booked.why);
    }
    return hub;
  }

  test('go into quarantine at midnight in the time zone of their warehouse, and once', async () => {
    const hub = await milkHub('west', { old: '2026-11-20', fresh: '2026-11-21' });
    // 23:59 on 20 November in Los Angeles.
    hub.pass((Date.parse('2026-11-21T07:59:00.000Z') - hub.now().getTime()) / 1_000);
    await check(hub);
    expect(await stockOf(hub, 'MILK', 'west', 'old')).toMatchObject({ available: 10, quarantined: 0 });

    hub.pass(60);
    await check(hub);
    await check(hub);

    expect(await stockOf(hub, 'MILK', 'west', 'old')).toMatchObject({ onHand: 10, available: 0, quarantined: 10, change: { type: 'stock.moved', by: 'hub' } });
    expect(await stockOf(hub, 'MILK', 'west', 'fresh')).toMatchObject({ available: 10, quarantined: 0 });
    const entries = (await itemsOf(hub.table)).filter(({ entity, movements }) => entity === 'ledger' && JSON.stringify(movements).includes('"expired"'));
    expect(entries).toMatchObject([{ sku: 'MILK', warehouse: 'west', lot: 'old', quarantined: 10, by: 'hub', movements: [{ reason: 'expired', cause: 'expired-2026-11-21' }] }]);
    expect(await checkRow(hub, '2026-11-21')).toMatchObject({ drifted: 0 });
    await expectStockSound(hub.table);
  });

  test('go into quarantine once when two checks run at the same time', async () => {
    const hub = await milkHub('north', { old: '2026-11-20' });
    hub.pass(NIGHT);

    await Promise.all([check(hub), check(elsewhere(hub, emulator.reopen(hub.table)))]);

    expect(await stockOf(hub, 'MILK', 'north', 'old')).toMatchObject({ available: 0, quarantined: 10 });
    await expectStockSound(hub.table);
  });

  test('keep what orders have reserved, and these orders are named', async () => {
    const hub = await milkHub('north', { old: '2026-11-20' });
    await accept(hub, { id: '1', units: { MILK: 3 } });
    hub.pass(NIGHT);

    await check(hub);
    await check(hub);

    expect(await stockOf(hub, 'MILK', 'north', 'old')).toMatchObject({ reserved: 3, available: 0, quarantined: 7 });
    expect(await checkRow(hub, '2026-11-21')).toMatchObject({
      drifted: 0,
      expired: 1,
      firstExpired: [{ sku: 'MILK', warehouse: 'north', lot: 'old', expiresOn: '2026-11-20', reserved: 3, orders: [idOf('1')] }],
    });
    expect(log.lines.filter(({ message }) => message === 'lot expired')).toMatchObject([
      { level: 'warn', quarantined: 7, orders: idOf('1') },
      { level: 'warn', quarantined: 0, orders: idOf('1') },
    ]);
    await expectStockSound(hub.table);
  });

  test('are taken off sale although an order takes some of them at that moment', async () => {
    const hub = await milkHub('west', { old: '2026-11-20' });
    hub.pass((Date.parse('2026-11-21T07:59:59.000Z') - hub.now().getTime()) / 1_000);
    const table = emulator.reopen(hub.table);
    let orders = 0;
    table.client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (String(commandName).startsWith('TransactWrite') && orders++ === 0) await accept(hub, { id: '1', units: { MILK: 2 } });
          return await next(args);
        },
      { step: 'initialize', name: 'meanwhile' },
    );

    await checkStock({ scheduledAt: hub.now() }, { ...hub, table, now: () => new Date('2026-11-21T08:00:00.000Z') });

    expect(await stockOf(hub, 'MILK', 'west', 'old')).toMatchObject({ reserved: 2, available: 0, quarantined: 8 });
    await expectStockSound(hub.table);
  });
});
