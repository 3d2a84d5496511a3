import * as z from 'zod';

const Capacity = z.object({ CapacityUnits: z.number().default(0) });
const Answer = z.object({ ConsumedCapacity: z.union([Capacity.transform((one) => [one]), z.array(Capacity)]).default([]) });

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems']);

/** What a request to DynamoDB consumed, in request units, indexes included. */
export interface Units {
  readonly read: number;
  readonly write: number;
}

/** Whether an operation can be asked for what it consumed. */
export function tellsUnits(operation: string): boolean {
  return READS.has(operation) || WRITES.has(operation);
}

/** What an answer says was consumed. */
export function unitsOf(operation: string, answer: unknown): Units {
  const units = Answer.parse(answer).ConsumedCapacity.reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
  return READS.has(operation) ? { read: units, write: 0 } : { read: 0, write: units };
}

/**
 * What a refused write consumed at least: DynamoDB charges failed conditions and cancelled transactions, but does not say how much.
 * One unit an item, two in a transaction.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html
 */
export function refusedUnits(operation: string, request: unknown): Units {
  if (!WRITES.has(operation)) return { read: 0, write: 0 };
  return { read: 0, write: keysOf(request).length * (operation === 'TransactWriteItems' ? 2 : 1) };
}

const Text = z.object({ S: z.string() });
const Key = z.object({ PK: Text, SK: Text });
type Key = z.infer<typeof Key>;
const Action = z.object({ Item: Key.optional(), Key: Key.optional() });
const Batch = z.union([z.array(z.object({ PutRequest: Action.optional(), DeleteRequest: Action.optional() })), z.object({ Keys: z.array(Key) })]);
const Request = Action.extend({
  TransactItems: z.array(z.object({ Put: Action.optional(), Update: Action.optional(), Delete: Action.optional(), ConditionCheck: Action.optional() })).default([]),
  RequestItems: z.record(z.string(), Batch).default({}),
  IndexName: z.string().optional(),
  ExpressionAttributeValues: z.record(z.string(), z.unknown()).default({}),
});

/** The keys that a request names, in its order. */
function keysOf(request: unknown): Key[] {
  const { TransactItems, RequestItems, ...single } = Request.parse(request);
  const batched = Object.values(RequestItems).flatMap((batch) =>
    Array.isArray(batch) ? batch.flatMap(({ PutRequest, DeleteRequest }) => [PutRequest, DeleteRequest]) : batch.Keys.map((one) => ({ Key: one, Item: undefined })),
  );
  const transacted = TransactItems.flatMap(({ Put, Update, Delete, ConditionCheck }) => [Put, Update, Delete, ConditionCheck]);
  return [single, ...batched, ...transacted].flatMap((action) => action?.Item ?? action?.Key ?? []);
}

/** What the table's keys look like, by what they hold. docs/architecture.md, section 3 */
const SUBJECTS: readonly (readonly [RegExp, string])[] = [
  [/^O#\S+ ORDER$/, 'order'],
  [/^O#\S+ DOC#/, 'document'],
  [/^O#\S+ P#\d+$/, 'parcel'],
  [/^O#\S+ P#\d+#BUY#/, 'purchase'],
  [/^O#\S+ P#\d+#E#/, 'tracking event'],
  [/^O#\S+ T#/, 'timeline'],
  [/^[OR]#\S+ N#/, 'notice'],
  [/^S#\S+ W#/, 'stock'],
  [/^S#\S+ L#/, 'ledger'],
  [/^TN#/, 'tracking number'],
  [/^R#/, 'supply request'],
];

/** What a request is about, such as `order + parcel + stock`: each kind of item once. */
export function subjectsOf(request: unknown): string {
  const { IndexName, ExpressionAttributeValues } = Request.parse(request);
  if (IndexName !== undefined) return `index ${IndexName}`;
  const names = [...keysOf(request), ...queriedKey(ExpressionAttributeValues)].map(({ PK, SK }) => SUBJECTS.find(([pattern]) => pattern.test(`${PK.S} ${SK.S}`))?.[1] ?? 'other');
  return [...new Set(names)].sort().join(' + ');
}

function queriedKey({ ':partition': partition, ':prefix': prefix }: Readonly<Record<string, unknown>>): Key[] {
  const key = Key.safeParse({ PK: partition, SK: prefix });
  return key.success ? [key.data] : [];
}

/**
 * How large an item is when DynamoDB charges for it, in bytes: names and values, one more for each attribute of a map or list.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: Readonly<Record<string, unknown>>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).replace(/\D/g, '').length / 2) + 1;
  if (Array.isArray(value)) return value.reduce((sum: number, one: unknown) => sum + 1 + valueBytes(one), 3);
  if (typeof value === 'object' && value !== null) return 3 + Object.keys(value).length + itemBytes({ ...value });
  return 1;
}
