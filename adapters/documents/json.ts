import { checksumOf, DailyReport } from '../../core/report.ts';
import type { ReportDocument } from '../document.ts';

/** For programs: the report as it is, keys always in the order of its schema. */
export default {
  id: 'json',
  extension: 'json',
  contentType: 'application/json',
  render: (report, { generatedAt }) =>
    Buffer.from(
      `${JSON.stringify({ format: 'crossdock.daily-report', generatedAt: generatedAt?.toISOString() ?? null, checksum: checksumOf(report), report: DailyReport.parse(report) }, null, 2)}\n`,
      'utf8',
    ),
} satisfies ReportDocument;
