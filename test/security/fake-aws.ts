import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Listener, listenOnLoopback } from '../../local/cloud/loopback.ts';

/** How the world outside the functions behaves: it does what it is asked, or fails and repeats in its failure all that it was sent. */
export type Mood = 'works' | 'refuses' | 'breaks';

/** AWS and everybody else whom functions call, at one address on loopback. */
export interface FakeWorld extends Listener {
  /** Of AWS. */
  aws: Mood;
  /** Of storefronts and carriers. */
  others: Mood;
  readonly objects: Map<string, Buffer>;
  /** Bodies of messages and of what was published, and what was sent along with them. */
  readonly sent: { readonly body: string; readonly attributes: string }[];
  /** How many calls of which service. */
  readonly calls: Map<string, number>;
}

/** What the world knows of everybody, and repeats whenever it fails. */
export const GOSSIP = 'Erika Muster of Beispielweg 4, erika@example.com, +49 341 555 0100; key hush-hush-key, token hush-hush-token\n    at Erika Muster (hush-hush-secret)';

const SECRET = JSON.stringify({
  signing: { current: `whsec_${Buffer.from('hush-hush-signing-hush-hush').toString('base64')}` },
  token: 'hush-hush-token',
  apiKey: 'hush-hush-key',
});

/** Starts the world. @param dynamodb where the emulator listens */
export async function startFakeWorld(dynamodb: string): Promise<FakeWorld> {
  const objects = new Map<string, Buffer>();
  const sent: { body: string; attributes: string }[] = [];
  const calls = new Map<string, number>();
  const listener = await listenOnLoopback(async (request, response) => {
    const body = await buffer(request);
    const service = serviceOf(request);
    calls.set(service, (calls.get(service) ?? 0) + 1);
    const mood = service === 'outside' ? world.others : world.aws;
    const answer = mood === 'works' ? await serve(service, request, body) : failing(mood, service, body.toString('utf8'));
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  const world: FakeWorld = { ...listener, aws: 'works', others: 'refuses', objects, sent, calls };
  return world;

  async function serve(service: string, request: IncomingMessage, body: Buffer) {
    if (service === 'dynamodb') return await forward(dynamodb, request, body);
    if (service === 'sqs') return json(sqs(String(request.headers['x-amz-target']), JSON.parse(body.toString('utf8'))));
    if (service === 'sns') return xml(sns(new URLSearchParams(body.toString('utf8'))));
    if (service === 'secretsmanager') return json({ SecretString: SECRET });
    if (service === 's3') return s3(request, body);
    return json({});
  }

  function sqs(target: string, asked: Record<string, unknown>): object {
    const entries = Array.isArray(asked.Entries) ? asked.Entries : [asked];
    if (!/SendMessage/.test(target)) return { QueueUrl: `${listener.url}/000000000000/queue` };
    for (const { MessageBody, MessageAttributes } of entries) sent.push({ body: String(MessageBody), attributes: JSON.stringify(MessageAttributes ?? {}) });
    const done = entries.map(({ Id, MessageBody }) => ({ Id, MessageId: 'm', MD5OfMessageBody: createHash('md5').update(String(MessageBody)).digest('hex') }));
    return /Batch/.test(target) ? { Successful: done, Failed: [] } : { ...done[0] };
  }

  function sns(asked: URLSearchParams): string {
    const messages = [...asked].filter(([name]) => /(?:^|\.)Message$/.test(name));
    const attributes = JSON.stringify([...asked].filter(([name]) => /MessageAttributes|Subject/.test(name)));
    for (const [, body] of messages) sent.push({ body, attributes });
    return asked.get('Action') === 'PublishBatch'
      ? '<PublishBatchResponse><PublishBatchResult><Successful/><Failed/></PublishBatchResult></PublishBatchResponse>'
      : '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';
  }

  function s3({ method, url = '' }: IncomingMessage, body: Buffer) {
    const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
    const key = decodeURIComponent(pathname.slice(1));
    if (method === 'PUT') objects.set(key, unchunked(body));
    if (method === 'DELETE') objects.delete(key);
    if (searchParams.has('list-type')) {
      const [bucket = ''] = key.split('/');
      const keys = [...objects.keys()].filter((one) => one.startsWith(`${bucket}/${searchParams.get('prefix') ?? ''}`));
      return xml(`<ListBucketResult>${keys.map((one) => `<Contents><Key>${one.slice(bucket.length + 1)}</Key></Contents>`).join('')}</ListBucketResult>`);
    }
    const found = objects.get(key);
    if (method === 'GET' && found === undefined) return { status: 404, headers: {}, body: '<Error><Code>NoSuchKey</Code></Error>' };
    return { status: 200, headers: {}, body: method === 'GET' ? (found ?? Buffer.alloc(0)) : '' };
  }
}

/** AWS's own requests are signed for a service; nobody else's are. */
function serviceOf({ headers }: IncomingMessage): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([a-z0-9-]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'outside';
}

function failing(mood: Mood, service: string, body: string) {
  const status = mood === 'refuses' ? (service === 'outside' ? 422 : 400) : 503;
  const message = `${GOSSIP}; you sent ${body}`;
  if (service === 'sns' || service === 's3') return { ...xml(`<Error><Code>InvalidParameter</Code><Message>${message.replace(/[<&]/g, ' ')}</Message></Error>`), status };
  // In the words of every vendor at once.
  const errors = [{ message, code: 'BAD_ADDRESS', title: message, detail: message, field: 'name', userErrors: [{ message }] }];
  return {
    ...json({
      __type: 'ValidationException',
      message,
      Message: message,
      error: { code: 'ADDRESS.INVALID', message, errors },
      errors,
      messages: errors,
      code: message,
      title: message,
    }),
    status,
  };
}

async function forward(to: string, request: IncomingMessage, body: Buffer) {
  const headers = Object.fromEntries(['content-type', 'x-amz-target', 'authorization', 'x-amz-date'].map((name) => [name, String(request.headers[name] ?? '')]));
  const response = await fetch(to, { method: 'POST', headers, body });
  return { status: response.status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(await response.arrayBuffer()) };
}

/** S3's clients may send a body in signed chunks with a checksum behind. */
function unchunked(body: Buffer): Buffer {
  const text = body.toString('latin1');
  const chunk = /^([0-9a-f]+)(?:;[^\r]*)?\r\n/i.exec(text);
  const size = Number.parseInt(chunk?.[1] ?? '', 16);
  return chunk !== null && text.includes('x-amz-checksum') ? body.subarray(chunk[0].length, chunk[0].length + size) : body;
}

function json(value: object) {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(value) };
}

function xml(text: string) {
  return { status: 200, headers: { 'content-type': 'text/xml' }, body: text };
}
