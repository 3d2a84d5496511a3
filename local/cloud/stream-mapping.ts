import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import { callJson } from './aws-json.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Outcome } from './functions.ts';
import { failedItems } from './partial-response.ts';
import type { Poller } from './queue-mapping.ts';

/** An event source mapping from a table's stream to a function. */
export interface StreamMapping {
  readonly logicalId: string;
  readonly tableArn: string;
  /** The emulator's own ARN of the stream. */
  readonly emulatorStreamArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly partial: boolean;
  readonly bisect: boolean;
  /** Retries of a batch before it goes to the failure queue; -1 for ever. */
  readonly retries: number;
  readonly failureQueueUrl: string | undefined;
  /** Records that it does not want are passed over. */
  readonly wants: (record: object) => boolean;
}

/** What a stream mapping works with. */
export interface StreamMappingContext {
  readonly dynamodb: string;
  readonly sqs: string;
  readonly region: string;
  readonly functionArn: string;
  readonly checkpoints: Checkpoints;
  readonly invoke: (event: Json) => Promise<Outcome>;
  readonly log: (line: string) => void;
}

/** A mapping that knows whether it has read everything. */
export interface StreamPoller extends Poller {
  /** Asks the stream: true when no record lies beyond the checkpoint. */
  drained(): Promise<boolean>;
}

const StreamRecord = z.object({
  eventID: z.string(),
  eventName: z.string(),
  eventVersion: z.string().default('1.1'),
  dynamodb: z.object({
    ApproximateCreationDateTime: z.coerce.number(),
    Keys: z.custom<Json>(() => true),
    NewImage: z.custom<Json>(() => true).optional(),
    OldImage: z.custom<Json>(() => true).optional(),
    SequenceNumber: z.string(),
    SizeBytes: z.coerce.number().default(0),
    StreamViewType: z.string(),
  }),
});
type StreamRecord = z.infer<typeof StreamRecord>;

const Records = z.object({ Records: z.array(StreamRecord) });
const Iterator = z.object({ ShardIterator: z.string() });
const Description = z.object({ StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })) }) });

const IDLE_POLL_MS = 100;
const MAX_BACKOFF_MS = 5_000;

/** Feeds a function from a table's stream as Lambda's poller does: in order, nothing skipped before it succeeded or was set aside. */
export function startStreamMapping(mapping: StreamMapping, context: StreamMappingContext): StreamPoller {
  const stopping = new AbortController();
  const streamArn = `${mapping.tableArn}/stream/local`;
  const key = `${mapping.logicalId} ${mapping.emulatorStreamArn}`;
  let shardId: string | undefined;

  const call = (operation: string, body: Json) => callJson(context.dynamodb, `DynamoDBStreams_20120810.${operation}`, body, { region: context.region });

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const records = await collect();
        const wanted = records.filter((record) => mapping.wants(record));
        if (await work(wanted)) advance(records);
        if (records.length === 0) await pause(IDLE_POLL_MS);
      } catch (error) {
        if (stopping.signal.aborted) return;
        context.log(`${streamArn}: ${error instanceof Error ? error.message : String(error)}`);
        await pause(500);
      }
    }
  }

  async function collect(): Promise<StreamRecord[]> {
    const records = await read(mapping.batchSize);
    const until = Date.now() + mapping.windowSeconds * 1_000;
    while (records.length > 0 && records.length < mapping.batchSize && Date.now() < until && !stopping.signal.aborted) {
      await pause(Math.min(IDLE_POLL_MS, until - Date.now()));
      records.push(...(await read(mapping.batchSize - records.length, records.at(-1)?.dynamodb.SequenceNumber)));
    }
    return records;
  }

  async function read(limit: number, after = context.checkpoints.get(key)): Promise<StreamRecord[]> {
    shardId ??= Description.parse(await call('DescribeStream', { StreamArn: mapping.emulatorStreamArn })).StreamDescription.Shards.at(-1)?.ShardId;
    if (shardId === undefined) return [];
    // Table and mapping are deployed together, so LATEST and TRIM_HORIZON begin at the same record.
    const position = after === undefined ? { ShardIteratorType: 'TRIM_HORIZON' } : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after };
    const { ShardIterator } = Iterator.parse(await call('GetShardIterator', { StreamArn: mapping.emulatorStreamArn, ShardId: shardId, ...position }));
    return Records.parse(await call('GetRecords', { ShardIterator, Limit: limit })).Records;
  }

  /** @returns whether every record succeeded or was set aside */
  async function work(batch: readonly StreamRecord[]): Promise<boolean> {
    let remaining = batch;
    let retries = 0;
    while (remaining.length > 0) {
      const outcome = await context.invoke({ Records: remaining.map((record) => eventRecord(record, streamArn, context.region)) });
      if (stopping.signal.aborted && outcome.kind === 'failed') return false;
      const identifiers = remaining.map(({ dynamodb }) => dynamodb.SequenceNumber);
      const failed = failedItems(outcome, identifiers, mapping.partial);
      const good = failed.size === 0 ? remaining.length : identifiers.findIndex((identifier) => failed.has(identifier));
      if (good > 0) {
        advance(remaining.slice(0, good));
        remaining = remaining.slice(good);
        retries = 0;
      } else if (mapping.bisect && remaining.length > 1) {
        const middle = Math.ceil(remaining.length / 2);
        if (!(await work(remaining.slice(0, middle)))) return false;
        remaining = remaining.slice(middle);
      } else if (mapping.retries >= 0 && retries >= mapping.retries) {
        await setAside(remaining, retries + 1);
        return true;
      } else {
        retries += 1;
        await pause(Math.min(MAX_BACKOFF_MS, 50 * 2 ** retries));
      }
      if (stopping.signal.aborted) return remaining.length === 0;
    }
    return true;
  }

  function advance(done: readonly StreamRecord[]): void {
    const last = done.at(-1);
    if (last) context.checkpoints.set(key, last.dynamodb.SequenceNumber);
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
  async function setAside(records: readonly StreamRecord[], attempts: number): Promise<void> {
    const first = records[0]?.dynamodb;
    const last = records.at(-1)?.dynamodb;
    context.log(`${streamArn}: ${records.length} records from ${first?.SequenceNumber} set aside after ${attempts} attempts`);
    if (mapping.failureQueueUrl !== undefined) {
      const notice = {
        requestContext: { requestId: randomUUID(), functionArn: context.functionArn, condition: 'RetryAttemptsExhausted', approximateInvokeCount: attempts },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: new Date().toISOString(),
        DDBStreamBatchInfo: {
          shardId: shardId ?? '',
          startSequenceNumber: first?.SequenceNumber ?? '',
          endSequenceNumber: last?.SequenceNumber ?? '',
          approximateArrivalOfFirstRecord: instant(first),
          approximateArrivalOfLastRecord: instant(last),
          batchSize: records.length,
          streamArn,
        },
      };
      await callJson(context.sqs, 'AmazonSQS.SendMessage', { QueueUrl: mapping.failureQueueUrl, MessageBody: JSON.stringify(notice) }, { region: context.region });
    }
    advance(records);
  }

  async function pause(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: stopping.signal }).catch(() => {});
  }

  const loop = poll();
  return {
    drained: async () => (await read(1)).length === 0,
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}

function eventRecord(record: StreamRecord, streamArn: string, region: string): Json {
  const { NewImage, OldImage, ...change } = record.dynamodb;
  return {
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion,
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: { ...change, ...(NewImage === undefined ? {} : { NewImage }), ...(OldImage === undefined ? {} : { OldImage }) },
    eventSourceARN: streamArn,
  };
}

function instant(change: StreamRecord['dynamodb'] | undefined): string {
  return new Date((change?.ApproximateCreationDateTime ?? 0) * 1_000).toISOString();
}
