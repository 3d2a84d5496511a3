import * as z from 'zod';
import { EventType } from './change.ts';
import type { Stock } from './inventory.ts';
import { beginsToWait, type Order } from './order.ts';
import type { ReportRun } from './report-run.ts';
import type { Parcel } from './shipment.ts';
import type { SupplyRequest } from './supply.ts';

/** The items whose changes are events. */
export type Image = Order | Parcel | Stock | SupplyRequest | ReportRun;

const OrderFacts = z.object({
  orderId: z.string(),
  connectionId: z.string(),
  country: z.string(),
  currency: z.string(),
  total: z.int(),
  status: z.string(),
  demand: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  holds: z.array(z.string()),
  receivedAt: z.string(),
});

const ParcelFacts = z.object({
  orderId: z.string(),
  parcel: z.int(),
  connectionId: z.string(),
  country: z.string(),
  warehouse: z.string(),
  carrierId: z.string(),
  carrier: z.string(),
  service: z.string(),
  cost: z.int(),
  currency: z.string(),
  units: z.int(),
  tracking: z.string(),
  /** Day by which the carrier said it would be delivered; empty where it said nothing. */
  expectedBy: z.string().default(''),
  /** UTC instants; empty before. */
  firstScanAt: z.string().default(''),
  deliveredAt: z.string().default(''),
  receivedAt: z.string(),
});

const StockFacts = z.object({
  sku: z.string(),
  warehouse: z.string(),
  lot: z.string().optional(),
  onHand: z.int(),
  reserved: z.int(),
  quarantined: z.int(),
  available: z.int(),
  incoming: z.int(),
});

const SupplyFacts = z.object({ requestId: z.string(), plant: z.string(), sku: z.string(), warehouse: z.string(), quantity: z.int() });

const ReportFacts = z.object({ report: z.string(), day: z.string(), checksum: z.string() });

const Happened = z.object({
  /** `<item key>#<version>#<type>`: unique, so consumers drop repeats by it. */
  id: z.string(),
  type: EventType,
  at: z.string(),
  by: z.string(),
  reason: z.string(),
});

/** Something that happened, with the facts that reports and reactions need. Never holds personal data. */
export const HubEvent = z.discriminatedUnion('entity', [
  Happened.extend({ entity: z.literal('order'), order: OrderFacts }),
  Happened.extend({ entity: z.literal('parcel'), parcel: ParcelFacts }),
  Happened.extend({ entity: z.literal('stock'), stock: StockFacts }),
  Happened.extend({ entity: z.literal('supply'), supply: SupplyFacts }),
  Happened.extend({ entity: z.literal('report'), report: ReportFacts }),
]);
export type HubEvent = z.infer<typeof HubEvent>;

/**
 * What happened between two images of one item: a pure function of them, so the table itself is the outbox.
 * @param before undefined when the item is new
 */
export function eventsOf(before: Image | undefined, after: Image): HubEvent[] {
  if (before?.version === after.version) return [];
  const types = typesOf(before, after);
  return (after.entity === 'parcel' && after.returns !== undefined ? types.flatMap((type) => RETURNED[type] ?? []) : types).map((type) => event(type, after));
}

/** What happens to goods that come back has names of its own: no customer or storefront is told of it as of a parcel that left. */
const RETURNED: Partial<Record<EventType, EventType>> = {
  'parcel.packed': 'return.requested',
  'parcel.assigned': 'return.assigned',
  'parcel.parked': 'return.parked',
  'parcel.labelled': 'return.labelled',
  'parcel.refused': 'return.refused',
  'parcel.updated': 'return.updated',
  'parcel.dispatched': 'return.dispatched',
  'parcel.delivered': 'return.delivered',
  'parcel.late': 'return.late',
};

function typesOf(before: Image | undefined, after: Image): EventType[] {
  const types: EventType[] = [after.change.type];
  if (after.entity === 'order' && (before?.entity !== 'order' || before.status !== after.status)) types.push(ORDER_ENTERS[after.status]);
  if (after.entity === 'order' && beginsToWait(before?.entity === 'order' ? before : undefined, after)) types.push('order.waiting');
  if (after.entity === 'parcel') types.push(...milestonesOf(before?.entity === 'parcel' ? before : undefined, after));
  if (after.entity === 'parcel' && before?.entity === 'parcel' && recallGoesOn(before, after)) types.push('parcel.recalled');
  if (after.entity === 'stock' && after.available > (before?.entity === 'stock' ? before.available : 0)) types.push('stock.gained');
  if (after.entity === 'stock' && isLow(before, after)) types.push('stock.low');
  return [...new Set(types)];
}

/** A recall waits while a person is asked what was bought. */
function recallGoesOn(before: Parcel, after: Parcel): boolean {
  return after.status === 'recalled' && before.parked !== undefined && after.parked === undefined;
}

/** Carriers tell late and out of order: one update may be the first scan, the delay and the delivery at once. */
function milestonesOf(before: Parcel | undefined, after: Parcel): EventType[] {
  const types: EventType[] = [];
  if (after.tracking.firstScanAt !== undefined && before?.tracking.firstScanAt === undefined) types.push('parcel.dispatched');
  if (after.tracking.delayedAt !== undefined && before?.tracking.delayedAt === undefined) types.push('parcel.delayed');
  if (after.status === 'delivered' && before?.status !== 'delivered') types.push('parcel.delivered');
  return types;
}

const ORDER_ENTERS: Record<Order['status'], EventType> = {
  held: 'order.held',
  backordered: 'order.backordered',
  allocated: 'order.allocated',
  authorised: 'order.authorised',
  packing: 'order.packing',
  packed: 'order.packed',
  dispatched: 'order.dispatched',
  delivered: 'order.delivered',
  returned: 'order.returned',
  cancelled: 'order.cancelled',
  closed: 'order.closed',
};

/** Stock is low when it falls to the reorder point, and again when a delivery does not lift it above. */
function isLow(before: Image | undefined, after: Stock): boolean {
  if (after.available > after.reorderPoint) return false;
  // A lot is only a part of what there is: whether the whole is low is for the reader of all lots to say.
  const fell = before?.entity !== 'stock' || before.available > after.reorderPoint || (after.lot !== undefined && after.available < before.available);
  return fell || after.change.type === 'stock.received';
}

function event(type: EventType, after: Image): HubEvent {
  const { at, by, reason } = after.change;
  const happened = { id: `${keyOf(after)}#${after.version}#${type}`, type, at, by, reason };
  switch (after.entity) {
    case 'order':
      return { ...happened, entity: 'order', order: { ...OrderFacts.parse({ ...after, demand: after.demand, holds: after.holds.map((hold) => hold.kind) }) } };
    case 'parcel':
      return { ...happened, entity: 'parcel', parcel: parcelFacts(after) };
    case 'stock':
      return { ...happened, entity: 'stock', stock: StockFacts.parse(after) };
    case 'supply':
      return { ...happened, entity: 'supply', supply: SupplyFacts.parse(after) };
    case 'report':
      return { ...happened, entity: 'report', report: ReportFacts.parse(after) };
    default:
      return after satisfies never;
  }
}

function parcelFacts(parcel: Parcel): z.infer<typeof ParcelFacts> {
  const { orderId, connectionId, country, warehouse, carrierId, receivedAt } = parcel;
  return {
    orderId,
    connectionId,
    country,
    warehouse,
    carrierId,
    receivedAt,
    parcel: parcel.parcel,
    carrier: parcel.label?.carrier ?? '',
    service: parcel.label?.service ?? '',
    cost: parcel.label?.cost ?? 0,
    currency: parcel.label?.currency ?? '',
    units: parcel.units.reduce((sum, unit) => sum + unit.quantity, 0),
    tracking: parcel.tracking.status,
    expectedBy: parcel.label?.expectedBy ?? '',
    firstScanAt: parcel.tracking.firstScanAt ?? '',
    deliveredAt: parcel.tracking.deliveredAt ?? '',
  };
}

function keyOf(image: Image): string {
  switch (image.entity) {
    case 'order':
      return image.orderId;
    case 'parcel':
      return `${image.orderId}/${image.parcel}`;
    case 'stock':
      return image.lot === undefined ? `${image.warehouse}/${image.sku}` : `${image.warehouse}/${image.sku}/${image.lot}`;
    case 'supply':
      return image.requestId;
    case 'report':
      return `${image.report}/${image.scheduledAt}`;
    default:
      return image satisfies never;
  }
}
