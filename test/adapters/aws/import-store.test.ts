import { describe, expect, test } from 'vitest';
import { bookImport, type Import, rehearse } from '../../../adapters/aws/import-store.ts';
import { readSupply } from '../../../adapters/aws/supply-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { type BookingKind, BookingRow, digestOf, entryOf } from '../../../core/booking.ts';
import { lanesOf } from '../../../core/booking-chunk.ts';
import { notifyPlant } from '../../../functions/notification/notify-plant.ts';
import { useEmulator } from '../../emulator.ts';
import { hubWithLots, post, receive, shipped } from '../../functions/inventory/bookings.ts';
import { useLogLines } from '../../functions/log-lines.ts';
import { accept, elsewhere, eventOf, manager, orderOf, stockOf, type TestHub } from '../../functions/world.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';

const emulator = useEmulator();
useLogLines();

const SLOT = { plant: 'mill', sku: 'TENT', warehouse: 'north' };
const SKUS = Array.from({ length: 130 }, (_, index) => `PART-${String(index).padStart(3, '0')}`);

async function open(policies: object = {}): Promise<TestHub> {
  return hubWithLots(await emulator.freshTable(), 'never', policies, [], SKUS);
}

function fileOf(kind: BookingKind, rows: readonly object[], importId = 'import-1'): Import {
  return { importId, kind, digest: digestOf([kind, rows]), entries: rows.map((row) => entryOf(BookingRow.parse({ kind, ...row }), importId)) };
}

async function run(hub: TestHub, file: Import) {
  return await bookImport(file, hub, manager(hub), () => {});
}

const DELIVERY = SKUS.flatMap((sku) => ['north', 'south'].map((warehouse) => ({ warehouse, sku, quantity: 3 })));

/** A hub that dies at its nth write: neither it nor what it began goes on. */
function dying(hub: TestHub, atWrite: number): TestHub {
  let writes = 0;
  const table = emulator.reopen(hub.table);
  const transact = table.transact.bind(table);
  table.transact = async (items: Parameters<Table['transact']>[0]) => {
    writes += 1;
    if (writes >= atWrite) throw new Error('killed');
    return await transact(items);
  };
  return elsewhere(hub, table);
}

/** A hub that dies at the write of one item. */
function dyingAt(hub: TestHub, name: string): TestHub {
  const table = emulator.reopen(hub.table);
  const transact = table.transact.bind(table);
  table.transact = async (items: Parameters<Table['transact']>[0]) => {
    if (items.some(({ Put }) => Put?.Item?.SK === name)) throw new Error('killed');
    return await transact(items);
  };
  return elsewhere(hub, table);
}

async function onHand(hub: TestHub): Promise<number> {
  return (await itemsOf(hub.table)).filter(({ entity }) => entity === 'stock').reduce((sum, { onHand: units }) => sum + Number(units), 0);
}

describe('a file of receipts', () => {
  test('is tried without a trace', async () => {
    const hub = await open();

    const { totals, refusals } = await rehearse(fileOf('receipt', DELIVERY), hub, manager(hub), () => {});

    expect(refusals).toEqual([]);
    expect(totals).toMatchObject({ rows: 260, places: 260, gained: 780, lost: 0 });
    expect(await itemsOf(hub.table)).toEqual([]);
  });

  test('is booked whole, and once', async () => {
    const hub = await open();
    const file = fileOf('receipt', DELIVERY);

    expect(await run(hub, file)).toMatchObject({ kind: 'booked', booked: 'now', totals: { gained: 780 } });
    expect(await run(hub, file)).toMatchObject({ kind: 'booked', booked: 'already', totals: { gained: 780 } });

    expect(lanesOf(file.entries).flat().length).toBeGreaterThan(5);
    expect(await stockOf(hub, 'PART-007', 'south')).toMatchObject({ onHand: 3, version: 1, change: { type: 'stock.received', by: 'manager', reason: 'import import-1' } });
    await expectStockSound(hub.table);
  });

  test('adds rows of one place up', async () => {
    const hub = await open();

    await run(
      hub,
      fileOf(
        'receipt',
        Array.from({ length: 500 }, () => ({ warehouse: 'north', sku: 'TENT', quantity: 10_000 })),
      ),
    );

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5_000_000, version: 1 });
    await expectStockSound(hub.table);
  });

  test('with the id of another one is refused', async () => {
    const hub = await open();
    await run(hub, fileOf('receipt', DELIVERY));

    await expect(run(hub, fileOf('receipt', DELIVERY.slice(1)))).rejects.toMatchObject({ code: 'inventory.booked-differently' });
    await expect(run(hub, { ...fileOf('receipt', DELIVERY), kind: 'return', digest: 'other' })).rejects.toMatchObject({ code: 'inventory.booked-differently' });
  });

  test('is booked once by two runs at once', async () => {
    const hub = await open();
    const file = fileOf('receipt', DELIVERY);

    const ends = await Promise.all([0, 1].map(() => run(elsewhere(hub, emulator.reopen(hub.table)), file)));

    expect(ends.map(({ kind }) => kind)).toEqual(['booked', 'booked']);
    expect(await onHand(hub)).toBe(780);
    await expectStockSound(hub.table);
  });

  test.each(Array.from({ length: 10 }, (_, write) => [write + 1]))('that dies at its write %i is finished by the next run, each row once', async (atWrite) => {
    const hub = await open();
    const file = fileOf('receipt', DELIVERY);

    await expect(run(dying(hub, atWrite), file)).rejects.toThrow('killed');
    const between = await onHand(hub);
    expect(await run(hub, file)).toMatchObject({ kind: 'booked', booked: 'now' });

    expect(between).toBeLessThan(780 + 1);
    expect(await onHand(hub)).toBe(780);
    await expectStockSound(hub.table);
  });
});

describe('a file in which something cannot be booked', () => {
  const sent = SKUS.map((sku) => ({ from: 'north', to: 'south', sku, quantity: 3 }));

  test('is not begun, and every row that is in the way is named', async () => {
    const hub = await open();
    await run(hub, fileOf('receipt', DELIVERY, 'delivery'));
    const rows = sent.map((row, index) => (index === 40 || index === 100 ? { ...row, quantity: 4 } : row));
    const before = await itemsOf(hub.table);

    expect(await run(hub, fileOf('transfer', rows))).toMatchObject({
      kind: 'not-booked',
      refusals: [
        { index: 40, field: 'quantity', code: 'inventory.short' },
        { index: 100, field: 'quantity', code: 'inventory.short' },
      ],
    });

    expect(await itemsOf(hub.table)).toHaveLength(before.length);
  });

  test('because stock moved while it was booked is taken back whole, and can be booked later', async () => {
    const hub = await open();
    await run(hub, fileOf('receipt', DELIVERY, 'delivery'));
    const file = fileOf('transfer', sent);
    // It dies between its chunks, and before the next run orders reserve what it would have sent.
    await expect(run(dying(hub, 3), file)).rejects.toThrow('killed');
    const open1 = await whatIsLeft(hub);
    await accept(hub, { id: '1', units: { [open1]: 1 } });

    expect(await run(hub, file)).toMatchObject({ kind: 'not-booked', refusals: [{ index: SKUS.indexOf(open1), code: 'inventory.short' }] });

    expect(await stockOf(hub, 'PART-000', 'north')).toMatchObject({ onHand: 3 });
    expect(await stockOf(hub, 'PART-000', 'south')).toMatchObject({ onHand: 3, incoming: 0 });
    expect(await onHand(hub)).toBe(780);
    await expectStockSound(hub.table);

    await accept(hub, { id: '1', version: 2, units: { [open1]: 1 }, status: 'cancelled' });
    expect(await run(hub, file)).toMatchObject({ kind: 'booked', booked: 'now' });
    expect(await stockOf(hub, 'PART-000', 'south')).toMatchObject({ onHand: 3, incoming: 3 });
    await expectStockSound(hub.table);
  });

  test('and that dies while it is taken back is taken back by the next run', async () => {
    const hub = await open();
    await run(hub, fileOf('receipt', DELIVERY, 'delivery'));
    const file = fileOf('transfer', sent);
    await expect(run(dying(hub, 3), file)).rejects.toThrow('killed');
    const left = await whatIsLeft(hub);
    await accept(hub, { id: '1', units: { [left]: 1 } });

    for (let atWrite = 1; atWrite < 6; atWrite++) await run(dying(hub, atWrite), file).catch((error: Error) => expect(error.message).toBe('killed'));
    expect(await run(hub, file)).toMatchObject({ kind: 'not-booked' });

    expect(await stockOf(hub, 'PART-000', 'south')).toMatchObject({ onHand: 3, incoming: 0 });
    expect(await onHand(hub)).toBe(780);
    await expectStockSound(hub.table);
  });

  /** The last SKU that the dead run did not send. */
  async function whatIsLeft(hub: TestHub): Promise<string> {
    const counters = await Promise.all(SKUS.map(async (sku) => ({ sku, units: (await stockOf(hub, sku)).onHand })));
    const left = counters.findLast(({ units }) => units === 3)?.sku;
    if (left === undefined) throw new Error('all was sent');
    expect(counters.some(({ units }) => units === 0)).toBe(true);
    return left;
  }
});

describe('a file of', () => {
  test('counts takes reserved units from orders, and needs a recount for what is far off', async () => {
    const hub = await open({ counting: { toleranceUnits: 1, tolerancePercent: 0 } });
    await receive(hub, 'r1', { TENT: 3, MUG: 9 });
    await accept(hub, ...['1', '2', '3'].map((id) => ({ id })));
    const rows = [
      { warehouse: 'north', sku: 'TENT', counted: 2 },
      { warehouse: 'north', sku: 'MUG', counted: 4 },
    ];

    const once = await run(hub, fileOf('count', rows, 'c1'));
    const otherwise = await run(
      hub,
      fileOf(
        'count',
        rows.map((row) => ({ ...row, recount: row.counted + 2 })),
        'c2',
      ),
    );
    const twice = await run(
      hub,
      fileOf(
        'count',
        rows.map((row) => ({ ...row, recount: row.counted })),
        'c3',
      ),
    );

    expect(once).toMatchObject({ kind: 'not-booked', refusals: [{ index: 1, code: 'inventory.count-again' }] });
    expect(otherwise).toMatchObject({ kind: 'not-booked', refusals: [{ index: 1, code: 'inventory.counts-disagree' }] });
    expect(twice).toMatchObject({ kind: 'booked', totals: { lost: 6, givenUp: 1 } });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 2, reserved: 2 });
    expect((await orderOf(hub, '3')).status).toBe('backordered');
    await expectStockSound(hub.table);
  });

  test('adjustments keeps the reason of each row', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    const row = (quantity: number, cause: string, reason: string) => ({ warehouse: 'north', sku: 'TENT', quantity, cause, reason });

    await run(hub, fileOf('adjustment', [row(-1, 'lost', 'fell apart'), row(2, 'damaged', 'the roof leaked')]));

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 4, quarantined: 2, available: 2 });
    expect((await itemsOf(hub.table)).find(({ entity }) => entity === 'import-chunk')).toMatchObject({
      by: 'manager',
      reasons: [
        { cause: 'lost', reason: 'fell apart' },
        { cause: 'damaged', quantity: 2 },
      ],
    });
    await expectStockSound(hub.table);
  });

  test('returns is booked with the orders it is about', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await shipped(hub, '1', '2');
    const row = (orderId: string) => ({ orderId, warehouse: 'south', sku: 'TENT', quantity: 1 });

    const twice = await run(hub, fileOf('return', [row('wholesale:1'), row('wholesale:2'), row('wholesale:1')], 'b1'));
    const once = await run(hub, fileOf('return', [row('wholesale:1'), row('wholesale:2')], 'b2'));

    expect(twice).toMatchObject({ kind: 'not-booked', refusals: [{ index: 2, code: 'order.return-excess' }] });
    expect(once).toMatchObject({ kind: 'booked', totals: { toQuarantine: 2 } });
    expect((await orderOf(hub, '2')).status).toBe('returned');
    await expectStockSound(hub.table);
  });

  test('receipts of a transfer names it by file and warehouses', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await run(hub, fileOf('transfer', [{ from: 'north', to: 'south', sku: 'TENT', quantity: 4 }], 'move'));

    const arrival = { warehouse: 'south', against: 'transfer', transferId: 'move.north.south', sku: 'TENT', quantity: 3 };
    expect(await run(hub, fileOf('receipt', [arrival], 'arrival'))).toMatchObject({ kind: 'booked', totals: { gained: 3, short: 1 } });

    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ onHand: 3, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test('receipts that is taken back opens the request again, and orders give up what they had of it', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 2 });
    const notifier = async () => ({ id: 'topic', accepts: () => true, send: async () => {} });
    await notifyPlant(eventOf('stock.low', await stockOf(hub, 'TENT')), { ...hub, topicArn: 'arn:plants', notifier });
    const parts = SKUS.slice(0, 60).map((sku) => ({ warehouse: 'north', sku, quantity: 1 }));
    const milk = { warehouse: 'north', sku: 'MILK', lot: 'L1', quantity: 1, expiresOn: '2026-12-31' };
    const file = fileOf('receipt', [...parts, { warehouse: 'north', sku: 'TENT', quantity: 18 }, milk]);
    await expect(run(dyingAt(hub, 'CHUNK#1#000000'), file)).rejects.toThrow('killed');
    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'received', received: 18 });
    await accept(hub, { id: '1', units: { 'PART-059': 1 } });
    await post(hub, { kind: 'receipt', id: 'r2', warehouse: 'south', lines: [{ sku: 'MILK', lot: 'L1', quantity: 1, expiresOn: '2027-01-31' }] });

    expect(await run(hub, file)).toMatchObject({ kind: 'not-booked', refusals: [{ index: 61, field: 'expiresOn', code: 'inventory.lot-differs' }] });

    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'open', received: 0 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 2, incoming: 18 });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'backordered', allocations: [] });
    await expectStockSound(hub.table);
  });

  test('receipts whose goods have left cannot be taken back, and says which', async () => {
    const hub = await open();
    const parts = SKUS.slice(0, 60).map((sku) => ({ warehouse: 'north', sku, quantity: 1 }));
    const file = fileOf('receipt', [...parts, { warehouse: 'north', sku: 'MILK', lot: 'L1', quantity: 1, expiresOn: '2026-12-31' }]);
    await expect(run(dyingAt(hub, 'CHUNK#1#000000'), file)).rejects.toThrow('killed');
    await post(hub, { kind: 'transfer', id: 't1', from: 'north', to: 'south', lines: [{ sku: 'PART-059', quantity: 1 }] });
    await post(hub, { kind: 'receipt', id: 'r2', warehouse: 'south', lines: [{ sku: 'MILK', lot: 'L1', quantity: 1, expiresOn: '2027-01-31' }] });

    for (let times = 0; times < 2; times++) {
      await expect(run(hub, file)).rejects.toMatchObject({ code: 'inventory.import-unsettled', message: expect.stringContaining('PART-059 in north') });
    }

    await expectStockSound(hub.table);
  });
});

test('a booking of the same id as an import is another one', async () => {
  const hub = await open();
  await run(hub, fileOf('receipt', DELIVERY.slice(0, 1), 'x'));

  expect(await post(hub, { kind: 'receipt', id: 'x', warehouse: 'north', against: 'free', lines: [{ sku: 'TENT', quantity: 1 }] })).toMatchObject({
    kind: 'answer',
    body: { booked: 'now' },
  });
});
