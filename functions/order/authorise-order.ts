import * as z from 'zod';
import { OrderId } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { authorise } from '../../core/order.ts';
import { command } from '../shell/command.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId, reason: Reason });

/** Called by a fulfilment manager: the order may be packed. */
export const handler = http('order/authorise-order', { input: Input, handle: authoriseOrder, services: openHub });

export async function authoriseOrder({ orderId, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, reason, (order) => authorise(order, reason, act));
}
