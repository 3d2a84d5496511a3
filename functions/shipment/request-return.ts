import * as z from 'zod';
import { readParcel, readReturns, writeParcel } from '../../adapters/aws/parcel-store.ts';
import { refused, Unavailable } from '../../core/error.ts';
import { OrderId, Sku } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { MAX_QUANTITY } from '../../core/order-document.ts';
import { FIRST_RETURN, returnOf, returnUnits } from '../../core/shipment.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({
  orderId: OrderId,
  parcel: z.coerce.number().pipe(
    z
      .int()
      .min(1)
      .max(FIRST_RETURN - 1),
  ),
  reason: Reason,
  /** All of the parcel where nothing is named. */
  units: z
    .array(z.strictObject({ sku: Sku, quantity: z.int().min(1).max(MAX_QUANTITY) }))
    .max(100)
    .default([]),
});

/** Called by a service representative: the customer sends goods back, and gets a label for them. */
export const handler = http('shipment/request-return', { input: Input, handle: requestReturn, services: openHub });

export async function requestReturn({ orderId, parcel, reason, units }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'client'>, act: Act): Promise<Answer> {
  const [sent, before] = await Promise.all([readParcel(hub.table, { orderId, parcel }), readReturns(hub.table, orderId)]);
  const back = returnUnits(sent, before, units);
  if ('kind' in back) return back;
  const number = FIRST_RETURN + before.length;
  if (number > 999) return refused('shipment.returns-full', `Order ${orderId} has ${before.length} returns already; look at them before another one is asked for.`);
  const returned = returnOf(sent, number, back, hub.client, reason, act);
  if (!(await writeParcel(hub.table, returned)))
    throw new Unavailable('shipment.parcel-contended', 'Another return of this order was asked for at the same moment; send it again.');
  return answer({ parcel: returned });
}
