import { endRecall } from '../core/course.ts';
import { Unavailable } from '../core/error.ts';
import type { Act } from '../core/order.ts';
import { letGo, type Parcel, type Purchase, type RecallStep, recallStep, unpackParcel } from '../core/shipment.ts';
import { decide } from './aws/decide.ts';
import { type ParcelName, readParcel } from './aws/parcel-store.ts';
import { readPurchases } from './aws/purchase-store.ts';
import { type Buyer, find, findLate } from './purchase.ts';
import { voidLabel } from './void-label.ts';

/** More steps than any recall takes: a look-up, a void and an end for each of several attempts. */
const STEPS = 12;

/**
 * Carries a recall as far as it goes now: finds out what was bought, has every label voided, puts the units back.
 * @returns what it came to
 * @throws Unavailable when it must be looked at again
 */
export async function carryOut(buyer: Buyer, name: ParcelName): Promise<string> {
  for (let count = 0; count < STEPS; count++) {
    const [parcel, purchases] = [await readParcel(buyer.table, name), await readPurchases(buyer.table, name)];
    const step = recallStep(parcel, purchases, buyer.now());
    const ended = await take(buyer, parcel, purchases, step);
    if (ended !== undefined) return ended;
  }
  throw new Unavailable('shipment.recall-unfinished', `The recall of parcel ${name.parcel} of order ${name.orderId} took more than ${STEPS} steps; it goes on later.`);
}

/** Takes one step. @returns what the recall came to, if this ended it */
async function take(buyer: Buyer, parcel: Parcel, purchases: readonly Purchase[], step: RecallStep): Promise<string | undefined> {
  switch (step.do) {
    case 'nothing':
      return step.why;
    case 'wait':
      throw new Unavailable('shipment.label-claimed', `Another invocation deals with this label for up to ${step.seconds} s.`, { retryAfterSeconds: step.seconds });
    case 'find':
      return await find(buyer, parcel, step.purchase, purchases).then(() => undefined);
    case 'void':
      return await voidLabel(buyer, step.purchase, parcel.label?.trackingNumber ?? '').then(() => undefined);
    case 'unpack': {
      const absent = purchases.filter(({ status }) => status === 'absent');
      if (await findLate(buyer, parcel, absent)) return undefined;
      return await end(buyer, parcel, 'unpacked', step.reason, (act) => unpackParcel(parcel, step.refund, step.reason, act));
    }
    case 'let-go':
      return await end(buyer, parcel, 'left', step.reason, (act) => letGo(parcel, step.reason, act));
    default:
      return step satisfies never;
  }
}

/** Ends the recall in one transaction: parcel, order, and the units that come back. Refused when the parcel is not what was read. */
async function end(buyer: Buyer, { orderId, parcel }: Parcel, outcome: 'unpacked' | 'left', reason: string, changed: (act: Act) => Parcel): Promise<string> {
  const act: Act = { by: 'hub', now: buyer.now() };
  const posting = { ...act, reference: buyer.newId(), reason: `parcel ${parcel} ${outcome}` };
  const decided = await decide(buyer.table, orderId, posting, (order) => {
    const ended = endRecall(order, parcel, outcome, reason, act);
    return ended.kind === 'refused' ? ended : { ...ended, parcels: [changed(act)] };
  });
  return decided.kind === 'refused' ? decided.why : reason;
}
