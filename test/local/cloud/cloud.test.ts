import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { createRemoteJWKSet, decodeJwt, generateKeyPair, type JWTPayload, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { type Cloud, startCloud } from '../../../local/cloud/cloud.ts';
import { synthesizeSmallStack } from './fixtures/small-stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'small-stack-'));
const dataFolder = join(folder, 'data');
const log: string[] = [];
let assembly = '';
let cloud: Cloud;

async function start(): Promise<Cloud> {
  return await startCloud({
    assembly,
    stack: 'small',
    dataFolder,
    secrets: { 'small/sender': 'a secret' },
    patchClient: (client) => ({ ...z.record(z.string(), z.string()).parse(client), endpoint: 'http://127.0.0.1:9' }),
    retryAfterSeconds: 1,
    schedules: 'manual',
    log: (line) => log.push(line),
  });
}

beforeAll(async () => {
  assembly = await synthesizeSmallStack(folder);
  cloud = await start();
}, 60_000);

afterAll(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function quiet(): Promise<void> {
  for (let waited = 0; waited < 15_000; waited += 50) {
    if (await cloud.quiet()) return;
    await sleep(50);
  }
  throw new Error(`The cloud is not quiet: ${JSON.stringify(await cloud.queueDepths())}\n${log.join('\n')}`);
}

async function post(thing: { id: string; fault?: string }, apiUrl = cloud.apiUrl): Promise<Response> {
  return await fetch(`${apiUrl}/things/${thing.id}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(thing) });
}

const Started = z.object({ apiUrl: z.string(), endpoints: z.array(z.string()) });

function clientOptions() {
  return { region: cloud.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}

async function rows(): Promise<Record<string, string>> {
  const { Items = [] } = await new DynamoDBClient({ ...clientOptions(), endpoint: cloud.endpoints.dynamodb }).send(new ScanCommand({ TableName: cloud.tableName }));
  return Object.fromEntries(Items.map(({ PK, SK, attempt }) => [PK?.S ?? '', attempt?.N ?? SK?.S ?? '']));
}

function depthOf(depths: Awaited<ReturnType<Cloud['queueDepths']>>, part: string): number {
  return depths.filter(({ queue }) => queue.startsWith(`small-${part}`)).reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0);
}

test('a request goes by route, queue, table, stream, topic and queue to a phone', { timeout: 30_000 }, async () => {
  const answers = await Promise.all(['loud-1', 'soft-1', 'soft-2'].map((id) => post({ id })));
  await quiet();

  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(answers[0]?.headers.get('x-thing')).toBe('loud-1');
  expect(await rows()).toEqual({ 'loud-1': '1', 'soft-1': '1', 'soft-2': '1' });
  const { Contents = [] } = await new S3Client({ ...clientOptions(), endpoint: cloud.endpoints.s3 }).send(new ListObjectsV2Command({ Bucket: Object.values(cloud.buckets)[0] }));
  expect(Contents.map(({ Key }) => Key?.split(' ')[0])).toEqual(['things/loud-1', 'things/soft-1', 'things/soft-2']);
  // Only what the filter lets through, with the patched client and the secret.
  expect(outbox()).toEqual([expect.objectContaining({ phone: '+10000000000', message: 'http://127.0.0.1:9 a secret loud-1' })]);
});

function outbox(): unknown[] {
  return readFileSync(cloud.outboxFile, 'utf8')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

test('a function that hangs or dies is killed, and its message comes again', { timeout: 30_000 }, async () => {
  await post({ id: 'hung', fault: 'hang-once' });
  await quiet();
  await post({ id: 'died', fault: 'crash-once' });
  await quiet();

  expect(await rows()).toMatchObject({ hung: '2', died: '2' });
  const [, metrics] = Object.entries(cloud.metrics()).find(([name]) => name.startsWith('storethings')) ?? [];
  expect(metrics).toMatchObject({ timeouts: 1, errors: 2 });
});

test('a message that never works ends in the dead-letter queue, its neighbours do not', { timeout: 30_000 }, async () => {
  await Promise.all([post({ id: 'bad', fault: 'always' }), post({ id: 'good' })]);
  await quiet();

  expect(await rows()).toHaveProperty('good');
  expect(depthOf(await cloud.queueDepths(), 'Dead')).toBe(1);
});

test('a poison stream record is set aside and what follows goes on', { timeout: 30_000 }, async () => {
  const dynamo = new DynamoDBClient({ ...clientOptions(), endpoint: cloud.endpoints.dynamodb });
  for (const id of ['before', 'poison', 'after']) await dynamo.send(new PutItemCommand({ TableName: cloud.tableName, Item: { PK: { S: id }, SK: { S: 'THING' } } }));
  await quiet();

  expect(depthOf(await cloud.queueDepths(), 'Lost')).toBe(1);
  const { Contents = [] } = await new S3Client({ ...clientOptions(), endpoint: cloud.endpoints.s3 }).send(new ListObjectsV2Command({ Bucket: Object.values(cloud.buckets)[0] }));
  const keys = Contents.map(({ Key }) => Key?.split(' ')[0]);
  expect(keys).toContain('things/after');
  expect(keys).not.toContain('things/poison');
});

test('a guarded route asks for a token with the scope', async () => {
  const whoami = async (token?: string) => await fetch(`${cloud.apiUrl}/whoami`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  const good = await cloud.issuer.token({ user: 'ann', scopes: ['hub/read'] });
  const [, payload = ''] = good.split('.');

  expect((await whoami()).status).toBe(401);
  expect((await whoami(good.replace(payload, `${payload.slice(0, -2)}AA`))).status).toBe(401);
  expect((await whoami(await cloud.issuer.token({ user: 'ann', scopes: ['hub/read'], expiresInSeconds: -60 }))).status).toBe(401);
  expect((await whoami(await cloud.issuer.token({ user: 'ann', scopes: ['hub/write'] }))).status).toBe(403);
  expect(await (await whoami(good)).json()).toMatchObject({ user: 'ann', scopes: ['hub/read'] });
});

test('a guarded route takes no token that is unsigned, of another key, pool or client, or one of identity', async () => {
  const genuine = decodeJwt(await cloud.issuer.token({ user: 'ann', scopes: ['hub/read'] }));
  const { privateKey } = await generateKeyPair('RS256');
  const foreign = async (claims: JWTPayload, header: object = {}) => await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(privateKey);
  const shared = await new SignJWT(genuine)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(JSON.stringify(await (await fetch(`${cloud.issuer.url}/.well-known/jwks.json`)).json())));
  const status = async (authorization: string) => (await fetch(`${cloud.apiUrl}/whoami`, { headers: { authorization } })).status;
  const wrong = {
    unsigned: new UnsecuredJWT(genuine).encode(),
    'signed by the published key as a shared secret': shared,
    'of another key': await foreign(genuine),
    'of another key under the name of ours': await foreign(genuine, { kid: JSON.parse(await (await fetch(`${cloud.issuer.url}/.well-known/jwks.json`)).text()).keys[0].kid }),
    'of another pool': await cloud.issuer.token({ user: 'ann', scopes: ['hub/read'], issuer: `${cloud.issuer.url}-other` }),
    'of another client': await cloud.issuer.token({ user: 'ann', scopes: ['hub/read'], clientId: 'another' }),
    'no token': 'x.y.z',
    empty: '',
  };

  for (const [what, token] of Object.entries(wrong)) expect(await status(`Bearer ${token}`), what).toBe(401);
  expect(await status(`Bearer ${await cloud.issuer.token({ user: 'ann', scopes: [] })}`), 'one without scopes, as those of identity are').toBe(403);
  expect(await status('Basic YW5uOmFubg==')).toBe(401);
});

test('anyone can check a token by the published keys', async () => {
  const token = await cloud.issuer.token({ user: 'ann', scopes: [] });

  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${cloud.issuer.url}/.well-known/jwks.json`)), { issuer: cloud.issuer.url });

  expect(payload.sub).toBe('ann');
});

test('nothing of this process reaches a function but its path', async () => {
  process.env.SOMETHING_OF_MINE = 'x';
  const token = await cloud.issuer.token({ user: 'ann', scopes: ['hub/read'] });
  const { variables } = z.object({ variables: z.array(z.string()) }).parse(await (await fetch(`${cloud.apiUrl}/whoami`, { headers: { authorization: `Bearer ${token}` } })).json());

  expect(variables).toContain('PUBLIC_URL');
  expect(variables).not.toContain('SOMETHING_OF_MINE');
  expect(variables).not.toContain('HOME');
});

test('unknown routes and absurd sizes are answered as API Gateway does', async () => {
  expect((await fetch(`${cloud.apiUrl}/nowhere`)).status).toBe(404);
  expect((await fetch(`${cloud.apiUrl}/things/1`, { method: 'POST', body: Buffer.alloc(11 * 1_024 * 1_024) })).status).toBe(413);
  expect((await fetch(`${cloud.apiUrl}/things/1`, { method: 'POST', headers: { 'x-long': 'x'.repeat(11_000) } })).status).toBe(431);
});

test('a schedule runs as of the time it is told', async () => {
  await cloud.runSchedule('Daily', new Date('2026-11-22T05:00:00.000Z'));

  expect(await rows()).toMatchObject({ 'RUN#daily': '2026-11-22T05:00:00Z' });
});

test('a second cloud on the same folder is refused', async () => {
  await expect(start()).rejects.toThrow('Another run uses');
});

test('killed in the middle and started again, nothing is lost and no process is left', { timeout: 60_000 }, async () => {
  await cloud.stop();
  const child = fork(join(import.meta.dirname, 'fixtures', 'run-cloud.ts'), [assembly, dataFolder], { execArgv: [] });
  const { apiUrl, endpoints } = await new Promise<z.infer<typeof Started>>((resolve) => {
    child.once('message', (message) => resolve(Started.parse(message)));
  });
  // This one is in flight when the kill comes: its function hangs.
  const answers = await Promise.all([post({ id: 'loud-late', fault: 'hang-once' }, apiUrl), ...Array.from({ length: 20 }, (_, index) => post({ id: `many-${index}` }, apiUrl))]);
  await sleep(1_500);
  child.kill('SIGKILL');
  await sleep(500);

  expect(answers.every(({ status }) => status === 202)).toBe(true);
  for (const endpoint of endpoints) await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
  cloud = await start();
  await quiet();
  const stored = await rows();
  expect(stored['loud-late']).toBe('2');
  expect(Object.keys(stored).filter((id) => id.startsWith('many-'))).toHaveLength(20);
  expect(outbox()).toHaveLength(2);
});
