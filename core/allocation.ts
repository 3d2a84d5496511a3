import { type Departure, departureAfter, departureOf, zoneOf } from './calendar.ts';
import type { Client, Criterion, Split, Warehouse } from './client.ts';
import { type Allocation, addUnits, type Demand, lessUnits } from './inventory.ts';
import type { StockView } from './stock-view.ts';

/** Places that one order may hold: a DynamoDB transaction has 100 items, and each place takes two. */
export const MAX_PLACES = 45;

/** Orders already promised by a warehouse for one of its days. */
export type Load = (warehouse: string, day: string) => number;

/** What an order needs, where it goes, and which warehouses it may come from. */
export interface Wish {
  readonly demand: readonly Demand[];
  /** ISO 3166-1 alpha-2, or empty where there is no address. */
  readonly country: string;
  readonly region: string;
  /** The only warehouses that may ship it; all where it is not given. */
  readonly only?: readonly string[] | undefined;
  /** Warehouses that go before the order of the client file. */
  readonly prefer?: readonly string[] | undefined;
}

/** How far a warehouse is from a customer: it is there for their region, it is in or for their country, or neither. */
type Distance = 'region' | 'country' | 'elsewhere';

/** What one warehouse could have done for an order. */
interface SiteReport {
  readonly warehouse: string;
  readonly distance: Distance;
  /** The day on which it would have left: `2026-11-22`. */
  readonly leaves: string;
  /** An earlier working day was full. */
  readonly full: boolean;
  readonly has: 'all' | 'some' | 'none';
  /** What it lacks; the first five SKUs. */
  readonly short: readonly { readonly sku: string; readonly wanted: number; readonly available: number }[];
}

/** Why an order got what it got: the policy, what it was applied to, and the outcome. */
export interface AllocationDecision {
  readonly split: Split;
  readonly prefer: readonly Criterion[];
  /** In the order of preference. */
  readonly sites: readonly SiteReport[];
  readonly chosen: readonly string[];
  readonly missing: readonly Demand[];
  /** For a person, to stand after a colon. */
  readonly why: string;
}

/** What an order is promised: units and places to be reserved exactly so, or not at all. Allocations and missing units add up to the demand. */
export interface AllocationPlan {
  readonly allocations: Allocation[];
  readonly missing: Demand[];
  /** When the last of its parcels leaves; where nothing is promised, when the best warehouse would have shipped. */
  readonly shipsOn: Departure;
  readonly decision: AllocationDecision;
}

/**
 * Decides which warehouses ship an order, by the client's policy: how it may be split, and what makes one way better than another.
 * Draws nothing from the view. The same readings give the same plan, in whatever order they were read.
 * @param load what the capacity of warehouses is held against
 */
export function allocate(wish: Wish, stock: StockView, client: Client, load: Load, now: Date): AllocationPlan {
  const { split, prefer } = client.policies.allocation;
  const rules = rulesOf(prefer);
  const demand = addUnits(wish.demand).filter(({ quantity }) => quantity > 0);
  const listed = candidates(wish, client).map((warehouse, rank): Site => {
    const zone = zoneOf(warehouse, client);
    const available = demand.map(({ sku }) => stock.available(sku, warehouse.id));
    return { warehouse: warehouse.id, rank, distance: distanceOf(warehouse, wish), available, ...departureWithRoom(warehouse, zone, load, now) };
  });
  const sites = inOrder(listed, rules);
  const { ways, crowded } = waysToShip(sites, demand, split, stock);
  ways.sort((a, b) => compareBy(rules, a, b));
  const [best, second] = ways;
  const allocations = best?.allocations ?? [];
  const missing = best === undefined ? demand : lessUnits(demand, allocations);
  const used = sites.filter(({ warehouse }) => allocations.some((allocation) => allocation.warehouse === warehouse));
  const shipsOn = latest(used.length > 0 ? used : sites.slice(0, 1)) ?? firstDeparture(client, now);
  const reason = best && second && rules.find((criterion) => BETTER[criterion](best, second) !== 0);
  const why = explain({ demand, missing, used, sites, split, crowded, reason, ways: ways.length, only: wish.only });
  const decision = { split, prefer, sites: listed.map((site) => reportOf(site, demand)), chosen: used.map(({ warehouse }) => warehouse), missing, why };
  return { allocations, missing, shipsOn, decision };
}

/** A warehouse as one order sees it. */
interface Site {
  readonly warehouse: string;
  /** Its place in the order of preference, from 0. */
  readonly rank: number;
  readonly distance: Distance;
  readonly departure: Departure;
  readonly full: boolean;
  /** Units that it can promise, for each line of the demand. */
  readonly available: readonly number[];
}

/** A route that has all that is wanted, and what each of its warehouses gives. */
interface Way extends Route {
  readonly allocations: Allocation[];
}

function candidates({ only, prefer = [] }: Wish, { warehouses }: Client): readonly Warehouse[] {
  const allowed = only === undefined ? warehouses : warehouses.filter(({ id }) => only.includes(id));
  if (prefer.length === 0) return allowed;
  const first = prefer.flatMap((id) => allowed.find((warehouse) => warehouse.id === id) ?? []);
  return [...new Set([...first, ...allowed])];
}

function distanceOf({ serves, address }: Warehouse, { country, region }: Wish): Distance {
  if (country === '') return 'elsewhere';
  if (region !== '' && serves.includes(`${country}-${region}`)) return 'region';
  return address.country === country || serves.includes(country) ? 'country' : 'elsewhere';
}

/** How many full days are passed over before a warehouse is taken to ship on the next one all the same. */
const DAYS_AHEAD = 30;

function departureWithRoom(warehouse: Warehouse, timeZone: string, load: Load, now: Date): Pick<Site, 'departure' | 'full'> {
  const { id, capacity = Number.POSITIVE_INFINITY } = warehouse;
  const first = departureOf(warehouse, timeZone, now);
  let departure = first;
  for (let passed = 0; passed < DAYS_AHEAD && load(id, departure.day) >= capacity; passed++) departure = departureAfter(warehouse, timeZone, departure.day);
  return { departure, full: departure !== first };
}

function firstDeparture(client: Client, now: Date): Departure {
  const departures = client.warehouses.map((warehouse) => departureOf(warehouse, zoneOf(warehouse, client), now));
  return departures.reduce((a, b) => (b.cutOff < a.cutOff ? b : a));
}

function latest(sites: readonly Site[]): Departure | undefined {
  return sites.map(({ departure }) => departure).reduce<Departure | undefined>((a, b) => (a === undefined || b.cutOff > a.cutOff ? b : a), undefined);
}

/** Warehouses that ship an order together, the best of them first, and what their parcels have that makes one way better than another. */
interface Route {
  readonly sites: readonly Site[];
  readonly lastDay: string;
  /** Steps from the customer: of the farthest warehouse, and of all together. */
  readonly farthest: number;
  readonly steps: number;
  readonly ranks: readonly number[];
}

const STEPS: Record<Distance, number> = { region: 0, country: 1, elsewhere: 2 };

function routeOf(sites: readonly Site[]): Route {
  let [lastDay, farthest, steps] = ['', 0, 0];
  for (const { departure, distance } of sites) {
    if (departure.day > lastDay) lastDay = departure.day;
    farthest = Math.max(farthest, STEPS[distance]);
    steps += STEPS[distance];
  }
  return { sites, lastDay, farthest, steps, ranks: sites.map(({ rank }) => rank).sort((a, b) => a - b) };
}

/** Below zero where the first route is the better one. */
const BETTER: Record<Criterion, (a: Route, b: Route) => number> = {
  'fewest-parcels': (a, b) => a.sites.length - b.sites.length,
  soonest: (a, b) => (a.lastDay < b.lastDay ? -1 : a.lastDay > b.lastDay ? 1 : 0),
  nearest: (a, b) => a.farthest - b.farthest || a.steps - b.steps,
  priority: (a, b) => compareRanks(a.ranks, b.ranks),
};

const REASONS: Record<Criterion, string> = {
  'fewest-parcels': 'takes the fewest parcels',
  soonest: 'leaves soonest',
  nearest: 'is the nearest',
  priority: 'comes first in the order of preference',
};

const ALL: readonly Criterion[] = ['fewest-parcels', 'soonest', 'nearest', 'priority'];

/** The client's criteria, and after them the rest: no two ways are ever alike, so the choice never rests on chance. */
function rulesOf(prefer: readonly Criterion[]): readonly Criterion[] {
  return prefer.length === ALL.length ? prefer : [...new Set([...prefer, ...ALL])];
}

/** Warehouses, the one that would be best alone first. */
function inOrder(sites: readonly Site[], rules: readonly Criterion[]): Site[] {
  return sites
    .map((site) => routeOf([site]))
    .sort((a, b) => compareBy(rules, a, b))
    .flatMap((route) => route.sites);
}

function compareBy(rules: readonly Criterion[], a: Route, b: Route): number {
  for (const criterion of rules) {
    const order = BETTER[criterion](a, b);
    if (order !== 0) return order;
  }
  return 0;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((rank, index) => rank !== b[index]);
  return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? Number.NEGATIVE_INFINITY);
}

/** Ways in which no warehouse could be spared. `crowded`: there are some that take more places than an order may hold. */
function waysToShip(sites: readonly Site[], demand: readonly Demand[], split: Split, stock: StockView): { ways: Way[]; crowded: boolean } {
  const wanted = demand.map(({ quantity }, line) => (split === 'backorders' ? Math.min(quantity, unitsAt(sites, line)) : quantity));
  if (wanted.every((units) => units === 0) || !covers(sites, wanted)) return { ways: [], crowded: false };
  const ways: Way[] = [];
  const tooMany: Way[] = [];
  const attempt = (members: readonly Site[]): boolean => {
    if (!covers(members, wanted)) return false;
    const way = { ...routeOf(members), allocations: fill(members, demand, wanted, stock) };
    const fits = way.allocations.length <= MAX_PLACES;
    (fits ? ways : tooMany).push(way);
    return fits;
  };
  if (split === 'never') for (const site of sites) attempt([site]);
  else if (sites.length <= MOST_SUBSETS_OF) attemptSubsets(sites, attempt);
  else attemptSpillOvers(sites, wanted, attempt);
  if (ways.length > 0 || split !== 'backorders') return { ways, crowded: tooMany.length > 0 };
  return { ways: tooMany.map((way) => ({ ...way, allocations: way.allocations.slice(0, MAX_PLACES) })), crowded: true };
}

/** With more warehouses than this the subsets are too many to try all. */
const MOST_SUBSETS_OF = 6;

/** The subsets of so many warehouses as bit masks, small ones first. */
const SUBSETS = Array.from({ length: MOST_SUBSETS_OF + 1 }, (_, count) =>
  Array.from({ length: 2 ** count - 1 }, (_, index) => index + 1).sort((a, b) => bitsOf(a) - bitsOf(b) || a - b),
);

function bitsOf(mask: number): number {
  return mask === 0 ? 0 : (mask & 1) + bitsOf(mask >> 1);
}

function attemptSubsets(sites: readonly Site[], attempt: (members: readonly Site[]) => boolean): void {
  const enough: number[] = [];
  for (const mask of SUBSETS[sites.length] ?? []) {
    if (enough.some((smaller) => (mask & smaller) === smaller)) continue;
    if (attempt(sites.filter((_, index) => (mask & (1 << index)) !== 0))) enough.push(mask);
  }
}

/** One warehouse alone; the best ones, each giving what it has until there is enough; and those that have the most. */
function attemptSpillOvers(sites: readonly Site[], wanted: readonly number[], attempt: (members: readonly Site[]) => boolean): void {
  for (const site of sites) attempt([site]);
  const byUse = spillOver(sites, wanted, ([first]) => first);
  const byUnits = spillOver(sites, wanted, (rest, gain) => rest.reduce((a, b) => (gain(b) > gain(a) ? b : a)));
  for (const members of [byUse, byUnits]) {
    const needed = members.reduceRight<readonly Site[]>((kept, site) => (covers(without(kept, site), wanted) ? without(kept, site) : kept), members);
    if (needed.length > 1) attempt(needed);
  }
}

/** Adds warehouses that have some of what is still open, until nothing is. */
function spillOver(sites: readonly Site[], wanted: readonly number[], choose: (rest: readonly Site[], gain: (site: Site) => number) => Site | undefined): Site[] {
  let open = wanted;
  const chosen: Site[] = [];
  const gain = ({ available }: Site) => open.reduce((sum, units, line) => sum + Math.min(units, available[line] ?? 0), 0);
  while (open.some((units) => units > 0)) {
    const next = choose(
      sites.filter((site) => !chosen.includes(site) && gain(site) > 0),
      gain,
    );
    if (next === undefined) break;
    chosen.push(next);
    open = open.map((units, line) => units - Math.min(units, next.available[line] ?? 0));
  }
  return sites.filter((site) => chosen.includes(site));
}

function without(sites: readonly Site[], site: Site): Site[] {
  return sites.filter((other) => other !== site);
}

function unitsAt(sites: readonly Site[], line: number): number {
  return sites.reduce((sum, { available }) => sum + (available[line] ?? 0), 0);
}

function covers(sites: readonly Site[], wanted: readonly number[]): boolean {
  return wanted.every((units, line) => unitsAt(sites, line) >= units);
}

/** Takes each line from the best warehouse that has all of it; where none has, from those that have the most. */
function fill(sites: readonly Site[], demand: readonly Demand[], wanted: readonly number[], stock: StockView): Allocation[] {
  return demand.flatMap(({ sku }, line) => {
    const unitsIn = ({ available }: Site) => available[line] ?? 0;
    const taken: Allocation[] = [];
    let rest = sites;
    for (let open = wanted[line] ?? 0; open > 0; ) {
      const from = rest.find((site) => unitsIn(site) >= open) ?? rest.reduce((a, b) => (unitsIn(b) > unitsIn(a) ? b : a));
      const units = Math.min(open, unitsIn(from));
      taken.push(...stock.pick(sku, from.warehouse, units));
      rest = without(rest, from);
      open -= units;
    }
    return taken;
  });
}

function reportOf({ warehouse, distance, departure, full, available }: Site, demand: readonly Demand[]): SiteReport {
  const short = demand.map(({ sku, quantity }, line) => ({ sku, wanted: quantity, available: available[line] ?? 0 })).filter((line) => line.available < line.wanted);
  const has = short.length === 0 ? 'all' : available.some((units) => units > 0) ? 'some' : 'none';
  return { warehouse, distance, leaves: departure.day, full, has, short: short.slice(0, 5) };
}

interface Outcome {
  readonly demand: readonly Demand[];
  readonly missing: readonly Demand[];
  readonly used: readonly Site[];
  readonly sites: readonly Site[];
  readonly split: Split;
  readonly crowded: boolean;
  /** What set the best way apart from the next. */
  readonly reason: Criterion | undefined;
  readonly ways: number;
  readonly only: readonly string[] | undefined;
}

function explain(outcome: Outcome): string {
  const { used, only, crowded } = outcome;
  const full = used.filter((site) => site.full).map((site) => `${site.warehouse} has no room before ${site.departure.day}`);
  return [
    used.length === 0 ? whyNothing(outcome) : whyThis(outcome),
    ...full,
    ...(crowded ? [`some stock is in more than ${MAX_PLACES} places, which is more than one order may hold; split the order to have it`] : []),
    ...(only === undefined ? [] : [`only ${only.join(', ')} may ship it`]),
  ].join('; ');
}

function whyThis({ demand, missing, used, reason, ways }: Outcome): string {
  const share = missing.length === 0 ? 'all of it' : `${total(demand) - total(missing)} of ${total(demand)} units`;
  const from = `${share} from ${used.map(({ warehouse, departure }) => `${warehouse} on ${departure.day}`).join(' and ')}`;
  const because = reason === undefined ? ', the only way to ship it' : `, which of ${ways} ways to ship it ${REASONS[reason]}`;
  return missing.length === 0 ? `${from}${because}` : `${from}${because}; ${listOf(missing)} to follow`;
}

function whyNothing({ demand, sites, split, crowded }: Outcome): string {
  if (demand.length === 0) return 'there is nothing to ship';
  if (sites.length === 0) return 'no warehouse may ship it';
  if (crowded) return 'it could leave only from too many places';
  const lacking = demand.map(({ sku, quantity }, line) => ({ sku, quantity: Math.max(0, quantity - unitsAt(sites, line)) })).filter(({ quantity }) => quantity > 0);
  if (lacking.length === 0) return 'no warehouse has all of it, and it may not be split';
  const whole = split === 'backorders' ? '' : ', and it must leave whole';
  return `${sites.length === 1 ? `${sites[0]?.warehouse} lacks` : 'all warehouses together lack'} ${listOf(lacking)}${whole}`;
}

function listOf(units: readonly Demand[]): string {
  const names = units.slice(0, 3).map(({ sku, quantity }) => `${quantity} x ${sku}`);
  return units.length > names.length ? `${names.join(', ')} and ${units.length - names.length} SKUs more` : names.join(', ');
}

function total(units: readonly Demand[]): number {
  return units.reduce((sum, { quantity }) => sum + quantity, 0);
}
