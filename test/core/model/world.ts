import type { Client } from '../../../core/client.ts';
import { endRecall, follow, recall, takeBack } from '../../../core/course.ts';
import { eventsOf } from '../../../core/event.ts';
import { type Arriving, fill, priorityOf, type Readings, reallocate, takeIn } from '../../../core/intake.ts';
import { availableIn, type Deltas, type Demand, type Movement, netMovements, type Place, placeKey } from '../../../core/inventory.ts';
import { LoadView } from '../../../core/load.ts';
import { usableAt } from '../../../core/lot.ts';
import { type Act, authorise, fallShort, hold, missingUnits, type Order, prioritise, releaseHold, type Saved, turnOf } from '../../../core/order.ts';
import { idOf, type OrderDocument, sourceVersionOf } from '../../../core/order-document.ts';
import { beginPacking, pack, packWhole } from '../../../core/packing.ts';
import { StockView } from '../../../core/stock-view.ts';

/** The decisions that the model is made of; a test may put a bad one in their place. */
export const CORE = { takeIn, fill, authorise, hold, releaseHold, pack, packWhole, beginPacking, follow, recall, endRecall, takeBack, fallShort, prioritise, reallocate, turnOf };
export type Core = typeof CORE;

/** A place's counters, as the database keeps them. */
export interface Shelf extends Place, Deltas {
  readonly expiresOn?: string | undefined;
}

/** One look at who waited, what there was, and what they were given: in their turn. */
export interface Round {
  readonly waiters: readonly Order[];
  readonly filled: ReadonlyMap<string, Saved>;
  readonly shelves: readonly Shelf[];
  readonly now: Date;
}

/** What one transaction writes. */
export interface Write {
  readonly saved?: readonly Saved[];
  readonly movements?: readonly Movement[];
  /** Last days of lots that arrive, by `placeKey`. */
  readonly expiries?: ReadonlyMap<string, string>;
}

/** A hub in memory: the pure decisions, a table that refuses what the database would refuse, and the events that wake those who wait. */
export class World {
  readonly client: Client;
  readonly core: Core;
  readonly orders = new Map<string, Order>();
  readonly shelves = new Map<string, Shelf>();
  readonly ledger: Movement[] = [];
  readonly loads = new Map<string, number>();
  /** Every step of an order, and every round of filling, for those who check them. */
  readonly steps: { readonly before: Order | undefined; readonly after: Order }[] = [];
  readonly rounds: Round[] = [];
  now: Date;
  /** What the database asks of a write; a test may leave it out. */
  readonly conditions: boolean;
  /** Every version that was decided about, by its digest: what a storefront still shows. */
  readonly documents = new Map<string, OrderDocument>();
  /** Units of a version that somebody else shipped, by its digest. */
  readonly shippedElsewhere = new Map<string, readonly Demand[]>();
  readonly #queues = new Map<string, Set<string>>();
  #gained = new Set<string>();
  #latecomers = new Set<string>();

  constructor(client: Client, now: Date, { core = CORE, conditions = true }: { readonly core?: Core; readonly conditions?: boolean } = {}) {
    this.client = client;
    this.now = now;
    this.core = core;
    this.conditions = conditions;
  }

  act(by: string): Act {
    return { by, now: this.now };
  }

  /** What there is, as it is read for a decision. */
  readings(): Readings {
    const stock = [...this.shelves.values()].map(({ sku, warehouse, lot, expiresOn, ...counters }) => ({ sku, warehouse, lot, expiresOn, available: availableIn(counters) }));
    const loads = [...this.loads].map(([name, orders]) => ({ ...slotOf(name), orders }));
    return { client: this.client, stock: new StockView(stock, usableAt(this.client, this.now)), load: new LoadView(loads), history: new Map() };
  }

  /** Decides about versions of orders together: those that wait already come first. Nothing is written. */
  decide(documents: readonly OrderDocument[]): Saved[] {
    const readings = this.readings();
    for (const document of documents) this.documents.set(sourceVersionOf(document).digest, document);
    const own = new Set(documents.map(idOf));
    for (const order of this.waiting()) if (!own.has(order.orderId)) this.core.fill(order, readings, this.act('hub'));
    const act: Arriving = { ...this.act('shop'), receivedAt: this.now.toISOString() };
    return documents
      .toSorted((a, b) => priorityOf(b, readings) - priorityOf(a, readings))
      .flatMap((document) => {
        const outcome = this.core.takeIn(document, this.orders.get(idOf(document)), readings, act);
        return outcome.kind === 'saved' ? [outcome] : [];
      });
  }

  /** Writes all of it or nothing. @returns whether it was written: not when an order changed meanwhile, or a counter would fall below zero */
  write({ saved = [], movements = [], expiries = new Map() }: Write): boolean {
    const all = [...saved.flatMap((one) => one.movements), ...movements];
    const net = netMovements(all);
    if (this.conditions && saved.some(({ order }) => order.version !== (this.orders.get(order.orderId)?.version ?? 0) + 1)) return false;
    if (this.conditions && [...net].some(([key, deltas]) => isShort(add(this.shelves.get(key), deltas)))) return false;
    for (const [key, deltas] of net) this.#move(key, deltas, expiries.get(key));
    this.ledger.push(...all);
    for (const one of saved) this.#save(one);
    return true;
  }

  #move(key: string, deltas: Place & Deltas, expiresOn: string | undefined): void {
    const before = this.shelves.get(key);
    const after = add(before, deltas);
    this.shelves.set(key, { ...after, expiresOn: before?.expiresOn ?? expiresOn });
    if (availableIn(deltas) > 0) this.#gained.add(deltas.sku);
  }

  #save({ order, loads = [], waits = [] }: Saved): void {
    const before = this.orders.get(order.orderId);
    this.orders.set(order.orderId, order);
    this.steps.push({ before, after: order });
    for (const { warehouse, day, orders } of loads) this.loads.set(`${warehouse} ${day}`, (this.loads.get(`${warehouse} ${day}`) ?? 0) + orders);
    for (const { sku } of waits) this.#queues.set(sku, new Set([...(this.#queues.get(sku) ?? []), order.orderId]));
    if (eventsOf(before, order).some(({ type }) => WAKING.has(type))) this.#latecomers.add(order.orderId);
  }

  /** Orders that wait for stock, in their turn. */
  waiting(): Order[] {
    return this.#inTurn([...this.orders.values()].filter((order) => missingUnits(order).length > 0));
  }

  #inTurn(orders: readonly Order[]): Order[] {
    return orders.toSorted((a, b) => (this.core.turnOf(a) < this.core.turnOf(b) ? -1 : 1));
  }

  /** Does what events ask for: gives stock that was gained to those who wait for it, and looks again for those who began to wait. */
  react(): void {
    const gained = this.#gained;
    const latecomers = this.#latecomers;
    this.#gained = new Set();
    this.#latecomers = new Set();
    this.#fillSkus(gained);
    const readings = this.readings();
    const fillable = this.waiting().filter((order) => latecomers.has(order.orderId) && this.core.fill(order, readings, this.act('hub')) !== undefined);
    this.#fillSkus(new Set(fillable.flatMap((order) => missingUnits(order).map(({ sku }) => sku))));
  }

  #fillSkus(skus: ReadonlySet<string>): void {
    const named = new Set([...skus].flatMap((sku) => [...(this.#queues.get(sku) ?? [])]));
    const waiters = this.waiting().filter(({ orderId }) => named.has(orderId));
    const readings = this.readings();
    const shelves = [...this.shelves.values()];
    const filled = new Map(
      waiters.flatMap((order) => {
        const saved = this.core.fill(order, readings, this.act('hub'));
        return saved === undefined ? [] : [[order.orderId, saved] as const];
      }),
    );
    if (!this.write({ saved: [...filled.values()] })) throw new Error('a round of filling was refused, though nobody else wrote');
    this.rounds.push({ waiters, filled, shelves, now: this.now });
    const waiting = new Set(this.waiting().map(({ orderId }) => orderId));
    for (const sku of skus) this.#queues.set(sku, new Set([...(this.#queues.get(sku) ?? [])].filter((id) => waiting.has(id))));
  }

  /** Reacts until there is nothing left to react to. */
  comeToRest(): void {
    for (let turns = 0; this.#gained.size > 0 || this.#latecomers.size > 0; turns++) {
      if (turns > 100) throw new Error('events go on waking each other');
      this.react();
    }
  }
}

/** Events that have somebody look again whether an order can have what it lacks. */
const WAKING: ReadonlySet<string> = new Set(['order.waiting']);

/** What a place would have after a move. */
function add(shelf: Shelf | undefined, { onHand, reserved, quarantined, incoming, sku, warehouse, lot }: Place & Deltas): Shelf {
  const before = shelf ?? { sku, warehouse, ...(lot !== undefined && { lot }), onHand: 0, reserved: 0, quarantined: 0, incoming: 0 };
  return {
    ...before,
    onHand: before.onHand + onHand,
    reserved: before.reserved + reserved,
    quarantined: before.quarantined + quarantined,
    incoming: before.incoming + incoming,
  };
}

/** Whether the database would refuse these counters. */
export function isShort(shelf: Deltas): boolean {
  return Math.min(shelf.onHand, shelf.reserved, shelf.quarantined, availableIn(shelf)) < 0;
}

function slotOf(name: string): { warehouse: string; day: string } {
  const [warehouse = '', day = ''] = name.split(' ');
  return { warehouse, day };
}

/** Orders that hold units of a place, the latest promise first: those who give up when units turn out not to be there. */
export function holdersOf(world: World, place: Place): Order[] {
  return [...world.orders.values()]
    .filter((order) => order.allocations.some((allocation) => placeKey(allocation) === placeKey(place)))
    .sort((a, b) => (turnOf(a) > turnOf(b) ? -1 : 1));
}
