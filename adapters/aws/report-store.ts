import * as z from 'zod';
import { DailyReport } from '../../core/report.ts';
import type { Bucket } from './object-store.ts';
import { reportObject } from './report-object.ts';

const ReportFile = z.object({ report: DailyReport });

/** Reads a report back from its JSON document. */
export async function readReport(bucket: Bucket, report: string, day: string): Promise<DailyReport> {
  return ReportFile.parse(JSON.parse(Buffer.from(await bucket.get(reportObject(report, day, 'json'))).toString('utf8'))).report;
}
