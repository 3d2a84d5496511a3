import { type Booking, digestOf, type Entry, entriesOf, type Fault, faultsOf } from '../../core/booking.ts';
import type { BookedLine, BookingContext, Plan } from '../../core/booking-desk.ts';
import { movementsOf } from '../../core/booking-plan.ts';
import { type Client, productOf } from '../../core/client.ts';
import { type Refused, Rejected, refused, Unavailable } from '../../core/error.ts';
import { placeKey } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import { chunksOf, commit, decisionWrites, readOrders, TRANSACTION_ITEMS, writeHints } from './order-store.ts';
import { giveUps } from './shortfall.ts';
import { type Posting, readStock, stockKey, stockWrites } from './stock-store.ts';
import { readSupplies, supplyPut } from './supply-store.ts';
import type { Key, Table } from './table.ts';
import { readTransfers, transferPut } from './transfer-store.ts';

/** One item of a transaction. */
export type Write = Parameters<Table['transact']>[0][number];

/** What bookings are written with. */
export interface Books {
  readonly table: Table;
  readonly client: Client;
  /** A ULID. */
  newId(): string;
}

/** What became of a booking: done now, or done before under the same id. */
export interface Booked {
  readonly kind: 'booked';
  readonly booked: 'now' | 'already';
  readonly lines: readonly BookedLine[];
}

/** What is kept of a booking, so that a repeat of it is known. */
interface BookingRow {
  readonly entity: 'booking';
  readonly digest: string;
  readonly lines: readonly BookedLine[];
}

/** What first counts found that was too much for one count. */
interface FirstCounts {
  readonly entity: 'first-counts';
  readonly differences: Readonly<Record<string, number>>;
}

const ATTEMPTS = 8;
const FIRST_COUNT_DAYS = 14;

/**
 * Books what moved, in one transaction: counters, ledger, the requests, transfers and orders it is about, and the booking itself.
 * Units that are reserved and turn out not to be there are given up by the orders that would be served last.
 * @returns a refusal, with nothing booked, when stock does not allow it, or when another booking has its id
 * @throws Rejected `inventory.*` naming the field and the value that cannot be booked; Unavailable `inventory.contended`
 */
export async function book(booking: Booking, books: Books, act: Act): Promise<Booked | Refused> {
  const { kind, id } = booking;
  const entries = entriesOf(booking);
  rejectFaults(faultsOf(entries, books.client));
  const key: Key = { PK: `BOOKING#${kind}#${id}`, SK: 'BOOKING' };
  const digest = digestOf(booking);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await earlier(booking, key, digest, books.table);
    if (before !== undefined) return before;
    const plan = movementsOf(entries, await readContext(entries, id, books, act, await firstCounts(booking, books.table)));
    // What refuses it may be the booking itself, done meanwhile by another sending of it.
    if (plan.refusals.length > 0) return (await earlier(booking, key, digest, books.table)) ?? (await refuse(booking, plan, books, act));
    const row = { ...key, entity: 'booking', kind, id, digest, lines: plan.lines, ...('reason' in booking && { reason: booking.reason }), at: act.now.toISOString(), by: act.by };
    const posting = postingOf(plan, books, act, 'reason' in booking ? `${kind} ${id}: ${booking.reason}` : `${kind} ${id}`);
    const written = await post(plan, [{ Put: { TableName: books.table.name, Item: row, ConditionExpression: 'attribute_not_exists(PK)' } }], books, posting);
    if (written) return { kind: 'booked', booked: 'now', lines: plan.lines };
  }
  throw contended(`${kind} ${id}`);
}

/** What became of an earlier booking under the same id. */
async function earlier({ kind, id }: Booking, key: Key, digest: string, table: Table): Promise<Booked | Refused | undefined> {
  const before = await table.get<BookingRow>(key, 'booking');
  if (before === undefined) return undefined;
  if (before.digest === digest) return { kind: 'booked', booked: 'already', lines: before.lines };
  return refused('inventory.booked-differently', `Another ${kind} is booked as ${JSON.stringify(id)}; give this one an id of its own.`);
}

/** Says that others wrote again and again what was to be written. */
export function contended(what: string): Unavailable {
  return new Unavailable('inventory.contended', `${what} met others' writes ${ATTEMPTS} times and is not booked; send it again.`, { retryAfterSeconds: 1 });
}

function rejectFaults(faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new Rejected(first.code, `${listed(faults)} Nothing was booked.`, { seen: first.message.slice(0, 80) });
}

/** Faults of a booking's lines, for a person: the first few, and how many more there are. */
function listed(faults: readonly Fault[]): string {
  const more = faults.length > 5 ? ` And ${faults.length - 5} more.` : '';
  return `${faults
    .slice(0, 5)
    .map(({ index, field, message }) => `lines.${index}.${field}: ${message}`)
    .join('; ')}.${more}`;
}

async function refuse(booking: Booking, { refusals, differences }: Plan, { table }: Books, act: Act): Promise<Refused> {
  if (differences.size > 0) {
    const expiresAt = Math.floor(act.now.getTime() / 1000) + FIRST_COUNT_DAYS * 86_400;
    await table.putAll([{ ...firstCountsKey(booking), entity: 'first-counts', differences: Object.fromEntries(differences), by: act.by, at: act.now.toISOString(), expiresAt }]);
  }
  return refused(refusals[0]?.code ?? 'inventory.refused', `${listed(refusals)} Nothing was booked.`);
}

function firstCountsKey({ id }: Pick<Booking, 'id'>): Key {
  return { PK: `BOOKING#count#${id}`, SK: 'FIRST' };
}

async function firstCounts(booking: Booking, table: Table): Promise<ReadonlyMap<string, number>> {
  if (booking.kind !== 'count' || !booking.recount) return new Map();
  const row = await table.get<FirstCounts>(firstCountsKey(booking), 'first-counts');
  return new Map(Object.entries(row?.differences ?? {}));
}

/** Reads what entries are booked on. */
export async function readContext(
  entries: readonly Entry[],
  cause: string,
  { table, client }: Books,
  act: Act,
  counts: ReadonlyMap<string, number> = new Map(),
): Promise<BookingContext> {
  const slots = entries.flatMap((entry) => {
    const plant = productOf(client, entry.sku)?.plant;
    return entry.kind === 'receipt' && entry.against === 'request' && plant !== undefined ? [{ plant, sku: entry.sku, warehouse: entry.warehouse }] : [];
  });
  const goods = entries.flatMap((entry) => {
    const { sku, lot } = entry;
    if (entry.kind === 'transfer') return [{ transferId: entry.transferId, to: entry.to, sku, lot }];
    return entry.kind === 'receipt' && entry.transferId !== undefined ? [{ transferId: entry.transferId, to: entry.warehouse, sku, lot }] : [];
  });
  const [stock, requests, transfers, orders] = await Promise.all([
    readStock(
      table,
      entries.map(({ sku }) => sku),
      client,
    ),
    readSupplies(
      table,
      distinct(slots, ({ plant, sku, warehouse }) => `${plant} ${warehouse} ${sku}`),
    ),
    readTransfers(table, goods),
    readOrders(
      table,
      entries.flatMap((entry) => (entry.kind === 'return' ? [entry.orderId] : [])),
    ),
  ]);
  return { client, act, cause, stock, requests, transfers, orders, firstCounts: counts };
}

function distinct<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

/** How a plan is written down: by whom, when, why. */
export function postingOf({ movements, expiries }: Pick<Plan, 'movements' | 'expiries'>, { client, newId }: Books, act: Act, reason: string): Posting {
  const received = movements.some((movement) => movement.reason === 'received');
  const reorderPoints = new Map(movements.map(({ sku }) => [sku, productOf(client, sku)?.reorder.point ?? 0]));
  return { by: act.by, now: act.now, reference: newId(), ...(received && { type: 'stock.received' as const }), reason: reason.slice(0, 250), reorderPoints, expiries };
}

/** What is written of a plan. */
type Written = Pick<Plan, 'movements' | 'requests' | 'transfers' | 'orders' | 'shortfalls' | 'counted' | 'expiries'>;

/**
 * Writes a plan and rows that go with it, all or nothing. Where more orders give up units than one transaction holds, they do so before.
 * @returns false when somebody else was faster: read again and plan again
 * @throws Rejected `inventory.booking-too-large`
 */
export async function post(plan: Written, rows: readonly Write[], { table, client, newId }: Books, posting: Posting): Promise<boolean> {
  const giving = plan.shortfalls.length > 0 ? await giveUps(table, plan.shortfalls, client, posting) : [];
  const saved = [...plan.orders, ...giving];
  const movements = [...plan.movements, ...saved.flatMap((one) => one.movements)];
  const writes = [
    ...rows,
    ...plan.requests.map(({ before, after }) => supplyPut(table, after, before)),
    ...plan.transfers.map((transfer) => transferPut(table, transfer)),
    ...decisionWrites(table, saved),
    ...guarded(stockWrites(table, movements, posting), plan),
  ];
  if (writes.length > TRANSACTION_ITEMS && giving.length === 0) {
    throw new Rejected('inventory.booking-too-large', `The booking would write ${writes.length} items, and ${TRANSACTION_ITEMS} go into one transaction; split it.`);
  }
  if (writes.length > TRANSACTION_ITEMS) {
    for (const chunk of chunksOf(giving, TRANSACTION_ITEMS)) await commit(table, chunk, { ...posting, reference: newId() });
    return false;
  }
  await writeHints(table, saved, posting);
  return (await table.transact(writes)).written;
}

/** Counters under conditions of their own: a count rests on what was on hand, and a lot has one last day. */
function guarded(writes: ReturnType<typeof stockWrites>, { movements, counted, expiries }: Pick<Plan, 'movements' | 'counted' | 'expiries'>): Write[] {
  const guards = new Map(movements.map((place) => [nameOf(stockKey(place)), { onHand: counted.get(placeKey(place)), expires: expiries.has(placeKey(place)) }]));
  return writes.map((write) => {
    const update = 'Update' in write ? write.Update : undefined;
    const { onHand, expires } = guards.get(update === undefined ? '' : nameOf(update.Key)) ?? {};
    if (update === undefined || (onHand === undefined && expires !== true)) return write;
    const conditions = [
      update.ConditionExpression,
      onHand === undefined ? undefined : onHand === 0 ? '(attribute_not_exists(onHand) OR onHand = :seen)' : 'onHand = :seen',
      expires ? '(attribute_not_exists(expiresOn) OR expiresOn = :expiresOn)' : undefined,
    ];
    const values = { ...update.ExpressionAttributeValues, ...(onHand !== undefined && { ':seen': onHand }) };
    return { Update: { ...update, ConditionExpression: conditions.filter((one) => one !== undefined).join(' AND '), ExpressionAttributeValues: values } };
  });
}

function nameOf({ PK, SK }: Key): string {
  return `${PK} ${SK}`;
}
