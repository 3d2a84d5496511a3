import { MessageQueue, type Outbox } from '../../adapters/aws/message-queue.ts';
import { type CloseRequest, placeOf } from '../../adapters/manifest.ts';
import { dayIn, worksOn, zoneOf } from '../../core/calendar.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { log } from '../shell/log.ts';
import { DayDue, schedule } from '../shell/schedule.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by the scheduler some minutes after carriers collect in a warehouse: has their day closed, where the warehouse works on it. */
export const handler = schedule({ due: DayDue, services: () => ({ ...openHub(), manifests: new MessageQueue(readEnv(ENV.manifestsQueue)[ENV.manifestsQueue]) }), run: endDay });

export async function endDay({ carriers, warehouse, scheduledAt }: DayDue, { client, manifests }: Pick<Hub, 'client'> & { readonly manifests: Outbox }): Promise<void> {
  const places = carriers.map((carrierId) => ({ carrierId, ...placeOf(client, carrierId, warehouse) }));
  const requests = places.flatMap((place): CloseRequest[] => {
    const day = dayIn(zoneOf(place.warehouse, client), scheduledAt);
    // A repeat of the same hour is the same closing.
    return worksOn(place.warehouse, day) ? [{ closing: `cut-off ${scheduledAt.toISOString()}`, carrierId: place.carrierId, warehouse, day, by: 'hub' }] : [];
  });
  await manifests.send(requests.map((request) => JSON.stringify(request)));
  log('info', 'day ends', { carriers: carriers.join(' '), warehouse, closing: requests.length });
}
