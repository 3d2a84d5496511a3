import * as z from 'zod';
import { documentRow, readDocument } from '../../adapters/aws/order-store.ts';
import { Address } from '../../core/address.ts';
import { OrderId } from '../../core/id.ts';
import { type Act, correctAddress as correct } from '../../core/order.ts';
import { command } from '../shell/command.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId, address: z.strictObject(Address.shape), reason: Reason });

/** Called by a service representative: the customer gave the right address. */
export const handler = http('order/correct-address', { input: Input, handle: correctAddress, services: openHub });

export async function correctAddress({ orderId, address, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId' | 'client'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, reason, async (order) => {
    const document = { ...(await readDocument(hub.table, order)), shipTo: address };
    const corrected = correct(order, document, act);
    return corrected.kind === 'refused' ? corrected : { ...corrected, rows: [documentRow(document, act.now, hub.client.policies.personalDataDays)] };
  });
}
