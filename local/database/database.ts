import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import { holds, scalarOf, updated, WireItem } from './expression.ts';

interface Expressions {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: WireItem;
}
interface Put extends Expressions {
  readonly Item: WireItem;
}
interface Keyed extends Expressions {
  readonly Key: WireItem;
}
interface Update extends Keyed {
  readonly UpdateExpression: string;
  readonly ReturnValues?: string;
}
interface Action {
  readonly Put?: Put;
  readonly Update?: Update;
  readonly Delete?: Keyed;
  readonly ConditionCheck?: Keyed;
}
interface Write {
  readonly PutRequest?: Put;
  readonly DeleteRequest?: Keyed;
}

/** The one index that the hub has: work lists, by `work` and `since`, with the keys alone. */
const WORK_INDEX = 'work';

// The SDK's own requests: a proof of every item would cost more than the work.
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const Put = z.custom<Put>(isObject);
const Keyed = z.custom<Keyed>(isObject);
const Update = z.custom<Update>(isObject);
const Transaction = z.object({ TransactItems: z.array(z.custom<Action>(isObject)).min(1).max(100) });
const BatchWrite = z.object({ RequestItems: z.record(z.string(), z.array(z.custom<Write>(isObject)).max(25)) });
const BatchGet = z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(WireItem).max(100) })) });
const Query = z.object({
  KeyConditionExpression: z.string(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: WireItem,
  IndexName: z.literal(WORK_INDEX).optional(),
  FilterExpression: z.undefined().optional(),
  ScanIndexForward: z.boolean().default(true),
  Limit: z.int().default(1_000),
  ExclusiveStartKey: WireItem.optional(),
});
const Scan = z.object({
  Limit: z.int().default(1_000),
  ExclusiveStartKey: WireItem.optional(),
  FilterExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: WireItem.default({}),
});

/** An answer: the HTTP status, and the body to be written as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: Json;
}

/** Answers one request: `BatchGetItem` and what it asks. */
export type Database = (operation: string, request: Json) => Answer;

/** What a table holds: items by sort key, by partition. An item is never changed in place. */
export type Partitions = Map<string, Map<string, WireItem>>;

/** The same again, to go on with in another way. */
export function copyOf(partitions: Partitions): Partitions {
  return new Map([...partitions].map(([key, partition]) => [key, new Map(partition)]));
}

/** A change of an item, as the table's stream tells it. */
export interface Change {
  readonly before: WireItem | undefined;
  readonly after: WireItem | undefined;
}

/**
 * A table in memory that answers as DynamoDB does, where an emulator would be too slow or would be measured itself: the operations and
 * expressions that the hub uses, one table, its one index. Whatever it does not know, it refuses.
 * @param partitions what it holds
 * @param onChange told of every change, as the table's stream is
 */
export function openDatabase(partitions: Partitions = new Map(), onChange: (change: Change) => void = () => {}): Database {
  const read = (key: WireItem) => partitions.get(textOf(key.PK))?.get(textOf(key.SK));
  const write = (key: WireItem, item: WireItem | undefined) => {
    const partition = partitions.get(textOf(key.PK)) ?? new Map<string, WireItem>();
    partitions.set(textOf(key.PK), partition);
    onChange({ before: partition.get(textOf(key.SK)), after: item });
    if (item === undefined) partition.delete(textOf(key.SK));
    else partition.set(textOf(key.SK), item);
  };

  function allowed({ Put: put, Update: update, Delete: remove, ConditionCheck: check }: Action): boolean {
    const one = put ?? update ?? remove ?? check;
    if (one?.ConditionExpression === undefined) return true;
    const item = read('Item' in one ? one.Item : one.Key);
    return holds(one.ConditionExpression, { item, names: one.ExpressionAttributeNames ?? {}, values: one.ExpressionAttributeValues ?? {} });
  }

  function apply({ Put: put, Update: update, Delete: remove }: Action): void {
    if (put) write(put.Item, put.Item);
    if (remove) write(remove.Key, undefined);
    if (!update) return;
    const item = read(update.Key) ?? update.Key;
    write(update.Key, updated(update.UpdateExpression, { item, names: update.ExpressionAttributeNames ?? {}, values: update.ExpressionAttributeValues ?? {} }));
  }

  function writeOne(action: Action): Answer {
    if (!allowed(action)) return refusal('ConditionalCheckFailedException', 'The conditional request failed');
    apply(action);
    return success({});
  }

  function transact(request: Json): Answer {
    const { TransactItems: actions } = Transaction.parse(request);
    const keys = actions.map(({ Put: put, Update: update, Delete: remove, ConditionCheck: check }) => put?.Item ?? update?.Key ?? remove?.Key ?? check?.Key ?? {});
    if (new Set(keys.map(({ PK, SK }) => `${textOf(PK)} ${textOf(SK)}`)).size < keys.length) {
      return refusal('ValidationException', 'Transaction request cannot include multiple operations on one item');
    }
    const codes = actions.map((action) => (allowed(action) ? 'None' : 'ConditionalCheckFailed'));
    if (codes.some((code) => code !== 'None')) return cancellation(codes);
    for (const action of actions) apply(action);
    return success({});
  }

  function query(request: Json): Answer {
    const { KeyConditionExpression, ExpressionAttributeNames: names, ExpressionAttributeValues: values, ScanIndexForward, IndexName, ...page } = Query.parse(request);
    if ([...KeyConditionExpression.matchAll(/:\w+/g)].some(([name]) => textOf(values[name]) === ''))
      return refusal('ValidationException', 'The AttributeValue for a key attribute cannot contain an empty string value');
    if (IndexName !== undefined)
      return pageOf(
        inIndex((item) => holds(KeyConditionExpression, { item, names, values })),
        page,
      );
    const partition = /PK = (:\w+)/.exec(KeyConditionExpression)?.[1] ?? '';
    const found = [...(partitions.get(textOf(values[partition]))?.values() ?? [])]
      .filter((item) => holds(KeyConditionExpression, { item, names, values }))
      .sort((a, b) => (textOf(a.SK) < textOf(b.SK) === ScanIndexForward ? -1 : 1));
    return pageOf(found, page);
  }

  function inIndex(isAsked: (item: WireItem) => boolean): WireItem[] {
    const listed = allItems().filter((item) => item.work !== undefined && item.since !== undefined && isAsked(item));
    return listed.map(({ PK = null, SK = null, work = null, since = null }) => ({ PK, SK, work, since })).sort((a, b) => (textOf(a.since) < textOf(b.since) ? -1 : 1));
  }

  function allItems(): WireItem[] {
    return [...partitions.values()].flatMap((partition) => [...partition.values()]);
  }

  const operations: Readonly<Record<string, (request: Json) => Answer>> = {
    GetItem: (request) => {
      const item = read(Keyed.parse(request).Key);
      return success(item === undefined ? {} : { Item: { ...item } });
    },
    PutItem: (request) => writeOne({ Put: Put.parse(request) }),
    UpdateItem: (request) => {
      const { ReturnValues = 'NONE', ...update } = Update.parse(request);
      if (ReturnValues !== 'NONE' && ReturnValues !== 'ALL_NEW') return refusal('ValidationException', `ReturnValues ${ReturnValues} is not known here.`);
      const answer = writeOne({ Update: update });
      return answer.status === 200 && ReturnValues === 'ALL_NEW' ? success({ Attributes: { ...read(update.Key) } }) : answer;
    },
    DeleteItem: (request) => writeOne({ Delete: Keyed.parse(request) }),
    BatchGetItem: (request) => {
      const found = ({ Keys }: { readonly Keys: readonly WireItem[] }) => Keys.map(read).flatMap((item) => (item === undefined ? [] : [{ ...item }]));
      const tables = Object.entries(BatchGet.parse(request).RequestItems).map(([table, asked]) => [table, found(asked)]);
      return success({ Responses: Object.fromEntries(tables), UnprocessedKeys: {} });
    },
    BatchWriteItem: (request) => {
      for (const { PutRequest, DeleteRequest } of Object.values(BatchWrite.parse(request).RequestItems).flat()) {
        if (PutRequest) write(PutRequest.Item, PutRequest.Item);
        if (DeleteRequest) write(DeleteRequest.Key, undefined);
      }
      return success({ UnprocessedItems: {} });
    },
    TransactWriteItems: transact,
    Query: query,
    Scan: (request) => {
      const { FilterExpression: filter, ExpressionAttributeNames: names, ExpressionAttributeValues: values, ...page } = Scan.parse(request);
      return pageOf(filter === undefined ? allItems() : allItems().filter((item) => holds(filter, { item, names, values })), page);
    },
  };

  return (operation, request) => {
    try {
      return operations[operation]?.(request) ?? refusal('UnknownOperationException', `${operation} is not known here.`);
    } catch (error) {
      return refusal('ValidationException', error instanceof Error ? error.message : String(error));
    }
  };
}

function pageOf(items: readonly WireItem[], { Limit, ExclusiveStartKey }: { readonly Limit: number; readonly ExclusiveStartKey?: WireItem | undefined }): Answer {
  const from = Number(scalarOf(ExclusiveStartKey?.from) ?? 0);
  const more = from + Limit < items.length;
  return success({ Items: items.slice(from, from + Limit).map((item) => ({ ...item })), ...(more && { LastEvaluatedKey: { from: { N: String(from + Limit) } } }) });
}

function textOf(value: Json | undefined): string {
  const text = scalarOf(value);
  if (typeof text !== 'string') throw new Error('A key is a text.');
  return text;
}

function success(body: Json): Answer {
  return { status: 200, body };
}

function refusal(name: string, message: string): Answer {
  return { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message } };
}

/** What DynamoDB answers when it cancels a transaction: a reason per item, in their order. */
export function cancellation(codes: readonly string[]): Answer {
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`;
  const reasons = codes.map((Code) => (Code === 'None' ? { Code } : { Code, Message: MESSAGES[Code] ?? Code }));
  return { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException', Message: message, CancellationReasons: reasons } };
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const MESSAGES: Readonly<Record<string, string>> = {
  ConditionalCheckFailed: 'The conditional request failed',
  TransactionConflict: 'Transaction is ongoing for the item',
  ThrottlingError: 'Throughput exceeds the current capacity of your table or index.',
};
