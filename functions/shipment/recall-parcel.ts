import * as z from 'zod';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { recall } from '../../core/course.ts';
import type { Act } from '../../core/order.ts';
import { recallParcel as recalled, recallGate } from '../../core/shipment.ts';
import { command } from '../shell/command.ts';
import { ParcelPath, Reason } from '../shell/fields.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

// The number is part of the path, and so comes as text.
const Input = z.strictObject({ ...ParcelPath, reason: Reason });

/** Called by a fulfilment manager: a parcel that has not left is to come back. Its label is voided next, and its units return to the shelf. */
export const handler = http('shipment/recall-parcel', { input: Input, handle: recallParcel, services: openHub });

export async function recallParcel({ orderId, parcel, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, reason, async (order) => {
    const saved = recall(order, parcel, reason, act);
    if (saved.kind === 'refused') return saved;
    const box = await readParcel(hub.table, { orderId, parcel });
    return recallGate(box) ?? { ...saved, parcels: [recalled(box, reason, act)] };
  });
}
