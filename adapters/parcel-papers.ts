import type { Order } from '../core/order.ts';
import { slipGap } from '../core/packing-slip.ts';
import type { Parcel } from '../core/shipment.ts';
import type { Bucket } from './aws/object-store.ts';
import { readDocumentIfKept, readOrder } from './aws/order-store.ts';
import { type ParcelName, readParcel } from './aws/parcel-store.ts';
import type { Table } from './aws/table.ts';
import { contentTypeOf } from './label-file.ts';
import { slipKey } from './slip-key.ts';

type PaperKind = 'label' | 'packing-slip' | 'customs-form';

/** A paper that can be printed. */
export interface Paper {
  readonly kind: PaperKind;
  /** Its name in the labels bucket. */
  readonly key: string;
  readonly contentType: string;
}

/** The papers of a parcel that are there, and why others are not. */
export interface Papers extends ParcelName {
  readonly papers: readonly Paper[];
  readonly missing: readonly { readonly kind: PaperKind; readonly why: string }[];
}

const ERASED = 'it was erased with the personal data of the order';

/** What can be printed for a parcel, or for goods that come back. @throws Rejected `parcel.not-found` */
export async function papersOf({ table, labels }: { readonly table: Table; readonly labels: Bucket }, { orderId, parcel: number }: ParcelName): Promise<Papers> {
  const parcel = await readParcel(table, { orderId, parcel: number });
  const slipMissing = await noSlip(table, await readOrder(table, orderId), parcel);
  const wanted = [
    wantedOf('label', parcel.label?.document ?? '', noLabel(parcel)),
    ...(parcel.returns === undefined ? [wantedOf('packing-slip', slipKey(parcel), slipMissing)] : []),
    ...(parcel.label?.forms ?? []).map((key) => wantedOf('customs-form', key, isCalledBack(parcel) ? CALLED_BACK : undefined)),
  ];
  const looked = await Promise.all(wanted.map(async (one) => ({ ...one, why: one.why ?? (await absence(labels, one)) })));
  return {
    orderId,
    parcel: number,
    papers: looked.filter(({ why }) => why === undefined).map(({ kind, key }) => ({ kind, key, contentType: contentTypeOf(key) })),
    missing: looked.flatMap(({ kind, why }) => (why === undefined ? [] : [{ kind, why }])),
  };
}

interface Wanted {
  readonly kind: PaperKind;
  readonly key: string;
  /** Why it is not to be had, where that is known without a look. */
  readonly why: string | undefined;
}

function wantedOf(kind: PaperKind, key: string, why: string | undefined): Wanted {
  return { kind, key, why };
}

async function absence(labels: Bucket, { kind, key }: Wanted): Promise<string | undefined> {
  for await (const found of labels.list(key)) if (found === key) return undefined;
  return kind === 'packing-slip' ? 'it is not written yet; it takes a few seconds after packing' : ERASED;
}

const CALLED_BACK = 'the parcel was called back, and its papers are not to be used';

function isCalledBack({ status }: Parcel): boolean {
  return status === 'recalled' || status === 'unpacked';
}

function noLabel(parcel: Parcel): string | undefined {
  if (isCalledBack(parcel)) return CALLED_BACK;
  if (parcel.label !== undefined) return parcel.label.document === '' ? 'there is no file of it: it was bought by hand, or could not be used' : undefined;
  if (parcel.parked !== undefined) return `a person has to say what was bought: ${parcel.parked.reason}`;
  return parcel.status === 'refused' ? 'no carrier sells one; the order is held and says why' : 'it is not bought yet';
}

async function noSlip(table: Table, order: Order, parcel: Parcel): Promise<string | undefined> {
  if (isCalledBack(parcel)) return CALLED_BACK;
  const document = await readDocumentIfKept(table, order);
  return document === undefined ? ERASED : slipGap({ document, parcel });
}
