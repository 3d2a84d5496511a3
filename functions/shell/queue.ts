import { ChangeMessageVisibilityCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { Rejected, Unavailable } from '../../core/error.ts';
import { HubEvent } from '../../core/event.ts';
import { ENV, readEnv } from './env.ts';
import { count, errorFields, log } from './log.ts';
import { once } from './once.ts';

/** One message of a batch, read. */
export interface Received<Message> {
  readonly id: string;
  readonly message: Message;
}

/** The messages of a batch that failed, by id, with what failed them. */
export type Failures = ReadonlyMap<string, unknown>;

/** How a worker reads and handles what its queue brings. */
export interface Worker<Message, Services> {
  /** @throws Rejected for a message that can never be read */
  readonly read: (body: string) => Message;
  /** Handles all messages of a batch that could be read; returns those that failed. */
  readonly handle: (batch: readonly Received<Message>[], services: Services) => Promise<Failures>;
  /** Made once per container, on the first batch. */
  readonly services: () => Services;
}

/**
 * Wraps a worker as a Lambda on a queue. A message that is `Rejected` goes to the dead-letter queue at once, with its reason
 * and its bytes; one that met `Unavailable` comes back after a growing pause; anything else is a bug, comes back, and ends in the
 * dead-letter queue by the queue's own count. One failing message never fails another.
 */
export function queue<Message, Services>(worker: Worker<Message, Services>, sqs: SQSClient = sqsClient()) {
  const services = once(worker.services);
  return middy(async function queueHandler(event: SQSEvent): Promise<SQSBatchResponse> {
    const failures = new Map<string, unknown>();
    const batch: Received<Message>[] = [];
    for (const record of event.Records) attempt(record, () => batch.push({ id: record.messageId, message: worker.read(record.body) }), failures);
    if (batch.length > 0) for (const [id, error] of await handleAll(worker, batch, services)) failures.set(id, error);
    const failed = await Promise.all(event.Records.filter(({ messageId }) => failures.has(messageId)).map((record) => settle(record, failures.get(record.messageId), sqs)));
    return { batchItemFailures: failed.filter((id) => id !== undefined).map((itemIdentifier) => ({ itemIdentifier })) };
  });
}

/** Handles the messages of a batch side by side, each on its own. */
export function each<Message, Services>(handleOne: (message: Message, services: Services) => Promise<void>) {
  return async function handleEach(batch: readonly Received<Message>[], services: Services): Promise<Failures> {
    const failures = new Map<string, unknown>();
    await Promise.all(batch.map(({ id, message }) => handleOne(message, services).catch((error: unknown) => void failures.set(id, error))));
    return failures;
  };
}

/** Reads one of the hub's own events. @throws Rejected `event.unreadable` */
export function readEvent(body: string): HubEvent {
  try {
    return HubEvent.parse(JSON.parse(body));
  } catch (cause) {
    throw new Rejected('event.unreadable', 'The message is not an event of this version of the hub; redrive it after the deployment is complete.', { cause });
  }
}

function attempt(record: SQSRecord, read: () => unknown, failures: Map<string, unknown>): void {
  try {
    read();
  } catch (error) {
    failures.set(record.messageId, error);
  }
}

async function handleAll<Message, Services>(worker: Worker<Message, Services>, batch: readonly Received<Message>[], services: () => Services): Promise<Failures> {
  try {
    return await worker.handle(batch, services());
  } catch (error) {
    return new Map(batch.map(({ id }) => [id, error]));
  }
}

/** Deals with one failed message. @returns its id when it is to come back, undefined when it is dealt with */
async function settle(record: SQSRecord, error: unknown, sqs: SQSClient): Promise<string | undefined> {
  const receives = Number(record.attributes.ApproximateReceiveCount);
  log(error instanceof Rejected || error instanceof Unavailable ? 'warn' : 'error', 'message failed', { messageId: record.messageId, receives, ...errorFields(error) });
  try {
    if (error instanceof Rejected) return await quarantine(record, error, sqs);
    if (error instanceof Unavailable) await comeBackLater(record, error, receives, sqs);
  } catch (failure) {
    // The message stays in its queue and is met again after its visibility timeout.
    log('error', 'message could not be set aside', { messageId: record.messageId, ...errorFields(failure) });
  }
  return record.messageId;
}

async function quarantine(record: SQSRecord, error: Rejected, sqs: SQSClient): Promise<undefined> {
  const attribute = (value: string) => ({ DataType: 'String', StringValue: printable(value.slice(0, 500)) || '-' });
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: readEnv(ENV.deadLetterQueue)[ENV.deadLetterQueue],
      MessageBody: record.body,
      MessageAttributes: { code: attribute(error.code), message: attribute(error.message), source: attribute(queueNameOf(record)) },
    }),
  );
  count('messageQuarantined', new Date(), { code: error.code });
}

const FIRST_PAUSE_SECONDS = 2;
const LONGEST_PAUSE_SECONDS = 300;

async function comeBackLater(record: SQSRecord, error: Unavailable, receives: number, sqs: SQSClient): Promise<void> {
  const growing = FIRST_PAUSE_SECONDS * 2 ** (receives - 1) * (0.5 + Math.random() / 2);
  const seconds = Math.min(LONGEST_PAUSE_SECONDS, Math.ceil(Math.max(growing, error.retryAfterSeconds ?? 0)));
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: await queueUrlOf(queueNameOf(record), sqs), ReceiptHandle: record.receiptHandle, VisibilityTimeout: seconds }));
}

const queueUrls = new Map<string, Promise<string>>();

function queueUrlOf(name: string, sqs: SQSClient): Promise<string> {
  const known = queueUrls.get(name) ?? sqs.send(new GetQueueUrlCommand({ QueueName: name })).then(({ QueueUrl = '' }) => QueueUrl);
  queueUrls.set(name, known);
  known.catch(() => queueUrls.delete(name));
  return known;
}

function queueNameOf(record: SQSRecord): string {
  return record.eventSourceARN.split(':').at(-1) ?? '';
}

// SQS refuses values with control characters, U+FFFE, U+FFFF or half a surrogate pair:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
function printable(text: string): string {
  return text.replace(/[\p{Cc}\uFFFE\uFFFF]/gu, ' ').toWellFormed();
}

function sqsClient(): SQSClient {
  return new SQSClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 } });
}
