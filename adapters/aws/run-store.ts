import type { ReportRun } from '../../core/report-run.ts';
import type { Key, Table } from './table.ts';

function runKey({ report, scheduledAt }: Pick<ReportRun, 'report' | 'scheduledAt'>): Key {
  return { PK: `RUN#${report}`, SK: scheduledAt };
}

/** Records a run; a repeat of the same schedule replaces it. */
export async function writeRun(table: Table, run: ReportRun): Promise<void> {
  await table.putAll([{ ...run, ...runKey(run) }]);
}
