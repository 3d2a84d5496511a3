import type { Client } from '../../../core/client.ts';
import type { CustomShop } from '../../simulators/custom.ts';
import type { Easypost } from '../../simulators/easypost.ts';
import type { Outbox } from '../../simulators/outbox.ts';
import type { ShopifyShop } from '../../simulators/shopify.ts';
import type { BadInput } from '../bad-input.ts';
import type { Deed, Seen } from '../diary.ts';
import type { Plan } from '../plan.ts';
import type { Snapshot } from '../snapshot.ts';

/** Something that must hold when the day is over. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** The numbers it rests on, in a few words. */
  readonly figures: string;
  /** What is wrong, worst first; empty when it holds. */
  readonly faults: readonly string[];
}

/** The whole day, as its plan, its vendors and the hub see it. */
export interface Evidence {
  readonly client: Client;
  readonly plan: Plan;
  /** What the vendors remember. */
  readonly vendors: {
    readonly outbox: Pick<Outbox, 'open' | 'counts'>;
    readonly easypost: Pick<Easypost, 'charges' | 'refunds'>;
    readonly shopify: Pick<ShopifyShop, 'fulfilments'> & { readonly inventory: Pick<ShopifyShop['inventory'], 'available'> };
    readonly custom: Pick<CustomShop, 'notes' | 'refused' | 'offered'>;
  };
  readonly shop: string;
  readonly snapshot: Snapshot;
  readonly seen: Readonly<Record<'events' | 'customers' | 'plants' | 'reports', readonly Seen[]>>;
  readonly badInputs: readonly { readonly input: BadInput; readonly deed: Deed | undefined }[];
  /** Deeds that got another answer than 2xx, by people and plants. */
  readonly refusedDeeds: readonly Deed[];
  /** How often this day was cut off and went on: each may repeat what was in flight. */
  readonly restarts: number;
}

/** A check from what is wrong. */
export function check(name: string, figures: string, faults: readonly string[]): Check {
  return { name, ok: faults.length === 0, figures, faults };
}

/** What is expected and absent, and what is there and not expected, each as a fault. */
export function differences(expected: ReadonlySet<string>, actual: ReadonlySet<string>): string[] {
  return [...[...expected.difference(actual)].map((name) => `missing: ${name}`), ...[...actual.difference(expected)].map((name) => `not expected: ${name}`)];
}

/** Values that occur more than once. */
export function repeated(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([value, count]) => `${value} occurs ${count} times`);
}

/** Adds numbers up by key. */
export function sums<Item>(items: readonly Item[], key: (item: Item) => string, amount: (item: Item) => number): Map<string, number> {
  const totals = new Map<string, number>();
  for (const item of items) totals.set(key(item), (totals.get(key(item)) ?? 0) + amount(item));
  return totals;
}
