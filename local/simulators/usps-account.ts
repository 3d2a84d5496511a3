import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import type { CarrierFault, CarrierOptions } from './carrier.ts';
import { count, type Row, text } from './database.ts';
import type { Answer, Call } from './listen.ts';

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS label (
    key TEXT PRIMARY KEY, path TEXT NOT NULL, body TEXT NOT NULL, recipient TEXT NOT NULL, reference TEXT NOT NULL, tracking TEXT UNIQUE NOT NULL,
    cost INTEGER NOT NULL, wrong INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'sold', filed INTEGER NOT NULL DEFAULT 0, reprints INTEGER NOT NULL DEFAULT 0,
    mailing_date TEXT NOT NULL, sold_at INTEGER NOT NULL, left_at INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS charge (key TEXT PRIMARY KEY, cost INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS form (number TEXT NOT NULL, tracking TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS pickup (confirmation TEXT PRIMARY KEY, body TEXT NOT NULL, etag TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS subscription (id TEXT PRIMARY KEY, listener TEXT UNIQUE NOT NULL, mid TEXT NOT NULL, secret TEXT NOT NULL, status TEXT NOT NULL, etag TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS token (value TEXT PRIMARY KEY, kind TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS expectation (recipient TEXT PRIMARY KEY, fault TEXT, left INTEGER NOT NULL, journey TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
`;

/** The simulated account, as every part of the simulator works on it. */
export interface Account {
  readonly database: DatabaseSync;
  readonly options: CarrierOptions;
}

/** The error that USPS writes. */
export function problem(status: number, message: string, detail = message, parameter = '', headers: Record<string, string> = {}): Answer {
  const title = status === 400 ? 'Bad Request' : message;
  const errors = [{ status: String(status), code: '000000', title, detail, ...(parameter !== '' && { source: { parameter } }) }];
  return { status, headers, json: { apiVersion: 'v3', error: { code: String(status), message: title, errors } } };
}

/** Remembers what broke the contract. */
export function complain({ database }: Account, what: string): void {
  database.prepare('INSERT INTO complaint (what) VALUES (?)').run(what);
}

/** Reads a body by its contract, or refuses it and remembers why. */
export function bodyOf<Schema extends z.ZodType>(call: Call, schema: Schema, account: Account): { readonly body: z.output<Schema> } | { readonly refusal: Answer } {
  const read = schema.safeParse(jsonIn(call.body));
  if (read.success) return { body: read.data };
  const [issue] = read.error.issues;
  const path = issue?.path.join('.') ?? '';
  complain(account, `${call.method} ${call.path}: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`);
  return { refusal: problem(400, 'Bad Request', `OASValidation: ${issue?.message ?? 'the body is not valid'}`, path) };
}

function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The next number of a kind. */
export function next({ database }: Account, name: string): number {
  return count(database.prepare('INSERT INTO counter VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value').get(name), 'value');
}

/** The fault that is still to come for a recipient, or ''. */
export function faultOf({ database }: Account, recipient: string): string {
  return text(database.prepare('SELECT fault FROM expectation WHERE recipient = ? AND left > 0').get(recipient), 'fault');
}

/** Uses a recipient's fault up when it is one of those. */
export function takeFault(account: Account, recipient: string, faults: readonly CarrierFault[]): boolean {
  const fault = faultOf(account, recipient);
  if (!faults.some((candidate) => candidate === fault)) return false;
  account.database.prepare('UPDATE expectation SET left = 0 WHERE recipient = ?').run(recipient);
  return true;
}

/** Uses up a fault that strikes before USPS knows for whom a price is asked: whoever asks next has it. */
export function takeAnyFault(account: Account, fault: CarrierFault): boolean {
  const row = account.database.prepare('SELECT recipient FROM expectation WHERE fault = ? AND left > 0 ORDER BY recipient').get(fault);
  return row !== undefined && takeFault(account, text(row, 'recipient'), [fault]);
}

/** A label by its number. */
export function labelOf({ database }: Account, tracking: string): Row | undefined {
  return database.prepare('SELECT * FROM label WHERE tracking = ?').get(tracking);
}

/** Today in UTC: `2026-11-23`. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
