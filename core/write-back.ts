import { Rejected, Unavailable } from './error.ts';
import { type Demand, lessUnits } from './inventory.ts';
import { hasLeft, isLive, type Order, openDemand, soldUnitsSent } from './order.ts';

/** What is asked of an order to know what its storefront should hear. */
type Shipping = Pick<Order, 'demand' | 'kits' | 'parcels' | 'ending'>;

/** What a storefront hears of a parcel that left. */
export interface ParcelNews {
  /** By SKU, as the storefront sold them; empty for a part of a kit whose other parts are still to come: the storefront knows the kit alone. */
  readonly units: readonly Demand[];
  /** Whether with this parcel, and those told before it, all of the order has left. */
  readonly completes: boolean;
}

/**
 * What is new to a storefront with a parcel that left, after those that it was told of. Over all tellings, in whatever order they come, the
 * units add up to what `soldUnitsSent` says of the order, and at most one completes it.
 * @param told parcels of the order that the storefront was told of
 */
export function newsOf(order: Shipping, parcel: number, told: ReadonlySet<number>): ParcelNews {
  const heard = new Set([...told, parcel]);
  const units = lessUnits(sentIn(order, heard), sentIn(order, told));
  // What the storefront itself ended is not for us to complete.
  const completes = order.ending === undefined && openDemand(order).length === 0 && order.parcels.filter(isLive).every((one) => hasLeft(one) && heard.has(one.parcel));
  return { units, completes };
}

function sentIn(order: Shipping, told: ReadonlySet<number>): Demand[] {
  return soldUnitsSent({ ...order, parcels: order.parcels.filter(({ parcel }) => told.has(parcel)) });
}

/**
 * Sees to it that a storefront hears of a parcel only after its order knows that it left: the storefront repeats what it was told, and an
 * order that does not know would take that for somebody else's shipment.
 * @throws Unavailable `order.behind`, Rejected `shipment.parcel-unpacked`
 */
export function requireLeft({ orderId, parcels }: Pick<Order, 'orderId' | 'parcels'>, parcel: number): void {
  const entry = parcels.find((one) => one.parcel === parcel);
  if (entry !== undefined && hasLeft(entry)) return;
  if (entry?.status === 'unpacked')
    throw new Rejected('shipment.parcel-unpacked', `Parcel ${parcel} of order ${orderId} was unpacked, and the carrier has scanned it all the same: find out which is true.`);
  throw new Unavailable('order.behind', `Order ${orderId} does not know yet that parcel ${parcel} left.`, { retryAfterSeconds: 2 });
}
