// Shopify counts points: a bucket for each shop and app, of which every call takes what it is asked for, and which fills by the second.
// https://shopify.dev/docs/api/usage/limits
import * as z from 'zod';
import { Unavailable } from '../../core/error.ts';

/** What an answer says of the shop's bucket. */
export const Cost = z.object({
  requestedQueryCost: z.number().nullish(),
  throttleStatus: z.object({ currentlyAvailable: z.number(), restoreRate: z.number() }),
});
export type Cost = z.infer<typeof Cost>;

/** Keeps calls within the points of a shop, as its last answer told them: calls that would not fit wait a little, or are left for later. */
export interface Pace {
  /**
   * Waits until the shop can be expected to have the points for an operation.
   * @throws Unavailable with the seconds that it takes, when that is too long to wait here
   */
  enter(shop: string, operation: string): Promise<void>;
  /** Takes note of what an answer said. */
  heed(shop: string, operation: string, cost: Cost): void;
}

/** Where time comes from. */
export interface Time {
  /** Milliseconds. */
  clock(): number;
  sleep(milliseconds: number): Promise<void>;
}

const LONGEST_WAIT_SECONDS = 3;
// A function lives long and a client has a few shops: far from where this matters, but not without end.
const MOST_SHOPS = 200;

interface Bucket {
  readonly available: number;
  /** Points a second. */
  readonly restoreRate: number;
  readonly at: number;
}

/** Opens the books of all shops that this process calls. */
export function newPace({ clock, sleep }: Time): Pace {
  const buckets = new Map<string, Bucket>();
  const costs = new Map<string, number>();
  return { enter, heed };

  async function enter(shop: string, operation: string): Promise<void> {
    const seconds = secondsToWait(buckets.get(shop), costs.get(operation), clock());
    if (seconds === 0) return;
    if (seconds <= LONGEST_WAIT_SECONDS) return await sleep(seconds * 1_000);
    throw new Unavailable('storefront.unavailable', `The shop has too few points left for ${operation}; the request will be made later.`, {
      seen: 'points',
      retryAfterSeconds: Math.ceil(seconds),
    });
  }

  function heed(shop: string, operation: string, { requestedQueryCost, throttleStatus: { currentlyAvailable, restoreRate } }: Cost): void {
    if (buckets.size >= MOST_SHOPS) buckets.clear();
    buckets.set(shop, { available: currentlyAvailable, restoreRate, at: clock() });
    if (requestedQueryCost) costs.set(operation, requestedQueryCost);
  }
}

/** Seconds until a bucket has so many points; none where it is not known, or never would have them. */
function secondsToWait(bucket: Bucket | undefined, points: number | undefined, now: number): number {
  if (bucket === undefined || points === undefined || bucket.restoreRate <= 0) return 0;
  const available = bucket.available + (Math.max(0, now - bucket.at) / 1_000) * bucket.restoreRate;
  return Math.max(0, (points - available) / bucket.restoreRate);
}
