import type { Fault } from './booking.ts';
import { dayIn, zoneOf } from './calendar.ts';
import type { Client } from './client.ts';
import type { ErrorCode } from './error.ts';
import { availableIn, type Deltas, type Movement, type MovementReason, moving, netMovements, type Place, placeKey, type Stock } from './inventory.ts';
import type { Act, Order, Saved } from './order.ts';
import type { SupplyRequest } from './supply.ts';

/** Goods of one SKU on their way from one warehouse to another. */
export interface Transfer {
  readonly entity: 'transfer';
  readonly transferId: string;
  readonly from: string;
  readonly to: string;
  readonly sku: string;
  readonly lot?: string | undefined;
  readonly expiresOn?: string | undefined;
  /** Units; what has arrived is 0 until the status is `received`. */
  readonly sent: number;
  readonly received: number;
  readonly status: 'open' | 'received';
  readonly version: number;
}

/** The name of a transfer's goods: where they go, what they are. */
export function transferKey({ transferId, to, sku, lot }: Pick<Transfer, 'transferId' | 'to' | 'sku' | 'lot'>): string {
  return `${transferId}\n${to}\n${sku}\n${lot ?? ''}`;
}

/** What entries are booked on: readings of a moment ago. */
export interface BookingContext {
  readonly client: Client;
  readonly act: Act;
  /** What the ledger names as the cause: the id of the booking. */
  readonly cause: string;
  /** Every counter of the SKUs. */
  readonly stock: readonly Stock[];
  readonly requests: readonly SupplyRequest[];
  readonly transfers: readonly Transfer[];
  readonly orders: ReadonlyMap<string, Order>;
  /** The differences that first counts found, by `placeKey`. */
  readonly firstCounts: ReadonlyMap<string, number>;
}

/** What became of one entry: the units that moved where its goods are, and what there is to tell of it. */
export interface BookedLine extends Place {
  readonly onHand: number;
  readonly quarantined: number;
  /** Of a receipt: the units that were still asked for, how many more came, and how many fewer. */
  readonly asked?: number;
  readonly over?: number;
  readonly short?: number;
  readonly requestId?: string;
  readonly transferId?: string;
  /** Of a count: what was on hand. */
  readonly expected?: number;
}

/** An item before and after; before is undefined where it is new. */
export interface Version<Item> {
  readonly before: Item | undefined;
  readonly after: Item;
}

/** Units that are reserved and turn out not to be there: orders must give up as many. */
export interface Shortfall {
  readonly place: Place;
  readonly units: number;
  /** How many are reserved there. */
  readonly reserved: number;
}

/** What entries amount to. It may be written if `refusals` is empty. */
export interface Plan {
  readonly movements: readonly Movement[];
  readonly lines: readonly BookedLine[];
  readonly refusals: readonly Fault[];
  readonly requests: readonly Version<SupplyRequest>[];
  readonly transfers: readonly Version<Transfer>[];
  readonly orders: readonly Saved[];
  readonly shortfalls: readonly Shortfall[];
  /** The last day of lots that arrive, by `placeKey`. */
  readonly expiries: ReadonlyMap<string, string>;
  /** Units on hand that a count rests on, by `placeKey`: they must still be there when it is written. */
  readonly counted: ReadonlyMap<string, number>;
  /** Differences to be counted again, by `placeKey`. */
  readonly differences: ReadonlyMap<string, number>;
}

/** What one entry does. */
export interface Step {
  readonly movements: readonly Movement[];
  readonly line: BookedLine;
  readonly request?: SupplyRequest | undefined;
  readonly transfer?: Transfer;
  readonly order?: Saved;
  readonly expiry?: { readonly place: Place; readonly expiresOn: string };
  /** What a count found on hand. */
  readonly counted?: number;
}

/** Why an entry cannot be booked. */
export type Refusal = Omit<Fault, 'index'>;
/** Builds a refusal. @param field of the entry @param message the value seen and what is wrong with it */
export function refusal(field: string, code: ErrorCode, message: string): Refusal {
  return { field, code, message };
}

/** Units of a place, as the entries so far leave them. Available falls below zero where reserved units are gone. */
interface Figures extends Deltas {
  readonly available: number;
}

/** Where entries are worked through: readings, and what the entries so far have made of them. */
export class Desk {
  readonly client: Client;
  readonly act: Act;
  readonly requests: Map<string, SupplyRequest>;
  readonly transfers: Map<string, Transfer>;
  readonly orders: Map<string, Order>;
  readonly firstCounts: ReadonlyMap<string, number>;
  readonly refusals: Fault[] = [];
  readonly differences = new Map<string, number>();
  readonly #context: BookingContext;
  readonly #stock: Map<string, Place & Deltas>;
  readonly #lots: Map<string, string>;
  readonly #days = new Map<string, string>();
  readonly #movements = new Map<string, Movement>();
  readonly #lines: BookedLine[] = [];
  readonly #expiries = new Map<string, string>();
  readonly #counted = new Map<string, number>();
  readonly #saved = new Map<string, Saved>();

  constructor(context: BookingContext) {
    this.#context = context;
    this.client = context.client;
    this.act = context.act;
    this.firstCounts = context.firstCounts;
    this.requests = new Map(context.requests.map((request) => [requestKey(request), request]));
    this.transfers = new Map(context.transfers.map((transfer) => [transferKey(transfer), transfer]));
    this.orders = new Map(context.orders);
    this.#stock = new Map(context.stock.map((stock) => [placeKey(stock), stock]));
    this.#lots = new Map(context.stock.flatMap(({ sku, lot, expiresOn }) => (lot === undefined || expiresOn === undefined ? [] : [[`${sku}\n${lot}`, expiresOn]])));
  }

  at(place: Place): Figures {
    const { onHand = 0, reserved = 0, quarantined = 0, incoming = 0 } = this.#stock.get(placeKey(place)) ?? {};
    return { onHand, reserved, quarantined, incoming, available: availableIn({ onHand, reserved, quarantined }) };
  }

  moving(place: Place, deltas: Partial<Deltas>, reason: MovementReason): Movement {
    return moving(place, deltas, reason, this.#context.cause);
  }

  /** The local day of a warehouse. */
  today(warehouseId: string): string {
    const known = this.#days.get(warehouseId) ?? dayOf(warehouseId, this.client, this.act.now);
    this.#days.set(warehouseId, known);
    return known;
  }

  /** The last day of a lot, in whichever warehouse it is known. */
  expiryOf({ sku, lot }: Place): string | undefined {
    return lot === undefined ? undefined : this.#lots.get(`${sku}\n${lot}`);
  }

  /** Stands against units of a lot that nobody has ever received: nobody knows when they expire. */
  unknownLot(place: Place, expiresOn = this.expiryOf(place)): Refusal | undefined {
    if (place.lot === undefined || expiresOn !== undefined) return undefined;
    return refusal('lot', 'inventory.lot-unknown', `${JSON.stringify(place.lot)} is no lot of ${place.sku} that was ever received; book a receipt, which says when it expires`);
  }

  /** The expiry to be kept with a place that may be new to its lot. */
  expiring(place: Place, expiresOn = this.expiryOf(place)): Pick<Step, 'expiry'> {
    return expiresOn === undefined ? {} : { expiry: { place, expiresOn } };
  }

  take({ movements, line, request, transfer, order, expiry, counted }: Step): void {
    for (const movement of movements) this.#move(movement);
    this.#lines.push(line);
    if (request !== undefined) this.requests.set(requestKey(request), request);
    if (transfer !== undefined) this.transfers.set(transferKey(transfer), transfer);
    if (order !== undefined) this.#save(order);
    if (expiry?.place.lot !== undefined) {
      this.#expiries.set(placeKey(expiry.place), expiry.expiresOn);
      this.#lots.set(`${expiry.place.sku}\n${expiry.place.lot}`, expiry.expiresOn);
    }
    if (counted !== undefined) this.#counted.set(placeKey(line), counted);
  }

  #move(movement: Movement): void {
    if (movement.onHand === 0 && movement.reserved === 0 && movement.quarantined === 0 && movement.incoming === 0) return;
    const place = placeKey(movement);
    this.#stock.set(place, plus(movement, this.at(movement), movement));
    const key = `${place}\n${movement.reason}`;
    this.#movements.set(key, { ...movement, ...plus(movement, this.#movements.get(key), movement) });
  }

  #save(saved: Saved): void {
    const { orderId } = saved.order;
    const before = this.#context.orders.get(orderId);
    // However many of its lines come back, it is one step of the order.
    const order = { ...saved.order, version: (before?.version ?? 0) + 1 };
    this.orders.set(orderId, order);
    this.#saved.set(orderId, { ...saved, order });
  }

  plan(): Plan {
    return {
      movements: [...this.#movements.values()],
      lines: this.#lines,
      refusals: this.refusals,
      requests: changed(this.#context.requests, this.requests, requestKey),
      transfers: changed(this.#context.transfers, this.transfers, transferKey),
      orders: [...this.#saved.values()],
      shortfalls: [...this.#stock.values()].flatMap(shortfallOf),
      expiries: this.#expiries,
      counted: this.#counted,
      differences: this.differences,
    };
  }
}

function requestKey({ plant, warehouse, sku }: Pick<SupplyRequest, 'plant' | 'warehouse' | 'sku'>): string {
  return `${plant} ${warehouse} ${sku}`;
}

function dayOf(warehouseId: string, client: Client, now: Date): string {
  const warehouse = client.warehouses.find(({ id }) => id === warehouseId);
  return dayIn(warehouse === undefined ? client.timeZone : zoneOf(warehouse, client), now);
}

const NOTHING: Deltas = { onHand: 0, reserved: 0, quarantined: 0, incoming: 0 };

function plus({ sku, warehouse, lot }: Place, a: Deltas = NOTHING, b: Deltas = NOTHING): Place & Deltas {
  return {
    sku,
    warehouse,
    ...(lot !== undefined && { lot }),
    onHand: a.onHand + b.onHand,
    reserved: a.reserved + b.reserved,
    quarantined: a.quarantined + b.quarantined,
    incoming: a.incoming + b.incoming,
  };
}

/** What movements would leave below zero: reserved units, which orders can give up, and units that nobody can. */
export function shortfallsIn(stock: readonly Stock[], movements: readonly Movement[]): { readonly shortfalls: readonly Shortfall[]; readonly gone: readonly Place[] } {
  const before = new Map(stock.map((counter) => [placeKey(counter), counter]));
  const after = [...netMovements(movements)].map(([key, net]) => plus(net, before.get(key), net));
  const isGone = ({ onHand, quarantined, incoming }: Deltas) => Math.min(onHand, quarantined, incoming, onHand - quarantined) < 0;
  return { shortfalls: after.flatMap(shortfallOf), gone: after.filter(isGone) };
}

function shortfallOf(stock: Place & Deltas): Shortfall[] {
  const { sku, warehouse, lot, reserved } = stock;
  const units = -availableIn(stock);
  return units <= 0 ? [] : [{ place: { sku, warehouse, ...(lot !== undefined && { lot }) }, units, reserved }];
}

/** What is not as it was read, one version on. */
function changed<Item extends { readonly version: number }>(read: readonly Item[], now: ReadonlyMap<string, Item>, keyOf: (item: Item) => string): Version<Item>[] {
  const before = new Map(read.map((item) => [keyOf(item), item]));
  return [...now].flatMap(([key, item]) => {
    const old = before.get(key);
    return old === item ? [] : [{ before: old, after: { ...item, version: (old?.version ?? 0) + 1 } }];
  });
}
