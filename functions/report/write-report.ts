import { Bucket, readFacts } from '../../adapters/aws/object-store.ts';
import { reportObject } from '../../adapters/aws/report-object.ts';
import { writeRun } from '../../adapters/aws/run-store.ts';
import { DOCUMENT_FORMATS, loadDocument } from '../../adapters/document.ts';
import { dayOf } from '../../core/day.ts';
import { checksumOf, type DailyReport, dailyReport } from '../../core/report.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { ReportDue, schedule } from '../shell/schedule.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the scheduler, at the client's hour: the report on the volume and nature of yesterday's orders. */
export const handler = schedule({ due: ReportDue, services: openReporter, run: writeReport });

type Reporter = Pick<Hub, 'table' | 'client' | 'now'> & { readonly facts: Bucket; readonly reports: Bucket };

function openReporter(): Reporter {
  const env = readEnv(ENV.factsBucket, ENV.reportsBucket);
  return { ...openHub(), facts: new Bucket(env[ENV.factsBucket]), reports: new Bucket(env[ENV.reportsBucket]) };
}

/** Days before the report's own whose facts complete the picture: what was open, what stock stood at. */
const EARLIER_DAYS = 14;

/** Writes the report in every format and records the run, which is what has it announced. */
export async function writeReport({ report: name, scheduledAt }: ReportDue, reporter: Reporter): Promise<void> {
  const { client, table, facts, now } = reporter;
  const period = dayOf(scheduledAt, client.timeZone);
  const since = new Date(Date.parse(period.from) - EARLIER_DAYS * 86_400_000).toISOString();
  const report = dailyReport(await Array.fromAsync(readFacts(facts, since, period.to)), period, client);
  const objects = await Promise.all(DOCUMENT_FORMATS.map((format) => writeDocument(format, name, report, scheduledAt, reporter)));
  await writeRun(table, {
    entity: 'report',
    report: name,
    day: period.day,
    scheduledAt: scheduledAt.toISOString(),
    facts: report.facts.counted,
    checksum: checksumOf(report),
    objects,
    version: 1,
    change: { type: 'report.written', at: now().toISOString(), by: 'hub', reason: `the ${name} report of ${period.day}` },
  });
  log('info', 'report written', { report: name, day: period.day, facts: report.facts.counted });
}

async function writeDocument(format: string, name: string, report: DailyReport, generatedAt: Date, { client, reports }: Reporter): Promise<string> {
  const { extension, contentType, render } = await loadDocument(format);
  const key = reportObject(name, report.period.day, extension);
  await reports.put(key, render(report, { client, generatedAt }), contentType);
  return key;
}
