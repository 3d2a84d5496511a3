import { dayIn, zoneOf } from '../../core/calendar.ts';
import type { Client } from '../../core/client.ts';
import { Unavailable } from '../../core/error.ts';
import { moving, type Place, placeKey, type Stock } from '../../core/inventory.ts';
import { isExpired } from '../../core/lot.ts';
import { readLots, stockKey, stockWrites } from './stock-store.ts';
import type { Table } from './table.ts';

/** A lot that is past its life and was still on sale, or promised. */
export interface ExpiredLot extends Place {
  readonly expiresOn: string;
  /** Units that went into quarantine now. */
  readonly quarantined: number;
  /** Units that orders have reserved: packing refuses them. */
  readonly reserved: number;
}

/** What expired lots are taken off sale with. */
interface Sweeping {
  readonly table: Table;
  readonly client: Client;
  now(): Date;
  /** A ULID. */
  newId(): string;
}

/**
 * Puts what is available of expired lots into quarantine; whether a lot has expired is for the calendar of its warehouse to say. What is
 * done already is not done again.
 * @throws Unavailable `inventory.contended`
 */
export async function quarantineExpired(sweeping: Sweeping): Promise<ExpiredLot[]> {
  const { table, client, now } = sweeping;
  const todays = new Map(client.warehouses.map((warehouse) => [warehouse.id, dayIn(zoneOf(warehouse, client), now())]));
  const expired: ExpiredLot[] = [];
  for (const { sku } of client.products.filter(({ lots }) => lots)) {
    for (const stock of await readLots(table, sku)) {
      const today = todays.get(stock.warehouse) ?? dayIn(client.timeZone, now());
      if (isExpired(stock, today) && (stock.available > 0 || stock.reserved > 0)) expired.push(await quarantine(stock, today, sweeping));
    }
  }
  return expired;
}

const ATTEMPTS = 5;

async function quarantine(seen: Stock, today: string, { table, now, newId }: Sweeping): Promise<ExpiredLot> {
  const { sku, warehouse, lot, expiresOn = '' } = seen;
  let stock: Stock | undefined = seen;
  for (let attempt = 0; stock !== undefined && attempt < ATTEMPTS; attempt++) {
    const { available, reserved } = stock;
    const outcome = { sku, warehouse, lot, expiresOn, quarantined: Math.max(0, available), reserved };
    if (available <= 0) return outcome;
    const movement = moving(stock, { quarantined: available }, 'expired', `expired-${today}`);
    const posting = { by: 'hub', now: now(), reference: newId(), reason: `lot ${lot} expired on ${expiresOn}` };
    if ((await table.transact(stockWrites(table, [movement], posting))).written) return outcome;
    stock = await table.get<Stock>(stockKey(stock), 'stock');
  }
  throw new Unavailable('inventory.contended', `Lot ${lot} of ${placeKey({ sku, warehouse })} met others' writes ${ATTEMPTS} times; it is taken off sale by the next check.`);
}
