import type { Buyer } from '../../adapters/purchase.ts';
import { carryOut } from '../../adapters/recall.ts';
import type { HubEvent } from '../../core/event.ts';
import { log } from '../shell/log.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { openBuyer } from './buy-label.ts';

/** Called by a carrier's recall queue: a parcel was called back; its label is voided, if it has one, and its units return to the shelf. */
export const handler = queue({ read: readEvent, handle: each(voidLabel), services: openBuyer });

export async function voidLabel(event: HubEvent, buyer: Buyer): Promise<void> {
  if (event.entity !== 'parcel') return;
  const { orderId, parcel } = event.parcel;
  log('info', 'recall carried out', { orderId, parcel, became: await carryOut(buyer, event.parcel) });
}
