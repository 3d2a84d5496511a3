import * as z from 'zod';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { signedObject } from '../../adapters/aws/signed-object.ts';
import { type HandOverDesk, showHandOver } from '../../adapters/hand-over-desk.ts';
import { Slug } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { openHub } from '../shell/services.ts';

const Input = z.strictObject({ carrierId: Slug, warehouse: Slug, day: z.iso.date().optional() });

/** Called at the dock: what a carrier gets on a day, what stays behind and why, with links to the papers, and the pickups. */
export const handler = http('shipment/show-manifests', {
  input: Input,
  handle: showManifests,
  services: () => ({ ...openHub(), labels: new Bucket(readEnv(ENV.labelsBucket)[ENV.labelsBucket]) }),
});

export async function showManifests(which: z.infer<typeof Input>, hub: Pick<HandOverDesk, 'client' | 'table'> & { readonly labels: Bucket }, act: Act): Promise<Answer> {
  const { handOver, manifests, ...shown } = await showHandOver(hub, which, act.now);
  return answer({ ...shown, handOver: handOver === undefined ? null : await linked(handOver), manifests: await Promise.all(manifests.map(linked)) });

  async function linked<Papers extends { readonly documents: readonly string[] }>(papers: Papers) {
    return { ...papers, links: await Promise.all(papers.documents.map((key) => signedObject(hub.labels, key))) };
  }
}
