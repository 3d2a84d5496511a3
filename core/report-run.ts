import type { Change } from './change.ts';

/** One run of a report: what it was computed from and what came out, so that it can be proved and repeated. */
export interface ReportRun {
  readonly entity: 'report';
  readonly report: string;
  /** The day it is about: `2026-11-22`. */
  readonly day: string;
  /** The instant it was due; a repeat of the same schedule is the same run. */
  readonly scheduledAt: string;
  /** How many facts it was computed from. */
  readonly facts: number;
  /** SHA-256 of its content: the same facts give the same. */
  readonly checksum: string;
  /** Object names in the reports bucket. */
  readonly objects: readonly string[];
  readonly version: number;
  readonly change: Change;
}
