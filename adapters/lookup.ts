import * as z from 'zod';
import { Rejected } from '../core/error.ts';

const Lookup = z.strictObject({
  carrierId: z.string(),
  trackingNumbers: z.array(z.string().min(1).max(80)).min(1).max(1_000),
  /** `hint`: somebody posted that there is news, and cannot be trusted. `silence`: nothing was heard for long. */
  because: z.enum(['hint', 'silence']),
});

/** Tracking numbers that a carrier is to be asked about. */
export type Lookup = z.infer<typeof Lookup>;

/**
 * Writes what a carrier is to be asked as queue messages: a call each, so that one that must wait for its turn repeats no other.
 * @param atOnce tracking numbers that the carrier takes in one call
 */
export function packLookups({ trackingNumbers, ...lookup }: Lookup, atOnce: number): string[] {
  const calls = Math.ceil(trackingNumbers.length / atOnce);
  return Array.from({ length: calls }, (_, call) => JSON.stringify({ ...lookup, trackingNumbers: trackingNumbers.slice(call * atOnce, (call + 1) * atOnce) } satisfies Lookup));
}

/** @throws Rejected `lookup.unreadable` */
export function unpackLookup(message: string): Lookup {
  try {
    return Lookup.parse(JSON.parse(message));
  } catch (cause) {
    throw new Rejected('lookup.unreadable', 'The queue message names no parcels to ask for in the words of this version of the hub.', { cause });
  }
}
