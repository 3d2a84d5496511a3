import { fillOrders, fillSkus } from '../../adapters/aws/backorders.ts';
import type { HubEvent } from '../../core/event.ts';
import { type Failures, queue, type Received, readEvent } from '../shell/queue.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the backorders queue, when stock is gained or an order begins to wait: gives stock to those that wait, in their turn. */
export const handler = queue({ read: readEvent, handle: fillBackorders, services: openHub });

export async function fillBackorders(batch: readonly Received<HubEvent>[], hub: Pick<Hub, 'table' | 'client' | 'now' | 'newId'>): Promise<Failures> {
  const gained = batch.flatMap(({ message }) => (message.entity === 'stock' ? [message.stock.sku] : []));
  const latecomers = batch.flatMap(({ message }) => (message.entity === 'order' ? [message.order.orderId] : []));
  await fillSkus(hub, new Set(gained));
  // Their stock may have come between the look that found none and the write that has them wait: nothing else would wake them.
  await fillOrders(hub, new Set(latecomers));
  return new Map();
}
