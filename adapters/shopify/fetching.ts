import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { text } from '../fields.ts';
import type { Cursor, Fetched, Page, Reference } from '../storefront.ts';
import { type KnownUnits, type LineQuantity, needsFulfilments, writeFetched } from './fetched.ts';
import { linesOfFulfilment } from './fulfilment.ts';
import { graphql } from './graphql.ts';
import { type Call, digitsOf, gidOf, nextPage, ownLocations, PageInfo } from './settings.ts';

// Orders are passed on as they came: what is wrong with one is said where it is read, and holds up none of the others.
const Lines = z.object({ pageInfo: PageInfo, nodes: z.array(z.unknown()) });
const Order = z.looseObject({ id: z.string(), lineItems: Lines });
type Order = z.infer<typeof Order>;
const ReadOrder = z.object({ order: Order.nullable() });
const OrderLines = z.object({ order: z.object({ lineItems: Lines }).nullable() });
type OrderLines = z.infer<typeof OrderLines>;
const ChangedOrders = z.object({ orders: z.object({ pageInfo: PageInfo, nodes: z.array(Order) }) });
const Location = z.object({ id: z.string() }).nullish();
const OrderFulfillments = z.object({ order: z.object({ fulfillments: z.array(z.object({ id: z.string(), status: text, location: Location })) }).nullable() });
const AssignedLines = z.object({
  order: z
    .object({
      fulfillmentOrders: z.object({
        pageInfo: PageInfo,
        nodes: z.array(
          z.object({
            status: z.string(),
            requestStatus: z.string(),
            updatedAt: z.string(),
            assignedLocation: z.object({ location: Location }).nullish(),
            lineItems: z.object({ nodes: z.array(z.object({ remainingQuantity: z.int(), lineItem: z.object({ id: z.string() }) })) }),
          }),
        ),
      }),
    })
    .nullable(),
});
type AssignedLines = z.infer<typeof AssignedLines>;
type FulfillmentOrder = NonNullable<AssignedLines['order']>['fulfillmentOrders']['nodes'][number];
const FulfillmentOrderOrder = z.object({ fulfillmentOrder: z.object({ orderId: z.string() }).nullable() });

/** Fetches the order that something posted named, itself or through one of its fulfilment orders. */
export async function fetchReferred({ what, id }: Reference, call: Call): Promise<Fetched> {
  if (what === 'order') return await fetchOrder(id, call);
  if (what === 'changed-order') return await fetchChanged(id, call);
  const { fulfillmentOrder } = await graphql('FulfillmentOrderOrder', { fulfillmentOrder: gidOf('FulfillmentOrder', id) }, FulfillmentOrderOrder, call);
  // One that was merged into another is gone, and nothing is known of its order: the other is told of too.
  return fulfillmentOrder === null ? { kind: 'absent', sourceIds: [] } : await fetchChanged(digitsOf(fulfillmentOrder.orderId), call);
}

/** That an order changed does not say that it was deleted, which is told by itself: an app without the scope for old orders does not see them. */
async function fetchChanged(id: string, call: Call): Promise<Fetched> {
  const fetched = await fetchOrder(id, call);
  if (fetched.kind === 'found') return fetched;
  throw new Rejected(
    'storefront.order-unseen',
    `Shopify told of order ${id} and does not show it: give the app the scope read_all_orders if the order is of more than 60 days ago; if it was deleted, nothing is to be done.`,
    { seen: id },
  );
}

/** Fetches an order by the digits of its id. */
export async function fetchOrder(id: string, call: Call): Promise<Fetched> {
  const { order } = await graphql('ReadOrder', { order: gidOf('Order', id) }, ReadOrder, call);
  return order === null ? { kind: 'absent', sourceIds: [id] } : { kind: 'found', bodies: [await bodyOf(order, call)] };
}

/** Lists the orders that changed, those that changed first at the front. */
export async function pollOrders({ since, page }: Cursor, call: Call): Promise<Page> {
  const { orders } = await graphql('ChangedOrders', { changed: `updated_at:>='${since}'`, after: page }, ChangedOrders, call);
  const bodies: Buffer[] = [];
  // One after the other: the shop counts points, and a burst has them all at once.
  for (const order of orders.nodes) bodies.push(await bodyOf(order, call));
  return { bodies, next: nextPage(orders.pageInfo, page) };
}

/** An order with all of its lines, and with what of it has left, and is ours, where its lines do not say. */
async function bodyOf({ lineItems, ...order }: Order, call: Call): Promise<Buffer> {
  const lines = [...lineItems.nodes, ...(await linesAfter(order.id, lineItems.pageInfo, call))];
  const whole = { ...order, lineItems: lines };
  if (call.settings.ships === 'assigned') {
    const own = new Set(ownLocations(call.settings));
    return writeFetched(whole, { assigned: await assignedTo(own, order.id, call), shipped: await shippedFrom(own, order.id, call) });
  }
  return writeFetched(whole, { assigned: null, shipped: needsFulfilments(order, lines) ? await shippedFrom(undefined, order.id, call) : null });
}

async function linesAfter(order: string, first: z.infer<typeof PageInfo>, call: Call): Promise<unknown[]> {
  const lines: unknown[] = [];
  for (let after = nextPage(first, null); after !== null; ) {
    const read: OrderLines = await graphql('OrderLines', { order, after }, OrderLines, call);
    if (read.order === null) return lines;
    lines.push(...read.order.lineItems.nodes);
    after = nextPage(read.order.lineItems.pageInfo, after);
  }
  return lines;
}

/** @param locations all of them where undefined */
async function shippedFrom(locations: ReadonlySet<string> | undefined, order: string, call: Call): Promise<LineQuantity[]> {
  const read = await graphql('OrderFulfillments', { order }, OrderFulfillments, call);
  const ours = read.order?.fulfillments.filter(({ status, location }) => status === 'SUCCESS' && (locations?.has(location?.id ?? '') ?? true)) ?? [];
  const shipped: LineQuantity[] = [];
  for (const { id } of ours) for (const { quantity, lineItem } of await linesOfFulfilment(id, call)) shipped.push({ lineId: lineItem.id, quantity: quantity ?? 0 });
  return shipped;
}

async function assignedTo(locations: ReadonlySet<string>, order: string, call: Call): Promise<NonNullable<KnownUnits['assigned']>> {
  const all: FulfillmentOrder[] = [];
  for (let after: string | null = null; ; ) {
    const read: AssignedLines = await graphql('AssignedLines', { order, after }, AssignedLines, call);
    all.push(...(read.order?.fulfillmentOrders.nodes ?? []));
    after = read.order === null ? null : nextPage(read.order.fulfillmentOrders.pageInfo, after);
    if (after === null) break;
  }
  const ours = all.filter((one) => isOurs(one, locations, call));
  const lines = ours.flatMap(({ lineItems }) => lineItems.nodes.map(({ remainingQuantity, lineItem }) => ({ lineId: lineItem.id, quantity: remainingQuantity })));
  // All of them: one that was given to somebody else has changed what is ours.
  const changedAt = all.map(({ updatedAt }) => updatedAt).sort((a, b) => Date.parse(a) - Date.parse(b));
  return { lines, changedAt: changedAt.at(-1) ?? null };
}

const OPEN = new Set(['OPEN', 'IN_PROGRESS', 'ON_HOLD', 'SCHEDULED']);
/** A fulfilment service ships what it was asked for, and nothing before. */
const NOT_ASKED = new Set(['UNSUBMITTED', 'REJECTED', 'CANCELLATION_ACCEPTED']);

function isOurs({ status, requestStatus, assignedLocation }: FulfillmentOrder, locations: ReadonlySet<string>, { settings }: Call): boolean {
  if (!OPEN.has(status) || !locations.has(assignedLocation?.location?.id ?? '')) return false;
  return !(settings.service && NOT_ASKED.has(requestStatus));
}
