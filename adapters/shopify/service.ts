// The fulfilment-service role: https://shopify.dev/docs/apps/build/orders-fulfillment/fulfillment-service-apps/build-for-fulfillment-services
import * as z from 'zod';
import type { OrderStatus } from '../../core/order.ts';
import type { Knowledge } from '../storefront.ts';
import type { Operation } from './documents.ts';
import { fetchOrder } from './fetching.ts';
import { graphql } from './graphql.ts';
import { type Call, digitsOf, nextPage, ownLocations, PageInfo, UserErrors } from './settings.ts';

const Assigned = z.object({ assignedFulfillmentOrders: z.object({ pageInfo: PageInfo, nodes: z.array(z.object({ id: z.string(), orderId: z.string() })) }) });
type Assigned = z.infer<typeof Assigned>;
type Asked = Assigned['assignedFulfillmentOrders']['nodes'][number];
const Answered = z.record(z.string(), z.object({ userErrors: UserErrors }).nullable());

/** Orders that can be left alone again: nothing of them is in a parcel, or they are over. */
const CAN_STOP: ReadonlySet<OrderStatus> = new Set(['held', 'backordered', 'allocated', 'authorised', 'packing', 'cancelled', 'closed']);
/** Orders that the hub will not ship as it has them; asked for again, they come in anew. */
const IS_OVER: ReadonlySet<OrderStatus> = new Set(['cancelled', 'closed']);

const TOO_LATE = 'The order is packed or has left our warehouse.';

/**
 * Accepts the fulfilments that the hub has taken in, and the cancellations of what is not packed yet. Every order that was asked about is
 * fetched, as a request changes what of it is ours; one that the hub does not have is accepted when it is asked the next time.
 */
export async function answerRequests(hub: Knowledge, call: Call): Promise<{ readonly bodies: readonly Buffer[]; readonly open: number }> {
  const fulfilments = await askedFor('FULFILLMENT_REQUESTED', call);
  const cancellations = await askedFor('CANCELLATION_REQUESTED', call);
  const stopping = new Set(cancellations.map(({ orderId }) => orderId));
  // Before they are accepted: what is accepted is not listed again, and would be forgotten if its order could not be fetched then.
  const bodies = await fetchAsked(new Set(fulfilments.map(({ orderId }) => orderId)).difference(stopping), call);
  let open = 0;
  for (const asked of fulfilments) if (!(await answerFulfilment(asked, hub, call))) open += 1;
  for (const asked of cancellations) if (!(await answerCancellation(asked, hub, call))) open += 1;
  // After they are accepted, which takes the units away; Shopify posts of that too, should this fail.
  bodies.push(...(await fetchAsked(stopping, call)));
  return { bodies, open };
}

async function fetchAsked(orderIds: ReadonlySet<string>, call: Call): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  for (const orderId of orderIds) {
    const fetched = await fetchOrder(digitsOf(orderId), call);
    if (fetched.kind === 'found') bodies.push(...fetched.bodies);
  }
  return bodies;
}

async function askedFor(status: 'FULFILLMENT_REQUESTED' | 'CANCELLATION_REQUESTED', call: Call): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (let after: string | null = null; ; ) {
    const { assignedFulfillmentOrders }: Assigned = await graphql('AssignedOrders', { status, locations: ownLocations(call.settings), after }, Assigned, call);
    asked.push(...assignedFulfillmentOrders.nodes);
    after = nextPage(assignedFulfillmentOrders.pageInfo, after);
    if (after === null) return asked;
  }
}

/** @returns whether it needs no further answer */
async function answerFulfilment({ id, orderId }: Asked, hub: Knowledge, call: Call): Promise<boolean> {
  const status = await hub.statusOf(digitsOf(orderId));
  if (status === undefined || IS_OVER.has(status)) return false;
  return await answer('AcceptFulfillment', { id }, call);
}

async function answerCancellation({ id, orderId }: Asked, hub: Knowledge, call: Call): Promise<boolean> {
  const status = await hub.statusOf(digitsOf(orderId));
  if (status === undefined || CAN_STOP.has(status)) return await answer('AcceptCancellation', { id }, call);
  return await answer('RejectCancellation', { id, message: TOO_LATE }, call);
}

/** What Shopify refuses was answered by somebody else meanwhile, or is asked again: the next look tells. */
async function answer(operation: Operation, variables: object, call: Call): Promise<boolean> {
  const said = await graphql(operation, variables, Answered, call);
  return Object.values(said).every((one) => one !== null && one.userErrors.length === 0);
}

/** A fulfilment's name is its order's, and its place among the order's fulfilments: `#1001.1`, or `#1001-F1`. */
const FULFILMENT_NAME = /^(.{1,60}?)(?:\.|-F)(\d{1,3})$/;
const MOST_NAMES = 250;

/** Answers what Shopify asks about stock and tracking numbers; undefined for any other question. */
export async function answerQuestion(question: string, query: Readonly<Record<string, string>>, hub: Knowledge): Promise<unknown> {
  const name = question.replace(/\.json$/, '');
  if (name === 'fetch_stock') return Object.fromEntries(await hub.stockOf(query.sku ? [query.sku] : undefined));
  if (name !== 'fetch_tracking_numbers') return undefined;
  // Names that were repeated in the query come with commas between.
  const names = (query['order_names[]'] ?? query.order_names ?? '').split(',').filter((one) => one !== '');
  const found = await Promise.all(names.slice(0, MOST_NAMES).map(async (one) => [one, await trackingNumberOf(one, hub)] as const));
  const numbers = found.filter(([, number]) => number !== undefined);
  return { tracking_numbers: Object.fromEntries(numbers), message: `${numbers.length} of ${names.length} parcels have left`, success: true };
}

async function trackingNumberOf(name: string, hub: Knowledge): Promise<string | undefined> {
  const [, number, place] = FULFILMENT_NAME.exec(name) ?? [];
  if (number === undefined) return undefined;
  const sourceId = await hub.sourceIdOf(number);
  if (sourceId === undefined) return undefined;
  return (await hub.trackingOf(sourceId))[Number(place) - 1]?.trackingNumber;
}
