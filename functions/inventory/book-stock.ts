import { type Books, book } from '../../adapters/aws/booking-store.ts';
import { Booking } from '../../core/booking.ts';
import type { Act } from '../../core/order.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { openHub } from '../shell/services.ts';

/** Called when goods arrive, leave, come back, are counted or looked at: books it, once. Orders that wait for what is gained fill by themselves. */
export const handler = http('inventory/book-stock', { input: Booking, handle: bookStock, services: openHub });

export async function bookStock(booking: Booking, books: Books, act: Act): Promise<Answer> {
  const outcome = await book(booking, books, act);
  if (outcome.kind === 'refused') return outcome;
  return answer({ kind: booking.kind, id: booking.id, booked: outcome.booked, lines: outcome.lines });
}
