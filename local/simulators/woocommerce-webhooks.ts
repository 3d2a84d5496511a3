import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { sign } from '../../adapters/signature.ts';
import { count, type Row, text } from './database.ts';
import type { Answer } from './listen.ts';
import type { ShopAddress } from './shop.ts';
import { answered, bodyOf, pageOf, type RestCall, type Route, refused } from './woocommerce-rest.ts';

/** The tables of webhooks, and of what was posted by them. */
export const WEBHOOKS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS webhook (id INTEGER PRIMARY KEY, name TEXT, topic TEXT, delivery_url TEXT, secret TEXT, status TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS posted (id TEXT PRIMARY KEY, webhook INTEGER, at REAL, failed INTEGER NOT NULL DEFAULT 0) STRICT;
`;

const Created = z.strictObject({
  name: z.string().optional(),
  topic: z.string().regex(/^(order|product|customer|coupon)\.(created|updated|deleted|restored)$/),
  delivery_url: z.url({ protocol: /^https?$/ }),
  secret: z.string(),
  status: z.enum(['active', 'paused', 'disabled']).default('active'),
});
const Updated = Created.partial();

const PING_TIMEOUT_MS = 3_000;
/** A failure with a count above it disables the webhook. */
const MAX_FAILURES = 5;
/** A posting without a second attempt for so long was acknowledged. */
const SETTLED_MS = 7_000;

/** https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks */
export function webhookRoutes(database: DatabaseSync): Route[] {
  return [
    ['GET', /^\/wc\/v3\/webhooks$/, (call) => list(database, call)],
    ['POST', /^\/wc\/v3\/webhooks$/, async (call) => await create(database, call)],
    ['PUT', /^\/wc\/v3\/webhooks\/(\d+)$/, async (call) => await update(database, call)],
  ];
}

/** Topics that are posted to an address. */
export function activeTopics(database: DatabaseSync, url: string): string[] {
  const rows = database.prepare("SELECT DISTINCT topic FROM webhook WHERE status = 'active' AND delivery_url = ? ORDER BY topic").all(url);
  return rows.map((row) => text(row, 'topic'));
}

function list(database: DatabaseSync, call: RestCall): Answer {
  const { limit, offset } = pageOf(call);
  return answered(database.prepare('SELECT * FROM webhook ORDER BY id LIMIT ? OFFSET ?').all(limit, offset).map(shownOf));
}

async function create(database: DatabaseSync, call: RestCall): Promise<Answer> {
  const { name, topic, delivery_url, secret, status } = bodyOf(Created, call);
  const row = database
    .prepare('INSERT INTO webhook (name, topic, delivery_url, secret, status) VALUES (?, ?, ?, ?, ?) RETURNING *')
    .get(name ?? `Webhook ${topic}`, topic, delivery_url, secret, status);
  return answered(shownOf(await activated(database, row)), 201);
}

async function update(database: DatabaseSync, call: RestCall): Promise<Answer> {
  const { name, topic, delivery_url, secret, status } = bodyOf(Updated, call);
  const row = database
    .prepare(
      `UPDATE webhook SET name = coalesce(?, name), topic = coalesce(?, topic), delivery_url = coalesce(?, delivery_url), secret = coalesce(?, secret), status = coalesce(?, status)
       WHERE id = ? RETURNING *`,
    )
    .get(name ?? null, topic ?? null, delivery_url ?? null, secret ?? null, status ?? null, Number(call.parts[0]));
  if (row === undefined) return refused(400, 'woocommerce_rest_shop_webhook_invalid_id', 'ID is invalid.');
  database.prepare('DELETE FROM posted WHERE webhook = ? AND failed = 1').run(count(row, 'id'));
  return answered(shownOf(await activated(database, row)));
}

/** An active webhook pings its address, unsigned; unless that answers exactly 200 it does not become active. */
async function activated(database: DatabaseSync, row: Row | undefined): Promise<Row | undefined> {
  if (text(row, 'status') !== 'active' || (await ping(text(row, 'delivery_url'), count(row, 'id'))) === 200) return row;
  return database.prepare("UPDATE webhook SET status = 'disabled' WHERE id = ? RETURNING *").get(count(row, 'id'));
}

async function ping(url: string, id: number): Promise<number> {
  try {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': AGENT };
    const answer = await fetch(url, { method: 'POST', body: `webhook_id=${id}`, headers, signal: AbortSignal.timeout(PING_TIMEOUT_MS) });
    return answer.status;
  } catch {
    return 0;
  }
}

/** The secret is never shown again. */
function shownOf(row: Row | undefined) {
  return { id: count(row, 'id'), name: text(row, 'name'), status: text(row, 'status'), topic: text(row, 'topic'), delivery_url: text(row, 'delivery_url') };
}

const AGENT = 'WooCommerce/11.2.0 Hookshot (WordPress/6.9)';
const SCHEME = { family: 'hmac-body', header: 'x-wc-webhook-signature', encoding: 'base64', key: 'html-entities' } as const;

/** How the site addresses and signs what it posts: each posting once, whatever the answer. A second attempt says that the first one failed. */
export function webhookAddress(database: DatabaseSync, siteUrl: () => string): ShopAddress {
  return ({ id, body, meta }, now) => {
    const sent = database.prepare('UPDATE posted SET failed = 1 WHERE id = ? RETURNING *').get(id);
    if (sent !== undefined) {
      disableAfterFailures(database, count(sent, 'webhook'), now);
      return undefined;
    }
    const webhook = database.prepare("SELECT * FROM webhook WHERE status = 'active' AND topic = ? ORDER BY id").get(meta.topic ?? '');
    if (webhook === undefined) return undefined;
    database.prepare('INSERT INTO posted (id, webhook, at) VALUES (?, ?, ?)').run(id, count(webhook, 'id'), now.getTime());
    const [resource = '', event = ''] = text(webhook, 'topic').split('.');
    const headers = {
      'content-type': 'application/json',
      'user-agent': AGENT,
      'x-wc-webhook-source': `${siteUrl()}/`,
      'x-wc-webhook-topic': text(webhook, 'topic'),
      'x-wc-webhook-resource': resource,
      'x-wc-webhook-event': event,
      'x-wc-webhook-id': text(webhook, 'id'),
      'x-wc-webhook-delivery-id': deliveryIdOf(webhook, now),
    };
    return { url: text(webhook, 'delivery_url'), headers: { ...headers, ...sign(body, SCHEME, text(webhook, 'secret'), { id: '', at: now }) } };
  };
}

/** Made of the webhook and the second: two orders of one second share it. */
function deliveryIdOf(webhook: Row, now: Date): string {
  return createHash('md5')
    .update(`${text(webhook, 'id')}${Math.floor(now.getTime() / 1000)}`)
    .digest('hex');
}

/** Failures in a row: those since the last posting that is known to have been acknowledged. */
function disableAfterFailures(database: DatabaseSync, webhook: number, now: Date): void {
  const row = database
    .prepare(
      `SELECT count(*) AS failures FROM posted WHERE webhook = ? AND failed = 1
       AND at > coalesce((SELECT max(at) FROM posted WHERE webhook = ? AND failed = 0 AND at < ?), 0)`,
    )
    .get(webhook, webhook, now.getTime() - SETTLED_MS);
  if (count(row, 'failures') > MAX_FAILURES + 1) database.prepare("UPDATE webhook SET status = 'disabled' WHERE id = ?").run(webhook);
}
