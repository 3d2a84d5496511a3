import * as z from 'zod';
import { decide } from '../../adapters/aws/decide.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { OrderId } from '../../core/id.ts';
import { type Act, authorise } from '../../core/order.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderIds: z.array(OrderId).min(1).max(100), reason: Reason });

/** Called by a fulfilment manager: these orders may be packed. Each is decided on its own, and answered on its own. */
export const handler = http('order/authorise-orders', { input: Input, handle: authoriseOrders, services: openHub });

export async function authoriseOrders({ orderIds, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  const results = await Promise.all([...new Set(orderIds)].map((orderId) => authoriseOne(orderId, reason, hub, act)));
  return answer({ authorised: results.filter(({ authorised }) => authorised).length, orders: results });
}

async function authoriseOne(orderId: string, reason: string, hub: Pick<Hub, 'table' | 'newId'>, act: Act) {
  try {
    const decided = await decide(hub.table, orderId, { ...act, reference: hub.newId(), reason }, (order) => authorise(order, reason, act));
    return decided.kind === 'refused' ? { orderId, authorised: false, code: decided.code, message: decided.why } : { orderId, authorised: true };
  } catch (error) {
    // One that is unknown, or contended, does not keep the others from being authorised.
    if (error instanceof Rejected || error instanceof Unavailable) return { orderId, authorised: false, code: error.code, message: error.message };
    throw error;
  }
}
