import type { Change } from './change.ts';
import type { Plant, Product, Reorder } from './client.ts';
import type { LedgerEntry, Stock } from './inventory.ts';

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
