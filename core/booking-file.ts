import { type BookingKind, BookingRow, columnsOf, type Entry, entryOf, type Fault, faultsOf, NUMBER_COLUMNS } from './booking.ts';
import type { Client } from './client.ts';

/** One row of a file: which line of the file it is, the header being the first, and its cells by column. */
export interface FileRow {
  readonly row: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** Something in a file that cannot be booked. */
export interface RowProblem {
  readonly row: number;
  /** Empty where it is about the row as a whole. */
  readonly column: string;
  /** The value seen and what is wrong with it. */
  readonly message: string;
}

/** A file as bookings: its entries in the order of its rows. */
export interface BookingFile {
  readonly entries: readonly Entry[];
  /** The row of each entry. */
  readonly rows: readonly number[];
  readonly problems: readonly RowProblem[];
}

/**
 * Reads the rows of a file as bookings of one kind, and lists all that is wrong with them, in the order of the rows.
 * @param columns the file's header
 */
export function readBookingFile(kind: BookingKind, columns: readonly string[], rows: readonly FileRow[], importId: string, client: Client): BookingFile {
  const header = headerProblems(kind, columns);
  if (header.length > 0) return { entries: [], rows: [], problems: header };
  const entries: Entry[] = [];
  const places: number[] = [];
  const problems: RowProblem[] = rows.length === 0 ? [{ row: 1, column: '', message: 'the file has a header and no rows' }] : [];
  for (const { row, cells } of rows) {
    const parsed = BookingRow.safeParse({ ...valuesOf(cells), kind });
    if (parsed.success) {
      entries.push(entryOf(parsed.data, importId));
      places.push(row);
    } else {
      for (const { path, message } of parsed.error.issues) problems.push(problemOf(row, String(path[0] ?? ''), message, cells));
    }
  }
  const faults = faultsOf(entries, client, true, (index) => `row ${places[index]}`);
  const all = [...problems, ...faults.map((fault) => rowProblem(fault, places))];
  return { entries, rows: places, problems: all.sort((a, b) => a.row - b.row) };
}

/** A fault of an entry, as the row and the column where it is. */
export function rowProblem({ index, field, message }: Fault, rows: readonly number[]): RowProblem {
  return { row: rows[index] ?? 0, column: field, message };
}

function headerProblems(kind: BookingKind, columns: readonly string[]): RowProblem[] {
  const known = columnsOf(kind);
  const names = known.map(({ name }) => name);
  const problem = (column: string, message: string) => ({ row: 1, column, message });
  return [
    ...columns.filter((column) => !names.includes(column)).map((column) => problem(column, `is no column of a ${kind} file; its columns: ${names.join(', ')}`)),
    ...columns.filter((column, index) => columns.indexOf(column) !== index).map((column) => problem(column, 'is there twice')),
    ...known.filter(({ name, required }) => required && !columns.includes(name)).map(({ name }) => problem(name, 'is missing; every row needs it')),
  ];
}

const WHOLE = /^[+-]?\d{1,15}$/;

/** Cells as values: an empty cell says nothing, and a number that is none stays as it is written. */
function valuesOf(cells: Readonly<Record<string, string>>): Record<string, string | number> {
  const said = Object.entries(cells).filter(([, cell]) => cell !== '');
  return Object.fromEntries(said.map(([column, cell]) => [column, NUMBER_COLUMNS.has(column) && WHOLE.test(cell) ? Number(cell) : cell]));
}

function problemOf(row: number, column: string, message: string, cells: Readonly<Record<string, string>>): RowProblem {
  const cell = JSON.stringify((cells[column] ?? '').slice(0, 80));
  if (cells[column] === undefined || cells[column] === '') return { row, column, message: 'is missing' };
  return { row, column, message: message.startsWith(cell) || message.startsWith(cells[column]) ? message : `${cell} ${message}` };
}
