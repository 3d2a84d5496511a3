// https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/webhookSubscriptionCreate: the three compliance topics are declared with the app and not here.
import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { Subscription, Subscriptions } from '../storefront.ts';
import { graphql } from './graphql.ts';
import { type Call, nextPage, PageInfo, type Settings, sayUserErrors, UserErrors } from './settings.ts';

const ORDERS = [
  'ORDERS_CREATE',
  'ORDERS_UPDATED',
  'ORDERS_PAID',
  'ORDERS_CANCELLED',
  'ORDERS_EDITED',
  'ORDERS_FULFILLED',
  'ORDERS_PARTIALLY_FULFILLED',
  'ORDERS_DELETE',
  'REFUNDS_CREATE',
  'APP_UNINSTALLED',
] as const;

/** Where only what is assigned to us is ours, what is assigned changes without the order. */
const ASSIGNMENTS = [
  'FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE',
  'FULFILLMENT_ORDERS_MOVED',
  'FULFILLMENT_ORDERS_SPLIT',
  'FULFILLMENT_ORDERS_MERGED',
  'FULFILLMENT_ORDERS_PLACED_ON_HOLD',
  'FULFILLMENT_ORDERS_HOLD_RELEASED',
  'FULFILLMENT_ORDERS_RESCHEDULED',
  'FULFILLMENT_ORDERS_CANCELLED',
] as const;

/** What is accepted is not listed as asked any more: that it was, brings its order in even when our own look at it was cut short. */
const REQUESTS = [
  'FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_SUBMITTED',
  'FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_ACCEPTED',
  'FULFILLMENT_ORDERS_CANCELLATION_REQUEST_SUBMITTED',
  'FULFILLMENT_ORDERS_CANCELLATION_REQUEST_ACCEPTED',
] as const;

const Listed = z.object({ webhookSubscriptions: z.object({ pageInfo: PageInfo, nodes: z.array(z.object({ id: z.string(), topic: z.string(), uri: z.string() })) }) });
type Listed = z.infer<typeof Listed>;
const Changed = z.object({ userErrors: UserErrors }).nullable();
const Created = z.object({ webhookSubscriptionCreate: Changed });
const Updated = z.object({ webhookSubscriptionUpdate: Changed });

/** The shop's webhooks, by the names that the Admin API has for their topics. */
export const subscriptions: Subscriptions<Settings> = {
  wanted: ({ ships, service }) => [...ORDERS, ...(ships === 'assigned' ? ASSIGNMENTS : []), ...(service ? REQUESTS : [])],
  list,
  create,
  repair,
};

async function list(call: Call): Promise<Subscription[]> {
  const found: Subscription[] = [];
  for (let after: string | null = null; ; ) {
    const { webhookSubscriptions }: Listed = await graphql('Subscriptions', { after }, Listed, call);
    // Shopify deletes what it gives up: what is there, sends.
    found.push(...webhookSubscriptions.nodes.map(({ id, topic, uri }) => ({ id, topic, address: uri, active: true })));
    after = nextPage(webhookSubscriptions.pageInfo, after);
    if (after === null) return found;
  }
}

async function create(topic: string, call: Call): Promise<void> {
  const answer = await graphql('CreateSubscription', { topic, subscription: { uri: call.hookUrl, format: 'JSON' } }, Created, call);
  settle(topic, answer.webhookSubscriptionCreate);
}

async function repair({ id, topic }: Subscription, call: Call): Promise<void> {
  const answer = await graphql('UpdateSubscription', { id, subscription: { uri: call.hookUrl, format: 'JSON' } }, Updated, call);
  if (answer.webhookSubscriptionUpdate?.userErrors.some(({ message }) => /not exist|not found/i.test(message))) return await create(topic, call);
  settle(topic, answer.webhookSubscriptionUpdate);
}

function settle(topic: string, answer: z.infer<typeof Changed>): void {
  if (answer === null) throw new Unavailable('storefront.answer-unreadable', `Shopify did not say whether ${topic} is subscribed; the next check looks.`);
  // Somebody was faster, or the answer to an earlier try was lost.
  const errors = answer.userErrors.filter(({ message }) => !/already been taken/i.test(message));
  if (errors.length > 0) throw new Rejected('storefront.subscription-refused', `Shopify refused the webhook ${topic}: ${sayUserErrors(errors)}.`, { seen: topic });
}
