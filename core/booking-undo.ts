import { type BookingContext, type Plan, shortfallsIn, type Transfer, transferKey } from './booking-desk.ts';
import { type Demand, lessUnits, type Movement, moving, type Place } from './inventory.ts';
import { next, type Saved } from './order.ts';
import type { SupplyRequest } from './supply.ts';

/** What a booking did, as it is kept so that it can be undone. */
export interface Done {
  readonly movements: readonly Movement[];
  /** Units that came for supply requests, and how many of them had been counted as incoming. */
  readonly requests: readonly (Pick<SupplyRequest, 'plant' | 'sku' | 'warehouse' | 'requestId'> & { readonly units: number; readonly incoming: number })[];
  /** Units that were sent, and whether they were received. */
  readonly transfers: readonly (Pick<Transfer, 'transferId' | 'to' | 'sku' | 'lot'> & { readonly sent: number; readonly received: boolean })[];
  readonly orders: readonly { readonly orderId: string; readonly units: readonly Demand[] }[];
}

/** What a plan does, once it is written. */
export function doneBy({ movements, requests, transfers, orders }: Plan, before: BookingContext['orders']): Done {
  return {
    movements,
    requests: requests.map(({ before: old, after: { plant, sku, warehouse, requestId, received, quantity } }) => {
      const had = old?.received ?? 0;
      return { plant, sku, warehouse, requestId, units: received - had, incoming: Math.max(0, Math.min(received, quantity) - had) };
    }),
    transfers: transfers.map(({ before: old, after: { transferId, to, sku, lot, sent, status } }) => {
      return { transferId, to, sku, ...(lot !== undefined && { lot }), sent: sent - (old?.sent ?? 0), received: status === 'received' };
    }),
    orders: orders.map(({ order }) => ({ orderId: order.orderId, units: lessUnits(order.returned ?? [], before.get(order.orderId)?.returned ?? []) })),
  };
}

/**
 * Works out how to undo what was done: every movement the other way round. Units that came and are promised by now are given up by the
 * orders that have them. What has left the place since is a refusal.
 */
export function undoingOf(done: Done, context: Omit<BookingContext, 'cause' | 'firstCounts'>): Plan {
  const { act, stock } = context;
  const requests = new Map(context.requests.map((request) => [request.requestId, request]));
  const transfers = new Map(context.transfers.map((transfer) => [transferKey(transfer), transfer]));
  const replaced = done.requests.filter(({ requestId }) => !requests.has(requestId));
  const movements = [
    ...done.movements.map(inverse),
    // The plant has been asked anew since: what the old request awaited is not awaited again.
    ...replaced.map(({ sku, warehouse, requestId, incoming }) => moving({ sku, warehouse }, { incoming: -incoming }, 'received', requestId)),
  ];
  const after = shortfallsIn(stock, movements);
  return {
    movements,
    lines: [],
    refusals: after.gone.map((place) => ({ index: 0, field: 'sku', code: 'inventory.import-unsettled', message: `${placeName(place)}: units that were booked have left since` })),
    requests: done.requests.flatMap(({ requestId, units }) => {
      const before = requests.get(requestId);
      return before === undefined ? [] : [{ before, after: reopened(before, units, act.by, act.now) }];
    }),
    transfers: done.transfers.flatMap(({ sent, received, ...goods }) => {
      const before = transfers.get(transferKey(goods));
      if (before === undefined) return [];
      const now: Transfer = { ...before, sent: before.sent - sent, ...(received && { received: 0, status: 'open' as const }) };
      return [{ before, after: { ...now, version: before.version + 1 } }];
    }),
    orders: done.orders.flatMap(({ orderId, units }): Saved[] => {
      const order = context.orders.get(orderId);
      return order === undefined ? [] : [next({ ...order, returned: lessUnits(order.returned ?? [], units) }, act, 'order.noted', 'the return was not booked after all')];
    }),
    shortfalls: after.shortfalls,
    expiries: new Map(),
    counted: new Map(),
    differences: new Map(),
  };
}

function inverse(movement: Movement): Movement {
  const { onHand, reserved, quarantined, incoming } = movement;
  return { ...movement, onHand: 0 - onHand, reserved: 0 - reserved, quarantined: 0 - quarantined, incoming: 0 - incoming };
}

function reopened(request: SupplyRequest, units: number, by: string, now: Date): SupplyRequest {
  const received = request.received - units;
  const change = { type: 'supply.received' as const, at: now.toISOString(), by, reason: `${units} units were not received after all; ${received} of ${request.quantity} are here` };
  return { ...request, received, status: received >= request.quantity ? 'received' : 'open', version: request.version + 1, change };
}

function placeName({ sku, warehouse, lot }: Place): string {
  return `${sku} in ${warehouse}${lot === undefined ? '' : `, lot ${lot}`}`;
}
