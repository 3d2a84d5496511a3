import type { Address } from '../../core/address.ts';
import type { Client } from '../../core/client.ts';
import { orderIdOf } from '../../core/id.ts';
import type { CarrierFault } from '../simulators/carrier.ts';
import type { Journey } from '../simulators/journey.ts';
import { type Random, seeded } from '../simulators/seed.ts';
import type { TellingFault } from '../simulators/shop.ts';
import { type Buyer, type SoldLine, type SoldOrder, type SoldVersion, totalOf, unitsLeft } from '../simulators/sold-order.ts';
import { keptApart, linesOf, productsIn, sameLines } from './basket.ts';
import { COURSES, type Course, type Ending, sharesOf } from './courses.ts';
import { kindOfShop } from './kinds.ts';
import { inventBuyer } from './people.ts';
import { draftsOf, type Gap, type GatedPosting, gapsIn, type PlannedPosting } from './postings.ts';

/** One order of the day: what its customer does, and how it must end. */
export interface PlannedOrder {
  readonly orderId: string;
  readonly connectionId: string;
  readonly course: Course;
  readonly sold: SoldOrder;
  /** Oldest first; the last one is what the customer wants in the end. */
  readonly versions: readonly SoldVersion[];
  readonly recipient: string;
  /** Where the parcel must go in the end. */
  readonly address: Address;
  readonly ending: Ending;
  readonly journey: Journey;
  readonly fault?: CarrierFault;
  /** The order whose goods the same customer bought again. */
  readonly repeats?: string;
}

/** Goods that are in the warehouses when the day begins. */
interface OpeningStock {
  readonly warehouse: string;
  readonly sku: string;
  readonly quantity: number;
}

/** A whole day of trade: the same options always make the same plan. */
export interface Plan {
  readonly orders: readonly PlannedOrder[];
  readonly postings: readonly PlannedPosting[];
  readonly gated: readonly GatedPosting[];
  readonly gaps: readonly Gap[];
  readonly opening: readonly OpeningStock[];
  readonly storefrontFaults: readonly { readonly connectionId: string; readonly sourceId: string; readonly fault: TellingFault }[];
  /** Postings that repeat another one: same bytes, or the same order version under a new id. */
  readonly duplicates: number;
  /** Postings of a version that is older than one sent before it. */
  readonly stale: number;
}

/** What a plan is made from. */
export interface PlanOptions {
  readonly client: Client;
  readonly orders: number;
  readonly seed: string;
  /** When the day begins, in milliseconds since 1970, on a whole second. */
  readonly startAt: number;
}

/** How much of a day may be other than clean. */
const SPECIAL_SHARE = 0.7;

/** Draws up a day of trade. */
export function planDay(options: PlanOptions): Plan {
  const random = seeded(`${options.seed}/${options.orders}`);
  const courses = coursesOf(options.orders, random);
  const orders = withRepeats(courses.map((course, index) => planOrder(index, course, options, random)));
  const drafts = orders.flatMap((order, index) => draftsOf(order, index, options, random));
  const gaps = gapsIn(drafts, options.client);
  const afterGaps = new Set(gaps.flatMap(({ after }) => after));
  return {
    orders,
    postings: drafts.map(({ posting }) => (afterGaps.has(posting.id) ? { ...posting, due: null } : posting)),
    gated: drafts.flatMap(({ posting, order, gate }) => (gate === undefined ? [] : [{ postingId: posting.id, orderId: order.repeats ?? order.orderId, gate }])),
    gaps,
    opening: openingOf(orders, options.client),
    storefrontFaults: storefrontFaultsOf(orders, options.client),
    duplicates: drafts.filter(({ duplicate }) => duplicate).length,
    stale: drafts.filter(({ stale }) => stale).length,
  };
}

/** Every course at least once where the day is long enough, and the rest clean. */
function coursesOf(count: number, random: Random): Course[] {
  const special = COURSES.flatMap((course) => Array.from({ length: sharesOf(course, count) }, () => course)).slice(0, Math.floor(count * SPECIAL_SHARE));
  const clean = Array.from({ length: count - special.length }, () => COURSES[0]);
  return random.shuffle([...special, ...clean]);
}

/** Of every few orders the first storefront has two and each other one; what cannot happen at one happens at the next. */
function connectionFor(index: number, course: Course, { storefronts }: Client): Client['storefronts'][number] {
  const turns = [...storefronts.slice(0, 2), ...storefronts.slice(0, 1), ...storefronts.slice(2)];
  const from = index % turns.length;
  const found = [...turns.slice(from), ...turns.slice(0, from)].find(({ kind }) => !kindOfShop(kind).lacks.includes(course.name));
  if (found === undefined) throw new Error(`No storefront of the client can have an order of the course ${course.name}.`);
  return found;
}

function planOrder(index: number, course: Course, options: PlanOptions, random: Random): PlannedOrder {
  const { id: connectionId, kind } = connectionFor(index, course, options.client);
  const { sourceId, number } = kindOfShop(kind).named(index);
  const placedAt = iso(options.startAt - random.int(120, 3_600) * 1000);
  const lines = linesOf(sourceId, course, options.client, random);
  const customer = inventBuyer(index, random);
  const buyer = course.address(customer);
  const sold: SoldOrder = {
    sourceId,
    number,
    placedAt,
    currency: options.client.currency,
    test: course.name === 'test',
    buyer,
    shipped: course.name !== 'digital' && course.name !== 'no-address',
    lines,
  };
  const versions = course.versions.map(
    (change, version): SoldVersion => ({
      version: version + 1,
      updatedAt: iso(Date.parse(placedAt) + version * 45_000),
      paid: change.paid ?? true,
      cancelled: change.cancelled ?? false,
      note: change.note ?? '',
      ...linesIn(change, lines),
    }),
  );
  const recipient = `${buyer.firstName} ${buyer.lastName}`;
  const { ending, journey, fault } = course;
  const address = addressOf(course.help.includes('correct-address') ? customer : buyer);
  return { orderId: orderIdOf(connectionId, sourceId), connectionId, course, sold, versions, recipient, address, ending, journey, ...(fault !== undefined && { fault }) };
}

/** Which units are not there any more in a version, and which not yet. */
function linesIn(change: Course['versions'][number], lines: readonly SoldLine[]): Pick<SoldVersion, 'removed' | 'later'> {
  const goods = lines.filter(({ kind }) => kind === 'goods');
  const [first, last, several] = [goods[0], goods.at(-1), goods.find(({ quantity }) => quantity > 1)];
  const one = several === undefined ? {} : { [several.lineId]: 1 };
  const removed = { ...(change.refundOne && one), ...(change.swap === 'after' && first && { [first.lineId]: first.quantity }) };
  const later = { ...(change.oneLater && one), ...(change.swap === 'before' && last && { [last.lineId]: last.quantity }) };
  return { removed, later };
}

/** Has some customers buy again, under another order number, what they bought in a clean order of the day. */
function withRepeats(orders: readonly PlannedOrder[]): PlannedOrder[] {
  const originals = orders.filter(({ course }) => course === COURSES[0]).values();
  return orders.map((order) => {
    const original = order.course.repeats ? originals.next().value : undefined;
    if (original === undefined) return order;
    const { sold, recipient, address, orderId } = original;
    return { ...order, recipient, address, repeats: orderId, sold: { ...order.sold, buyer: sold.buyer, lines: sameLines(order.sold.sourceId, sold.lines) } };
  });
}

function addressOf(buyer: Buyer): Address {
  const { company, line1, line2, city, region, postalCode, country, phone } = buyer;
  const optional = { ...(company !== '' && { company }), ...(line2 !== '' && { line2 }), ...(region !== '' && { region }) };
  return { name: `${buyer.firstName} ${buyer.lastName}`, line1, city, postalCode, country, phone, ...optional };
}

/** Stock that lasts the day for most products; two are sold more than there is, until their plants deliver. */
function openingOf(orders: readonly PlannedOrder[], client: Client): OpeningStock[] {
  const wanted = new Map<string, number>();
  for (const order of orders) for (const [sku, quantity] of finalUnits(order, client)) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  const scarce = [...wanted]
    .filter(([sku]) => keptApart(sku) === undefined)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, 2)
    .map(([sku]) => sku);
  return client.warehouses.flatMap(({ id }, index) =>
    client.products.flatMap(({ sku, reorder }) => {
      const demand = wanted.get(sku) ?? 0;
      const apart = keptApart(sku);
      if (apart !== undefined) return apart.warehouse === index ? [{ warehouse: id, sku, quantity: apart.enough ? demand + reorder.point + 1 : 2 }] : [];
      const share = scarce.includes(sku) ? (index === 0 ? 0.2 : 0.08) : index === 0 ? 0.9 : 0.4;
      return [{ warehouse: id, sku, quantity: Math.max(1, Math.ceil(demand * share) + (scarce.includes(sku) ? 0 : reorder.point)) }];
    }),
  );
}

/** Once each at every storefront: what goes wrong when it is told that a parcel left. */
function storefrontFaultsOf(orders: readonly PlannedOrder[], { storefronts }: Client): Plan['storefrontFaults'] {
  const faults = ['hang-after', 'busy', 'broken'] as const;
  return storefronts.flatMap(({ id }) => {
    const clean = orders.filter(({ course, connectionId }) => connectionId === id && course === COURSES[0]);
    return faults.flatMap((fault, index) => clean.slice(index, index + 1).map(({ sold: { sourceId } }) => ({ connectionId: id, sourceId, fault })));
  });
}

/** What the customer pays in the end. Minor units. */
export function finalTotal(order: PlannedOrder): number {
  const last = order.versions.at(-1);
  return last === undefined ? 0 : totalOf(order.sold, last);
}

/** Units of each SKU that was bought in the end, as the storefront knows them. */
export function soldUnits(order: PlannedOrder): Map<string, number> {
  const units = new Map<string, number>();
  const last = order.versions.at(-1);
  if (last === undefined) return units;
  for (const line of order.sold.lines) {
    const left = unitsLeft(line, last);
    if (line.kind === 'goods' && line.sku !== null && left > 0) units.set(line.sku, (units.get(line.sku) ?? 0) + left);
  }
  return units;
}

/** Units of each product that must end in the order's parcels. */
export function finalUnits(order: PlannedOrder, client: Pick<Client, 'kits'>): Map<string, number> {
  return productsIn(soldUnits(order), client);
}

function iso(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString();
}
