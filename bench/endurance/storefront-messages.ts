import * as z from 'zod';

/** Orders that a storefront is to post, at a rate that does not wait for answers. */
export const PostingOrder = z.object({
  kind: z.literal('post'),
  url: z.string(),
  secret: z.string(),
  skus: z.array(z.string()),
  currency: z.string(),
  /** The number of the first order. */
  from: z.int(),
  /** Orders a second. */
  rate: z.number(),
  seconds: z.number(),
  /** No more than this many orders, whatever rate and seconds say. */
  atMost: z.int(),
  /** Attempts for an order; only what was not answered 2xx is repeated. */
  attempts: z.int(),
  /** Attempts under way at a time. What is due beyond that waits, or is dropped. */
  underWay: z.int(),
  whenFull: z.enum(['wait', 'drop']),
});
/** Orders that a storefront is to post, at a rate that does not wait for answers. */
export type PostingOrder = z.infer<typeof PostingOrder>;

/** What the bench tells the storefront: to post, or to post no new orders of what it was told. */
export const StorefrontTask = z.discriminatedUnion('kind', [PostingOrder, z.object({ kind: z.literal('enough') })]);
/** What the bench tells the storefront. */
export type StorefrontTask = z.infer<typeof StorefrontTask>;

/** What happened since the last tick, or altogether. */
const Tally = z.object({
  /** Orders whose first attempt went out. */
  posted: z.int(),
  attempts: z.int(),
  acknowledged: z.int(),
  /** Orders given up after so many attempts. */
  givenUp: z.int(),
  /** Orders that were due and never posted, because too many attempts were under way. */
  dropped: z.int(),
  underWay: z.int(),
  /** How often each status was answered; 0 stands for no answer. */
  statuses: z.record(z.string(), z.int()),
});
/** What a storefront did so far. */
export type Tally = z.infer<typeof Tally>;

/** What came of what was to be posted. */
const Posted = z.object({
  kind: z.literal('posted'),
  tally: Tally,
  /** Seconds from the first attempt of the first order to that of the last. */
  seconds: z.number(),
  /** Milliseconds to each answer of 200, at most ten thousand of them, evenly chosen. */
  latencies: z.array(z.number()),
  /** One letter for each order from the first: `a` acknowledged, `u` posted and not acknowledged, `-` never posted. */
  fates: z.string(),
});
/** What came of what was to be posted. */
export type Posted = z.infer<typeof Posted>;

/** What the storefront says: how far it is, every second, and what came of it. */
export const StorefrontWord = z.discriminatedUnion('kind', [z.object({ kind: z.literal('tick'), tally: Tally }), Posted]);
/** What the storefront says. */
export type StorefrontWord = z.infer<typeof StorefrontWord>;
