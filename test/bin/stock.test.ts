import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bookOne, importFile, showStock } from '../../bin/commands/stock.ts';
import type { BookingKind } from '../../core/booking.ts';
import { useEmulator } from '../emulator.ts';
import { hubWithLots, shipped } from '../functions/inventory/bookings.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { stockOf, type TestHub } from '../functions/world.ts';
import { expectStockSound, itemsOf } from '../invariants.ts';

const emulator = useEmulator();
useLogLines();

async function open(): Promise<TestHub> {
  return hubWithLots(await emulator.freshTable());
}

async function book(hub: TestHub, kind: BookingKind, header: object, ...lines: readonly string[]) {
  return await bookOne(hub, { kind, header: { id: 'b1', ...header }, lines, each: {} });
}

async function load(hub: TestHub, kind: BookingKind, text: string, options: { readonly apply?: boolean; readonly id?: string } = {}) {
  const path = join(mkdtempSync(join(tmpdir(), 'stock-')), 'file.csv');
  writeFileSync(path, text);
  return await importFile(hub, { kind, path, apply: false, ...options, progress: () => {} });
}

describe('crossdock stock', () => {
  test('books a line as it is typed, in the name of the person at the terminal', async () => {
    const hub = await open();

    const { json, text } = await book(hub, 'receipt', { warehouse: 'north' }, 'TENT=5', 'MILK=3@L1:2027-01-31');

    expect(json).toMatchObject({
      kind: 'receipt',
      id: 'b1',
      booked: 'now',
      lines: [
        { sku: 'TENT', onHand: 5 },
        { sku: 'MILK', lot: 'L1', onHand: 3 },
      ],
    });
    expect(text).toContain('receipt b1 is booked\n  TENT in north');
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, change: { by: `operator:${userInfo().username}` } });
    expect(await stockOf(hub, 'MILK', 'north', 'L1')).toMatchObject({ onHand: 3, expiresOn: '2027-01-31' });
    expect((await book(hub, 'receipt', { warehouse: 'north' }, 'TENT=5', 'MILK=3@L1:2027-01-31')).text).toContain('was booked before; nothing changed');
  });

  test('books each kind', async () => {
    const hub = await open();
    await book(hub, 'receipt', { warehouse: 'north' }, 'TENT=9');
    await shipped(hub, '1');

    await book(hub, 'count', { warehouse: 'north' }, 'TENT=7/8');
    await book(hub, 'transfer', { from: 'north', to: 'south' }, 'TENT=2');
    const arrival = await book(hub, 'receipt', { id: 'b2', warehouse: 'south', against: 'transfer', transferId: 'b1' }, 'TENT=1');
    await book(hub, 'return', { orderId: 'wholesale:1', warehouse: 'south', parcel: 1 }, 'TENT=1');
    await bookOne(hub, { kind: 'inspection', header: { warehouse: 'south' }, lines: ['TENT=1'], each: { verdict: 'restock' } });
    await bookOne(hub, { kind: 'adjustment', header: { cause: 'lost', reason: 'fell apart' }, lines: ['TENT=-1'], each: { warehouse: 'north' } });

    expect(arrival.text).toContain('2 asked for, 1 short');
    expect(await stockOf(hub, 'TENT', 'north')).toMatchObject({ onHand: 4, available: 4 });
    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ onHand: 2, available: 2, quarantined: 0, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test.each<[string, string, string]>([
    ['TENT', 'stock.line-unreadable', '"TENT" is no line'],
    ['TENT=1O', 'request.invalid', 'lines.0.quantity: "1O" is no whole number'],
    ['TENT=', 'request.invalid', 'lines.0.quantity: "" is no whole number'],
    ['GHOST=1', 'inventory.unknown', '"GHOST" is no product'],
    ['MILK=1@', 'stock.line-unreadable', '"MILK=1@"'],
    ['A=B=1', 'inventory.unknown', '"A=B"'],
  ])('refuses the line %s and books nothing', async (line, code, said) => {
    const hub = await open();

    await expect(book(hub, 'receipt', { warehouse: 'north' }, line)).rejects.toMatchObject({ code, message: expect.stringContaining(said) });

    expect(await itemsOf(hub.table)).toEqual([]);
  });

  test('refuses what stock does not allow, with the reason', async () => {
    const hub = await open();

    await expect(book(hub, 'transfer', { from: 'north', to: 'south' }, 'TENT=2')).rejects.toMatchObject({ code: 'inventory.short' });
  });
});

describe('crossdock stock show', () => {
  test('shows every place of a SKU, and what they hold together', async () => {
    const hub = await open();
    await book(hub, 'receipt', { warehouse: 'north' }, 'MILK=3@L1:2027-01-31', 'MILK=2@L2:2026-11-01');

    const { json, text } = await showStock(hub.table, 'MILK');

    expect(json).toMatchObject({
      sku: 'MILK',
      places: [
        { warehouse: 'north', lot: 'L1', available: 3 },
        { lot: 'L2', expiresOn: '2026-11-01', quarantined: 2, available: 0 },
      ],
    });
    expect(text.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['stock of MILK'],
      ['warehouse', 'lot', 'expires', 'on hand', 'reserved', 'quarantined', 'available', 'incoming'],
      ['north', 'L1', '2027-01-31', '3', '0', '0', '3', '0'],
      ['north', 'L2', '2026-11-01', '2', '0', '2', '0', '0'],
      ['all', '5', '0', '2', '3', '0'],
    ]);
  });

  test('says so where there never was any', async () => {
    await expect(showStock((await open()).table, 'GHOST')).rejects.toMatchObject({ code: 'inventory.unknown' });
  });
});

describe('crossdock stock import', () => {
  const GOOD = `warehouse,sku,quantity,lot,expiresOn\n${'north,TENT,5,,\n'.repeat(3)}south,MILK,2,L1,2027-01-31\n`;

  test('tries a file, books it, and knows it again', async () => {
    const hub = await open();

    const tried = await load(hub, 'receipt', GOOD);
    const before = await itemsOf(hub.table);
    const booked = await load(hub, 'receipt', GOOD, { apply: true });
    const again = await load(hub, 'receipt', GOOD, { apply: true });

    expect(tried).toMatchObject({ valid: true, json: { applied: false, booked: 'no', problems: [], totals: { rows: 4, places: 2, gained: 17 } } });
    expect(tried.text).toContain('book it with --apply');
    expect(before).toEqual([]);
    expect(booked).toMatchObject({ valid: true, json: { applied: true, booked: 'now' } });
    expect(again).toMatchObject({ valid: true, json: { booked: 'already' }, text: expect.stringContaining('was booked before') });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 15 });
    await expectStockSound(hub.table);
  });

  test('says of row 5001 what is wrong with it, and books nothing of the file', async () => {
    const hub = await open();
    const rows = Array.from({ length: 6_000 }, (_, index) => `north,TENT,${index === 4_999 ? '1O' : 1}`);

    const result = await load(hub, 'receipt', `warehouse,sku,quantity\n${rows.join('\n')}\n`, { apply: true });

    expect(result).toMatchObject({ valid: false, json: { booked: 'no', problems: [{ row: 5_001, column: 'quantity', message: '"1O" is no whole number' }], problemsInAll: 1 } });
    expect(result.text).toContain('row 5001, column quantity: "1O" is no whole number');
    expect(await itemsOf(hub.table)).toEqual([]);
  });

  test('lists 50 problems and counts the rest', async () => {
    const hub = await open();

    const result = await load(hub, 'receipt', `warehouse,sku,quantity\n${'north,GHOST,1\n'.repeat(70)}`);

    expect(result).toMatchObject({ json: { problemsInAll: 70 } });
    expect(result.text.match(/row \d+, column sku: "GHOST"/g)).toHaveLength(50);
    expect(result.text).toContain('and 20 more');
  });

  test('says of a row what stock does not allow', async () => {
    const hub = await open();
    await load(hub, 'receipt', GOOD, { apply: true });

    const result = await load(hub, 'transfer', 'from,to,sku,lot,quantity\nsouth,north,MILK,L1,2\nnorth,south,TENT,,16\n', { apply: true });

    expect(result).toMatchObject({ valid: false, json: { problems: [{ row: 3, column: 'quantity', message: expect.stringContaining('16 is more than the 15 units') }] } });
    expect(await stockOf(hub, 'MILK', 'south', 'L1')).toMatchObject({ onHand: 2 });
  });

  test.each<[string, string, object, string]>([
    ['a name that is none', GOOD, { id: 'a b' }, '"a b" is not 1 to 64'],
    ['another file under its name', `${GOOD}north,TENT,1,,\n`, { id: 'mine' }, 'Another file was imported as "mine"'],
  ])('refuses %s', async (_name, text, options, said) => {
    const hub = await open();
    await load(hub, 'receipt', GOOD, { apply: true, id: 'mine' });

    await expect(load(hub, 'receipt', text, { apply: true, ...options })).rejects.toMatchObject({ name: 'Rejected', message: expect.stringContaining(said) });
  });

  test('says so when there is no such file', async () => {
    const hub = await open();

    await expect(importFile(hub, { kind: 'count', path: '/nowhere/none.csv', apply: false, progress: () => {} })).rejects.toMatchObject({ code: 'csv.not-found' });
  });
});
