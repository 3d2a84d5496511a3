import { orderIdOf } from '../../core/id.ts';
import { inventedSourceId } from '../life.ts';
import { STOREFRONT } from '../packed.ts';
import type { HeldOrder, Holdings } from './holdings.ts';
import type { VendorBooks } from './stack-messages.ts';

/** Orders that were posted, from a number on: one letter each, `a` acknowledged, `u` posted and not acknowledged, `-` never posted. */
export interface PostedOrders {
  readonly from: number;
  readonly fates: string;
}

/** How far orders must have come. `labelled` is as far as they go while nobody hands parcels over. */
export type Extent = 'stored' | 'labelled';

/** What is wrong between what was acknowledged and what is there; and what is worth knowing. */
export interface Reckoning {
  readonly acknowledged: number;
  /** Orders that are there though no acknowledgement of theirs arrived: their storefront heard nothing, or something else. */
  readonly keptUnasked: number;
  /** Acknowledged, and not there, or not as far as they must be. */
  readonly lost: readonly string[];
  /** There more often than they were posted: units, parcels, labels. */
  readonly doubled: readonly string[];
  /** Orders by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * Compares what storefronts were told with what the hub holds, and the hub's labels with what carriers charged.
 * Every order is of one unit, so that it must have reserved one, have been accepted once, and fill one parcel.
 */
export function reckon(posted: readonly PostedOrders[], { orders, unbalanced }: Holdings, { charges }: VendorBooks, extent: Extent): Reckoning {
  const fates = new Map(posted.flatMap(({ from, fates: letters }) => [...letters].map((fate, index) => [orderIdOf(STOREFRONT, inventedSourceId(from + index)), fate] as const)));
  const acknowledged = [...fates].filter(([, fate]) => fate === 'a').map(([orderId]) => orderId);
  const held = [...orders].filter(([, { status }]) => status !== undefined);
  return {
    acknowledged: acknowledged.length,
    keptUnasked: held.filter(([orderId]) => fates.get(orderId) === 'u').length,
    lost: [...acknowledged.flatMap((orderId) => missing(orderId, orders.get(orderId), extent)), ...(extent === 'labelled' ? unpaid(orders, charges) : [])],
    doubled: [
      ...[...orders].flatMap(([orderId, order]) => excess(orderId, order)),
      ...held.filter(([orderId]) => (fates.get(orderId) ?? '-') === '-').map(([orderId]) => `${orderId} is there, and nobody posted it`),
      ...(extent === 'labelled' ? overpaid(orders, charges) : repeated(charges).map((label) => `${label} was charged twice`)),
      ...unbalanced,
    ],
    statuses: Object.fromEntries([...Map.groupBy(held, ([, { status }]) => status ?? '')].map(([status, those]) => [status, those.length])),
  };
}

function missing(orderId: string, order: HeldOrder | undefined, extent: Extent): string[] {
  if (order?.status === undefined) return [`${orderId} was acknowledged, and is not there`];
  if (order.reserved < 1) return [`${orderId} is ${order.status}, and no unit was reserved for it`];
  if (extent === 'stored') return [];
  if (order.accepted < 1) return [`${orderId} is ${order.status}, and its timeline does not begin`];
  return order.labels.some((label) => label !== '') ? [] : [`${orderId} is ${order.status}, and no label was bought for it`];
}

function excess(orderId: string, { reserved, accepted, labels }: HeldOrder): string[] {
  return [
    ...(reserved > 1 ? [`${orderId} reserved ${reserved} units, of one`] : []),
    ...(accepted > 1 ? [`${orderId} was accepted ${accepted} times`] : []),
    ...(labels.length > 1 ? [`${orderId} is in ${labels.length} parcels`] : []),
  ];
}

/** Labels that parcels have and no carrier charged. */
function unpaid(orders: Holdings['orders'], charges: readonly string[]): string[] {
  const charged = new Set(charges);
  return labelsIn(orders)
    .filter((label) => !charged.has(label))
    .map((label) => `${label} is on a parcel, and was never charged`);
}

/** Labels that carriers charged and no parcel has, or that were charged twice. */
function overpaid(orders: Holdings['orders'], charges: readonly string[]): string[] {
  const used = labelsIn(orders);
  const onParcels = new Set(used);
  return [
    ...repeated(charges).map((label) => `${label} was charged twice`),
    ...repeated(used).map((label) => `${label} is on two parcels`),
    ...charges.filter((label) => !onParcels.has(label)).map((label) => `${label} was charged, and is on no parcel`),
  ];
}

function labelsIn(orders: Holdings['orders']): string[] {
  return [...orders.values()].flatMap(({ labels }) => labels.filter((label) => label !== ''));
}

function repeated(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size === seen.add(value).size);
}
