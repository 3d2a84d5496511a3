import type { DatabaseSync } from 'node:sqlite';
import type { CarrierOptions } from './carrier.ts';
import { count } from './database.ts';
import type { Answer } from './listen.ts';

/** What a part of the account works with. */
export interface Account {
  readonly database: DatabaseSync;
  readonly options: CarrierOptions;
  readonly number: string;
  down: boolean;
}

/** Counts something up. */
export function next({ database }: Account, name: string): number {
  return count(database.prepare('INSERT INTO counter VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value').get(name), 'value');
}

/** A good answer. */
export function good(output: unknown): Answer {
  return { status: 200, json: { transactionId: '624deea6-b709-470c-8c39-4b5511281492', output } };
}

/** An error as FedEx answers it. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, json: { transactionId: '624deea6-b709-470c-8c39-4b5511281492', errors: [{ code, message: 'We are unable to process this request.' }] } };
}
