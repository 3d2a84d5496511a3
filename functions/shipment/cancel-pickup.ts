import * as z from 'zod';
import { unbookPickup } from '../../adapters/hand-over-desk.ts';
import { Slug } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { type Answer, http } from '../shell/http.ts';
import { openDesk, type PickupDesk, shown } from './book-pickup.ts';

const Input = z.strictObject({
  carrierId: Slug,
  pickupId: z.string().regex(/^[a-z0-9-]{1,80}$/, { error: 'must be a pickup such as north-2026-11-20-1' }),
  /** The carrier's name for it, where nobody knew whether it was booked. */
  confirmation: z.string().trim().min(1).max(100).optional(),
  /** The carrier's own pages show none. */
  notMade: z.boolean().optional(),
});

/** Called at the dock: a carrier need not come. Again changes nothing. */
export const handler = http('shipment/cancel-pickup', { input: Input, handle: cancelPickup, services: openDesk });

export async function cancelPickup({ carrierId, pickupId, ...word }: z.infer<typeof Input>, { pickups, ...desk }: PickupDesk, act: Act): Promise<Answer> {
  return shown(await unbookPickup(desk, pickups, { carrierId, pickupId }, word, act));
}
