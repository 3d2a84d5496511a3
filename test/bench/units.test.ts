import { describe, expect, it } from 'vitest';
import { itemBytes, refusedUnits, subjectsOf, tellsUnits, unitsOf } from '../../bench/units.ts';

const key = (PK: string, SK: string) => ({ PK: { S: PK }, SK: { S: SK } });

describe('units of a request', () => {
  it('takes what a write tells of itself, its indexes included', () => {
    const answer = { ConsumedCapacity: { TableName: 'hub', CapacityUnits: 3, Table: { CapacityUnits: 1 }, GlobalSecondaryIndexes: { work: { CapacityUnits: 2 } } } };
    expect(unitsOf('PutItem', answer)).toEqual({ read: 0, write: 3 });
  });

  it('adds up the tables of a transaction', () => {
    expect(unitsOf('TransactWriteItems', { ConsumedCapacity: [{ CapacityUnits: 6 }, { CapacityUnits: 2 }] })).toEqual({ read: 0, write: 8 });
  });

  it('counts what a read consumed as read units', () => {
    expect(unitsOf('Query', { Items: [], ConsumedCapacity: { CapacityUnits: 0.5 } })).toEqual({ read: 0.5, write: 0 });
  });

  it('asks only the operations that can tell', () => {
    expect(['PutItem', 'Query', 'TransactWriteItems'].every(tellsUnits)).toBe(true);
    expect(tellsUnits('DescribeTable')).toBe(false);
  });

  it('charges a cancelled transaction two units an item, a refused write one, a failed read none', () => {
    const transaction = { TransactItems: [{ ConditionCheck: { Key: key('O#a', 'ORDER') } }, { Put: { Item: key('O#a', 'P#1#BUY#001') } }] };
    expect(refusedUnits('TransactWriteItems', transaction).write).toBe(4);
    expect(refusedUnits('PutItem', { Item: key('O#a', 'N#shipped') }).write).toBe(1);
    expect(refusedUnits('GetItem', { Key: key('O#a', 'ORDER') })).toEqual({ read: 0, write: 0 });
  });
});

describe('subject of a request', () => {
  it('names each kind of item once', () => {
    const items = [
      { Put: { Item: key('O#shop:1', 'ORDER') } },
      { Put: { Item: key('O#shop:2', 'ORDER') } },
      { Update: { Key: key('S#TENT', 'W#hamburg') } },
      { Put: { Item: key('S#TENT', 'L#hamburg#2026') } },
    ];
    expect(subjectsOf({ TransactItems: items })).toBe('ledger + order + stock');
  });

  it.each([
    ['a batch', { RequestItems: { hub: [{ PutRequest: { Item: key('O#a', 'T#order#00001') } }] } }, 'timeline'],
    ['a batch of reads', { RequestItems: { hub: { Keys: [key('TN#easypost#1Z#2026-11', 'P')] } } }, 'tracking number'],
    ['a query of a partition', { ExpressionAttributeValues: { ':partition': { S: 'O#a' }, ':prefix': { S: 'P#1#E#' } } }, 'tracking event'],
    ['a query of an index', { IndexName: 'work', ExpressionAttributeValues: { ':work': { S: 'held' } } }, 'index work'],
    ['a parcel, which is no purchase', { Item: key('O#a', 'P#1') }, 'parcel'],
    ['something else', { Key: key('RUN#daily', '2026') }, 'other'],
  ])('names what %s is about', (_, request, subject) => {
    expect(subjectsOf(request)).toBe(subject);
  });
});

describe('size of an item', () => {
  it('counts names and values as DynamoDB does', () => {
    expect(itemBytes({ PK: 'O#a', total: 1999, paid: true })).toBe(2 + 3 + 5 + 3 + 4 + 1);
  });

  it('counts three bytes for a map or list and one for each of its elements', () => {
    expect(itemBytes({ m: { a: 'x' } })).toBe(1 + 3 + 1 + 2);
    expect(itemBytes({ l: ['ab', 'c'] })).toBe(1 + 3 + 3 + 2);
  });
});
