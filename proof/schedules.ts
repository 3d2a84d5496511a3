import { Rejected } from '../core/error.ts';
import { checkStock } from '../functions/inventory/check-stock.ts';
import { sweepClocks } from '../functions/order/sweep-clocks.ts';
import { writeReport } from '../functions/report/write-report.ts';
import { endDay } from '../functions/shipment/end-day.ts';
import { reconcileLabels } from '../functions/shipment/reconcile-labels.ts';
import { scoreServices } from '../functions/shipment/score-services.ts';
import { checkConnections } from '../functions/storefront/check-connections.ts';
import { pollOrders } from '../functions/storefront/poll-orders.ts';
import { pollUpdates } from '../functions/tracking/poll-updates.ts';
import { renewSubscriptions } from '../functions/tracking/renew-subscriptions.ts';
import type { Services } from './services.ts';
import type { World } from './world.ts';

/** What schedules call, by the function's name. */
export const SCHEDULES = {
  'inventory/check-stock': async (scheduledAt, services) => await checkStock({ scheduledAt }, services),
  'order/sweep-clocks': async (scheduledAt, services) => await sweepClocks({ scheduledAt }, services),
  'report/write-report': async (scheduledAt, services) => await writeReport({ report: 'daily', scheduledAt }, services),
  'shipment/end-day': async (scheduledAt, services) => await endDay({ carriers: ['easypost'], warehouse: 'north', scheduledAt }, services),
  'shipment/reconcile-labels': async (scheduledAt, services) => await reconcileLabels({ scheduledAt }, services),
  'shipment/score-services': async (scheduledAt, services) => await scoreServices({ scheduledAt }, services),
  'storefront/check-connections': async (scheduledAt, services) => await checkConnections({ scheduledAt }, services),
  'storefront/poll-orders': async (_scheduledAt, services) => await pollOrders({ connectionId: 'wholesale' }, services),
  'tracking/poll-updates': async (scheduledAt, services) => await pollUpdates({ scheduledAt }, services),
  'tracking/renew-subscriptions': async (scheduledAt, services) => await renewSubscriptions({ scheduledAt }, services),
} satisfies Record<string, (scheduledAt: Date, services: Services) => Promise<void>>;

/** Something falls due now: a repeat is told the same instant, however late it comes. */
export async function fallDue(world: World, name: keyof typeof SCHEDULES): Promise<void> {
  const scheduledAt = new Date(world.state.now);
  await world.ask(name, async (services) => await SCHEDULES[name](scheduledAt, services));
}

const READINGS = 2;
const BETWEEN_MS = 900_000;

/** The storefront is read, and read again: what one reading had no time for, or could not read, is for the next. @throws Rejected when that does not end */
export async function readStorefront(world: World): Promise<void> {
  for (let read = 0, refused = 0; read < READINGS; world.state.now += BETWEEN_MS) {
    try {
      await fallDue(world, 'storefront/poll-orders');
      read += 1;
    } catch (error) {
      refused += 1;
      if (!(error instanceof Rejected) || refused > READINGS) throw error;
    }
  }
}
