import * as z from 'zod';
import { dayIn, zoneOf } from './calendar.ts';
import { type Client, productOf } from './client.ts';
import type { Dimensions } from './dimensions.ts';
import { type Refused, refused } from './error.ts';
import { type Allocation, addUnits, type Demand, packing, unitsOf } from './inventory.ts';
import { isExpired } from './lot.ts';
import { type Act, holdList, isBeyondPacking, missingUnits, next, type Order, type PackedParcel, type Saved } from './order.ts';

/** A unit's serial number, as it is printed on it. */
export const Serial = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,60}$/, { error: 'must be 1 to 60 printable characters without spaces' });
/** How many serial numbers one parcel may hold: each is an item of the transaction that packs it. */
export const MAX_SERIALS = 40;

/** What a packer scanned into a parcel. */
export interface Scan extends Demand {
  readonly lot?: string | undefined;
  /** One for each unit, where the product asks for it. */
  readonly serials?: readonly string[] | undefined;
  /** The box that it went into, counted from 1. @default 1 */
  readonly box?: number | undefined;
}

/** A box as somebody weighed and measured it: grams with packaging, millimetres outside. */
export interface Box {
  readonly weight?: number | undefined;
  readonly dimensions?: Dimensions | undefined;
}

/** A parcel as it was packed, with what the parcel alone keeps. */
export interface PackedNow extends PackedParcel {
  readonly box?: Box;
  readonly serials?: readonly { readonly sku: string; readonly serial: string }[];
}

/** An order that was packed, and the parcels that hold it. */
export interface Packed extends Saved {
  readonly packed: readonly PackedNow[];
}

/** Whether an order may be packed and labelled now. The database checks the same again when it writes. */
export function packGate(order: Order): Refused | undefined {
  if (order.holds.length > 0) return refused('order.held', `Order ${order.orderId} is held (${holdList(order)}); release the holds first.`);
  if (order.authorisation === null) return refused('order.not-authorised', `Order ${order.orderId} is ${order.status}; authorise it first.`);
  if (order.authorisation.addressHash !== order.addressHash)
    return refused('order.readdressed', `The address of order ${order.orderId} changed after it was authorised; authorise it again.`);
  if (order.allocations.length === 0) return refused('order.not-ready', `Order ${order.orderId} is ${order.status}; nothing is reserved for it.`);
  return undefined;
}

/** Notes who packs an order, and where: from now on it is being packed. */
export function beginPacking(order: Order, warehouse: string | undefined, act: Act): Saved | Refused {
  if (isBeyondPacking(order)) return refused('order.packed-already', `Order ${order.orderId} is ${order.status} already.`);
  const place = packGate(order) ?? warehouseFor(order, warehouse);
  if (typeof place !== 'string') return place;
  if (order.packing !== undefined && order.packing.by !== act.by && order.packing.warehouse === place) {
    return refused('order.packing-already', `Order ${order.orderId} is being packed by ${order.packing.by} since ${order.packing.at}.`);
  }
  return next({ ...order, packing: { by: act.by, at: act.now.toISOString(), warehouse: place } }, act, 'order.packing', `packing in ${place}`);
}

/**
 * Packs what an order has reserved in one warehouse into a parcel for each box: every unit that was planned must have been scanned, no more and
 * no fewer. The reservation is spent.
 * @param warehouse may be left out where there is only one
 * @param measured what the boxes weigh and measure, in their order
 */
export function pack(order: Order, warehouse: string | undefined, scanned: readonly Scan[], client: Client, act: Act, measured: readonly Box[] = []): Packed | Refused {
  if (isBeyondPacking(order)) return refused('order.packed-already', `Order ${order.orderId} is ${order.status} already.`);
  const place = packGate(order) ?? wholeGate(order, client) ?? warehouseFor(order, warehouse);
  if (typeof place !== 'string') return place;
  const planned = order.allocations.filter((allocation) => allocation.warehouse === place);
  const wrong = [...differencesOf(planned, scanned), ...serialProblems(scanned, client)];
  if (wrong.length > 0) return refused('shipment.contents-differ', `The parcel does not hold what the order needs: ${wrong.join('; ')}.`);
  const boxes = boxesOf(scanned);
  if (measured.length > boxes.length)
    return refused('shipment.boxes-differ', `${measured.length} boxes were measured, and units were scanned into ${boxes.length}; say of every scan into which box it went.`);
  const packed = packInto(
    order,
    sharedOut(planned, boxes).map((units) => [place, units] as const),
    client,
    act,
  );
  if (packed.kind === 'refused') return packed;
  return { ...packed, packed: packed.packed.map((parcel, index) => ({ ...parcel, ...boxed(boxes[index] ?? [], measured[index]) })) };
}

/** What was scanned, box by box. */
function boxesOf(scanned: readonly Scan[]): (readonly Scan[])[] {
  const boxes = Map.groupBy(scanned, ({ box = 1 }) => box);
  return [...boxes].sort(([a], [b]) => a - b).map(([, scans]) => scans);
}

/** Shares what was planned out over the boxes as it was scanned; of the lots of a SKU those that were scanned by name first. */
function sharedOut(planned: readonly Allocation[], boxes: readonly (readonly Scan[])[]): Allocation[][] {
  if (boxes.length === 1) return [[...planned]];
  const left = planned.map((allocation) => ({ ...allocation }));
  const shares: Allocation[][] = boxes.map(() => []);
  const scans = boxes.flatMap((box, index) => box.map((scan) => ({ ...scan, index })));
  for (const scan of [...scans.filter(({ lot }) => lot !== undefined), ...scans.filter(({ lot }) => lot === undefined)]) {
    let open = scan.quantity;
    for (const allocation of left) {
      if (open === 0 || allocation.sku !== scan.sku || (scan.lot !== undefined && allocation.lot !== scan.lot)) continue;
      const quantity = Math.min(open, allocation.quantity);
      if (quantity > 0) shares[scan.index]?.push({ ...allocation, quantity });
      open -= quantity;
      allocation.quantity -= quantity;
    }
  }
  return shares.map(merged);
}

/** Allocations of one place as one. */
function merged(allocations: readonly Allocation[]): Allocation[] {
  const places = Map.groupBy(allocations, ({ sku, warehouse, lot = '' }) => JSON.stringify([sku, warehouse, lot]));
  return [...places.values()].flatMap((same) => same.slice(0, 1).map((first) => ({ ...first, quantity: same.reduce((sum, { quantity }) => sum + quantity, 0) })));
}

function boxed(scans: readonly Scan[], measured: Box | undefined): Pick<PackedNow, 'serials' | 'box'> {
  const serials = scans.flatMap(({ sku, serials: own = [] }) => own.map((serial) => ({ sku, serial })));
  return { ...(serials.length > 0 && { serials }), ...(measured !== undefined && { box: measured }) };
}

/** Packs everything an order has reserved, a parcel for each warehouse, as confirmed whole. */
export function packWhole(order: Order, client: Client, act: Act): Packed | Refused {
  if (isBeyondPacking(order)) return refused('order.packed-already', `Order ${order.orderId} is ${order.status} already.`);
  const gate = packGate(order) ?? wholeGate(order, client);
  if (gate !== undefined) return gate;
  const serial = order.allocations.find(({ sku }) => productOf(client, sku)?.serials === true);
  if (serial !== undefined)
    return refused('shipment.serials-missing', `Order ${order.orderId} holds ${serial.sku}, whose serial numbers are scanned at packing; it cannot be confirmed whole.`);
  return packInto(order, [...Map.groupBy(order.allocations, ({ warehouse }) => warehouse)], client, act);
}

/** An order that must leave whole is not packed while it lacks anything. */
function wholeGate(order: Order, client: Client): Refused | undefined {
  const missing = client.policies.allocation.split === 'backorders' ? [] : missingUnits(order);
  if (missing.length === 0) return undefined;
  const lacks = missing.map(({ sku, quantity }) => `${quantity} x ${sku}`).join(', ');
  return refused('order.not-whole', `Order ${order.orderId} must leave whole, and waits for ${lacks}.`);
}

function warehouseFor(order: Order, named: string | undefined): string | Refused {
  const places = [...new Set(order.allocations.map(({ warehouse }) => warehouse))];
  const only = places.length === 1 ? places[0] : undefined;
  const place = named ?? only;
  if (place !== undefined && places.includes(place)) return place;
  const where = named === undefined ? 'is packed in several warehouses; name one' : `has nothing reserved in ${named}`;
  return refused('order.warehouse-differs', `Order ${order.orderId} ${where}: ${places.join(', ')}.`);
}

function packInto(order: Order, groups: readonly (readonly [string, readonly Allocation[]])[], client: Client, act: Act): Packed | Refused {
  const dead = groups.flatMap(([, units]) => units).find((units) => isExpired(units, todayIn(units.warehouse, client, act.now)));
  if (dead !== undefined) {
    return refused(
      'order.lot-expired',
      `Lot ${dead.lot} of ${dead.sku} in ${dead.warehouse} expired on ${dead.expiresOn}; give order ${order.orderId} other stock with reallocate.`,
    );
  }
  const packed = groups.map(([warehouse, units], index) => ({ parcel: order.parcels.length + index + 1, warehouse, units, status: 'packed' as const }));
  const places = new Set(groups.map(([warehouse]) => warehouse));
  // Stock moves as it was reserved, however many boxes it went into.
  const spent = order.allocations.filter(({ warehouse }) => places.has(warehouse));
  const { packing: _, ...rest } = order;
  const allocations = order.allocations.filter(({ warehouse }) => !places.has(warehouse));
  const clock = allocations.length === 0 ? { packedAt: act.now.toISOString() } : {};
  const saved = next({ ...rest, ...clock, allocations, parcels: [...order.parcels, ...packed] }, act, 'order.packed', 'all units scanned');
  return { ...saved, movements: spent.map((units) => packing(units, order.orderId)), packed };
}

function todayIn(warehouse: string, client: Client, now: Date): string {
  const building = client.warehouses.find(({ id }) => id === warehouse);
  return dayIn(building === undefined ? client.timeZone : zoneOf(building, client), now);
}

/** What was scanned too much or too little; a lot counts where the packer scanned one. */
function differencesOf(planned: readonly Allocation[], scanned: readonly Scan[]): string[] {
  const skus = new Set([...planned, ...scanned].map((line) => line.sku));
  const units = [...skus]
    .filter((sku) => unitsOf(planned, sku) !== unitsOf(scanned, sku))
    .map((sku) => `${sku} planned ${unitsOf(planned, sku)}, scanned ${unitsOf(scanned, sku)}`);
  const lots = addUnits(scanned.filter(({ lot }) => lot !== undefined).map(({ sku, lot, quantity }) => ({ sku: `${sku} of lot ${lot}`, quantity })));
  const plannedLots = planned.map(({ sku, lot, quantity }) => ({ sku: `${sku} of lot ${lot}`, quantity }));
  return [
    ...units,
    ...lots.filter(({ sku, quantity }) => quantity > unitsOf(plannedLots, sku)).map(({ sku, quantity }) => `${sku} planned ${unitsOf(plannedLots, sku)}, scanned ${quantity}`),
  ];
}

function serialProblems(scanned: readonly Scan[], client: Client): string[] {
  const asked = [...new Set(scanned.filter(({ sku }) => productOf(client, sku)?.serials === true).map(({ sku }) => sku))];
  return asked.flatMap((sku) => {
    const serials = scanned.filter((scan) => scan.sku === sku).flatMap((scan) => scan.serials ?? []);
    const wanted = unitsOf(scanned, sku);
    if (new Set(serials).size !== serials.length) return [`${sku} has a serial number scanned twice`];
    return serials.length === wanted ? [] : [`${sku} needs ${wanted} serial numbers, ${serials.length} scanned`];
  });
}
