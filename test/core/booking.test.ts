import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Booking, BookingKind, columnsOf, entriesOf, placeOf } from '../../core/booking.ts';
import { lanesOf } from '../../core/booking-chunk.ts';
import { readBookingFile } from '../../core/booking-file.ts';
import { placeKey } from '../../core/inventory.ts';
import { runs } from '../runs.ts';
import { sampleClient } from './samples.ts';

const CLIENT = sampleClient();

function fileOf(kind: BookingKind, header: string, ...lines: readonly string[]) {
  const columns = header.split(',');
  const rows = lines.map((line, index) => ({ row: index + 2, cells: Object.fromEntries(line.split(',').map((cell, at) => [columns[at] ?? '', cell])) }));
  return readBookingFile(kind, columns, rows, 'import', CLIENT);
}

describe('the file of a booking', () => {
  test.each<[BookingKind, string]>([
    ['receipt', 'warehouse,against,transferId,sku,lot,quantity,expiresOn'],
    ['adjustment', 'reason,cause,sku,lot,warehouse,quantity'],
    ['transfer', 'from,to,sku,lot,quantity'],
    ['count', 'warehouse,sku,lot,counted,expected,recount'],
    ['return', 'orderId,parcel,warehouse,sku,lot,quantity'],
    ['inspection', 'warehouse,sku,lot,quantity,verdict'],
  ])('of kind %s has the columns %s', (kind, columns) => {
    expect(
      columnsOf(kind)
        .map(({ name }) => name)
        .join(','),
    ).toBe(columns);
  });

  test('says row, column and value of all that is wrong', () => {
    const { problems } = fileOf(
      'receipt',
      'warehouse,sku,quantity',
      'north,TENT,5',
      'north,TENT,1O',
      'moon,GHOST,5',
      'north,,10001',
      'North 1,TENT,',
      'north,MUG,0',
      'north,MUG,1.5',
    );

    expect(problems.map(({ row, column, message }) => `row ${row}, column ${column}: ${message}`)).toEqual([
      'row 3, column quantity: "1O" is no whole number',
      'row 4, column warehouse: "moon" is no warehouse of this client; its warehouses: north, south',
      'row 4, column sku: "GHOST" is no product of this client',
      'row 5, column sku: is missing',
      'row 5, column quantity: 10001 is more than 10000 units',
      expect.stringMatching(/^row 6, column warehouse: "North 1" must be/),
      'row 6, column quantity: is missing',
      'row 7, column quantity: 0 is below 1',
      'row 8, column quantity: "1.5" is no whole number',
    ]);
  });

  test('must have the columns of its kind, each once, and no other', () => {
    const { problems, entries } = fileOf('count', 'warehouse,sku,sku,qty', 'north,TENT,TENT,5');

    expect(problems.map(({ row, column, message }) => `${row} ${column} ${message}`)).toEqual([
      expect.stringMatching(/^1 qty is no column of a count file; its columns: warehouse, sku, lot, counted/),
      '1 sku is there twice',
      '1 counted is missing; every row needs it',
    ]);
    expect(entries).toEqual([]);
  });

  test('may not count one place twice, and may receive there twice', () => {
    const counts = fileOf('count', 'warehouse,sku,counted', 'north,TENT,5', 'south,TENT,5', 'north,TENT,6');
    const receipts = fileOf('receipt', 'warehouse,sku,quantity', 'north,TENT,5', 'north,TENT,6');

    expect(counts.problems).toEqual([{ row: 4, column: 'sku', message: '"TENT" is said in row 2 too; say it once' }]);
    expect(receipts.problems).toEqual([]);
  });

  test('says a recount beside its first count', () => {
    const { entries } = fileOf('count', 'warehouse,sku,counted,recount', 'north,TENT,5,', 'north,MUG,5,4');

    expect(entries).toMatchObject([
      { counted: 5, recount: false },
      { counted: 4, recount: true, first: 5 },
    ]);
  });

  test('that has no rows says so', () => {
    expect(fileOf('receipt', 'warehouse,sku,quantity').problems).toMatchObject([{ row: 1, message: 'the file has a header and no rows' }]);
  });
});

test('every line of a booking is said with the whole of its header', () => {
  const booking = Booking.parse({
    kind: 'transfer',
    id: 't1',
    from: 'north',
    to: 'south',
    lines: [
      { sku: 'TENT', quantity: 1 },
      { sku: 'MUG', quantity: 2 },
    ],
  });

  expect(entriesOf(booking)).toEqual([
    { kind: 'transfer', transferId: 't1', from: 'north', to: 'south', sku: 'TENT', quantity: 1 },
    { kind: 'transfer', transferId: 't1', from: 'north', to: 'south', sku: 'MUG', quantity: 2 },
  ]);
});

describe('shared out over transactions', () => {
  const entries = fc.array(
    fc.record({ sku: fc.nat(60), warehouse: fc.constantFrom('north', 'south', 'east', 'west'), lot: fc.option(fc.nat(40), { nil: undefined }) }).map(({ sku, warehouse, lot }) => {
      return { kind: 'receipt' as const, against: 'request' as const, sku: `SKU-${sku}`, warehouse, ...(lot !== undefined && { lot: `L${lot}` }), quantity: 1 };
    }),
    { maxLength: 600 },
  );

  test('every entry is in exactly one, and lanes do not meet', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const lanes = lanesOf(list);

        const indexes = lanes.flat().flatMap((chunk) => chunk.indexes);
        const skus = lanes.map((lane) => new Set(lane.flatMap((chunk) => chunk.entries.map(({ sku }) => sku))));
        expect(indexes.toSorted((a, b) => a - b)).toEqual(list.map((_, index) => index));
        expect(skus.reduce((sum, lane) => sum + lane.size, 0)).toBe(new Set(list.map(({ sku }) => sku)).size);
        for (const chunk of lanes.flat()) expect(chunk.entries).toEqual(chunk.indexes.map((index) => list[index]));
      }),
      { numRuns: runs(300) },
    );
  });

  test('a place that thousands of rows name is written in as few as hold what they say', () => {
    const list = Array.from({ length: 1_201 }, () => ({ kind: 'receipt' as const, against: 'free' as const, sku: 'TENT', warehouse: 'north', quantity: 1 }));

    expect(lanesOf(list).map((lane) => lane.map((chunk) => chunk.entries.length))).toEqual([[500, 500, 201]]);
  });

  test('none writes more than a transaction holds', () => {
    fc.assert(
      fc.property(entries, (list) => {
        for (const chunk of lanesOf(list).flat()) {
          const places = new Set(
            chunk.entries.map(placeOf).flatMap(({ sku, warehouse, lot }) => [placeKey({ sku, warehouse, lot }), ...(lot === undefined ? [] : [placeKey({ sku, warehouse })])]),
          );
          const requests = new Set(chunk.entries.map(placeOf).map(({ sku, warehouse }) => `${sku} ${warehouse}`));
          expect(1 + 2 * places.size + requests.size).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

test('all kinds have a place in the schema of bookings', () => {
  expect(Booking.options.map(({ shape }) => shape.kind.value)).toEqual(BookingKind.options);
});
