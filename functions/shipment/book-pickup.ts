import * as z from 'zod';
import { MessageQueue, type Outbox } from '../../adapters/aws/message-queue.ts';
import { bookPickup as book, type HandOverDesk } from '../../adapters/hand-over-desk.ts';
import { Slug } from '../../core/id.ts';
import type { Act } from '../../core/order.ts';
import type { Pickup } from '../../core/pickup.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { type Answer, answer, http } from '../shell/http.ts';
import { openHub } from '../shell/services.ts';

const Time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day such as 14:00' });
const Input = z
  .strictObject({
    carrierId: Slug,
    warehouse: Slug,
    day: z.iso.date(),
    readyAt: Time,
    closesAt: Time,
    instructions: z.string().trim().max(200).default(''),
    /** How many parcels and grams there will be; counted by what is labelled where nothing is said. */
    parcels: z.int().min(1).max(100_000).optional(),
    weight: z.int().min(1).max(100_000_000).optional(),
    another: z.boolean().default(false),
  })
  .refine(({ readyAt, closesAt }) => readyAt < closesAt, { error: 'must be after readyAt', path: ['closesAt'] });

/** Called at the dock: a carrier is to come. The intent is written down here; the carrier is asked by a queue, as it may take longer than a request. */
export const handler = http('shipment/book-pickup', { input: Input, handle: bookPickup, services: openDesk });

export type PickupDesk = HandOverDesk & { readonly pickups: Outbox };

export function openDesk(): PickupDesk {
  return { ...openHub(), pickups: new MessageQueue(readEnv(ENV.pickupsQueue)[ENV.pickupsQueue]) };
}

export async function bookPickup({ another, parcels, weight, ...wish }: z.infer<typeof Input>, { pickups, ...desk }: PickupDesk, act: Act): Promise<Answer> {
  return shown(await book(desk, pickups, { ...wish, parcels: parcels ?? null, weight: weight ?? null }, another, act));
}

/** A pickup, and where to look for what becomes of it. */
export function shown(pickup: Pickup | Extract<Answer, { kind: 'refused' }>): Answer {
  if ('kind' in pickup) return pickup;
  return answer({ pickup, look: `/manifests/${pickup.carrierId}?warehouse=${pickup.warehouse}&day=${pickup.day}` });
}
