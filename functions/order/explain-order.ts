import * as z from 'zod';
import { explainOrder as explain } from '../../adapters/explain.ts';
import { OrderId } from '../../core/id.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { ROUTES } from '../shell/routes.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId });

/** Called by people and programs: why an order is where it is, and what has to happen next. */
export const handler = http('order/explain-order', { input: Input, handle: explainOrder, services: openHub });

export async function explainOrder({ orderId }: z.infer<typeof Input>, { table, client, now }: Pick<Hub, 'table' | 'client' | 'now'>): Promise<Answer> {
  return answer(await explain({ table, client, now, routes: ROUTES }, orderId));
}
