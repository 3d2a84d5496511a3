import { tellOnce } from '../../adapters/aws/notice-store.ts';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { readReport } from '../../adapters/aws/report-store.ts';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { snsClient } from '../../adapters/aws/topic.ts';
import { signLink } from '../../adapters/link.ts';
import { loadNotifier, type Notifier } from '../../adapters/notifier.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { reportNotice } from '../../core/notification.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the managers queue: a report was written, and its readers are to hear of it, once, with links that open it. */
export const handler = queue({ read: readEvent, handle: each(notifyManager), services: openTeller });

type Teller = Pick<Hub, 'table' | 'now'> & {
  readonly reports: Bucket;
  readonly secrets: Pick<SecretStore, 'read'>;
  readonly topicArn: string;
  readonly publicUrl: string;
  readonly notifier: () => Promise<Notifier>;
};

function openTeller(): Teller {
  const env = readEnv(ENV.reportsBucket, ENV.reportsTopic, ENV.publicUrl, ENV.secretsPrefix);
  const sns = snsClient();
  return {
    ...openHub(),
    reports: new Bucket(env[ENV.reportsBucket]),
    secrets: new SecretStore(env[ENV.secretsPrefix]),
    topicArn: env[ENV.reportsTopic],
    publicUrl: env[ENV.publicUrl],
    notifier: () => loadNotifier('topic', sns),
  };
}

const LINK_DAYS = 30;

export async function notifyManager(event: HubEvent, teller: Teller): Promise<void> {
  if (event.entity !== 'report') return;
  const { report, day } = event.report;
  await tellOnce(teller.table, { partition: `RUN#${report}`, noticeId: day }, teller.now, async () => {
    const link = await linksTo(`reports/${report}/${day}`, teller);
    const notice = reportNotice(await readReport(teller.reports, report, day), { html: link('html'), csv: link('csv'), json: link('json') });
    const notifier = await teller.notifier();
    await notifier.send({ ...notice, phone: null, email: null, attributes: { report } }, teller.topicArn);
  });
}

async function linksTo(path: string, { secrets, now, publicUrl }: Teller): Promise<(format: string) => string> {
  const secret = await secrets.read('links', now());
  const key = secret?.signing.current ?? '';
  if (key === '') throw new Unavailable('report.links-unsigned', 'The secret `links` of this client has no signing key; set it, and the report is announced.');
  const expires = Math.floor(now().getTime() / 1000) + LINK_DAYS * 86_400;
  return (format) => signLink(publicUrl, { path, format, expires }, key);
}
