import * as z from 'zod';
import type { Change } from './change.ts';
import type { Plant, Product, Reorder } from './client.ts';
import { Sku, Slug } from './id.ts';

/**
 * What one warehouse has of one SKU, in units. Always `onHand = available + reserved`, all three >= 0.
 * `incoming` is asked of a plant and not yet received. The reorder numbers are copied from the client file when stock arrives.
 */
export interface Stock {
  readonly entity: 'stock';
  readonly sku: string;
  readonly warehouse: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
  readonly incoming: number;
  readonly reorderPoint: number;
  readonly version: number;
  readonly change: Change;
}

/** Units of a SKU that an order needs. */
export interface Demand {
  readonly sku: string;
  readonly quantity: number;
}

/** Units of a SKU that an order has reserved in a warehouse. */
export const Allocation = z.object({ sku: Sku, warehouse: Slug, quantity: z.int().min(1) });
export type Allocation = z.infer<typeof Allocation>;

/** Why stock moved. */
type MovementReason = 'reserved' | 'released' | 'packed' | 'received' | 'requested';

/** A change of one stock counter, in units; deltas may be negative. `available` moves by `onHand - reserved`. */
export interface Movement {
  readonly sku: string;
  readonly warehouse: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly incoming: number;
  readonly reason: MovementReason;
  /** What caused it: an order id, a receipt id or a supply request id. */
  readonly cause: string;
}

/** A movement that keeps `onHand` and changes what is reserved. */
export function reserving(allocation: Allocation, cause: string): Movement {
  return { ...place(allocation), onHand: 0, reserved: allocation.quantity, incoming: 0, reason: 'reserved', cause };
}

/** The undoing of `reserving`. */
export function releasing(allocation: Allocation, cause: string): Movement {
  return { ...place(allocation), onHand: 0, reserved: -allocation.quantity, incoming: 0, reason: 'released', cause };
}

/** A reservation that left the shelf: packing spends the order's own reservation. */
export function packing(allocation: Allocation, cause: string): Movement {
  return { ...place(allocation), onHand: -allocation.quantity, reserved: -allocation.quantity, incoming: 0, reason: 'packed', cause };
}

/** Units that arrived; those that were asked for are no longer incoming. */
export function receiving(arrived: Allocation, incoming: number, cause: string): Movement {
  return { ...place(arrived), onHand: arrived.quantity, reserved: 0, incoming: -incoming, reason: 'received', cause };
}

function place(allocation: Allocation): Pick<Movement, 'sku' | 'warehouse'> {
  return { sku: allocation.sku, warehouse: allocation.warehouse };
}

/** Available units by SKU and warehouse, as read a moment ago; allocation draws on it and puts back. */
export class StockView {
  readonly #available = new Map<string, number>();

  constructor(stock: Iterable<Pick<Stock, 'sku' | 'warehouse' | 'available'>>) {
    for (const { sku, warehouse, available } of stock) this.#available.set(`${warehouse} ${sku}`, available);
  }

  available(sku: string, warehouse: string): number {
    return this.#available.get(`${warehouse} ${sku}`) ?? 0;
  }

  move(movement: Movement): void {
    const { sku, warehouse, onHand, reserved } = movement;
    this.#available.set(`${warehouse} ${sku}`, this.available(sku, warehouse) + onHand - reserved);
  }
}

/**
 * Finds one warehouse, in the client's order of preference, that has every unit an order needs.
 * @returns the allocations, or undefined when no warehouse can ship the order whole: nothing is promised then
 */
export function allocate(demand: readonly Demand[], warehouses: readonly string[], stock: StockView): Allocation[] | undefined {
  const warehouse = warehouses.find((id) => demand.every(({ sku, quantity }) => stock.available(sku, id) >= quantity));
  return warehouse === undefined ? undefined : demand.map(({ sku, quantity }) => ({ sku, warehouse, quantity }));
}

/** Adds movements up per SKU and warehouse, so that one counter is written once. */
export function netMovements(movements: readonly Movement[]): Map<string, Pick<Movement, 'sku' | 'warehouse' | 'onHand' | 'reserved' | 'incoming'>> {
  const net = new Map<string, Pick<Movement, 'sku' | 'warehouse' | 'onHand' | 'reserved' | 'incoming'>>();
  for (const { sku, warehouse, onHand, reserved, incoming } of movements) {
    const key = `${warehouse} ${sku}`;
    const sum = net.get(key) ?? { sku, warehouse, onHand: 0, reserved: 0, incoming: 0 };
    net.set(key, { sku, warehouse, onHand: sum.onHand + onHand, reserved: sum.reserved + reserved, incoming: sum.incoming + incoming });
  }
  return net;
}

/** One line of the ledger: what moved a counter, in one transaction with it. */
export interface LedgerEntry {
  readonly entity: 'ledger';
  readonly sku: string;
  readonly warehouse: string;
  readonly at: string;
  readonly by: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly incoming: number;
  /** The movements that add up to the deltas: reason, cause, and the units of `onHand` and `reserved`. */
  readonly movements: readonly { readonly reason: MovementReason; readonly cause: string; readonly onHand: number; readonly reserved: number }[];
}

/** A request to a plant to supply a SKU to a warehouse. At most one is open per plant, SKU and warehouse. */
export interface SupplyRequest {
  readonly entity: 'supply';
  readonly requestId: string;
  readonly plant: string;
  readonly sku: string;
  readonly warehouse: string;
  readonly status: 'open' | 'received';
  readonly quantity: number;
  readonly received: number;
  /** The figures that led to the request, in units and units a day. */
  readonly basis: {
    readonly onHand: number;
    readonly reserved: number;
    readonly available: number;
    readonly incoming: number;
    readonly dailyUse: number;
    readonly point: number;
    readonly upTo: number;
    readonly multiple: number;
  };
  readonly requestedAt: string;
  /** The day by which it should arrive, from the plant's lead time: `2026-11-29`. */
  readonly needBy: string;
  readonly version: number;
  readonly change: Change;
}

/**
 * How many units to ask a plant for: what is missing to the order-up-to level, in the plant's multiples.
 * @returns undefined when available stock is above the reorder point
 * @see https://en.wikipedia.org/wiki/Reorder_point an (s, S) policy; what is incoming counts towards S
 */
export function supplyNeed(stock: Pick<Stock, 'available' | 'incoming'>, reorder: Reorder): number | undefined {
  if (stock.available > reorder.point) return undefined;
  const missing = reorder.upTo - stock.available - stock.incoming;
  return missing <= 0 ? undefined : Math.ceil(missing / reorder.multiple) * reorder.multiple;
}

/** Units used a day: what was reserved, less what was released, over the days that the ledger covers (at least one, at most `days`). */
export function dailyUse(entries: readonly Pick<LedgerEntry, 'at' | 'movements'>[], now: Date, days: number): number {
  const first = [now.toISOString(), ...entries.map((entry) => entry.at)].sort()[0] ?? '';
  const covered = Math.min(days, Math.max(1, (now.getTime() - Date.parse(first)) / 86_400_000));
  const used = entries.flatMap((entry) => entry.movements).reduce((sum, { reason, reserved }) => (reason === 'reserved' || reason === 'released' ? sum + reserved : sum), 0);
  return Math.max(0, Math.round((used / covered) * 10) / 10);
}

/** Draws up a supply request with the figures it rests on, or undefined when stock is above the reorder point. */
export function requestSupply(
  stock: Stock,
  product: Product,
  plant: Plant,
  context: { readonly requestId: string; readonly dailyUse: number; readonly now: Date; readonly version: number },
): SupplyRequest | undefined {
  const quantity = supplyNeed(stock, product.reorder);
  if (quantity === undefined) return undefined;
  const at = context.now.toISOString();
  return {
    entity: 'supply',
    requestId: context.requestId,
    plant: plant.id,
    sku: stock.sku,
    warehouse: stock.warehouse,
    status: 'open',
    quantity,
    received: 0,
    basis: { onHand: stock.onHand, reserved: stock.reserved, available: stock.available, incoming: stock.incoming, dailyUse: context.dailyUse, ...product.reorder },
    requestedAt: at,
    needBy: new Date(context.now.getTime() + plant.leadTimeDays * 86_400_000).toISOString().slice(0, 10),
    version: context.version,
    change: { type: 'supply.requested', at, by: 'hub', reason: `available ${stock.available} is at or below the reorder point ${product.reorder.point}` },
  };
}

/** A supply request before and after units arrived for it, and how many of them had been counted as incoming. */
export interface Answered {
  readonly before: SupplyRequest;
  readonly after: SupplyRequest;
  readonly incoming: number;
}

/** Books units that arrived against a supply request. @returns undefined when none is open */
export function answerSupply(request: SupplyRequest | undefined, quantity: number, act: { readonly by: string; readonly now: Date }): Answered | undefined {
  if (request?.status !== 'open') return undefined;
  const received = request.received + quantity;
  const status = received >= request.quantity ? 'received' : 'open';
  const change: Change = { type: 'supply.received', at: act.now.toISOString(), by: act.by, reason: `${received} of ${request.quantity} units are here` };
  return { before: request, after: { ...request, received, status, version: request.version + 1, change }, incoming: Math.min(quantity, request.quantity - request.received) };
}
