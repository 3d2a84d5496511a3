import * as z from 'zod';
import type { PrivacyRequest } from '../core/connection.ts';
import { Rejected } from '../core/error.ts';

const Referred = z.object({ connectionId: z.string(), reference: z.object({ what: z.string(), id: z.string() }), receivedAt: z.iso.datetime() });

/** Something that a storefront named and that is to be fetched, and when it named it. */
export type Referred = z.infer<typeof Referred>;

/** By this a storefront says that it has asked something of us as its fulfilment service: what, it says when it is asked. */
export const REQUESTS = 'requests';

/** Writes what is to be fetched as a queue message. */
export function packReferred(referred: Referred): string {
  return JSON.stringify(referred);
}

/** @throws Rejected `reference.unreadable` */
export function unpackReferred(message: string): Referred {
  try {
    return Referred.parse(JSON.parse(message));
  } catch (cause) {
    throw new Rejected('reference.unreadable', 'The queue message names nothing to fetch in the words of this version of the hub.', { cause });
  }
}

/** What somebody asks for a person's sake, by which connection, and when it came. */
export interface PrivacyAsked {
  readonly connectionId: string;
  readonly request: PrivacyRequest;
  /** UTC instant. */
  readonly receivedAt: string;
}

/** Writes a request for a person's sake as a queue message. */
export function packPrivacy(asked: PrivacyAsked): string {
  return JSON.stringify(asked);
}
