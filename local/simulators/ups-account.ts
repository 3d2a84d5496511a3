import type { DatabaseSync } from 'node:sqlite';
import type * as z from 'zod';
import type { CarrierFault, CarrierOptions } from './carrier.ts';
import { count, type Row, text } from './database.ts';
import type { Answer } from './listen.ts';

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS shipment (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, recipient TEXT NOT NULL, shipment TEXT NOT NULL, cost INTEGER NOT NULL, currency TEXT NOT NULL,
    voided INTEGER NOT NULL DEFAULT 0, handed_over INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS shipment_reference ON shipment (reference);
  CREATE TABLE IF NOT EXISTS scan (shipment_id TEXT, at REAL, type TEXT, code TEXT, number TEXT, description TEXT, PRIMARY KEY (shipment_id, number)) STRICT;
  CREATE TABLE IF NOT EXISTS expectation (recipient TEXT PRIMARY KEY, fault TEXT, left INTEGER, journey TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS subscription (account TEXT PRIMARY KEY, until REAL NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS pickup (prn TEXT PRIMARY KEY, cancelled INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, until REAL NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
`;

/** An account at the played UPS. */
export interface Account {
  readonly database: DatabaseSync;
  readonly options: CarrierOptions;
  readonly number: string;
}

/** An error as UPS answers one. */
export function problem(status: number, code: string, message: string): Answer {
  return { status, json: { response: { errors: [{ code, message }] } } };
}

/** Answers with an error, and remembers that the contract was broken. */
export function complain({ database }: Account, where: string, fault: string): Answer {
  database.prepare('INSERT INTO complaint (what) VALUES (?)').run(`${where}: ${fault}`.slice(0, 500));
  const [, code = '9120000', message = fault] = /^(\d{6}) (.*)$/.exec(fault) ?? [];
  return problem(400, code, message);
}

/** Reads a body strictly; what breaks the contract is remembered by its path. */
export function bodyOf<Schema extends z.ZodType>(schema: Schema, body: string, where: string, account: Account): z.output<Schema> | Answer {
  const read = schema.safeParse(parsed(body));
  if (read.success) return read.data;
  return complain(account, where, read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** Whether `bodyOf` has answered instead of reading. */
export function isAnswer(value: unknown): value is Answer {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && 'status' in value);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Uses a recipient's fault up when it is one of those; undefined where there is none. */
export function takeFault({ database }: Account, recipient: string, faults: readonly CarrierFault[]): CarrierFault | undefined {
  const due = text(database.prepare('SELECT fault FROM expectation WHERE recipient = ? AND left > 0').get(recipient.toUpperCase()), 'fault');
  const fault = faults.find((candidate) => candidate === due);
  if (fault !== undefined) database.prepare('UPDATE expectation SET left = 0 WHERE recipient = ?').run(recipient.toUpperCase());
  return fault;
}

/** The next number of a kind. */
export function next({ database }: Account, name: string): number {
  return count(database.prepare('INSERT INTO counter VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value').get(name), 'value');
}

export function shipmentOf({ database }: Account, id: string): Row | undefined {
  return database.prepare('SELECT * FROM shipment WHERE id = ?').get(id);
}

/** What every answer that is no error says first. */
export const SUCCESS = { ResponseStatus: { Code: '1', Description: 'Success' } };
