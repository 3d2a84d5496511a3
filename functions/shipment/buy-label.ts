import { Bucket } from '../../adapters/aws/object-store.ts';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { readPurchases } from '../../adapters/aws/purchase-store.ts';
import { type Buyer, buy, find } from '../../adapters/purchase.ts';
import { voidLabel } from '../../adapters/void-label.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { purchaseDue, purchaseStep } from '../../core/shipment.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { openCarriers, openHub } from '../shell/services.ts';

/** Called by a carrier's label queue: a parcel is packed and needs its label. */
export const handler = queue({ read: readEvent, handle: each(buyLabel), services: openBuyer });

export function openBuyer(): Buyer {
  return { ...openCarriers(openHub()), labels: new Bucket(readEnv(ENV.labelsBucket)[ENV.labelsBucket]) };
}

/** Takes the one step that the purchase protocol allows now. */
export async function buyLabel(event: HubEvent, buyer: Buyer): Promise<void> {
  if (event.entity !== 'parcel') return;
  const parcel = await readParcel(buyer.table, event.parcel);
  const purchases = await readPurchases(buyer.table, parcel);
  const step = purchaseStep(parcel, purchaseDue(purchases), buyer.now());
  switch (step.do) {
    case 'nothing':
      return log('info', 'no label to buy', { orderId: parcel.orderId, parcel: parcel.parcel, why: step.why });
    case 'wait':
      throw new Unavailable('shipment.label-claimed', `Another invocation is buying this label for up to ${step.seconds} s.`, { retryAfterSeconds: step.seconds });
    case 'claim':
      return await buy(buyer, parcel, step.attempt, purchases);
    case 'find':
      return await find(buyer, parcel, step.purchase, purchases);
    case 'void':
      await voidLabel(buyer, step.purchase, '');
      throw new Unavailable('shipment.label-voided', 'A label of no use is void; a new attempt follows.', { retryAfterSeconds: 1 });
    default:
      return step satisfies never;
  }
}
