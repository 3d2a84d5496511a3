import middy from '@middy/core';
import * as z from 'zod';
import { errorFields, log } from './log.ts';
import { once } from './once.ts';

/** What the scheduler sends: what to do, and the instant it was due, which a late or repeated call keeps. */
export const Due = z.strictObject({ report: z.string(), scheduledAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text)) });
export type Due = z.infer<typeof Due>;

/** Wraps scheduled work as a Lambda. A failure is the scheduler's to repeat, and ends in its dead-letter queue. */
export function schedule<Services>(work: { readonly services: () => Services; readonly run: (due: Due, services: Services) => Promise<void> }) {
  const services = once(work.services);
  return middy(async function scheduleHandler(event: unknown): Promise<void> {
    await work.run(Due.parse(event), services());
  }).onError(function logError(request) {
    log('error', 'scheduled work failed', errorFields(request.error));
  });
}
