import { allocate } from '../../core/allocation.ts';
import { Client } from '../../core/client.ts';
import { type Allocation, type Demand, placeKey, receiving, reserving, unitsOf } from '../../core/inventory.ts';
import { LoadView } from '../../core/load.ts';
import { StockView } from '../../core/stock-view.ts';
import { type Random, seeded } from '../../local/simulators/seed.ts';
import { forgetPeakMemory, peakMemory } from '../machine.ts';
import type { Bench, Findings, Row } from '../section.ts';
import { median } from '../statistics.ts';

const SEED = 'allocation';
const ORDERS = 100_000;
const SKUS = 2_000;
/** Orders of a day; stock is topped up before each day, so that the last day is as hard to serve as the first. */
const DAY = 1_000;
const ROUNDS = 5;
const MEGABYTE = 1_024 * 1_024;
const AIM_RATIO = 1.1;
const WAREHOUSES = [
  ['hamburg', 'DE', ['DE-HH', 'DK']],
  ['munich', 'DE', ['DE-BY', 'AT']],
  ['lyon', 'FR', ['FR-ARA', 'CH']],
  ['rotterdam', 'NL', ['BE', 'LU']],
  ['newark', 'US', ['US-NJ', 'US-NY', 'CA']],
] as const;
const ZONES = ['Europe/Berlin', 'Europe/Berlin', 'Europe/Paris', 'Europe/Amsterdam', 'America/New_York'] as const;
type Place = readonly [country: string, region: string];
const DESTINATIONS: readonly [Place, ...Place[]] = [
  ['DE', 'BY'],
  ['DE', 'HH'],
  ['DE', ''],
  ['FR', 'ARA'],
  ['NL', ''],
  ['US', 'NY'],
  ['US', 'CA'],
  ['IT', ''],
];
/** A Monday before every cut-off. */
const START = Date.parse('2026-11-23T06:00:00.000Z');

/** One order to allocate. */
interface Wanted {
  readonly demand: readonly Demand[];
  readonly country: string;
  readonly region: string;
}

/** What a run promised. */
interface Tally {
  whole: number;
  split: number;
  unserved: number;
}

/** Times the allocator alone: no storage, one order after another, each drawing on what the ones before it left. @throws Error when a plan is wrong */
export async function measureAllocation({ say }: Bench): Promise<Findings> {
  forgetPeakMemory();
  const idleBytes = process.memoryUsage().rss;
  const random = seeded(SEED);
  const client = inventClient();
  const orders = inventOrders(random);
  const level = stockLevels(random, orders, client);
  say(`${ORDERS} orders once to check every plan, and to warm up`);
  const days = Array.from({ length: ORDERS / DAY }, (_, day) => orders.slice(day * DAY, (day + 1) * DAY));
  const tally = runChecked(client, days, level);
  say(`${ROUNDS} times ${ORDERS} orders, and beside each day its ${DAY} orders alone`);
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    run(client, days, level, viewOf(level), (allocateDay, day) => void pairs.push(timePair(day, () => allocateDay(ignore), afresh)));
  }
  return findingsOf(tally, pairs, idleBytes);

  /** Allocates one day alone. */
  function afresh(day: number): Time {
    let time: Time | undefined;
    run(client, [days[day] ?? []], level, viewOf(level), (allocateDay) => {
      time = timeOf(() => allocateDay(ignore));
    });
    if (time === undefined) throw new Error('Nothing was timed.');
    return time;
  }
}

function ignore(): void {}

/** One day of orders, allocated among all that went before it, and alone. */
interface Pair {
  readonly among: Time;
  readonly alone: Time;
}

/** One right after the other, so that what else the machine does falls on both; which goes first changes from day to day. */
function timePair(day: number, allocateDay: () => void, afresh: (day: number) => Time): Pair {
  if (day % 2 === 0) return { among: timeOf(allocateDay), alone: afresh(day) };
  const alone = afresh(day);
  return { among: timeOf(allocateDay), alone };
}

function findingsOf({ whole, split, unserved }: Tally, pairs: readonly Pair[], idleBytes: number): Findings {
  const peak = peakMemory(process.pid);
  const micros = pairs.reduce((sum, { among }) => sum + among.micros, 0);
  return {
    rows: [
      { name: `allocation of ${ORDERS} orders`, value: (ORDERS * ROUNDS * 1_000_000) / micros, unit: 'orders/s' },
      { name: 'CPU of an order', value: median(pairs.map(({ among }) => among.cpuMicros)) / DAY, unit: 'µs' },
      { name: `CPU of an order, among ${ORDERS} / among ${DAY}`, value: median(pairs.map(({ among, alone }) => among.cpuMicros / alone.cpuMicros)), unit: 'x', atMost: AIM_RATIO },
      ...(peak === undefined ? [] : memoryRows(peak, idleBytes)),
      { name: 'orders from one warehouse', value: (whole * 100) / ORDERS, unit: '%' },
      { name: 'orders from several', value: (split * 100) / ORDERS, unit: '%' },
      { name: 'orders left to wait', value: (unserved * 100) / ORDERS, unit: '%' },
    ],
    notes: [
      `${SKUS} SKUs in ${WAREHOUSES.length} warehouses of 300 orders a day each; orders of 1 to 4 lines, SKU popularity by Zipf's law, split "warehouses", seed "${SEED}".`,
      `Stock is topped up to the same level after every ${DAY} orders, a day. After a run to warm up, ${ROUNDS} runs of ${ORDERS} orders; beside each of their days the same ${DAY} orders are allocated alone, and the ratio is the median of ${(ROUNDS * ORDERS) / DAY} such pairs. Orders a second are by the clock; reading stock in and topping it up is not timed.`,
      'Every plan of the first run is checked: it adds up to the demand, holds all or nothing, and draws no place below zero; what was there and what was received is what is left and what was promised.',
    ],
  };
}

function memoryRows(peak: number, idleBytes: number): Row[] {
  return [
    { name: 'peak memory of the process, orders included', value: peak / MEGABYTE, unit: 'MB' },
    { name: '  of which it had before', value: idleBytes / MEGABYTE, unit: 'MB' },
  ];
}

function inventClient(): Client {
  return Client.parse({
    id: 'bench',
    name: 'Bench',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    storefronts: [{ id: 'shop', kind: 'shopify' }],
    carriers: [{ id: 'easypost', kind: 'easypost' }],
    warehouses: WAREHOUSES.map(([id, country, serves], index) => ({
      id,
      name: id,
      address: { name: 'Depot', line1: 'Street 1', city: id, postalCode: '12345', country },
      timeZone: ZONES[index],
      workingDays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
      serves,
      capacity: 300,
    })),
    plants: [{ id: 'mill', name: 'Mill', leadTimeDays: 3 }],
    products: Array.from({ length: SKUS }, (_, index) => ({ sku: skuAt(index), name: 'Product', weight: 100, plant: 'mill', reorder: { point: 1, upTo: 2 } })),
    policies: { allocation: { split: 'warehouses' } },
  });
}

function skuAt(index: number): string {
  return `SKU-${String(index).padStart(4, '0')}`;
}

function inventOrders(random: Random): Wanted[] {
  const popularity = zipf(SKUS);
  return Array.from({ length: ORDERS }, () => {
    const skus = new Set(Array.from({ length: random.int(1, 4) }, () => skuAt(popularity(random.next()))));
    const [country, region] = random.pick(DESTINATIONS);
    return { country, region, demand: [...skus].map((sku) => ({ sku, quantity: random.int(1, 3) })) };
  });
}

/** Draws ranks by Zipf's law: the second is asked for half as often as the first. https://en.wikipedia.org/wiki/Zipf%27s_law */
function zipf(count: number): (uniform: number) => number {
  const sums: number[] = [];
  for (let rank = 1; rank <= count; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  const total = sums.at(-1) ?? 1;
  return (uniform) => {
    const index = sums.findIndex((sum) => sum >= uniform * total);
    return index === -1 ? count - 1 : index;
  };
}

/** Units that each place is topped up to: a day's demand of the SKU, shared out unevenly, so that some orders must be split and some wait. */
function stockLevels(random: Random, orders: readonly Wanted[], { warehouses }: Client): Allocation[] {
  const units = new Map<string, number>();
  for (const { demand } of orders) for (const { sku, quantity } of demand) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return [...units].flatMap(([sku, wanted]) =>
    warehouses.flatMap(({ id }) => {
      const quantity = Math.round(((wanted * DAY) / ORDERS) * 0.5 * random.next() + random.next() * 2);
      return quantity === 0 ? [] : [{ sku, warehouse: id, quantity }];
    }),
  );
}

type Around = (allocateDay: (onPlan: OnPlan) => void, day: number) => void;
type OnPlan = (order: Wanted, plan: ReturnType<typeof allocate>) => void;

/** Allocates days of orders. @param around is given the work of each day, to do it; what it hands over sees every plan before it is drawn */
function run(client: Client, days: readonly (readonly Wanted[])[], level: readonly Allocation[], stock: StockView, around: Around): void {
  const load = new LoadView();
  const orderLoad = (warehouse: string, day: string) => load.orders(warehouse, day);
  days.forEach((orders, index) => {
    const now = new Date(START + index * 86_400_000);
    if (index > 0) topUp(level, stock);
    around((onPlan) => {
      for (const order of orders) {
        const plan = allocate(order, stock, client, orderLoad, now);
        onPlan(order, plan);
        for (const allocation of plan.allocations) stock.move(reserving(allocation, 'order'));
        for (const { warehouse, leaves } of plan.decision.sites) if (plan.decision.chosen.includes(warehouse)) load.add({ warehouse, day: leaves }, 1);
      }
    }, index);
  });
}

function topUp(level: readonly Allocation[], stock: StockView): void {
  for (const { sku, warehouse, quantity } of level) {
    const used = quantity - stock.available(sku, warehouse);
    if (used > 0) stock.move(receiving({ sku, warehouse, quantity: used }, 0, 'receipt'));
  }
}

function viewOf(level: readonly Allocation[]): StockView {
  return new StockView(level.map(({ sku, warehouse, quantity }) => ({ sku, warehouse, available: quantity })));
}

/** Microseconds, of the clock and of the processor. */
interface Time {
  readonly micros: number;
  readonly cpuMicros: number;
}

function timeOf(work: () => void): Time {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(cpu);
  return { micros: (performance.now() - start) * 1_000, cpuMicros: user + system };
}

/** Runs all orders, and holds every plan against counters of its own. */
function runChecked(client: Client, days: readonly (readonly Wanted[])[], level: readonly Allocation[]): Tally {
  const stock = viewOf(level);
  const left = new Map<string, number>();
  const tally = { whole: 0, split: 0, unserved: 0 };
  run(client, days, level, stock, (allocateDay) => {
    for (const place of level) left.set(placeKey(place), place.quantity);
    allocateDay((order, { allocations, missing, decision }) => {
      checkUnits(order.demand, allocations, missing);
      for (const place of allocations) draw(left, place);
      tally[allocations.length === 0 ? 'unserved' : decision.chosen.length === 1 ? 'whole' : 'split'] += 1;
    });
  });
  for (const { sku, warehouse } of level) {
    const [here, counted] = [stock.available(sku, warehouse), left.get(placeKey({ sku, warehouse }))];
    if (here !== counted) throw new Error(`${sku} in ${warehouse}: ${here} are left, ${counted} were counted.`);
  }
  return tally;
}

function checkUnits(demand: readonly Demand[], allocations: readonly Allocation[], missing: readonly Demand[]): void {
  for (const { sku, quantity } of demand) {
    const [promised, lacking] = [unitsOf(allocations, sku), unitsOf(missing, sku)];
    if (promised + lacking !== quantity) throw new Error(`Of ${quantity} x ${sku}, ${promised} are promised and ${lacking} are missing.`);
    if (promised > 0 && missing.length > 0) throw new Error(`${promised} of ${quantity} x ${sku} are promised, although the order must leave whole.`);
  }
}

function draw(left: Map<string, number>, place: Allocation): void {
  const rest = (left.get(placeKey(place)) ?? 0) - place.quantity;
  if (rest < 0) throw new Error(`${placeKey(place)} is drawn to ${rest}.`);
  left.set(placeKey(place), rest);
}
