import * as z from 'zod';
import { refused } from '../../core/error.ts';
import { HoldKind } from '../../core/hold.ts';
import { OrderId } from '../../core/id.ts';
import { type Act, hold, isFinal } from '../../core/order.ts';
import { command } from '../shell/command.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId, kind: HoldKind.extract(['address', 'fraud', 'client', 'operator']), reason: Reason });

/** Called by a person: the order must wait. It keeps what it has reserved, and its place in the queue for what it lacks. */
export const handler = http('order/hold-order', { input: Input, handle: holdOrder, services: openHub });

export async function holdOrder({ orderId, kind, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, reason, (order) =>
    isFinal(order) || order.status === 'delivered' || order.status === 'returned'
      ? refused('order.not-waiting', `Order ${orderId} is ${order.status}; there is nothing left to hold.`)
      : hold(order, kind, reason, act),
  );
}
