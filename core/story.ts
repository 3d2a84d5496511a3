import type { EventType } from './change.ts';
import { type Day, isWithin } from './day.ts';
import type { HubEvent } from './event.ts';

type FactsOf<Entity extends HubEvent['entity']> = Extract<HubEvent, { entity: Entity }>;
export type OrderFacts = FactsOf<'order'>['order'];
export type ParcelFacts = FactsOf<'parcel'>['parcel'];
type StockFacts = FactsOf<'stock'>['stock'];
type SupplyFacts = FactsOf<'supply'>['supply'];

/** One version of an item: everything that happened to it in one write, and what it was afterwards. */
interface Step<Facts> {
  readonly version: number;
  /** UTC instant. */
  readonly at: string;
  readonly reason: string;
  readonly types: ReadonlySet<EventType>;
  readonly facts: Facts;
}

/** What happened to one item, oldest version first; never empty. */
export interface Story<Facts> {
  readonly key: string;
  readonly first: Step<Facts>;
  readonly last: Step<Facts>;
  readonly steps: readonly Step<Facts>[];
}

/** The stories of all items, each list sorted by key. */
export interface Stories {
  readonly orders: readonly Story<OrderFacts>[];
  readonly parcels: readonly Story<ParcelFacts>[];
  readonly stock: readonly Story<StockFacts>[];
  readonly supply: readonly Story<SupplyFacts>[];
}

/** Leaves each event once, by its id, in an order that does not depend on how they arrived. */
export function distinct(events: Iterable<HubEvent>): HubEvent[] {
  const byId = new Map<string, HubEvent>();
  for (const event of events) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => versionOf(a) - versionOf(b) || compare(a.at, b.at) || compare(a.id, b.id));
}

/** Gathers events into the stories of their items: a function of the set of events, whatever their order or number of repeats. */
export function storiesOf(events: Iterable<HubEvent>): Stories {
  const orders = new Telling<OrderFacts>();
  const parcels = new Telling<ParcelFacts>();
  const stock = new Telling<StockFacts>();
  const supply = new Telling<SupplyFacts>();
  for (const event of distinct(events)) {
    switch (event.entity) {
      case 'order':
        orders.add(event.order.orderId, event, event.order);
        break;
      case 'parcel':
        parcels.add(`${event.parcel.orderId}/${event.parcel.parcel}`, event, event.parcel);
        break;
      case 'stock':
        stock.add(`${event.stock.sku} ${event.stock.warehouse} ${event.stock.lot ?? ''}`, event, event.stock);
        break;
      case 'supply':
        supply.add(event.supply.requestId, event, event.supply);
        break;
      case 'report':
        // A report is no part of what it reports on.
        break;
      default:
        event satisfies never;
    }
  }
  return { orders: orders.stories(), parcels: parcels.stories(), stock: stock.stories(), supply: supply.stories() };
}

/** Orders text by code unit: the same on every machine, whatever its language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What one day did to one order. */
export interface OrderDay {
  readonly id: string;
  readonly last: OrderFacts;
  /** Everything that happened to it in the day. */
  readonly did: ReadonlySet<EventType>;
  readonly received: boolean;
  readonly accepted: OrderFacts | undefined;
  readonly packed: OrderFacts | undefined;
  /** Kinds of holds put on it. */
  readonly raised: ReadonlySet<string>;
  readonly released: boolean;
  readonly filled: boolean;
  readonly dispatched: boolean;
}

/** What one day did to one parcel. */
export interface ParcelDay {
  readonly last: ParcelFacts;
  readonly did: ReadonlySet<EventType>;
  readonly labelled: ParcelFacts | undefined;
  readonly dispatchedAt: string | undefined;
}

/** What a day did to an order; earlier versions only tell what is new in it. */
export function orderDay(story: Story<OrderFacts>, period: Day): OrderDay {
  const raised = new Set<string>();
  let released = false;
  let filled = false;
  story.steps.forEach((step, index) => {
    if (step.at < period.from) return;
    const before = story.steps[index - 1];
    for (const kind of holdsPut(step, before)) raised.add(kind);
    released ||= isRelease(step, before);
    filled ||= isFilling(step, before);
  });
  return {
    id: story.key,
    last: story.last.facts,
    did: typesIn(story, period),
    received: isWithin(story.first.facts.receivedAt, period),
    accepted: stepWith(story, 'order.accepted', period)?.facts,
    packed: stepWith(story, 'order.packed', period)?.facts,
    raised,
    released,
    filled,
    dispatched: firstScan(story, { left: 'order.dispatched', arrived: 'order.delivered', ready: 'order.packed' }, period) !== undefined,
  };
}

/** What a day did to a parcel. */
export function parcelDay(story: Story<ParcelFacts>, period: Day): ParcelDay {
  return {
    last: story.last.facts,
    did: typesIn(story, period),
    labelled: stepWith(story, 'parcel.labelled', period)?.facts,
    dispatchedAt: firstScan(story, { left: 'parcel.dispatched', arrived: 'parcel.delivered', ready: 'parcel.labelled' }, period),
  };
}

function holdsPut(step: Step<OrderFacts>, before: Step<OrderFacts> | undefined): string[] {
  if (before !== undefined) return step.facts.holds.filter((kind) => !before.facts.holds.includes(kind));
  // Without an earlier version only these two events say that the holds are new.
  return step.types.has('order.accepted') || step.types.has('order.held') ? step.facts.holds : [];
}

function isRelease(step: Step<OrderFacts>, before: Step<OrderFacts> | undefined): boolean {
  const free = step.facts.holds.length === 0 && !isOver(step.facts);
  return free && (step.types.has('order.released') || (before?.facts.holds.length ?? 0) > 0);
}

/** A version that only says `allocated`, or says so in another state, was written because stock arrived. */
function isFilling(step: Step<OrderFacts>, before: Step<OrderFacts> | undefined): boolean {
  const { status } = step.facts;
  const arrived = step.types.has('order.allocated') && (step.types.size === 1 || status !== 'allocated');
  return arrived || (before?.facts.status === 'backordered' && (status === 'allocated' || status === 'authorised'));
}

/** When something left the building: its own event, or its arrival where the carrier's first scan was never told. */
function firstScan<Facts>(story: Story<Facts>, names: Record<'left' | 'arrived' | 'ready', EventType>, period: Day): string | undefined {
  const left = story.steps.find((step) => step.types.has(names.left));
  const seenBefore = story.steps.some((step) => step.types.has(names.ready));
  const arrived = seenBefore ? story.steps.find((step) => step.types.has(names.arrived)) : undefined;
  const at = (left ?? arrived)?.at;
  return at !== undefined && isWithin(at, period) ? at : undefined;
}

/** Whether an order ended without a parcel. */
export function isOver({ status }: Pick<OrderFacts, 'status'>): boolean {
  return status === 'cancelled' || status === 'closed';
}

function typesIn(story: Story<unknown>, period: Day): Set<EventType> {
  return new Set(story.steps.filter(({ at }) => isWithin(at, period)).flatMap(({ types }) => [...types]));
}

function stepWith<Facts>(story: Story<Facts>, type: EventType, period: Day): Step<Facts> | undefined {
  return story.steps.find((step) => step.types.has(type) && isWithin(step.at, period));
}

class Telling<Facts> {
  readonly #items = new Map<string, (Step<Facts> & { readonly types: Set<EventType> })[]>();

  add(key: string, event: HubEvent, facts: Facts): void {
    const steps = this.#items.get(key) ?? [];
    this.#items.set(key, steps);
    const version = versionOf(event);
    const last = steps.at(-1);
    if (last?.version === version) last.types.add(event.type);
    else steps.push({ version, at: event.at, reason: event.reason, types: new Set([event.type]), facts });
  }

  stories(): Story<Facts>[] {
    return [...this.#items]
      .sort(([a], [b]) => compare(a, b))
      .flatMap(([key, steps]) => {
        const first = steps[0];
        const last = steps.at(-1);
        return first === undefined || last === undefined ? [] : [{ key, first, last, steps }];
      });
  }
}

/** Event ids are `<item key>#<version>#<type>`. */
function versionOf(event: HubEvent): number {
  return Number(/#(\d{1,15})#[^#]*$/.exec(event.id)?.[1] ?? 0);
}
