import type { Client } from '../../core/client.ts';
import { needsHistory } from '../../core/customer.ts';
import { Rejected } from '../../core/error.ts';
import { orderIdOf } from '../../core/id.ts';
import { demandOf, takeIn } from '../../core/intake.ts';
import { hasContent, type Order, type OrderStatus } from '../../core/order.ts';
import { compareVersions, idOf, type OrderDocument, sourceVersionOf } from '../../core/order-document.ts';
import { differencesBetween, isNews, newestOf, type Rehearsed } from '../../core/replay.ts';
import { type Delivery, packDelivery } from '../delivery.ts';
import { readDelivery } from '../read-delivery.ts';
import type { Parsed, Reference } from '../storefront.ts';
import { readHistory } from './customer-store.ts';
import { type ArchiveRange, contentDigestOf, type Damage, readDeliveries } from './delivery-store.ts';
import { cancellationOf } from './gone.ts';
import { readingsOf } from './intake.ts';
import type { Outbox } from './message-queue.ts';
import type { Bucket } from './object-store.ts';
import { readDocumentIfKept, readOrders } from './order-store.ts';
import type { Table } from './table.ts';

/** What a replay works with. */
export interface Replaying {
  readonly table: Table;
  readonly client: Client;
  readonly archive: Pick<Bucket, 'list' | 'get'>;
  now(): Date;
  /** Hears from a reading or a sending that takes longer than a second. */
  progress(text: string): void;
}

/** What is replayed. */
export interface ReplayRange extends ArchiveRange {
  /** Only deliveries that are about this order. */
  readonly orderId?: string;
}

/** A delivery that says nothing of an order by itself. */
export interface OtherDelivery {
  /** UTC instant. */
  readonly receivedAt: string;
  /** `left out`: a request for a person's sake, or the end of a connection: done when it came, and not to be done again. */
  readonly outcome: 'unreadable' | 'would be fetched' | 'ignored' | 'left out';
  /** The reason, or what would be fetched. */
  readonly why: string;
}

/** What a replay would do. */
export interface Rehearsal {
  readonly deliveries: number;
  readonly repeats: number;
  readonly orders: readonly Rehearsed[];
  readonly others: readonly OtherDelivery[];
  readonly damaged: readonly Damage[];
  /** The deliveries that would do something, by digest, with the ids of the orders that are gone by them and were not heard of since. */
  readonly selected: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A kept delivery, as the code of today reads it. */
interface Reread {
  readonly digest: string;
  readonly receivedAt: string;
  readonly documents: readonly OrderDocument[];
  /** Ids of orders. */
  readonly gone: readonly string[];
}

/**
 * Reads what was kept once more, by the code of today, and says what taking it in would do to the orders as they stand: one after the other, by
 * the stock of now. Writes nothing.
 */
export async function rehearseReplay(replaying: Replaying, range: ReplayRange): Promise<Rehearsal> {
  const damaged: Damage[] = [];
  const seen = new Set<string>();
  const reread: Reread[] = [];
  const others: (OtherDelivery & { readonly digest: string })[] = [];
  const referred = new Set<string>();
  let [deliveries, distinct] = [0, 0];
  const tell = everySecond(replaying.progress);
  for await (const delivery of readDeliveries(replaying.archive, range, (damage) => damaged.push(damage))) {
    deliveries += 1;
    tell(() => `${figure(deliveries)} deliveries read`);
    const digest = contentDigestOf(delivery);
    if (seen.has(digest)) continue;
    seen.add(digest);
    const parsed = await readDelivery(delivery, replaying.client).catch(reasonOf);
    if (typeof parsed !== 'string' && parsed.kind === 'reference' && !isFirst(parsed.reference, referred)) continue;
    distinct += 1;
    if (typeof parsed !== 'string' && parsed.kind === 'orders') reread.push(rereadOf(delivery, digest, parsed));
    else others.push({ digest, receivedAt: delivery.receivedAt, ...otherOf(parsed) });
  }
  const named = reread.filter((one) => range.orderId === undefined || idsIn(one).includes(range.orderId));
  const known = await readOrders(replaying.table, named.flatMap(idsIn));
  const about = withoutOvertaken(named, known);
  const orders = await rehearseOrders(replaying, about, known, range.connectionId);
  const moving = new Set(orders.filter(({ after }) => after !== null).map(({ orderId }) => orderId));
  const shown = range.orderId === undefined ? others : [];
  const wanted = [...about.filter((one) => idsIn(one).some((orderId) => moving.has(orderId))), ...shown.filter(({ outcome }) => outcome === 'would be fetched')];
  const selected = new Map(wanted.map((one) => [one.digest, new Set('gone' in one ? one.gone : [])]));
  return { deliveries, repeats: deliveries - distinct, orders, others: shown.map(({ digest: _, ...other }) => other), damaged, selected };
}

/** What is only named is fetched once, however often it was named. */
function isFirst(reference: Reference, referred: Set<string>): boolean {
  const name = JSON.stringify([reference.what, reference.id]);
  if (referred.has(name)) return false;
  referred.add(name);
  return true;
}

function idsIn({ documents, gone }: Reread): string[] {
  return [...documents.map(idOf), ...gone];
}

function rereadOf({ connectionId, receivedAt }: Delivery, digest: string, { orders, gone = [] }: Extract<Parsed, { readonly kind: 'orders' }>): Reread {
  return { digest, receivedAt, documents: orders, gone: gone.map((sourceId) => orderIdOf(connectionId, sourceId)) };
}

/** Leaves out that an order is gone where anything was heard of it since: it may be there again. */
function withoutOvertaken(reread: readonly Reread[], known: ReadonlyMap<string, Order>): Reread[] {
  const heard = new Map([...known].map(([orderId, { change }]) => [orderId, change.at]));
  for (const { documents, receivedAt } of reread) for (const orderId of documents.map(idOf)) if (receivedAt > (heard.get(orderId) ?? '')) heard.set(orderId, receivedAt);
  return reread.map((one) => ({ ...one, gone: one.gone.filter((orderId) => (heard.get(orderId) ?? '') <= one.receivedAt) }));
}

/** Errors of ours say what cannot be read, without personal data; others may quote it. */
function reasonOf(error: unknown): string {
  return error instanceof Rejected ? `${error.code}: ${error.message}` : `a fault of the adapter: ${error instanceof Error ? error.name : typeof error}`;
}

function otherOf(parsed: Exclude<Parsed, { readonly kind: 'orders' }> | string): Pick<OtherDelivery, 'outcome' | 'why'> {
  if (typeof parsed === 'string') return { outcome: 'unreadable', why: parsed };
  switch (parsed.kind) {
    case 'reference':
      return { outcome: 'would be fetched', why: `${parsed.reference.what} ${parsed.reference.id}` };
    case 'ignored':
      return { outcome: 'ignored', why: parsed.reason };
    case 'privacy':
      return { outcome: 'left out', why: `a request for personal data (${parsed.request.wants})` };
    case 'ended':
      return { outcome: 'left out', why: `the end of the connection: ${parsed.reason}` };
    default:
      return parsed satisfies never;
  }
}

async function rehearseOrders(replaying: Replaying, reread: readonly Reread[], known: ReadonlyMap<string, Order>, connectionId: string): Promise<Rehearsed[]> {
  const { table } = replaying;
  const newest = new Map(newestOf(reread.flatMap(({ documents }) => documents)).map((document) => [idOf(document), document]));
  const cancellations = await Promise.all(reread.flatMap(({ gone }) => gone.map((orderId) => cancellationAfter(table, newest.get(orderId), known.get(orderId)))));
  const versions = newestOf([...newest.values(), ...cancellations.filter((document) => document !== undefined)]);
  const receivedAt = new Map(reread.toReversed().flatMap((one) => one.documents.map((document) => [idOf(document), one.receivedAt])));
  const current = new Map(await Promise.all(versions.map(async (document) => [idOf(document), await currentOf(table, known.get(idOf(document)))] as const)));
  const news = versions.filter((document) => isNews(document, known.get(idOf(document))) && current.get(idOf(document)) !== 'erased');
  const after = await statusesAfter(replaying, news, known, (document) => ({ by: connectionId, now: replaying.now(), receivedAt: receivedAt.get(idOf(document)) ?? '' }));
  return versions.map((document) => rehearsedOf(document, known.get(idOf(document)), current.get(idOf(document)), after.get(document) ?? null));
}

/** What intake makes of an order that is gone, once it has taken in its newest version. */
async function cancellationAfter(table: Table, newest: OrderDocument | undefined, order: Order | undefined): Promise<OrderDocument | undefined> {
  if (newest !== undefined && isNews(newest, order)) return newest.cancelled ? undefined : { ...newest, cancelled: true, sourceVersion: newest.sourceVersion + 1 };
  return order === undefined ? undefined : await cancellationOf(table, order);
}

async function currentOf(table: Table, order: Order | undefined): Promise<OrderDocument | 'erased' | undefined> {
  if (order === undefined) return undefined;
  return (await readDocumentIfKept(table, order)) ?? 'erased';
}

/** Decides the orders as intake would, and throws the decisions away. */
async function statusesAfter(
  replaying: Replaying,
  news: readonly OrderDocument[],
  known: ReadonlyMap<string, Order>,
  act: (document: OrderDocument) => Parameters<typeof takeIn>[3],
): Promise<Map<OrderDocument, OrderStatus>> {
  const { table, client, now } = replaying;
  const wanted = news.flatMap((document) => demandOf(document, known.get(idOf(document)), client).map(({ sku }) => sku));
  const had = news.flatMap((document) => known.get(idOf(document))?.allocations ?? []).map(({ sku }) => sku);
  const readings = await readingsOf(replaying, new Set([...wanted, ...had]));
  const history = needsHistory(client) ? await readHistory(table, news, now()) : readings.history;
  return new Map(
    news.flatMap((document) => {
      const outcome = takeIn(document, known.get(idOf(document)), { ...readings, history }, act(document));
      return outcome.kind === 'saved' ? [[document, outcome.order.status] as const] : [];
    }),
  );
}

function rehearsedOf(document: OrderDocument, order: Order | undefined, current: OrderDocument | 'erased' | undefined, after: OrderStatus | null): Rehearsed {
  const orderId = idOf(document);
  const before = order?.status ?? null;
  if (order === undefined) return { orderId, outcome: 'new', before, after, changes: [] };
  const source = sourceVersionOf(document);
  const age = compareVersions(source, order.source);
  // What a person corrected is a little newer than the version that they corrected.
  const isCorrected = source.version === order.source.version && hasContent(order, source.digest);
  if (age === 0 || isCorrected) return { orderId, outcome: 'known', before, after: null, changes: [] };
  if (current === 'erased' || current === undefined) return { orderId, outcome: age > 0 ? 'erased' : 'older', before, after: null, changes: [] };
  if (age > 0) return { orderId, outcome: 'would change', before, after, changes: differencesBetween(current, document) };
  // The clock of the storefront is the same, so that only another version of the order can replace the reading that the hub has.
  const reading =
    document.sourceVersion === order.source.version ? differencesBetween(current, document).map((change) => `read differently now, and kept as it is: ${change}`) : [];
  return { orderId, outcome: 'older', before, after: null, changes: reading };
}

const AT_A_TIME = 10;
/** Messages a second, so that a replay leaves room in the inbox for what comes in. */
const PACE = 100;

/**
 * Puts deliveries on the inbox again, oldest day first, as they came; but what a fetch found to be gone only where it is so still.
 * @returns how many were sent
 */
export async function sendReplay(
  { archive, progress }: Replaying,
  range: ReplayRange,
  selected: Rehearsal['selected'],
  inbox: Outbox,
  wait: (milliseconds: number) => Promise<void>,
): Promise<number> {
  const left = new Map(selected);
  const tell = everySecond(progress);
  let batch: string[] = [];
  for await (const delivery of readDeliveries(archive, range, () => {})) {
    const digest = contentDigestOf(delivery);
    const gone = left.get(digest);
    if (gone === undefined) continue;
    left.delete(digest);
    batch.push(packDelivery(withGone(delivery, gone)));
    if (batch.length < AT_A_TIME) continue;
    await inbox.send(batch);
    batch = [];
    tell(() => `sent ${figure(selected.size - left.size)} of ${figure(selected.size)}`);
    await wait((AT_A_TIME * 1_000) / PACE);
  }
  await inbox.send(batch);
  return selected.size - left.size;
}

function withGone(delivery: Delivery, gone: ReadonlySet<string>): Delivery {
  const { connectionId, absent } = delivery;
  return absent === undefined ? delivery : { ...delivery, absent: absent.filter((sourceId) => gone.has(orderIdOf(connectionId, sourceId))) };
}

function figure(count: number): string {
  return count.toLocaleString('en-GB');
}

/** Tells at most once a second. */
function everySecond(progress: (text: string) => void): (text: () => string) => void {
  let spoke = Date.now();
  return function tell(text) {
    if (Date.now() - spoke < 1_000) return;
    spoke = Date.now();
    progress(text());
  };
}
