import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SignatureScheme, sign } from '../../../adapters/signature.ts';
import { ENV } from '../../../functions/shell/env.ts';
import { receive } from '../../../functions/shell/receive.ts';
import { CONTEXT, httpEvent } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
const SECRET = 'shared-with-the-carrier';
const SHIPPO: SignatureScheme = { family: 'hmac-timestamped', header: 'shippo-auth-signature', orToken: 'token' };
const USPS: SignatureScheme = {
  family: 'hmac-fields',
  header: 'x-hmac',
  alias: 'hmac-header',
  encoding: 'base64',
  fields: ['timestamp', 'payload'],
  join: '',
  handshake: { family: 'unsigned-json', without: 'payload' },
};
const EASYPOST: SignatureScheme = {
  family: 'hmac-body',
  header: 'x-hmac-signature',
  encoding: 'hex',
  prefix: 'hmac-sha256-hex=',
  second: { header: 'x-hmac-signature-v2', timestamp: 'x-timestamp', path: 'x-path' },
};
const folder = mkdtempSync(join(tmpdir(), 'edge-'));
const sqs = mockClient(SQSClient);
const secretsManager = mockClient(SecretsManagerClient);
const log = useLogLines();

writeFileSync(join(folder, 'edge.json'), JSON.stringify({ storefronts: {}, carriers: { shippo: SHIPPO, usps: USPS, easypost: EASYPOST, manual: { family: 'transport' } } }));
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  vi.stubEnv(ENV.clientFolder, folder);
  vi.stubEnv(ENV.secretsPrefix, 'crossdock/sample/');
  vi.stubEnv(ENV.updatesQueue, 'https://sqs.example.com/hub-updates');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
  secretsManager.reset();
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ signing: { current: SECRET } }) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const BODY = '{"event":"track_updated"}';

/** Posts to the receiving edge of a container of its own. */
async function post(carrierId: string, headers: Record<string, string>, body = BODY, rawQueryString = ''): Promise<number | undefined> {
  const edge = receive({ senders: 'carriers', parameter: 'carrierId', queue: ENV.updatesQueue });
  return (await edge(httpEvent({ pathParameters: { carrierId }, headers, body, rawQueryString }), CONTEXT)).statusCode;
}

const taken = () => sqs.commandCalls(SendMessageCommand).length;
const signed = (scheme: SignatureScheme, body = BODY) => sign(Buffer.from(body), scheme, SECRET, { id: '', at: NOW });

describe('a carrier that signs or brings a token', () => {
  test('is heard by either', async () => {
    expect(await post('shippo', signed(SHIPPO))).toBe(200);
    expect(await post('shippo', {}, BODY, `token=${SECRET}`)).toBe(200);
    expect(taken()).toBe(2);
  });

  test('has its token neither in the queue nor in a log line, whatever becomes of it', async () => {
    await post('shippo', {}, BODY, `token=${SECRET}`);
    await post('shippo', {}, BODY, `token=${SECRET}x`);
    await post('nobody', {}, BODY, `token=${SECRET}`);
    sqs.on(SendMessageCommand).rejects(new Error(`https://hub.example.com/updates/shippo?token=${SECRET}`));
    await post('shippo', {}, BODY, `token=${SECRET}`);

    expect(JSON.stringify(sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input))).not.toContain(SECRET);
    expect(log.lines).toHaveLength(3);
    expect(JSON.stringify(log.lines)).not.toContain(SECRET);
  });

  test('is asked to come again, and not refused, while its secret cannot be read: it takes any refusal for final', async () => {
    secretsManager.on(GetSecretValueCommand).rejects(new Error('Secrets Manager is down'));

    expect(await post('shippo', signed(SHIPPO))).toBe(503);
    expect(await post('shippo', {}, BODY, `token=${SECRET}`)).toBe(503);
  });

  test('is refused with another token', async () => {
    expect(await post('shippo', {}, BODY, 'token=guessed')).toBe(401);
    expect(await post('usps', {}, '{"timestamp":"1","payload":"{}"}', `token=${SECRET}`)).toBe(401);
    expect(taken()).toBe(0);
  });
});

describe("a carrier's challenge", () => {
  test('is answered at any time, and takes nothing in', async () => {
    for (const body of ['', '{}', '{"challenge":"abc"}']) expect(await post('usps', {}, body)).toBe(200);
    expect(taken()).toBe(0);
    expect(secretsManager.commandCalls(GetSecretValueCommand)).toEqual([]);
  });

  test('is answered for carriers that send one alone: what others forgot to sign is refused', async () => {
    for (const carrierId of ['shippo', 'easypost', 'manual', 'nobody']) expect(await post(carrierId, {}, '{}'), carrierId).toBe(401);
  });

  test('does not cover an update whose signature was lost', async () => {
    const update = '{"timestamp":"2026-11-20T09:00:00Z","payload":"{}"}';

    expect(await post('usps', {}, update)).toBe(401);
    expect(await post('usps', signed(USPS, update), update)).toBe(200);
    expect(taken()).toBe(1);
  });
});

describe('a newer signature beside the one that decides', () => {
  const second = (signature: string) => ({
    ...signed(EASYPOST),
    'x-timestamp': 'Fri, 20 Nov 2026 09:00:00 -0000',
    'x-path': '/updates/easypost',
    'x-hmac-signature-v2': signature,
  });

  test('is counted as it verifies or does not, and refuses nothing', async () => {
    const timed = Buffer.from(`Fri, 20 Nov 2026 09:00:00 -0000POST/updates/easypost${BODY}`);
    const { 'x-hmac-signature': verifies = '' } = sign(timed, EASYPOST, SECRET, { id: '', at: NOW });

    expect(await post('easypost', second(verifies))).toBe(200);
    expect(await post('easypost', second(`hmac-sha256-hex=${'0'.repeat(64)}`))).toBe(200);
    expect(await post('easypost', signed(EASYPOST))).toBe(200);

    expect(taken()).toBe(3);
    expect(log.lines).toEqual([
      expect.objectContaining({ message: 'secondSignatureVerified', secondSignatureVerified: 1, connectionId: 'easypost' }),
      expect.objectContaining({ message: 'secondSignatureDiffered', secondSignatureDiffered: 1, connectionId: 'easypost' }),
    ]);
  });

  test('proves nothing alone', async () => {
    const headers = { ...second(`hmac-sha256-hex=${'0'.repeat(64)}`), 'x-hmac-signature': '' };

    expect(await post('easypost', headers)).toBe(401);
  });
});

test('a carrier that posts nothing is not heard over HTTP', async () => {
  expect(await post('manual', { ...signed(SHIPPO), authorization: `Bearer ${SECRET}` }, BODY, `token=${SECRET}`)).toBe(401);
});
