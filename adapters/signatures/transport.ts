import type { Family } from './family.ts';

/**
 * Nothing is signed: AWS has authenticated who put it on our queue or bus (Amazon SP-API by SQS, Shopify and Adobe by EventBridge).
 * What comes over HTTP and claims this scheme is refused.
 */
export type Transport = object;

/** Refuses everything. */
export const transport: Family<Transport> = {
  signedBytes: () => undefined,
  offered: () => [],
  keysOf: () => [],
  comparer: () => () => false,
  sign: () => ({}),
};
