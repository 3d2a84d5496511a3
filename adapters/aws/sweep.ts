import { lateBefore, lateOrder, lateParcel, WORK_LISTS, type WorkList } from '../../core/clock.ts';
import { refused, Unavailable } from '../../core/error.ts';
import { shardOf } from '../../core/id.ts';
import { usableAt } from '../../core/lot.ts';
import { missingUnits, type Order, turnOf } from '../../core/order.ts';
import { StockView } from '../../core/stock-view.ts';
import { fillOrders } from './backorders.ts';
import { decide } from './decide.ts';
import type { Intake } from './intake.ts';
import { type Filed, readOrders, workList } from './order-store.ts';
import { type ParcelName, readNamedParcels, writeParcel } from './parcel-store.ts';
import { readStock } from './stock-store.ts';
import { forgetPosition, type Position, readPosition, writePosition } from './sweep-store.ts';

/** How a sweep is made. */
export interface SweepOptions {
  /** The instant that clocks are read at. */
  readonly at: Date;
  /** How long it may take before it stops and leaves the rest to the next, in milliseconds. */
  readonly patience: number;
  /** Hears from time to time what was done so far. */
  progress(swept: Swept): void;
}

/** What a sweep did. */
export interface Swept {
  /** Orders and parcels that were looked at. */
  readonly read: number;
  /** Those that are late, and were not noted as such before. */
  readonly late: number;
  /** Orders that lack stock. */
  readonly lacking: readonly Lacking[];
  /** Whether it came to the end of all lists; if not, the next sweep goes on where it stopped. */
  readonly complete: boolean;
}

/** An order that lacks units of some SKUs. */
interface Lacking {
  readonly orderId: string;
  readonly turn: string;
  readonly skus: readonly string[];
}

const PROGRESS_EVERY = 1_000;

/**
 * Looks at everything that waits, list by list, and notes what is late. Repeats harm nothing: what is noted is not noted again, and
 * what moved on meanwhile is left alone.
 */
export async function sweep(hub: Intake, { at, patience, progress }: SweepOptions): Promise<Swept> {
  const end = hub.now().getTime() + patience;
  const start = await readPosition(hub.table);
  let [read, late] = [0, 0];
  const lacking: Lacking[] = [];
  for await (const { list, filed, first } of batches(hub, at, start)) {
    if (read > 0 && hub.now().getTime() >= end) {
      await writePosition(hub.table, { list, shard: shardOf(first.orderId), since: first.since });
      return { read, late, lacking, complete: false };
    }
    const orders = await readOrders(
      hub.table,
      filed.filter(({ parcel }) => parcel === undefined).map(({ orderId }) => orderId),
    );
    late += await noteOrders(hub, [...orders.values()], at);
    late += await noteParcels(
      hub,
      filed.flatMap(({ orderId, parcel }) => (parcel === undefined ? [] : [{ orderId, parcel }])),
      at,
    );
    lacking.push(...[...orders.values()].flatMap(lackingOf));
    read += filed.length;
    if (read % PROGRESS_EVERY < filed.length) progress({ read, late, lacking, complete: false });
  }
  if (start !== undefined) await forgetPosition(hub.table);
  return { read, late, lacking, complete: true };
}

const BATCH = 100;

interface Batch {
  readonly list: WorkList;
  readonly filed: readonly Filed[];
  readonly first: Filed;
}

/** What waits, from a position on. */
async function* batches({ table, client }: Intake, at: Date, start: Position | undefined): AsyncGenerator<Batch> {
  for (const list of start === undefined ? WORK_LISTS : WORK_LISTS.slice(WORK_LISTS.indexOf(start.list))) {
    let filed: Filed[] = [];
    for await (const one of workList(table, list, lateBefore(list, client, at))) {
      if (start?.list === list && isBefore(one, start)) continue;
      const [first] = filed;
      if (first !== undefined && filed.length === BATCH) {
        yield { list, filed, first };
        filed = [];
      }
      filed.push(one);
    }
    const [first] = filed;
    if (first !== undefined) yield { list, filed, first };
  }
}

/** A list is read shard by shard, and the longest waiting first. */
function isBefore({ orderId, since }: Filed, position: Position): boolean {
  const shard = shardOf(orderId);
  return shard < position.shard || (shard === position.shard && since < position.since);
}

function lackingOf(order: Order): Lacking[] {
  const skus = missingUnits(order).map(({ sku }) => sku);
  return skus.length === 0 ? [] : [{ orderId: order.orderId, turn: turnOf(order), skus }];
}

/** @returns how many were noted */
async function noteOrders(hub: Intake, orders: readonly Order[], at: Date): Promise<number> {
  const act = { by: 'hub', now: hub.now() };
  const late = orders.filter((order) => lateOrder(order, hub.client, at, act) !== undefined);
  const noted = await Promise.all(late.map(({ orderId }) => noteOrder(hub, orderId, at)));
  return noted.filter(Boolean).length;
}

async function noteOrder({ table, client, now, newId }: Intake, orderId: string, at: Date): Promise<boolean> {
  const act = { by: 'hub', now: now() };
  try {
    const decided = await decide(
      table,
      orderId,
      { ...act, reference: newId(), reason: 'late' },
      (order) => lateOrder(order, client, at, act) ?? refused('order.not-late', `Order ${orderId} moved on.`),
    );
    return decided.kind === 'saved';
  } catch (error) {
    // An order that others keep writing does not stand still.
    if (error instanceof Unavailable && error.code === 'order.contended') return false;
    throw error;
  }
}

async function noteParcels({ table, client, now }: Intake, names: readonly ParcelName[], at: Date): Promise<number> {
  const act = { by: 'hub', now: now() };
  const parcels = await readNamedParcels(table, names);
  const late = parcels.flatMap((parcel) => lateParcel(parcel, client, at, act) ?? []);
  // One that was written meanwhile moves, or is late still when the next sweep comes.
  const written = await Promise.all(late.map((parcel) => writeParcel(table, parcel)));
  return written.filter(Boolean).length;
}

const MOST_FILLED = 500;

/**
 * Gives waiting orders the stock that is there for them, should an event that was to wake them be lost; those whose turn is next.
 * @returns how many were looked at
 * @throws Unavailable when stock or an order changed meanwhile; what was filled stays filled
 */
export async function fillStuck(hub: Intake, lacking: readonly Lacking[]): Promise<number> {
  const wanted = new Set(lacking.flatMap(({ skus }) => skus));
  const stock = new StockView(await readStock(hub.table, wanted, hub.client), usableAt(hub.client, hub.now()));
  const there = new Set([...wanted].filter((sku) => hub.client.warehouses.some(({ id }) => stock.available(sku, id) > 0)));
  const stuck = lacking
    .filter(({ skus }) => skus.some((sku) => there.has(sku)))
    .sort((a, b) => (a.turn < b.turn ? -1 : 1))
    .slice(0, MOST_FILLED);
  if (stuck.length > 0) await fillOrders(hub, new Set(stuck.map(({ orderId }) => orderId)));
  return stuck.length;
}
