import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Delivery, unpackDelivery } from '../../../adapters/delivery.ts';
import type { Http } from '../../../adapters/http.ts';
import { type SignatureScheme, sign } from '../../../adapters/signature.ts';
import { median } from '../../../bench/statistics.ts';
import { ENV } from '../../../functions/shell/env.ts';
import { receive } from '../../../functions/shell/receive.ts';
import { scripted } from '../../adapters/fixtures.ts';
import { rsaPair } from '../../adapters/signatures/vectors.ts';
import { CONTEXT, httpEvent } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';

const SHOP: SignatureScheme = {
  family: 'hmac-body',
  header: 'x-shopify-hmac-sha256',
  encoding: 'base64',
  sender: { header: 'x-shopify-shop-domain', value: 'sample.myshopify.com' },
};
const WHOLESALE: SignatureScheme = { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 };
const WOO: SignatureScheme = {
  family: 'hmac-body',
  header: 'x-wc-webhook-signature',
  encoding: 'base64',
  key: 'html-entities',
  handshake: { family: 'unsigned-ping', field: 'webhook_id' },
};
const BIG: SignatureScheme = { family: 'standard-webhooks', key: 'utf8', toleranceSeconds: 300, late: 'accept', refusal: 'silent' };
const ADOBE: SignatureScheme = {
  family: 'rsa-sha256',
  signatures: [{ header: 'x-adobe-digital-signature-1', key: 'x-adobe-public-key1-path' }],
  keys: { host: 'static.adobeioevents.com', path: '/prod/keys/pub-key-{id}.pem' },
};
const AWS: SignatureScheme = { family: 'transport' };
const NOW = new Date('2026-11-20T09:00:00.000Z');
const QUEUE_URL = 'https://sqs.example.com/hub-inbox';
const SECRET = 'signing-key-of-the-shop';

const folder = mkdtempSync(join(tmpdir(), 'edge-'));
const sqs = mockClient(SQSClient);
const secretsManager = mockClient(SecretsManagerClient);
const log = useLogLines();
let secrets: Record<string, object>;

writeFileSync(
  join(folder, 'edge.json'),
  JSON.stringify({ storefronts: { shop: SHOP, wholesale: WHOLESALE, boutique: WOO, outlet: BIG, atelier: ADOBE, market: AWS }, carriers: {} }),
);
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  vi.stubEnv(ENV.clientFolder, folder);
  vi.stubEnv(ENV.secretsPrefix, 'crossdock/sample/');
  vi.stubEnv(ENV.inboxQueue, QUEUE_URL);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  secrets = {
    shop: { signing: { current: SECRET } },
    wholesale: { signing: { current: `whsec_${Buffer.from('the key of the wholesale shop').toString('base64')}` } },
    boutique: { signing: { current: 'a&amp;b' } },
    outlet: { signing: { current: 'bc_client_secret_1' } },
    market: { signing: { current: SECRET } },
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

/** The receiving edge of a container of its own. */
const edge = (http?: Http) => receive({ senders: 'storefronts', parameter: 'connectionId', queue: ENV.inboxQueue }, http && (() => http));

function post(connectionId: string, body: Buffer, headers: Record<string, string>, isBase64Encoded = true) {
  return httpEvent({ pathParameters: { connectionId }, headers, isBase64Encoded, body: body.toString(isBase64Encoded ? 'base64' : 'utf8') });
}

const signed = (body: Buffer, secret = SECRET) => sign(body, SHOP, secret, { id: 'evt-1', at: new Date() });

function sentDeliveries(): Delivery[] {
  return sqs.commandCalls(SendMessageCommand).map((call) => unpackDelivery(call.args[0].input.MessageBody ?? ''));
}

describe('a genuine delivery', () => {
  test('is answered with 200 and an empty body once the queue has it, byte for byte', async () => {
    const body = Buffer.from('{"id":820982911946154508,"note":"Grüße 📦"}');

    expect(await edge()(post('shop', body, { ...signed(body), 'x-shopify-topic': 'orders/create', authorization: 'Bearer token' }), CONTEXT)).toEqual({
      statusCode: 200,
      body: '',
    });

    expect(sentDeliveries()).toEqual([
      {
        connectionId: 'shop',
        receivedAt: NOW.toISOString(),
        via: 'webhook',
        headers: { ...signed(body), 'x-shopify-topic': 'orders/create' },
        body,
      },
    ]);
    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input.QueueUrl).toBe(QUEUE_URL);
  });

  test('may come as text or as base64', async () => {
    const body = Buffer.from('{"note":"Grüße"}');
    const handler = edge();

    const answers = [await handler(post('shop', body, signed(body), false), CONTEXT), await handler(post('shop', body, signed(body), true), CONTEXT)];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect(sentDeliveries().map((delivery) => delivery.body.equals(body))).toEqual([true, true]);
  });

  test('of 2 MB goes through the queue and comes out byte for byte', async () => {
    const body = Buffer.from(
      JSON.stringify({ line_items: Array.from({ length: 24_000 }, (_, id) => ({ id, sku: 'TENT-2P', title: 'Two-person tent', price: '29.95' })) }).padEnd(2 * 1024 * 1024),
    );

    expect(await edge()(post('shop', body, signed(body)), CONTEXT)).toEqual({ statusCode: 200, body: '' });

    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input.MessageBody?.length).toBeLessThan(1_048_576);
    expect(sentDeliveries()[0]?.body.equals(body)).toBe(true);
  });

  test('that no queue message can hold is refused as too large, and counted', async () => {
    const body = randomBytes(1_200_000);

    expect(await edge()(post('shop', body, signed(body)), CONTEXT)).toEqual({ statusCode: 413, body: '' });
    expect(sentDeliveries()).toEqual([]);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'deliveryTooLarge', deliveryTooLarge: 1 }));
  });

  test('is answered with 503 when the queue does not take it, so that it is sent again', async () => {
    const body = Buffer.from('{}');
    sqs.on(SendMessageCommand).rejects(new Error('SQS is down'));

    expect(await edge()(post('shop', body, signed(body)), CONTEXT)).toEqual({ statusCode: 503, headers: { 'retry-after': '5' }, body: '' });
  });

  test('is answered with 503 when the secret cannot be read', async () => {
    const body = Buffer.from('{}');
    secretsManager.on(GetSecretValueCommand).rejects(new Error('Secrets Manager is down'));

    expect(await edge()(post('shop', body, signed(body)), CONTEXT)).toMatchObject({ statusCode: 503 });
    expect(sentDeliveries()).toEqual([]);
  });

  test('is answered with 503 when the function was deployed without its environment', async () => {
    const body = Buffer.from('{}');
    vi.stubEnv(ENV.inboxQueue, '');

    expect(await edge()(post('shop', body, signed(body)), CONTEXT)).toMatchObject({ statusCode: 503 });
  });

  test('signed with the earlier of two secrets is taken until its grace ends', async () => {
    const body = Buffer.from('{}');
    secrets.shop = { signing: { current: 'new', previous: SECRET, previousUntil: '2026-11-20T10:00:00.000Z' } };
    const handler = edge();

    const before = await handler(post('shop', body, signed(body)), CONTEXT);
    vi.setSystemTime('2026-11-20T10:00:00.000Z');
    const after = await handler(post('shop', body, signed(body)), CONTEXT);

    expect([before.statusCode, after.statusCode]).toEqual([200, 401]);
  });

  test('signed with a secret that was rotated half a minute ago is taken at once', async () => {
    const body = Buffer.from('{}');
    const handler = edge();
    await handler(post('shop', body, signed(body)), CONTEXT);

    secrets.shop = { signing: { current: 'rotated' } };
    vi.setSystemTime(NOW.getTime() + 30_000);

    expect(await handler(post('shop', body, signed(body, 'rotated')), CONTEXT)).toEqual({ statusCode: 200, body: '' });
    expect(await handler(post('shop', body, signed(body)), CONTEXT)).toMatchObject({ statusCode: 401 });
  });

  test('looks its secret up once for many', async () => {
    const body = Buffer.from('{}');
    const handler = edge();

    for (let count = 0; count < 5; count++) await handler(post('shop', body, signed(body)), CONTEXT);

    expect(secretsManager.commandCalls(GetSecretValueCommand)).toHaveLength(1);
  });
});

describe('a handshake', () => {
  const ping = Buffer.from('webhook_id=42');
  const form = { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'WooCommerce/10.3 Hookshot (WordPress/6.9)' };

  test.each(['boutique', 'shop', 'nobody'])('is answered with 200 for %s alike, and takes nothing in', async (connectionId) => {
    expect(await edge()(post(connectionId, ping, form), CONTEXT)).toEqual({ statusCode: 200, body: '' });

    expect(sqs.commandCalls(SendMessageCommand)).toEqual([]);
    expect(secretsManager.commandCalls(GetSecretValueCommand)).toEqual([]);
  });

  test.each<[string, Buffer, Record<string, string>]>([
    ['an order', Buffer.from('{"id":42}'), form],
    ['a form with more', Buffer.from('webhook_id=42&order={"id":42}'), form],
    ['a ping with a signature', ping, { ...form, 'x-wc-webhook-signature': 'AAAA' }],
  ])('is not %s', async (_what, body, headers) => {
    expect(await edge()(post('boutique', body, headers), CONTEXT)).toEqual({ statusCode: 401, body: '' });
    expect(sqs.commandCalls(SendMessageCommand)).toEqual([]);
  });

  test('does not stand in the way of what is signed', async () => {
    const body = Buffer.from('{"id":42}');

    expect(await edge()(post('boutique', body, sign(body, WOO, 'a&b', { id: '', at: NOW })), CONTEXT)).toEqual({ statusCode: 200, body: '' });
    expect(sentDeliveries()).toHaveLength(1);
  });
});

describe('a sender that shuts out a domain that refuses, and may not sign its retries anew', () => {
  const body = Buffer.from('{"scope":"store/order/created","data":{"type":"order","id":250}}');
  const at = (seconds: number, secret = 'bc_client_secret_1') => sign(body, BIG, secret, { id: 'evt-1', at: new Date(NOW.getTime() + seconds * 1000) });

  test('is answered with 200 when its signature is bad, which is counted and dropped', async () => {
    const handler = edge();

    for (const headers of [at(0, 'guessed'), {}, at(301)]) expect(await handler(post('outlet', body, headers), CONTEXT)).toEqual({ statusCode: 200, body: '' });
    expect(sqs.commandCalls(SendMessageCommand)).toEqual([]);
    expect(log.lines.filter(({ message }) => message === 'signatureRefused')).toHaveLength(3);
  });

  test('is heard when its genuine signature is old, and that is counted', async () => {
    const handler = edge();

    await handler(post('outlet', body, at(0)), CONTEXT);
    expect(log.lines).toEqual([]);
    await handler(post('outlet', body, at(-86_400)), CONTEXT);

    expect(sentDeliveries()).toHaveLength(2);
    expect(log.lines).toEqual([expect.objectContaining({ message: 'signatureLate', signatureLate: 1, connectionId: 'outlet' })]);
  });

  test('alone is answered so', async () => {
    const handler = edge();

    for (const connectionId of ['shop', 'wholesale', 'nobody']) expect(await handler(post(connectionId, body, at(0)), CONTEXT)).toMatchObject({ statusCode: 401 });
  });
});

describe('a sender whose keys are published', () => {
  const body = Buffer.from('{"event":1}');
  const { publicPem, privatePem } = rsaPair();
  const headers = { ...sign(body, ADOBE, privatePem, { id: '', at: NOW }), 'x-adobe-public-key1-path': '/prod/keys/pub-key-1.pem' };
  const there = { body: Buffer.from(publicPem) };

  test('is verified with the key that it names, fetched once, though there is no secret', async () => {
    const { http, asked } = scripted(there);
    const handler = edge(http);

    const answers = [await handler(post('atelier', body, headers), CONTEXT), await handler(post('atelier', body, headers), CONTEXT)];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect(asked.map(({ url }) => url)).toEqual(['https://static.adobeioevents.com/prod/keys/pub-key-1.pem']);
  });

  test('is refused under another key, and under one that leads elsewhere', async () => {
    const { http, asked } = scripted({ body: Buffer.from(rsaPair().publicPem) });
    const handler = edge(http);
    const elsewhere = { ...headers, 'x-adobe-public-key1-path': 'https://evil.example/key.pem' };

    expect(await handler(post('atelier', body, headers), CONTEXT)).toMatchObject({ statusCode: 401 });
    expect(await handler(post('atelier', body, elsewhere), CONTEXT)).toMatchObject({ statusCode: 401 });
    expect(asked).toHaveLength(1);
  });

  test('is asked to come again while its keys cannot be fetched', async () => {
    const { http } = scripted({ status: 503 });

    expect(await edge(http)(post('atelier', body, headers), CONTEXT)).toMatchObject({ statusCode: 503 });
    expect(sqs.commandCalls(SendMessageCommand)).toEqual([]);
  });
});

test('what only AWS may bring is refused over HTTP', async () => {
  const body = Buffer.from('{}');

  expect(await edge()(post('market', body, signed(body)), CONTEXT)).toEqual({ statusCode: 401, body: '' });
});

describe('what is not genuine', () => {
  const body = Buffer.from('{"id":1}');
  const genuine = signed(body);
  const signature = genuine['x-shopify-hmac-sha256'] ?? '';

  test.each<[string, string, Buffer, Record<string, string>]>([
    ['no signature', 'shop', body, {}],
    ['a signature of another body', 'shop', Buffer.from('{"id":2}'), genuine],
    ['a body in another notation', 'shop', Buffer.from('{"id": 1}'), genuine],
    ['a truncated signature', 'shop', body, { ...genuine, 'x-shopify-hmac-sha256': signature.slice(0, -4) }],
    ['a signature in other letters', 'shop', body, { ...genuine, 'x-shopify-hmac-sha256': signature.toUpperCase() }],
    ['the base64 of a genuine body', 'shop', Buffer.from(body.toString('base64')), genuine],
    ['a ping with a body', 'boutique', Buffer.from('webhook_id=42&a=b'), {}],
    ['a doubled signature', 'shop', body, { ...genuine, 'x-shopify-hmac-sha256': `${signature},${signature}` }],
    ['a signature with another secret', 'shop', body, signed(body, 'guessed')],
    ['a signature with an empty secret', 'shop', body, signed(body, '')],
    ['a genuine body of another shop', 'shop', body, { ...genuine, 'x-shopify-shop-domain': 'other.myshopify.com' }],
    ['a genuine delivery posted to another connection', 'wholesale', body, genuine],
    ['an unknown connection', 'nobody', body, {}],
    ['an unknown connection, signed with the secret of a known one', 'nobody', body, genuine],
    ['the prototype of the table as connection', '__proto__', body, genuine],
    ['a method of the table as connection', 'constructor', body, genuine],
    ['no connection', '', body, genuine],
  ])('%s is answered like any other and nothing is sent', async (_name, connectionId, bytes, headers) => {
    expect(await edge()(post(connectionId, bytes, headers), CONTEXT)).toEqual({ statusCode: 401, body: '' });

    expect(sqs.commandCalls(SendMessageCommand)).toEqual([]);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'signatureRefused', signatureRefused: 1 }));
    // Nobody outside chooses which secret is looked up.
    for (const call of secretsManager.commandCalls(GetSecretValueCommand)) expect(call.args[0].input.SecretId).toMatch(/^crossdock\/sample\/(shop|wholesale|boutique)$/);
  });

  test('a standard webhook that is too old or from the future is refused', async () => {
    const handler = edge();
    const key = `whsec_${Buffer.from('the key of the wholesale shop').toString('base64')}`;
    const at = (seconds: number) => sign(body, WHOLESALE, key, { id: 'evt-1', at: new Date(NOW.getTime() + seconds * 1000) });

    const answers = [
      await handler(post('wholesale', body, at(0)), CONTEXT),
      await handler(post('wholesale', body, at(-301)), CONTEXT),
      await handler(post('wholesale', body, at(301)), CONTEXT),
    ];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401, 401]);
  });

  test('a connection without a secret takes nothing', async () => {
    secrets = {};

    expect(await edge()(post('shop', body, genuine), CONTEXT)).toEqual({ statusCode: 401, body: '' });
  });

  test('a flood of bad signatures is no flood of look-ups', async () => {
    const handler = edge();

    for (let count = 0; count < 20; count++) await handler(post(count % 2 === 0 ? 'shop' : 'nobody', body, signed(body, 'guessed')), CONTEXT);

    expect(secretsManager.commandCalls(GetSecretValueCommand)).toHaveLength(1);
  });

  test('an unknown connection costs the look-ups that a known one costs', async () => {
    await edge()(post('shop', body, signed(body, 'guessed')), CONTEXT);
    const known = secretsManager.commandCalls(GetSecretValueCommand).length;
    secretsManager.resetHistory();
    await edge()(post('nobody', body, signed(body, 'guessed')), CONTEXT);

    expect(secretsManager.commandCalls(GetSecretValueCommand)).toHaveLength(known);
  });

  test('the same work is done for an unknown connection as for a known one', async () => {
    const { http, asked } = scripted();
    const handler = edge(http);
    const large = Buffer.alloc(65_536, 'x');
    const spent: Record<'shop' | 'nobody', number[]> = { shop: [], nobody: [] };
    // By turns, so that what else the machine does falls on both alike.
    for (let turn = 0; turn < 300; turn++) {
      for (const connectionId of ['shop', 'nobody'] as const) {
        const before = performance.now();
        await handler(post(connectionId, large, signed(large, 'guessed')), CONTEXT);
        spent[connectionId].push(performance.now() - before);
      }
    }

    // Half or double would be a look-up or a digest more or less; medians, as a machine that stalls does so on one side alone.
    const ratio = median(spent.nobody) / median(spent.shop);
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
    expect(asked).toEqual([]);
  });

  test('12 MB and 11 KB of headers are judged and refused in one answer', async () => {
    const headers = { ...Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'y'.repeat(110)])), ...signed(body) };

    expect(await edge()(post('shop', Buffer.alloc(12 * 1024 * 1024, 'x'), headers), CONTEXT)).toEqual({ statusCode: 401, body: '' });
  });
});
