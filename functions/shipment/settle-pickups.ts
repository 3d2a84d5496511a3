import { readPickupName } from '../../adapters/hand-over-message.ts';
import type { HandingOver } from '../../adapters/manifest.ts';
import { dealWithPickup, type PickupName } from '../../adapters/pickup.ts';
import { log } from '../shell/log.ts';
import { each, queue } from '../shell/queue.ts';
import { openHandingOver } from './close-manifests.ts';

/** Called by the pickups queue: a carrier is to be asked to come, or told that it need not. */
export const handler = queue({ read: readPickupName, handle: each(settlePickups), services: openHandingOver });

export async function settlePickups(name: PickupName, hub: HandingOver): Promise<void> {
  log('info', 'pickup dealt with', { ...name, became: await dealWithPickup(hub, name) });
}
