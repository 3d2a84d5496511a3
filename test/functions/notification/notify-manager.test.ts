import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { PublishCommand } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SecretStore } from '../../../adapters/aws/secret-store.ts';
import { loadNotifier, type Sns } from '../../../adapters/notifier.ts';
import type { HubEvent } from '../../../core/event.ts';
import type { ReportRun } from '../../../core/report-run.ts';
import { notifyManager } from '../../../functions/notification/notify-manager.ts';
import { handler as openReport } from '../../../functions/report/open-report.ts';
import { writeReport } from '../../../functions/report/write-report.ts';
import { ENV } from '../../../functions/shell/env.ts';
import { period } from '../../core/report-day.ts';
import { useEmulator } from '../../emulator.ts';
import { CONTEXT, httpEvent } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';
import { DUE, openReporter } from '../report/reporter.ts';
import { eventOf } from '../world.ts';

const emulator = useEmulator();
useLogLines();
const secretsManager = mockClient(SecretsManagerClient);
const LINKS = '{"signing":{"current":"the key of links"},"token":""}';
const DAY_MS = 86_400_000;

let links: string;

beforeEach(() => {
  links = LINKS;
  secretsManager.reset();
  secretsManager.on(GetSecretValueCommand).callsFake(() => ({ SecretString: links }));
  vi.stubEnv(ENV.reportsBucket, 'reports');
  vi.stubEnv(ENV.secretsPrefix, 'crossdock/demo/');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A written report, and a way to tell of it. */
async function written() {
  const { hub, reporter } = await openReporter(await emulator.freshTable());
  await writeReport(DUE, reporter);
  const run = await reporter.table.get<ReportRun>({ PK: 'RUN#daily', SK: DUE.scheduledAt.toISOString() }, 'report');
  if (run === undefined) throw new Error('the run is not on record');
  const published: PublishCommand['input'][] = [];
  const sns: Sns = { send: async ({ input }) => void published.push(input) };
  const tell = (event: HubEvent = eventOf('report.written', run)) =>
    notifyManager(event, {
      ...reporter,
      secrets: new SecretStore('crossdock/demo/', new SecretsManagerClient({ region: 'eu-central-1' })),
      topicArn: 'arn:reports',
      publicUrl: 'https://hub.example.com',
      notifier: () => loadNotifier('topic', sns),
    });
  return { hub, published, tell };
}

function linksIn(published: readonly PublishCommand['input'][]): string[] {
  const { text } = JSON.parse(published[0]?.Message ?? '{}');
  return String(text).match(/https:\S+/g) ?? [];
}

async function follow(link: string) {
  const url = new URL(link);
  const [, , report = '', day = ''] = url.pathname.split('/');
  return await openReport(httpEvent({ pathParameters: { report, day }, queryStringParameters: Object.fromEntries(url.searchParams) }), CONTEXT);
}

describe('supply managers', () => {
  test('are told of a report once, with its figures and three links', async () => {
    const { hub, published, tell } = await written();

    await tell();
    hub.pass(600);
    await tell();

    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({ TopicArn: 'arn:reports', Subject: expect.stringContaining(period.day), MessageAttributes: { report: { StringValue: 'daily' } } });
    expect(linksIn(published).map((link) => new URL(link).pathname)).toEqual(Array(3).fill(`/reports/daily/${period.day}`));
  });

  test('are told as soon as the links can be signed', async () => {
    const { published, tell } = await written();
    links = '{"signing":{},"token":""}';

    await expect(tell()).rejects.toMatchObject({ name: 'Unavailable', code: 'report.links-unsigned' });
    links = LINKS;
    await tell();

    expect(published).toHaveLength(1);
  });
});

describe('the links of an announcement', () => {
  async function announced(): Promise<string[]> {
    const { published, tell } = await written();
    await tell();
    vi.useFakeTimers({ toFake: ['Date'], now: DUE.scheduledAt.getTime() + 60_000 });
    return linksIn(published);
  }

  test('open the three documents for five minutes each', async () => {
    const found = await announced();

    const opened = await Promise.all(found.map(follow));

    expect(found).toHaveLength(3);
    for (const [index, extension] of ['html', 'csv', 'json'].entries()) {
      const { statusCode, headers = {} } = opened[index] ?? {};
      const location = new URL(String(headers.location));
      expect(statusCode).toBe(302);
      expect(location.pathname).toContain(`reports/daily/${period.day}.${extension}`);
      expect(location.searchParams.get('X-Amz-Expires')).toBe('300');
      expect(location.searchParams.get('response-content-disposition')).toBe(extension === 'html' ? 'inline' : 'attachment');
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    }
  });

  test('open until thirty days have passed', async () => {
    const [link = ''] = await announced();

    vi.setSystemTime(DUE.scheduledAt.getTime() + 30 * DAY_MS - 1_000);
    const last = await follow(link);
    vi.setSystemTime(DUE.scheduledAt.getTime() + 30 * DAY_MS);
    const over = await follow(link);

    expect([last.statusCode, over.statusCode]).toEqual([302, 403]);
  });

  test.each<[string, (link: string) => string]>([
    ['for another day', (link) => link.replace(period.day, '2026-11-21')],
    ['for another report', (link) => link.replace('/daily/', '/weekly/')],
    ['for another format', (link) => link.replace('format=html', 'format=csv')],
    ['for a path outside the reports', (link) => link.replace(period.day, '..%2F..%2Flabels')],
    ['with a later end', (link) => link.replace(/expires=\d+/, 'expires=9999999999')],
    ['without an end', (link) => link.replace(/expires=\d+/, 'expires=')],
    ['with an end that never comes', (link) => link.replace(/expires=\d+/, 'expires=Infinity')],
    ['with a signature cut short', (link) => link.slice(0, -2)],
    ['without a signature', (link) => link.replace(/&signature=.*/, '')],
  ])('%s open nothing', async (_name, tamper) => {
    const [link = ''] = await announced();

    const { statusCode, headers } = await follow(tamper(link));

    expect(statusCode).toBe(403);
    expect(headers).not.toHaveProperty('location');
  });
});
