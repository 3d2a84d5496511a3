import middy from '@middy/core';
import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { errorFields, log } from './log.ts';
import { once } from './once.ts';

const ScheduledAt = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** What the scheduler sends: the instant the work was due, which a late or repeated call keeps. */
export const Due = z.strictObject({ scheduledAt: ScheduledAt });
export type Due = z.infer<typeof Due>;

/** What it sends for a report. */
export const ReportDue = z.strictObject({ report: z.string(), scheduledAt: ScheduledAt });
export type ReportDue = z.infer<typeof ReportDue>;

/** What it sends to have a storefront's orders read. */
export const PollDue = z.strictObject({ connectionId: z.string(), scheduledAt: ScheduledAt });
export type PollDue = z.infer<typeof PollDue>;

/** What it sends when the day of carriers ends in a warehouse; their ids stand apart by spaces. */
export const DayDue = z.strictObject({ warehouse: z.string(), carriers: z.string().transform((ids) => ids.split(' ')), scheduledAt: ScheduledAt });
export type DayDue = z.infer<typeof DayDue>;

/** Work that is done on schedule. */
export interface ScheduledWork<Called, Services> {
  readonly due: z.ZodType<Called>;
  readonly services: () => Services;
  readonly run: (due: Called, services: Services) => Promise<void>;
}

/**
 * Wraps scheduled work as a Lambda. A failure is the scheduler's to repeat, and ends in its dead-letter queue. What Lambda writes down of it
 * is a word of ours: the message of a foreign error may quote data.
 */
export function schedule<Called, Services>(work: ScheduledWork<Called, Services>) {
  const services = once(work.services);
  return middy(async function scheduleHandler(event: unknown): Promise<void> {
    try {
      await work.run(work.due.parse(event), services());
    } catch (error) {
      log('error', 'scheduled work failed', errorFields(error));
      throw error instanceof Rejected || error instanceof Unavailable ? plain(error) : new Error('The scheduled work failed; the line before this one says where.');
    }
  });
}

/** The same failure without its cause. */
function plain({ name, code, message }: Rejected | Unavailable): Error {
  return Object.assign(new Error(message), { name, code });
}
