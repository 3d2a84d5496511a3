import { Unavailable } from '../core/error.ts';
import { claimVoid, endVoid, type Purchase, type Refund } from '../core/shipment.ts';
import { writePurchase } from './aws/purchase-store.ts';
import type { Voided } from './carrier.ts';
import { type CarrierReaching, reachCarrier } from './carrier-reach.ts';

/**
 * Asks a carrier to take a label back, under a lease, and keeps its answer before anything rests on it.
 * @throws Unavailable when another invocation does so, or the carrier does not tell
 */
export async function voidLabel(reaching: CarrierReaching, bought: Purchase, trackingNumber: string): Promise<Purchase> {
  const { table, now } = reaching;
  const purchase = claimVoid(bought, now());
  if (!(await writePurchase(table, purchase))) throw new Unavailable('shipment.claim-lost', 'Another invocation voids this label.', { retryAfterSeconds: 2 });
  const { reference, carrierRef } = purchase;
  const { carrier, call } = await reachCarrier(purchase.carrierId, reaching);
  const label = { reference, carrierRef: purchase.bought?.carrierRef ?? carrierRef, trackingNumber: purchase.bought?.trackingNumber ?? trackingNumber };
  const never: Voided = { outcome: 'refused', used: false, reason: `${carrier.title} takes no labels back` };
  const answer = (await carrier.void?.(label, call)) ?? never;
  const { status, refund, reason } = outcomeOf(answer);
  // Should this write be lost, the lease lapses and the carrier is looked at again.
  const ended = endVoid(purchase, status, refund, reason, now());
  await writePurchase(table, ended);
  if (answer.outcome === 'unknown') throw new Unavailable('shipment.outcome-unknown', `Whether the label is void is not known (${reason}); it is looked at again.`);
  return ended;
}

function outcomeOf(answer: Voided): { readonly status: Parameters<typeof endVoid>[1]; readonly refund: Refund | undefined; readonly reason: string } {
  switch (answer.outcome) {
    case 'voided':
      return { status: 'voided', refund: 'refunded', reason: '' };
    case 'pending':
      return { status: 'voided', refund: 'pending', reason: 'asked for' };
    case 'refused':
      return { status: answer.used ? 'used' : 'kept', refund: 'lost', reason: answer.reason };
    case 'unknown':
      return { status: 'voiding', refund: undefined, reason: answer.reason };
    default:
      return answer satisfies never;
  }
}
