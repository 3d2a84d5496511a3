import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { ENV } from '../../../functions/shell/env.ts';
import { receive } from '../../../functions/shell/receive.ts';
import { CONTEXT, httpEvent } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
const SECRET = 'what-we-gave-ups';
const folder = mkdtempSync(join(tmpdir(), 'edge-'));
const secretsManager = mockClient(SecretsManagerClient);
const sqs = mockClient(SQSClient);
const log = useLogLines();
let secrets: Record<string, object>;

const CARRIERS = { 'ups-home': { family: 'issued-token' }, 'ups-returns': { family: 'issued-token' }, easypost: { family: 'hmac-body', header: 'x', encoding: 'hex' } };
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  writeFileSync(join(folder, 'edge.json'), JSON.stringify({ storefronts: {}, carriers: CARRIERS }));
  vi.stubEnv(ENV.clientFolder, folder);
  vi.stubEnv(ENV.secretsPrefix, 'crossdock/sample/');
  vi.stubEnv(ENV.updatesQueue, 'https://sqs.example.com/hub-updates');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  secrets = {
    'ups-home': { apiKey: 'ups-client', signing: { current: SECRET } },
    'ups-returns': { apiKey: 'ups-client', signing: { current: SECRET } },
    easypost: { apiKey: 'ups-client', signing: { current: SECRET } },
  };
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
  secretsManager.reset();
  secretsManager.on(GetSecretValueCommand).callsFake(({ SecretId }) => {
    const secret = secrets[SecretId.replace('crossdock/sample/', '')];
    if (secret === undefined) throw new ResourceNotFoundException({ message: 'no such secret', $metadata: {} });
    return { SecretString: JSON.stringify(secret) };
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const FORM = 'grant_type=client_credentials';
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' });

type Endpoint = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/** The token endpoint of a container of its own. */
async function endpoint(): Promise<Endpoint> {
  vi.resetModules();
  const { handler } = await import('../../../functions/tracking/issue-token.ts');
  return (event) => handler(event, CONTEXT);
}

async function ask(carrierId: string, headers: Record<string, string>, body = FORM, at?: Endpoint): Promise<APIGatewayProxyStructuredResultV2> {
  return await (at ?? (await endpoint()))(httpEvent({ pathParameters: { carrierId }, headers, body }));
}

const Granted = z.object({ access_token: z.string() });

async function tokenFor(carrierId: string, at?: Endpoint): Promise<string> {
  const { body = '' } = await ask(carrierId, basic(`ups-client:${SECRET}`), FORM, at);
  return Granted.parse(JSON.parse(body)).access_token;
}

/** Posts an update with a token, to a receiving edge of a container of its own. */
async function post(carrierId: string, token: string): Promise<number | undefined> {
  const edge = receive({ senders: 'carriers', parameter: 'carrierId', queue: ENV.updatesQueue });
  const headers = { authorization: `Bearer ${token}`, 'x-api-key': 'ups-client', 'user-agent': 'UPSPubSubTrackingService' };
  return (await edge(httpEvent({ pathParameters: { carrierId }, headers, body: '{"trackingNumber":"1Z0"}' }), CONTEXT)).statusCode;
}

describe('a carrier that proves itself', () => {
  test('is given a token for four hours, in the fields of its own token answers', async () => {
    const { statusCode, headers, body = '' } = await ask('ups-home', basic(`ups-client:${SECRET}`));

    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' });
    expect(JSON.parse(body)).toEqual({
      token_type: 'Bearer',
      access_token: expect.stringMatching(/^1\.\d{10}\.[A-Za-z0-9_-]{43}$/),
      expires_in: 14_400,
      issued_at: String(NOW.getTime()),
      client_id: 'ups-client',
      status: 'approved',
    });
  });

  test.each<[string, Record<string, string>, string]>([
    ['in the form', {}, `${FORM}&client_id=ups-client&client_secret=${SECRET}`],
    ['by HTTP Basic in other letters', { authorization: basic(`ups-client:${SECRET}`).authorization.replace('Basic', 'basic') }, FORM],
  ])('may do so %s', async (_what, headers, body) => {
    expect(await ask('ups-home', headers, body)).toMatchObject({ statusCode: 200 });
  });

  test('may encode what is odd in its secret, or not', async () => {
    secrets['ups-home'] = { apiKey: 'ups-client', signing: { current: 'a:b+c%d ü' } };
    const at = await endpoint();

    expect(await ask('ups-home', basic('ups-client:a:b+c%d ü'), FORM, at)).toMatchObject({ statusCode: 200 });
    expect(await ask('ups-home', basic('ups-client:a%3Ab%2Bc%25d%20%C3%BC'), FORM, at)).toMatchObject({ statusCode: 200 });
  });

  test('may use the earlier of two secrets until its grace ends, and one that was rotated half a minute ago', async () => {
    const at = await endpoint();
    await ask('ups-home', basic(`ups-client:${SECRET}`), FORM, at);
    secrets['ups-home'] = { apiKey: 'ups-client', signing: { current: 'new', previous: SECRET, previousUntil: '2026-11-20T10:00:00.000Z' } };
    vi.setSystemTime(NOW.getTime() + 30_000);

    const rotated = await ask('ups-home', basic('ups-client:new'), FORM, at);
    const earlier = await ask('ups-home', basic(`ups-client:${SECRET}`), FORM, at);
    vi.setSystemTime('2026-11-20T10:00:00.000Z');
    const late = await ask('ups-home', basic(`ups-client:${SECRET}`), FORM, at);

    expect([rotated, earlier, late].map(({ statusCode }) => statusCode)).toEqual([200, 200, 401]);
  });

  test('posts with the token until it ends, and what it posts is taken in', async () => {
    const token = await tokenFor('ups-home');

    expect(await post('ups-home', token)).toBe(200);
    vi.setSystemTime(NOW.getTime() + 14_399_000);
    expect(await post('ups-home', token)).toBe(200);
    expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(2);
    expect(JSON.stringify(sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input))).not.toContain(token);
    vi.setSystemTime(NOW.getTime() + 14_400_000);
    expect(await post('ups-home', token)).toBe(401);
  });

  test('posts with a token of before a rotation until the grace ends', async () => {
    const token = await tokenFor('ups-home');
    secrets['ups-home'] = { apiKey: 'ups-client', signing: { current: 'new', previous: SECRET, previousUntil: '2026-11-20T10:00:00.000Z' } };

    expect(await post('ups-home', token)).toBe(200);
    vi.setSystemTime('2026-11-20T10:00:00.000Z');
    expect(await post('ups-home', token)).toBe(401);
  });

  test('posts to its own connection and no other, though both have one secret', async () => {
    const token = await tokenFor('ups-home');

    expect(await post('ups-returns', token)).toBe(401);
    expect(await post('easypost', token)).toBe(401);
    expect(await post('nobody', token)).toBe(401);
  });

  test.each<[string, (token: string) => string]>([
    ['a later end', (token) => token.replace(/\.(\d)/, '.9')],
    ['a cut signature', (token) => token.slice(0, -1)],
    ['another signature', (token) => `${token.slice(0, -2)}AA`],
    ['no version', (token) => token.slice(2)],
    ['nothing', () => ''],
    ['the secret itself', () => SECRET],
  ])('posts in vain with %s', async (_what, change) => {
    expect(await post('ups-home', change(await tokenFor('ups-home')))).toBe(401);
    expect(sqs.commandCalls(SendMessageCommand)).toEqual([]);
  });
});

describe('who does not prove itself', () => {
  test.each<[string, string, Record<string, string>, string]>([
    ['a wrong secret', 'ups-home', basic('ups-client:guessed'), FORM],
    ['a wrong name', 'ups-home', basic(`somebody:${SECRET}`), FORM],
    ['a name without a secret', 'ups-home', basic('ups-client'), FORM],
    ['name and secret in one', 'ups-home', basic(`ups-client${SECRET}`), FORM],
    ['nothing', 'ups-home', {}, FORM],
    ['empty parts', 'ups-home', basic(':'), FORM],
    ['an unknown carrier', 'nobody', basic(`ups-client:${SECRET}`), FORM],
    ['a carrier that signs', 'easypost', basic(`ups-client:${SECRET}`), FORM],
    ['a name that every object has', 'constructor', basic(`ups-client:${SECRET}`), FORM],
  ])('is refused, all in one way: %s', async (_what, carrierId, headers, body) => {
    expect(await ask(carrierId, headers, body)).toEqual({
      statusCode: 401,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', pragma: 'no-cache', 'www-authenticate': 'Basic realm="token"' },
      body: '{"error":"invalid_client"}',
    });
    expect(log.lines).toEqual([expect.objectContaining({ message: 'tokenRefused', tokenRefused: 1 })]);
    expect(secretsManager.commandCalls(GetSecretValueCommand)).toHaveLength(1);
  });

  test.each(['', 'grant_type=password', 'grant_type=authorization_code&code=1', '{"grant_type":"client_credentials"}', `${FORM}&pad=${'x'.repeat(5_000)}`])(
    'asks for something else, and is told so: %.40s',
    async (body) => {
      expect(await ask('ups-home', basic(`ups-client:${SECRET}`), body)).toMatchObject({ statusCode: 400, body: '{"error":"unsupported_grant_type"}' });
      expect(secretsManager.commandCalls(GetSecretValueCommand)).toEqual([]);
    },
  );

  test('has no token for a connection without a name or a secret', async () => {
    secrets = { 'ups-home': { apiKey: '', signing: { current: SECRET } }, 'ups-returns': { apiKey: 'ups-client', signing: { current: '' } } };

    expect(await ask('ups-home', basic(`:${SECRET}`))).toMatchObject({ statusCode: 401 });
    expect(await ask('ups-returns', basic('ups-client:'))).toMatchObject({ statusCode: 401 });
    secrets = {};
    expect(await ask('ups-home', basic(`ups-client:${SECRET}`))).toMatchObject({ statusCode: 401 });
  });

  test('has no token where no carrier asks for any', async () => {
    writeFileSync(join(folder, 'edge.json'), JSON.stringify({ storefronts: {}, carriers: {} }));

    expect(await ask('ups-home', basic(`ups-client:${SECRET}`))).toMatchObject({ statusCode: 401 });
    expect(secretsManager.commandCalls(GetSecretValueCommand)).toEqual([]);
  });

  test('comes again while secrets cannot be read', async () => {
    secretsManager.on(GetSecretValueCommand).rejects(new Error('Secrets Manager is down'));

    expect(await ask('ups-home', basic(`ups-client:${SECRET}`))).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5' } });
  });

  test('finds no secret in our logs', async () => {
    await ask('ups-home', basic('ups-client:guessed'));
    secretsManager.on(GetSecretValueCommand).rejects(new Error(SECRET));
    await ask('ups-home', basic(`ups-client:${SECRET}`));

    expect(JSON.stringify(log.lines)).not.toMatch(/guessed|what-we-gave/);
  });
});
