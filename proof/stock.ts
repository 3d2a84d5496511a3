import { type Item, isEntity } from '../adapters/aws/table.ts';
import { type LedgerEntry, placeKey, type Stock, unitsOf } from '../core/inventory.ts';
import { isLive, missingUnits, type Order } from '../core/order.ts';

/** What does not hold, each in words that name what was seen. */
export type Faults = readonly string[];

const COUNTERS = ['onHand', 'reserved', 'quarantined', 'incoming'] as const;

/**
 * What must hold of stock in every place, whatever happened: `onHand = available + reserved + quarantined`, nothing below zero, the ledger
 * folds to the counters, what is reserved is what orders have allocated and not packed, and what they need is allocated, in parcels or missing.
 */
export function stockFaults(items: readonly Item[]): Faults {
  const faults: string[] = [];
  const check = (holds: boolean, fault: string) => void (holds || faults.push(fault));
  const stock = items.filter((item) => isEntity<Stock>(item, 'stock'));
  const ledger = Map.groupBy(
    items.filter((item) => isEntity<LedgerEntry>(item, 'ledger')),
    placeKey,
  );
  const orders = items.filter((item) => isEntity<Order>(item, 'order'));
  const allocated = Map.groupBy(
    orders.flatMap(({ allocations }) => allocations),
    placeKey,
  );
  const places = new Set(stock.map(placeKey));
  for (const counter of stock) {
    const place = placeKey(counter);
    const { onHand, reserved, quarantined, available, incoming } = counter;
    check(onHand === available + reserved + quarantined, `${place}: ${onHand} on hand, ${available} available + ${reserved} reserved + ${quarantined} in quarantine`);
    check(Math.min(onHand, reserved, quarantined, available, incoming) >= 0, `${place}: a counter is below zero`);
    for (const name of COUNTERS) {
      const folded = sumOf(ledger.get(place) ?? [], name);
      check(folded === counter[name], `${place}: ${name} is ${counter[name]}, its ledger says ${folded}`);
    }
    for (const { at, movements, ...entry } of ledger.get(place) ?? [])
      for (const name of ['onHand', 'reserved', 'quarantined'] as const) {
        const moved = movements.reduce((sum, movement) => sum + (movement[name] ?? 0), 0);
        check(moved === entry[name], `${place}: the movements of ${at} come to ${moved} ${name}, their entry says ${entry[name]}`);
      }
    const held = sumOf(allocated.get(place) ?? [], 'quantity');
    check(held === reserved, `${place}: ${reserved} reserved, orders hold ${held}`);
  }
  for (const place of [...allocated.keys(), ...ledger.keys()]) check(places.has(place), `${place} has no counter`);
  return [...faults, ...orders.flatMap(demandFaults)];
}

/** Every unit that an order needs is allocated, in a parcel, or missing; nothing is allocated that it does not need. */
function demandFaults(order: Order): Faults {
  const { orderId, demand, allocations, ending } = order;
  const packed = order.parcels.filter(isLive).flatMap(({ units }) => units);
  const missing = missingUnits(order);
  const faults = ending !== undefined && allocations.length + missing.length > 0 ? [`${orderId} is ${ending} and holds stock`] : [];
  for (const sku of new Set([...demand, ...allocations, ...packed, ...missing].map((line) => line.sku))) {
    const open = ending === undefined ? Math.max(0, unitsOf(demand, sku) - unitsOf(packed, sku)) : 0;
    const provided = unitsOf(allocations, sku) + unitsOf(missing, sku);
    if (provided !== open) faults.push(`${orderId}: ${open} of ${sku} are open, and ${provided} allocated or missing`);
  }
  if (new Set(allocations.map(placeKey)).size !== allocations.length) faults.push(`${orderId}: a place is in its allocations twice`);
  // The check of stock finds what is reserved through these lists.
  if (allocations.length > 0 && !/^(held|backordered|authorise|pack)#\d$/.test(order.work ?? '')) faults.push(`${orderId} holds stock and is in no work list`);
  return faults;
}

function sumOf<Name extends string>(list: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return list.reduce((sum, one) => sum + one[name], 0);
}
