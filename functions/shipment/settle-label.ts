import * as z from 'zod';
import { settleLabel as settle } from '../../adapters/settle-label.ts';
import { Currency, Minor } from '../../core/money.ts';
import type { Act } from '../../core/order.ts';
import { ParcelPath, Reason } from '../shell/fields.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const TrackingNumber = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9 -]{4,60}$/, { error: 'must be 4 to 60 letters, digits, dashes and spaces, as the label shows it' });
const Name = { ...ParcelPath, reason: Reason.default('as the person says who looked') };
const Input = z.discriminatedUnion('bought', [
  z.strictObject({ ...Name, bought: z.literal(true), trackingNumber: TrackingNumber, cost: Minor.min(0).optional(), currency: Currency.optional() }),
  z.strictObject({ ...Name, bought: z.literal(false) }),
]);

/** Called by a person who bought a label by hand, or looked up at the carrier what became of a purchase: only a person can say it. */
export const handler = http('shipment/settle-label', { input: Input, handle: settleLabel, services: openHub });

export async function settleLabel({ orderId, parcel, reason, ...settled }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'client'>, act: Act): Promise<Answer> {
  const after = await settle(hub, { orderId, parcel }, settled, reason, act);
  return 'entity' in after ? answer({ parcel: after }) : after;
}
