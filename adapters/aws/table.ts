import { randomUUID } from 'node:crypto';
import {
  BatchWriteItemCommand,
  type BatchWriteItemCommandOutput,
  ConditionalCheckFailedException,
  DynamoDBClient,
  type DynamoDBClientConfig,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, type BatchGetCommandOutput, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { Unavailable } from '../../core/error.ts';
import { type BackOff, backOff } from './back-off.ts';
import { type TransactItem, wireAction, wireItem } from './wire.ts';

/** The primary key of an item. */
export interface Key {
  readonly PK: string;
  readonly SK: string;
}

/** An item as the table holds it. */
export type Item = Record<string, unknown>;

/** What every item of ours carries to tell what it is. */
interface Marked {
  readonly entity: string;
}

/** How a transaction ended: written, or refused with a reason per item, in order (`None`, `ConditionalCheckFailed`, ...). */
export type Transacted = { readonly written: true } | { readonly written: false; readonly reasons: readonly string[] };

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const BATCH_WRITE_ITEMS = 25;
const LANES = 8;
const MAX_ATTEMPTS = 8;

/** One client's table, with the few ways in which the hub touches it. */
export class Table {
  readonly name: string;
  readonly client: DynamoDBDocumentClient;

  readonly backOff: BackOff;

  constructor(name: string, client: DynamoDBDocumentClient = documentClient(), wait: BackOff = backOff) {
    this.name = name;
    this.client = client;
    this.backOff = wait;
  }

  /** Reads one item, strongly consistent. */
  async get<E extends Marked>(key: Key, entity: E['entity']): Promise<E | undefined> {
    const { Item } = await this.client.send(new GetCommand({ TableName: this.name, Key: key, ConsistentRead: true }));
    const item = withoutKey(Item ?? {});
    return isEntity<E>(item, entity) ? item : undefined;
  }

  /** Reads many items, in no particular order; absent ones are left out. */
  async getMany<E extends Marked>(keys: readonly Key[], entity: E['entity'], consistent = true): Promise<E[]> {
    const found: E[] = [];
    for (let from = 0; from < keys.length; from += 100) {
      let Keys: Item[] | undefined = keys.slice(from, from + 100).map(({ PK, SK }) => ({ PK, SK }));
      for (let attempt = 0; Keys !== undefined && Keys.length > 0; attempt++) {
        if (attempt > 0) await this.#wait(attempt, 'BatchGetItem');
        const { Responses, UnprocessedKeys }: BatchGetCommandOutput = await this.client
          .send(new BatchGetCommand({ RequestItems: { [this.name]: { Keys, ConsistentRead: consistent } } }))
          .catch(whenThrottled({ UnprocessedKeys: { [this.name]: { Keys } }, $metadata: {} }));
        for (const item of (Responses?.[this.name] ?? []).map(withoutKey)) if (isEntity<E>(item, entity)) found.push(item);
        Keys = UnprocessedKeys?.[this.name]?.Keys;
      }
    }
    return found;
  }

  /** Reads every item of a partition whose sort key starts with a prefix, or all of them where that is empty, page by page. */
  async *query<E extends Marked>(partition: string, prefix: string, entity: E['entity'], options: Partial<QueryCommandInput> = {}): AsyncGenerator<E> {
    const input: QueryCommandInput = {
      TableName: this.name,
      // DynamoDB takes no empty text in a condition on keys.
      KeyConditionExpression: prefix === '' ? 'PK = :partition' : 'PK = :partition AND begins_with(SK, :prefix)',
      ExpressionAttributeValues: { ':partition': partition, ...(prefix !== '' && { ':prefix': prefix }) },
      ...options,
    };
    for await (const page of this.pages(input)) {
      const item = withoutKey(page);
      if (isEntity<E>(item, entity)) yield item;
    }
  }

  /** Reads the raw items of a query, page by page. */
  async *pages(input: QueryCommandInput): AsyncGenerator<Item> {
    let ExclusiveStartKey: QueryCommandInput['ExclusiveStartKey'];
    do {
      const page = await this.client.send(new QueryCommand({ ...input, ExclusiveStartKey }));
      yield* page.Items ?? [];
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  /** Writes items that may be overwritten by themselves: content-addressed or derived ones. Some batches at a time, in no particular order. */
  async putAll(items: readonly (Key & Item)[]): Promise<void> {
    let next = 0;
    const lane = async () => {
      for (let from = next; from < items.length; from = next) {
        next += BATCH_WRITE_ITEMS;
        await this.#putBatch(items.slice(from, from + BATCH_WRITE_ITEMS));
      }
    };
    await Promise.all(Array.from({ length: Math.min(LANES, Math.ceil(items.length / BATCH_WRITE_ITEMS)) }, lane));
  }

  async #putBatch(items: readonly (Key & Item)[]): Promise<void> {
    let requests: WriteRequest[] = items.map((item) => ({ PutRequest: { Item: wireItem(item) } }));
    for (let attempt = 0; requests.length > 0; attempt++) {
      if (attempt > 0) await this.#wait(attempt, 'BatchWriteItem');
      const { UnprocessedItems }: BatchWriteItemCommandOutput = await this.client
        .send(new BatchWriteItemCommand({ RequestItems: { [this.name]: requests } }))
        .catch(whenThrottled({ UnprocessedItems: { [this.name]: requests }, $metadata: {} }));
      requests = UnprocessedItems?.[this.name] ?? [];
    }
  }

  /**
   * Writes all items or none. A call and its resends carry one token, so that a resend after a lost answer counts once.
   * A conflict with another transaction and a throttle are tried again here; a failed condition is for the caller to read.
   * @throws Unavailable `table.contended`
   * @throws Error naming the item and DynamoDB's reason, for a write that it will never take
   */
  async transact(items: readonly TransactItem[]): Promise<Transacted> {
    // One put needs no transaction, and costs half.
    const only = items.length === 1 ? items[0]?.Put : undefined;
    const TransactItems = only === undefined ? items.map(wireAction) : [];
    let ClientRequestToken = randomUUID();
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) await this.#wait(attempt, 'TransactWriteItems');
      try {
        if (only === undefined) await this.client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
        else await this.client.send(new PutCommand(only));
        return { written: true };
      } catch (error) {
        // It may have been written after all: the token tells.
        if (isThrottle(error)) continue;
        const reasons = refusalReasons(error);
        if (reasons.includes('ConditionalCheckFailed')) return { written: false, reasons };
        ClientRequestToken = randomUUID();
      }
    }
  }

  /** @throws Unavailable `table.contended` */
  async #wait(attempt: number, operation: string): Promise<void> {
    if (attempt >= MAX_ATTEMPTS)
      throw new Unavailable('table.contended', `${operation} met others' writes, or was too much at once, ${MAX_ATTEMPTS} times; it is tried again from the queue.`);
    await this.backOff(attempt, 20);
  }
}

/** Reasons that pass. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const PASSING_REASONS = new Set(['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded', 'RequestLimitExceeded']);
const THROTTLES = new Set(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'TransactionInProgressException']);

/** Whether an answer says only that it is too much, or too early: the SDK has tried again and gave up. */
function isThrottle(error: unknown): boolean {
  return error instanceof Error && THROTTLES.has(error.name);
}

/** Takes a throttle as an answer that leaves everything undone. */
function whenThrottled<Output>(undone: Output): (error: unknown) => Output {
  return (error) => {
    if (isThrottle(error)) return undone;
    throw error;
  };
}

/** Why a write was refused, item by item, for reasons that pass or can be read. @throws Error for any other */
function refusalReasons(error: unknown): string[] {
  if (error instanceof ConditionalCheckFailedException) return ['ConditionalCheckFailed'];
  if (error instanceof TransactionConflictException) return ['TransactionConflict'];
  if (!(error instanceof TransactionCanceledException) || error.CancellationReasons === undefined) throw error;
  const reasons = error.CancellationReasons.map(({ Code }) => Code ?? 'None');
  const fault = reasons.findIndex((code) => !PASSING_REASONS.has(code) && code !== 'ConditionalCheckFailed');
  if (fault < 0) return reasons;
  const why = error.CancellationReasons[fault]?.Message ?? 'no message';
  throw new Error(`DynamoDB cannot take item ${fault + 1} of ${reasons.length} of a transaction: ${reasons[fault]}, ${why}`, { cause: error });
}

/** Where an item is kept is not part of what it says. */
function withoutKey({ PK: _partition, SK: _sort, ...item }: Item): Item {
  return item;
}

/** Whether an item is what it is taken for: the mark is written by this code alone. */
export function isEntity<E extends Marked>(item: Item, entity: E['entity']): item is Item & E {
  return item.entity === entity;
}

/**
 * Opens DynamoDB as the hub uses it.
 * @param settings what differs from the environment's, such as the endpoint
 */
export function documentClient(settings: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  const client = new DynamoDBClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 }, ...settings });
  // It copies every request and answer for a logger that is not there.
  client.middlewareStack.remove('loggerMiddleware');
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
