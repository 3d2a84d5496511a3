import { zoneOf } from '../core/calendar.ts';
import { Unavailable } from '../core/error.ts';
import { type HandOver, handOverVerdict, isGivenUp, isWithCarrier, type LeftOut, listed, type Manifest, manifestId } from '../core/manifest.ts';
import type { Parcel } from '../core/shipment.ts';
import { readHandOver, readManifestParcels, readManifests, readParcelsAt, readParcelsNamed, writeHandOver } from './aws/manifest-store.ts';
import { readOrders } from './aws/order-store.ts';
import { loadCarrier } from './carrier.ts';
import { type CloseRequest, closeManifest, folderOf, goOnWith, type HandingOver, placeOf, type Run } from './manifest.ts';
import { type HandOverList, handOverDocuments } from './manifest-list.ts';

/** Labels on one manifest, where the carrier's adapter says nothing: what can be looked up and settled within one invocation. */
const MOST_LABELS = 1_000;
/** Parcels left out that the record lists; the documents list them all. */
const LISTED_BEHIND = 500;
/** Closings of a day that are remembered. */
const CLOSINGS = 50;

/**
 * Closes the day of a carrier in a warehouse: goes on with manifests that were begun, has new ones made of what is ready, and writes the list
 * that the driver signs. A repeat finds what was done and does the rest; one of a closing that was carried out does nothing.
 * @throws Unavailable when it must be looked at again; Rejected `carrier.unknown`, `shipment.warehouse-unknown`
 */
export async function closeDay(request: CloseRequest, hub: HandingOver): Promise<HandOver> {
  const { connection, warehouse } = placeOf(hub.client, request.carrierId, request.warehouse);
  const before = await readHandOver(hub.table, request);
  if (before?.closings.includes(request.closing)) return before;
  const run: Run = { hub, request, connection, warehouse, carrier: await loadCarrier(connection.kind) };
  for (const manifest of await readManifests(hub.table, request, request.day)) if (manifest.parked === undefined) await goOnWith(run, manifest);
  const leftOut = await closeRest(run);
  // Last: a carrier that does not answer for these must not keep it from being asked for the others.
  return await writeDown(run, (await lookAgain(run)) ? await closeRest(run) : leftOut);
}

/** Has manifests made of what is ready and on none. @returns what stays behind */
async function closeRest(run: Run): Promise<readonly LeftOut[]> {
  const { hub, request, carrier } = run;
  // Read before the parcels: whoever makes one in between has the number that is next here.
  const manifests = await readManifests(hub.table, request, request.day);
  let number = Math.max(0, ...manifests.filter(({ day }) => day === request.day).map((manifest) => manifest.number));
  const { taken, leftOut } = await choose(run, new Set((await notTaken(run, manifests)).map(nameOf)));
  for (const [mover, group] of groupsOf(taken, carrier.manifest?.most ?? MOST_LABELS)) {
    number += 1;
    await closeManifest(run, mover, group, number);
  }
  return leftOut;
}

/** Looks at manifests that wait for a person: the carrier may show by now what became of them. @returns whether parcels of theirs are free */
async function lookAgain(run: Run): Promise<boolean> {
  const { hub, request } = run;
  const parked = (await readManifests(hub.table, request, request.day)).filter((manifest) => manifest.parked !== undefined);
  for (const manifest of parked) await goOnWith(run, manifest);
  if (parked.length === 0) return false;
  const references = new Set(parked.map(({ reference }) => reference));
  return (await readManifests(hub.table, request, request.day)).some((manifest) => references.has(manifest.reference) && isGivenUp(manifest));
}

function nameOf({ orderId, parcel }: { readonly orderId: string; readonly parcel: number }): string {
  return `${orderId}/${parcel}`;
}

/** Parcels of manifests that this closing must not ask for again: those that it was refused, and those that nobody knows about. */
async function notTaken({ hub, request }: Run, manifests: readonly Manifest[]): Promise<LeftOut[]> {
  const left: LeftOut[] = [];
  for (const manifest of manifests) {
    const reason = whyNotTaken(manifest, request);
    if (reason !== undefined)
      left.push(...(await readManifestParcels(hub.table, manifest)).map(({ orderId, parcel, trackingNumber }) => ({ orderId, parcel, trackingNumber, reason })));
    if (manifest.closing === request.closing) left.push(...manifest.leftOut);
  }
  return left;
}

function whyNotTaken(manifest: Manifest, { closing }: CloseRequest): string | undefined {
  if (manifest.status === 'refused' && manifest.closing === closing) return `the carrier refuses manifest ${manifestId(manifest)}: ${manifest.reason}`.slice(0, 250);
  const isOpen = !isGivenUp(manifest) && !isWithCarrier(manifest);
  return isOpen ? `a person has to say what became of manifest ${manifestId(manifest)}` : undefined;
}

/** Chooses the parcels that leave. */
async function choose({ hub, request, connection, warehouse, carrier }: Run, spoken: ReadonlySet<string>) {
  const parcels = await readParcelsAt(hub.table, request, ['label', 'hand-over', 'scan'], hub.now());
  const candidates = parcels.filter((parcel) => !spoken.has(nameOf(parcel)));
  const orders = await readOrders(
    hub.table,
    candidates.map(({ orderId }) => orderId),
  );
  const terms = { client: hub.client, warehouse, connection, day: request.day, isStrict: carrier.manifest !== undefined };
  const taken: Parcel[] = [];
  const leftOut: LeftOut[] = [];
  for (const parcel of candidates) {
    const verdict = handOverVerdict(parcel, orders.get(parcel.orderId), terms);
    if (verdict.as === 'taken') taken.push(parcel);
    if (verdict.as === 'left-out') leftOut.push({ ...listed(parcel), reason: verdict.reason });
  }
  return { taken, leftOut };
}

/** Parcels by who moves them, in as many groups as the carrier's limit asks for. */
function groupsOf(parcels: readonly Parcel[], most: number): [string, Parcel[]][] {
  const movers = Map.groupBy(parcels, ({ label }) => label?.carrier ?? '');
  return [...movers].flatMap(([carrier, all]) =>
    Array.from({ length: Math.ceil(all.length / most) }, (_, index): [string, Parcel[]] => [carrier, all.slice(index * most, (index + 1) * most)]),
  );
}

/** Writes the list that the driver signs, of the whole day, and what it says in short. @throws Unavailable `shipment.hand-over-contended` */
async function writeDown(run: Run, behind: readonly LeftOut[]): Promise<HandOver> {
  const { hub, request, connection, warehouse } = run;
  const { carrierId, day, by } = request;
  const all = await readManifests(hub.table, request, day);
  const before = await readHandOver(hub.table, request);
  const manifests = all.filter((manifest) => manifest.day === day && isWithCarrier(manifest));
  const given = await Promise.all(manifests.map(async (manifest) => ({ manifest, parcels: await parcelsOn(hub, manifest) })));
  const gone = given
    .flatMap(({ parcels }) => parcels.filter(isCalledBack))
    .map((parcel) => ({ ...listed(parcel), reason: 'it was called back after it was listed: take it out of the load' }));
  const leftOut = [...behind, ...(await notTaken(run, all)), ...gone].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rows = given.flatMap(({ manifest, parcels }) => parcels.filter((parcel) => !isCalledBack(parcel)).map((parcel) => ({ manifest, parcel })));
  const closedAt = hub.now();
  const documents = await keepList(run, { client: hub.client, connection, warehouse, timeZone: zoneOf(warehouse, hub.client), day, closedAt, rows, leftOut });
  const handOver: HandOver = {
    entity: 'hand-over',
    carrierId,
    warehouse: warehouse.id,
    day,
    closedAt: closedAt.toISOString(),
    by,
    parcels: rows.length,
    weight: rows.reduce((sum, { parcel }) => sum + parcel.weight, 0),
    behind: leftOut.length,
    leftOut: leftOut.slice(0, LISTED_BEHIND),
    documents,
    closings: [...(before?.closings ?? []).slice(1 - CLOSINGS), request.closing],
    version: (before?.version ?? 0) + 1,
  };
  if (await writeHandOver(hub.table, handOver)) return handOver;
  throw new Unavailable('shipment.hand-over-contended', `Another invocation closes ${carrierId} in ${warehouse.id} on ${day}.`, { retryAfterSeconds: 3 });
}

async function keepList({ hub, request }: Run, list: HandOverList): Promise<string[]> {
  const documents: string[] = [];
  for (const { extension, contentType, bytes } of handOverDocuments(list)) {
    const key = `${folderOf(request)}/${list.day}.${extension}`;
    await hub.labels.put(key, bytes, contentType);
    documents.push(key);
  }
  return documents;
}

function isCalledBack({ status }: Parcel): boolean {
  return status === 'recalled' || status === 'unpacked';
}

async function parcelsOn(hub: HandingOver, manifest: Manifest): Promise<Parcel[]> {
  const behind = new Set(manifest.leftOut.map(nameOf));
  const names = (await readManifestParcels(hub.table, manifest)).filter((name) => !behind.has(nameOf(name)));
  const parcels = new Map((await readParcelsNamed(hub.table, names)).map((parcel) => [nameOf(parcel), parcel]));
  return names.flatMap((name) => parcels.get(nameOf(name)) ?? []);
}
