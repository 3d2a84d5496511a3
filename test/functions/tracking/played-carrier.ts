import * as z from 'zod';
import { type Carrier, type CarrierCapabilities, defineCarrier } from '../../../adapters/carrier.ts';
import { TrackingStatus } from '../../../core/tracking.ts';

/** What a played carrier answers and posts: one parcel a body. */
const Body = z.object({ number: z.string(), scans: z.array(z.object({ status: TrackingStatus, at: z.string() })) });
type Body = z.infer<typeof Body>;

/** A carrier of these tests, and what it was asked. */
export interface Played {
  readonly carrier: Carrier;
  /** Tracking numbers, call by call. */
  readonly asked: string[][];
  /** Where its parcels are, by tracking number. */
  readonly parcels: Map<string, Body['scans']>;
  subscribed: number;
  /** What its next calls throw. */
  readonly faults: (Error | undefined)[];
}

/** What a carrier posts of a parcel. */
export function bodyOf(number: string, scans: Body['scans']): Buffer {
  return Buffer.from(JSON.stringify({ number, scans } satisfies Body));
}

/** Plays a carrier that speaks as simply as can be. */
export function playCarrier(capabilities: Partial<CarrierCapabilities> = {}, parts: Partial<Carrier> = {}): Played {
  const asked: string[][] = [];
  const faults: (Error | undefined)[] = [];
  const parcels = new Map<string, Body['scans']>();
  const unused = async () => {
    throw new Error('not played');
  };
  function fail(): void {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
  }
  const carrier = defineCarrier<unknown>({
    id: 'played',
    title: 'Played carrier',
    settings: z.unknown(),
    secrets: z.object({}),
    capabilities: () => ({ ...CAPABILITIES, ...capabilities }),
    signature: () => ({ family: 'transport' }),
    quote: unused,
    draft: () => '',
    buy: unused,
    find: unused,
    label: unused,
    async track(numbers) {
      asked.push([...numbers]);
      fail();
      return numbers.map((number) => bodyOf(number, parcels.get(number) ?? []));
    },
    parseUpdate({ body }) {
      const { number, scans } = Body.parse(JSON.parse(body.toString()));
      return { kind: 'updates', updates: [{ trackingNumber: number, events: scans.map((scan) => ({ ...scan, code: scan.status, description: '', attention: false })) }] };
    },
    async subscribe({ now }) {
      played.subscribed += 1;
      fail();
      const days = capabilities.subscriptionTtlDays;
      return { state: played.subscribed === 1 ? 'made' : 'kept', until: days ? new Date(now.getTime() + days * 86_400_000).toISOString() : null };
    },
    ...parts,
  });
  const played: Played = { carrier, asked, parcels, faults, subscribed: 0 };
  return played;
}

const CAPABILITIES: CarrierCapabilities = {
  purchaseGuard: 'none',
  settleSeconds: 60,
  canVoid: false,
  voidIsAsync: false,
  voidDays: null,
  needsManifest: false,
  labelFormats: ['PDF'],
  reDownloadLabel: false,
  callbackAuth: 'signature',
  callbackHistory: 'full',
  subscriptionTtlDays: null,
  ratesReturned: true,
  unitSystem: 'metric',
  origins: null,
  requestsPerMinute: null,
  trackBatch: 1,
};
