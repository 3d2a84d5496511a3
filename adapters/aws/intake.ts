import type { Client } from '../../core/client.ts';
import { needsHistory } from '../../core/customer.ts';
import { Unavailable } from '../../core/error.ts';
import { demandOf, fill, priorityOf, type Readings, takeIn } from '../../core/intake.ts';
import { usableAt } from '../../core/lot.ts';
import { missingUnits, type Order, type Saved, turnOf } from '../../core/order.ts';
import { compareVersions, idOf, type OrderDocument, sourceVersionOf } from '../../core/order-document.ts';
import { recallParcel } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { readHistory, rememberOrders } from './customer-store.ts';
import { decidedIn } from './decision-store.ts';
import { readLoads } from './load-store.ts';
import { numberRow } from './number-store.ts';
import { chunksOf, commit, type Decision, documentRow, readOrders } from './order-store.ts';
import { readParcels } from './parcel-store.ts';
import { readStock } from './stock-store.ts';
import type { Table } from './table.ts';
import { readQueue } from './waiting-store.ts';

/** What intake works with. */
export interface Intake {
  readonly table: Table;
  readonly client: Client;
  now(): Date;
  newId(): string;
}

/** A version of an order, and when the hub acknowledged it. */
export interface Arrival {
  readonly document: OrderDocument;
  /** UTC instant. */
  readonly receivedAt: string;
  /** Its storefront asks for it by the number that people know it by. */
  readonly asksByNumber?: boolean;
}

/** What became of a version of an order. */
export type Intaken = 'saved' | 'duplicate' | 'older';

const ROUNDS = 8;
/** Orders of one SKU that go into one transaction: it has 100 items, and the counter and its ledger entry take two. */
const LARGEST_CHUNK = 98;

/**
 * Takes in versions of orders, many to a transaction, so that a SKU everybody wants costs one write for all of them.
 * When a transaction is refused, because stock ran short or somebody was faster, its orders are decided again on fresh
 * readings, in smaller transactions. Orders that wait for stock already come first: what they would get is not given away.
 * @returns by document what became of it; one that is older than another of the same order in the batch is `older`
 * @throws Unavailable `order.contended`, with everything that was written kept: a repeat finds it a duplicate
 */
export async function takeInAll(intake: Intake, arrivals: readonly Arrival[]): Promise<Map<OrderDocument, Intaken>> {
  const results = new Map<OrderDocument, Intaken>();
  let pending = newestOf(arrivals, results);
  for (let round = 0; pending.length > 0; round++) {
    if (round === ROUNDS) throw new Unavailable('order.contended', `${pending.length} orders met others' writes ${ROUNDS} times.`);
    if (round > 0) await intake.table.backOff(round, 15);
    pending = await takeInRound(intake, pending, Math.max(1, LARGEST_CHUNK >> round), results);
  }
  return results;
}

/** Of several versions of one order only the newest is worth taking in; the order came with the first of them. */
function newestOf(arrivals: readonly Arrival[], results: Map<OrderDocument, Intaken>): Arrival[] {
  const newest = new Map<string, Arrival>();
  for (const arrival of arrivals) {
    const { document } = arrival;
    const other = newest.get(idOf(document));
    const age = other === undefined ? 1 : compareVersions(sourceVersionOf(document), sourceVersionOf(other.document));
    const receivedAt = other === undefined || arrival.receivedAt < other.receivedAt ? arrival.receivedAt : other.receivedAt;
    const winner = age > 0 ? document : (other?.document ?? document);
    newest.set(idOf(document), { ...arrival, document: winner, receivedAt });
    const loser = age > 0 ? other?.document : document;
    if (loser !== undefined) results.set(loser, age === 0 ? 'duplicate' : 'older');
  }
  return [...newest.values()];
}

/** @returns the arrivals whose transaction was refused */
async function takeInRound(intake: Intake, arrivals: readonly Arrival[], chunkSize: number, results: Map<OrderDocument, Intaken>): Promise<Arrival[]> {
  const { client, table } = intake;
  const documents = arrivals.map(({ document }) => document);
  const existing = await readOrders(table, documents.map(idOf));
  const readings = await readingsFor(intake, documents, existing);
  const decided = new Map<Decision, Arrival>();
  for (const arrival of inTurn(arrivals, existing, readings)) {
    const { document, receivedAt, asksByNumber = false } = arrival;
    const outcome = takeIn(document, existing.get(idOf(document)), readings, { by: document.connectionId, now: intake.now(), receivedAt });
    if (outcome.kind === 'unchanged') {
      results.set(document, outcome.why);
      continue;
    }
    const { decision: _, ...saved } = await withRecalls(table, outcome, intake.now());
    const days = client.policies.personalDataDays;
    const rows = [documentRow(document, intake.now(), days, decidedIn(outcome)), ...(asksByNumber ? [numberRow(document, intake.now(), days)] : [])];
    decided.set({ ...saved, rows }, arrival);
  }
  const refused: Arrival[] = [];
  // One after the other: two of them may want the same counter, and would cancel each other.
  for (const chunk of chunksOf([...decided.keys()], chunkSize)) refused.push(...(await commitChunk(chunk)));
  return refused;

  async function commitChunk(chunk: Decision[]): Promise<Arrival[]> {
    const own = chunk.flatMap((decision) => decided.get(decision) ?? []);
    const posting = { by: 'hub', now: intake.now(), reference: intake.newId(), reason: `${chunk.length} orders taken in` };
    if (!(await commit(table, chunk, posting))) return own;
    for (const { document } of own) results.set(document, 'saved');
    return [];
  }
}

/** Urgent orders first, then those that came first. */
function inTurn(arrivals: readonly Arrival[], existing: ReadonlyMap<string, Order>, readings: Readings): Arrival[] {
  const turns = new Map(
    arrivals.map((arrival) => {
      const order = existing.get(idOf(arrival.document));
      return [arrival, order === undefined ? `${9 - priorityOf(arrival.document, readings)}|${arrival.receivedAt}` : turnOf(order)];
    }),
  );
  return arrivals.toSorted((a, b) => compare(turns.get(a) ?? '', turns.get(b) ?? ''));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Parcels that a decision calls back go with it, in its transaction. */
async function withRecalls(table: Table, saved: Saved, now: Date): Promise<Decision> {
  const { recalls = [], order } = saved;
  if (recalls.length === 0) return saved;
  const parcels = (await readParcels(table, order.orderId)).filter(({ parcel }) => recalls.includes(parcel));
  return { ...saved, parcels: parcels.map((parcel) => recallParcel(parcel, order.change.reason, { by: order.change.by, now })) };
}

/** Reads what the decisions about these documents rest on, less what orders that wait already would get. */
async function readingsFor(intake: Intake, documents: readonly OrderDocument[], existing: ReadonlyMap<string, Order>): Promise<Readings> {
  const { client } = intake;
  const wanted = new Set(documents.flatMap((document) => demandOf(document, existing.get(idOf(document)), client).map(({ sku }) => sku)));
  const had = [...existing.values()].flatMap((order) => order.allocations.map(({ sku }) => sku));
  const readings = await readingsOf(intake, [...wanted, ...had], documents);
  await serveWaiting(intake, wanted, new Set(documents.map(idOf)), readings);
  return readings;
}

/** Reads stock, the load of warehouses and, where rules ask for it, what is known of the customers. */
export async function readingsOf({ table, client, now }: Omit<Intake, 'newId'>, skus: Iterable<string>, documents: readonly OrderDocument[] = []): Promise<Readings> {
  const asksHistory = documents.length > 0 && needsHistory(client);
  // Before it is read, so that two orders of one customer at once cannot miss each other.
  if (asksHistory) await rememberOrders(table, documents, now(), client.policies.personalDataDays);
  const [stock, load, history] = await Promise.all([
    readStock(table, skus, client),
    readLoads(table, client, now()),
    asksHistory ? readHistory(table, documents, now()) : new Map<string, never>(),
  ]);
  return { client, stock: new StockView(stock, usableAt(client, now())), load, history };
}

/** How many orders that wait for a SKU are served before a new one gets any of it. */
const SERVED_FIRST = 100;

/** Draws the readings down by what orders that wait would get, so that a newcomer does not take it between its arrival and their turn. */
async function serveWaiting(intake: Intake, skus: ReadonlySet<string>, own: ReadonlySet<string>, readings: Readings): Promise<void> {
  const { table, client } = intake;
  const there = [...skus].filter((sku) => client.warehouses.some(({ id }) => readings.stock.available(sku, id) > 0));
  const queues = await Promise.all(there.map((sku) => readQueue(table, sku)));
  const waiters = queues.flatMap((queue) => queue.waiters.slice(0, SERVED_FIRST)).filter(({ orderId }) => !own.has(orderId));
  if (waiters.length === 0) return;
  const orders = [...(await readOrders(table, new Set(waiters.map(({ orderId }) => orderId)))).values()].filter((order) => missingUnits(order).length > 0);
  const act = { by: 'hub', now: intake.now() };
  const others = orders.flatMap((order) => missingUnits(order).map(({ sku }) => sku)).filter((sku) => !skus.has(sku));
  for (const stock of await readStock(table, others, client)) readings.stock.add(stock);
  for (const order of orders.toSorted((a, b) => compare(turnOf(a), turnOf(b)))) fill(order, readings, act);
}
