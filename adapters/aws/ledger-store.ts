import { type LedgerEntry, placeKey } from '../../core/inventory.ts';
import { type CheckedStock, type Folded, fold, foldInto } from '../../core/stock-check.ts';
import type { Key, Table } from './table.ts';

/** A SKU in a warehouse, with all its lots: what one stretch of the ledger is about. */
export interface Site {
  readonly sku: string;
  readonly warehouse: string;
}

/** What the ledger of a site adds up to, before an instant. */
export interface Ledger {
  /** UTC instant; empty where nothing has been read. */
  readonly until: string;
  /** By `placeKey`. */
  readonly sums: ReadonlyMap<string, Folded>;
  /** Units by `placeKey` and order, where they are not 0; only of the entries that were read. */
  readonly reserved: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** How many entries were read. */
  readonly entries: number;
}

/** The ledger of a site before anything has been read of it. */
export const UNREAD: Ledger = { until: '', sums: new Map(), reserved: new Map(), entries: 0 };

/** What a site's ledger added up to when it was last checked, so that a check need not read the whole of it. */
interface Checkpoint {
  readonly entity: 'stock-check';
  readonly until: string;
  readonly sums: readonly Folded[];
}

// Entries carry the instant at which somebody began to write them: no writer takes as long as this.
const SETTLED_MS = 3_600_000;

/**
 * Reads on in the ledger of a site, strongly consistent.
 * @param from what has been read before
 * @returns the whole of it, and the part that nothing can be added to any more
 */
export async function readOn(table: Table, { sku, warehouse }: Site, from: Ledger, now: Date): Promise<{ readonly whole: Ledger; readonly settled: Ledger }> {
  const before = new Date(now.getTime() - SETTLED_MS).toISOString();
  const until = [before, from.until].sort().at(-1) ?? before;
  const range = {
    KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':partition': `S#${sku}`, ':from': `L#${warehouse}#${from.until}`, ':to': `L#${warehouse}#~` },
    ConsistentRead: true,
  };
  const settled = copyOf(from);
  const young: LedgerEntry[] = [];
  for await (const entry of table.query<LedgerEntry>(`S#${sku}`, '', 'ledger', range)) {
    if (entry.at < until) add(settled, entry);
    else young.push(entry);
  }
  const whole = copyOf(settled);
  for (const entry of young) add(whole, entry);
  return { whole: { ...whole, until: now.toISOString() }, settled: { ...settled, until } };
}

interface Sums {
  readonly sums: Map<string, Folded>;
  readonly reserved: Map<string, Map<string, number>>;
  entries: number;
}

function copyOf({ sums, reserved, entries }: Omit<Ledger, 'until'>): Sums {
  return { sums: new Map(sums), reserved: new Map([...reserved].map(([place, orders]) => [place, new Map(orders)])), entries };
}

function add(ledger: Sums, entry: LedgerEntry): void {
  foldInto(ledger.sums, entry);
  const orders = ledger.reserved.get(placeKey(entry)) ?? new Map<string, number>();
  for (const { cause, reserved } of entry.movements) {
    const units = (orders.get(cause) ?? 0) + reserved;
    if (units === 0) orders.delete(cause);
    else orders.set(cause, units);
  }
  ledger.reserved.set(placeKey(entry), orders);
  ledger.entries += 1;
}

function checkpointKey({ sku, warehouse }: Site): Key {
  return { PK: `S#${sku}`, SK: `CHECK#${warehouse}` };
}

/** Reads how far the ledger of a site has been checked. */
export async function readCheckpoint(table: Table, site: Site): Promise<Ledger> {
  const kept = await table.get<Checkpoint>(checkpointKey(site), 'stock-check');
  return kept === undefined ? UNREAD : { ...UNREAD, until: kept.until, sums: fold(kept.sums) };
}

/** Keeps how far the ledger of a site has been checked; any two that are kept are both right, so the last may win. */
export async function keepCheckpoint(table: Table, site: Site, { until, sums }: Ledger): Promise<void> {
  const kept: Checkpoint = { entity: 'stock-check', until, sums: [...sums.values()] };
  await table.putAll([{ ...checkpointKey(site), ...kept }]);
}

/** Reads the counters of a site and all its lots, strongly consistent. */
export async function readCounters(table: Table, { sku, warehouse }: Site): Promise<CheckedStock[]> {
  return await Array.fromAsync(
    table.query<CheckedStock>(`S#${sku}`, '', 'stock', {
      // No name of a warehouse goes on with a character before `#~`, so this is the warehouse and its lots alone.
      KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':partition': `S#${sku}`, ':from': `W#${warehouse}`, ':to': `W#${warehouse}#~` },
      ConsistentRead: true,
    }),
  );
}
