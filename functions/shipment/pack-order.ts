import * as z from 'zod';
import { claimSerials } from '../../adapters/aws/serial-store.ts';
import { Dimensions } from '../../core/dimensions.ts';
import { refused } from '../../core/error.ts';
import { OrderId, Sku, Slug } from '../../core/id.ts';
import { LotName } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import { MAX_QUANTITY, MAX_SKUS } from '../../core/order-document.ts';
import { MAX_SERIALS, pack, Serial } from '../../core/packing.ts';
import { parcelOf } from '../../core/shipment.ts';
import { Grams } from '../../core/weight.ts';
import { command } from '../shell/command.ts';
import { type Answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const MAX_BOXES = 20;
const Scan = z.strictObject({
  sku: Sku,
  quantity: z.int().min(1).max(MAX_QUANTITY),
  lot: LotName.optional(),
  serials: z.array(Serial).max(MAX_SERIALS).optional(),
  /** The box that it went into, where there are several. */
  box: z.int().min(1).max(MAX_BOXES).optional(),
});
/** Grams and millimetres. */
const Box = z.strictObject({ weight: Grams.optional(), dimensions: Dimensions.optional() });
const Input = z.strictObject({
  orderId: OrderId,
  /** May be left out where the order is packed in one warehouse alone. */
  warehouse: Slug.optional(),
  scanned: z
    .array(Scan)
    .min(1)
    .max(MAX_SKUS * 4),
  /** What the boxes weigh and measure, in their order. */
  boxes: z.array(Box).max(MAX_BOXES).optional(),
});

/** Called by a packer: these units are in the parcel, or in several. Refused unless they are exactly what the order has reserved in this warehouse. */
export const handler = http('shipment/pack-order', { input: Input, handle: packOrder, services: openHub });

export async function packOrder({ orderId, warehouse, scanned, boxes = [] }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId' | 'client'>, act: Act): Promise<Answer> {
  return await command(hub, orderId, act, 'packed', async (order) => {
    const packed = pack(order, warehouse, scanned, hub.client, act, boxes);
    if (packed.kind === 'refused') return packed;
    const units = packed.packed.flatMap(({ serials = [] }) => serials);
    const { claims, taken } = units.length === 0 ? { claims: [], taken: [] } : await claimSerials(hub.table, units, orderId);
    if (taken[0] !== undefined) return refused('shipment.serial-used', `Serial number ${taken[0].serial} of ${taken[0].sku} left with another order already; scan the unit again.`);
    return { ...packed, serials: claims, parcels: packed.packed.map((parcel) => parcelOf(packed.order, parcel, hub.client, act)) };
  });
}
