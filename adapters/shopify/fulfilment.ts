// Written for version 2026-07: https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/fulfillmentCreate
import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { Demand } from '../../core/inventory.ts';
import { text } from '../fields.ts';
import type { Shipped } from '../storefront.ts';
import { graphql } from './graphql.ts';
import { type Call, gidOf, nextPage, ownLocations, PageInfo, sayUserErrors, skuOf, UserErrors } from './settings.ts';

// Shopify builds tracking links for names on its list alone, spelt exactly so; other names are passed on as they are.
// https://shopify.dev/docs/api/admin-graphql/2026-07/input-objects/FulfillmentTrackingInput
const COMPANIES: ReadonlyMap<string, string> = new Map([
  ['AsendiaUsa', 'Asendia USA'],
  ['AustraliaPost', 'Australia Post'],
  ['CanadaPost', 'Canada Post'],
  ['DeutschePost', 'Deutsche Post'],
  ['DHLEcs', 'DHL eCommerce'],
  ['DHLExpress', 'DHL Express'],
  ['DPDUK', 'DPD UK'],
  ['JPPost', 'Japan Post (EN)'],
  ['LaserShipV2', 'Lasership'],
  ['RoyalMail', 'Royal Mail'],
]);

const FulfillmentOrder = z.object({
  id: z.string(),
  status: z.string(),
  supportedActions: z.array(z.object({ action: z.string() })),
  assignedLocation: z.object({ location: z.object({ id: z.string() }).nullish() }).nullish(),
  lineItems: z.object({ nodes: z.array(z.object({ id: z.string(), sku: text, remainingQuantity: z.int().min(0) })) }),
});
type FulfillmentOrder = z.infer<typeof FulfillmentOrder>;

const Fulfillment = z.object({
  id: z.string(),
  status: z.string().nullish(),
  totalQuantity: z.int().nullish(),
  trackingInfo: z.array(z.object({ number: text })),
});
type Fulfillment = z.infer<typeof Fulfillment>;

const Looked = z.object({
  order: z
    .object({
      fulfillments: z.array(Fulfillment),
      fulfillmentOrders: z.object({ pageInfo: PageInfo, nodes: z.array(FulfillmentOrder) }),
    })
    .nullable(),
});
type LookedOrder = NonNullable<z.infer<typeof Looked>['order']>;
const LookedInside = z.object({
  fulfillment: z
    .object({
      fulfillmentLineItems: z.object({ pageInfo: PageInfo, nodes: z.array(z.object({ quantity: z.int().nullish(), lineItem: z.object({ id: z.string(), sku: text }) })) }),
    })
    .nullable(),
});
type LookedInside = z.infer<typeof LookedInside>;
const Fulfilled = z.object({ fulfillmentCreate: z.object({ fulfillment: z.object({ id: z.string() }).nullish(), userErrors: UserErrors }).nullable() });

/** A fulfilment on hold can be released by the merchant alone, which takes a while. */
const HOLD_SECONDS = 900;

/** Fulfils a parcel's units with its tracking number, once. */
export async function markShipped(shipped: Shipped, call: Call): Promise<'written' | 'known'> {
  const { fulfillments, fulfillmentOrders } = await look(shipped, call);
  // fulfillmentCreate takes no idempotency key: what an earlier try has written is found by the tracking number.
  const ours = fulfillments.filter((fulfillment) => isOurs(fulfillment, shipped));
  const open = ours.length === 0 ? shipped.units : await unitsNotIn(ours, shipped.units, call);
  if (open.length === 0) return 'known';
  for (const lineItemsByFulfillmentOrder of planFulfillments(open, fulfillmentOrders, shipped)) await fulfil(lineItemsByFulfillmentOrder, shipped, call);
  return 'written';
}

async function look(shipped: Shipped, call: Call): Promise<{ readonly fulfillments: readonly Fulfillment[]; readonly fulfillmentOrders: readonly FulfillmentOrder[] }> {
  const fulfillmentOrders: FulfillmentOrder[] = [];
  for (let after: string | null = null; ; ) {
    const order: LookedOrder = await lookAtPage(shipped, after, call);
    fulfillmentOrders.push(...order.fulfillmentOrders.nodes);
    after = nextPage(order.fulfillmentOrders.pageInfo, after);
    if (after === null) return { fulfillments: order.fulfillments, fulfillmentOrders: fulfillmentOrders.filter((one) => isAssignedToUs(one, call)) };
  }
}

/** Where only what is assigned to us is ours, another location's units are not ours to fulfil. */
function isAssignedToUs({ assignedLocation }: FulfillmentOrder, { settings }: Call): boolean {
  return settings.ships === 'order' || ownLocations(settings).includes(assignedLocation?.location?.id ?? '');
}

async function lookAtPage({ sourceId }: Shipped, after: string | null, call: Call): Promise<LookedOrder> {
  const { order } = await graphql('FulfillableLines', { order: gidOf('Order', sourceId), after }, Looked, call);
  if (order === null)
    throw new Rejected('storefront.order-absent', `Shopify does not know order ${sourceId}; it was deleted, or the token is for another shop.`, { seen: sourceId });
  return order;
}

function isOurs({ status, trackingInfo }: Fulfillment, { trackingNumber }: Shipped): boolean {
  return !['CANCELLED', 'ERROR', 'FAILURE'].includes(status ?? '') && trackingInfo.some(({ number }) => number === trackingNumber);
}

/** Units that fulfilments with our tracking number leave open: none, unless a try over two locations stopped half-way. */
async function unitsNotIn(fulfillments: readonly Fulfillment[], units: readonly Demand[], call: Call): Promise<Demand[]> {
  const total = units.reduce((sum, { quantity }) => sum + quantity, 0);
  // A count that is not told is taken as whole: better to write too little than to fulfil twice.
  if (fulfillments.reduce((sum, { totalQuantity }) => sum + (totalQuantity ?? total), 0) >= total) return [];
  const open = new Map(units.map(({ sku, quantity }) => [sku, quantity]));
  for (const { id } of fulfillments) {
    for (const { quantity, lineItem } of await linesOfFulfilment(id, call)) {
      const sku = skuOf(lineItem);
      open.set(sku, (open.get(sku) ?? 0) - (quantity ?? 0));
    }
  }
  return [...open].filter(([, quantity]) => quantity > 0).map(([sku, quantity]) => ({ sku, quantity }));
}

/** Units per line of an order in one fulfilment. */
export async function linesOfFulfilment(
  fulfillment: string,
  call: Call,
): Promise<{ readonly quantity?: number | null | undefined; readonly lineItem: { readonly id: string; readonly sku?: string | null | undefined } }[]> {
  const lines = [];
  for (let after: string | null = null; ; ) {
    const looked: LookedInside = await graphql('FulfilledLines', { fulfillment, after }, LookedInside, call);
    if (looked.fulfillment === null) return lines;
    const { nodes, pageInfo } = looked.fulfillment.fulfillmentLineItems;
    lines.push(...nodes);
    after = nextPage(pageInfo, after);
    if (after === null) return lines;
  }
}

interface FulfillmentOrderLines {
  readonly fulfillmentOrderId: string;
  readonly fulfillmentOrderLineItems: { readonly id: string; readonly quantity: number }[];
}

/**
 * Spreads units over the fulfilment orders that may be fulfilled, never more than remain. One call takes one location,
 * so a location that has all of them is preferred, and otherwise each location gets its own.
 */
function planFulfillments(units: readonly Demand[], fulfillmentOrders: readonly FulfillmentOrder[], shipped: Shipped): FulfillmentOrderLines[][] {
  const fulfillable = fulfillmentOrders.filter(
    ({ status, supportedActions }) => (status === 'OPEN' || status === 'IN_PROGRESS') && supportedActions.some(({ action }) => action === 'CREATE_FULFILLMENT'),
  );
  const byLocation = [...Map.groupBy(fulfillable, ({ assignedLocation }) => assignedLocation?.location?.id ?? '').values()];
  for (const orders of byLocation) {
    const { lines, missing } = spread(units, orders);
    if (missing.length === 0) return [lines];
  }
  const calls: FulfillmentOrderLines[][] = [];
  let open = units;
  for (const orders of byLocation) {
    const { lines, missing } = spread(open, orders);
    if (lines.length > 0) calls.push(lines);
    open = missing;
  }
  if (open.length === 0) return calls;
  if (spread(open, fulfillmentOrders.filter(isHeldBack)).missing.length < open.length)
    throw new Unavailable('storefront.units-held', `Units of Shopify order ${shipped.sourceId} are on hold or scheduled for later in the shop; its parcel is told again later.`, {
      seen: 'ON_HOLD',
      retryAfterSeconds: HOLD_SECONDS,
    });
  const states = fulfillmentOrders.map(({ status }) => status).join(', ') || 'none';
  throw new Rejected(
    'storefront.units-unmatched',
    `Shopify order ${shipped.sourceId} has no open fulfilment order for ${open.map(({ sku, quantity }) => `${quantity} x ${sku}`).join(', ')} (fulfilment orders: ${states}); a cancellation or a fulfilment by hand is in the way.`,
    { seen: states },
  );
}

function isHeldBack({ status }: FulfillmentOrder): boolean {
  return status === 'ON_HOLD' || status === 'SCHEDULED';
}

function spread(units: readonly Demand[], orders: readonly FulfillmentOrder[]): { readonly lines: FulfillmentOrderLines[]; readonly missing: Demand[] } {
  const open = new Map(units.map(({ sku, quantity }) => [sku, quantity]));
  const lines: FulfillmentOrderLines[] = [];
  for (const order of orders) {
    const taken = order.lineItems.nodes.flatMap((line) => {
      const sku = skuOf(line);
      const quantity = Math.min(open.get(sku) ?? 0, line.remainingQuantity);
      open.set(sku, (open.get(sku) ?? 0) - quantity);
      return quantity > 0 ? [{ id: line.id, quantity }] : [];
    });
    if (taken.length > 0) lines.push({ fulfillmentOrderId: order.id, fulfillmentOrderLineItems: taken });
  }
  return { lines, missing: units.flatMap(({ sku }) => ((open.get(sku) ?? 0) > 0 ? [{ sku, quantity: open.get(sku) ?? 0 }] : [])) };
}

async function fulfil(lineItemsByFulfillmentOrder: FulfillmentOrderLines[], shipped: Shipped, call: Call): Promise<void> {
  const { carrier, trackingNumber: number, trackingUrl: url } = shipped;
  const trackingInfo = { company: COMPANIES.get(carrier) ?? carrier, number, ...(url && { url }) };
  const fulfillment = { lineItemsByFulfillmentOrder, notifyCustomer: call.settings.notifyCustomer, trackingInfo };
  const { fulfillmentCreate } = await graphql('CreateFulfillment', { fulfillment }, Fulfilled, call);
  const errors = fulfillmentCreate?.userErrors ?? [];
  if (errors.length > 0) throw new Rejected('storefront.fulfilment-refused', `Shopify refused to fulfil order ${shipped.sourceId}: ${sayUserErrors(errors)}.`);
  if (!fulfillmentCreate?.fulfillment)
    throw new Unavailable('storefront.answer-unreadable', `Shopify did not say whether order ${shipped.sourceId} was fulfilled; the next try looks first.`);
}
