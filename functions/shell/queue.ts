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
 * Wraps a worker as a Lambda on a queue. What becomes of a message that failed:
 *
 * | class | when | what |
 * |---|---|---|
 * | `person` | `Rejected` | goes to the dead-letter queue at once, with its reason and its bytes |
 * | `wait` | `Unavailable` that names a pause | comes back after that pause, 12 hours at most, or after one that grows twofold to 5 minutes if that is longer |
 * | `retry` | any other `Unavailable` | comes back after a pause that grows threefold, to half an hour |
 * | `fault` | anything else: a bug | comes back after the queue's visibility timeout |
 *
 * All but `person` end in the dead-letter queue by the queue's own count of receives. What that bears: `retry` pauses 2, 6, 18, 54, 162, 486,
 * 1,458 and then 1,800 seconds each time, of which chance takes off up to half while they grow. A queue of 12 receives so outlasts an outage
 * of 2.3 to 2.6 hours, one of 20 receives 6.3 to 6.6 hours. A pause of 15 minutes that the other side names costs one receive. One failing
 * message never fails another.
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

/**
 * Handles the messages of a batch side by side, each on its own.
 * @param laneOf names what must not be done side by side: messages of one lane are handled one after the other
 */
export function each<Message, Services>(handleOne: (message: Message, services: Services) => Promise<void>, laneOf?: (message: Message) => string) {
  return async function handleEach(batch: readonly Received<Message>[], services: Services): Promise<Failures> {
    const failures = new Map<string, unknown>();
    const lanes = Map.groupBy(batch, ({ id, message }) => laneOf?.(message) ?? id);
    await Promise.all(
      [...lanes.values()].map(async (lane) => {
        for (const { id, message } of lane) await handleOne(message, services).catch((error: unknown) => void failures.set(id, error));
      }),
    );
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
/** How pauses grow, by retry class: from receive to receive, and to how many seconds. */
const PAUSES = { wait: { growth: 2, longest: 300 }, retry: { growth: 3, longest: 1_800 } } as const;
// A message may be hidden for 12 hours from when it was received, and that was some minutes ago at most.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
const LONGEST_WAIT_SECONDS = 12 * 3_600 - 900;

/**
 * Seconds until a message that met `Unavailable` comes back.
 * @param receives how often it was received, this time included
 * @param chance 0 to 1: what came at once does not come back at once
 */
export function pauseOf({ retryAfterSeconds }: Pick<Unavailable, 'retryAfterSeconds'>, receives: number, chance: number): number {
  const { growth, longest } = PAUSES[retryAfterSeconds === undefined ? 'retry' : 'wait'];
  const grown = Math.min(longest, FIRST_PAUSE_SECONDS * growth ** (receives - 1) * (0.5 + chance / 2));
  return Math.min(LONGEST_WAIT_SECONDS, Math.ceil(Math.max(grown, retryAfterSeconds ?? 0)));
}

async function comeBackLater(record: SQSRecord, error: Unavailable, receives: number, sqs: SQSClient): Promise<void> {
  const VisibilityTimeout = pauseOf(error, receives, Math.random());
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: await queueUrlOf(queueNameOf(record), sqs), ReceiptHandle: record.receiptHandle, VisibilityTimeout }));
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
