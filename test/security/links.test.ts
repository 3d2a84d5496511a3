import { createHash, createHmac } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { signedObject } from '../../adapters/aws/signed-object.ts';
import { signLink } from '../../adapters/link.ts';
import { handler as openReport } from '../../functions/report/open-report.ts';
import { ENV } from '../../functions/shell/env.ts';
import { CONTEXT, httpEvent } from '../functions/invoke.ts';
import { useLogLines } from '../functions/log-lines.ts';

const KEYS = { accessKeyId: 'AKID', secretAccessKey: 'the key of the role' };
const LABELS = bucketOf('one-labels');

function bucketOf(name: string): Bucket {
  return new Bucket(name, new S3Client({ region: 'eu-central-1', credentials: KEYS }));
}

/** What S3 does with a link: works the signature out anew over all of it, and looks at its end. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
function opens(link: string, now = new Date()): boolean {
  const { host, pathname, searchParams } = new URL(link);
  const offered = searchParams.get('X-Amz-Signature') ?? '';
  const date = searchParams.get('X-Amz-Date') ?? '';
  const scope = (searchParams.get('X-Amz-Credential') ?? '').split('/').slice(1).join('/');
  const written = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...searchParams].filter(([name]) => name !== 'X-Amz-Signature').map(([name, value]) => `${written(name)}=${written(value)}`);
  const request = ['GET', pathname, query.sort().join('&'), `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(request).digest('hex')].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((secret, part) => createHmac('sha256', secret).update(part).digest(), `AWS4${KEYS.secretAccessKey}`);
  const issued = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const isAlive = now.getTime() < issued + 1_000 * Number(searchParams.get('X-Amz-Expires'));
  return isAlive && createHmac('sha256', key).update(text).digest('hex') === offered;
}

/** A link with one of its parameters set, or taken off. */
function withQuery(link: string, name: string, value?: string): string {
  const url = new URL(link);
  if (value === undefined) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  return url.href;
}

describe('a link to an object', () => {
  test('opens it for five minutes and no longer', async () => {
    const link = await signedObject(LABELS, 'labels/one%3A1/1.pdf');
    const issued = Date.now();

    expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('300');
    expect([opens(link), opens(link, new Date(issued + 298_000)), opens(link, new Date(issued + 301_000))]).toEqual([true, true, false]);
  });

  test.each<[string, (link: string) => string]>([
    ['another object', (link) => link.replace('1.pdf', '2.pdf')],
    ['an object above it', (link) => link.replace('1.pdf', '1.pdf/../../../slips/1.pdf')],
    ["another client's bucket", (link) => link.replace('one-labels', 'two-labels')],
    ['a page', (link) => withQuery(link, 'response-content-type', 'text/html')],
    ['whatever type the object was put with', (link) => withQuery(link, 'response-content-type')],
    ['something that a browser shows', (link) => withQuery(link, 'response-content-disposition', 'inline')],
    ['the object for a week', (link) => withQuery(link, 'X-Amz-Expires', '604800')],
    ['the object from a later time on', (link) => withQuery(link, 'X-Amz-Date', '20991231T235959Z')],
    ['another version', (link) => withQuery(link, 'versionId', '1')],
    ['the headers of another', (link) => withQuery(link, 'response-cache-control', 'public')],
    ['it without a signature', (link) => withQuery(link, 'X-Amz-Signature')],
  ])('cannot be made to open %s', async (_what, alter) => {
    const link = await signedObject(LABELS, 'labels/one%3A1/1.pdf');
    expect(opens(link)).toBe(true);

    expect(opens(alter(link))).toBe(false);
  });

  test.each([
    ['labels/one%3A1/1.pdf', 'application/pdf'],
    ['labels/one%3A1/1.zpl', 'application/zpl'],
    ['labels/one%3A1/1.png', 'image/png'],
    ['manifests/ups/1.html', 'text/html; charset=utf-8'],
    ['manifests/ups/1.csv', 'text/csv; charset=utf-8'],
    ['labels/one%3A1/1.svg', 'application/octet-stream'],
    ['labels/one%3A1/1', 'application/octet-stream'],
    ['labels/x.constructor', 'application/octet-stream'],
  ])('to %s is saved as %s, whatever the object says of itself', async (key, type) => {
    const { searchParams } = new URL(await signedObject(LABELS, key));

    expect([searchParams.get('response-content-type'), searchParams.get('response-content-disposition')]).toEqual([type, 'attachment']);
  });

  test('of a name that looks like a path leads nowhere else', async () => {
    const link = new URL(await signedObject(LABELS, 'labels/../../two-labels/x?versionId=1#.pdf'));

    expect(link.host.startsWith('one-labels.')).toBe(true);
    expect(link.searchParams.has('versionId')).toBe(false);
    expect(link.hash).toBe('');
  });
});

describe('a link to a report', () => {
  const NOW = new Date('2026-11-23T06:00:00.000Z');
  const LINKED = { path: 'reports/daily/2026-11-22', format: 'html', expires: NOW.getTime() / 1000 + 86_400 };
  const secretsManager = mockClient(SecretsManagerClient);
  const log = useLogLines();

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    secretsManager.reset();
    secretsManager.on(GetSecretValueCommand).resolves({ SecretString: '{"signing":{"current":"links of one"}}' });
    for (const [name, value] of Object.entries({ [ENV.reportsBucket]: 'reports', [ENV.secretsPrefix]: 'crossdock/one/', AWS_REGION: 'eu-central-1' })) vi.stubEnv(name, value);
    vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  async function follow(link: string) {
    const url = new URL(link);
    const [, , report = '', day = ''] = url.pathname.split('/').map(decodeURIComponent);
    const queryStringParameters = Object.fromEntries(url.searchParams);
    return await openReport(httpEvent({ pathParameters: { report, day }, queryStringParameters }), CONTEXT);
  }

  test('opens it, and the link that it leads to lives five minutes, is of the type it says, and is not passed on', async () => {
    const { statusCode, headers = {} } = await follow(signLink('https://hub.example.com', LINKED, 'links of one'));
    const location = String(headers.location);

    expect(statusCode).toBe(302);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(opens(location, NOW)).toBe(true);
    expect(opens(location, new Date(NOW.getTime() + 300_000))).toBe(false);
    expect(Object.fromEntries(new URL(location).searchParams)).toMatchObject({ 'response-content-type': 'text/html; charset=utf-8', 'X-Amz-Expires': '300' });
  });

  test.each<[string, string]>([
    ["made with another client's key", signLink('https://hub.example.com', LINKED, 'links of two')],
    ['made with no key', signLink('https://hub.example.com', LINKED, '')],
    ['that has ended', signLink('https://hub.example.com', { ...LINKED, expires: NOW.getTime() / 1000 }, 'links of one')],
    ['to a path that was moved', signLink('https://hub.example.com', LINKED, 'links of one').replace('/daily/', '/daily%2F..%2F..%2Flabels/')],
    ['whose format runs into its end', signLink('https://hub.example.com', LINKED, 'links of one').replace('format=html', 'format=html%0A1')],
    ['with its parameters given twice', `${signLink('https://hub.example.com', LINKED, 'links of one')}&format=csv`],
  ])('%s opens nothing, and says no more than that', async (_what, link) => {
    const { statusCode, headers, body } = await follow(link);

    expect(statusCode).toBe(403);
    expect(headers).not.toHaveProperty('location');
    expect(JSON.stringify([body, log.lines])).not.toMatch(/links of|signature=/);
  });
});
