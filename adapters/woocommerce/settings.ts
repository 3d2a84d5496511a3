import * as z from 'zod';
import type { StorefrontCall } from '../storefront.ts';

const Status = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,40}$/, { error: 'must be a status as the REST API writes it, such as processing' });
const statuses = (title: string) => z.array(Status).default([]).meta({ title });

/** What a client file says of a WooCommerce connection. */
export const Settings = z.strictObject({
  siteUrl: z
    .url({ protocol: /^https?$/ })
    .regex(/^[^?#]*[^?#/]$/, { error: 'must be the address of the site without a slash at its end, such as https://shop.example.com' })
    .meta({ title: 'Address of the WordPress site, without a slash at its end' }),
  tracking: z
    .enum(['auto', 'shipment-tracking', 'ast', 'fulfillments', 'notes'])
    .default('auto')
    .meta({ title: 'Where tracking numbers are written; auto: to a tracking plugin where there is one, else as a note to the customer' }),
  completes: z.boolean().default(true).meta({ title: 'Whether an order becomes completed when all of it has left' }),
  paidStatuses: z.array(Status).min(1).default(['processing']).meta({ title: 'Statuses with which an order may ship' }),
  heldStatuses: statuses("The site's own statuses of orders that wait, beside pending and on-hold"),
  cancelledStatuses: statuses("The site's own statuses of cancelled orders, beside cancelled, refunded, failed and trash"),
  shippedStatuses: statuses("The site's own statuses of orders that were shipped, beside completed"),
  virtualSkus: z
    .array(z.string().trim().min(1).max(80))
    .default([])
    .meta({ title: 'SKUs that are never shipped, such as vouchers: an order does not say which of its products are virtual' }),
  carrierNames: z.record(z.string(), z.string().min(1).max(80)).default({}).meta({ title: "The site's names of carriers, by ours, where they differ" }),
  noteText: z
    .string()
    .min(1)
    .max(1_000)
    // What is next to the number would be taken for a part of it when it is looked for, and the customer be mailed again.
    .regex(/(?:^|[^A-Za-z0-9}-])\{trackingNumber\}(?:$|[^A-Za-z0-9{-])/, { error: 'must hold {trackingNumber} with a space around it' })
    .default('Your parcel has left with {carrier}. Tracking number: {trackingNumber} {trackingUrl}')
    .meta({ title: 'Note to the customer, where tracking is written as one' }),
  locale: z.string().min(2).max(20).default('en').meta({ title: 'BCP 47 language of the customers: an order does not say it' }),
});
export type Settings = z.infer<typeof Settings>;

/** How this site is called. */
export type Call = StorefrontCall<Settings>;

/** What a status means to us. `draft`: no order yet. */
export type State = 'paid' | 'held' | 'cancelled' | 'shipped' | 'draft';

// https://woocommerce.com/document/managing-orders/order-statuses/
const BUILT_IN: ReadonlyMap<string, State> = new Map([
  ['pending', 'held'],
  ['on-hold', 'held'],
  ['processing', 'held'],
  ['completed', 'shipped'],
  ['cancelled', 'cancelled'],
  ['refunded', 'cancelled'],
  ['failed', 'cancelled'],
  ['trash', 'cancelled'],
  ['checkout-draft', 'draft'],
  ['auto-draft', 'draft'],
  ['draft', 'draft'],
  ['new', 'draft'],
]);

/** What a status means, by the connection's settings first; undefined when nobody has said. */
export function stateOf(status: string, { paidStatuses, heldStatuses, cancelledStatuses, shippedStatuses }: Settings): State | undefined {
  const listed = [
    ['paid', paidStatuses],
    ['held', heldStatuses],
    ['cancelled', cancelledStatuses],
    ['shipped', shippedStatuses],
  ] as const;
  return listed.find(([, names]) => names.includes(status))?.[0] ?? BUILT_IN.get(status);
}

/** An instant of the site's, in milliseconds since 1970: UTC, although no zone is written. */
export const Gmt = z.iso
  .datetime({ local: true, error: 'must be an ISO 8601 instant, such as 2026-11-20T09:30:00' })
  .transform((at) => Date.parse(at.endsWith('Z') ? at : `${at}Z`));
