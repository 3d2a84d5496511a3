import * as z from 'zod';
import { answerTo, isSuccess, jsonOf } from '../../adapters/answer.ts';
import { writeParcel } from '../../adapters/aws/parcel-store.ts';
import type { SecretStore } from '../../adapters/aws/secret-store.ts';
import type { Booked, Carrier, CarrierCall, Manifested, ManifestRequest } from '../../adapters/carrier.ts';
import type { Http, HttpRequest, HttpResponse } from '../../adapters/http.ts';
import type { HandingOver, HandOverNotice } from '../../adapters/manifest.ts';
import { Unavailable } from '../../core/error.ts';
import { labelled, type Parcel } from '../../core/shipment.ts';
import type { useEmulator } from '../emulator.ts';
import { only } from './label-shop.ts';
import { type Lifeline, lifeline, tieBucket, tied, tieTable } from './lifeline.ts';
import { memoryBucket } from './memory-bucket.ts';
import { clientWith, elsewhere, hubOn, packed, parcelOf, stockUp, type TestHub } from './world.ts';

/** What goes wrong with the next request that would have an effect. */
export type DockFault =
  /** It has its effect, and the answer is lost. */
  | 'silent'
  /** It has none, and the answer is lost. */
  | 'down'
  | 'refused'
  /** It is made later: after two looks. */
  | 'pending'
  /** Its form cannot be read. */
  | 'blank-form';

interface Made {
  readonly reference: string;
  readonly trackingNumbers: readonly string[];
  looks: number;
  readonly blank: boolean;
}

const Close = z.object({ reference: z.string(), trackingNumbers: z.array(z.string()) });
const Answer = z.object({ ref: z.string(), status: z.enum(['made', 'working', 'none', 'refused']), form: z.string().default(''), leftOut: z.array(z.string()).default([]) });

/** A carrier whose manifests and pickups are remembered; a second one for the same parcels is a second one. */
export class FakeDock {
  readonly faults: DockFault[] = [];
  readonly made: Made[] = [];
  readonly pickups: { readonly reference: string; readonly parcels: number; readonly weight: number; cancelled: number }[] = [];
  /** Tracking numbers that it does not take. */
  readonly refusedNumbers = new Set<string>();

  readonly http: Http = async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === 'GET') return this.#look(pathname.slice('/manifests/'.length));
    const fault = this.faults.shift();
    if (fault === 'down') throw lost();
    if (fault === 'refused') return respond(422, { message: 'closed for today' });
    const answer = pathname === '/manifests' ? this.#close(request, fault) : this.#pickup(request, pathname);
    if (fault === 'silent') throw lost();
    return answer;
  };

  #close({ body = '' }: HttpRequest, fault: DockFault | undefined): HttpResponse {
    const { reference, trackingNumbers } = Close.parse(JSON.parse(String(body)));
    this.made.push({
      reference,
      trackingNumbers: trackingNumbers.filter((number) => !this.refusedNumbers.has(number)),
      looks: fault === 'pending' ? 2 : 0,
      blank: fault === 'blank-form',
    });
    return this.#look(reference);
  }

  #look(reference: string): HttpResponse {
    const made = this.made.find((one) => one.reference === reference);
    if (made === undefined) return respond(200, { ref: reference, status: 'none' });
    made.looks -= 1;
    if (made.looks >= 0) return respond(200, { ref: reference, status: 'working' });
    return respond(200, { ref: reference, status: 'made', form: made.blank ? 'nothing' : '%PDF-1.4 form', leftOut: [...this.refusedNumbers] });
  }

  #pickup({ body = '' }: HttpRequest, pathname: string): HttpResponse {
    const [, , reference, verb] = pathname.split('/');
    if (verb === 'cancel') {
      for (const pickup of this.pickups) if (pickup.reference === reference) pickup.cancelled += 1;
      return respond(200, {});
    }
    this.pickups.push({ ...JSON.parse(String(body)), cancelled: 0 });
    return respond(200, {});
  }
}

function lost(): Unavailable {
  return new Unavailable('http.timeout', 'carrier.example.com did not answer within 10000 ms.');
}

function respond(status: number, body: unknown): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

/** The adapter of that carrier, as far as hand-overs need it. @param most labels on a manifest; 0 for a carrier that makes none */
export function dockCarrier(base: Carrier, most: number): Carrier {
  const { manifest: _manifest, ...rest } = base;
  return { ...rest, ...(most > 0 && { manifest: { most, close, look } }), pickup: { book, cancel } };
}

async function close({ reference, labels }: ManifestRequest, call: CarrierCall<unknown>): Promise<Manifested> {
  const body = JSON.stringify({ reference, trackingNumbers: labels.map(({ trackingNumber }) => trackingNumber) });
  return await read(call.http({ method: 'POST', url: 'https://carrier.example.com/manifests', body }));
}

async function look({ reference }: ManifestRequest, _ref: string | null, call: CarrierCall<unknown>): Promise<Manifested> {
  return await read(call.http({ method: 'GET', url: `https://carrier.example.com/manifests/${reference}` }));
}

async function read(asked: Promise<HttpResponse>): Promise<Manifested> {
  const response = await answerTo(asked);
  if ('reason' in response) return { outcome: response.sent ? 'unknown' : 'refused', reason: response.reason };
  if (!isSuccess(response)) return { outcome: 'refused', reason: 'closed for today' };
  const { ref, status, form, leftOut } = Answer.parse(jsonOf(response));
  if (status === 'working') return { outcome: 'pending', manifestRef: ref };
  if (status !== 'made') return { outcome: 'refused', reason: 'there is none' };
  return {
    outcome: 'closed',
    manifestRef: ref,
    documents: [{ in: 'answer', bytes: Buffer.from(form) }],
    leftOut: leftOut.map((trackingNumber) => ({ trackingNumber, reason: 'goes by another depot' })),
  };
}

const book: NonNullable<Carrier['pickup']>['book'] = async ({ reference, parcels, weight }, call): Promise<Booked> => {
  const response = await answerTo(call.http({ method: 'POST', url: 'https://carrier.example.com/pickups', body: JSON.stringify({ reference, parcels, weight }) }));
  if ('reason' in response) return { outcome: response.sent ? 'unknown' : 'refused', reason: response.reason };
  return isSuccess(response) ? { outcome: 'booked', confirmation: reference, cost: 500, currency: 'EUR' } : { outcome: 'refused', reason: 'no driver' };
};

const cancel: NonNullable<Carrier['pickup']>['cancel'] = async (confirmation, call) => {
  const response = await answerTo(call.http({ method: 'POST', url: `https://carrier.example.com/pickups/${confirmation}/cancel` }));
  if ('reason' in response) return { outcome: 'unknown', reason: response.reason };
  return isSuccess(response) ? { outcome: 'cancelled' } : { outcome: 'refused', reason: 'the driver is on his way' };
};

/** A dock: what all invocations share. */
export interface Dock {
  readonly hub: TestHub;
  readonly carrier: FakeDock;
  readonly objects: Map<string, Buffer>;
  readonly notices: HandOverNotice[];
}

/** Opens docks on the emulator, and invokes functions at them. */
export function useDock(emulator: ReturnType<typeof useEmulator>) {
  const secrets = { read: async () => undefined } satisfies Pick<SecretStore, 'read'>;

  async function openDock(overrides: object = {}): Promise<Dock> {
    const hub = hubOn(await emulator.freshTable(), clientWith(overrides));
    await stockUp(hub, { TENT: 1_000 });
    return { hub, carrier: new FakeDock(), objects: new Map(), notices: [] };
  }

  /** What one invocation works with; everything it sends goes through its lifeline. */
  function handingOver({ hub, carrier, objects, notices }: Dock, line: Lifeline): HandingOver {
    const table = emulator.reopen(hub.table);
    const { bucket } = memoryBucket(objects);
    tieTable(table, line);
    tieBucket(bucket, line);
    return {
      ...elsewhere(hub, table),
      secrets,
      http: tied(carrier.http, line),
      labels: bucket,
      publicUrl: 'https://hub.example.com',
      wait: async () => {},
      notice: (what) => void notices.push(what),
    };
  }

  async function invoke<Asked>(deal: (asked: Asked, hub: HandingOver) => Promise<void>, dock: Dock, asked: Asked, line = lifeline()): Promise<'done' | 'crashed'> {
    return await line.run(() => deal(asked, handingOver(dock, line)));
  }

  /** Redelivers a message until it is done with, waiting as long as the hub asks each time. */
  async function redeliver<Asked>(deal: (asked: Asked, hub: HandingOver) => Promise<void>, dock: Dock, asked: Asked, most = 150): Promise<number> {
    for (let delivery = 1; delivery <= most; delivery++) {
      try {
        await invoke(deal, dock, asked);
        return delivery;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        dock.hub.pass(Math.max(1, error.retryAfterSeconds ?? 1));
      }
    }
    throw new Error(`not done after ${most} deliveries`);
  }

  return { openDock, invoke, redeliver };
}

/** Packs parcels and gives them labels, as if they had been bought; the tracking number of order `7` is `T7`. */
export async function labelParcels({ hub }: Pick<Dock, 'hub'>, ...ids: readonly string[]): Promise<Parcel[]> {
  await packed(hub, ...ids);
  return await Promise.all(
    ids.map(async (id) => {
      const label = {
        carrier: 'USPS',
        service: 'Priority',
        trackingNumber: `T${id}`,
        trackingUrl: 'https://example.com',
        cost: 640,
        currency: 'EUR',
        document: `labels/${id}.pdf`,
        boughtAt: hub.now().toISOString(),
        reference: hub.newId(),
        carrierRef: `shp_${id}`,
        proof: 'answer' as const,
      };
      const parcel = labelled(await parcelOf(hub, id), label, { by: 'hub', now: hub.now() });
      if (!(await writeParcel(hub.table, parcel))) throw new Error(`parcel of ${id} changed`);
      return only(parcel);
    }),
  );
}
