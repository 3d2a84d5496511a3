import * as z from 'zod';
import { daysAfter } from '../../core/calendar.ts';
import type { HandOver, HandOverName, Manifest } from '../../core/manifest.ts';
import type { PARCEL_LISTS, Parcel } from '../../core/shipment.ts';
import type { LabelAtCarrier } from '../carrier.ts';
import { workList } from './order-store.ts';
import { type ParcelName, parcelKey } from './parcel-store.ts';
import type { Key, Table } from './table.ts';

const ManifestedParcels = z.array(z.object({ orderId: z.string(), parcel: z.int(), reference: z.string(), carrierRef: z.string(), trackingNumber: z.string() }));

/** A parcel of a manifest, as it was when the carrier was asked. */
export type ManifestedParcel = ParcelName & LabelAtCarrier;

type Place = Pick<HandOverName, 'carrierId' | 'warehouse'>;

/** How far back manifests are looked for whose outcome is not known, in days. */
const DAYS_BACK = 14;

function partition({ carrierId, warehouse }: Place): string {
  return `M#${carrierId}#${warehouse}`;
}

function manifestKey(manifest: Manifest, kind: 'M' | 'P'): Key {
  return { PK: partition(manifest), SK: `${kind}#${manifest.day}#${String(manifest.number).padStart(3, '0')}` };
}

/** Reads the manifests of a carrier and warehouse, of a day and the two weeks before it, and later ones; oldest first. */
export async function readManifests(table: Table, place: Place, day: string): Promise<Manifest[]> {
  const options = { KeyConditionExpression: 'PK = :partition AND SK BETWEEN :from AND :to', ConsistentRead: true };
  const ExpressionAttributeValues = { ':partition': partition(place), ':from': `M#${daysAfter(day, -DAYS_BACK)}`, ':to': 'M#~' };
  return await Array.fromAsync(table.query<Manifest>(partition(place), 'M#', 'manifest', { ...options, ExpressionAttributeValues }));
}

/**
 * Claims a manifest before the carrier is asked for it, with what it is asked for.
 * @returns false when another invocation claims one of this day
 */
export async function claimManifest(table: Table, manifest: Manifest, parcels: readonly ManifestedParcel[]): Promise<boolean> {
  // One text: nothing in it is queried, and a map costs three times as much to write. Apart from the manifest, which is written often.
  const row = { ...manifestKey(manifest, 'P'), entity: 'manifest-parcels', parcels: JSON.stringify(parcels) };
  return (await table.transact([{ Put: manifestPut(table, manifest) }, { Put: { TableName: table.name, Item: row } }])).written;
}

/** Writes the next version of a manifest. @returns false when another invocation has taken it over */
export async function writeManifest(table: Table, manifest: Manifest): Promise<boolean> {
  return (await table.transact([{ Put: manifestPut(table, manifest) }])).written;
}

/** Reads what a carrier was asked to take. */
export async function readManifestParcels(table: Table, manifest: Manifest): Promise<ManifestedParcel[]> {
  const row = await table.get<{ entity: 'manifest-parcels'; parcels: string }>(manifestKey(manifest, 'P'), 'manifest-parcels');
  return row === undefined ? [] : ManifestedParcels.parse(JSON.parse(row.parcels));
}

/** Reads parcels by their names; those that are gone are left out. */
export async function readParcelsNamed(table: Table, names: readonly ParcelName[]): Promise<Parcel[]> {
  return await table.getMany<Parcel>(names.map(parcelKey), 'parcel');
}

/** Reads the parcels that are in some work lists for a carrier in a warehouse. */
export async function readParcelsAt(table: Table, { carrierId, warehouse }: Place, lists: readonly (typeof PARCEL_LISTS)[number][], now: Date): Promise<Parcel[]> {
  // One that moves on while the lists are read is met in two of them.
  const names = new Map<string, ParcelName>();
  for (const list of lists) for await (const { orderId, parcel } of workList(table, list, now)) if (parcel !== undefined) names.set(`${orderId}/${parcel}`, { orderId, parcel });
  return (await readParcelsNamed(table, [...names.values()])).filter((parcel) => parcel.carrierId === carrierId && parcel.warehouse === warehouse);
}

function handOverKey(name: HandOverName): Key {
  return { PK: partition(name), SK: `H#${name.day}` };
}

/** Reads what was given to a carrier on a day. */
export async function readHandOver(table: Table, name: HandOverName): Promise<HandOver | undefined> {
  return await table.get<HandOver>(handOverKey(name), 'hand-over');
}

/** Writes what was given to a carrier on a day. @returns false when another invocation wrote it since it was read */
export async function writeHandOver(table: Table, handOver: HandOver): Promise<boolean> {
  return (await table.transact([{ Put: { TableName: table.name, Item: { ...handOver, ...handOverKey(handOver) }, ...following(handOver) } }])).written;
}

function manifestPut(table: Table, manifest: Manifest) {
  return { TableName: table.name, Item: { ...manifest, ...manifestKey(manifest, 'M') }, ...following(manifest) };
}

/** The condition that nothing was written since the version before. */
export function following({ version }: { readonly version: number }) {
  if (version === 1) return { ConditionExpression: 'attribute_not_exists(PK)' };
  return { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': version - 1 } };
}
