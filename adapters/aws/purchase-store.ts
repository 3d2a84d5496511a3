import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Address, AddressDifference } from '../../core/address.ts';
import type { Order } from '../../core/order.ts';
import type { Parcel, Purchase } from '../../core/shipment.ts';
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
export async function claimPurchase(table: Table, purchase: Purchase, parcel: Parcel): Promise<boolean> {
  const gate = {
    TableName: table.name,
    Key: orderKey(parcel.orderId),
    ConditionExpression: 'size(holds) = :none AND addressHash = :address',
    ExpressionAttributeValues: { ':none': 0, ':address': parcel.addressHash },
  };
  const same = { TableName: table.name, Key: parcelKey(parcel), ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': parcel.version } };
  const { written } = await table.transact([{ ConditionCheck: gate }, { ConditionCheck: same }, { Put: purchasePut(table, purchase) }]);
  return written;
}

/** Writes the next version of a purchase. @returns false when another invocation has taken it over */
export async function writePurchase(table: Table, purchase: Purchase): Promise<boolean> {
  return await conditionally(table.client.send(new PutCommand(purchasePut(table, purchase))));
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
  readonly parcel: Parcel;
  /** The order, when the end puts it on hold. */
  readonly held?: Order | undefined;
  readonly proof?: { readonly addresses: AddressProof; readonly expiresAt: number } | undefined;
}

/** Ends a purchase, moves its parcel on and makes it known by its tracking number; all of it or nothing. */
export async function settlePurchase(table: Table, { purchase, parcel, held, proof }: Settlement): Promise<boolean> {
  const { label } = parcel;
  const items = [
    ...(label === undefined ? [] : [trackingNumberItem(parcel, label.trackingNumber, label.boughtAt)]),
    ...(proof === undefined ? [] : [{ PK: `O#${parcel.orderId}`, SK: `P#${parcel.parcel}#ADDRESS`, entity: 'address-proof', ...proof }]),
  ];
  const { written } = await table.transact([
    ...(purchase === undefined ? [] : [{ Put: purchasePut(table, purchase) }]),
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
