import type { Client } from '../../core/client.ts';
import { Unavailable } from '../../core/error.ts';
import { StockView } from '../../core/inventory.ts';
import { compareVersions, demandOf, idOf, type Order, type OrderDocument, type Saved, sourceVersionOf, takeIn } from '../../core/order.ts';
import { chunksOf, commit, readOrders, writeDocuments } from './order-store.ts';
import { readStock } from './stock-store.ts';
import type { Table } from './table.ts';

/** What intake works with. */
export interface Intake {
  readonly table: Table;
  readonly client: Client;
  now(): Date;
  newId(): string;
}

/** What became of a version of an order. */
export type Intaken = 'saved' | 'duplicate' | 'older';

const ROUNDS = 8;
const LARGEST_CHUNK = 100;

/**
 * Takes in versions of orders, many to a transaction, so that a SKU everybody wants costs one write for all of them.
 * When a transaction is refused, because stock ran short or somebody was faster, its orders are decided again on fresh
 * readings, in smaller transactions.
 * @returns by document what became of it; one that is older than another of the same order in the batch is `older`
 * @throws Unavailable `order.contended`, with everything that was written kept: a repeat finds it a duplicate
 */
export async function takeInAll(intake: Intake, documents: readonly OrderDocument[]): Promise<Map<OrderDocument, Intaken>> {
  const results = new Map<OrderDocument, Intaken>();
  let pending = newestOf(documents, results);
  for (let round = 0; pending.length > 0; round++) {
    if (round === ROUNDS) throw new Unavailable('order.contended', `${pending.length} orders met others' writes ${ROUNDS} times.`);
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 15 * 2 ** round));
    pending = await takeInRound(intake, pending, Math.max(1, LARGEST_CHUNK >> round), results);
  }
  return results;
}

/** Of several versions of one order only the newest is worth taking in. */
function newestOf(documents: readonly OrderDocument[], results: Map<OrderDocument, Intaken>): OrderDocument[] {
  const newest = new Map<string, OrderDocument>();
  for (const document of documents) {
    const other = newest.get(idOf(document));
    const age = other === undefined ? 1 : compareVersions(sourceVersionOf(document), sourceVersionOf(other));
    if (age > 0) newest.set(idOf(document), document);
    const loser = age > 0 ? other : document;
    if (loser !== undefined) results.set(loser, age === 0 ? 'duplicate' : 'older');
  }
  return [...newest.values()];
}

/** @returns the documents whose transaction was refused */
async function takeInRound(intake: Intake, documents: readonly OrderDocument[], chunkSize: number, results: Map<OrderDocument, Intaken>): Promise<OrderDocument[]> {
  const { client, table } = intake;
  const existing = await readOrders(table, documents.map(idOf));
  const warehouses = client.warehouses.map((warehouse) => warehouse.id);
  const stock = new StockView(await readStock(table, skusOf(documents, existing), warehouses));
  const decided = new Map<Saved, OrderDocument>();
  for (const document of documents) {
    const outcome = takeIn(document, existing.get(idOf(document)), stock, client, { by: document.connectionId, now: intake.now() });
    if (outcome.kind === 'saved') decided.set(outcome, document);
    else results.set(document, outcome.why);
  }
  await writeDocuments(table, [...decided.values()], intake.now(), client.policies.personalDataDays);
  return (await Promise.all(chunksOf([...decided.keys()], chunkSize, 1).map(commitChunk))).flat();

  async function commitChunk(chunk: Saved[]): Promise<OrderDocument[]> {
    const own = chunk.flatMap((saved) => decided.get(saved) ?? []);
    const posting = { by: 'hub', now: intake.now(), reference: intake.newId(), reason: `${chunk.length} orders taken in` };
    if (!(await commit(table, chunk, posting))) return own;
    for (const document of own) results.set(document, 'saved');
    return [];
  }
}

function skusOf(documents: readonly OrderDocument[], existing: ReadonlyMap<string, Order>): Set<string> {
  const wanted = documents.flatMap((document) => demandOf(document).map(({ sku }) => sku));
  const had = [...existing.values()].flatMap((order) => order.allocations.map(({ sku }) => sku));
  return new Set([...wanted, ...had].filter((sku) => sku !== ''));
}
