import { noteDrift } from '../../adapters/aws/drift-store.ts';
import { quarantineExpired } from '../../adapters/aws/expiry.ts';
import { compareAll, type DriftedPlace, expiredOrders, readReservations, writeCheck } from '../../adapters/aws/stock-check.ts';
import { describeFindings } from '../../core/stock-check.ts';
import { count, log } from '../shell/log.ts';
import { Due, schedule } from '../shell/schedule.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the scheduler every night: takes expired lots off sale, and compares the stock counters with their ledger and the orders. */
export const handler = schedule({ due: Due, services: openHub, run: checkStock });

export async function checkStock({ scheduledAt }: Due, hub: Hub): Promise<void> {
  const lots = await quarantineExpired(hub);
  const reservations = await readReservations(hub);
  const expired = expiredOrders(lots, reservations);
  for (const { sku, warehouse, lot, quarantined, reserved, orders } of expired)
    log(reserved > 0 ? 'warn' : 'info', 'lot expired', { sku, warehouse, lot, quarantined, reserved, orders: orders.join(' ') });
  const check = await compareAll(hub, reservations, true);
  for (const place of check.drifted) await tell(place, hub);
  if (check.drifted.length > 0) count('stockDrifted', hub.now(), {}, check.drifted.length);
  await writeCheck(hub, scheduledAt, check, expired);
  log('info', 'stock checked', { places: check.sites, orders: check.orders, drifted: check.drifted.length, unsettled: check.unsettled.length, expired: expired.length });
}

async function tell(place: DriftedPlace, { table, now }: Hub): Promise<void> {
  const { sku, warehouse, lot, findings, orders } = place;
  const isNews = await noteDrift(table, place, findings, { by: 'hub', now: now() });
  log('error', 'stock drifted', {
    sku,
    warehouse,
    lot,
    is: describeFindings(findings),
    orders: orders
      .map(({ orderId }) => orderId)
      .slice(0, 10)
      .join(' '),
    isNews,
  });
}
