import { expect } from 'vitest';
import { writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { labelled, type Parcel } from '../../../core/shipment.ts';
import { parcelOf, type TestHub } from '../world.ts';

/** Writes a change of a parcel, as whoever makes it does. */
export async function writeChange(hub: TestHub, parcel: Parcel | undefined): Promise<void> {
  if (parcel === undefined) throw new Error('nothing changed');
  expect(await writeParcel(hub.table, parcel)).toBe(true);
}

const KNOWN_AS = { reference: 'R1', carrierRef: 'shp_1', proof: 'answer' as const };

/** Puts a label on a parcel, without a carrier. */
export async function labelParcel(hub: TestHub, id: string): Promise<void> {
  const boughtAt = hub.now().toISOString();
  const paid = { carrier: 'UPS', service: 'Std', trackingNumber: `T-${id}`, trackingUrl: '', cost: 640, currency: 'EUR', document: 'labels/1.pdf', boughtAt, ...KNOWN_AS };
  await writeChange(hub, labelled(await parcelOf(hub, id), paid, { by: 'hub', now: hub.now() }));
}
