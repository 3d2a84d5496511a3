import * as z from 'zod';
import { readParcels } from '../../adapters/aws/parcel-store.ts';
import { HoldKind } from '../../core/hold.ts';
import { OrderId } from '../../core/id.ts';
import { type Act, releaseHold as release } from '../../core/order.ts';
import { offerAgain } from '../../core/shipment.ts';
import { command } from '../shell/command.ts';
import { Reason } from '../shell/fields.ts';
import { type Answer, http } from '../shell/http.ts';
import { SCOPE_PREFIX } from '../shell/routes.ts';
import { type Hub, openHub } from '../shell/services.ts';

const Input = z.strictObject({ orderId: OrderId, kind: HoldKind, reason: Reason });

/** Called by a service representative or a fulfilment manager: what the order waited for is settled. Packed parcels go back to the label queue. */
export const handler = http('order/release-hold', { input: Input, handle: releaseHold, services: openHub });

export async function releaseHold({ orderId, kind, reason }: z.infer<typeof Input>, hub: Pick<Hub, 'table' | 'newId'>, act: Act): Promise<Answer> {
  const role = act.scopes?.includes(`${SCOPE_PREFIX}/orders.authorise`) ? 'manager' : 'service';
  return await command(hub, orderId, act, reason, async (order) => {
    const released = release(order, kind, reason, role, act);
    if (released.kind === 'refused' || released.order.holds.length > 0 || order.parcels.length === 0) return released;
    const parcels = await readParcels(hub.table, orderId);
    return { ...released, parcels: parcels.flatMap((parcel) => offerAgain(parcel, act) ?? []) };
  });
}
