import { Bucket } from '../../adapters/aws/object-store.ts';
import { readDocumentIfKept, readOrder } from '../../adapters/aws/order-store.ts';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { drawPackingSlip, readFonts, type SlipFonts } from '../../adapters/packing-slip.ts';
import { warehouseOf } from '../../adapters/shipment.ts';
import { slipKey } from '../../adapters/slip-key.ts';
import type { HubEvent } from '../../core/event.ts';
import { packingSlipOf, slipGap } from '../../core/packing-slip.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { each, queue, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the slips queue: a parcel was packed; writes what its customer finds in it. */
export const handler = queue({ read: readEvent, handle: each(writeSlip), services: openWriter });

type Writer = Pick<Hub, 'table' | 'client'> & { readonly labels: Bucket; readonly fonts: SlipFonts };

function openWriter(): Writer {
  const env = readEnv(ENV.labelsBucket, ENV.fontsFolder);
  return { ...openHub(), labels: new Bucket(env[ENV.labelsBucket]), fonts: readFonts(env[ENV.fontsFolder]) };
}

/** A repeat replaces the slip by one that knows what was packed since. */
export async function writeSlip(event: HubEvent, { table, client, labels, fonts }: Writer): Promise<void> {
  if (event.entity !== 'parcel') return;
  const name = { orderId: event.parcel.orderId, parcel: event.parcel.parcel };
  const order = await readOrder(table, name.orderId);
  const [document, parcel] = await Promise.all([readDocumentIfKept(table, order), readParcel(table, name)]);
  const gap = document === undefined ? 'the personal data of the order is erased' : slipGap({ document, parcel });
  if (document === undefined || gap !== undefined) return log('info', 'no packing slip', { ...name, reason: gap });
  const { bytes, missing } = drawPackingSlip(packingSlipOf({ order, document, parcel, client, warehouse: warehouseOf(parcel, client) }), fonts);
  await labels.put(slipKey(name), bytes, 'application/pdf');
  log('info', 'packing slip written', { ...name, bytes: bytes.length, missingCharacters: missing });
}
