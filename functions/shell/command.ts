import { decide } from '../../adapters/aws/decide.ts';
import type { Decision } from '../../adapters/aws/order-store.ts';
import type { Refused } from '../../core/error.ts';
import type { Act, Order } from '../../core/order.ts';
import { type Answer, answer } from './http.ts';
import type { Hub } from './services.ts';

/** Carries out a person's decision about an order and answers with the order as it then is. */
export async function command(
  hub: Pick<Hub, 'table' | 'newId'>,
  orderId: string,
  act: Act,
  reason: string,
  decision: (order: Order) => Promise<Decision | Refused> | Decision | Refused,
): Promise<Answer> {
  const decided = await decide(hub.table, orderId, { ...act, reference: hub.newId(), reason }, decision);
  return decided.kind === 'refused' ? decided : answer({ order: decided.order });
}
