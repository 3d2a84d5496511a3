import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS } from '../../../adapters/shopify/documents.ts';
import { readOperation, requestedCost } from '../../../local/simulators/graphql.ts';
import { SHOPIFY_SCHEMA } from '../../../local/simulators/shopify-schema.ts';

const SCHEMA = buildSchema(SHOPIFY_SCHEMA);
/** Something for each variable that a document cannot do without. */
const VARIABLES = {
  order: 'gid://shopify/Order/1',
  fulfillment: { lineItemsByFulfillmentOrder: [] },
  fulfillmentOrder: 'gid://shopify/FulfillmentOrder/1',
  changed: '',
  skus: '',
  location: 'gid://shopify/Location/1',
  id: 'gid://shopify/FulfillmentOrder/1',
  status: 'FULFILLMENT_REQUESTED',
  input: { name: 'available', reason: 'correction', quantities: [] },
  key: 'one',
  topic: 'ORDERS_CREATE',
  subscription: {},
};

describe('the schema of the simulated Shopify', () => {
  it.each(Object.entries(DOCUMENTS))('has all that our document %s asks for, for 1,000 points at most', (name, query) => {
    const variables = name === 'FulfilledLines' ? { fulfillment: 'gid://shopify/Fulfillment/1' } : VARIABLES;

    const operation = readOperation(SCHEMA, { query, variables });

    if (!('definition' in operation)) throw operation[0] ?? new Error('The document cannot be read.');
    expect(requestedCost(SCHEMA, operation)).toBeLessThanOrEqual(1_000);
  });
});
