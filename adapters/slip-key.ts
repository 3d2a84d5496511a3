import type { ParcelName } from './aws/parcel-store.ts';

/** The name of a parcel's packing slip in the labels bucket. */
export function slipKey({ orderId, parcel }: ParcelName): string {
  return `slips/${encodeURIComponent(orderId)}/${parcel}.pdf`;
}
