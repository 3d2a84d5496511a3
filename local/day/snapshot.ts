import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ChangeMessageVisibilityBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import { HubEvent } from '../../core/event.ts';
import { ENV } from '../../functions/shell/env.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { Clients } from './observer.ts';
import { placeOf } from './places.ts';
import { dumpOf, type TableDump } from './table-dump.ts';

/** A message that the hub could not use. */
interface DeadLetter {
  readonly queue: string;
  readonly code: string;
  readonly body: string;
}

/** An object in one of the stack's buckets. */
interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly body: Buffer;
}

/** Everything the hub holds when the day is over. */
export interface Snapshot {
  readonly table: TableDump;
  readonly facts: readonly HubEvent[];
  readonly deadLetters: readonly DeadLetter[];
  readonly reports: readonly StoredObject[];
  readonly labels: readonly StoredObject[];
  /** The functions' logs, by file name. */
  readonly logs: ReadonlyMap<string, string>;
}

/** Reads everything there is: table, buckets, dead-letter queues and logs. */
export async function takeSnapshot(cloud: Cloud, clients: Clients, dataFolder: string): Promise<Snapshot> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const s3 = new S3Client({ region: cloud.region, credentials, endpoint: cloud.endpoints.s3, forcePathStyle: true });
  const [table, facts, reports, labels, deadLetters] = await Promise.all([
    scan(cloud),
    objectsOf(s3, placeOf(cloud, ENV.factsBucket)),
    objectsOf(s3, placeOf(cloud, ENV.reportsBucket)),
    objectsOf(s3, placeOf(cloud, ENV.labelsBucket)),
    deadLettersOf(cloud, clients.sqs),
  ]);
  s3.destroy();
  const events = facts.flatMap(({ body }) =>
    gunzipSync(body)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== ''),
  );
  return { table: dumpOf(table), facts: uniqueById(events.map((line) => HubEvent.parse(JSON.parse(line)))), reports, labels, deadLetters, logs: logsOf(join(dataFolder, 'logs')) };
}

/** Facts may be written twice with a repeated batch; an event is what its id says. */
function uniqueById(events: readonly HubEvent[]): HubEvent[] {
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

async function scan(cloud: Cloud): Promise<Record<string, unknown>[]> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: cloud.region, credentials, endpoint: cloud.endpoints.dynamodb }));
  const items: Record<string, unknown>[] = [];
  let ExclusiveStartKey: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const page: ScanCommandOutput = await client.send(new ScanCommand({ TableName: cloud.tableName, ConsistentRead: true, ExclusiveStartKey }));
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  client.destroy();
  return items;
}

async function objectsOf(s3: S3Client, bucket: string): Promise<StoredObject[]> {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ...(ContinuationToken !== undefined && { ContinuationToken }) }));
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  const objects: StoredObject[] = [];
  for (const key of keys) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    objects.push({ bucket, key, body: Buffer.from((await Body?.transformToByteArray()) ?? []) });
  }
  return objects;
}

/** Looks at every dead letter and leaves it where it is. */
async function deadLettersOf(cloud: Cloud, sqs: SQSClient): Promise<DeadLetter[]> {
  const queues = cloud.queues.filter(({ deadLetter }) => deadLetter);
  const found = await Promise.all(
    queues.map(async ({ name, url }) =>
      (await peek(sqs, url)).map((message) => ({ queue: name, code: message.MessageAttributes?.code?.StringValue ?? '', body: message.Body ?? '' })),
    ),
  );
  return found.flat();
}

async function peek(sqs: SQSClient, QueueUrl: string): Promise<Message[]> {
  const messages = new Map<string, Message>();
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 30, MessageAttributeNames: ['All'] }));
    if (Messages.length === 0) break;
    for (const message of Messages) messages.set(message.MessageId ?? '', message);
  }
  const handles = [...messages.values()].map(({ ReceiptHandle }) => ReceiptHandle);
  for (let from = 0; from < handles.length; from += 10) {
    const Entries = handles.slice(from, from + 10).map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 1 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
  return [...messages.values()];
}

function logsOf(folder: string): Map<string, string> {
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
