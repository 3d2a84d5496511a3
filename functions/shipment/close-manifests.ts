import { Bucket } from '../../adapters/aws/object-store.ts';
import { readClosing } from '../../adapters/hand-over-message.ts';
import type { CloseRequest, HandingOver } from '../../adapters/manifest.ts';
import { closeDay } from '../../adapters/manifest-day.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { count, log } from '../shell/log.ts';
import { each, queue } from '../shell/queue.ts';
import { openCarriers, openHub } from '../shell/services.ts';

/** Called by the manifests queue: the day of a carrier is to be closed in a warehouse. */
export const handler = queue({ read: readClosing, handle: each(closeManifests, laneOf), services: openHandingOver });

/** What is asked for twice in a batch is done one after the other. */
function laneOf({ carrierId, warehouse }: CloseRequest): string {
  return `${carrierId} ${warehouse}`;
}

export function openHandingOver(): HandingOver {
  const hub = openHub();
  return { ...openCarriers(hub), labels: new Bucket(readEnv(ENV.labelsBucket)[ENV.labelsBucket]), notice: (what, fields) => count(what, hub.now(), fields) };
}

export async function closeManifests(request: CloseRequest, hub: HandingOver): Promise<void> {
  const { carrierId, warehouse, day, parcels, behind } = await closeDay(request, hub);
  log('info', 'day closed', { carrierId, warehouse, day, parcels, behind });
}
