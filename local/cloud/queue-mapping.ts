import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import { callJson } from './aws-json.ts';
import type { Outcome } from './functions.ts';
import { failedItems } from './partial-response.ts';

/** An event source mapping from a queue to a function. */
export interface QueueMapping {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly concurrency: number;
  /** ReportBatchItemFailures. */
  readonly partial: boolean;
}

/** What a queue mapping works with. */
export interface QueueMappingContext {
  readonly sqs: string;
  readonly region: string;
  readonly invoke: (event: Json) => Promise<Outcome>;
  /** Instead of the visibility timeout, for messages that failed. */
  readonly retryAfterSeconds: number | undefined;
  readonly log: (line: string) => void;
}

/** Something that runs until it is stopped. */
export interface Poller {
  stop(): Promise<void>;
}

const Message = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  Body: z.string(),
  MD5OfBody: z.string(),
  MD5OfMessageAttributes: z.string().optional(),
  Attributes: z.record(z.string(), z.string()).default({}),
  MessageAttributes: z.record(z.string(), z.object({ DataType: z.string(), StringValue: z.string().optional(), BinaryValue: z.string().optional() })).default({}),
});
type Message = z.infer<typeof Message>;

const Received = z.object({ Messages: z.array(Message).nullish() });

const PER_REQUEST = 10;
const LONG_POLL_SECONDS = 20;
// An invocation takes 6 MB at most; Lambda stops filling a batch before it is reached.
const BATCH_BYTES = 5_000_000;
const WINDOW_POLL_MS = 100;

/** Feeds a function from a queue as Lambda's pollers do. */
export function startQueueMapping(mapping: QueueMapping, context: QueueMappingContext): Poller {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const call = (operation: string, body: Record<string, Json>, signal?: AbortSignal) =>
    callJson(context.sqs, `AmazonSQS.${operation}`, { QueueUrl: mapping.queueUrl, ...body }, { region: context.region, ...(signal ? { signal } : {}) });

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        while (running.size >= mapping.concurrency) await Promise.race(running);
        const batch = await collect();
        if (batch.length > 0) launch(batch);
      } catch (error) {
        await afterError(error);
      }
    }
  }

  function launch(batch: readonly Message[]): void {
    const work = handle(batch)
      .catch(afterError)
      .finally(() => running.delete(work));
    running.add(work);
  }

  async function collect(): Promise<Message[]> {
    const batch = await receive(Math.min(PER_REQUEST, mapping.batchSize), LONG_POLL_SECONDS);
    const until = Date.now() + mapping.windowSeconds * 1_000;
    while (batch.length > 0 && batch.length < mapping.batchSize && bytes(batch) < BATCH_BYTES && Date.now() < until && !stopping.signal.aborted) {
      const more = await receive(Math.min(PER_REQUEST, mapping.batchSize - batch.length), 0);
      batch.push(...more);
      if (more.length === 0) await sleep(Math.min(WINDOW_POLL_MS, Math.max(0, until - Date.now())));
    }
    return batch;
  }

  async function receive(count: number, waitSeconds: number): Promise<Message[]> {
    const answer = await call(
      'ReceiveMessage',
      { MaxNumberOfMessages: count, WaitTimeSeconds: waitSeconds, MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] },
      stopping.signal,
    );
    return Received.parse(answer).Messages ?? [];
  }

  async function handle(batch: readonly Message[]): Promise<void> {
    const outcome = await context.invoke({ Records: batch.map((message) => sqsRecord(message, mapping.queueArn, context.region)) });
    const failed = failedItems(
      outcome,
      batch.map(({ MessageId }) => MessageId),
      mapping.partial,
    );
    await inRequests(
      batch.filter(({ MessageId }) => !failed.has(MessageId)),
      (entries) => call('DeleteMessageBatch', { Entries: entries }),
      {},
    );
    if (context.retryAfterSeconds === undefined) return;
    await inRequests(
      batch.filter(({ MessageId }) => failed.has(MessageId)),
      (entries) => call('ChangeMessageVisibilityBatch', { Entries: entries }),
      // The emulator cannot store 0.
      { VisibilityTimeout: Math.max(1, context.retryAfterSeconds) },
    );
  }

  async function afterError(error: unknown): Promise<void> {
    if (stopping.signal.aborted) return;
    context.log(`${mapping.queueArn}: ${error instanceof Error ? error.message : String(error)}`);
    await sleep(500);
  }

  const loop = poll();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
      await Promise.allSettled(running);
    },
  };
}

async function inRequests(messages: readonly Message[], call: (entries: Json[]) => Promise<Json>, extra: Record<string, Json>): Promise<void> {
  for (let start = 0; start < messages.length; start += PER_REQUEST) {
    await call(messages.slice(start, start + PER_REQUEST).map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, ...extra })));
  }
}

function bytes(batch: readonly Message[]): number {
  return batch.reduce((sum, { Body }) => sum + Body.length, 0);
}

/** A message as a function receives it. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
function sqsRecord(message: Message, queueArn: string, region: string): Json {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(Object.entries(message.MessageAttributes).map(([name, attribute]) => [name, messageAttribute(attribute)])),
    md5OfBody: message.MD5OfBody,
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

function messageAttribute({ DataType, StringValue, BinaryValue }: Message['MessageAttributes'][string]): Json {
  return {
    ...(StringValue === undefined ? {} : { stringValue: StringValue }),
    ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}
