import type { DatabaseSync } from 'node:sqlite';
import { connectionOf, type Paging } from './graphql.ts';
import { cursorOf, digitsOf, fulfilmentOrderNode, gid, refused, type UserError } from './shopify-nodes.ts';
import { type FulfilmentOrder, isOpen, type OrderState, readOrderOf, readOrders, type ShopLocation } from './shopify-orders.ts';

// https://shopify.dev/docs/api/admin-graphql/2026-07/enums/FulfillmentOrderAssignmentStatus
const REQUEST_STATUS_OF: ReadonlyMap<string, string> = new Map([
  ['CANCELLATION_REQUESTED', 'CANCELLATION_REQUESTED'],
  ['FULFILLMENT_ACCEPTED', 'ACCEPTED'],
  ['FULFILLMENT_REQUESTED', 'SUBMITTED'],
  ['FULFILLMENT_UNSUBMITTED', 'UNSUBMITTED'],
]);

interface Assigned extends Paging {
  readonly assignmentStatus?: string | null;
  readonly locationIds?: readonly string[] | null;
}

/** What a fulfilment service can ask for. https://shopify.dev/docs/api/admin-graphql/2026-07/queries/assignedFulfillmentOrders */
export function requestQueries(database: DatabaseSync, locations: readonly ShopLocation[]) {
  return {
    assignedFulfillmentOrders: ({ assignmentStatus, locationIds, ...paging }: Assigned) => {
      const wanted = REQUEST_STATUS_OF.get(assignmentStatus ?? '');
      const nodes = readOrders(database)
        .flatMap((state) => state.fulfilmentOrders.map((one) => ({ one, state })))
        .filter(({ one }) => isOpen(one) && (wanted === undefined || one.requestStatus === wanted) && (locationIds?.includes(gid('Location', one.locationId)) ?? true))
        .sort((a, b) => a.one.id - b.one.id)
        .map(({ one, state }) => fulfilmentOrderNode(one, state, locations));
      return connectionOf(nodes, paging, ({ id }) => cursorOf(digitsOf('FulfillmentOrder', id)));
    },
  };
}

/** Each answer: what must have been asked, and what becomes of the fulfilment order. */
const ANSWERS = {
  fulfillmentOrderAcceptFulfillmentRequest: { to: 'SUBMITTED', requestStatus: 'ACCEPTED', status: 'IN_PROGRESS' },
  fulfillmentOrderRejectFulfillmentRequest: { to: 'SUBMITTED', requestStatus: 'REJECTED', status: 'OPEN' },
  fulfillmentOrderAcceptCancellationRequest: { to: 'CANCELLATION_REQUESTED', requestStatus: 'CANCELLATION_ACCEPTED', status: 'CLOSED' },
  fulfillmentOrderRejectCancellationRequest: { to: 'CANCELLATION_REQUESTED', requestStatus: 'CANCELLATION_REJECTED', status: 'IN_PROGRESS' },
} as const;

/** How a fulfilment service answers what it was asked; `complain` is told of answers to what was not asked. */
export function requestMutations(database: DatabaseSync, locations: readonly ShopLocation[], complain: (error: UserError) => UserError) {
  const answer =
    ({ to, requestStatus, status }: (typeof ANSWERS)[keyof typeof ANSWERS]) =>
    ({ id: global }: { readonly id: string }) => {
      const id = Number(digitsOf('FulfillmentOrder', global));
      const before = fulfilmentOrderOf(database, id);
      if (before === undefined) return { fulfillmentOrder: null, userErrors: [complain(refused(['id'], 'Fulfillment order does not exist.'))] };
      if (before.one.requestStatus !== to) {
        const error = refused(null, `Fulfillment order ${id} has the request status ${before.one.requestStatus}, which this does not answer.`);
        return { fulfillmentOrder: null, userErrors: [complain(error)] };
      }
      database.prepare('UPDATE fulfilment_order SET request_status = ?, status = ? WHERE id = ?').run(requestStatus, status, id);
      const after = fulfilmentOrderOf(database, id) ?? before;
      return { fulfillmentOrder: fulfilmentOrderNode(after.one, after.state, locations), userErrors: [] };
    };
  return Object.fromEntries(Object.entries(ANSWERS).map(([name, become]) => [name, answer(become)]));
}

/** The merchant asks for an order's fulfilment, or to take that back. @returns how many fulfilment orders it is asked for */
export function submitRequest(database: DatabaseSync, sourceId: string, kind: 'FULFILLMENT_REQUEST' | 'CANCELLATION_REQUEST'): number {
  const [from, to] = kind === 'FULFILLMENT_REQUEST' ? ['UNSUBMITTED', 'SUBMITTED'] : ['ACCEPTED', 'CANCELLATION_REQUESTED'];
  const { changes } = database.prepare('UPDATE fulfilment_order SET request_status = ? WHERE source_id = ? AND request_status = ?').run(to, sourceId, from);
  return Number(changes);
}

function fulfilmentOrderOf(database: DatabaseSync, id: number): { readonly one: FulfilmentOrder; readonly state: OrderState } | undefined {
  const state = readOrderOf(database, 'fulfilment_order', id);
  const one = state?.fulfilmentOrders.find((candidate) => candidate.id === id);
  return state === undefined || one === undefined ? undefined : { one, state };
}
