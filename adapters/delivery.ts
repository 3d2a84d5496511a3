import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { Rejected } from '../core/error.ts';

/** Something a storefront or carrier posted to us, verified and otherwise untouched. */
export interface Delivery {
  /** The connection it came in by: a storefront's or a carrier's id. */
  readonly connectionId: string;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** UTC instant. */
  readonly receivedAt: string;
  /** How it came: posted to us, fetched because something posted named it, or found by reading the storefront's orders. @default 'webhook' */
  readonly via?: Via;
  /** Source ids that a fetch found to be gone; the body is then empty. Only we say this: nothing that is posted comes with it. */
  readonly absent?: readonly string[];
}

export const VIAS = ['webhook', 'fetch', 'poll'] as const;
type Via = (typeof VIAS)[number];

// Below this many bytes compressing costs more than it saves.
const COMPRESS_FROM = 16_384;
// Level 6 takes more than twice as long for a few percent less.
const FAST = 1;
/** What one queue message may hold: 1 MiB, less room for the envelope. */
export const MAX_MESSAGE_BYTES = 1_000_000;
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Headers that tell what a delivery is and who signed it; all others stay behind, so that no cookie or token is kept. */
const KEPT_HEADER = /^(x-shopify-[a-z0-9-]+|x-wc-webhook-[a-z-]+|webhook-(id|timestamp|signature)|content-type|user-agent)$/;

/**
 * Writes a delivery as a queue message. Large bodies are compressed, which brings the JSON of any real order under the
 * queue's limit. docs/decisions/0002
 */
export function packDelivery(delivery: Delivery): string {
  const compressed = delivery.body.length >= COMPRESS_FROM;
  const headers = Object.fromEntries(Object.entries(delivery.headers).filter(([name]) => KEPT_HEADER.test(name)));
  const body = (compressed ? gzipSync(delivery.body, { level: FAST }) : delivery.body).toString('base64');
  const via = delivery.via === undefined || delivery.via === 'webhook' ? {} : { via: delivery.via };
  const absent = delivery.absent === undefined ? {} : { absent: delivery.absent };
  const rest = { connectionId: delivery.connectionId, receivedAt: delivery.receivedAt, ...via, ...absent };
  return JSON.stringify({ ...rest, headers, encoding: compressed ? 'gzip' : 'identity', body });
}

/**
 * Reads a delivery back from a queue message, byte for byte.
 * @throws Rejected `delivery.unreadable`
 */
export function unpackDelivery(message: string): Delivery {
  try {
    const { encoding, body, ...rest } = messageSchema().parse(JSON.parse(message));
    const bytes = Buffer.from(body, 'base64');
    return { ...rest, body: encoding === 'gzip' ? gunzipSync(bytes, { maxOutputLength: MAX_BODY_BYTES }) : bytes };
  } catch (cause) {
    throw new Rejected('delivery.unreadable', 'The queue message is not a delivery that this hub packed.', { cause });
  }
}

let schema: ReturnType<typeof makeMessageSchema> | undefined;

/** Made on first use and not with the module, so that the receiving edge, which only packs, does not carry zod. */
function messageSchema(): ReturnType<typeof makeMessageSchema> {
  schema ??= makeMessageSchema();
  return schema;
}

function makeMessageSchema() {
  return z.object({
    connectionId: z.string(),
    receivedAt: z.iso.datetime(),
    via: z.enum(VIAS).default('webhook'),
    absent: z.array(z.string()).exactOptional(),
    headers: z.record(z.string(), z.string()),
    encoding: z.enum(['identity', 'gzip']),
    body: z.base64(),
  });
}
