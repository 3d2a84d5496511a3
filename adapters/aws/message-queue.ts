import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Rejected, Unavailable } from '../../core/error.ts';
import { backOff } from './back-off.ts';

/** Where messages are put for a worker. */
export interface Outbox {
  /** Puts messages on the queue; when it fails, some of them may be there. @throws Unavailable `queue.unavailable`, Rejected `queue.message-refused` */
  send(messages: readonly string[]): Promise<void>;
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const BATCH_MESSAGES = 10;
const BATCH_BYTES = 1_048_576;
const ATTEMPTS = 4;

/** One queue, written to in batches. */
export class MessageQueue implements Outbox {
  readonly url: string;
  readonly client: SQSClient;

  constructor(url: string, client = new SQSClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 } })) {
    this.url = url;
    this.client = client;
  }

  async send(messages: readonly string[]): Promise<void> {
    for (const batch of batchesOf(messages)) await this.#sendBatch(batch);
  }

  /** SQS takes each message of a batch or refuses it on its own. */
  async #sendBatch(batch: readonly string[]): Promise<void> {
    let left = batch;
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw new Unavailable('queue.unavailable', `SQS did not take ${left.length} of ${batch.length} messages in ${ATTEMPTS} attempts.`);
      if (attempt > 0) await backOff(attempt, 100);
      const Entries = left.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const { Failed = [] } = await this.client.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries }));
      refuseFaults(Failed);
      left = Failed.flatMap(({ Id }) => left[Number(Id)] ?? []);
    }
  }
}

function refuseFaults(failed: readonly { readonly SenderFault: boolean | undefined; readonly Code: string | undefined }[]): void {
  const fault = failed.find(({ SenderFault }) => SenderFault === true);
  if (fault !== undefined) throw new Rejected('queue.message-refused', `SQS will not take a message (${fault.Code ?? 'no code'}).`, { seen: fault.Code ?? '' });
}

/** Splits messages into what SQS takes at a time. */
function batchesOf(messages: readonly string[]): string[][] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message);
    const last = batches.at(-1);
    const fits = last !== undefined && last.length < BATCH_MESSAGES && bytes + size <= BATCH_BYTES;
    if (fits) last.push(message);
    else batches.push([message]);
    bytes = fits ? bytes + size : size;
  }
  return batches;
}
