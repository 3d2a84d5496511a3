import { dayIn } from '../../core/calendar.ts';
import type { Client } from '../../core/client.ts';
import { type Place, placeKey } from '../../core/inventory.ts';
import { ORDER_LISTS, type Order } from '../../core/order.ts';
import { allocatedIn, type CheckedStock, compare, differencesOf, type Finding, type Folded, type Held, type OrderDifference, unitsHeld } from '../../core/stock-check.ts';
import { forgetDrift } from './drift-store.ts';
import type { ExpiredLot } from './expiry.ts';
import { keepCheckpoint, type Ledger, readCheckpoint, readCounters, readOn, type Site, UNREAD } from './ledger-store.ts';
import { readOrders, workList } from './order-store.ts';
import type { Table } from './table.ts';

/** What a check of stock works with. */
export interface Checking {
  readonly table: Table;
  readonly client: Client;
  now(): Date;
  /** Hears from a check that takes longer than a second. */
  progress?(text: string): void;
}

/** A place that is not as its ledger and the orders say. */
export interface DriftedPlace extends Place {
  readonly findings: readonly Finding[];
  /** Orders that the ledger and the orders themselves disagree about. */
  readonly orders: readonly OrderDifference[];
  /** What its ledger adds up to; undefined where that is nothing. */
  readonly folded: Folded | undefined;
  /** Its counters when they were checked; undefined where it has none. */
  readonly stock: CheckedStock | undefined;
}

/** What a check found. */
export interface StockCheck {
  /** Pairs of a SKU and a warehouse. */
  readonly sites: number;
  readonly orders: number;
  readonly drifted: readonly DriftedPlace[];
  /** Sites where so much moved that they could not be read at rest, and stay unchecked this time. */
  readonly unsettled: readonly Site[];
}

/** What orders have reserved, as read a moment ago. */
export interface Reservations {
  readonly orders: number;
  /** By the `placeKey` of the site, and of the place. */
  readonly sites: ReadonlyMap<string, ReadonlyMap<string, Held>>;
}

type Holding = Pick<Order, 'orderId' | 'allocations'>;

const ORDERS_AT_A_TIME = 1_000;

/** Reads every order that may have something reserved: each is in one of the lists. Orders may move on while they are read. */
export async function readReservations({ table, now, progress }: Omit<Checking, 'client'>): Promise<Reservations> {
  const tell = everySecond(progress);
  const holding = new Map<string, Holding>();
  let batch = new Set<string>();
  for (const list of ORDER_LISTS) {
    for await (const { orderId } of workList(table, list, now())) {
      batch.add(orderId);
      if (batch.size >= ORDERS_AT_A_TIME) await take();
    }
  }
  await take();
  return { orders: holding.size, sites: bySite([...holding.values()]) };

  async function take(): Promise<void> {
    for (const { orderId, allocations } of (await readOrders(table, batch)).values()) holding.set(orderId, { orderId, allocations });
    batch = new Set();
    tell(() => `${holding.size} orders read`);
  }
}

function bySite(orders: readonly Holding[]): Map<string, Map<string, Held>> {
  const single = orders.flatMap(({ orderId, allocations }) => allocations.map((allocation) => ({ orderId, allocations: [allocation], site: siteOf(allocation) })));
  return new Map([...Map.groupBy(single, ({ site }) => placeKey(site))].map(([site, held]) => [site, allocatedIn(held)]));
}

function siteOf({ sku, warehouse }: Place): Site {
  return { sku, warehouse };
}

const SITES_AT_ONCE = 16;

/**
 * Compares the counters of every SKU in every warehouse with the ledger and with what orders have reserved. A difference counts when it
 * is there in readings between which nothing moved, and the ledger was read from its beginning.
 * @param keep whether to keep how far the ledger was checked, so that the next check reads on from there
 */
export async function compareAll(checking: Checking, reservations: Reservations, keep: boolean): Promise<StockCheck> {
  const { table, client, now } = checking;
  const sites = sitesOf(client, reservations);
  const tell = everySecond(checking.progress);
  const drifted: DriftedPlace[] = [];
  const unsettled: Site[] = [];
  let checked = 0;
  await atOnce(sites, SITES_AT_ONCE, async (site) => {
    const seen = await examine(site, table, now, reservations.sites.get(placeKey(site)) ?? new Map());
    const found = seen === undefined ? [] : driftedPlaces(seen);
    if (seen === undefined) unsettled.push(site);
    else if (keep) await keepReading(table, site, seen, found);
    drifted.push(...found);
    checked += 1;
    tell(() => `${checked} of ${sites.length} places checked, ${drifted.length} not as they should be`);
  });
  return { sites: sites.length, orders: reservations.orders, drifted: drifted.sort(byName), unsettled: unsettled.sort(byName) };
}

function byName(a: Place, b: Place): number {
  return placeKey(a) < placeKey(b) ? -1 : 1;
}

/** Every SKU in every warehouse of the client file, and where else orders have something. */
function sitesOf({ products, warehouses }: Client, reservations: Reservations): Site[] {
  const listed = products.flatMap(({ sku }) => warehouses.map(({ id }) => ({ sku, warehouse: id })));
  const held = [...reservations.sites.values()].flatMap((places) => [...places.values()].map(siteOf));
  return [...new Map([...listed, ...held].map((site) => [placeKey(site), site])).values()];
}

/** A site as it was read. */
interface Reading {
  readonly counters: readonly CheckedStock[];
  readonly whole: Ledger;
  readonly settled: Ledger;
  readonly held: ReadonlyMap<string, Held>;
}

/** @returns the reading that counts, undefined when too much moved for any */
async function examine(site: Site, table: Table, now: () => Date, held: ReadonlyMap<string, Held>): Promise<Reading | undefined> {
  const [checkpoint, counters] = await Promise.all([readCheckpoint(table, site), readCounters(table, site)]);
  const first = { counters, held, ...(await readOn(table, site, checkpoint, now())) };
  if (driftedPlaces(first).length === 0) return first;
  // Something may have moved between the readings: only what is read at rest can be held against anybody.
  const second = await readAtRest(site, table, now, checkpoint, held);
  if (second === undefined || driftedPlaces(second).length === 0) return second;
  // What was kept of the ledger may be wrong itself, and an order that moved from list to list may have been missed: the whole ledger names it.
  return await readAtRest(site, table, now, UNREAD, held);
}

const ATTEMPTS = 6;

/** Reads counters, ledger and orders of a site between two moments at which no counter has moved. */
async function readAtRest(site: Site, table: Table, now: () => Date, from: Ledger, held: ReadonlyMap<string, Held>): Promise<Reading | undefined> {
  let ledger = from;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await table.backOff(attempt, 20);
    const before = await readCounters(table, site);
    const { whole, settled } = await readOn(table, site, ledger, now());
    const orders = await readOrders(table, holdersOf(held, whole));
    const counters = await readCounters(table, site);
    if (isSame(before, counters)) return { counters, whole, settled, held: heldAt(site, [...orders.values()]) };
    ledger = settled;
  }
  return undefined;
}

function isSame(before: readonly CheckedStock[], after: readonly CheckedStock[]): boolean {
  return before.length === after.length && before.every(({ version }, index) => version === after[index]?.version);
}

/** Orders that may hold units of a site: those that were found to, and those that its ledger has something reserved for. */
function holdersOf(held: ReadonlyMap<string, Held>, { reserved }: Ledger): Set<string> {
  const found = [...held.values()].flatMap(({ orders }) => [...orders.keys()]);
  return new Set([...found, ...[...reserved.values()].flatMap((orders) => [...orders.keys()])]);
}

function heldAt(site: Site, orders: readonly Holding[]): Map<string, Held> {
  return bySite(orders).get(placeKey(site)) ?? new Map();
}

function driftedPlaces({ counters, whole, held }: Reading): DriftedPlace[] {
  const kept = new Map(counters.map((stock) => [placeKey(stock), stock]));
  const places = new Map<string, Place>([...whole.sums.values(), ...held.values(), ...counters].map((place) => [placeKey(place), place]));
  return [...places].flatMap(([key, { sku, warehouse, lot }]) => {
    const stock = kept.get(key);
    const folded = whole.sums.get(key);
    const place = { sku, warehouse, ...(lot !== undefined && { lot }) };
    const findings = compare(place, stock, folded, unitsHeld(held.get(key)));
    if (findings.length === 0) return [];
    const isContradicted = findings.some(({ counter }) => counter === 'allocated');
    const orders = isContradicted ? differencesOf(held.get(key)?.orders ?? new Map(), whole.reserved.get(key) ?? new Map()) : [];
    return [{ ...place, findings, orders, folded, stock }];
  });
}

async function keepReading(table: Table, site: Site, { settled, counters }: Reading, drifted: readonly DriftedPlace[]): Promise<void> {
  if (drifted.length === 0 && settled.entries > 0) await keepCheckpoint(table, site, settled);
  const wrong = new Set(drifted.map(placeKey));
  await Promise.all(counters.filter((stock) => stock.drift !== undefined && !wrong.has(placeKey(stock))).map((stock) => forgetDrift(table, stock)));
}

/** A lot that has expired, with the orders that cannot be packed from it. */
export interface Expired extends ExpiredLot {
  readonly orders: readonly string[];
}

/** Names the orders that have units of expired lots reserved. */
export function expiredOrders(lots: readonly ExpiredLot[], { sites }: Reservations): Expired[] {
  return lots.map((lot) => ({
    ...lot,
    orders: [
      ...(sites
        .get(placeKey(siteOf(lot)))
        ?.get(placeKey(lot))
        ?.orders.keys() ?? []),
    ].sort(),
  }));
}

const FIRST = 20;

/** Keeps what a check found under the day on which it was due, in the client's time zone; a repeat of it replaces it. */
export async function writeCheck({ table, client, now }: Checking, scheduledAt: Date, check: StockCheck, expired: readonly Expired[]): Promise<void> {
  const { sites, orders, drifted, unsettled } = check;
  const first = drifted.slice(0, FIRST).map(({ sku, warehouse, lot, findings, orders: differing }) => ({
    sku,
    warehouse,
    lot,
    findings: findings.map(({ counter, is, should }) => ({ counter, is, should })),
    orders: differing.slice(0, FIRST),
  }));
  const item = { entity: 'check', at: now().toISOString(), places: sites, orders, drifted: drifted.length, unsettled: unsettled.length, expired: expired.length };
  const lists = { first, firstUnsettled: unsettled.slice(0, FIRST), firstExpired: expired.slice(0, FIRST).map((lot) => ({ ...lot, orders: lot.orders.slice(0, FIRST) })) };
  await table.putAll([{ PK: 'CHECK#stock', SK: dayIn(client.timeZone, scheduledAt), ...item, ...lists }]);
}

/** Does some work for each item, so many at once. */
async function atOnce<Item>(items: readonly Item[], most: number, work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: most }, async () => {
      for (let item = queue.next(); !item.done; item = queue.next()) await work(item.value);
    }),
  );
}

/** Passes on what is told, at most once a second, and nothing in the first. */
function everySecond(progress: Checking['progress']): (text: () => string) => void {
  let spoke = Date.now();
  return (text) => {
    if (progress === undefined || Date.now() - spoke < 1_000) return;
    spoke = Date.now();
    progress(text());
  };
}
