import fc from 'fast-check';
import { dayIn, zoneOf } from '../../../core/calendar.ts';
import type { Refused } from '../../../core/error.ts';
import type { HoldKind } from '../../../core/hold.ts';
import { addUnits, availableIn, type Demand, type Movement, moving, type Place, placeKey } from '../../../core/inventory.ts';
import { isExpired } from '../../../core/lot.ts';
import { type Order, type Saved, soldUnitsSent } from '../../../core/order.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { sampleLine, sampleOrder } from '../samples.ts';
import { KITS, LOTS, SKUS, WAREHOUSES } from './clients.ts';
import { holdersOf, type World } from './world.ts';

const ORDERS = 4;

/** One version of an order, as a storefront may send it. */
export interface Version {
  readonly order: number;
  readonly version: number;
  readonly units: Readonly<Record<string, number>>;
  readonly state: 'paid' | 'unpaid' | 'cancelled' | 'test';
  readonly total: number;
  readonly address: keyof typeof ADDRESSES;
}

const ADDRESSES = {
  germany: { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' },
  elsewhere: { name: 'Erika Muster', line1: 'Beispielweg 9', city: 'Dresden', postalCode: '01067', country: 'DE' },
  austria: { name: 'Erika Muster', line1: 'Beispielgasse 4', city: 'Wien', postalCode: '1010', country: 'AT' },
  unfit: { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '4109', country: 'DE' },
} as const;

/** The document of a version: the same each time, as a storefront's repeat is. */
export function documentOf({ order, version, units, state, total, address }: Version): OrderDocument {
  const lines = Object.entries(units).map(([sku, quantity]) => sampleLine(sku, quantity));
  return sampleOrder({
    sourceId: String(order),
    number: `#${order}`,
    sourceVersion: version,
    paid: state !== 'unpaid',
    cancelled: state === 'cancelled',
    test: state === 'test',
    total,
    lines: lines.length > 0 ? lines : [sampleLine('TENT', 0)],
    shipTo: { ...ADDRESSES[address] },
  });
}

/** Any version of one order. */
export function anyVersion(order: fc.Arbitrary<number> = fc.nat(ORDERS - 1)): fc.Arbitrary<Version> {
  return fc.record({
    order,
    version: fc.integer({ min: 1, max: 4 }),
    units: fc.dictionary(fc.constantFrom(...SKUS, ...KITS), fc.integer({ min: 1, max: 4 }), { minKeys: 0, maxKeys: 3, noNullPrototype: true }),
    state: fc.constantFrom<Version['state'][]>('paid', 'paid', 'paid', 'paid', 'paid', 'unpaid', 'cancelled', 'test'),
    total: fc.constantFrom(100, 55_000, 60_001),
    address: fc.constantFrom<Version['address'][]>('germany', 'germany', 'germany', 'germany', 'elsewhere', 'austria', 'unfit'),
  });
}

const anyPlace = fc.record({ sku: fc.constantFrom(...SKUS), warehouse: fc.constantFrom(...WAREHOUSES), lot: fc.constantFrom('a', 'b', 'c') }).map(placeOf);

/** A place, with its lot where the product is kept by lot. */
export function placeOf({ sku, warehouse, lot }: { readonly sku: string; readonly warehouse: string; readonly lot: keyof typeof LOTS }): Place {
  return sku === 'MILK' ? { sku, warehouse, lot } : { sku, warehouse };
}

const anyOrder = fc.nat(ORDERS - 1);
const anyUnits = fc.integer({ min: 1, max: 8 });

/** Everything that people, storefronts, carriers and the clock do to a hub. */
const anyCommand = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('arrive'), versions: fc.array(anyVersion(), { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('race'), first: anyVersion(), second: anyVersion(), place: anyPlace, units: fc.nat(6) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('receive'), place: anyPlace, units: anyUnits }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('react') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('count', 'adjust', 'damage', 'restock', 'scrap'), place: anyPlace, units: anyUnits }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('count'), place: anyPlace, units: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('authorise'), order: anyOrder }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hold'), order: anyOrder, kind: fc.constantFrom<HoldKind[]>('fraud', 'address', 'client') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release'), order: anyOrder, kind: fc.constantFrom<HoldKind[]>('fraud', 'address', 'client', 'payment') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prioritise'), order: anyOrder, priority: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reallocate'), order: anyOrder, warehouse: fc.constantFrom(undefined, ...WAREHOUSES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('begin'), order: anyOrder, warehouse: fc.constantFrom(undefined, ...WAREHOUSES) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pack'), order: anyOrder, pile: fc.nat(1), scan: fc.constantFrom('right', 'right', 'short', 'over') }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('packWhole'), order: anyOrder }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('follow'), order: anyOrder, parcel: fc.nat(2), to: fc.constantFrom('dispatched', 'delivered', 'returned') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('recall'), order: anyOrder, parcel: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('endRecall'), order: anyOrder, parcel: fc.nat(2), outcome: fc.constantFrom('unpacked', 'left') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('echo'), order: anyOrder, later: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('shippedElsewhere'), order: anyOrder, units: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('takeBack'), order: anyOrder, place: anyPlace, units: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass'), hours: fc.constantFrom(1, 5, 24, 60) }) },
);
export type Command = typeof anyCommand extends fc.Arbitrary<infer C> ? C : never;

/** A day or a week of commands. */
export const anyCommands: fc.Arbitrary<Command[]> = fc.array(anyCommand, { minLength: 10, maxLength: 60, size: 'max' });

/** Carries a command out, as the hub does: where it is refused, nothing changes. */
export function carryOut(world: World, command: Command): void {
  const { core } = world;
  const manager = world.act('manager');
  switch (command.do) {
    case 'arrive':
      world.write({ saved: world.decide(newestOf(command.versions).map((version) => documentOf(after(world, version)))) });
      break;
    case 'race':
      race(world, command.first, command.second, command.place, command.units);
      break;
    case 'receive':
      receive(world, command.place, command.units);
      break;
    case 'react':
      world.react();
      break;
    case 'count':
      count(world, command.place, command.units);
      break;
    case 'adjust':
      world.write({ movements: [moving(command.place, { onHand: -command.units }, 'adjusted', 'adjustment')] });
      break;
    case 'damage':
      world.write({ movements: [moving(command.place, { quarantined: command.units }, 'damaged', 'inspection')] });
      break;
    case 'restock':
      world.write({ movements: [moving(command.place, { quarantined: -command.units }, 'restocked', 'inspection')] });
      break;
    case 'scrap':
      world.write({ movements: [moving(command.place, { onHand: -command.units, quarantined: -command.units }, 'scrapped', 'inspection')] });
      break;
    case 'authorise':
      one(world, command, (order) => core.authorise(order, 'looked at', manager));
      break;
    case 'hold':
      one(world, command, (order) => core.hold(order, command.kind, 'look at it', manager));
      break;
    case 'release':
      one(world, command, (order) => core.releaseHold(order, command.kind, 'looked at', 'manager', manager));
      break;
    case 'prioritise':
      one(world, command, (order) => core.prioritise(order, command.priority, 'urgent', manager));
      break;
    case 'reallocate':
      one(world, command, (order) => core.reallocate(order, command.warehouse, 'elsewhere', world.readings(), manager));
      break;
    case 'begin':
      one(world, command, (order) => core.beginPacking(order, command.warehouse, world.act('packer')));
      break;
    case 'pack':
      one(world, command, (order) => packPile(world, order, command.pile, command.scan));
      break;
    case 'packWhole':
      one(world, command, (order) => core.packWhole(order, world.client, world.act('hub')));
      break;
    case 'follow':
      one(world, command, (order) => core.follow(order, parcelAt(order, command.parcel), command.to, world.now.toISOString(), world.act('easypost')));
      break;
    case 'recall':
      one(world, command, (order) => core.recall(order, parcelAt(order, command.parcel), 'wrong', manager));
      break;
    case 'endRecall':
      one(world, command, (order) => core.endRecall(order, recalledOf(order) ?? parcelAt(order, command.parcel), command.outcome, 'looked for', manager));
      break;
    case 'echo':
      echo(world, command.order, command.later);
      break;
    case 'shippedElsewhere':
      shippedElsewhere(world, command.order, command.units);
      break;
    case 'takeBack':
      takeBackInto(world, command.order, command.place, command.units);
      break;
    case 'pass':
      world.now = new Date(world.now.getTime() + command.hours * 3_600_000);
      quarantineExpired(world);
      break;
    default:
      command satisfies never;
  }
}

/** A version as a storefront would send it next: one or two later than the last, the same, or an older one. */
function after(world: World, version: Version): Version {
  const last = world.orders.get(`shop:${version.order}`)?.source.version ?? 1;
  return { ...version, version: Math.max(1, last + version.version - 2) };
}

/** The number of one of an order's parcels; 1 where it has none. */
function parcelAt({ parcels }: Order, index: number): number {
  return parcels[index % Math.max(1, parcels.length)]?.parcel ?? 1;
}

function recalledOf({ parcels }: Order): number | undefined {
  return parcels.find(({ status }) => status === 'recalled')?.parcel;
}

/** Packs one of the warehouses that an order has stock in. */
function packPile(world: World, order: Order, pile: number, scan: 'right' | 'short' | 'over') {
  const places = [...new Set(order.allocations.map(({ warehouse }) => warehouse))];
  const warehouse = places[pile % Math.max(1, places.length)] ?? 'north';
  return world.core.pack(order, warehouse, scanned(order, warehouse, scan), world.client, world.act('packer'));
}

/** Of several versions of one order in one batch, only the newest is decided about. */
function newestOf(versions: readonly Version[]): Version[] {
  return [...Map.groupBy(versions, ({ order }) => order).values()].flatMap((same) => same.toSorted((a, b) => a.version - b.version).slice(-1));
}

function one(world: World, { order }: { readonly order: number }, decide: (order: Order) => Saved | Refused | undefined): void {
  const existing = world.orders.get(`shop:${order}`);
  const outcome = existing && decide(existing);
  if (outcome?.kind === 'saved' && !world.write({ saved: [outcome] })) throw new Error(`${outcome.order.change.reason}: decided on fresh readings, and refused by the database`);
}

/** Two invocations read at once, stock arrives, and both write: the one that the database refuses decides again. */
function race(world: World, first: Version, second: Version, place: Place, units: number): void {
  const batches = [first, second].map((version) => [documentOf(after(world, version))]);
  const decided = batches.map((documents) => ({ documents, saved: world.decide(documents) }));
  if (units > 0) {
    receive(world, place, units);
    world.react();
  }
  for (const { documents, saved } of decided) {
    if (world.write({ saved })) continue;
    if (!world.write({ saved: world.decide(documents) })) throw new Error('decided again on fresh readings, and refused by the database');
  }
}

function receive(world: World, place: Place, units: number): void {
  world.write({ movements: [moving(place, { onHand: units }, 'received', 'receipt')], expiries: expiriesOf(place) });
}

function expiriesOf(place: Place): Map<string, string> {
  const lot = Object.entries(LOTS).find(([name]) => name === place.lot);
  return new Map(lot && [[placeKey(place), lot[1]]]);
}

/** What is on hand is what was counted; where that is too little for what is reserved, the latest promises give up. */
function count(world: World, place: Place, counted: number): void {
  const shelf = world.shelves.get(placeKey(place));
  if (shelf === undefined || counted < shelf.quarantined) return;
  let open = shelf.reserved + shelf.quarantined - counted;
  const saved = holdersOf(world, place).flatMap((order) => {
    const held = order.allocations.reduce((sum, one) => (placeKey(one) === placeKey(place) ? sum + one.quantity : sum), 0);
    if (open <= 0) return [];
    const given = world.core.fallShort(order, place, Math.min(open, held), world.client, world.act('counter'));
    open += given.movements.reduce((sum, movement) => (placeKey(movement) === placeKey(place) ? sum + movement.reserved : sum), 0);
    return [given];
  });
  const movements: Movement[] = [moving(place, { onHand: counted - shelf.onHand }, 'counted', 'count')];
  if (!world.write({ saved, movements })) throw new Error('a count was refused, though orders gave up what they held');
}

/** The storefront shows an order as it last was, and counts as fulfilled what has left: what it was told. Nothing may come of it. */
function echo(world: World, order: number, later: number): void {
  const existing = world.orders.get(`shop:${order}`);
  const told = existing && shownBy(world, existing, existing.source.version + later);
  if (existing === undefined || told === undefined) return;
  const moved = world.ledger.length;
  world.write({ saved: world.decide([told]) });
  const { source: _, version: _version, change: _change, ...after } = world.orders.get(existing.orderId) ?? existing;
  const { source: _source, version: _before, change: _changed, ...before } = existing;
  if (JSON.stringify(after) !== JSON.stringify(before)) broken(existing, 'the order changed', before, after);
  if (world.ledger.length !== moved) broken(existing, 'stock moved', before, after);
}

function broken({ orderId }: Order, what: string, before: object, after: object): never {
  throw new Error(`${orderId}: the storefront repeated what we told it, and ${what}: ${JSON.stringify({ before, after })}`);
}

/** Somebody else ships some of an order: the storefront counts more than left here. */
function shippedElsewhere(world: World, order: number, units: number): void {
  const existing = world.orders.get(`shop:${order}`);
  const sku = existing && world.documents.get(existing.source.digest)?.lines[0]?.sku;
  if (existing === undefined || !sku) return;
  world.shippedElsewhere.set(existing.source.digest, [{ sku, quantity: units }]);
  const shown = shownBy(world, existing, existing.source.version + 1);
  if (shown !== undefined) world.write({ saved: world.decide([shown]) });
}

/** An order as its storefront shows it: what has left here, and what somebody else shipped, is fulfilled. */
function shownBy(world: World, existing: Order, sourceVersion: number): OrderDocument | undefined {
  const { digest } = existing.source;
  const document = world.documents.get(digest);
  return document && { ...fulfilling(document, addUnits([...soldUnitsSent(existing), ...(world.shippedElsewhere.get(digest) ?? [])])), sourceVersion };
}

/** An order whose lines count these units as fulfilled, as far as they were sold. */
function fulfilling(document: OrderDocument, units: readonly Demand[]): OrderDocument {
  const open = new Map(units.map(({ sku, quantity }) => [sku, quantity]));
  const lines = document.lines.map((line) => {
    const fulfilled = Math.min(line.quantity, open.get(line.sku ?? '') ?? 0);
    open.set(line.sku ?? '', (open.get(line.sku ?? '') ?? 0) - fulfilled);
    return { ...line, fulfilled };
  });
  return { ...document, lines };
}

function takeBackInto(world: World, order: number, place: Place, units: number): void {
  const existing = world.orders.get(`shop:${order}`);
  if (existing === undefined) return;
  const outcome = world.core.takeBack(existing, [{ sku: place.sku, quantity: units }], world.act('receiver'));
  if (outcome.kind !== 'saved') return;
  const movements = [moving(place, { onHand: units, quarantined: units }, 'returned', existing.orderId)];
  if (!world.write({ saved: [outcome], movements, expiries: expiriesOf(place) })) throw new Error('a return was refused by the database');
}

/** Every night, lots past their last day are taken off sale. */
function quarantineExpired(world: World): void {
  for (const shelf of [...world.shelves.values()]) {
    const building = world.client.warehouses.find(({ id }) => id === shelf.warehouse);
    const today = dayIn(building === undefined ? world.client.timeZone : zoneOf(building, world.client), world.now);
    if (isExpired(shelf, today) && availableIn(shelf) > 0) world.write({ movements: [moving(shelf, { quarantined: availableIn(shelf) }, 'expired', 'night')] });
  }
}

/** What a packer scans: what is reserved there, one unit less, or one unit of something more. */
function scanned(order: Order, warehouse: string, how: 'right' | 'short' | 'over') {
  const planned = order.allocations
    .filter((allocation) => allocation.warehouse === warehouse)
    .map(({ sku, lot, quantity }) => ({ sku, ...(lot !== undefined && { lot }), quantity }));
  if (how === 'right') return planned;
  if (how === 'over') return [...planned, { sku: 'TENT', quantity: 1 }];
  return planned.map((line, index) => (index === 0 ? { ...line, quantity: line.quantity - 1 } : line)).filter(({ quantity }) => quantity > 0);
}
