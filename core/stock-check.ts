import { availableIn, type Deltas, type Place, placeKey, type Stock } from './inventory.ts';

/** The counters of a place. */
const COUNTERS = ['onHand', 'reserved', 'quarantined', 'available', 'incoming'] as const;
type Counters = Readonly<Record<(typeof COUNTERS)[number], number>>;

/** What can be wrong: a counter, or `allocated`, which is what the orders have of a place against what its ledger has reserved. */
type Checked = (typeof COUNTERS)[number] | 'allocated';

/** A figure of a place that is not what the ledger says, in units. */
export interface Finding extends Place {
  readonly counter: Checked;
  readonly is: number;
  readonly should: number;
}

/** What the ledger of a place adds up to. */
export type Folded = Place & Deltas;

const NOTHING: Deltas = { onHand: 0, reserved: 0, quarantined: 0, incoming: 0 };

/** Adds one entry of the ledger to sums by `placeKey`; a place that adds up to nothing is left out. */
export function foldInto(sums: Map<string, Folded>, entry: Folded): void {
  const key = placeKey(entry);
  const { sku, warehouse, lot } = entry;
  const before = sums.get(key) ?? NOTHING;
  const after = {
    sku,
    warehouse,
    ...(lot !== undefined && { lot }),
    onHand: before.onHand + entry.onHand,
    reserved: before.reserved + entry.reserved,
    quarantined: before.quarantined + entry.quarantined,
    incoming: before.incoming + entry.incoming,
  };
  if (after.onHand === 0 && after.reserved === 0 && after.quarantined === 0 && after.incoming === 0) sums.delete(key);
  else sums.set(key, after);
}

/** What entries of the ledger, or sums of them, add up to by `placeKey`. */
export function fold(entries: Iterable<Folded>): Map<string, Folded> {
  const sums = new Map<string, Folded>();
  for (const entry of entries) foldInto(sums, entry);
  return sums;
}

/**
 * What is wrong with a place: each counter that is not what the ledger adds up to, each that is below zero, and orders that have more
 * or less of it than the ledger has reserved.
 * @param stock undefined where the place has no counters
 * @param allocated units that orders have allocated there and not packed
 */
export function compare(place: Place, stock: Counters | undefined, folded: Deltas = NOTHING, allocated = 0): Finding[] {
  const { sku, warehouse, lot } = place;
  const own = { sku, warehouse, ...(lot !== undefined && { lot }) };
  const should: Counters = { ...folded, available: availableIn(folded) };
  const drifted = COUNTERS.flatMap((counter) => {
    const is = stock?.[counter] ?? 0;
    if (is !== should[counter]) return [{ ...own, counter, is, should: should[counter] }];
    return is < 0 ? [{ ...own, counter, is, should: 0 }] : [];
  });
  return allocated === folded.reserved ? drifted : [...drifted, { ...own, counter: 'allocated', is: allocated, should: folded.reserved }];
}

/**
 * What the counters of a place are set to when they are repaired: what the ledger adds up to.
 * @returns undefined when there is nothing to repair, or the ledger cannot be trusted either: orders contradict it, or it is below zero
 */
export function repairOf(findings: readonly Finding[], folded: Deltas = NOTHING): Counters | undefined {
  if (findings.length === 0 || findings.some(({ counter }) => counter === 'allocated')) return undefined;
  const { onHand, reserved, quarantined, incoming } = folded;
  const counters = { onHand, reserved, quarantined, available: availableIn(folded), incoming };
  return COUNTERS.some((counter) => counters[counter] < 0) ? undefined : counters;
}

/** By how much each figure is off: the same however much moves, so that a finding is known again. */
export type Drift = Partial<Record<Checked, number>>;

/** By how much the findings of a place are off. */
export function driftOf(findings: readonly Finding[]): Drift {
  return Object.fromEntries(findings.map(({ counter, is, should }) => [counter, is - should]));
}

/** Whether two findings are the same one. */
export function isSameDrift(a: Drift, b: Drift): boolean {
  return [...COUNTERS, 'allocated' as const].every((counter) => (a[counter] ?? 0) === (b[counter] ?? 0));
}

const WORDS: Record<Checked, string> = {
  onHand: 'on hand',
  reserved: 'reserved',
  quarantined: 'quarantined',
  available: 'available',
  incoming: 'incoming',
  allocated: 'allocated to orders',
};

/** The findings of a place as one line for a person: `on hand 13, by the ledger 10; available 11, by the ledger 8`. */
export function describeFindings(findings: readonly Finding[]): string {
  return findings.map(({ counter, is, should }) => `${WORDS[counter]} ${is}, by the ledger ${should}`).join('; ');
}

/** An order that has more or less of a place allocated than the ledger has reserved for it, in units. */
export interface OrderDifference {
  readonly orderId: string;
  readonly allocated: number;
  readonly reserved: number;
}

/** The orders that the ledger and the orders themselves disagree about, by order id. */
export function differencesOf(allocated: ReadonlyMap<string, number>, reserved: ReadonlyMap<string, number>): OrderDifference[] {
  return [...new Set([...allocated.keys(), ...reserved.keys()])]
    .map((orderId) => ({ orderId, allocated: allocated.get(orderId) ?? 0, reserved: reserved.get(orderId) ?? 0 }))
    .filter((order) => order.allocated !== order.reserved)
    .sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
}

/** What orders have allocated of a place, in units by order id. */
export interface Held extends Place {
  readonly orders: ReadonlyMap<string, number>;
}

/** What orders have allocated and not packed, by `placeKey`. */
export function allocatedIn(orders: Iterable<{ readonly orderId: string; readonly allocations: readonly (Place & { readonly quantity: number })[] }>): Map<string, Held> {
  const places = new Map<string, Place & { readonly orders: Map<string, number> }>();
  for (const { orderId, allocations } of orders) {
    for (const allocation of allocations) {
      const { sku, warehouse, lot } = allocation;
      const held = places.get(placeKey(allocation)) ?? { sku, warehouse, ...(lot !== undefined && { lot }), orders: new Map<string, number>() };
      held.orders.set(orderId, (held.orders.get(orderId) ?? 0) + allocation.quantity);
      places.set(placeKey(allocation), held);
    }
  }
  return places;
}

/** Units over all orders that hold some. */
export function unitsHeld(held: Held | undefined): number {
  let units = 0;
  for (const quantity of held?.orders.values() ?? []) units += quantity;
  return units;
}

/** Counters as they are kept, with the finding that was told of last. */
export interface CheckedStock extends Stock {
  readonly drift?: Drift;
}
