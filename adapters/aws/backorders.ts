import { Unavailable } from '../../core/error.ts';
import { fill, type Readings } from '../../core/intake.ts';
import { type Act, missingUnits, type Order, turnOf } from '../../core/order.ts';
import { type Intake, readingsOf } from './intake.ts';
import { chunksOf, commit, readOrders } from './order-store.ts';
import { forgetRows, type Queue, readQueue, type Waiter } from './waiting-store.ts';

const ORDERS_AT_A_TIME = 100;

/**
 * Gives what there is of some SKUs to the orders that wait for them, in their turn, until nothing is left or nobody waits.
 * An order that needs more than there is does not keep those behind it from what they need.
 * @throws Unavailable when stock or an order changed meanwhile; what was filled stays filled
 */
export async function fillSkus(intake: Intake, skus: ReadonlySet<string>): Promise<void> {
  const queues = new Map(await Promise.all([...skus].map(async (sku): Promise<[string, Queue]> => [sku, await readQueue(intake.table, sku)])));
  let line = inLine([...queues.values()].flatMap((queue) => queue.waiters));
  const waiting = new Set<string>();
  while (line.length > 0) {
    const rest = line.slice(ORDERS_AT_A_TIME);
    const orders = await readOrders(
      intake.table,
      line.slice(0, ORDERS_AT_A_TIME).map(({ orderId }) => orderId),
    );
    const waiters = [...orders.values()].filter((order) => missingUnits(order).length > 0);
    for (const { orderId } of waiters) waiting.add(orderId);
    // Rows tell the earliest turn that an order ever had: one that is less urgent since comes later.
    const due = waiters.filter((order) => turnOf(order) <= (rest[0]?.turn ?? '~'));
    const later = waiters.filter((order) => !due.includes(order)).map((order) => ({ orderId: order.orderId, turn: turnOf(order) }));
    line = later.length === 0 ? rest : inLine([...rest, ...later]);
    if (await fillInTurn(intake, due, skus)) continue;
    // Nobody further back can get anything: they all wait on.
    for (const { orderId } of line) waiting.add(orderId);
    break;
  }
  await Promise.all([...queues.values()].map((queue) => forgetRows(intake.table, queue, waiting, intake.now())));
}

/** Gives these orders what they lack, where it is there by now and nobody who waits longer would get it. */
export async function fillOrders(intake: Intake, orderIds: ReadonlySet<string>): Promise<void> {
  const orders = [...(await readOrders(intake.table, orderIds)).values()].filter((order) => missingUnits(order).length > 0);
  const readings = await readingsOf(intake, skusOf(orders));
  const act: Act = { by: 'hub', now: intake.now() };
  const fillable = orders.filter((order) => fill(order, readings, act) !== undefined);
  // Not straight to them: others may have waited longer for the same.
  if (fillable.length > 0) await fillSkus(intake, new Set(fillable.flatMap((order) => missingUnits(order).map(({ sku }) => sku))));
}

/** The orders of several queues in one line, each once. */
function inLine(waiters: readonly Pick<Waiter, 'orderId' | 'turn'>[]): Pick<Waiter, 'orderId' | 'turn'>[] {
  const named = new Set<string>();
  return waiters.toSorted((a, b) => (a.turn < b.turn ? -1 : 1)).filter(({ orderId }) => !named.has(orderId) && named.add(orderId));
}

function skusOf(orders: readonly Order[]): Set<string> {
  return new Set(orders.flatMap((order) => [...missingUnits(order), ...order.allocations].map(({ sku }) => sku)));
}

/** @returns whether anything is left of the SKUs that were gained */
async function fillInTurn(intake: Intake, orders: readonly Order[], gained: ReadonlySet<string>): Promise<boolean> {
  const act: Act = { by: 'hub', now: intake.now() };
  const readings = await readingsOf(intake, new Set([...skusOf(orders), ...gained]));
  const filled = orders.toSorted((a, b) => (turnOf(a) < turnOf(b) ? -1 : 1)).flatMap((order) => fill(order, readings, act) ?? []);
  for (const chunk of chunksOf(filled, ORDERS_AT_A_TIME)) {
    const written = await commit(intake.table, chunk, { ...act, reference: intake.newId(), reason: `${chunk.length} backorders filled` });
    if (!written) throw new Unavailable('inventory.contended', 'Stock or an order changed while backorders were filled.', { retryAfterSeconds: 1 });
  }
  return anythingLeft(readings, gained);
}

function anythingLeft({ client, stock }: Readings, skus: ReadonlySet<string>): boolean {
  return [...skus].some((sku) => client.warehouses.some(({ id }) => stock.available(sku, id) > 0));
}
