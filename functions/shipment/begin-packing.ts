import * as z from 'zod';
import { OrderId, Slug } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { beginPacking as begin } from '../../core/packing.ts';
import { command } from '../shell/command.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId, warehouse: Slug.optional() });

/** Called by a packer who takes an order on: from now on everybody sees who packs it, and where. */
export const handler = http('shipment/begin-packing', { input: Input, handle: beginPacking, services: openHub });

export async function beginPacking({ orderId, warehouse }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, 'packing begins', (order) => begin(order, warehouse, act));
}
