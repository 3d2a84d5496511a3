import type { DatabaseSync } from 'node:sqlite';
import { GraphQLError } from 'graphql';
import { count, type Row, text } from './database.ts';
import { connectionOf, type Paging } from './graphql.ts';
import { cursorOf, digitsOf, gid, instantOf, refused, type UserError } from './shopify-nodes.ts';

/** A webhook that the shop was asked to send. */
export interface KeptSubscription {
  /** As a webhook's header says it, such as `orders/create`. */
  readonly topic: string;
  readonly uri: string;
}

/** The table of the subscriptions. */
export const SUBSCRIPTIONS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS subscription (id INTEGER PRIMARY KEY, topic TEXT, uri TEXT, fields TEXT, name TEXT, created_at TEXT, updated_at TEXT) STRICT;
`;

/** Subscriptions as a webhook's headers name their topics, the oldest first. */
export function keptSubscriptions(database: DatabaseSync): KeptSubscription[] {
  const rows = database.prepare('SELECT * FROM subscription ORDER BY id').all();
  return rows.map((row) => ({ topic: headerOf(text(row, 'topic')), uri: text(row, 'uri') }));
}

// ORDERS_PARTIALLY_FULFILLED is orders/partially_fulfilled: the resource may itself be of two words.
const RESOURCES_OF_TWO_WORDS = /^(fulfillment_orders|fulfillment_holds|inventory_levels)_/;

function headerOf(topic: string): string {
  const name = topic.toLowerCase();
  const resource = RESOURCES_OF_TWO_WORDS.exec(name)?.[1] ?? name.split('_')[0] ?? '';
  return `${resource}/${name.slice(resource.length + 1)}`;
}

interface SubscriptionInput {
  readonly uri?: string | null;
  readonly callbackUrl?: string | null;
  readonly format?: string | null;
  readonly includeFields?: readonly string[] | null;
  readonly name?: string | null;
}

interface SubscriptionFilter extends Paging {
  readonly topics?: readonly string[] | null;
  readonly uri?: string | null;
  readonly callbackUrl?: string | null;
  readonly query?: string | null;
}

/** What can be asked of subscriptions. https://shopify.dev/docs/api/admin-graphql/2026-07/queries/webhookSubscriptions */
export function subscriptionQueries(database: DatabaseSync) {
  return {
    webhookSubscription: ({ id }: { readonly id: string }) => nodeOf(rowOf(database, id)),
    webhookSubscriptions: ({ topics, uri, callbackUrl, query, ...paging }: SubscriptionFilter) => {
      if (query) throw new GraphQLError('The simulator does not search subscriptions.');
      const address = uri ?? callbackUrl;
      const rows = database.prepare('SELECT * FROM subscription ORDER BY id').all();
      const found = rows.filter((row) => (topics?.includes(text(row, 'topic')) ?? true) && (!address || text(row, 'uri') === address));
      return connectionOf(
        found.flatMap((row) => nodeOf(row) ?? []),
        paging,
        ({ legacyResourceId }) => cursorOf(legacyResourceId),
      );
    },
  };
}

/** What can be changed of subscriptions; `complain` is told of what a careful caller does not ask for. */
export function subscriptionMutations(database: DatabaseSync, complain: (error: UserError) => UserError) {
  const at = () => instantOf(new Date().toISOString());
  const failed = (error: UserError) => ({ webhookSubscription: null, userErrors: [error] });
  const done = (id: string) => ({ webhookSubscription: nodeOf(rowOf(database, id)), userErrors: [] });
  return {
    webhookSubscriptionCreate: ({ topic, webhookSubscription: input }: { readonly topic: string; readonly webhookSubscription: SubscriptionInput }) => {
      const uri = input.uri ?? input.callbackUrl;
      const problem = problemOf(uri, input);
      if (problem !== undefined || !uri) return failed(complain(problem ?? refused(['webhookSubscription', 'uri'], 'Address is missing.')));
      if (isTaken(database, topic, uri, '')) return failed(refused(['webhookSubscription', 'uri'], 'Address for this topic has already been taken'));
      const row = database
        .prepare('INSERT INTO subscription VALUES ((SELECT coalesce(max(id), 1700000000000) + 1 FROM subscription), ?, ?, ?, ?, ?, ?) RETURNING id')
        .get(topic, uri, JSON.stringify(input.includeFields ?? []), input.name ?? null, at(), at());
      return done(gid('WebhookSubscription', count(row, 'id')));
    },
    webhookSubscriptionUpdate: ({ id, webhookSubscription: input }: { readonly id: string; readonly webhookSubscription: SubscriptionInput }) => {
      const row = rowOf(database, id);
      if (row === undefined) return failed(complain(refused(['id'], 'Webhook subscription does not exist')));
      const uri = input.uri ?? input.callbackUrl ?? text(row, 'uri');
      const problem = problemOf(uri, input);
      if (problem !== undefined) return failed(complain(problem));
      if (isTaken(database, text(row, 'topic'), uri, id)) return failed(refused(['webhookSubscription', 'uri'], 'Address for this topic has already been taken'));
      database.prepare('UPDATE subscription SET uri = ?, updated_at = ? WHERE id = ?').run(uri, at(), count(row, 'id'));
      return done(id);
    },
    webhookSubscriptionDelete: ({ id }: { readonly id: string }) => {
      const row = rowOf(database, id);
      if (row === undefined) return { deletedWebhookSubscriptionId: null, userErrors: [complain(refused(['id'], 'Webhook subscription does not exist'))] };
      database.prepare('DELETE FROM subscription WHERE id = ?').run(count(row, 'id'));
      return { deletedWebhookSubscriptionId: id, userErrors: [] };
    },
  };
}

function rowOf(database: DatabaseSync, id: string): Row | undefined {
  return database.prepare('SELECT * FROM subscription WHERE id = ?').get(Number(digitsOf('WebhookSubscription', id)));
}

/** The fields of a webhook that orders cannot do without: Shopify holds back a body that is the same as the one before. */
const NEEDED_FIELD = 'updated_at';

function problemOf(uri: string | null | undefined, { includeFields, format }: SubscriptionInput): UserError | undefined {
  if (!uri) return refused(['webhookSubscription', 'uri'], "Address can't be blank");
  if (format === 'XML') return refused(['webhookSubscription', 'format'], 'The hub reads JSON.');
  if (includeFields && includeFields.length > 0 && !includeFields.includes(NEEDED_FIELD)) return refused(['webhookSubscription', 'includeFields'], 'updated_at is missing.');
  // The hub that runs here has no certificate.
  if (!/^https:\/\/[^/]|^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(uri)) return refused(['webhookSubscription', 'uri'], 'Address protocol http:// is not supported');
  return undefined;
}

function isTaken(database: DatabaseSync, topic: string, uri: string, except: string): boolean {
  const rows = database.prepare('SELECT id FROM subscription WHERE topic = ? AND uri = ?').all(topic, uri);
  return rows.some((row) => gid('WebhookSubscription', count(row, 'id')) !== except);
}

function nodeOf(row: Row | undefined) {
  if (row === undefined) return null;
  const [id, uri] = [count(row, 'id'), text(row, 'uri')];
  return {
    id: gid('WebhookSubscription', id),
    legacyResourceId: String(id),
    topic: text(row, 'topic'),
    uri,
    callbackUrl: uri,
    endpoint: { __typename: 'WebhookHttpEndpoint', callbackUrl: uri },
    format: 'JSON',
    includeFields: JSON.parse(text(row, 'fields')),
    metafieldNamespaces: [],
    filter: null,
    name: row.name,
    createdAt: text(row, 'created_at'),
    updatedAt: text(row, 'updated_at'),
  };
}
