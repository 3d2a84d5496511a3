import * as z from 'zod';
import type { Carrier } from '../../adapters/carrier.ts';

function never(): never {
  throw new Error('a hand-over does not ask this of a carrier');
}

/** A carrier that is asked for nothing but manifests and pickups. */
export const base: Carrier = {
  id: 'dock',
  title: 'Dock Parcel',
  settings: z.unknown(),
  secrets: z.object({}),
  capabilities: () => ({
    purchaseGuard: 'none',
    settleSeconds: 60,
    canVoid: false,
    voidIsAsync: false,
    voidDays: null,
    needsManifest: true,
    labelFormats: ['PDF'],
    reDownloadLabel: false,
    callbackAuth: 'none',
    callbackHistory: 'full',
    subscriptionTtlDays: null,
    ratesReturned: true,
    unitSystem: 'metric',
    origins: null,
    requestsPerMinute: null,
    trackBatch: 1,
  }),
  signature: () => ({ family: 'transport' }),
  quote: never,
  draft: never,
  buy: never,
  find: never,
  label: never,
  parseUpdate: never,
};
