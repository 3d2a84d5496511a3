import { Unavailable } from '../../core/error.ts';
import { orderIdOf } from '../../core/id.ts';
import type { Order } from '../../core/order.ts';
import type { OrderDocument } from '../../core/order-document.ts';
import { type Arrival, type Intake, takeInAll } from './intake.ts';
import { readDocumentIfKept, readOrders } from './order-store.ts';
import type { Table } from './table.ts';

/** A source id that is no order any more, and when we heard of it. */
export interface Gone {
  readonly connectionId: string;
  readonly sourceId: string;
  /** UTC instant. */
  readonly receivedAt: string;
}

const ROUNDS = 5;

/**
 * Cancels what the hub knows under ids that storefronts have deleted or taken apart: as the version that follows the newest one known.
 * Ids that it does not know, and orders that are cancelled already, are left alone.
 * @throws Unavailable `order.contended`
 */
export async function takeInGone(intake: Intake, gone: readonly Gone[]): Promise<void> {
  for (let round = 0, left = gone; left.length > 0; round++) {
    if (round === ROUNDS) throw new Unavailable('order.contended', `${left.length} orders that are gone met newer versions ${ROUNDS} times.`);
    const arrivals = await cancellationsOf(intake.table, left);
    const became = await takeInAll(intake, arrivals);
    // Somebody brought a newer version meanwhile: that one is to be cancelled too.
    const overtaken = new Set(arrivals.filter(({ document }) => became.get(document) === 'older').map(({ document }) => document.sourceId));
    left = left.filter(({ sourceId }) => overtaken.has(sourceId));
  }
}

async function cancellationsOf(table: Table, gone: readonly Gone[]): Promise<Arrival[]> {
  const orders = await readOrders(
    table,
    gone.map(({ connectionId, sourceId }) => orderIdOf(connectionId, sourceId)),
  );
  const cancellations = gone.map(async ({ connectionId, sourceId, receivedAt }): Promise<Arrival[]> => {
    const order = orders.get(orderIdOf(connectionId, sourceId));
    const document = order === undefined ? undefined : await cancellationOf(table, order);
    return document === undefined ? [] : [{ document, receivedAt }];
  });
  return (await Promise.all(cancellations)).flat();
}

/** The next version of an order, cancelled; undefined where there is nothing to cancel, or nothing left to know it by. */
export async function cancellationOf(table: Table, order: Order): Promise<OrderDocument | undefined> {
  if (order.ending === 'cancelled') return undefined;
  const document = await readDocumentIfKept(table, order);
  return document && { ...document, cancelled: true, sourceVersion: order.source.version + 1 };
}
