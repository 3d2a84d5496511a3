import * as z from 'zod';
import { type ParcelName, readParcel, writeParcel } from '../../adapters/aws/parcel-store.ts';
import { type Refused, Rejected, refused } from '../../core/error.ts';
import { Instant, OrderId, Slug } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { handOver } from '../../core/shipment.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Parcels of one request: as many as are read and written well within its time. */
const MAX_PARCELS = 100;
const Input = z.strictObject({
  carrierId: Slug,
  at: Instant.optional(),
  parcels: z
    .array(z.strictObject({ orderId: OrderId, parcel: z.int().min(1).max(999) }))
    .min(1)
    .max(MAX_PARCELS),
  reason: Reason.default('handed over'),
});

/** Called at the dock: a carrier took these parcels. Each is answered for by itself; a repeat finds what was recorded. */
export const handler = http('shipment/hand-over-parcels', { input: Input, handle: handOverParcels, services: openHub });

export async function handOverParcels({ carrierId, at, parcels, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table'>, act: Act): Promise<Answer> {
  const instant = at ?? act.now.toISOString();
  const results = await Promise.all(parcels.map(async (name) => ({ ...name, ...(await record(name)) })));
  return answer({ results });

  async function record(name: ParcelName): Promise<{ readonly became: 'handed-over' | 'known' } | ({ readonly became: 'refused' } & Omit<Refused, 'kind'>)> {
    const outcome = await attempt(name);
    if (typeof outcome === 'string') return { became: outcome };
    return { became: 'refused', code: outcome.code, why: outcome.why };
  }

  async function attempt(name: ParcelName): Promise<'handed-over' | 'known' | Refused> {
    for (let count = 0; count < ATTEMPTS; count++) {
      const parcel = await readParcel(hub.table, name).catch(refusalOf);
      if ('kind' in parcel) return parcel;
      const changed = handOver(parcel, carrierId, instant, reason, act);
      if (changed === undefined) return 'known';
      if ('kind' in changed) return changed;
      if (await writeParcel(hub.table, changed)) return 'handed-over';
    }
    return refused('shipment.parcel-contended', `Parcel ${name.parcel} of order ${name.orderId} was written by others ${ATTEMPTS} times; send it again.`);
  }
}

const ATTEMPTS = 5;

/** A parcel that does not exist is one result among others. */
function refusalOf(error: unknown): Refused {
  if (error instanceof Rejected) return refused(error.code, error.message);
  throw error;
}
