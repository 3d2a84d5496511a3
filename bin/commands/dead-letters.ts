import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unpackDelivery } from '../../adapters/delivery.ts';
import { Rejected } from '../../core/error.ts';
import type { Stack } from '../stack.ts';
import { columns, type Output, time } from '../terminal.ts';

/** One message that no worker could do anything with. */
interface DeadLetter {
  readonly queue: string;
  readonly messageId: string;
  readonly sentAt: string;
  /** Why it is here; `queue.receives-exceeded` when a worker failed on it again and again. */
  readonly code: string;
  readonly message: string;
  /** The connection that it came in by, where it is a delivery. */
  readonly connectionId: string;
  /** Bytes of the body as the sender posted it. */
  readonly bytes: number;
  readonly raw: Buffer;
}

/**
 * Lists what stands in the dead-letter queues, without taking it out.
 * @param withRaw also shows the bytes as they were posted; they may hold personal data
 */
export async function listDeadLetters(stack: Stack, withRaw: boolean): Promise<Output> {
  const sqs = new SQSClient({});
  const letters = (await Promise.all(stack.deadLetterQueues.map((queue) => peek(sqs, queue)))).flat().sort((a, b) => (a.sentAt < b.sentAt ? -1 : 1));
  const json = letters.map(({ raw, ...letter }) => ({ ...letter, ...(withRaw && { raw: raw.toString('base64') }) }));
  return { json, text: letters.length === 0 ? `no dead letters in ${stack.deadLetterQueues.length} queues of ${stack.where}` : describe(letters, withRaw) };
}

function describe(letters: readonly DeadLetter[], withRaw: boolean): string {
  const rows = letters.map(({ sentAt, code, connectionId, bytes, message }) => [time(sentAt), code, connectionId, `${bytes} bytes`, message]);
  const raws = withRaw ? letters.map(({ messageId, raw }) => `\n${messageId}\n${printable(raw)}`).join('\n') : '';
  return `${letters.length} dead letters\n${columns(rows)}${raws}`;
}

// A terminal obeys control characters; posted bytes are anybody's.
function printable(raw: Buffer): string {
  return raw.toString('utf8').replace(/[^\P{Cc}\n]/gu, '\uFFFD');
}

const MOST = 1_000;
// How often a queue may answer with nothing new before it is taken as read: each answer samples some of its servers.
const PATIENCE = 3;

/** Reads a queue's messages and leaves them visible to others. */
async function peek(sqs: SQSClient, queue: { readonly name: string; readonly url: string }): Promise<DeadLetter[]> {
  const seen = new Map<string, DeadLetter>();
  for (let idle = 0; idle < PATIENCE && seen.size < MOST; ) {
    const before = seen.size;
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queue.url,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 2,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    for (const message of Messages) seen.set(message.MessageId ?? '', letterOf(queue.name, message));
    idle = seen.size === before ? idle + 1 : 0;
  }
  return [...seen.values()];
}

function letterOf(queue: string, { MessageId = '', Body = '', Attributes = {}, MessageAttributes = {} }: Message): DeadLetter {
  const delivery = deliveryOf(Body);
  const raw = delivery?.body ?? Buffer.from(Body, 'utf8');
  return {
    queue,
    messageId: MessageId,
    sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)).toISOString(),
    code: MessageAttributes.code?.StringValue ?? 'queue.receives-exceeded',
    message: MessageAttributes.message?.StringValue ?? 'A worker failed on it each time; its log says why.',
    connectionId: delivery?.connectionId ?? '',
    bytes: raw.length,
    raw,
  };
}

function deliveryOf(body: string) {
  try {
    return unpackDelivery(body);
  } catch (error) {
    if (error instanceof Rejected) return undefined;
    throw error;
  }
}
