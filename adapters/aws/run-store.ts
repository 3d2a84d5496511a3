import type { Key, Table } from './table.ts';

/** One run of a report: what it was computed from and what came out, so that it can be proved and repeated. */
export interface ReportRun {
  readonly report: string;
  /** The day it is about: `2026-11-22`. */
  readonly day: string;
  readonly scheduledAt: string;
  readonly ranAt: string;
  /** How many facts it was computed from. */
  readonly facts: number;
  /** SHA-256 of its content: the same facts give the same. */
  readonly checksum: string;
  /** Object names in the reports bucket. */
  readonly objects: readonly string[];
}

/** Records a run; a repeat of the same schedule replaces it. */
export async function writeRun(table: Table, run: ReportRun): Promise<void> {
  const key: Key = { PK: `RUN#${run.report}`, SK: run.scheduledAt };
  await table.putAll([{ ...key, entity: 'report-run', ...run }]);
}
