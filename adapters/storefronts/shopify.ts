// Shopify Admin, webhooks with the former REST resources and GraphQL for all else, written for version 2026-07 and checked against 2026-10:
// https://shopify.dev/docs/apps/build/webhooks; each part is in adapters/shopify.
// Not confirmed by a live call, so handled tolerantly: which personal fields a shop withholds without protected-data approval (all may be
// null, and errors about them alone spoil no answer), `current_quantity` in payloads of older API versions (falls back), how units are counted that
// were refunded after they had left (their fulfilments are fetched), and how Shopify proves itself when it asks a fulfilment service for
// stock and tracking numbers (the path is unguessable).
import * as z from 'zod';
import { secretField } from '../credential.ts';
import { parse } from '../shopify/events.ts';
import { fetchReferred, pollOrders } from '../shopify/fetching.ts';
import { markShipped } from '../shopify/fulfilment.ts';
import { setStock } from '../shopify/inventory.ts';
import { answerQuestion, answerRequests } from '../shopify/service.ts';
import { Settings } from '../shopify/settings.ts';
import { subscriptions } from '../shopify/subscriptions.ts';
import type { SignatureScheme } from '../signature.ts';
import { type Capability, defineStorefront } from '../storefront.ts';

const Secrets = z.strictObject({ signing: secretField("The app's client secret"), token: secretField('Admin API access token') });

const CAPABILITIES: readonly Capability[] = ['webhooks', 'polls', 'fetchBack', 'writesTracking', 'writesStock', 'compareAndSet', 'compliance'];

export default defineStorefront<Settings>({
  id: 'shopify',
  title: 'Shopify',
  settings: Settings,
  secrets: Secrets,
  capabilities: ({ service }) => (service ? [...CAPABILITIES, 'service'] : CAPABILITIES),
  signature,
  parse,
  fetch: fetchReferred,
  poll: pollOrders,
  subscriptions,
  markShipped,
  setStock,
  answerRequests,
  answerQuestion,
});

function signature({ shopDomain }: Settings): SignatureScheme {
  return { family: 'hmac-body', header: 'x-shopify-hmac-sha256', encoding: 'base64', sender: { header: 'x-shopify-shop-domain', value: shopDomain } };
}
