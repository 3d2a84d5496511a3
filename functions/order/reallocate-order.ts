import * as z from 'zod';
import { readingsOf } from '../../adapters/aws/intake.ts';
import { OrderId, Slug } from '../../core/id.ts';
import { reallocate } from '../../core/intake.ts';
import { type Act, openDemand } from '../../core/order.ts';
import { command } from '../shell/command.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId, warehouse: Slug.optional(), reason: Reason });

/** Called by a fulfilment manager: the order is to get its units from elsewhere. It keeps what it has where there is nothing better. */
export const handler = http('order/reallocate-order', { input: Input, handle: reallocateOrder, services: openHub });

export async function reallocateOrder({ orderId, warehouse, reason }: z.infer<typeof Input>, hub: Hub, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, reason, async (order) => {
    const skus = [...openDemand(order), ...order.allocations].map(({ sku }) => sku);
    return reallocate(order, warehouse, reason, await readingsOf(hub, skus), act);
  });
}
