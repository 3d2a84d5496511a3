import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, type ListObjectsV2CommandInput, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { HubEvent } from '../../core/event.ts';

/** One bucket. */
export class Bucket {
  readonly name: string;
  readonly client: S3Client;

  constructor(name: string, client = new S3Client({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 10_000 } })) {
    this.name = name;
    this.client = client;
  }

  /** Writes an object, replacing one of the same name. */
  async put(key: string, body: Uint8Array, contentType: string): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: this.name, Key: key, Body: body, ContentType: contentType }));
  }

  /** Reads an object's bytes. */
  async get(key: string): Promise<Uint8Array> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.name, Key: key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  /** Names of the objects under a prefix. */
  async *list(prefix: string): AsyncGenerator<string> {
    let ContinuationToken: ListObjectsV2CommandInput['ContinuationToken'];
    do {
      const page = await this.client.send(new ListObjectsV2Command({ Bucket: this.name, Prefix: prefix, ContinuationToken }));
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }
}

/**
 * Keeps events as facts for reports: compressed lines of JSON, partitioned by UTC day.
 * @param position the stream position of the first and last event, so that a rewrite of the same batch replaces its object
 */
export async function writeFacts(bucket: Bucket, events: readonly HubEvent[], position: string): Promise<void> {
  const days = Map.groupBy(events, (event) => event.at.slice(0, 10));
  for (const [day, ofDay] of days) {
    const lines = ofDay.map((event) => `${JSON.stringify(event)}\n`).join('');
    await bucket.put(`facts/day=${day}/${position}.ndjson.gz`, gzipSync(lines), 'application/x-ndjson');
  }
}

/** Reads the facts of the UTC days that a period touches; the reader picks by `at` and drops repeats by `id`. */
export async function* readFacts(bucket: Bucket, from: string, to: string): AsyncGenerator<HubEvent> {
  for (let day = Date.parse(from.slice(0, 10)); day <= Date.parse(to); day += 86_400_000) {
    for await (const key of bucket.list(`facts/day=${new Date(day).toISOString().slice(0, 10)}/`)) {
      for (const line of gunzipSync(await bucket.get(key))
        .toString('utf8')
        .split('\n'))
        if (line !== '') yield HubEvent.parse(JSON.parse(line));
    }
  }
}
