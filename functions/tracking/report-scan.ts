import * as z from 'zod';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { applyUpdate } from '../../adapters/update.ts';
import { refused } from '../../core/error.ts';
import { Instant } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { TrackingStatus } from '../../core/tracking.ts';
import { ParcelPath } from '../shell/fields.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({
  ...ParcelPath,
  status: TrackingStatus.extract(['in_transit', 'out_for_delivery', 'available_for_pickup', 'delivery_exception', 'delivered', 'returned_to_sender', 'lost']),
  at: Instant.optional(),
  note: z.string().trim().min(3).max(200),
});

/** Called by a person who saw, or was told, where a parcel is: for carriers that tell us nothing, and to settle what a carrier told wrong. */
export const handler = http('tracking/report-scan', { input: Input, handle: reportScan, services: openHub });

export async function reportScan({ orderId, parcel, status, at, note }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'now' | 'newId'>, act: Act): Promise<Answer> {
  const name = { orderId, parcel };
  const { label, carrierId } = await readParcel(hub.table, name);
  if (label === undefined) return refused('tracking.label-absent', `Parcel ${parcel} of order ${orderId} has no label, so it cannot have left; settle its label first.`);
  const instant = at ?? act.now.toISOString();
  if (instant > act.now.toISOString()) return refused('tracking.scan-untimely', `A scan at ${instant} is yet to come; say when it was.`);
  const event = { status, code: `reported by ${act.by}`.slice(0, 120), at: instant, description: note, attention: false };
  await applyUpdate({ carrierId, trackingNumber: label.trackingNumber, events: [event] }, hub);
  return answer({ parcel: await readParcel(hub.table, name) });
}
