import { expect } from 'vitest';
import { settlePurchase } from '../../../adapters/aws/purchase-store.ts';
import { labelled } from '../../../core/shipment.ts';
import { parcelOf, type TestHub } from '../world.ts';

/** Puts a label on a parcel, by whose tracking number it is found: `T-<id>` where none is given. */
export async function labelParcel(hub: TestHub, id: string, trackingNumber = `T-${id}`): Promise<void> {
  const act = { by: 'hub', now: hub.now() };
  const label = {
    carrier: 'UPS',
    service: 'UPSStandard',
    trackingNumber,
    trackingUrl: '',
    cost: 640,
    currency: 'EUR',
    document: 'labels/1.pdf',
    boughtAt: act.now.toISOString(),
    reference: 'R1',
    carrierRef: 'shp_1',
    proof: 'answer' as const,
  };
  expect(await settlePurchase(hub.table, { purchase: undefined, parcel: labelled(await parcelOf(hub, id), label, act) })).toBe(true);
}
