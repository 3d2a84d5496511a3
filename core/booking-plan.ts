import { type Entry, type Fault, placeOf } from './booking.ts';
import { dayIn, zoneOf } from './calendar.ts';
import { type Client, productOf } from './client.ts';
import type { ErrorCode } from './error.ts';
import { availableIn, type Deltas, type Movement, type MovementReason, moving, netMovements, type Place, placeKey, type Stock } from './inventory.ts';
import { isExpired } from './lot.ts';
import { type Act, type Order, type Saved, takeBack } from './order.ts';
import { answerSupply, type SupplyRequest } from './supply.ts';

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

/**
 * Works out what entries do to stock, to the requests and transfers they answer and to the orders they come back from. Entries are taken
 * one after the other, each on what those before it leave. One that cannot be booked is a refusal, and moves nothing.
 */
export function movementsOf(entries: readonly Entry[], context: BookingContext): Plan {
  const desk = new Desk(context);
  for (const [index, entry] of entries.entries()) {
    const step = stepOf(entry, desk);
    if ('code' in step) desk.refusals.push({ index, ...step });
    else desk.take(step);
  }
  return desk.plan();
}

/** What one entry does. */
interface Step {
  readonly movements: readonly Movement[];
  readonly line: BookedLine;
  readonly request?: SupplyRequest | undefined;
  readonly transfer?: Transfer;
  readonly order?: Saved;
  readonly expiry?: { readonly place: Place; readonly expiresOn: string };
  /** What a count found on hand. */
  readonly counted?: number;
}

type Refusal = Omit<Fault, 'index'>;
type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

function stepOf(entry: Entry, desk: Desk): Step | Refusal {
  switch (entry.kind) {
    case 'receipt':
      return receive(entry, desk);
    case 'adjustment':
      return adjust(entry, desk);
    case 'transfer':
      return send(entry, desk);
    case 'count':
      return count(entry, desk);
    case 'return':
      return bringBack(entry, desk);
    case 'inspection':
      return inspect(entry, desk);
    default:
      return entry satisfies never;
  }
}

function receive(entry: Of<'receipt'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const answered = entry.against === 'transfer' ? arrival(entry, desk) : entry.against === 'request' ? answer(entry, desk) : {};
  if ('code' in answered) return answered;
  const known = desk.expiryOf(place) ?? answered.transfer?.expiresOn;
  if (known !== undefined && entry.expiresOn !== undefined && known !== entry.expiresOn) {
    return refusal(
      'expiresOn',
      'inventory.lot-differs',
      `${entry.expiresOn} is said of lot ${entry.lot}, which expires on ${known}; correct the day, or give the goods a lot of their own`,
    );
  }
  const expiresOn = known ?? entry.expiresOn;
  const { quantity } = entry;
  const expired = expiresOn !== undefined && isExpired({ expiresOn }, desk.today(entry.warehouse)) ? quantity : 0;
  const { incoming = 0, line, ...rest } = answered;
  return {
    movements: [
      desk.moving(place, { onHand: quantity }, 'received'),
      desk.moving(place, { quarantined: expired }, 'expired'),
      // What is still to come is of no lot yet.
      desk.moving({ sku: place.sku, warehouse: place.warehouse }, { incoming: -incoming }, 'received'),
    ],
    line: { ...place, onHand: quantity, quarantined: expired, ...line },
    ...rest,
    ...(expiresOn !== undefined && { expiry: { place, expiresOn } }),
  };
}

/** What a receipt answers: the item as it then is, the units that are incoming no more, and what to tell. */
interface Answering {
  readonly request?: SupplyRequest;
  readonly transfer?: Transfer;
  readonly incoming?: number;
  readonly line?: Partial<BookedLine>;
}

function answer({ sku, warehouse, quantity }: Of<'receipt'>, desk: Desk): Answering {
  const plant = productOf(desk.client, sku)?.plant;
  const open = desk.requests.get(`${plant} ${warehouse} ${sku}`);
  const answered = answerSupply(open, quantity, desk.act);
  if (open === undefined || answered === undefined) return {};
  return { request: answered.after, incoming: answered.incoming, line: { requestId: open.requestId, ...compared(open.quantity - open.received, quantity) } };
}

/** A transfer's goods are awaited once: what has not come with them will not come. */
function arrival(entry: Of<'receipt'>, desk: Desk): Answering | Refusal {
  const { transferId = '', warehouse, sku, lot, quantity } = entry;
  const transfer = desk.transfers.get(transferKey({ transferId, to: warehouse, sku, lot }));
  if (transfer === undefined)
    return refusal(
      'transferId',
      'inventory.transfer-unknown',
      `${JSON.stringify(transferId)} sent no such goods to ${warehouse}; book them against "free" if they are here all the same`,
    );
  if (transfer.status === 'received')
    return refusal('transferId', 'inventory.transfer-received', `${JSON.stringify(transferId)} is received already: ${transfer.received} of ${transfer.sent} units`);
  return {
    transfer: { ...transfer, received: quantity, status: 'received' },
    incoming: transfer.sent,
    line: { transferId, ...compared(transfer.sent, quantity) },
  };
}

function compared(asked: number, received: number): Pick<BookedLine, 'asked' | 'over' | 'short'> {
  return { asked, over: Math.max(0, received - asked), short: Math.max(0, asked - received) };
}

function adjust(entry: Of<'adjustment'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { quantity, cause } = entry;
  const leaving = cause === 'damaged' ? quantity : -quantity;
  const { available, reserved } = desk.at(place);
  if (leaving > available + reserved) {
    return refusal('quantity', 'inventory.short', `${quantity} is more than the ${available + reserved} units of ${place.sku} in ${place.warehouse} that are not in quarantine`);
  }
  const unknown = leaving < 0 ? desk.unknownLot(place) : undefined;
  if (unknown !== undefined) return unknown;
  const deltas = cause === 'damaged' ? { quarantined: quantity } : { onHand: quantity };
  return {
    movements: [desk.moving(place, deltas, cause === 'damaged' ? 'damaged' : 'adjusted')],
    line: { ...place, onHand: 0, quarantined: 0, ...deltas },
    ...desk.expiring(place),
  };
}

function send(entry: Of<'transfer'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { from, to, sku, lot, quantity, transferId } = entry;
  const { available } = desk.at(place);
  if (quantity > available)
    return refusal('quantity', 'inventory.short', `${quantity} is more than the ${available} units of ${sku} that ${from} has available; what orders have reserved stays`);
  const under = desk.transfers.get(transferKey(entry));
  if (under !== undefined && (under.status === 'received' || under.from !== from)) {
    return refusal('sku', 'inventory.transfer-received', `${JSON.stringify(sku)} of transfer ${JSON.stringify(transferId)} is received already; send more under another id`);
  }
  const expiresOn = desk.expiryOf(place);
  const begun: Transfer = {
    entity: 'transfer',
    transferId,
    from,
    to,
    sku,
    ...(lot !== undefined && { lot }),
    ...(expiresOn && { expiresOn }),
    sent: 0,
    received: 0,
    status: 'open',
    version: 0,
  };
  return {
    movements: [desk.moving(place, { onHand: -quantity }, 'sent'), desk.moving({ sku, warehouse: to }, { incoming: quantity }, 'sent')],
    line: { ...place, onHand: -quantity, quarantined: 0, transferId },
    transfer: { ...(under ?? begun), sent: (under?.sent ?? 0) + quantity },
  };
}

function count(entry: Of<'count'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { counted, expected } = entry;
  const { onHand, available, reserved } = desk.at(place);
  const difference = counted - onHand;
  if (expected !== undefined && expected !== onHand) {
    return refusal('expected', 'inventory.moved', `${expected} is what the counter saw; ${onHand} units of ${place.sku} are on hand in ${place.warehouse} now; count again`);
  }
  const open = isTolerable(difference, onHand, desk.client) ? undefined : recountOf(entry, difference, onHand, desk);
  if (open !== undefined) return open;
  const unknown = difference > 0 ? desk.unknownLot(place) : undefined;
  if (unknown !== undefined) return unknown;
  // A count does not say which units are missing: what is promised to nobody goes first, what nobody can have last.
  const beyond = Math.max(0, -difference - available - reserved);
  return {
    movements: [desk.moving(place, { onHand: difference, quarantined: -beyond }, 'counted')],
    line: { ...place, onHand: difference, quarantined: 0 - beyond, expected: onHand },
    ...(difference !== 0 && { counted: onHand }),
    ...desk.expiring(place),
  };
}

/** Whether a difference is booked without a second count: few units, or a small part of what was on hand. */
export function isTolerable(difference: number, onHand: number, { policies }: Pick<Client, 'policies'>): boolean {
  const { toleranceUnits, tolerancePercent } = policies.counting;
  const units = Math.abs(difference);
  return units <= toleranceUnits || units * 100 <= tolerancePercent * onHand;
}

/** What stands against a large difference: nobody has counted twice, or the two counts do not agree. */
function recountOf(entry: Of<'count'>, difference: number, onHand: number, desk: Desk): Refusal | undefined {
  const place = placeOf(entry);
  const seen = `${entry.counted} counted of ${place.sku} in ${place.warehouse}${place.lot === undefined ? '' : `, lot ${place.lot}`}, ${onHand} on hand`;
  if (!entry.recount) {
    desk.differences.set(placeKey(place), difference);
    return refusal('counted', 'inventory.count-again', `${seen}: too large a difference for one count; count again, and book it as a recount`);
  }
  // Goods may have moved between the counts: it is the difference that must stand.
  const first = entry.first === undefined ? desk.firstCounts.get(placeKey(place)) : entry.first - onHand;
  if (first === undefined) return refusal('counted', 'inventory.count-unknown', `${seen}, and no first count of it is known; book one first, without recount`);
  if (first === difference) return undefined;
  return refusal('counted', 'inventory.counts-disagree', `${seen}: the first count differed by ${first}, this one by ${difference}; begin anew with a count under another id`);
}

function bringBack(entry: Of<'return'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { orderId, parcel, sku, lot, quantity } = entry;
  const order = desk.orders.get(orderId);
  if (order === undefined) return refusal('orderId', 'order.not-found', `${JSON.stringify(orderId)} is no order`);
  if (parcel !== undefined && !order.parcels.some((one) => one.parcel === parcel)) {
    return refusal('parcel', 'shipment.parcel-absent', `${parcel} is no parcel of order ${orderId}; its parcels: ${order.parcels.map((one) => one.parcel).join(', ') || 'none'}`);
  }
  const taken = takeBack(order, [{ sku, quantity }], desk.act);
  if (taken.kind === 'refused') return refusal('quantity', taken.code, taken.why);
  const shipped = order.parcels.flatMap(({ units }) => units).find((unit) => unit.sku === sku && unit.lot === lot);
  const unknown = desk.unknownLot(place, shipped?.expiresOn);
  if (unknown !== undefined) return unknown;
  return {
    movements: [desk.moving(place, { onHand: quantity, quarantined: quantity }, 'returned')],
    line: { ...place, onHand: quantity, quarantined: quantity },
    order: taken,
    ...desk.expiring(place, shipped?.expiresOn),
  };
}

function inspect(entry: Of<'inspection'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { quantity, verdict, sku, warehouse } = entry;
  const { quarantined } = desk.at(place);
  if (quantity > quarantined) return refusal('quantity', 'inventory.short', `${quantity} is more than the ${quarantined} units of ${sku} in ${warehouse} that are in quarantine`);
  const expiresOn = desk.expiryOf(place);
  if (verdict === 'restock' && isExpired({ expiresOn }, desk.today(warehouse))) {
    return refusal('verdict', 'inventory.expired', `"restock" is said of lot ${place.lot}, which expired on ${expiresOn}; scrap it`);
  }
  const scrapped = verdict === 'scrap' ? -quantity : 0;
  return {
    movements: [desk.moving(place, { onHand: scrapped, quarantined: -quantity }, verdict === 'scrap' ? 'scrapped' : 'restocked')],
    line: { ...place, onHand: scrapped, quarantined: -quantity },
  };
}

function refusal(field: string, code: ErrorCode, message: string): Refusal {
  return { field, code, message };
}

/** Units of a place, as the entries so far leave them. Available falls below zero where reserved units are gone. */
interface Figures extends Deltas {
  readonly available: number;
}

/** Where entries are worked through: readings, and what the entries so far have made of them. */
class Desk {
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
