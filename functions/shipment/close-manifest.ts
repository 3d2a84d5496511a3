import * as z from 'zod';
import { MessageQueue, type Outbox } from '../../adapters/aws/message-queue.ts';
import { askToClose, type HandOverDesk } from '../../adapters/hand-over-desk.ts';
import { Slug } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { openHub } from '../shell/services.ts';

const Input = z.strictObject({
  carrierId: Slug,
  warehouse: Slug,
  /** Today by the warehouse's clocks, where none is given. */
  day: z.iso.date().optional(),
  /** Number of a manifest of that day of which nobody knows whether it was made: the carrier's own pages show none. */
  notMade: z.int().min(1).optional(),
});

/** Called at the dock: the day of a carrier is closed now. It takes as long as the carrier takes, so it is done by a queue. */
export const handler = http('shipment/close-manifest', {
  input: Input,
  handle: closeManifest,
  services: () => ({ ...openHub(), manifests: new MessageQueue(readEnv(ENV.manifestsQueue)[ENV.manifestsQueue]) }),
});

export async function closeManifest(
  { notMade, ...which }: z.infer<typeof Input>,
  { manifests, ...desk }: HandOverDesk & { readonly manifests: Outbox },
  act: Act,
): Promise<Answer> {
  const asked = await askToClose(desk, manifests, which, act, notMade);
  if (asked.kind === 'refused') return asked;
  const { carrierId, warehouse, day } = asked.request;
  return answer({ ...asked.request, became: 'asked', look: `/manifests/${carrierId}?warehouse=${warehouse}&day=${day}` });
}
