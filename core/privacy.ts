import * as z from 'zod';
import { PRIVACY_DAYS, PrivacyRequest } from './connection.ts';
import { Instant, instant } from './id.ts';
import type { Order } from './order.ts';
import type { OrderDocument } from './order-document.ts';

/** Where a request for a person's sake stands. Holds ids and counts alone: whom it is about is in the orders that it names. */
export const PrivacyCase = z.object({
  entity: z.literal('privacy'),
  connectionId: z.string(),
  requestId: z.string(),
  wants: PrivacyRequest.shape.wants,
  receivedAt: Instant,
  /** By when it must be settled. */
  dueBy: Instant,
  status: z.enum(['open', 'done']),
  /** Orders that a person is to show; of a request to erase they are not kept. */
  orderIds: z.array(z.string()),
  /** Orders whose personal data was erased. */
  erased: z.int(),
  /** Whether all orders that it is about were found. */
  found: z.boolean(),
  /** Where looking for them goes on. */
  position: z.record(z.string(), z.string()).exactOptional(),
  settled: z.object({ at: Instant, by: z.string() }).exactOptional(),
  version: z.int(),
});
export type PrivacyCase = z.infer<typeof PrivacyCase>;

/** The case that a request begins. */
export function newCase(connectionId: string, { requestId, wants }: PrivacyRequest, receivedAt: Instant): PrivacyCase {
  const dueBy = instant(new Date(Date.parse(receivedAt) + PRIVACY_DAYS * 86_400_000));
  return { entity: 'privacy', connectionId, requestId, wants, receivedAt, dueBy, status: 'open', orderIds: [], erased: 0, found: false, version: 0 };
}

/** The case once it is settled. */
export function settle(open: PrivacyCase, by: string, at: Instant): PrivacyCase {
  const { position: _, ...rest } = open;
  return { ...rest, status: 'done', settled: { at, by }, version: open.version + 1 };
}

const OVER: ReadonlySet<Order['status']> = new Set(['delivered', 'returned', 'cancelled', 'closed']);

/** Whether an order needs its customer's data no more: it is over, and none of its parcels is still to be settled with the carrier. */
export function isOver({ status, parcels }: Pick<Order, 'status' | 'parcels'>): boolean {
  return OVER.has(status) && parcels.every((parcel) => parcel.status !== 'packed' && parcel.status !== 'recalled');
}

/** Whether an order is of the customer that a request names by e-mail address or telephone number. */
export function isOf({ email, phone }: Pick<OrderDocument, 'email' | 'phone'>, request: Pick<PrivacyRequest, 'email' | 'phone'>): boolean {
  return isSame(mailOf(email), mailOf(request.email)) || isSame(digitsOf(phone), digitsOf(request.phone));
}

function isSame(one: string, other: string): boolean {
  return one !== '' && one === other;
}

function mailOf(email: string | null): string {
  return email?.normalize('NFKC').trim().toLowerCase() ?? '';
}

function digitsOf(phone: string | null): string {
  const digits = phone?.replace(/\D/g, '').replace(/^00/, '') ?? '';
  // Fewer are an extension or a filler, which many share.
  return digits.length >= 6 ? digits : '';
}
