import { ConditionalCheckFailedException, DynamoDBClient, TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandOutput,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { Unavailable } from '../../core/error.ts';

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

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** How a transaction ended: written, or refused with a reason per item, in order (`None`, `ConditionalCheckFailed`, ...). */
export type Transacted = { readonly written: true } | { readonly written: false; readonly reasons: readonly string[] };

/** One client's table, with the few ways in which the hub touches it. */
export class Table {
  readonly name: string;
  readonly client: DynamoDBDocumentClient;

  constructor(name: string, client: DynamoDBDocumentClient = documentClient()) {
    this.name = name;
    this.client = client;
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
        if (attempt > 0) await backOff(attempt, 'BatchGetItem');
        const { Responses, UnprocessedKeys }: BatchGetCommandOutput = await this.client.send(
          new BatchGetCommand({ RequestItems: { [this.name]: { Keys, ConsistentRead: consistent } } }),
        );
        for (const item of (Responses?.[this.name] ?? []).map(withoutKey)) if (isEntity<E>(item, entity)) found.push(item);
        Keys = UnprocessedKeys?.[this.name]?.Keys;
      }
    }
    return found;
  }

  /** Reads every item of a partition whose sort key starts with a prefix, page by page. */
  async *query<E extends Marked>(partition: string, prefix: string, entity: E['entity'], options: Partial<QueryCommandInput> = {}): AsyncGenerator<E> {
    const input: QueryCommandInput = {
      TableName: this.name,
      KeyConditionExpression: 'PK = :partition AND begins_with(SK, :prefix)',
      ExpressionAttributeValues: { ':partition': partition, ':prefix': prefix },
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

  /** Writes items that may be overwritten by themselves: content-addressed or derived ones. */
  async putAll(items: readonly (Key & Item)[]): Promise<void> {
    for (let from = 0; from < items.length; from += 25) {
      let requests = items.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }));
      for (let attempt = 0; requests.length > 0; attempt++) {
        if (attempt > 0) await backOff(attempt, 'BatchWriteItem');
        const { UnprocessedItems } = await this.client.send(new BatchWriteCommand({ RequestItems: { [this.name]: requests } }));
        requests = (UnprocessedItems?.[this.name] ?? []).flatMap(({ PutRequest }) =>
          PutRequest?.Item === undefined ? [] : [{ PutRequest: { Item: { PK: '', SK: '', ...PutRequest.Item } } }],
        );
      }
    }
  }

  /**
   * Writes all items or none. The SDK gives each call a token, so that a resend after a lost answer counts once.
   * A conflict with another transaction is tried again here; a failed condition is for the caller to read.
   * @throws Unavailable `table.contended`
   */
  async transact(items: readonly TransactItem[]): Promise<Transacted> {
    // One put needs no transaction, and costs half.
    const only = items.length === 1 ? items[0]?.Put : undefined;
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) await backOff(attempt, 'TransactWriteItems');
      try {
        if (only === undefined) await this.client.send(new TransactWriteCommand({ TransactItems: [...items] }));
        else await this.client.send(new PutCommand(only));
        return { written: true };
      } catch (error) {
        const reasons = refusalReasons(error);
        if (reasons.some((reason) => reason === 'ConditionalCheckFailed')) return { written: false, reasons };
      }
    }
  }
}

/** Why a write was refused, item by item. @throws what it was given, when that is no refusal */
function refusalReasons(error: unknown): string[] {
  if (error instanceof ConditionalCheckFailedException) return ['ConditionalCheckFailed'];
  if (error instanceof TransactionConflictException) return ['TransactionConflict'];
  if (error instanceof TransactionCanceledException) return (error.CancellationReasons ?? []).map((reason) => reason.Code ?? 'None');
  throw error;
}

/** Where an item is kept is not part of what it says. */
function withoutKey({ PK: _partition, SK: _sort, ...item }: Item): Item {
  return item;
}

/** Whether an item is what it is taken for: the mark is written by this code alone. */
export function isEntity<E extends Marked>(item: Item, entity: E['entity']): item is Item & E {
  return item.entity === entity;
}

const MAX_ATTEMPTS = 8;

async function backOff(attempt: number, operation: string): Promise<void> {
  if (attempt >= MAX_ATTEMPTS) throw new Unavailable('table.contended', `${operation} met others' writes ${MAX_ATTEMPTS} times; it is tried again from the queue.`);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt));
}

function documentClient(): DynamoDBDocumentClient {
  const client = new DynamoDBClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 } });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
