import * as z from 'zod';
import type { Change } from './change.ts';
import { Sku, Slug } from './id.ts';

/** The producer's name of a batch of goods that expire together. */
export const LotName = z.string().regex(/^[A-Za-z0-9._-]{1,40}$/, { error: 'must be 1 to 40 letters, digits, dots, dashes and underscores' });

/** Where units of a SKU stand. Stock that is kept by lot has a place, and a counter, for each lot. */
export interface Place {
  readonly sku: string;
  readonly warehouse: string;
  readonly lot?: string | undefined;
}

/**
 * What one place has of one SKU, in units. Always `onHand = available + reserved + quarantined`, all four >= 0.
 * `incoming` is asked of a plant, or on its way from another warehouse, and not yet received. The reorder point is copied from the
 * client file when stock arrives.
 */
export interface Stock extends Place {
  readonly entity: 'stock';
  readonly onHand: number;
  readonly reserved: number;
  /** Damaged, returned and not inspected, or expired: on the shelf, and promised to nobody. */
  readonly quarantined: number;
  readonly available: number;
  readonly incoming: number;
  readonly reorderPoint: number;
  /** The last day of a lot's life, in the warehouse's time zone: `2026-11-22`. */
  readonly expiresOn?: string | undefined;
  readonly version: number;
  readonly change: Change;
}

/** Units of a SKU that an order needs. */
export interface Demand {
  readonly sku: string;
  readonly quantity: number;
}

/** Units of a SKU that an order has reserved in a place, with the last day of their lot where they are of one. */
export const Allocation = z.object({ sku: Sku, warehouse: Slug, lot: LotName.optional(), expiresOn: z.iso.date().optional(), quantity: z.int().min(1) });
export type Allocation = z.infer<typeof Allocation>;

/** Why stock moved. */
export type MovementReason =
  | 'reserved'
  | 'released'
  | 'packed'
  | 'unpacked'
  | 'requested'
  | 'received'
  | 'adjusted'
  | 'damaged'
  | 'expired'
  | 'sent'
  | 'counted'
  | 'returned'
  | 'restocked'
  | 'scrapped';

/** The counters that a movement changes, in units; deltas may be negative. `available` moves by `onHand - reserved - quarantined`. */
export interface Deltas {
  readonly onHand: number;
  readonly reserved: number;
  readonly quarantined: number;
  readonly incoming: number;
}

/** A change of one place's counters. */
export interface Movement extends Place, Deltas {
  readonly reason: MovementReason;
  /** What caused it: an order id, a booking id or a supply request id. */
  readonly cause: string;
}

/** A movement with the deltas that are given, and zero for the rest. */
export function moving(place: Place, deltas: Partial<Deltas>, reason: MovementReason, cause: string): Movement {
  const { sku, warehouse, lot } = place;
  return { sku, warehouse, ...(lot !== undefined && { lot }), onHand: 0, reserved: 0, quarantined: 0, incoming: 0, ...deltas, reason, cause };
}

/** A movement that keeps `onHand` and changes what is reserved. */
export function reserving(allocation: Allocation, cause: string): Movement {
  return moving(allocation, { reserved: allocation.quantity }, 'reserved', cause);
}

/** The undoing of `reserving`. */
export function releasing(allocation: Allocation, cause: string): Movement {
  return moving(allocation, { reserved: -allocation.quantity }, 'released', cause);
}

/** A reservation that left the shelf: packing spends the order's own reservation. */
export function packing(allocation: Allocation, cause: string): Movement {
  return moving(allocation, { onHand: -allocation.quantity, reserved: -allocation.quantity }, 'packed', cause);
}

/** Packed units that are back: in quarantine, until somebody has looked at them. */
export function unpacking(allocation: Allocation, cause: string): Movement {
  return moving(allocation, { onHand: allocation.quantity, quarantined: allocation.quantity }, 'unpacked', cause);
}

/** Units that arrived; those that were asked for are no longer incoming. */
export function receiving(arrived: Allocation, incoming: number, cause: string): Movement {
  return moving(arrived, { onHand: arrived.quantity, incoming: -incoming }, 'received', cause);
}

/** How much of a counter that may be promised moves with a movement. */
export function availableIn({ onHand, reserved, quarantined }: Pick<Deltas, 'onHand' | 'reserved' | 'quarantined'>): number {
  return onHand - reserved - quarantined;
}

/** The name of a place: unique, and the same for all who write to it. */
export function placeKey({ sku, warehouse, lot }: Place): string {
  return lot === undefined ? `${warehouse} ${sku}` : `${warehouse} ${sku}\n${lot}`;
}

/** Adds movements up per place, so that one counter is written once. */
export function netMovements(movements: readonly Movement[]): Map<string, Place & Deltas> {
  const net = new Map<string, Place & Deltas>();
  for (const movement of movements) {
    const key = placeKey(movement);
    const { onHand, reserved, quarantined, incoming } = net.get(key) ?? { onHand: 0, reserved: 0, quarantined: 0, incoming: 0 };
    const { sku, warehouse, lot } = movement;
    net.set(key, {
      sku,
      warehouse,
      ...(lot !== undefined && { lot }),
      onHand: onHand + movement.onHand,
      reserved: reserved + movement.reserved,
      quarantined: quarantined + movement.quarantined,
      incoming: incoming + movement.incoming,
    });
  }
  return net;
}

/** One line of the ledger: what moved a place's counters, in one transaction with them. */
export interface LedgerEntry extends Place, Deltas {
  readonly entity: 'ledger';
  readonly at: string;
  readonly by: string;
  /** The movements that add up to the deltas: reason, cause, and the units of `onHand`, `reserved` and `quarantined`. */
  readonly movements: readonly (Pick<Movement, 'reason' | 'cause' | 'onHand' | 'reserved'> & { readonly quarantined?: number })[];
}

/** Units of a SKU, added up over the entries of a list. */
export function unitsOf(list: readonly Demand[], sku: string): number {
  return list.reduce((sum, entry) => (entry.sku === sku ? sum + entry.quantity : sum), 0);
}

/** What is left of `wanted` when `given` is taken off; never less than nothing, and only what is more than nothing. */
export function lessUnits(wanted: readonly Demand[], given: readonly Demand[]): Demand[] {
  return wanted.map(({ sku, quantity }) => ({ sku, quantity: quantity - unitsOf(given, sku) })).filter(({ quantity }) => quantity > 0);
}

/** The same units with each SKU once, sorted by SKU. */
export function addUnits(list: readonly Demand[]): Demand[] {
  const units = new Map<string, number>();
  for (const { sku, quantity } of list) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return [...units].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
}
