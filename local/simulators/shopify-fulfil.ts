import type { DatabaseSync } from 'node:sqlite';
import { count, inTransaction } from './database.ts';
import { digitsOf, fulfilmentNode, fulfilmentOrderNode, refused, type UserError } from './shopify-nodes.ts';
import {
  closeEmpty,
  type Fulfilment,
  type FulfilmentOrder,
  type FulfilmentOrderLine,
  isOpen,
  laterOf,
  type OrderState,
  readOrder,
  readOrderOf,
  type ShopLocation,
} from './shopify-orders.ts';

/** https://shopify.dev/docs/api/admin-graphql/2026-07/input-objects/FulfillmentInput, checked by the schema. */
interface FulfillmentInput {
  readonly lineItemsByFulfillmentOrder: readonly {
    readonly fulfillmentOrderId: string;
    readonly fulfillmentOrderLineItems?: readonly { readonly id: string; readonly quantity: number }[] | null;
  }[];
  readonly notifyCustomer?: boolean | null;
  readonly trackingInfo?: {
    readonly company?: string | null;
    readonly number?: string | null;
    readonly numbers?: readonly string[] | null;
    readonly url?: string | null;
    readonly urls?: readonly string[] | null;
  } | null;
}

/** What is taken of one line of a fulfilment order. */
interface Taken {
  readonly fulfilmentOrder: FulfilmentOrder;
  readonly line: FulfilmentOrderLine;
  readonly quantity: number;
}

/** A fulfilment that was made, with its order as it is since. */
interface Made {
  readonly fulfilment: Fulfilment;
  readonly order: OrderState;
}

/** What can be asked of fulfilments and fulfilment orders. */
export function fulfilmentQueries(database: DatabaseSync, locations: readonly ShopLocation[]) {
  return {
    fulfillment: ({ id: global }: { readonly id: string }) => {
      const id = Number(digitsOf('Fulfillment', global));
      const order = readOrderOf(database, 'fulfilment', id);
      const fulfilment = order?.fulfilments.find((one) => one.id === id);
      return order && fulfilment ? fulfilmentNode(fulfilment, order, locations) : null;
    },
    fulfillmentOrder: ({ id: global }: { readonly id: string }) => {
      const id = Number(digitsOf('FulfillmentOrder', global));
      const order = readOrderOf(database, 'fulfilment_order', id);
      const one = order?.fulfilmentOrders.find((candidate) => candidate.id === id);
      return order && one ? fulfilmentOrderNode(one, order, locations) : null;
    },
  };
}

/** How fulfilments are made; `complain` is told of what a careful caller does not ask for, `made` of each that was made. */
export function fulfilmentMutations(
  database: DatabaseSync,
  locations: readonly ShopLocation[],
  complain: (error: UserError) => UserError,
  made: (order: OrderState, fulfilment: Fulfilment) => void,
) {
  return {
    fulfillmentCreate: ({ fulfillment: input }: { readonly fulfillment: FulfillmentInput }) => {
      const outcome = makeFulfilment(database, input, new Date());
      // A hold may come between a caller's look and its call: everything else was to be seen before.
      if ('message' in outcome) return { fulfillment: null, userErrors: [/on_hold/.test(outcome.message) ? outcome : complain(outcome)] };
      made(outcome.order, outcome.fulfilment);
      return { fulfillment: fulfilmentNode(outcome.fulfilment, outcome.order, locations), userErrors: [] };
    },
  };
}

/**
 * Makes a fulfilment of fulfilment orders of one order at one location. There is no idempotency key: a repeat meets what is left.
 * https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/fulfillmentCreate
 */
function makeFulfilment(database: DatabaseSync, input: FulfillmentInput, now: Date): Made | UserError {
  const groups = input.lineItemsByFulfillmentOrder.map((group) => {
    const wanted = Number(digitsOf('FulfillmentOrder', group.fulfillmentOrderId));
    const order = readOrderOf(database, 'fulfilment_order', wanted);
    return { group, order, fulfilmentOrder: order?.fulfilmentOrders.find(({ id }) => id === wanted) };
  });
  const [first] = groups;
  if (first?.order === undefined || groups.some(({ fulfilmentOrder }) => fulfilmentOrder === undefined)) return refused(['fulfillment'], 'Fulfillment order does not exist.');
  const fulfilmentOrders = groups.flatMap(({ fulfilmentOrder }) => fulfilmentOrder ?? []);
  const problem = problemOf(fulfilmentOrders);
  if (problem !== undefined) return problem;
  const taken = groups.flatMap(({ group, fulfilmentOrder }) => (fulfilmentOrder === undefined ? [] : takenOf(group.fulfillmentOrderLineItems, fulfilmentOrder)));
  if (taken.length === 0 || taken.includes(undefined)) return refused(['fulfillment'], 'Invalid fulfillment order line item quantity requested.');
  return record(
    database,
    first.order,
    taken.flatMap((one) => one ?? []),
    input,
    now,
  );
}

function problemOf(fulfilmentOrders: readonly FulfilmentOrder[]): UserError | undefined {
  const ended = fulfilmentOrders.find((one) => !isOpen(one) || one.status === 'ON_HOLD' || one.status === 'SCHEDULED');
  if (ended !== undefined) return refused(['fulfillment'], `Fulfillment order ${ended.id} has an unfulfillable status= ${ended.status.toLowerCase()}.`);
  if (new Set(fulfilmentOrders.map(({ id }) => id)).size < fulfilmentOrders.length) return refused(['fulfillment'], 'A fulfillment order may be named once.');
  if (new Set(fulfilmentOrders.map(({ sourceId }) => sourceId)).size > 1) return refused(['fulfillment'], 'All fulfillment orders must be of the same order.');
  if (new Set(fulfilmentOrders.map(({ locationId }) => locationId)).size > 1) return refused(['fulfillment'], 'All fulfillment orders must be assigned to the same location.');
  return undefined;
}

const MAX_LINES = 512;

/** What is taken of a fulfilment order: all that remains when no lines are named. Undefined stands for what cannot be taken. */
function takenOf(asked: FulfillmentInput['lineItemsByFulfillmentOrder'][number]['fulfillmentOrderLineItems'], fulfilmentOrder: FulfilmentOrder): (Taken | undefined)[] {
  const { lines } = fulfilmentOrder;
  if (!asked) return lines.filter(({ remaining }) => remaining > 0).map((line) => ({ fulfilmentOrder, line, quantity: line.remaining }));
  if (asked.length > MAX_LINES || new Set(asked.map(({ id }) => id)).size < asked.length) return [undefined];
  return asked.map(({ id, quantity }) => {
    const wanted = Number(digitsOf('FulfillmentOrderLineItem', id));
    const line = lines.find((one) => one.id === wanted);
    return line === undefined || quantity < 1 || quantity > line.remaining ? undefined : { fulfilmentOrder, line, quantity };
  });
}

const NEW_FULFILMENT = 'INSERT INTO fulfilment VALUES ((SELECT coalesce(max(id), 5100000000000) + 1 FROM fulfilment), ?, ?, ?, ?, ?, ?) RETURNING id';
const NEW_FULFILMENT_LINE = 'INSERT INTO fulfilment_line VALUES ((SELECT coalesce(max(id), 11500000000000) + 1 FROM fulfilment_line), ?, ?, ?, ?)';

function record(database: DatabaseSync, order: OrderState, taken: readonly Taken[], { trackingInfo, notifyCustomer }: FulfillmentInput, now: Date): Made {
  const { sourceId } = order.sold;
  const at = laterOf(now.toISOString(), order.updatedAt);
  const numbers = trackingInfo?.numbers ?? (trackingInfo?.number ? [trackingInfo.number] : []);
  const urls = trackingInfo?.urls ?? (trackingInfo?.url ? [trackingInfo.url] : []);
  let id = 0;
  inTransaction(database, () => {
    const location = taken[0]?.fulfilmentOrder.locationId ?? '';
    id = count(database.prepare(NEW_FULFILMENT).get(sourceId, location, trackingInfo?.company ?? '', JSON.stringify(numbers), JSON.stringify(urls), at), 'id');
    for (const { fulfilmentOrder, line, quantity } of taken) {
      database.prepare(NEW_FULFILMENT_LINE).run(id, fulfilmentOrder.id, line.lineId, quantity);
      database.prepare('UPDATE fulfilment_order_line SET remaining = remaining - ? WHERE id = ?').run(quantity, line.id);
      database.prepare("UPDATE fulfilment_order SET status = 'IN_PROGRESS' WHERE id = ?").run(fulfilmentOrder.id);
    }
    closeEmpty(database, sourceId, 'CLOSED');
    database.prepare('UPDATE shop_order SET updated_at = ? WHERE source_id = ?').run(at, sourceId);
    if (notifyCustomer) database.prepare("INSERT INTO mail (source_id, what) VALUES (?, 'tracking')").run(sourceId);
  });
  const after = readOrder(database, sourceId);
  const fulfilment = after?.fulfilments.find((one) => one.id === id);
  if (after === undefined || fulfilment === undefined) throw new Error(`Fulfilment ${id} of order ${sourceId} was not kept.`);
  return { fulfilment, order: after };
}
