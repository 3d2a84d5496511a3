import { CsvError, parse } from 'csv-parse/sync';
import type { FileRow } from '../core/booking-file.ts';
import { Rejected } from '../core/error.ts';

/** A table as a spreadsheet saves it. */
export interface CsvFile {
  readonly columns: readonly string[];
  readonly rows: readonly FileRow[];
}

/** How many rows a file may have. */
const MAX_ROWS = 200_000;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a CSV file: commas, semicolons or tabs, as its header has them; quoted cells; with a byte order mark or without. Empty lines count
 * as rows, so that a row has the number that a spreadsheet shows.
 * @throws Rejected `csv.*` naming the row
 */
export function readCsv(bytes: Uint8Array): CsvFile {
  const [header, ...records] = recordsOf(textOf(bytes));
  if (header === undefined) throw new Rejected('csv.empty', 'The file is empty; its first row names the columns.');
  if (records.length > MAX_ROWS) throw new Rejected('csv.too-long', `The file has ${records.length} rows, and ${MAX_ROWS} can be read; split it.`);
  const columns = header.cells;
  const filled = records.filter(({ cells }) => cells.some((cell) => cell !== ''));
  return { columns, rows: filled.map(({ row, cells }) => ({ row, cells: cellsOf(columns, cells, row) })) };
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Rejected('csv.not-utf8', 'The file is not UTF-8; save it as "CSV UTF-8".', { cause });
  }
}

interface Numbered {
  readonly row: number;
  readonly cells: readonly string[];
}

function recordsOf(text: string): Numbered[] {
  const [firstLine = ''] = text.split(/\r?\n/, 1);
  const delimiter = [';', '\t'].find((sign) => firstLine.includes(sign) && !firstLine.includes(',')) ?? ',';
  try {
    const records: string[][] = parse(text, { delimiter, trim: true, relax_column_count: true });
    return records.map((cells, index) => ({ row: index + 1, cells }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new Rejected('csv.unreadable', `Row ${rowOf(cause)}: ${WHY[cause.code] ?? 'the row cannot be read'}.`, { cause });
  }
}

const WHY: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'a quote is closed and something follows it',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'a quote is closed and something follows it',
  INVALID_OPENING_QUOTE: 'a quote is opened within a cell',
};

function rowOf({ records, lines }: CsvError): number {
  return typeof records === 'number' ? records + 1 : Number(lines);
}

/** @throws Rejected `csv.ragged` */
function cellsOf(columns: readonly string[], cells: readonly string[], row: number): Record<string, string> {
  const surplus = cells.slice(columns.length).find((cell) => cell !== '');
  if (surplus !== undefined)
    throw new Rejected('csv.ragged', `Row ${row}: ${JSON.stringify(surplus.slice(0, 80))} stands beyond the last column; quote cells that hold a comma.`, {
      seen: surplus.slice(0, 80),
    });
  return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
}
