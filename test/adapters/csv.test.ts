import { describe, expect, test } from 'vitest';
import { readCsv } from '../../adapters/csv.ts';

function read(text: string) {
  return readCsv(Buffer.from(text, 'utf8'));
}

describe('a CSV file', () => {
  test.each<[string, string]>([
    ['commas', 'sku,quantity\nTENT,5\n'],
    ['semicolons, as spreadsheets save them where the comma is a decimal sign', 'sku;quantity\nTENT;5\n'],
    ['tabs', 'sku\tquantity\nTENT\t5\n'],
    ['a byte order mark and the line ends of Windows', '\uFEFFsku,quantity\r\nTENT,5\r\n'],
    ['quotes and spaces around cells', '"sku" , quantity\n "TENT" , 5\n'],
    ['no line end at the end', 'sku,quantity\nTENT,5'],
    ['cells that hold nothing beyond the last column', 'sku,quantity\nTENT,5,,\n'],
  ])('is read with %s', (_name, text) => {
    expect(read(text)).toEqual({ columns: ['sku', 'quantity'], rows: [{ row: 2, cells: { sku: 'TENT', quantity: '5' } }] });
  });

  test('keeps the numbers of rows over empty ones', () => {
    expect(read('sku,quantity\nTENT,5\n\n , \nMUG,1\n').rows.map(({ row }) => row)).toEqual([2, 5]);
  });

  test('keeps a cell that names a prototype as any other', () => {
    expect(read('sku,quantity\n__proto__,constructor\n').rows[0]?.cells).toEqual({ sku: '__proto__', quantity: 'constructor' });
  });

  test.each<[string, string, string, string]>([
    ['empty', '', 'csv.empty', 'first row'],
    ['with a quote that never closes', 'sku,quantity\nTENT,5\nMUG,"1\n', 'csv.unreadable', 'Row 3: a quote is opened and never closed'],
    ['with a quote in a cell', 'sku,quantity\nTENT,5"\n', 'csv.unreadable', 'Row 2: a quote is opened within a cell'],
    ['with more cells than columns', 'sku,quantity\nTENT,5\nMUG,1,200\n', 'csv.ragged', 'Row 3: "200"'],
  ])('that is %s is refused', (_name, text, code, said) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ name: 'Rejected', code, message: expect.stringContaining(said) }));
  });

  test('that is not UTF-8 is refused, and so is one that is too long', () => {
    expect(() => readCsv(Buffer.from([0x73, 0xe4, 0x0a]))).toThrow(expect.objectContaining({ code: 'csv.not-utf8' }));
    expect(() => read(`sku\n${'TENT\n'.repeat(200_001)}`)).toThrow(expect.objectContaining({ code: 'csv.too-long' }));
  });
});
