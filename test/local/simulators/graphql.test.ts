import { describe, expect, it } from 'vitest';
import { execute } from '../../../local/simulators/graphql.ts';

const roots = {
  query: { greeting: 'hello', people: (args: Record<string, unknown>) => [{ name: `first of ${args.first}`, age: 3, tags: ['a', 'b'] }], nobody: null },
  mutation: { rename: ({ to }: Record<string, unknown>) => ({ name: String(to) }) },
};

it('hands a field the arguments of its directives', () => {
  const mutation = { set: (args: Record<string, unknown>, directives: object) => ({ said: JSON.stringify([args, directives]) }) };
  const document = 'mutation M($k: String!) { set(to: 1) @idempotent(key: $k) @quiet { said } }';

  expect(execute(document, { k: 'one' }, { query: null, mutation })).toEqual({ set: { said: '[{"to":1},{"idempotent":{"key":"one"},"quiet":{}}]' } });
});

describe('the small GraphQL server', () => {
  it.each([
    ['{ greeting }', {}, { greeting: 'hello' }],
    ['query Q { hi: greeting }', {}, { hi: 'hello' }],
    ['query Q($n: Int!) { people(first: $n) { name tags } }', { n: 5 }, { people: [{ name: 'first of 5', tags: ['a', 'b'] }] }],
    ['query { nobody { anything } } # a comment', {}, { nobody: null }],
    ['mutation M($to: String!) { rename(to: $to) { name } }', { to: 'Ada' }, { rename: { name: 'Ada' } }],
  ])('answers %s', (document, variables, data) => {
    expect(execute(document, variables, roots)).toEqual(data);
  });

  it.each([
    ['{ colour }', "Field 'colour' doesn't exist on type 'QueryRoot'"],
    ['{ people(first: 1) { height } }', "Field 'height' doesn't exist on type 'people'"],
    ['{ people(first: 1) }', "Field must have selections (field 'people')"],
    ['{ greeting', 'The document ends too early.'],
    ['subscription { greeting }', 'Expected query or mutation'],
  ])('refuses %s', (document, message) => {
    expect(() => execute(document, {}, roots)).toThrow(message);
  });
});
