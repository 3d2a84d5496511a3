import { expect, test } from 'vitest';
import { readFilter } from '../../../local/cloud/event-filter.ts';

const filter = (pattern: object) => ({ Filters: [{ Pattern: JSON.stringify(pattern) }] });
const orders = filter({ dynamodb: { NewImage: { entity: { S: ['order', 'parcel'] } } } });

test.each([
  ['a listed value', { dynamodb: { NewImage: { entity: { S: 'order' } } } }, true],
  ['another value', { dynamodb: { NewImage: { entity: { S: 'ledger' } } } }, false],
  ['a record without the key', { dynamodb: { OldImage: { entity: { S: 'order' } } } }, false],
  ['a value where an object is due', { dynamodb: 'order' }, false],
])('passes or drops %s', (_name, record, passes) => {
  expect(readFilter(orders, 'Mapping')(record)).toBe(passes);
});

test('passes what any of several patterns matches', () => {
  const either = { Filters: [...orders.Filters, ...filter({ eventName: ['REMOVE'] }).Filters] };

  expect(readFilter(either, 'Mapping')({ eventName: 'REMOVE' })).toBe(true);
});

test('refuses an operator it does not know, and names the mapping', () => {
  expect(() => readFilter(filter({ eventName: [{ prefix: 'RE' }] }), 'Event/Changes')).toThrow(/Event\/Changes.*prefix/);
});
