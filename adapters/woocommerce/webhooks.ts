// https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks: a webhook that was disabled stays so until somebody edits it.
import * as z from 'zod';
import { Digits } from '../fields.ts';
import type { Subscription, Subscriptions } from '../storefront.ts';
import { ask } from './rest.ts';
import type { Call, Settings } from './settings.ts';

// A cancellation has no topic of its own: it is an update.
const TOPICS = ['order.created', 'order.updated', 'order.deleted', 'order.restored'] as const;
const PER_PAGE = 100;

const Webhooks = z.array(z.object({ id: Digits, topic: z.string(), delivery_url: z.string(), status: z.string() }));
const Saved = z.object({ id: Digits });

export const subscriptions: Subscriptions<Settings> = { wanted: () => TOPICS, list, create, repair };

async function list(call: Call): Promise<Subscription[]> {
  const found: Subscription[] = [];
  for (let page = 1; ; page++) {
    const webhooks = await ask(Webhooks, { method: 'GET', path: '/wc/v3/webhooks', query: { per_page: String(PER_PAGE), page: String(page) } }, call);
    found.push(...webhooks.map(({ id, topic, delivery_url, status }) => ({ id, topic, address: delivery_url, active: status === 'active' })));
    if (webhooks.length < PER_PAGE) return found;
  }
}

/** Two webhooks of a topic would post everything twice. */
async function create(topic: string, call: Call): Promise<void> {
  const there = (await list(call)).find((one) => one.topic === topic && one.address === call.hookUrl);
  if (there?.active) return;
  if (there !== undefined) return await repair(there, call);
  const json = { name: `Crossdock ${topic}`, topic, delivery_url: call.hookUrl, secret: call.signingSecret, status: 'active' };
  await ask(Saved, { method: 'POST', path: '/wc/v3/webhooks', json }, call);
}

async function repair({ id }: Subscription, call: Call): Promise<void> {
  const json = { status: 'active', delivery_url: call.hookUrl, secret: call.signingSecret };
  await ask(Saved, { method: 'PUT', path: `/wc/v3/webhooks/${encodeURIComponent(id)}`, json }, call);
}
