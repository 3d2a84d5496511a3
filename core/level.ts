import type { Client, StorefrontConnection } from './client.ts';
import type { Demand, Stock } from './inventory.ts';
import { explode } from './kit.ts';
import { usableAt } from './lot.ts';

/** What may be sold of a SKU, as one reading of its counters says; a kit's is made of its parts'. */
export interface Reading {
  readonly sku: string;
  /** Units that may be promised, in all warehouses, before any storefront's buffer. */
  readonly quantity: number;
  /** The versions of the counters, added up: rises with every movement, so that the later of two readings is known. */
  readonly counted: number;
  /** UTC instant of the last movement that it knows of; empty when there was none. */
  readonly at: string;
  /** Whose counters were read: the SKU itself, or a kit's parts. */
  readonly parts: readonly Demand[];
  /** What of the client file it was made with: readings of two different files have no common count. */
  readonly basis: string;
}

/** How much of a SKU a storefront connection was told of. One row per connection and SKU. */
export interface Level {
  readonly entity: 'level';
  readonly connectionId: string;
  readonly sku: string;
  /** `telling`: somebody was about to tell; whether the storefront has heard is not known. */
  readonly status: 'telling' | 'told';
  /** Units that the storefront heard of for sure; null when it was never told, or does not know the SKU. */
  readonly figure: number | null;
  /** Units that it is to hear of; the same as `figure` once it was told. */
  readonly wanted: number;
  /** Rises with every figure; the storefront is told it, and may drop what comes with a lower one. */
  readonly sequence: number;
  /** What is added to a reading's count to make the sequence, so that it goes on rising when the client file changes. */
  readonly offset: number;
  readonly basis: string;
  /** Until when a `telling` belongs to who began it, in milliseconds since 1970. */
  readonly leaseUntil: number;
  readonly version: number;
  /** UTC instant of the last time that it heard. */
  readonly toldAt?: string | undefined;
  /** Units that the storefront had when it was last read, where it can be read. */
  readonly theirs?: number | undefined;
  /** The last time that the storefront had more than we had told it: when, what we had told, what it had. */
  readonly drift?: { readonly at: string; readonly before: number | null; readonly theirs?: number | undefined } | undefined;
  /** UTC instant since which the storefront is known not to sell the SKU. */
  readonly unknownAt?: string | undefined;
}

/** What became of telling a storefront one figure. */
export interface Heard {
  readonly became: 'set' | 'drifted' | 'unknown';
  readonly theirs?: number | undefined;
}

/** What there is to do about a reading. */
export type Step =
  /** The storefront has heard this or something newer, or is to hear something newer. */
  | { readonly kind: 'known' }
  /** Nothing to tell; that a newer reading says the same is to be kept, so that no older one is told. */
  | { readonly kind: 'noted'; readonly level: Level }
  /** To be kept first, then told. */
  | { readonly kind: 'telling'; readonly level: Level }
  /** Somebody is telling it this or something older and has to end first. */
  | { readonly kind: 'busy' };

/** How long telling belongs to who began it, in milliseconds: longer than an invocation may live. */
const LEASE_MS = 60_000;

/** The SKUs whose counters must be read to know all that changed with these: they themselves, and all parts of kits that they are in. */
export function skusToRead(changed: ReadonlySet<string>, client: Client): Set<string> {
  return new Set([...changed, ...kitsWith(changed, client).flatMap(({ parts }) => parts.map(({ sku }) => sku))]);
}

/** What may be sold of the changed SKUs, and of every kit that they are in. */
export function readingsOf(changed: ReadonlySet<string>, stock: readonly Stock[], client: Client, now: Date): Reading[] {
  const usable = usableAt(client, now);
  const counters = Map.groupBy(stock, ({ sku }) => sku);
  const warehouses = client.warehouses.map(({ id }) => id).join(' ');
  const single = (sku: string) => ({ sku, parts: [{ sku, quantity: 1 }] });
  return [...[...changed].map(single), ...kitsWith(changed, client)].map(({ sku, parts }) => {
    const read = parts.flatMap((part) => counters.get(part.sku) ?? []);
    const unitsOf = (part: Demand) => (counters.get(part.sku) ?? []).reduce((sum, one) => (usable(one) ? sum + one.available : sum), 0);
    return {
      sku,
      quantity: Math.min(...parts.map((part) => Math.floor(unitsOf(part) / part.quantity))),
      counted: read.reduce((sum, { version }) => sum + version, 0),
      at:
        read
          .map(({ change }) => change.at)
          .sort()
          .at(-1) ?? '',
      parts,
      basis: `${warehouses} of ${parts.map((part) => `${part.quantity} ${part.sku}`).join(', ')}`,
    };
  });
}

function kitsWith(changed: ReadonlySet<string>, client: Client): { readonly sku: string; readonly parts: readonly Demand[] }[] {
  const kits = client.kits.map(({ sku }) => ({ sku, parts: explode([{ sku, quantity: 1 }], client, []).demand }));
  return kits.filter(({ sku, parts }) => !changed.has(sku) && parts.some((part) => changed.has(part.sku)));
}

/** The units of a SKU that a storefront is told of: without its buffer, and never less than none. */
export function sharedWith({ stock }: Pick<StorefrontConnection, 'stock'>, { sku, quantity }: Pick<Reading, 'sku' | 'quantity'>): number {
  const own = Object.hasOwn(stock.buffers, sku) ? stock.buffers[sku] : undefined;
  return Math.max(0, quantity - (own ?? stock.buffer));
}

/**
 * Decides what a reading means for a storefront. Whoever keeps the level it returns, on condition that the one it was given still
 * stands, can be sure that an older figure never follows a newer one.
 * @param level what stands; undefined when the storefront was never told of the SKU
 */
export function nextStep(level: Level | undefined, reading: Reading, connection: Pick<StorefrontConnection, 'id' | 'stock'>, now: Date): Step {
  const { sku, counted, basis } = reading;
  const wanted = sharedWith(connection, reading);
  const claim = { status: 'telling', leaseUntil: now.getTime() + LEASE_MS } as const;
  if (level === undefined) {
    const first = { entity: 'level', connectionId: connection.id, sku, figure: null, wanted, sequence: counted, offset: 0, basis, version: 1 } as const;
    return { kind: 'telling', level: { ...first, ...claim } };
  }
  const offset = level.basis === basis ? level.offset : Math.max(0, level.sequence + 1 - counted);
  const sequence = counted + offset;
  const kind = level.status === 'told' ? afterTelling(level, sequence, wanted) : duringTelling(level, sequence, now);
  if (kind === 'known' || kind === 'busy') return { kind };
  const next = { ...level, wanted, sequence, offset, basis, version: level.version + 1 };
  if (kind === 'noted') return { kind, level: next };
  // Of a figure whose telling broke off, nobody knows whether it arrived: the storefront may rightly have either.
  const figure = level.figure === null ? null : Math.max(level.figure, level.wanted);
  return { kind, level: { ...next, ...claim, figure } };
}

function afterTelling(level: Level, sequence: number, wanted: number): Step['kind'] {
  if (sequence <= level.sequence) return 'known';
  return level.figure === wanted ? 'noted' : 'telling';
}

function duringTelling(level: Level, sequence: number, now: Date): Step['kind'] {
  const isOwned = level.leaseUntil > now.getTime();
  if (sequence < level.sequence) return 'known';
  // Also for the same figure: whoever is telling it may die, and a message that was delivered twice comes back to nobody.
  return isOwned ? 'busy' : 'telling';
}

/** A level that the storefront has heard of. */
export function heard(level: Level, { became, theirs }: Heard, now: Date): Level {
  const at = now.toISOString();
  const { unknownAt = at, ...rest } = level;
  const told = { ...rest, status: 'told', leaseUntil: 0, version: level.version + 1 } as const;
  if (became === 'unknown') return { ...told, figure: null, unknownAt };
  const drift = became === 'drifted' ? { at, before: level.figure, theirs } : level.drift;
  return { ...told, figure: level.wanted, toldAt: at, theirs: theirs ?? level.theirs, drift };
}

/** A level whose telling failed: the next may try at once. */
export function unheard(level: Level): Level {
  return { ...level, leaseUntil: 0, version: level.version + 1 };
}

/**
 * Whether somebody but us raised a storefront's figure. Its own sales explain a fall, and a cancellation that it restocked, which
 * raises ours too, a rise as far as our own figure.
 * @param before units that we last told it; null when we never did
 */
export function hasDrifted(theirs: number, { before, quantity }: { readonly before: number | null; readonly quantity: number }): boolean {
  return before !== null && theirs > Math.max(before, quantity);
}
