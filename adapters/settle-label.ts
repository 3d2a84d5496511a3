import type { Client } from '../core/client.ts';
import { type Refused, refused, Unavailable } from '../core/error.ts';
import type { Act } from '../core/order.ts';
import { endPurchase, labelled, offerAgain, type Parcel, type Purchase } from '../core/shipment.ts';
import { type ParcelName, readParcel } from './aws/parcel-store.ts';
import { readPurchases, settlePurchase } from './aws/purchase-store.ts';
import type { Table } from './aws/table.ts';
import { loadCarrier } from './carrier.ts';
import { carrierConnectionOf } from './carrier-reach.ts';

/** What a person says became of a purchase that only a person can look up. */
export type Settled =
  | { readonly bought: true; readonly trackingNumber: string; readonly cost?: number | undefined; readonly currency?: string | undefined }
  | { readonly bought: false };

/** What settling a purchase works with. */
interface Settling {
  readonly table: Table;
  readonly client: Client;
}

/** Takes a person's word for what became of a parked purchase: the label it bought, or that it bought none. A recall that has waited for it goes on. */
export async function settleLabel({ table, client }: Settling, name: ParcelName, settled: Settled, reason: string, act: Act): Promise<Parcel | Refused> {
  const [parcel, purchases] = await Promise.all([readParcel(table, name), readPurchases(table, name)]);
  const purchase = purchases.find(({ status }) => status === 'parked');
  if (purchase === undefined) {
    const latest = purchases.at(-1);
    return refused(
      'shipment.nothing-parked',
      `No purchase of parcel ${name.parcel} of order ${name.orderId} waits for a person; ${latest === undefined ? 'none was begun' : `attempt ${latest.attempt} is ${latest.status}`}.`,
    );
  }
  const after = settled.bought ? await withLabel(parcel, purchase, settled, client, act) : nothingBought(parcel, purchase, reason, act);
  if (!(await settlePurchase(table, after))) throw new Unavailable('shipment.settle-lost', 'The parcel changed meanwhile; send it again.', { retryAfterSeconds: 1 });
  return after.parcel;
}

type Ended = { readonly purchase: Purchase; readonly parcel: Parcel };

async function withLabel(
  parcel: Parcel,
  purchase: Purchase,
  { trackingNumber, cost, currency }: Extract<Settled, { readonly bought: true }>,
  client: Client,
  act: Act,
): Promise<Ended> {
  const { kind, settings } = carrierConnectionOf(client, purchase.carrierId);
  const { trackingUrl } = await loadCarrier(kind);
  const { rate, reference, carrierRef, expectedBy } = purchase;
  const price = { cost: cost ?? rate.cost, currency: currency ?? rate.currency };
  const url = trackingUrl?.(trackingNumber, settings) ?? '';
  const label = {
    ...{ carrier: rate.carrier, service: rate.service, trackingNumber, trackingUrl: url, document: '', boughtAt: act.now.toISOString(), reference, carrierRef, ...price },
    ...(expectedBy !== undefined && { expectedBy }),
    proof: 'request' as const,
  };
  return { purchase: { ...endPurchase(purchase, 'bought', '', act.now), bought: { trackingNumber, carrierRef, ...price } }, parcel: labelled(parcel, label, act) };
}

function nothingBought(parcel: Parcel, purchase: Purchase, reason: string, act: Act): Ended {
  const { parked: _, ...rest } = parcel;
  return {
    purchase: endPurchase(purchase, 'refused', reason, act.now),
    parcel: offerAgain(parcel, act, reason) ?? { ...rest, version: parcel.version + 1, change: { type: 'parcel.updated', at: act.now.toISOString(), by: act.by, reason } },
  };
}
