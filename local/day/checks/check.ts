import * as z from 'zod';
import type { Client } from '../../../core/client.ts';
import type { HubEvent } from '../../../core/event.ts';
import type { Charge, PlayedCarrier } from '../../simulators/carrier.ts';
import type { Outbox } from '../../simulators/outbox.ts';
import type { PlayedShop } from '../../simulators/shop.ts';
import type { BadInput } from '../bad-input.ts';
import type { Deed, Seen } from '../diary.ts';
import type { Plan } from '../plan.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Storefront } from '../stage.ts';

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
    readonly outbox: Pick<Outbox, 'open' | 'counts' | 'acknowledged' | 'lost'>;
    /** By connection id. */
    readonly carriers: ReadonlyMap<string, Pick<PlayedCarrier, 'charges' | 'voids' | 'repeats' | 'manifested' | 'complaints'>>;
    /** By connection id. */
    readonly shops: ReadonlyMap<string, Pick<PlayedShop, 'orders' | 'available' | 'subscribed' | 'complaints'>>;
  };
  readonly storefronts: readonly Storefront[];
  /** Topics that were posted again after their storefront had ended them, by connection id. */
  readonly mended: ReadonlyMap<string, number>;
  readonly snapshot: Snapshot;
  readonly seen: Readonly<Record<'events' | 'customers' | 'plants' | 'reports', readonly Seen[]>>;
  readonly badInputs: readonly { readonly input: BadInput; readonly deed: Deed | undefined }[];
  /** Deeds that got another answer than 2xx, by people and plants. */
  readonly refusedDeeds: readonly Deed[];
  /** When a carrier was down. */
  readonly outage: { readonly carrierId: string; readonly begin: string | undefined; readonly end: string | undefined };
  /** How often this day was cut off and went on: each may repeat what was in flight. */
  readonly restarts: number;
}

/** Everything that carriers charged, with the connection that it was charged by. */
export function chargesOf({ carriers }: Pick<Evidence['vendors'], 'carriers'>): (Charge & { readonly carrierId: string })[] {
  return [...carriers].flatMap(([carrierId, carrier]) => carrier.charges().map((charge) => ({ ...charge, carrierId })));
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

/** What the hub writes of a version that says nothing new. */
const REPEATED = 'the storefront repeats what is known';
const TAKEN_IN = ['order.accepted', 'order.changed', 'order.noted', 'order.cancelled', 'order.closed'];

/** Whether an event tells that a version of an order was taken in, and that it said something new: what the hub notes by itself is none. */
export function takesIn(event: HubEvent): event is Extract<HubEvent, { entity: 'order' }> {
  return isBySource(event) && TAKEN_IN.includes(event.type) && event.reason !== REPEATED;
}

/** Whether an event tells of a version that said nothing new, as when a storefront repeats what we told it. */
export function isEcho(event: HubEvent): boolean {
  return isBySource(event) && event.reason === REPEATED;
}

function isBySource(event: HubEvent): boolean {
  return event.entity === 'order' && event.by === event.order.connectionId;
}

/** Orders that readings found new or changed, by the hub's own log. */
export function readOrders({ logs }: Pick<Snapshot, 'logs'>): Set<string> {
  return new Set(countsIn(logs, 'foundByPoll', Found).flatMap(({ orders }) => orders.split(' ')));
}

/** How many deliveries of a storefront the hub refused because it knew their version, or a newer one. */
export function duplicatesRefused({ logs }: Pick<Snapshot, 'logs'>): number {
  return countsIn(logs, 'duplicateRefused', z.object({ duplicateRefused: z.int() })).reduce((sum, { duplicateRefused }) => sum + duplicateRefused, 0);
}

const Found = z.object({ orders: z.string() });

function countsIn<Line>(logs: Snapshot['logs'], metric: string, shape: z.ZodType<Line>): Line[] {
  const lines = [...logs.values()].flatMap((content) => content.split('\n'));
  return lines.filter((line) => line.startsWith('{') && line.includes(`"message":"${metric}"`)).map((line) => shape.parse(JSON.parse(line)));
}
