import type { Refused } from '../../core/error.ts';
import { Unavailable } from '../../core/error.ts';
import type { Order } from '../../core/order.ts';
import { commit, type Decision, readOrder } from './order-store.ts';
import type { Posting } from './stock-store.ts';
import type { Table } from './table.ts';

const ATTEMPTS = 5;

/**
 * Reads an order, decides, and writes the decision if the order is still what was read; otherwise decides again.
 * @throws Rejected `order.not-found`, Unavailable `order.contended`
 */
export async function decide(
  table: Table,
  orderId: string,
  posting: Posting,
  decision: (order: Order) => Promise<Decision | Refused> | Decision | Refused,
): Promise<Decision | Refused> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const decided = await decision(await readOrder(table, orderId));
    if (decided.kind === 'refused' || (await commit(table, [decided], posting))) return decided;
  }
  throw new Unavailable('order.contended', `Order ${orderId} was written by others ${ATTEMPTS} times; try again.`);
}
