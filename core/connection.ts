import * as z from 'zod';
import { Instant } from './id.ts';

/** What a storefront asks of us for a person's sake. Holds personal data where the storefront names its customer by it. */
export const PrivacyRequest = z.object({
  /** `show`: a customer wants to see what is kept; `erase`: it is to be deleted; `erase-all`: of every order of the connection. */
  wants: z.enum(['show', 'erase', 'erase-all']),
  /** The storefront's own id of the request, or one made from its content. */
  requestId: z.string().min(1).max(120),
  /** Source ids of the orders it is about; empty for all that are found of the customer. */
  sourceIds: z.array(z.string()),
  email: z.string().max(254).nullable(),
  phone: z.string().max(40).nullable(),
});
export type PrivacyRequest = z.infer<typeof PrivacyRequest>;

/** Days within which a request for a person's sake must be settled. https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance */
export const PRIVACY_DAYS = 30;

/** Where reading a storefront's orders stands. One row a connection. */
export const PollState = z.object({
  entity: z.literal('cursor'),
  connectionId: z.string(),
  /** UTC instant: what changed before it has been read. */
  since: Instant,
  /** The page to go on with, where the last reading did not come to the end. */
  page: z.string().nullable(),
  /** When the reading that `page` belongs to began. */
  startedAt: Instant,
  /** When a reading last came to the end; null before the first did. */
  readAt: Instant.nullable(),
  /** The storefront asked not to be called before. */
  notBefore: Instant.nullable(),
  /** Digests of bodies that cannot be compared with what the hub has, and were put on the inbox already: an overlap brings them again. */
  handled: z.array(z.string()),
  /** Bodies that no webhook had brought, so far. */
  found: z.int(),
  /** When one was last found; null while none was. */
  foundAt: Instant.nullable(),
  version: z.int(),
});
export type PollState = z.infer<typeof PollState>;
