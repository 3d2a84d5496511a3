import { type Refused, refused } from './error.ts';
import { type Allocation, addUnits, type Demand, lessUnits, type Movement, releasing, unitsOf, unpacking } from './inventory.ts';
import { type Act, hasLeft, isBeyondPacking, isLive, missingUnits, next, type Order, openDemand, type PackedParcel, type Saved, standingHold, statusOf, unitsIn } from './order.ts';

/** Notes that a parcel left the building, reached its customer or came back. @returns undefined when that is known already */
export function follow(order: Order, parcel: number, to: 'dispatched' | 'delivered' | 'returned', at: string, act: Act, dispatchedAt = at): Saved | undefined {
  const entry = order.parcels.find((one) => one.parcel === parcel);
  if (entry === undefined || rankOf(to) <= rankOf(entry.status) || entry.status === 'unpacked') return undefined;
  const { order: moved, movements } = withoutExcess({ ...order, parcels: withParcel(order, { ...entry, status: to }) });
  // It was called back and is out of the house all the same.
  const holds = isLive(entry) ? moved.holds : heldForEscape(moved, parcel, act);
  const status = statusOf({ ...moved, holds });
  const clocks = {
    ...(status !== 'packed' && isBeyondPacking({ status }) && { dispatchedAt: order.dispatchedAt ?? (to === 'dispatched' ? at : dispatchedAt) }),
    ...(status === 'delivered' && { deliveredAt: order.deliveredAt ?? at }),
  };
  const type = status !== order.status && (status === 'dispatched' || status === 'delivered' || status === 'returned') ? (`order.${status}` as const) : 'order.noted';
  return { ...next({ ...moved, holds, ...clocks }, act, type, `parcel ${parcel} was ${to}`), movements };
}

/** Gives up what is reserved and not needed any more: the units of a parcel that was called back may have been looked for again. */
function withoutExcess(order: Order): { readonly order: Order; readonly movements: readonly Movement[] } {
  let open = openDemand(order);
  const kept: Allocation[] = [];
  const excess: Allocation[] = [];
  for (const allocation of order.allocations) {
    const keep = Math.min(allocation.quantity, unitsOf(open, allocation.sku));
    open = lessUnits(open, [{ sku: allocation.sku, quantity: keep }]);
    if (keep > 0) kept.push({ ...allocation, quantity: keep });
    if (keep < allocation.quantity) excess.push({ ...allocation, quantity: allocation.quantity - keep });
  }
  if (excess.length === 0) return { order, movements: [] };
  const { packing: _, ...rest } = order;
  return { order: { ...rest, allocations: kept }, movements: excess.map((allocation) => releasing(allocation, order.orderId)) };
}

/** The holds of an order one of whose parcels left although it was called back; what was packed in its place meanwhile is named, so that not both go. */
function heldForEscape({ holds, parcels }: Pick<Order, 'holds' | 'parcels'>, parcel: number, act: Act): Order['holds'] {
  const instead = parcels.filter((other) => other.parcel > parcel && other.status === 'packed').map((other) => other.parcel);
  const remedy = instead.length === 0 ? 'intercept it, or expect its return' : `call back parcel ${instead.join(', ')}, which was packed since, or intercept it`;
  return [...holds.filter(({ kind }) => kind !== 'client'), standingHold('client', `parcel ${parcel} left although it was called back: ${remedy}`, act)];
}

const RANKS: readonly PackedParcel['status'][] = ['packed', 'recalled', 'dispatched', 'delivered', 'returned'];

function rankOf(status: PackedParcel['status']): number {
  return RANKS.indexOf(status);
}

function withParcel(order: Order, entry: PackedParcel): PackedParcel[] {
  return order.parcels.map((other) => (other.parcel === entry.parcel ? entry : other));
}

/** Calls a parcel back that has not left. */
export function recall(order: Order, parcel: number, reason: string, act: Act): Saved | Refused {
  const entry = order.parcels.find((one) => one.parcel === parcel);
  if (entry === undefined)
    return refused('shipment.parcel-absent', `Order ${order.orderId} has no parcel ${parcel}; its parcels: ${order.parcels.map((one) => one.parcel).join(', ') || 'none'}.`);
  if (entry.status !== 'packed')
    return refused('shipment.parcel-gone', `Parcel ${parcel} of order ${order.orderId} is ${entry.status}; only one that is packed and has not left can be called back.`);
  const saved = next(
    { ...order, parcels: withParcel(order, { ...entry, status: 'recalled' }), authorisation: null },
    act,
    'order.recalled',
    `parcel ${parcel} called back: ${reason}`,
  );
  return { ...saved, recalls: [parcel], waits: missingUnits(saved.order) };
}

/** Ends a recall: the units are on the shelf again, in quarantine until somebody has looked at them; or the parcel had left. */
export function endRecall(order: Order, parcel: number, outcome: 'unpacked' | 'left', reason: string, act: Act): Saved | Refused {
  const entry = order.parcels.find((one) => one.parcel === parcel);
  if (entry?.status !== 'recalled') return refused('shipment.not-recalled', `Parcel ${parcel} of order ${order.orderId} is not called back.`);
  if (outcome === 'left') {
    const holds = heldForEscape(order, parcel, act);
    const { order: left, movements } = withoutExcess({ ...order, holds, parcels: withParcel(order, { ...entry, status: 'dispatched' }) });
    const clock = isBeyondPacking({ status: statusOf(left) }) ? { dispatchedAt: order.dispatchedAt ?? act.now.toISOString() } : {};
    return { ...next({ ...left, ...clock }, act, 'order.held', reason), movements };
  }
  const saved = next({ ...order, parcels: withParcel(order, { ...entry, status: 'unpacked' }) }, act, 'order.noted', reason);
  return { ...saved, movements: entry.units.map((units) => unpacking(units, order.orderId)) };
}

/** Takes note of units that came back. @returns a refusal when more came back than was ever sent */
export function takeBack(order: Order, units: readonly Demand[], act: Act): Saved | Refused {
  const sent = unitsIn(order.parcels.filter(hasLeft));
  const returned = addUnits([...(order.returned ?? []), ...units]);
  const excess = lessUnits(returned, sent)[0];
  if (excess !== undefined) {
    const back = unitsOf(order.returned ?? [], excess.sku);
    return refused(
      'order.return-excess',
      `Order ${order.orderId} was sent ${unitsOf(sent, excess.sku)} x ${excess.sku}, of which ${back} came back already; ${unitsOf(units, excess.sku)} more cannot.`,
    );
  }
  const status = statusOf({ ...order, returned });
  return next(
    { ...order, returned },
    act,
    status === 'returned' && order.status !== 'returned' ? 'order.returned' : 'order.noted',
    `${units.map(({ sku, quantity }) => `${quantity} x ${sku}`).join(', ')} came back`,
  );
}
