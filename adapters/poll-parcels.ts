import type { CarrierConnection } from '../core/client.ts';
import { callsPerRun, isSilent, type Place, patienceOf, roundFor } from '../core/round.ts';
import type { Outbox } from './aws/message-queue.ts';
import { readNamedParcels } from './aws/parcel-store.ts';
import { onTheirWay, readRound, writeRound } from './aws/round-store.ts';
import type { Table } from './aws/table.ts';
import { loadCarrier } from './carrier.ts';
import { isDown } from './carrier-reach.ts';
import { packLookups } from './lookup.ts';

/** What asking after parcels works with. */
export interface PollingParcels {
  readonly table: Table;
  /** Where carriers are asked, by carrier connection. */
  readonly lookups: Readonly<Record<string, Outbox>>;
  now(): Date;
}

/** What became of a run for one carrier. */
export interface PolledParcels {
  /** Parcels that were looked at, and those that the carrier is asked about. */
  readonly read: number;
  readonly silent: number;
  /** Why it stopped: all were looked at; its calls, or what it may read, were used up; the last round is too recent; the carrier is down; another run was faster. */
  readonly stopped: 'end' | 'budget' | 'rested' | 'down' | 'overtaken';
}

/** Minutes from one run to the next. */
const POLL_MINUTES = 30;
/** Parcels that a run looks at, at most: most belong to other carriers, or were heard of. */
const MOST_READ = 5_000;
const BATCH = 100;

/** Has a carrier asked about parcels of which nothing was heard for long: the backstop for callbacks that were lost. Goes on where the last run stopped. */
export async function pollCarrier(connection: CarrierConnection, polling: PollingParcels): Promise<PolledParcels> {
  const { id, kind, settings } = connection;
  const { table, now } = polling;
  if (await isDown(id, polling)) return { read: 0, silent: 0, stopped: 'down' };
  const capabilities = (await loadCarrier(kind)).capabilities(settings);
  const hours = patienceOf(capabilities);
  const round = roundFor(await readRound(table, id), id, hours, now());
  if (round === undefined) return { read: 0, silent: 0, stopped: 'rested' };
  const most = callsPerRun(connection, capabilities, POLL_MINUTES) * capabilities.trackBatch;
  const found = await silentParcels(id, round.at, hours, most, polling);
  await polling.lookups[id]?.send(packLookups({ carrierId: id, trackingNumbers: found.numbers, because: 'silence' }, capabilities.trackBatch));
  const written = await writeRound(table, { ...round, at: found.at });
  return { read: found.read, silent: found.numbers.length, stopped: written ? (found.at === null ? 'end' : 'budget') : 'overtaken' };
}

interface Silent {
  readonly numbers: string[];
  readonly read: number;
  /** Where to go on; null at the end. */
  readonly at: Place | null;
}

async function silentParcels(carrierId: string, behind: Place | null, hours: number, most: number, { table, now }: PollingParcels): Promise<Silent> {
  const numbers: string[] = [];
  let read = 0;
  let places: Place[] = [];
  for await (const place of onTheirWay(table, behind)) {
    places.push(place);
    if (places.length < BATCH) continue;
    const stopped = await take();
    if (stopped !== null) return { numbers, read, at: stopped };
  }
  // First: `read` counts these too.
  const at = await take();
  return { numbers, read, at };

  /** @returns the last parcel that was looked at, if it may go no further */
  async function take(): Promise<Place | null> {
    const batch = places;
    places = [];
    const parcels = new Map((await readNamedParcels(table, batch)).map((parcel) => [nameOf(parcel), parcel]));
    for (const place of batch) {
      read += 1;
      const parcel = parcels.get(nameOf(place));
      const number = parcel?.carrierId === carrierId && isSilent(parcel, hours, now()) ? parcel.label?.trackingNumber : undefined;
      if (number !== undefined) numbers.push(number);
      if (numbers.length >= most || read >= MOST_READ) return place;
    }
    return null;
  }
}

function nameOf({ orderId, parcel }: Pick<Place, 'orderId' | 'parcel'>): string {
  return `${orderId} ${parcel}`;
}
