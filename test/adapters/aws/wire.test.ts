import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wireAction, wireItem } from '../../../adapters/aws/wire.ts';

const scalar = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
);
// The SDK takes a map that has a `constructor` for an instance of a class.
const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__' && text !== 'constructor');
const { item } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 4 }), tie('item')),
  item: fc.dictionary(name, tie('value'), { maxKeys: 6, noNullPrototype: true }),
}));

describe('an item on the wire', () => {
  it('is what the SDK makes of it, whatever it holds', () => {
    fc.assert(
      fc.property(item, (value) => {
        const plain = Object(value);
        expect(wireItem(plain)).toEqual(marshall(plain, { removeUndefinedValues: true }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('may have any name in it', () => {
    expect(wireItem({ constructor: 'a', toString: 1 })).toEqual({ constructor: { S: 'a' }, toString: { N: '1' } });
  });

  it('comes back as it was', () => {
    const order = { PK: 'O#shop:1', total: 12_050, rank: 0.5, paid: true, packedAt: null, holds: [], lines: [{ sku: 'TENT', quantity: 2 }], change: { by: 'shop', reason: '' } };

    expect(unmarshall(wireItem(order))).toEqual(order);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])('is refused with the number %d', (number) => {
    expect(() => wireItem({ number })).toThrow(`the number ${number}`);
  });

  it.each([new Date(0), new Map(), new Set(['a']), new Uint8Array(1), 10n, Symbol('x'), () => 1])('is refused with %s', (value) => {
    expect(() => wireItem({ deep: [{ value }] })).toThrow(TypeError);
  });
});

describe('a write on the wire', () => {
  const values = { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': 1 } };
  const wired = { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': { N: '1' } } };
  const [plain, key] = [{ PK: 'A' }, { PK: { S: 'A' } }];

  it.each([
    ['put', { Put: { TableName: 'hub', Item: plain, ...values } }, { Put: { TableName: 'hub', Item: key, ...wired } }],
    ['put without a condition', { Put: { TableName: 'hub', Item: plain } }, { Put: { TableName: 'hub', Item: key } }],
    [
      'update',
      { Update: { TableName: 'hub', Key: plain, UpdateExpression: 'SET a = :before', ...values } },
      { Update: { TableName: 'hub', Key: key, UpdateExpression: 'SET a = :before', ...wired } },
    ],
    ['delete', { Delete: { TableName: 'hub', Key: plain, ...values } }, { Delete: { TableName: 'hub', Key: key, ...wired } }],
    [
      'check',
      { ConditionCheck: { TableName: 'hub', Key: plain, ...values, ConditionExpression: 'version = :before' } },
      { ConditionCheck: { TableName: 'hub', Key: key, ...wired } },
    ],
  ])('is a %s with its values', (_, action, expected) => {
    expect(wireAction(action)).toEqual(expected);
  });
});
