import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { Rejected } from '../../core/error.ts';
import type { Parcel } from '../../core/shipment.ts';
import { eventKey, type TrackingEvent } from '../../core/tracking.ts';
import type { Key, Table } from './table.ts';

/** Names one parcel: an order and a number within it. */
export interface ParcelName {
  readonly orderId: string;
  readonly parcel: number;
}

/** Where a parcel is kept. */
export function parcelKey({ orderId, parcel }: ParcelName): Key {
  return { PK: `O#${orderId}`, SK: `P#${parcel}` };
}

/** Reads one parcel. @throws Rejected `parcel.not-found` */
export async function readParcel(table: Table, name: ParcelName): Promise<Parcel> {
  const parcel = await table.get<Parcel>(parcelKey(name), 'parcel');
  if (parcel === undefined) throw new Rejected('parcel.not-found', `Order ${name.orderId} has no parcel ${name.parcel}.`);
  return parcel;
}

/** Reads the parcels of an order. */
export async function readParcels(table: Table, orderId: string): Promise<Parcel[]> {
  return await Array.fromAsync(table.query<Parcel>(`O#${orderId}`, 'P#', 'parcel', { ConsistentRead: true }));
}

/** The write of a parcel that is the one after the version that was read. */
export function parcelPut(table: Table, parcel: Parcel) {
  const condition =
    parcel.version === 1
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': parcel.version - 1 } };
  return { TableName: table.name, Item: { ...parcel, ...parcelKey(parcel) }, ...condition };
}

/** Writes a parcel. @returns false when somebody else wrote it since it was read */
export async function writeParcel(table: Table, parcel: Parcel): Promise<boolean> {
  return await conditionally(table.client.send(new PutCommand(parcelPut(table, parcel))));
}

interface TrackingNumber extends ParcelName {
  readonly entity: 'tracking-number';
  readonly boughtAt: string;
}

/** Carriers use tracking numbers again: a number is looked for in the months in which its parcel can be on its way. */
const MONTHS_ON_THE_WAY = 4;

function trackingNumberKey(carrierId: string, number: string, month: string): Key {
  return { PK: `TN#${carrierId}#${number}#${month}`, SK: 'P' };
}

/** The row by which a parcel is found by its tracking number. */
export function trackingNumberItem(parcel: Parcel, number: string, boughtAt: string): Key & TrackingNumber {
  return { ...trackingNumberKey(parcel.carrierId, number, boughtAt.slice(0, 7)), entity: 'tracking-number', orderId: parcel.orderId, parcel: parcel.parcel, boughtAt };
}

/** Finds the parcel that has had a tracking number most recently. Most are on their way within the month, so that is looked at first. */
export async function findByTrackingNumber(table: Table, carrierId: string, number: string, now: Date): Promise<ParcelName | undefined> {
  const [month, ...earlier] = Array.from({ length: MONTHS_ON_THE_WAY }, (_, back) =>
    trackingNumberKey(carrierId, number, new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7)),
  );
  const latest = month === undefined ? undefined : await table.get<TrackingNumber>(month, 'tracking-number');
  if (latest !== undefined) return latest;
  const found = await table.getMany<TrackingNumber>(earlier, 'tracking-number');
  return found.sort((a, b) => (a.boughtAt < b.boughtAt ? 1 : -1))[0];
}

interface TrackingRow extends TrackingEvent {
  readonly entity: 'tracking-event';
}

/** Reads the tracking events of a parcel, oldest first. */
export async function readTrackingEvents(table: Table, { orderId, parcel }: ParcelName): Promise<TrackingEvent[]> {
  return await Array.fromAsync(table.query<TrackingRow>(`O#${orderId}`, `P#${parcel}#E#`, 'tracking-event', { ConsistentRead: true }));
}

/** Adds tracking events; the key is the event itself, so a repeat is no second one. */
export async function addTrackingEvents(table: Table, { orderId, parcel }: ParcelName, events: readonly TrackingEvent[]): Promise<void> {
  await table.putAll(events.map((event) => ({ PK: `O#${orderId}`, SK: `P#${parcel}#E#${eventKey(event)}`, entity: 'tracking-event', ...event })));
}

/** Whether a conditional write was made. @throws what is no failed condition */
export async function conditionally(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
