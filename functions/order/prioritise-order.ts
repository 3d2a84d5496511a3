import * as z from 'zod';
import { type Act, prioritise } from '../../core/order.ts';
import { command } from '../shell/command.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: z.string(), priority: z.int().min(0).max(9), reason: z.string().trim().min(3).max(200) });

/** Called by a fulfilment manager: the order is more urgent, or less, than others that wait for the same stock. */
export const handler = http('order/prioritise-order', { input: Input, handle: prioritiseOrder, services: openHub });

export async function prioritiseOrder({ orderId, priority, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, reason, (order) => prioritise(order, priority, reason, act));
}
