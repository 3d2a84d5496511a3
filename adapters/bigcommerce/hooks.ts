// https://developer.bigcommerce.com/docs/rest-management/webhooks: a store sends to at most ten hooks of one scope. A hook that nothing
// came of for 90 days is switched off: it is then still listed, and made active again.
import * as z from 'zod';
import { Digits } from '../fields.ts';
import type { Subscription, Subscriptions } from '../storefront.ts';
import { numberOf, openStore, readAnswer } from './rest.ts';
import type { Call, Settings } from './settings.ts';

/** Each makes us fetch the order: what else changes an order comes with one of these. */
const WANTED = [
  'store/order/created',
  'store/order/updated',
  'store/order/statusUpdated',
  'store/order/archived',
  'store/order/refund/created',
  // A second shipment of a part, or one taken back, does not change the status.
  'store/shipment/created',
  'store/shipment/deleted',
  'store/app/uninstalled',
];

const PAGE_SIZE = 250;
const Hooks = z.object({
  data: z.array(z.object({ id: Digits, scope: z.string(), destination: z.string(), is_active: z.boolean() })),
  meta: z.object({ pagination: z.object({ total_pages: z.int() }).nullish() }).nullish(),
});

export const subscriptions: Subscriptions<Settings> = {
  wanted: () => WANTED,
  list,
  create: async (topic, call) => {
    const same = (await list(call)).find((hook) => hook.topic === topic && hook.address === call.hookUrl);
    if (same === undefined) await openStore(call).ask('POST', '/v3/hooks', { scope: topic, destination: call.hookUrl, is_active: true });
    else if (!same.active) await repair(same, call);
  },
  repair,
};

async function list(call: Call): Promise<Subscription[]> {
  const store = openStore(call);
  const hooks: Subscription[] = [];
  for (let page = 1; ; page++) {
    const { data, meta } = readAnswer(Hooks, await store.ask('GET', `/v3/hooks?limit=${PAGE_SIZE}&page=${page}`));
    hooks.push(...data.map(({ id, scope, destination, is_active }) => ({ id, topic: scope, address: destination, active: is_active })));
    if (page >= (meta?.pagination?.total_pages ?? 1)) return hooks;
  }
}

async function repair({ id, topic }: Subscription, call: Call): Promise<void> {
  await openStore(call).ask('PUT', `/v3/hooks/${numberOf(id)}`, { scope: topic, destination: call.hookUrl, is_active: true });
}
