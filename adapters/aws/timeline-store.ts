import type { Change, EventType } from '../../core/change.ts';
import type { Image } from '../../core/event.ts';
import type { Item, Key, Table } from './table.ts';

/** One line of an order's history: who, when, why, before and after. */
export interface TimelineEntry {
  readonly entity: 'timeline';
  readonly change: Change;
  /** `order`, or `parcel 1`. */
  readonly subject: string;
  readonly before: string;
  readonly after: string;
}

const MIRRORED: ReadonlySet<EventType> = new Set(['order.packed', 'order.dispatched', 'order.delivered']);

/**
 * The timeline row of a change, derived from the table's stream; the key makes a rewrite harmless.
 * Scans that leave a parcel's status as it was are kept as tracking events, not here.
 */
export function timelineRow(before: Image | undefined, after: Image): (Key & Item) | undefined {
  if (after.entity !== 'order' && after.entity !== 'parcel') return undefined;
  if (before?.version === after.version) return undefined;
  // The parcel's own row says the same of the same moment.
  if (MIRRORED.has(after.change.type)) return undefined;
  const scan = after.change.type === 'parcel.updated' && before?.entity === 'parcel' && before.status === after.status;
  if (scan) return undefined;
  const subject = after.entity === 'order' ? 'order' : `parcel ${after.parcel}`;
  const was = before?.entity === 'order' || before?.entity === 'parcel' ? before.status : '';
  const entry: TimelineEntry = { entity: 'timeline', change: after.change, subject, before: was, after: after.status };
  return { PK: `O#${after.orderId}`, SK: `T#${subject}#${String(after.version).padStart(5, '0')}`, ...entry };
}

/** Reads an order's timeline, oldest first. */
export async function readTimeline(table: Table, orderId: string): Promise<TimelineEntry[]> {
  const entries = await Array.fromAsync(table.query<TimelineEntry>(`O#${orderId}`, 'T#', 'timeline'));
  return entries.sort((a, b) => (a.change.at < b.change.at ? -1 : 1));
}
