import { ConditionalCheckFailedException, DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Outbox } from '../adapters/aws/message-queue.ts';
import { Bucket } from '../adapters/aws/object-store.ts';
import { Table } from '../adapters/aws/table.ts';
import { packDelivery } from '../adapters/delivery.ts';
import type { Http, HttpRequest, HttpResponse } from '../adapters/http.ts';
import { loadNotifier } from '../adapters/notifier.ts';
import type { Client } from '../core/client.ts';
import { Unavailable } from '../core/error.ts';
import { ulid } from '../core/id.ts';
import type { Json } from '../core/json.ts';
import { cancellation, type Database } from '../local/database/database.ts';
import { answerOf, problem } from './easypost.ts';
import { answerOfShop, FIRST_REFRESH_TOKEN, SHOP, shopEvent } from './etsy.ts';
import { through } from './seam.ts';
import type { State } from './state.ts';

/** What services are bound to: whatever state the world is in at the moment. */
export interface Place {
  readonly client: Client;
  readonly state: State;
  readonly database: Database;
  /** Puts messages on a queue. */
  enqueue(queue: string, bodies: readonly string[]): void;
  /** Hands what was published to the queues that hear it. */
  publish(entries: readonly { readonly body: string; readonly attributes: Readonly<Record<string, string>> }[]): void;
}

/** Everything that any function of the hub works with, behind the seam. */
export type Services = Awaited<ReturnType<typeof openServices>>;

/** Opens them. */
export async function openServices(place: Place) {
  const buckets = { labels: bucketOf('labels', place), facts: bucketOf('facts', place), archive: bucketOf('deliveries', place), reports: bucketOf('reports', place) };
  const sns = snsOf(place);
  const topic = await loadNotifier('topic', sns);
  return {
    ...buckets,
    deliveries: buckets.archive,
    client: place.client,
    table: openTable(place),
    now: () => new Date(place.state.now),
    newId: () => newId(place.state),
    secrets: { read: async () => await through('secrets:GetSecretValue', () => SECRET, { 'server-error': () => fail('InternalServiceError') }) },
    http: httpOf(place),
    publicUrl: 'https://hub.example.com',
    wait: async (milliseconds: number) => {
      place.state.now += milliseconds;
    },
    fetches: outboxOf('fetches', place),
    inbox: outboxOf('inbox', place),
    updates: outboxOf('updates', place),
    manifests: outboxOf('manifests', place),
    pickups: outboxOf('pickups', place),
    notice: () => {},
    privacy: outboxOf('privacy', place),
    lookups: Object.fromEntries(place.client.carriers.map(({ id }) => [id, outboxOf(`lookups-${id}`, place)])),
    sns,
    eventsTopic: 'events',
    notifiers: async () => [topic],
    notifier: async () => topic,
  };
}

/** The table as an invocation finds it that remembers nothing of those before; it waits for nobody. */
export function openTable(place: Place): Table {
  return new Table('hub', documentsOf(place), async () => {});
}

const SECRET = { signing: { current: `whsec_${Buffer.from('a key that proves nothing').toString('base64')}` }, token: FIRST_REFRESH_TOKEN, apiKey: 'key:shared' };

function newId(state: State): string {
  state.ids += 1;
  const random = new Uint8Array(10);
  new DataView(random.buffer).setUint32(6, state.ids);
  return ulid(new Date(state.now), random);
}

function fail(name: string): never {
  throw Object.assign(new Error(`${name}, as the proof has it`), { name });
}

/** Timed out while it was under way: whether it had an effect is for the caller to find out. */
function lose(effect: () => unknown): never {
  effect();
  return fail('TimeoutError');
}

function documentsOf(place: Place): DynamoDBDocumentClient {
  const client = new DynamoDBClient(REGION);
  const { middlewareStack } = client;
  // Requests are neither written nor signed nor sent, which takes most of the time of a call: between items as the hub has them and as the
  // wire has them stands the seam.
  const names = middlewareStack.identify().map((text) => /^\w+/.exec(text)?.[0] ?? '');
  for (const name of names) if (!/^(de)?serializerMiddleware$/.test(name)) middlewareStack.remove(name);
  middlewareStack.add((next) => next, { step: 'serialize', name: 'serializerMiddleware', override: true });
  middlewareStack.add(
    (_next, { commandName = '' }) =>
      async (args) => ({ output: { $metadata: {}, ...(await answerOfTable(String(commandName).replace('Command', ''), Object(args).input, place)) }, response: {} }),
    { step: 'deserialize', name: 'deserializerMiddleware', override: true },
  );
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

async function answerOfTable(operation: string, input: unknown, place: Place): Promise<object> {
  const request: Json = JSON.parse(JSON.stringify(input));
  const effect = () => read(place.database(operation, request));
  const isTransaction = operation === 'TransactWriteItems';
  return await through(`dynamodb:${operation}`, effect, {
    throttled: () => fail('ThrottlingException'),
    'server-error': () => fail('InternalServerError'),
    'answer-lost': () => lose(effect),
    ...(isTransaction && { conflict: () => read(cancellation(['TransactionConflict', ...others(request)])) }),
    ...(operation === 'BatchWriteItem' && { partial: () => read(partly(request, place)) }),
  });
}

const Refusal = z.object({ __type: z.string(), CancellationReasons: z.array(z.object({ Code: z.string(), Message: z.string().exactOptional() })).exactOptional() });

/** An answer as the SDK gives it to whoever asked. */
function read({ status, body }: { readonly status: number; readonly body: Json }): object {
  if (status === 200) return z.looseObject({}).parse(body);
  const { __type, CancellationReasons } = Refusal.parse(body);
  const name = __type.split('#').at(-1) ?? '';
  const said = { message: `${name}, as the table has it`, $metadata: {} };
  if (name === 'TransactionCanceledException') throw new TransactionCanceledException({ ...said, ...(CancellationReasons && { CancellationReasons }) });
  if (name === 'ConditionalCheckFailedException') throw new ConditionalCheckFailedException(said);
  return fail(name);
}

function others(request: Json): string[] {
  const { TransactItems } = z.object({ TransactItems: z.array(z.unknown()) }).parse(request);
  return TransactItems.slice(1).map(() => 'None');
}

const BatchWrite = z.object({ RequestItems: z.record(z.string(), z.array(z.json())) });

/** The last item is not taken. */
function partly(request: Json, place: Place): { readonly status: number; readonly body: Json } {
  const asked = Object.entries(BatchWrite.parse(request).RequestItems);
  place.database('BatchWriteItem', { RequestItems: Object.fromEntries(asked.map(([table, items]) => [table, items.slice(0, -1)])) });
  return { status: 200, body: { UnprocessedItems: Object.fromEntries(asked.map(([table, items]) => [table, items.slice(-1)])) } };
}

const REGION = { region: 'eu-central-1', maxAttempts: 1, credentials: { accessKeyId: 'proof', secretAccessKey: 'proof' } };
// Before anything of the SDK's own: what is asked never becomes a request.
const FIRST = { step: 'initialize', name: 'seam', priority: 'high' } as const;

const Put = z.object({ Key: z.string(), Body: z.instanceof(Uint8Array) });
const Keyed = z.object({ Key: z.string() });
const Listed = z.object({ Prefix: z.string().default('') });

function bucketOf(name: string, place: Place): Bucket {
  const client = new S3Client(REGION);
  client.middlewareStack.add(
    (_next, { commandName = '' }) =>
      async ({ input }) => {
        const effect = () => ({ output: { $metadata: {}, ...objectAnswer(String(commandName), input, `${name}/`, place.state) }, response: {} });
        return await through(`s3:${String(commandName).replace('Command', '')}`, effect, { 'server-error': () => fail('InternalError'), 'answer-lost': () => lose(effect) });
      },
    FIRST,
  );
  return new Bucket(name, client);
}

function objectAnswer(command: string, input: unknown, prefix: string, { objects }: State): object {
  if (command === 'PutObjectCommand') {
    const { Key, Body } = Put.parse(input);
    objects.set(`${prefix}${Key}`, Buffer.from(Body));
    return {};
  }
  if (command === 'ListObjectsV2Command') {
    const wanted = `${prefix}${Listed.parse(input).Prefix}`;
    return { Contents: [...objects.keys()].filter((key) => key.startsWith(wanted)).map((key) => ({ Key: key.slice(prefix.length) })) };
  }
  const key = `${prefix}${Keyed.parse(input).Key}`;
  if (command === 'DeleteObjectCommand') {
    objects.delete(key);
    return {};
  }
  const bytes = objects.get(key);
  if (bytes === undefined) return fail('NoSuchKey');
  return { Body: { transformToByteArray: async () => bytes } };
}

const Published = z.object({
  PublishBatchRequestEntries: z.array(
    z.object({ Id: z.string(), Message: z.string(), MessageAttributes: z.record(z.string(), z.object({ StringValue: z.string().default('') })).default({}) }),
  ),
});
const TOLD = ['customers', 'plants', 'managers'] as const;
const Notice = z.object({ TopicArn: z.string(), Message: z.string(), MessageAttributes: z.object({ noticeId: z.object({ StringValue: z.string() }) }) });

function snsOf(place: Place): SNSClient {
  const client = new SNSClient(REGION);
  client.middlewareStack.add(
    (_next, { commandName = '' }) =>
      async ({ input }) => {
        const isBatch = String(commandName) === 'PublishBatchCommand';
        const effect = (but = 0) => ({ output: { $metadata: {}, Successful: [], Failed: isBatch ? publish(input, but, place) : notify(input, place) }, response: {} });
        const bad = { throttled: () => fail('ThrottledException'), 'server-error': () => fail('InternalErrorException'), 'answer-lost': () => lose(effect) };
        return await through(`sns:${String(commandName).replace('Command', '')}`, () => effect(), { ...bad, ...(isBatch && { partial: () => effect(1) }) });
      },
    FIRST,
  );
  return client;
}

/** @param but how many of the last are not taken @returns those */
function publish(input: unknown, but: number, { publish: hand }: Place): { Id: string; Code: string; SenderFault: boolean }[] {
  const { PublishBatchRequestEntries: entries } = Published.parse(input);
  const taken = entries.slice(0, entries.length - but);
  hand(
    taken.map(({ Message: body, MessageAttributes }) => ({
      body,
      attributes: Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue])),
    })),
  );
  return entries.slice(taken.length).map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
}

function notify(input: unknown, { state }: Place): [] {
  const { TopicArn, Message, MessageAttributes } = Notice.parse(input);
  state.told.push({ to: TOLD.find((topic) => topic === TopicArn) ?? 'customers', id: MessageAttributes.noticeId.StringValue, body: Message });
  return [];
}

function outboxOf(queue: string, place: Place): Outbox {
  return {
    send: async (messages) => {
      const effect = () => place.enqueue(queue, messages);
      await through('sqs:SendMessageBatch', effect, {
        'server-error': () => fail('InternalError'),
        'answer-lost': () => lose(effect),
        partial: () => {
          place.enqueue(queue, messages.slice(0, -1));
          throw new Unavailable('queue.unavailable', 'SQS did not take 1 message, as the proof has it.');
        },
      });
    },
  };
}

function httpOf(place: Place): Http {
  return async (request) => {
    const { host, pathname } = new URL(request.url);
    const answering = ANSWERING[host] ?? carrierAnswer;
    const effect = (): HttpResponse => answering(request, place) ?? unanswered(host);
    return await through(`http:${request.method} ${host}${pathname.replaceAll(/(shp|sf|pickup|receipts)([_/])\d+/g, '$1')}`, effect, {
      throttled: () => problem(429, 'RATE_LIMITED'),
      'server-error': () => problem(503, 'SERVICE_UNAVAILABLE'),
      'answer-lost': () => {
        effect();
        return unanswered(host);
      },
      garbled: () => {
        effect();
        return { status: 200, headers: {}, body: Buffer.from('<html>maintenance') };
      },
    });
  };
}

function unanswered(host: string): never {
  throw new Unavailable('http.timeout', `${host} did not answer within 15000 ms; whether the request had an effect is unknown.`);
}

/** Who answers at which host; at all others the carrier. */
const ANSWERING: Readonly<Record<string, (request: HttpRequest, place: Place) => HttpResponse | undefined>> = {
  'wholesale.example.com': (request, { state }) => storefrontAnswer(request, state),
  [SHOP.host]: shopAnswer,
};

/** @returns undefined where no answer comes */
function carrierAnswer(request: HttpRequest, { state }: Place): HttpResponse | undefined {
  return answerOf(state.carrier, request, new Date(state.now));
}

function shopAnswer(request: HttpRequest, { state, enqueue }: Place): HttpResponse {
  const at = new Date(state.now);
  return answerOfShop(state.shop, request, at, {
    mailed: (receiptId, trackingCode) => void state.told.push({ to: 'storefront', id: `${receiptId} ${trackingCode}`, body: '' }),
    posted: (receiptId, type) => enqueue('inbox', [packDelivery({ connectionId: SHOP.connectionId, headers: {}, receivedAt: at.toISOString(), body: shopEvent(receiptId, type) })]),
  });
}

function storefrontAnswer({ method, url, headers, body }: HttpRequest, state: State): HttpResponse {
  if (method === 'GET') return ordersPage(Number(new URL(url).searchParams.get('page') ?? 0), state);
  state.told.push({ to: 'storefront', id: headers?.['webhook-id'] ?? '', body: String(body) });
  return { status: 200, headers: {}, body: Buffer.alloc(0) };
}

/** One order to a page. */
function ordersPage(page: number, { listed }: State): HttpResponse {
  const next = page + 1 < listed.length ? `"${page + 1}"` : 'null';
  return { status: 200, headers: {}, body: Buffer.from(`{"orders":[${listed[page] ?? ''}],"next":${next}}`) };
}
