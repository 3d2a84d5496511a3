import * as z from 'zod';
import { OrderId } from '../../core/id.ts';
import { type Act, prioritise } from '../../core/order.ts';
import { command } from '../shell/command.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId, priority: z.int().min(0).max(9), reason: Reason });

/** Called by a fulfilment manager: the order is more urgent, or less, than others that wait for the same stock. */
export const handler = http('order/prioritise-order', { input: Input, handle: prioritiseOrder, services: openHub });

export async function prioritiseOrder({ orderId, priority, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, reason, (order) => prioritise(order, priority, reason, act));
}
