import type { CarrierConnection, Client, Warehouse } from '../core/client.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import {
  claimManifest as drawUp,
  type HandOverName,
  listed,
  MANIFEST_PATIENCE_MS,
  type Manifest,
  manifestId,
  manifestStep,
  moveManifest,
  parkManifest,
  renewManifest,
} from '../core/manifest.ts';
import { type Parcel, putOnManifest } from '../core/shipment.ts';
import { claimManifest, type ManifestedParcel, readManifestParcels, readParcelsNamed, writeManifest } from './aws/manifest-store.ts';
import type { Bucket } from './aws/object-store.ts';
import { readParcel, writeParcel } from './aws/parcel-store.ts';
import type { Carrier, CarrierCall, Manifested, ManifestRequest, Source } from './carrier.ts';
import { type CarrierReaching, carrierConnectionOf, isDown, reachCarrier } from './carrier-reach.ts';
import { labelFileOf } from './label-file.ts';
import { watched } from './watched-http.ts';

/** What must wake a person. */
export type HandOverNotice = 'manifestRefused' | 'manifestUnknown' | 'manifestFormLost' | 'pickupRefused' | 'pickupUnknown' | 'pickupKept';

/** What parcels are given to carriers with. */
export interface HandingOver extends CarrierReaching {
  readonly labels: Bucket;
  newId(): string;
  /** Hears of what must wake a person. */
  notice(what: HandOverNotice, fields: Readonly<Record<string, string>>): void;
}

/** A request to close the day of a carrier in a warehouse. */
export interface CloseRequest extends HandOverName {
  /** The same for a repeat: what it met is not asked for again. */
  readonly closing: string;
  readonly by: string;
}

/** The two sides of a hand-over. @throws Rejected `carrier.unknown`, `shipment.warehouse-unknown` */
export function placeOf(client: Client, carrierId: string, warehouseId: string): { readonly connection: CarrierConnection; readonly warehouse: Warehouse } {
  const connection = carrierConnectionOf(client, carrierId);
  const warehouse = client.warehouses.find(({ id }) => id === warehouseId);
  if (warehouse === undefined)
    throw new Rejected(
      'shipment.warehouse-unknown',
      `Warehouse ${JSON.stringify(warehouseId)} is not in the client file; warehouses: ${client.warehouses.map(({ id }) => id).join(', ')}.`,
    );
  return { connection, warehouse };
}

/** One run of a closing. */
export interface Run {
  readonly hub: HandingOver;
  readonly request: CloseRequest;
  readonly connection: CarrierConnection;
  readonly warehouse: Warehouse;
  readonly carrier: Carrier;
}

/** The carrier's look at a manifest may be soon: most are made at once. */
const LOOK_AFTER_SECONDS = 15;
/** Whoever deals with a manifest is done in seconds as a rule; that somebody died is known when the lease lapses, within seven receipts. */
const HOLDER_SECONDS = 15;
const CALL_LIMIT_MS = 20_000;
const MOST_FORMS = 20;

/** Has a manifest made: claim, one call, and what comes of it. @throws Unavailable when it must be looked at again */
export async function closeManifest(run: Run, carrier: string, group: readonly Parcel[], number: number): Promise<void> {
  const { hub, request } = run;
  // Nothing is claimed that would not be asked for.
  if (await isDown(request.carrierId, hub))
    throw new Unavailable('carrier.down', `${request.carrierId} has not answered lately; its manifest is asked for later.`, { retryAfterSeconds: 60 });
  const asking = await open(run);
  const parcels = group.map((parcel): ManifestedParcel => ({ ...listed(parcel), reference: parcel.label?.reference ?? '', carrierRef: parcel.label?.carrierRef ?? '' }));
  const { carrierId, warehouse, day, closing, by } = request;
  const manifest = drawUp({ carrierId, warehouse, day, number, reference: hub.newId(), closing, carrier, parcels: parcels.length, by }, hub.now());
  if (!(await claimManifest(hub.table, manifest, parcels))) throw contended(manifest);
  const { answer, turnedBack } = await asking.ask((manifests, call) => manifests.close(requestOf(run, manifest, parcels), call));
  if (answer.outcome === 'refused' && turnedBack) return await giveUp(run, manifest, answer.reason);
  await conclude(run, asking, manifest, parcels, answer);
}

/** Goes on with a manifest that was begun. @throws Unavailable when it must be looked at again */
export async function goOnWith(run: Run, begun: Manifest): Promise<void> {
  const step = manifestStep(begun, run.hub.now());
  switch (step.do) {
    case 'nothing':
      return;
    case 'wait':
      throw new Unavailable('shipment.manifest-claimed', `Another invocation closes manifest ${manifestId(begun)} for up to ${step.seconds} s.`, {
        retryAfterSeconds: Math.min(step.seconds, HOLDER_SECONDS),
      });
    case 'settle':
      return await settle(run, begun, await readManifestParcels(run.hub.table, begun));
    case 'look':
      return await look(run, begun);
    default:
      return step satisfies never;
  }
}

async function look(run: Run, begun: Manifest): Promise<void> {
  const { hub } = run;
  const asking = await open(run);
  const manifest = renewManifest(begun, hub.now());
  await write(run, manifest);
  const parcels = await readManifestParcels(hub.table, manifest);
  const { answer, turnedBack } = await asking.ask((manifests, call) => manifests.look(requestOf(run, manifest, parcels), manifest.manifestRef, call));
  if (answer.outcome !== 'refused') return await conclude(run, asking, manifest, parcels, answer);
  if (turnedBack) return await leave(run, manifest, answer.reason);
  if (manifest.manifestRef !== null) return await conclude(run, asking, manifest, parcels, answer);
  // It was made for certain only when it shows, and not made only when it does not show for so long.
  const unsettled = asking.settleSeconds - (hub.now().getTime() - Date.parse(manifest.claimedAt)) / 1000;
  if (unsettled > 0) return await leave(run, manifest, 'it does not show yet', Math.ceil(unsettled));
  await write(run, moveManifest(manifest, { status: 'absent', reason: answer.reason }, hub.now()));
}

type Asking = Awaited<ReturnType<typeof open>>;

/** Reaches the carrier. One that makes no manifests is not reached: the list that the driver signs is ours alone. */
async function open({ hub, connection, carrier }: Run) {
  const manifest = carrier.capabilities(connection.settings).needsManifest ? carrier.manifest : undefined;
  if (manifest === undefined) return { ask: async () => ({ answer: OWN_LIST, turnedBack: false }), settleSeconds: 0, fetch: undefined };
  const { call, capabilities } = await reachCarrier(connection.id, hub, CALL_LIMIT_MS);
  async function ask(how: (manifests: NonNullable<Carrier['manifest']>, call: CarrierCall<unknown>) => Promise<Manifested>) {
    const way = watched(call.http);
    const answer = await how(manifest ?? NO_MANIFESTS, { ...call, http: way.http }).catch((error: unknown): Manifested => {
      if (!(error instanceof Rejected || error instanceof Unavailable)) throw error;
      return { outcome: way.sent() ? 'unknown' : 'refused', reason: error.message };
    });
    return { answer, turnedBack: way.turnedBack() };
  }
  return { ask, settleSeconds: capabilities.settleSeconds, fetch: (ref: string, url: string) => carrier.label({ reference: '', carrierRef: ref, trackingNumber: '' }, url, call) };
}

const OWN_LIST: Manifested = { outcome: 'closed', manifestRef: '', documents: [], leftOut: [] };
const NO_MANIFESTS: NonNullable<Carrier['manifest']> = { close: async () => OWN_LIST, look: async () => OWN_LIST };

function requestOf({ warehouse }: Run, { reference, day, carrier }: Manifest, parcels: readonly ManifestedParcel[]): ManifestRequest {
  const labels = parcels.map(({ reference, carrierRef, trackingNumber }) => ({ reference, carrierRef, trackingNumber }));
  return { reference, from: warehouse.address, shipDate: day, labels, carrier };
}

async function conclude(run: Run, asking: Asking, manifest: Manifest, parcels: readonly ManifestedParcel[], answer: Manifested): Promise<void> {
  const { hub } = run;
  switch (answer.outcome) {
    case 'closed': {
      const kept = await keepForms(run, asking, manifest, answer);
      if (kept === undefined) return await leave(run, { ...manifest, status: 'pending', manifestRef: answer.manifestRef }, 'its forms cannot be fetched yet');
      const names = new Map(parcels.map((parcel) => [parcel.trackingNumber, parcel]));
      const leftOut = answer.leftOut.flatMap(({ trackingNumber, reason }) => {
        const parcel = names.get(trackingNumber);
        return parcel === undefined ? [] : [{ orderId: parcel.orderId, parcel: parcel.parcel, trackingNumber, reason: `the carrier does not take it: ${reason}`.slice(0, 250) }];
      });
      const { manifestRef } = answer;
      const closed = moveManifest(manifest, { status: 'closed', manifestRef, documents: kept.documents, leftOut, reason: kept.problem }, hub.now());
      if (kept.problem !== '') hub.notice('manifestFormLost', { manifest: manifestId(manifest), reason: kept.problem.slice(0, 200) });
      await write(run, closed);
      return await settle(run, closed, parcels);
    }
    case 'pending':
      return await leave(run, { ...manifest, status: 'pending', manifestRef: answer.manifestRef }, 'the carrier is at work on it');
    case 'refused':
      hub.notice('manifestRefused', { manifest: manifestId(manifest), reason: answer.reason.slice(0, 200) });
      return await write(run, moveManifest(manifest, { status: 'refused', reason: answer.reason }, hub.now()));
    case 'unknown':
      return await leave(run, manifest, answer.reason);
    default:
      return answer satisfies never;
  }
}

interface KeptForms {
  readonly documents: readonly string[];
  /** What is amiss with one of them; empty where nothing is. */
  readonly problem: string;
}

/** Copies forms to the labels bucket. @returns undefined when one of them may be had later */
async function keepForms({ hub }: Run, { fetch }: Asking, manifest: Manifest, { documents, manifestRef }: { readonly documents: readonly Source[]; readonly manifestRef: string }) {
  const kept: string[] = [];
  let problem = '';
  for (const [index, source] of documents.slice(0, MOST_FORMS).entries()) {
    try {
      if (source.in === 'nowhere' || (source.in === 'url' && fetch === undefined)) throw new Rejected('carrier.form-lost', 'The carrier keeps the form where it cannot be had.');
      const file = labelFileOf(source.in === 'answer' ? source.bytes : ((await fetch?.(manifestRef, source.url)) ?? Buffer.alloc(0)));
      const key = `${folderOf(manifest)}/${manifest.day}-${manifest.number}-${index + 1}.${file.extension}`;
      await hub.labels.put(key, file.bytes, file.contentType);
      kept.push(key);
    } catch (error) {
      if (error instanceof Unavailable) return undefined;
      if (!(error instanceof Rejected)) throw error;
      problem = `form ${index + 1} cannot be used: ${error.message}`;
    }
  }
  return { documents: kept, problem } satisfies KeptForms;
}

/** Where the documents of a carrier and warehouse are in the labels bucket. */
export function folderOf({ carrierId, warehouse }: Pick<HandOverName, 'carrierId' | 'warehouse'>): string {
  return `manifests/${carrierId}/${warehouse}`;
}

/** Parcels that are told at a time. */
const TOLD_AT_ONCE = 50;

/** Tells the parcels that they are on the manifest; one that knows is left alone, so that this may be repeated from anywhere. */
async function settle({ hub }: Run, manifest: Manifest, parcels: readonly ManifestedParcel[]): Promise<void> {
  const behind = new Set(manifest.leftOut.map(({ trackingNumber }) => trackingNumber));
  const names = parcels.filter(({ trackingNumber }) => !behind.has(trackingNumber));
  for (let from = 0; from < names.length; from += TOLD_AT_ONCE) {
    const chunk = await readParcelsNamed(hub.table, names.slice(from, from + TOLD_AT_ONCE));
    await Promise.all(chunk.map((parcel) => tell(hub, parcel, manifestId(manifest))));
  }
  // Should another invocation have settled it, this is nothing new.
  await writeManifest(hub.table, moveManifest(manifest, { status: 'settled' }, hub.now()));
}

const ATTEMPTS = 5;

async function tell({ table, now }: HandingOver, first: Parcel, id: string): Promise<void> {
  let parcel = first;
  for (let count = 0; count < ATTEMPTS; count++) {
    if (parcel.manifest !== undefined || (await writeParcel(table, putOnManifest(parcel, id, { by: 'hub', now: now() })))) return;
    parcel = await readParcel(table, parcel);
  }
  throw new Unavailable('shipment.parcel-contended', `Parcel ${parcel.parcel} of order ${parcel.orderId} was written by others ${ATTEMPTS} times.`, { retryAfterSeconds: 1 });
}

/** Comes again to look it up, or has a person say what became of it when that was tried for long enough. */
async function leave(run: Run, manifest: Manifest, reason: string, seconds = LOOK_AFTER_SECONDS): Promise<void> {
  const { hub } = run;
  const age = hub.now().getTime() - Date.parse(manifest.claimedAt);
  if (age < MANIFEST_PATIENCE_MS) {
    await write(run, moveManifest(manifest, { reason }, hub.now()));
    throw new Unavailable('shipment.manifest-unknown', `What became of manifest ${manifestId(manifest)} is not known (${reason}); it is looked up.`, {
      retryAfterSeconds: seconds,
    });
  }
  if (manifest.parked === undefined) hub.notice('manifestUnknown', { manifest: manifestId(manifest), reason: reason.slice(0, 200) });
  await write(run, parkManifest(manifest, reason, hub.now()));
}

/** The request did not leave: nothing was made, and it may be asked for again. */
async function giveUp(run: Run, manifest: Manifest, reason: string): Promise<never> {
  await write(run, moveManifest(manifest, { status: 'absent', reason }, run.hub.now()));
  throw new Unavailable('shipment.manifest-not-asked', `${run.connection.id} was not asked for manifest ${manifestId(manifest)}: ${reason}`, { retryAfterSeconds: 60 });
}

async function write({ hub }: Run, manifest: Manifest): Promise<void> {
  if (!(await writeManifest(hub.table, manifest))) throw contended(manifest);
}

function contended(manifest: Manifest): Unavailable {
  return new Unavailable('shipment.manifest-contended', `Another invocation deals with manifest ${manifestId(manifest)}.`, { retryAfterSeconds: 5 });
}
