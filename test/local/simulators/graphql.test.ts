import { buildSchema, type GraphQLResolveInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import { actualCost, connectionOf, idempotencyKeyOf, type Operation, readOperation, requestedCost, runOperation } from '../../../local/simulators/graphql.ts';

const SCHEMA = buildSchema(`
  directive @idempotent(key: String!) on FIELD
  type Query { greeting: String! people(first: Int): [Person!]! crowd(first: Int, after: String): PersonConnection! nobody: Person }
  type Mutation { rename(to: String!): Person }
  type Person { name: String! friend: Person }
  type PersonConnection { edges: [PersonEdge!]! nodes: [Person!]! pageInfo: PageInfo! }
  type PersonEdge { cursor: String! node: Person! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
`);
const ADA = { name: 'Ada', friend: null };
const crowd = () => ({ nodes: [ADA], edges: [{ cursor: '1', node: ADA }], pageInfo: { hasNextPage: false, endCursor: '1' } });
const roots = {
  query: { greeting: 'hello', people: ({ first }: { readonly first: number }) => Array.from({ length: first }, () => ADA), crowd, nobody: null },
  mutation: { rename: ({ to }: { readonly to: string }, _context: unknown, info: GraphQLResolveInfo) => ({ name: `${to} ${idempotencyKeyOf(info) ?? 'without a key'}` }) },
};

function operationOf(query: string, variables: Record<string, unknown> = {}): Operation {
  const operation = readOperation(SCHEMA, { query, variables });
  if ('definition' in operation) return operation;
  throw operation[0] ?? new Error('The document cannot be read.');
}

describe('the GraphQL server of the simulators', () => {
  it.each([
    ['{ greeting }', {}, { greeting: 'hello' }],
    ['query Q { hi: greeting }', {}, { hi: 'hello' }],
    ['query Q($n: Int!) { people(first: $n) { name } }', { n: 1 }, { people: [{ name: 'Ada' }] }],
    ['query { nobody { name } } # a comment', {}, { nobody: null }],
    ['mutation M($k: String!) { rename(to: "Bo") @idempotent(key: $k) { name } }', { k: 'one' }, { rename: { name: 'Bo one' } }],
    ['mutation { rename(to: "Bo") { name } }', {}, { rename: { name: 'Bo without a key' } }],
    ['mutation { rename(to: "Bo") @idempotent(key: "") { name } }', {}, { rename: { name: 'Bo without a key' } }],
  ])('answers %s', (query, variables, data) => {
    expect(JSON.parse(JSON.stringify(runOperation(SCHEMA, roots, operationOf(query, variables))))).toEqual({ data });
  });

  it.each([
    ['{ colour }', {}, 'Cannot query field "colour"'],
    ['{ people(first: 1) }', {}, 'must have a selection of subfields'],
    ['{ people(last: 1) { name } }', {}, 'Unknown argument "last"'],
    ['{ greeting', {}, 'Syntax Error'],
    ['query Q($n: Int!) { people(first: $n) { name } }', {}, 'Variable "$n" of required type "Int!" was not provided'],
    ['query Q($n: Int!) { people(first: $n) { name } }', { n: '1' }, 'Int cannot represent'],
    ['query A { greeting } query B { greeting }', {}, 'no such operation'],
  ])('refuses %s', (query, variables, message) => {
    expect(() => operationOf(query, variables)).toThrow(message);
  });

  it.each([
    ['{ greeting }', 0, 0],
    ['{ nobody { name friend { name } } }', 2, 0],
    ['{ people(first: 50) { name friend { name } } }', 100, 50],
    ['{ crowd(first: 10) { pageInfo { hasNextPage } nodes { name } } }', 12, 3],
    ['{ crowd(first: 10) { edges { cursor node { name } } } }', 12, 3],
    ['{ crowd(first: 10) { nodes { ...F } } } fragment F on Person { name friend { name } }', 22, 2],
    ['mutation { rename(to: "Bo") { name friend { name } } }', 11, 10],
  ])('counts the points of %s', (query, requested, actual) => {
    const operation = operationOf(query);

    const { data } = runOperation(SCHEMA, roots, operation);

    expect([requestedCost(SCHEMA, operation), actualCost(operation, data)]).toEqual([requested, actual]);
  });
});

describe('a page of a connection', () => {
  const nodes = ['a', 'b', 'c', 'd'].map((id) => ({ id }));
  const page = (paging: Parameters<typeof connectionOf>[1]) => connectionOf(nodes, paging, ({ id }) => id);

  it.each([
    [{ first: 2 }, ['a', 'b'], true],
    [{ first: 2, after: 'b' }, ['c', 'd'], false],
    [{ first: 2, after: 'bb' }, ['c', 'd'], false],
    [{ first: 2, after: 'd' }, [], false],
  ])('of %j goes on behind its cursor', (paging, ids, hasNextPage) => {
    const { nodes: found, pageInfo } = page(paging);

    expect(found.map(({ id }) => id)).toEqual(ids);
    expect(pageInfo).toMatchObject({ hasNextPage, endCursor: ids.at(-1) ?? null });
  });

  it.each([{}, { first: 0 }, { first: 251 }, { last: 2 }, { first: 2, before: 'c' }])('is refused for %j', (paging) => {
    expect(() => page(paging)).toThrow();
  });
});
