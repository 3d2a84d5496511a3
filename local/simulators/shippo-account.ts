import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import type { CarrierFault, CarrierOptions } from './carrier.ts';
import { count, type Row, text } from './database.ts';
import type { Answer } from './listen.ts';

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS shipment (id TEXT PRIMARY KEY, recipient TEXT NOT NULL, body TEXT NOT NULL, rates TEXT NOT NULL, messages TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS rate (id TEXT PRIMARY KEY, shipment_id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS purchase (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, rate_id TEXT NOT NULL, shipment_id TEXT NOT NULL, recipient TEXT NOT NULL, reference TEXT NOT NULL,
    status TEXT NOT NULL, messages TEXT NOT NULL DEFAULT '[]', tracking_number TEXT, label_type TEXT NOT NULL, created TEXT NOT NULL,
    wrong INTEGER NOT NULL DEFAULT 0, handed_over INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS purchase_rate ON purchase (rate_id);
  CREATE INDEX IF NOT EXISTS purchase_tracking ON purchase (tracking_number);
  CREATE TABLE IF NOT EXISTS charge (id INTEGER PRIMARY KEY, purchase_id TEXT, cost INTEGER, currency TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS scan (purchase_id TEXT, step INTEGER, at REAL, body TEXT NOT NULL, PRIMARY KEY (purchase_id, step)) STRICT;
  CREATE TABLE IF NOT EXISTS refund (purchase_id TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS manifest (number INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT NOT NULL, errors TEXT NOT NULL, looks INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS webhook (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS expectation (recipient TEXT PRIMARY KEY, fault TEXT, left INTEGER, journey TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
`;

/** An account at the played Shippo. */
export interface Account {
  readonly database: DatabaseSync;
  readonly options: CarrierOptions;
  readonly origin: string;
}

/** Answers with a refusal, and remembers that the contract was broken. */
export function complain({ database }: Account, where: string, fault: string, status = 400): Answer {
  database.prepare('INSERT INTO complaint (what) VALUES (?)').run(`${where}: ${fault}`.slice(0, 500));
  return { status, json: { detail: fault } };
}

/** Reads a body strictly; what breaks the contract is remembered by its path. */
export function bodyOf<Schema extends z.ZodType>(
  schema: Schema,
  body: string,
  where: string,
  account: Account,
): { readonly input: z.output<Schema> } | { readonly answer: Answer } {
  const read = schema.safeParse(parsed(body));
  if (read.success) return { input: read.data };
  const faults = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  complain(account, where, faults.join('; '));
  const fields = Object.fromEntries(read.error.issues.map(({ path, message }) => [String(path[0] ?? 'detail'), [message]]));
  return { answer: { status: 400, json: fields } };
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
  const due = text(database.prepare('SELECT fault FROM expectation WHERE recipient = ? AND left > 0').get(recipient), 'fault');
  const fault = faults.find((candidate) => candidate === due);
  if (fault !== undefined) database.prepare('UPDATE expectation SET left = 0 WHERE recipient = ?').run(recipient);
  return fault;
}

/** The next number of a kind. */
export function next({ database }: Account, name: string): number {
  return count(database.prepare('INSERT INTO counter VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value').get(name), 'value');
}

const PREFIX: Readonly<Record<string, string>> = {
  shipment: '5a1f',
  rate: '4a7e',
  purchase: '7aac',
  refund: '4ef0',
  manifest: '3a1f',
  webhook: '3eb0',
  address: 'add4',
  pickup: '91c0',
};

/** An object id as Shippo makes them: 32 hexadecimal digits. */
export function newId(account: Account, name: string): string {
  return `${PREFIX[name] ?? '0000'}${next(account, name).toString(16).padStart(28, '0')}`;
}

/** One page of a list, with the address of the next. */
export function pageOf(rows: readonly Row[], query: URLSearchParams, path: string, { origin }: Account, write: (row: Row) => unknown): Answer {
  const page = Number(query.get('page') ?? '1');
  const size = Math.min(100, Number(query.get('results') ?? '25'));
  const shown = rows.slice((page - 1) * size, page * size);
  const address = (number: number) => `${origin}/${path}?page=${number}&results=${size}`;
  const json = { next: page * size < rows.length ? address(page + 1) : null, previous: page > 1 ? address(page - 1) : null, results: shown.map(write) };
  return { status: 200, json };
}

const StoredRate = z.object({
  object_id: z.string(),
  amount: z.string(),
  currency: z.string(),
  provider: z.string(),
  carrier_account: z.string(),
  servicelevel: z.object({ name: z.string(), token: z.string() }),
});

/** A rate as it was stored. */
export function rateIn(row: Row | undefined): z.output<typeof StoredRate> {
  return StoredRate.parse(JSON.parse(text(row, 'body')));
}

/** The rate that a label was bought at. */
export function rateOf(bought: Row, { database }: Account): z.output<typeof StoredRate> {
  return rateIn(database.prepare('SELECT body FROM rate WHERE id = ?').get(text(bought, 'rate_id')));
}

/** The carrier's token, as the addresses of tracks have it: `dhl_express`. */
export function tokenOf(bought: Row, account: Account): string {
  return rateOf(bought, account).provider.toLowerCase().replaceAll(' ', '_');
}

export function purchaseRow(id: string, { database }: Account): Row | undefined {
  return database.prepare('SELECT * FROM purchase WHERE id = ?').get(id);
}
