/** A shop's leaky bucket of points. https://shopify.dev/docs/api/usage/limits */
export interface Bucket {
  /** Takes points for a request; false when there are not enough, and then none are taken. */
  take(points: number, at: number): boolean;
  /** Gives back what a request was asked for and did not cost. */
  giveBack(points: number, at: number): void;
  /** What a response says of the bucket. */
  status(at: number): { readonly maximumAvailable: number; readonly currentlyAvailable: number; readonly restoreRate: number };
}

/** How large a bucket is, and how fast it fills. Points, and points a second. */
export interface BucketSize {
  readonly maximum: number;
  readonly restoreRate: number;
}

/** The bucket of a shop on Shopify's smallest plan. */
export const STANDARD_BUCKET: BucketSize = { maximum: 2_000, restoreRate: 100 };

/** That of the next larger plan. */
export const ADVANCED_BUCKET: BucketSize = { maximum: 4_000, restoreRate: 200 };

/** Opens a full bucket. It lives as long as the process: a new one is full again. */
export function openBucket({ maximum, restoreRate }: BucketSize): Bucket {
  let available = maximum;
  let seen = Number.NaN;
  function fill(at: number): void {
    // A clock that goes back restores nothing.
    available = Math.min(maximum, available + (Math.max(0, at - (Number.isNaN(seen) ? at : seen)) / 1_000) * restoreRate);
    seen = at;
  }
  return {
    take: (points, at) => {
      fill(at);
      if (points > available) return false;
      available -= points;
      return true;
    },
    giveBack: (points, at) => {
      fill(at);
      available = Math.min(maximum, available + points);
    },
    status: (at) => {
      fill(at);
      return { maximumAvailable: maximum, currentlyAvailable: Math.floor(available), restoreRate };
    },
  };
}
