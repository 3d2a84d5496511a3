import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { DOCUMENTS, type Operation } from '../../../adapters/shopify/documents.ts';
import { readOperation, requestedCost } from '../../../local/simulators/graphql.ts';
import { SHOPIFY_SCHEMA } from '../../../local/simulators/shopify-schema.ts';
import { misfits } from '../../contracts/fits.ts';
import { VARIABLES } from '../../contracts/shopify-variables.ts';

const schema = buildSchema(SHOPIFY_SCHEMA);
const operations = Object.keys(DOCUMENTS).filter((name): name is Operation => name in DOCUMENTS);

describe.each(operations)('the document %s', (name) => {
  test('fits the schema of the simulated shop, with what it is called with', () => {
    expect(misfits(schema, DOCUMENTS[name], name, VARIABLES[name])).toEqual([]);
  });

  test('asks for fewer points than one call may cost', () => {
    const operation = readOperation(schema, { query: DOCUMENTS[name], operationName: name, variables: VARIABLES[name] });
    if (!('definition' in operation)) throw new Error('it does not fit');

    expect(requestedCost(schema, operation)).toBeLessThanOrEqual(1_000);
  });
});

test.each<[string, string, Record<string, unknown>, RegExp]>([
  ['a field that there is not', 'query Q { locations(first: 1) { nodes { colour } } }', {}, /colour/],
  ['a variable of another type', 'query Q($id: String!) { order(id: $id) { id } }', { id: '1' }, /\$id/],
  ['a variable that is missing', 'query Q($id: ID!) { order(id: $id) { id } }', {}, /\$id/],
  ['a variable that is not declared', 'query Q { locations(first: 1) { nodes { id } } }', { id: '1' }, /\$id is not declared/],
])('%s does not fit', (_, text, variables, problem) => {
  expect(misfits(schema, text, 'Q', variables).join()).toMatch(problem);
});
