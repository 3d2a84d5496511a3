import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

/** A row as SQLite returns it. */
export type Row = Record<string, SQLOutputValue>;

/** Opens a database file that outlives a kill -9 of this process: what was written is there at the next start. */
export function openDatabase(file: string, schema: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  // With WAL, `synchronous = OFF` risks data at a power cut only, not when the process dies.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000;');
  database.exec(schema);
  return database;
}

/** Runs writes in one transaction. */
export function inTransaction(database: DatabaseSync, write: () => void): void {
  database.exec('BEGIN');
  try {
    write();
    database.exec('COMMIT');
  } catch (cause) {
    database.exec('ROLLBACK');
    throw cause;
  }
}

/** A column as text; SQL NULL is the empty string. */
export function text(row: Row | undefined, column: string): string {
  const value = row?.[column];
  return value === null || value === undefined ? '' : String(value);
}

/** A column as a number; SQL NULL is 0. */
export function count(row: Row | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

/** A column of bytes; SQL NULL is empty. */
export function bytes(row: Row | undefined, column: string): Buffer {
  const value = row?.[column];
  return value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(text(row, column));
}
