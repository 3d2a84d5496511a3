import { dayIn, daysAfter, zoneOf } from './calendar.ts';
import { type Client, productOf } from './client.ts';
import type { Stock } from './inventory.ts';

/**
 * Whether a lot is past its life. A lot is good through the whole of its last day; what has no last day never expires. Nothing else
 * in the hub decides this.
 * @param today in the time zone of the warehouse where it stands: `2026-11-22`
 * @param daysLeft days that it must have left after today
 */
export function isExpired(lot: { readonly expiresOn?: string | undefined }, today: string, daysLeft = 0): boolean {
  return lot.expiresOn !== undefined && lot.expiresOn < (daysLeft === 0 ? today : daysAfter(today, daysLeft));
}

/** Which stock may be promised at an instant: what has not expired on its warehouse's own calendar, and lives as long as its product must. */
export function usableAt(client: Client, now: Date): (stock: Pick<Stock, 'sku' | 'warehouse' | 'expiresOn'>) => boolean {
  const todays = new Map(client.warehouses.map((warehouse) => [warehouse.id, dayIn(zoneOf(warehouse, client), now)]));
  const elsewhere = dayIn(client.timeZone, now);
  return (stock) => !isExpired(stock, todays.get(stock.warehouse) ?? elsewhere, productOf(client, stock.sku)?.shelfLifeDays);
}
