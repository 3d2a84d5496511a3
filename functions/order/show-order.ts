import * as z from 'zod';
import { readDocument, readOrder } from '../../adapters/aws/order-store.ts';
import { readParcels } from '../../adapters/aws/parcel-store.ts';
import { readTimeline } from '../../adapters/aws/timeline-store.ts';
import { OrderId } from '../../core/id.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId });

/** Called by people and programs: everything the hub knows about one order. */
export const handler = http('order/show-order', { input: Input, handle: showOrder, services: openHub });

export async function showOrder({ orderId }: z.infer<typeof Input>, { table }: Pick<Hub, 'table'>): Promise<Answer> {
  const order = await readOrder(table, orderId);
  const [document, parcels, timeline] = await Promise.all([readDocument(table, order), readParcels(table, orderId), readTimeline(table, orderId)]);
  return answer({ order, document, parcels, timeline });
}
