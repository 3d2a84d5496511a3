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

/** Reads the parcels of an order that are to leave, or have left. */
export async function readParcels(table: Table, orderId: string): Promise<Parcel[]> {
  return (await readAll(table, orderId)).filter(({ returns }) => returns === undefined);
}

/** Reads the parcels in which goods of an order come back. */
export async function readReturns(table: Table, orderId: string): Promise<Parcel[]> {
  return (await readAll(table, orderId)).filter(({ returns }) => returns !== undefined);
}

/** Reads parcels by their names, in no particular order; absent ones are left out. */
export async function readNamedParcels(table: Table, names: readonly ParcelName[]): Promise<Parcel[]> {
  return await table.getMany<Parcel>(names.map(parcelKey), 'parcel');
}

async function readAll(table: Table, orderId: string): Promise<Parcel[]> {
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

/** Says whose a tracking number is. */
export interface TrackingNumber extends ParcelName {
  readonly entity: 'tracking-number';
  readonly carrierId: string;
  readonly trackingNumber: string;
  readonly boughtAt: string;
}

/** Carriers use tracking numbers again: a number is looked for in the months in which its parcel can be on its way. */
const MONTHS_ON_THE_WAY = 4;

function trackingNumberKey(carrierId: string, number: string, month: string): Key {
  return { PK: `TN#${carrierId}#${number}#${month}`, SK: 'P' };
}

/** The row by which a parcel is found by its tracking number. */
export function trackingNumberItem({ carrierId, orderId, parcel }: Parcel, trackingNumber: string, boughtAt: string): Key & TrackingNumber {
  return { ...trackingNumberKey(carrierId, trackingNumber, boughtAt.slice(0, 7)), entity: 'tracking-number', carrierId, trackingNumber, orderId, parcel, boughtAt };
}

/** How much earlier than its label an event of a parcel may be dated: labels that people buy are recorded later, and carriers' clocks differ. */
const BEFORE_LABEL_MS = 7 * 86_400_000;
/** Months that are looked through at most, whatever date a carrier writes. */
const MOST_MONTHS = 13;

/** Whether something that a carrier dates at an instant can be said of the parcel that a number was bought for. */
export function isOf({ boughtAt }: TrackingNumber, at: string): boolean {
  return Date.parse(at) >= Date.parse(boughtAt) - BEFORE_LABEL_MS;
}

/** A tracking number of a carrier, and the instant of the earliest thing that was said of it. */
interface Wanted {
  readonly carrierId: string;
  readonly trackingNumber: string;
  /** UTC instant. */
  readonly since: string;
}

/**
 * Finds the parcels that have had tracking numbers, of each number the latest first, as far as something said since an instant can be about
 * them. Most were bought within the month, so that is looked at first.
 */
export async function findByTrackingNumbers<One extends Wanted>(table: Table, wanted: readonly One[], now: Date): Promise<Map<One, TrackingNumber[]>> {
  const latest = await readNumbers(table, wanted, (months) => months.slice(0, 1), now);
  const open = wanted.filter((one) => !latest.get(numberOf(one))?.some((row) => isOf(row, one.since)));
  const earlier = await readNumbers(table, open, (months) => months.slice(1), now);
  const found = (one: Wanted) => [latest, earlier].flatMap((rows) => rows.get(numberOf(one)) ?? []);
  return new Map(wanted.map((one) => [one, found(one).sort((a, b) => (a.boughtAt < b.boughtAt ? 1 : -1))]));
}

function numberOf({ carrierId, trackingNumber }: Pick<TrackingNumber, 'carrierId' | 'trackingNumber'>): string {
  return `${carrierId}#${trackingNumber}`;
}

async function readNumbers(table: Table, wanted: readonly Wanted[], which: (months: string[]) => string[], now: Date): Promise<Map<string, TrackingNumber[]>> {
  const keys = wanted.flatMap(({ carrierId, trackingNumber, since }) => which(monthsBack(now, since)).map((month) => trackingNumberKey(carrierId, trackingNumber, month)));
  const rows = await table.getMany<TrackingNumber>([...new Map(keys.map((key) => [key.PK, key])).values()], 'tracking-number');
  return Map.groupBy(rows, numberOf);
}

/** The months from now back to when what moves at an instant can have been bought. */
function monthsBack(now: Date, since: string): string[] {
  const from = new Date(Math.min(Date.parse(since), now.getTime()));
  const months = (now.getUTCFullYear() - from.getUTCFullYear()) * 12 + now.getUTCMonth() - from.getUTCMonth() + MONTHS_ON_THE_WAY;
  return Array.from({ length: Math.min(months, MOST_MONTHS) }, (_, back) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7));
}

interface TrackingRow extends TrackingEvent {
  readonly entity: 'tracking-event';
}

/** Reads the tracking events of a parcel, oldest first. */
export async function readTrackingEvents(table: Table, { orderId, parcel }: ParcelName): Promise<TrackingEvent[]> {
  return await Array.fromAsync(table.query<TrackingRow>(`O#${orderId}`, `P#${parcel}#E#`, 'tracking-event', { ConsistentRead: true }));
}

/** Adds tracking events of parcels; the key is the event itself, so a repeat is no second one. */
export async function addTrackingEvents(table: Table, events: readonly (ParcelName & { readonly event: TrackingEvent })[]): Promise<void> {
  const rows = events.map(({ orderId, parcel, event }) => ({ PK: `O#${orderId}`, SK: `P#${parcel}#E#${eventKey(event)}`, entity: 'tracking-event', ...event }));
  // Two numbers of one parcel may tell the same, and a batch may write a row but once.
  await table.putAll([...new Map(rows.map((row) => [`${row.PK} ${row.SK}`, row])).values()]);
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
