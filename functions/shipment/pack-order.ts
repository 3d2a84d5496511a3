import * as z from 'zod';
import { Sku } from '../../core/id.ts';
import { type Act, MAX_QUANTITY, MAX_SKUS, pack } from '../../core/order.ts';
import { parcelOf } from '../../core/shipment.ts';
import { command } from '../shell/command.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Scan = z.strictObject({ sku: Sku, quantity: z.int().min(1).max(MAX_QUANTITY) });
const Input = z.strictObject({
  orderId: z.string(),
  scanned: z
    .array(Scan)
    .min(1)
    .max(MAX_SKUS * 4),
});

/** Called by a packer: these units are in the parcel. Refused unless they are exactly what the order needs. */
export const handler = http('shipment/pack-order', { input: Input, handle: packOrder, services: openHub });

export async function packOrder({ orderId, scanned }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId' | 'client'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, 'packed', (order) => {
    const packed = pack(order, scanned, act);
    return packed.kind === 'refused' ? packed : { ...packed, parcels: [parcelOf(packed.order, hub.client, act)] };
  });
}
