import { type Entry, placeOf } from './booking.ts';
import { placeKey } from './inventory.ts';

/** Entries that are booked in one transaction, with where each stood in the list. */
export interface Chunk {
  readonly entries: readonly Entry[];
  readonly indexes: readonly number[];
}

/** Items that entries of a chunk may write; the rest of a transaction's 100 is for the chunk's own row and for orders that give up units. */
const ITEMS = { receipt: 96, adjustment: 80, transfer: 96, count: 80, return: 96, inspection: 96 } as const;
/** Rows of a chunk: what they say is kept with it, and an item holds 400 KB. */
const ROWS = 500;

/**
 * Shares entries out over transactions, so that few of them meet: goods of one SKU stay together as far as they fit. It follows from the
 * entries alone, so that a run that died half-way and the next one share out alike.
 * @returns lanes: chunks of one lane write the same counters and go one after the other, those of different lanes do not meet
 */
export function lanesOf(entries: readonly Entry[]): Chunk[][] {
  const most = ITEMS[entries[0]?.kind ?? 'receipt'];
  const bySku = [...Map.groupBy(entries.keys(), (index) => entries[index]?.sku ?? '')].sort(([a], [b]) => (a < b ? -1 : 1));
  const lanes: number[][][] = [];
  let open: number[] = [];
  let items = 0;
  for (const [, indexes] of bySku) {
    const own = itemsIn(indexes.flatMap((index) => entries[index] ?? []));
    if (open.length > 0 && (items + own > most || open.length + indexes.length > ROWS)) {
      lanes.push([open]);
      open = [];
      items = 0;
    }
    if (own > most || indexes.length > ROWS) {
      lanes.push(split(indexes, entries, most));
    } else {
      open.push(...indexes);
      items += own;
    }
  }
  if (open.length > 0) lanes.push([open]);
  return lanes.map((lane) => lane.map((indexes) => ({ indexes, entries: indexes.flatMap((index) => entries[index] ?? []) })));
}

/** Entries of one SKU that are too many for one transaction; those of one place stay together as far as they fit. */
function split(indexes: readonly number[], entries: readonly Entry[], most: number): number[][] {
  const chunks: number[][] = [];
  let open: number[] = [];
  let names = new Map<string, number>();
  for (const index of indexes.toSorted((a, b) => (nameAt(a) < nameAt(b) ? -1 : nameAt(a) > nameAt(b) ? 1 : a - b))) {
    const own = entries[index] === undefined ? [] : itemsOf(entries[index]);
    const more = new Map([...names, ...own]);
    if (sum(more) > most || open.length === ROWS) {
      chunks.push(open);
      open = [];
      names = new Map(own);
    } else {
      names = more;
    }
    open.push(index);
  }
  return [...chunks, open];

  function nameAt(index: number): string {
    const entry = entries[index];
    return entry === undefined ? '' : placeKey(placeOf(entry));
  }
}

function itemsIn(entries: readonly Entry[]): number {
  return sum(new Map(entries.flatMap(itemsOf)));
}

function sum(items: ReadonlyMap<string, number>): number {
  return [...items.values()].reduce((total, one) => total + one, 0);
}

/** What an entry writes, by name, with the number of items: a counter and its ledger entry, a request, a transfer, an order. */
function itemsOf(entry: Entry): [name: string, items: number][] {
  const { sku, lot } = entry;
  const place = placeKey(placeOf(entry));
  const writes: [string, number][] = [[place, 2]];
  switch (entry.kind) {
    case 'receipt':
      // What is still to come of goods that are kept by lot stands at a counter of its own.
      if (lot !== undefined) writes.push([placeKey({ sku, warehouse: entry.warehouse }), 2]);
      if (entry.against !== 'free') writes.push([`${entry.against} ${entry.transferId ?? ''} ${place}`, 1]);
      return writes;
    case 'transfer':
      return [...writes, [placeKey({ sku, warehouse: entry.to }), 2], [`transfer ${entry.transferId} ${lot ?? ''}`, 1]];
    case 'return':
      return [...writes, [`order ${entry.orderId}`, 1]];
    case 'adjustment':
    case 'count':
    case 'inspection':
      return writes;
    default:
      return entry satisfies never;
  }
}
