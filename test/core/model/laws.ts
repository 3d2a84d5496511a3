import { availableIn, type Demand, type Movement, placeKey, unitsOf } from '../../../core/inventory.ts';
import { usableAt } from '../../../core/lot.ts';
import { hasLeft, isLive, missingUnits, type Order, openDemand, type PackedParcel, turnOf } from '../../../core/order.ts';
import type { Round, Shelf, World } from './world.ts';

/** A law of the hub that does not hold; the message says where. */
function broken(what: string): never {
  throw new Error(what);
}

/** Checks everything that must hold of a hub at any moment. @throws Error naming the law that does not hold, and where */
export function checkWorld(world: World): void {
  const orders = [...world.orders.values()];
  checkShelves(world, orders);
  checkLoads(world, orders);
  for (const order of orders) checkOrder(order, world);
  for (const { before, after } of world.steps.splice(0)) checkStep(before, after, world);
  for (const round of world.rounds.splice(0)) checkRound(round, world);
}

const COUNTERS = ['onHand', 'reserved', 'quarantined', 'incoming'] as const;

/** Counters are never below zero, fold from the ledger, and are what orders hold; no unit appears or vanishes. */
function checkShelves({ shelves, ledger }: World, orders: readonly Order[]): void {
  const moved = Map.groupBy(ledger, placeKey);
  const held = Map.groupBy(
    orders.flatMap(({ allocations }) => allocations),
    placeKey,
  );
  for (const [place, shelf] of shelves) {
    const lowest = Math.min(shelf.onHand, shelf.reserved, shelf.quarantined, availableIn(shelf));
    if (lowest < 0) broken(`${place}: a counter is ${lowest}`);
    for (const name of COUNTERS) {
      const folded = sum(moved.get(place) ?? [], (movement) => movement[name]);
      if (folded !== shelf[name]) broken(`${place}: ${name} is ${shelf[name]}, its ledger says ${folded}`);
    }
    const promised = sum(held.get(place) ?? [], ({ quantity }) => quantity);
    if (promised !== shelf.reserved) broken(`${place}: ${shelf.reserved} reserved, orders hold ${promised}`);
  }
  for (const place of held.keys()) if (!shelves.has(place)) broken(`${place}: allocated, and there is no such place`);
  for (const sku of new Set(ledger.map((movement) => movement.sku))) checkConservation(sku, [...shelves.values()], ledger, orders);
}

const FROM_OUTSIDE: ReadonlySet<Movement['reason']> = new Set(['received', 'adjusted', 'counted', 'scrapped']);

/** What came in is on a shelf, in a parcel, or was lost or found by people. */
function checkConservation(sku: string, shelves: readonly Shelf[], ledger: readonly Movement[], orders: readonly Order[]): void {
  const came = sum(
    ledger.filter((movement) => movement.sku === sku && FROM_OUTSIDE.has(movement.reason)),
    ({ onHand }) => onHand,
  );
  const onHand = sum(
    shelves.filter((shelf) => shelf.sku === sku),
    (shelf) => shelf.onHand,
  );
  const boxed = sum(orders, ({ parcels }) => unitsOf(unitsIn(parcels.filter(({ status }) => status !== 'unpacked')), sku));
  const returned = sum(orders, (order) => unitsOf(order.returned ?? [], sku));
  if (came !== onHand + boxed - returned) broken(`${sku}: ${came} came, ${onHand} on shelves, ${boxed} in parcels, ${returned} of them returned`);
}

/** A warehouse's day counts the orders that say so. */
function checkLoads({ loads }: World, orders: readonly Order[]): void {
  const slots = orders.flatMap(({ leaves = [] }) => leaves.map(({ warehouse, day }) => `${warehouse} ${day}`));
  for (const slot of new Set([...loads.keys(), ...slots])) {
    const counted = slots.filter((other) => other === slot).length;
    if (loads.get(slot) !== counted) broken(`${slot}: counts ${loads.get(slot)} orders, ${counted} say that they leave then`);
  }
}

/** What must be true of every order, whatever happened to it. */
function checkOrder(order: Order, { client }: World): void {
  const { orderId: id, status, holds, allocations, authorisation, ending } = order;
  checkDemandMet(order);
  const barred = order.only === undefined ? undefined : allocations.find(({ warehouse }) => order.only?.includes(warehouse) === false);
  if (barred) broken(`${id}: holds stock in ${barred.warehouse}, and may ship from ${order.only} alone`);
  if (new Set(allocations.map(placeKey)).size !== allocations.length) broken(`${id}: a place is named twice`);
  if (allocations.some(({ quantity }) => quantity < 1)) broken(`${id}: an allocation of nothing`);
  if (client.policies.allocation.split === 'never' && new Set(allocations.map(({ warehouse }) => warehouse)).size > 1)
    broken(`${id}: must not be split, and is in several warehouses`);
  // One that was packed and called back keeps what else it has while it looks for the rest; it is not packed meanwhile.
  const wasWhole = order.parcels.some((one) => one.status === 'recalled' || one.status === 'unpacked');
  if (client.policies.allocation.split !== 'backorders' && allocations.length > 0 && missingUnits(order).length > 0 && !wasWhole)
    broken(`${id}: must leave whole, holds ${show(allocations)} and lacks ${show(missingUnits(order))}`);
  const fits: Record<Order['status'], boolean> = {
    held: holds.length > 0 && openDemand(order).length > 0,
    backordered: holds.length === 0 && allocations.length === 0 && missingUnits(order).length > 0,
    allocated: holds.length === 0 && allocations.length > 0 && authorisation === null,
    authorised: holds.length === 0 && allocations.length > 0 && authorisation?.addressHash === order.addressHash && order.packing === undefined,
    packing: holds.length === 0 && allocations.length > 0 && authorisation?.addressHash === order.addressHash && order.packing !== undefined,
    packed: order.parcels.some((one) => one.status === 'packed') && allocations.length === 0,
    dispatched: order.parcels.some((one) => one.status === 'dispatched') && allocations.length === 0,
    delivered: order.parcels.some(hasLeft) && allocations.length === 0,
    returned: order.parcels.some(hasLeft) && allocations.length === 0,
    cancelled: ending === 'cancelled' && !order.parcels.some(hasLeft) && allocations.length === 0,
    closed: ending === 'closed' && !order.parcels.some(hasLeft) && allocations.length === 0,
  };
  if (!fits[status]) broken(`${id}: is ${status}, with ${JSON.stringify(order)}`);
  const list = holds.length > 0 && status !== 'delivered' && status !== 'returned' ? 'held' : LISTS[status];
  if (order.work?.split('#')[0] !== list) broken(`${id}: is ${status} with ${holds.length} holds, and in the list ${order.work}`);
}

const LISTS: Partial<Record<Order['status'], string>> = { held: 'held', backordered: 'backordered', allocated: 'authorise', authorised: 'pack', packing: 'pack' };

/** Every unit that is wanted is reserved, in a parcel, or missing; nothing is reserved that is not wanted. */
function checkDemandMet(order: Order): void {
  const packed = unitsIn(order.parcels.filter(isLive));
  const missing = missingUnits(order);
  for (const sku of new Set([...order.demand, ...order.allocations, ...missing].map((line) => line.sku))) {
    const open = order.ending === undefined ? Math.max(0, unitsOf(order.demand, sku) - unitsOf(packed, sku)) : 0;
    const met = unitsOf(order.allocations, sku) + unitsOf(missing, sku);
    if (met !== open) broken(`${order.orderId}: ${open} x ${sku} open, ${unitsOf(order.allocations, sku)} reserved, ${unitsOf(missing, sku)} missing`);
  }
}

/** The courses that a parcel may take; what is done stays done. */
const COURSES: Readonly<Record<PackedParcel['status'], readonly PackedParcel['status'][]>> = {
  packed: ['packed', 'recalled', 'dispatched', 'delivered', 'returned'],
  recalled: ['recalled', 'unpacked', 'dispatched', 'delivered', 'returned'],
  dispatched: ['dispatched', 'delivered', 'returned'],
  delivered: ['delivered', 'returned'],
  returned: ['returned'],
  unpacked: ['unpacked'],
};

/** What must be true of every step from one version of an order to the next. */
function checkStep(before: Order | undefined, after: Order, { client }: World): void {
  const { orderId: id } = after;
  if (after.version !== (before?.version ?? 0) + 1) broken(`${id}: version ${before?.version} became ${after.version}`);
  if (before !== undefined && (before.status === after.status) !== (before.since === after.since) && before.since !== after.change.at)
    broken(`${id}: ${after.status} since ${after.since}`);
  before?.parcels.forEach((old, index) => {
    const now = after.parcels[index];
    if (now === undefined || now.parcel !== old.parcel || now.units !== old.units || !COURSES[old.status].includes(now.status))
      broken(`${id}: parcel ${old.parcel} was ${old.status}, is ${now?.status}`);
  });
  const begun = after.parcels.slice(before?.parcels.length ?? 0);
  if (begun.length > 0) checkPacking(before, begun, client.policies.allocation.split);
  // Over is over, until the storefront sends a newer version or a parcel turns out to have left.
  const isOver = before?.status === 'cancelled' || before?.status === 'closed';
  if (isOver && before.status !== after.status && before.source === after.source && !after.parcels.some(hasLeft)) broken(`${id}: was ${before.status}, is ${after.status}`);
}

function checkPacking(before: Order | undefined, begun: readonly PackedParcel[], split: string): void {
  if (before === undefined) throw new Error('an order came packed');
  const { orderId: id, status, holds, authorisation, addressHash } = before;
  if (status !== 'authorised' && status !== 'packing') broken(`${id}: packed while it was ${status}`);
  if (holds.length > 0 || authorisation?.addressHash !== addressHash) broken(`${id}: packed while held, or without authorisation for its address`);
  if (begun.some(({ units }) => units.some((line) => !before.allocations.includes(line)))) broken(`${id}: packed what it had not reserved`);
  for (const warehouse of begun.map((one) => one.warehouse)) {
    const planned = before.allocations.filter((allocation) => allocation.warehouse === warehouse);
    if (planned.length !== begun.flatMap(({ units }) => units).filter((units) => units.warehouse === warehouse).length) broken(`${id}: packed short in ${warehouse}`);
  }
  if (split !== 'backorders' && missingUnits(before).length > 0) broken(`${id}: must leave whole, and was packed lacking ${show(missingUnits(before))}`);
}

/**
 * Nobody who waited longer was passed over for what they could have had. An order that may be backordered in part could have had any unit
 * of a SKU that it lacks; one that must leave whole, all that it lacks at once, from as many warehouses as it may come from.
 */
function checkRound({ waiters, filled, shelves, now }: Round, { client }: World): void {
  const usable = usableAt(client, now);
  const there = new Map(shelves.filter(usable).map((shelf) => [placeKey(shelf), { ...shelf, units: availableIn(shelf) }]));
  for (const order of waiters.toSorted((a, b) => (turnOf(a) < turnOf(b) ? -1 : 1))) {
    const saved = filled.get(order.orderId);
    for (const movement of saved?.movements ?? []) {
      const shelf = there.get(placeKey(movement));
      if (shelf !== undefined) shelf.units += availableIn(movement);
    }
    const after = saved?.order ?? order;
    const lacks = missingUnits(after);
    const could = lacks.length > 0 && couldHave(after, lacks, [...there.values()], client);
    if (could) broken(`${order.orderId}: still lacks ${show(lacks)}, which was there when its turn came`);
  }
}

function couldHave(order: Order, lacks: readonly Demand[], shelves: readonly (Shelf & { readonly units: number })[], client: World['client']): boolean {
  const warehouses = client.warehouses.map(({ id }) => id).filter((id) => order.only === undefined || order.only.includes(id));
  const unitsAt = (sku: string, sites: readonly string[]) =>
    sum(
      shelves.filter((shelf) => shelf.sku === sku && sites.includes(shelf.warehouse)),
      ({ units }) => units,
    );
  switch (client.policies.allocation.split) {
    case 'backorders':
      return lacks.some(({ sku }) => unitsAt(sku, warehouses) > 0);
    case 'warehouses':
      return lacks.every(({ sku, quantity }) => unitsAt(sku, warehouses) >= quantity);
    default:
      return warehouses.some((warehouse) => lacks.every(({ sku, quantity }) => unitsAt(sku, [warehouse]) >= quantity));
  }
}

/** Checks what must hold once nothing is left to react to: nobody waits for what is there. */
export function checkRest(world: World): void {
  const orders = world.waiting();
  checkRound({ waiters: orders, filled: new Map(), shelves: [...world.shelves.values()], now: world.now }, world);
}

function unitsIn(parcels: readonly PackedParcel[]): Demand[] {
  return parcels.flatMap(({ units }) => units);
}

function sum<Entry>(list: readonly Entry[], of: (entry: Entry) => number): number {
  return list.reduce((total, entry) => total + of(entry), 0);
}

function show(units: readonly Demand[]): string {
  return units.map(({ sku, quantity }) => `${quantity} x ${sku}`).join(', ');
}
