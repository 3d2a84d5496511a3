import { ThrottlingException, TransactionCanceledException, TransactionInProgressException } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test, vi } from 'vitest';
import { type Item, isEntity, type Table } from '../../../adapters/aws/table.ts';
import { isSecondOpinion, useEmulator } from '../../emulator.ts';
import { itemsOf } from '../../invariants.ts';

const emulator = useEmulator();

interface Row {
  readonly entity: 'row';
  readonly name: string;
}

const row = (name: string) => ({ PK: 'A', SK: name, entity: 'row', name });
const rows = (count: number) => Array.from({ length: count }, (_, index) => row(String(index).padStart(4, '0')));

/** Has DynamoDB leave the second half of each batch undone, as it does under load, for the first so many requests. */
function throttle(table: Table, requests: number): { count: number } {
  const seen = { count: 0 };
  table.client.middlewareStack.add(
    (next) => async (args) => {
      const { input } = args;
      if (!('RequestItems' in input) || input.RequestItems === undefined) return await next(args);
      seen.count += 1;
      const asked = Object.values(input.RequestItems)[0];
      if (seen.count > requests || asked === undefined) return await next(args);
      const list = Array.isArray(asked) ? asked : asked.Keys;
      const half = Math.floor((list?.length ?? 0) / 2);
      const part = (from: number, to?: number) => ({ [table.name]: Array.isArray(asked) ? asked.slice(from, to) : { ...asked, Keys: asked.Keys?.slice(from, to) } });
      if (half === 0) return await next(args);
      const answer = await next({ ...args, input: Object.assign({}, input, { RequestItems: part(0, half) }) });
      Object.assign(answer.output, Array.isArray(asked) ? { UnprocessedItems: part(half) } : { UnprocessedKeys: part(half) });
      return answer;
    },
    { step: 'initialize', name: 'throttle', priority: 'low' },
  );
  return seen;
}

/** Has DynamoDB throw an error for the first so many requests. @returns the tokens that transactions came with, one for each request */
function fail(table: Table, times: number, error: Error): { tokens: unknown[] } {
  const seen: { tokens: unknown[] } = { tokens: [] };
  table.client.middlewareStack.add(
    (next) => async (args) => {
      seen.tokens.push('ClientRequestToken' in args.input ? args.input.ClientRequestToken : undefined);
      if (seen.tokens.length > times) return await next(args);
      throw error;
    },
    { step: 'initialize', name: 'fail' },
  );
  return seen;
}

const throttled = new ThrottlingException({ message: 'Throughput exceeds the current capacity of your table or index.', $metadata: {} });

function cancel(table: Table, times: number, ...codes: string[]): { count: number } {
  const seen = { count: 0 };
  table.client.middlewareStack.add(
    (next) => async (args) => {
      if (!('TransactItems' in args.input)) return await next(args);
      seen.count += 1;
      if (seen.count > times) return await next(args);
      throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: codes.map((Code) => ({ Code })) });
    },
    { step: 'initialize', name: 'cancel' },
  );
  return seen;
}

const put = (table: Table, SK: string) => ({ Put: { TableName: table.name, Item: { PK: 'A', SK, entity: 'row' }, ConditionExpression: 'attribute_not_exists(PK)' } });

describe('many items', () => {
  test('are written and read whatever their number', async () => {
    const table = await emulator.freshTable();

    await table.putAll(rows(130));

    const keys = [...rows(250), { PK: 'B', SK: 'absent' }];
    const found = await table.getMany<Row>(keys, 'row');
    expect(found.map(({ name }) => name).sort()).toEqual(rows(130).map(({ name }) => name));
  });

  test('that DynamoDB left undone are done in the end', async () => {
    const table = await emulator.freshTable();
    const writes = throttle(table, 3);

    await table.putAll(rows(40));

    expect(writes.count).toBe(5);
    expect(await itemsOf(table)).toHaveLength(40);
  });

  test('that DynamoDB did not return are asked for again', async () => {
    const table = await emulator.freshTable();
    await table.putAll(rows(40));
    const reading = emulator.reopen(table);
    const reads = throttle(reading, 3);

    expect(await reading.getMany<Row>(rows(40), 'row')).toHaveLength(40);
    expect(reads.count).toBe(4);
  });

  test('are written and read once DynamoDB stops throttling', async () => {
    const table = await emulator.freshTable();
    const reading = emulator.reopen(table);
    fail(table, 2, throttled);
    fail(reading, 2, throttled);

    await table.putAll(rows(10));

    expect(await reading.getMany<Row>(rows(10), 'row')).toHaveLength(10);
  });

  test('that DynamoDB refuses for another reason are an error', async () => {
    const table = await emulator.freshTable();
    const seen = fail(table, 9, new Error('not today'));

    await expect(table.putAll(rows(1))).rejects.toThrow('not today');
    await expect(table.getMany<Row>(rows(1), 'row')).rejects.toThrow('not today');
    expect(seen.tokens).toHaveLength(2);
  });

  test('of a partition are read page by page, and only those of the wanted kind', async () => {
    const table = await emulator.freshTable();
    const large = 'x'.repeat(100_000);
    await table.putAll(rows(24).map((one, index) => ({ ...one, large, entity: index % 2 === 0 ? 'row' : 'other' })));

    const found = await Array.fromAsync(table.query<Row>('A', '', 'row'));

    expect(found.map(({ name }) => name)).toEqual(rows(24).flatMap(({ name }, index) => (index % 2 === 0 ? [name] : [])));
  });
});

describe('one item', () => {
  test('is read without its key, and only as what it is', async () => {
    const table = await emulator.freshTable();
    await table.client.send(new PutCommand({ TableName: table.name, Item: row('1') }));

    expect(await table.get<Row>({ PK: 'A', SK: '1' }, 'row')).toEqual({ entity: 'row', name: '1' });
    expect(await table.get<Row>({ PK: 'A', SK: '2' }, 'row')).toBeUndefined();
    expect(await table.get<{ entity: 'other' }>({ PK: 'A', SK: '1' }, 'other')).toBeUndefined();
    const item: Item = { entity: 'row' };
    expect([isEntity(item, 'row'), isEntity(item, 'other')]).toEqual([true, false]);
  });
});

describe('a transaction', () => {
  test('tells by position why it was refused, and is not tried again', async () => {
    const table = await emulator.freshTable();
    await table.transact([put(table, '1')]);
    const seen = cancel(table, 0);

    expect(await table.transact([put(table, '0'), put(table, '1')])).toEqual({ written: false, reasons: ['None', 'ConditionalCheckFailed'] });

    expect(seen.count).toBe(1);
    expect(await itemsOf(table)).toHaveLength(1);
  });

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])('cancelled for %s is tried again', async (code) => {
    const table = await emulator.freshTable();
    const seen = cancel(table, 2, 'None', code);

    expect(await table.transact([put(table, '1'), put(table, '2')])).toEqual({ written: true });
    expect(seen.count).toBe(3);
  });

  test('cancelled for a conflict and a failed condition at once is for the caller', async () => {
    const table = await emulator.freshTable();
    const seen = cancel(table, 1, 'TransactionConflict', 'ConditionalCheckFailed');

    expect(await table.transact([put(table, '1'), put(table, '2')])).toMatchObject({ written: false });
    expect(seen.count).toBe(1);
  });

  test.each(['ValidationError', 'ItemCollectionSizeLimitExceeded', 'AccessDenied', 'SomethingNew'])('cancelled for %s is an error at once that names the item', async (code) => {
    const table = await emulator.freshTable();
    const seen = cancel(table, 9, 'None', code);

    await expect(table.transact([put(table, '1'), put(table, '2')])).rejects.toThrow(`item 2 of 2 of a transaction: ${code}`);
    expect(seen.count).toBe(1);
  });

  test('cancelled without any reason is an error at once', async () => {
    const table = await emulator.freshTable();
    const seen = fail(table, 9, new TransactionCanceledException({ message: 'cancelled', $metadata: {} }));

    await expect(table.transact([put(table, '1'), put(table, '2')])).rejects.toThrow('cancelled');
    expect(seen.tokens).toHaveLength(1);
  });

  test.each([new TransactionInProgressException({ message: 'in progress', $metadata: {} }), throttled])('answered with %s is sent again as the same', async (error) => {
    const table = await emulator.freshTable();
    const seen = fail(table, 2, error);

    expect(await table.transact([put(table, '1'), put(table, '2')])).toEqual({ written: true });
    expect(seen.tokens).toHaveLength(3);
    expect(new Set(seen.tokens).size).toBe(1);
  });

  test('that never gets through is given up, for the queue to bring again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const table = await emulator.freshTable();
    const seen = cancel(table, 99, 'TransactionConflict', 'None');

    const outcome = table.transact([put(table, '1'), put(table, '2')]).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    vi.useRealTimers();

    expect(await outcome).toMatchObject({ code: 'table.contended' });
    expect(seen.count).toBe(8);
  });

  test('that DynamoDB cannot understand is an error, not a refusal', async () => {
    const table = await emulator.freshTable();

    await expect(table.transact([{ Put: { TableName: table.name, Item: { PK: 'A' } } }])).rejects.toThrow();
    // DynamoDB Local calls this a failed condition, against DynamoDB's own reference: a refusal that writes nothing all the same.
    const twice = await table.transact([put(table, '1'), put(table, '1')]).catch((error: unknown) => error);
    expect(twice).toSatisfy((became) => became instanceof Error || (isSecondOpinion && JSON.stringify(became).includes('ConditionalCheckFailed')));
    expect(await itemsOf(table)).toEqual([]);
  });
});
