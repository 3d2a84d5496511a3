import type { Shortfall } from '../../core/booking-desk.ts';
import type { Client } from '../../core/client.ts';
import { Unavailable } from '../../core/error.ts';
import { type LedgerEntry, type Place, placeKey } from '../../core/inventory.ts';
import { type Act, fallShort, type Saved, turnOf } from '../../core/order.ts';
import { readOrders } from './order-store.ts';
import type { Table } from './table.ts';

/**
 * Has orders give up reserved units that are not there, the latest promise first.
 * @returns the orders as they then are, to be written with the movements that take the units
 * @throws Unavailable `inventory.contended` when no order holds what is reserved; orders may have moved meanwhile
 */
export async function giveUps(table: Table, shortfalls: readonly Shortfall[], client: Client, act: Act): Promise<Saved[]> {
  const given = new Map<string, Saved>();
  for (const shortfall of shortfalls) {
    const { place, units } = shortfall;
    const held = await readOrders(table, await holdersOf(table, shortfall));
    const orders = [...held.values()].map((order) => given.get(order.orderId)?.order ?? order).sort((a, b) => (turnOf(a) > turnOf(b) ? -1 : 1));
    let open = units - [...given.values()].reduce((sum, saved) => sum + freedBy(saved, place), 0);
    for (const order of orders) {
      const holds = order.allocations.reduce((sum, one) => (placeKey(one) === placeKey(place) ? sum + one.quantity : sum), 0);
      if (open <= 0) break;
      if (holds === 0) continue;
      const saved = fallShort(order, place, Math.min(open, holds), client, act);
      given.set(order.orderId, together(given.get(order.orderId), saved));
      open -= freedBy(saved, place);
    }
    if (open > 0)
      throw new Unavailable('inventory.contended', `${open} units of ${place.sku} in ${place.warehouse} are reserved, and no order was found that holds them.`, {
        retryAfterSeconds: 1,
      });
  }
  return [...given.values()];
}

function freedBy({ movements }: Saved, place: Place): number {
  return movements.reduce((sum, movement) => (placeKey(movement) === placeKey(place) ? sum - movement.reserved : sum), 0);
}

/** However many places an order gives up, it is one step of it. */
function together(before: Saved | undefined, after: Saved): Saved {
  if (before === undefined) return after;
  return { ...after, order: { ...after.order, version: before.order.version }, movements: [...before.movements, ...after.movements] };
}

/**
 * Ids of the orders that hold units of a place, by its ledger. It is read newest first: what an order has reserved since some entry is
 * never more than what it holds, so when the holdings that were found add up to what is reserved, they are all.
 */
async function holdersOf(table: Table, { place, reserved }: Pick<Shortfall, 'place' | 'reserved'>): Promise<string[]> {
  const holdings = new Map<string, number>();
  let found = 0;
  const newestFirst = { ScanIndexForward: false, ConsistentRead: true };
  for await (const entry of table.query<LedgerEntry>(`S#${place.sku}`, `L#${place.warehouse}#`, 'ledger', newestFirst)) {
    if (placeKey(entry) !== placeKey(place)) continue;
    for (const { cause, reserved: units } of entry.movements) {
      const before = holdings.get(cause) ?? 0;
      holdings.set(cause, before + units);
      found += Math.max(0, before + units) - Math.max(0, before);
    }
    if (found >= reserved) break;
  }
  return [...holdings].filter(([, units]) => units > 0).map(([cause]) => cause);
}
