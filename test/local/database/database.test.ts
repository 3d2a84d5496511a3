import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentClient, type Item, Table } from '../../../adapters/aws/table.ts';
import { openMemory, type Store, TABLE } from '../../../bench/store.ts';
import { type Database, openDatabase } from '../../../local/database/database.ts';
import { holds, updated } from '../../../local/database/expression.ts';
import { useEmulator } from '../../emulator.ts';

const emulator = useEmulator();
const UNLIMITED = { unitsPerSecond: 1e9, conflictRate: 0, seed: 'test', indexKeys: [] };

const stores: Store[] = [];
afterAll(async () => void (await Promise.all(stores.map((store) => store.stop()))));

async function memoryTable(limits = UNLIMITED): Promise<Table> {
  const store = await openMemory({ limits, latencyMs: 0 });
  stores.push(store);
  return new Table(TABLE, documentClient({ endpoint: store.endpoint, region: store.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }));
}

const name = fc.constantFrom('a', 'b', 'c');
const amount = fc.integer({ min: -3, max: 3 });
const command = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), name, amount }),
  fc.record({ kind: fc.constant('replace' as const), name, amount }),
  fc.record({ kind: fc.constant('count' as const), name, amount }),
  fc.record({ kind: fc.constant('floor' as const), name, amount }),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** The action of a transaction, with conditions and updates such as the hub's. */
function actionOf({ kind, name: SK, amount: by }: Command, partition: string, TableName: string) {
  const Key = { PK: partition, SK };
  const Put = { TableName, Item: { ...Key, entity: 'row', version: by, onHand: by, holds: by > 0 ? [by] : [], change: { by: `person ${by}` } } };
  if (kind === 'insert') return { Put: { ...Put, ConditionExpression: 'attribute_not_exists(PK)' } };
  if (kind === 'replace') {
    const ConditionExpression = 'attribute_exists(PK) AND (size(holds) = :none OR #change.#by = :by) AND NOT version > :most';
    return {
      Put: {
        ...Put,
        ConditionExpression,
        ExpressionAttributeNames: { '#change': 'change', '#by': 'by' },
        ExpressionAttributeValues: { ':none': 0, ':by': 'person 2', ':most': 2 },
      },
    };
  }
  const values = { ':zero': 0, ':by': by, ':row': 'row' };
  const UpdateExpression = `SET entity = :row, version = if_not_exists(version, :zero) + :by, onHand = if_not_exists(onHand, :zero) ${kind === 'count' ? '+' : '-'} :by`;
  if (kind === 'count') return { Update: { TableName, Key, UpdateExpression, ExpressionAttributeValues: values } };
  return {
    Update: {
      TableName,
      Key,
      UpdateExpression: `${UpdateExpression} REMOVE holds`,
      ConditionExpression: 'onHand >= :least',
      ExpressionAttributeValues: { ...values, ':least': by },
    },
  };
}

async function outcomeOf(table: Table, partition: string, transactions: readonly (readonly Command[])[]): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const commands of transactions) outcomes.push(await table.transact(commands.map((one) => actionOf(one, partition, table.name))).catch(() => 'error'));
  const rows = await Array.fromAsync(table.query<Item & { entity: string }>(partition, '', 'row', { ConsistentRead: true }));
  const keys = ['a', 'b', 'c', 'd'].map((SK) => ({ PK: partition, SK }));
  const found = await table.getMany<Item & { entity: string }>(keys, 'row');
  return [...outcomes, rows, found.map((row) => JSON.stringify(Object.entries(row).sort())).sort()];
}

describe('the table in memory', () => {
  let memory: Table;
  beforeAll(async () => {
    memory = await memoryTable();
  }, 20_000);

  it('answers what the emulator answers, transaction by transaction', async () => {
    const emulated = await emulator.freshTable();
    let runs = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(command, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }), async (transactions) => {
        runs += 1;
        expect(await outcomeOf(memory, `P${runs}`, transactions)).toEqual(await outcomeOf(emulated, `P${runs}`, transactions));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('keeps many items, and gives them page by page', async () => {
    const rows = Array.from({ length: 2_345 }, (_, index) => ({ PK: 'many', SK: String(index).padStart(4, '0'), entity: 'row', index }));

    await memory.putAll(rows);

    const read = await Array.fromAsync(memory.query<Item & { entity: string }>('many', '1', 'row'));
    expect(read.map(({ index }) => index)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1_000));
  });

  it('tells what an update made of an item where that is asked for, and nothing else', async () => {
    const update = { TableName: TABLE, Key: { PK: 'told', SK: 'a' }, UpdateExpression: 'SET n = if_not_exists(n, :two) + :two', ExpressionAttributeValues: { ':two': 2 } };

    const { Attributes } = await memory.client.send(new UpdateCommand({ ...update, ReturnValues: 'ALL_NEW' }));
    expect(Attributes).toEqual({ PK: 'told', SK: 'a', n: 4 });
    expect((await memory.client.send(new UpdateCommand(update))).Attributes).toBeUndefined();
    await expect(memory.client.send(new UpdateCommand({ ...update, ReturnValues: 'UPDATED_OLD' }))).rejects.toThrow('UPDATED_OLD');
  });

  it('refuses through the SDK as DynamoDB does, so that a table waits and gets through', async () => {
    const table = await memoryTable({ ...UNLIMITED, unitsPerSecond: 40 });
    const write = (SK: number) => ({ Put: { TableName: TABLE, Item: { PK: 'hot', SK: String(SK), entity: 'row' }, ConditionExpression: 'attribute_not_exists(PK)' } });

    const outcomes = await Promise.all(Array.from({ length: 15 }, (_, index) => table.transact([write(2 * index), write(2 * index + 1)])));

    expect(outcomes).toEqual(Array.from({ length: 15 }, () => ({ written: true })));
    expect((await stores.at(-1)?.limited())?.throttled).toBeGreaterThan(0);
    expect(await Array.fromAsync(table.query('hot', '', 'row'))).toHaveLength(30);
  }, 20_000);
});

describe('what the table in memory does not know', () => {
  const scope = { item: {}, names: {}, values: {} };
  const database: Database = openDatabase();

  it.each(['contains(a, :b)', 'a ~ :b', 'a =', '(a = :b', 'a IN (:b)'])('is an error in a condition: %s', (condition) => {
    expect(() => holds(condition, scope)).toThrow();
  });

  it.each(['ADD a :b', 'SET a :b', 'DELETE a :b'])('is an error in an update: %s', (update) => {
    expect(() => updated(update, scope)).toThrow();
  });

  it('is refused as an operation', () => {
    expect(database('CreateBackup', {})).toMatchObject({ status: 400, body: { __type: expect.stringContaining('UnknownOperationException') } });
    const prefixed = { KeyConditionExpression: 'PK = :p AND begins_with(SK, :s)', ExpressionAttributeValues: { ':p': { S: 'a' }, ':s': { S: '' } } };
    expect(database('Query', prefixed), 'an empty text in a condition on keys').toMatchObject({ status: 400 });
    expect(database('Query', { IndexName: 'another', KeyConditionExpression: 'another = :w', ExpressionAttributeValues: {} })).toMatchObject({ status: 400 });
  });
});
