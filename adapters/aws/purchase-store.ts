import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Address, AddressDifference } from '../../core/address.ts';
import { SHARDS } from '../../core/id.ts';
import type { Order } from '../../core/order.ts';
import { type Parcel, type Purchase, UNSOLD_LIST } from '../../core/shipment.ts';
import { orderKey, orderPut } from './order-store.ts';
import { conditionally, type ParcelName, parcelKey, parcelPut, trackingNumberItem } from './parcel-store.ts';
import type { Key, Table } from './table.ts';

function purchaseKey({ orderId, parcel, attempt }: ParcelName & { readonly attempt: number }): Key {
  return { PK: `O#${orderId}`, SK: `P#${parcel}#BUY#${String(attempt).padStart(3, '0')}` };
}

/** Reads the purchase attempts of a parcel, oldest first. */
export async function readPurchases(table: Table, { orderId, parcel }: ParcelName): Promise<Purchase[]> {
  return await Array.fromAsync(table.query<Purchase>(`O#${orderId}`, `P#${parcel}#BUY#`, 'purchase', { ConsistentRead: true }));
}

/**
 * Claims a purchase before the carrier is asked for money. The database refuses it unless the parcel is what was read, not called back
 * since; unless its order may still be shipped: no hold, and to the address on the parcel; and unless nobody else holds this attempt.
 */
export async function claimPurchase(table: Table, purchase: Purchase, parcel: Parcel, { request, expiresAt }: Frozen): Promise<boolean> {
  const gate = {
    TableName: table.name,
    Key: orderKey(parcel.orderId),
    ConditionExpression: 'size(holds) = :none AND addressHash = :address',
    ExpressionAttributeValues: { ':none': 0, ':address': parcel.addressHash },
  };
  const same = { TableName: table.name, Key: parcelKey(parcel), ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': parcel.version } };
  const { orderId, attempt, reference } = purchase;
  const Item: Key & RequestRow = { ...requestKey(reference), entity: 'purchase-request', reference, orderId, parcel: parcel.parcel, attempt, request, expiresAt };
  const { written } = await table.transact([{ ConditionCheck: gate }, { ConditionCheck: same }, { Put: purchasePut(table, purchase) }, { Put: { TableName: table.name, Item } }]);
  return written;
}

/** The body of the call that buys, as it was written down before the first one; personal data, deleted after so many days. */
interface Frozen {
  readonly request: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** Found by the reference that the carrier knows: so is a label in a carrier's list that is ours. */
interface RequestRow extends ParcelName, Frozen {
  readonly entity: 'purchase-request';
  readonly reference: string;
  readonly attempt: number;
}

/** Where the frozen request of a purchase is kept. */
export function requestKey(reference: string): Key {
  return { PK: `REF#${reference}`, SK: 'REQUEST' };
}

/** Reads the frozen requests of purchases, by reference; one that was erased is missing. */
export async function readRequests(table: Table, references: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await table.getMany<RequestRow>(references.map(requestKey), 'purchase-request');
  return new Map(rows.map(({ reference, request }) => [reference, request]));
}

/** The purchase that a reference belongs to, or undefined when it is none of ours. */
export async function findByReference(table: Table, reference: string): Promise<(ParcelName & { readonly attempt: number }) | undefined> {
  return await table.get<RequestRow>(requestKey(reference), 'purchase-request');
}

/** Writes the next version of a purchase. @returns false when another invocation has taken it over */
export async function writePurchase(table: Table, purchase: Purchase): Promise<boolean> {
  return await conditionally(table.client.send(new PutCommand(purchasePut(table, purchase))));
}

/** Reads purchases that may have cost money which no parcel has a label for. */
export async function* readUnsold(table: Table): AsyncGenerator<Purchase> {
  for (let shard = 0; shard < SHARDS; shard++) {
    const keys = await Array.fromAsync(
      table.pages({
        TableName: table.name,
        IndexName: 'work',
        KeyConditionExpression: '#work = :work',
        ExpressionAttributeNames: { '#work': 'work' },
        ExpressionAttributeValues: { ':work': `${UNSOLD_LIST}#${shard}` },
      }),
    );
    // The index may be behind: what is in the list is what the item itself says.
    for (const { PK, SK } of keys) {
      const purchase = await table.get<Purchase>({ PK: String(PK), SK: String(SK) }, 'purchase');
      if (purchase?.work !== undefined) yield purchase;
    }
  }
}

/** What a carrier printed beside what the order says; personal data, kept apart and deleted after so many days. */
export interface AddressProof {
  readonly ours: Address;
  readonly printed: Address;
  readonly differences: readonly AddressDifference[];
}

/** What is written when a purchase ends. */
export interface Settlement {
  /** None when the carrier refused before anything was claimed. */
  readonly purchase: Purchase | undefined;
  /** A later attempt for the same parcel, where an earlier one turned out to be bought. */
  readonly givenUp?: Purchase | undefined;
  readonly parcel: Parcel;
  /** The order, when the end puts it on hold. */
  readonly held?: Order | undefined;
  readonly proof?: { readonly addresses: AddressProof; readonly expiresAt: number } | undefined;
}

/** Ends a purchase, moves its parcel on and makes it known by its tracking number; all of it or nothing. */
export async function settlePurchase(table: Table, { purchase, givenUp, parcel, held, proof }: Settlement): Promise<boolean> {
  const { label } = parcel;
  const items = [
    ...(label === undefined ? [] : [trackingNumberItem(parcel, label.trackingNumber, label.boughtAt)]),
    ...(proof === undefined ? [] : [{ PK: `O#${parcel.orderId}`, SK: `P#${parcel.parcel}#ADDRESS`, entity: 'address-proof', ...proof }]),
  ];
  const { written } = await table.transact([
    ...[purchase, givenUp].filter((one) => one !== undefined).map((one) => ({ Put: purchasePut(table, one) })),
    { Put: parcelPut(table, parcel) },
    ...(held === undefined ? [] : [{ Put: orderPut(table, held) }]),
    ...items.map((Item) => ({ Put: { TableName: table.name, Item } })),
  ]);
  return written;
}

/** Reads what a carrier printed on a parcel's label, where it differed from the order. */
export async function readAddressProof(table: Table, { orderId, parcel }: ParcelName): Promise<AddressProof | undefined> {
  const proof = await table.get<{ entity: 'address-proof'; addresses: AddressProof }>({ PK: `O#${orderId}`, SK: `P#${parcel}#ADDRESS` }, 'address-proof');
  return proof?.addresses;
}

function purchasePut(table: Table, purchase: Purchase) {
  const condition =
    purchase.version === 1
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': purchase.version - 1 } };
  return { TableName: table.name, Item: { ...purchase, ...purchaseKey(purchase) }, ...condition };
}
