import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { documentClient, Table } from '../../adapters/aws/table.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { Diary, Seen } from './diary.ts';

/** AWS clients of this process for the local cloud. */
export interface Clients {
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly table: Table;
}

/** Opens clients that speak with the local cloud. */
export function openClients(cloud: Cloud): Clients {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const common = { region: cloud.region, credentials };
  return {
    sqs: new SQSClient({ ...common, endpoint: cloud.endpoints.sqs }),
    sns: new SNSClient({ ...common, endpoint: cloud.endpoints.sns }),
    table: new Table(cloud.tableName, documentClient({ ...common, endpoint: cloud.endpoints.dynamodb })),
  };
}

/** Which topic is listened to, under which name, and for which event types. */
export interface Listening {
  readonly topic: string;
  readonly topicArn: string;
  /** Empty hears everything. */
  readonly types: readonly string[];
}

/** Listens to a topic through a queue of its own, and writes everything down before it is taken off the queue. */
export class Observer {
  readonly #clients: Clients;
  readonly #diary: Diary;
  readonly #listening: Listening;
  readonly #onSeen: (seen: Seen) => void | Promise<void>;
  #queueUrl = '';
  #stopped = false;
  #loop: Promise<void> | undefined;
  #failure: unknown;

  constructor(clients: Clients, diary: Diary, listening: Listening, onSeen: (seen: Seen) => void | Promise<void>) {
    this.#clients = clients;
    this.#diary = diary;
    this.#listening = listening;
    this.#onSeen = onSeen;
  }

  /** Subscribes and begins to listen; what an earlier run of the day saw is told again first. */
  async start(): Promise<void> {
    const { topic, topicArn, types } = this.#listening;
    for (const seen of this.#diary.seen(topic)) await this.#onSeen(seen);
    const { QueueUrl = '' } = await this.#clients.sqs.send(new CreateQueueCommand({ QueueName: `day-observes-${topic}`, Attributes: { VisibilityTimeout: '10' } }));
    this.#queueUrl = QueueUrl;
    const { Attributes } = await this.#clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const Endpoint = Attributes?.QueueArn ?? '';
    await this.#clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { MessageRetentionPeriod: '1209600' } }));
    const filter = types.length === 0 ? {} : { FilterPolicy: JSON.stringify({ type: types }) };
    await this.#clients.sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint, Attributes: { RawMessageDelivery: 'true', ...filter } }));
    this.#loop = this.#listen();
  }

  /** Whether nothing waits to be written down. @throws what ended the listening */
  async idle(): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure;
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes } = await this.#clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl: this.#queueUrl, AttributeNames: [...AttributeNames] }));
    return AttributeNames.every((name) => Number(Attributes?.[name] ?? 0) === 0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #listen(): Promise<void> {
    while (!this.#stopped) {
      try {
        const { Messages = [] } = await this.#clients.sqs.send(
          new ReceiveMessageCommand({ QueueUrl: this.#queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: ['All'] }),
        );
        await this.#take(Messages);
      } catch (cause) {
        // While the cloud goes down its queues are gone; otherwise the day hears of it when it next looks.
        if (!this.#stopped) this.#failure = cause;
        return;
      }
    }
  }

  async #take(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    for (const message of messages) {
      const attributes = Object.fromEntries(Object.entries(message.MessageAttributes ?? {}).map(([name, { StringValue = '' }]) => [name, StringValue]));
      const seen = { messageId: message.MessageId ?? '', topic: this.#listening.topic, body: message.Body ?? '', attributes };
      if (this.#diary.see(seen)) await this.#onSeen(seen);
    }
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await this.#clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }));
  }
}
