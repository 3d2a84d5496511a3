import type { DatabaseSync } from 'node:sqlite';
import { GraphQLError } from 'graphql';
import { connectionOf, type Paging } from './graphql.ts';
import { cursorOf, digitsOf, orderNode } from './shopify-nodes.ts';
import { type OrderState, readChanged, readOrder, type ShopLocation } from './shopify-orders.ts';

interface OrdersAsked extends Paging {
  readonly query?: string | null;
  readonly sortKey: string;
  readonly reverse?: boolean | null;
  readonly savedSearchId?: string | null;
}

// What orders are sorted by. Ids come after the instant, so that no two orders sort alike.
const SORTS = new Map<string, (state: OrderState) => string>([
  ['CREATED_AT', ({ sold }) => sold.placedAt],
  ['PROCESSED_AT', ({ sold }) => sold.placedAt],
  ['UPDATED_AT', ({ updatedAt }) => updatedAt],
  ['ID', () => ''],
]);

/** What can be asked of orders. https://shopify.dev/docs/api/admin-graphql/2026-07/queries/orders */
export function orderQueries(database: DatabaseSync, locations: readonly ShopLocation[]) {
  return {
    order: ({ id }: { readonly id: string }) => {
      const state = readOrder(database, digitsOf('Order', id));
      return state === undefined ? null : orderNode(state, locations);
    },
    orders: ({ query, sortKey, reverse, savedSearchId, ...paging }: OrdersAsked) => {
      const sortOf = SORTS.get(sortKey);
      if (sortOf === undefined || reverse || savedSearchId) throw new GraphQLError('The simulator sorts orders by their instants and ids, forwards.');
      const cursor = (state: OrderState): string => `${sortOf(state)}/${cursorOf(state.sold.sourceId)}`;
      const [from, until] = rangeOf(query ?? '');
      const found = readChanged(database, from).filter(({ updatedAt }) => updatedAt <= until);
      const sorted = found.map((state) => ({ cursor: cursor(state), state })).sort((a, b) => (a.cursor < b.cursor ? -1 : 1));
      const { nodes, edges, pageInfo } = connectionOf(sorted, paging, (one) => one.cursor);
      const shown = new Map(nodes.map(({ cursor: at, state }) => [at, orderNode(state, locations)]));
      return { nodes: [...shown.values()], edges: edges.map(({ cursor: at }) => ({ cursor: at, node: shown.get(at) })), pageInfo };
    },
  };
}

const TERM = /^updated_at:(>=|>|<=|<)'?"?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))'?"?$/;
const LAST = '9999-12-31T23:59:59.999Z';

/**
 * Reads a search by when orders changed. Shopify overlooks a term that it does not know, and answers with more than was meant: here it is
 * refused.
 */
function rangeOf(query: string): readonly [string, string] {
  let [from, until] = ['', LAST];
  for (const term of query.split(/\s+AND\s+|\s+/).filter((one) => one !== '' && one !== 'status:any')) {
    const [, comparator, instant] = TERM.exec(term) ?? [];
    if (comparator === undefined || instant === undefined) throw new GraphQLError(`The search term ${JSON.stringify(term)} is not known.`);
    const at = Date.parse(instant);
    if (comparator.startsWith('>')) from = new Date(comparator === '>' ? at + 1 : at).toISOString();
    else until = new Date(comparator === '<' ? at - 1 : at).toISOString();
  }
  return [from, until];
}
