import { tellOnce } from '../../adapters/aws/notice-store.ts';
import { Bucket, readFacts, reportObject } from '../../adapters/aws/object-store.ts';
import { writeRun } from '../../adapters/aws/run-store.ts';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { snsClient } from '../../adapters/aws/topic.ts';
import { DOCUMENT_FORMATS, loadDocument } from '../../adapters/document.ts';
import { signLink } from '../../adapters/link.ts';
import { loadNotifier, type Notifier } from '../../adapters/notifier.ts';
import { dayOf } from '../../core/day.ts';
import { Unavailable } from '../../core/error.ts';
import { type ReportLinks, reportNotice } from '../../core/notification.ts';
import { checksumOf, type DailyReport, dailyReport } from '../../core/report.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { type Due, schedule } from '../shell/schedule.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the scheduler, at the client's hour: the report on the volume and nature of yesterday's orders. */
export const handler = schedule({ services: openReporter, run: writeReport });

type Reporter = Hub & {
  readonly facts: Bucket;
  readonly reports: Bucket;
  readonly secrets: SecretStore;
  readonly topicArn: string;
  readonly publicUrl: string;
  readonly notifier: () => Promise<Notifier>;
};

function openReporter(): Reporter {
  const env = readEnv(ENV.factsBucket, ENV.reportsBucket, ENV.reportsTopic, ENV.publicUrl, ENV.secretsPrefix);
  const sns = snsClient();
  return {
    ...openHub(),
    facts: new Bucket(env[ENV.factsBucket]),
    reports: new Bucket(env[ENV.reportsBucket]),
    secrets: new SecretStore(env[ENV.secretsPrefix]),
    topicArn: env[ENV.reportsTopic],
    publicUrl: env[ENV.publicUrl],
    notifier: () => loadNotifier('topic', sns),
  };
}

/** Days before the report's own whose facts complete the picture: what was open, what stock stood at. */
const EARLIER_DAYS = 14;
const LINK_DAYS = 30;

export async function writeReport({ report: name, scheduledAt }: Due, reporter: Reporter): Promise<void> {
  const { client, table, facts, reports, now } = reporter;
  const period = dayOf(scheduledAt, client.timeZone);
  const since = new Date(Date.parse(period.from) - EARLIER_DAYS * 86_400_000).toISOString();
  const report = dailyReport(await Array.fromAsync(readFacts(facts, since, period.to)), period, client);
  const objects = await Promise.all(
    DOCUMENT_FORMATS.map(async (format) => {
      const document = await loadDocument(format);
      const key = reportObject(name, period.day, document.extension);
      await reports.put(key, document.render(report, { client, generatedAt: scheduledAt }), document.contentType);
      return key;
    }),
  );
  await writeRun(table, {
    report: name,
    day: period.day,
    scheduledAt: scheduledAt.toISOString(),
    ranAt: now().toISOString(),
    facts: report.facts.counted,
    checksum: checksumOf(report),
    objects,
  });
  log('info', 'report written', { report: name, day: period.day, facts: report.facts.counted });
  await announce(name, report, reporter);
}

async function announce(name: string, report: DailyReport, { table, now, secrets, publicUrl, notifier, topicArn }: Reporter): Promise<void> {
  const { day } = report.period;
  const secret = await secrets.read('links', now());
  if (secret === undefined || secret.signing.current === '')
    throw new Unavailable('report.links-unsigned', 'The secret `links` has no signing key; set it, and the report is announced with the next run.');
  const expires = Math.floor(now().getTime() / 1000) + LINK_DAYS * 86_400;
  const link = (format: string) => signLink(publicUrl, { path: `reports/${name}/${day}`, format, expires }, secret.signing.current);
  const links: ReportLinks = { html: link('html'), csv: link('csv'), json: link('json') };
  await tellOnce(table, { partition: `RUN#${name}`, noticeId: day }, now, async () => {
    const way = await notifier();
    await way.send({ ...reportNotice(report, links), phone: null, email: null, attributes: { report: name } }, topicArn);
  });
}
