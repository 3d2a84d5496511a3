import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * How a sender signs what it posts: declared as data by its adapter, so that the receiving edge needs no adapter code.
 * One entry per family, not one per vendor.
 */
export type SignatureScheme =
  | {
      /** HMAC-SHA256 of the raw body in one header: Shopify, EasyPost, later WooCommerce and Squarespace. */
      readonly family: 'hmac-body';
      readonly header: string;
      readonly encoding: 'base64' | 'hex';
      /** Text before the signature in the header. */
      readonly prefix?: string;
      /** Unicode normalisation of the secret before its UTF-8 bytes are the key. */
      readonly normalise?: 'NFKD';
      /** A header that must name this sender: the signature does not cover headers, so this only refuses mix-ups. */
      readonly sender?: { readonly header: string; readonly value: string };
    }
  | {
      /** https://github.com/standard-webhooks/standard-webhooks: HMAC-SHA256 of `id.timestamp.body`. */
      readonly family: 'standard-webhooks';
      /** `base64`: the key is decoded after `whsec_`; `utf8`: the key is the secret's own bytes. */
      readonly key: 'base64' | 'utf8';
      /** How far the signed time may be from ours, in either direction. */
      readonly toleranceSeconds: number;
    };

/** The secrets that may sign now: a new one, and the one before it until its grace ends. */
export interface SigningSecrets {
  readonly current: string;
  readonly previous?: string | undefined;
  /** UTC instant; a previous secret without it is not accepted. */
  readonly previousUntil?: string | undefined;
}

/** What was posted to us: raw bytes, and headers with lower-case names. */
export interface Signed {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Verifies a signature on raw bytes. Compares in constant time, tries every secret and every offered signature without an early exit. */
export function isSigned(request: Signed, scheme: SignatureScheme, secrets: SigningSecrets, now: Date): boolean {
  const offered = offeredSignatures(request, scheme);
  const message = signedBytes(request, scheme);
  let genuine = false;
  for (const secret of acceptedSecrets(secrets, now)) {
    const expected = createHmac('sha256', keyOf(secret, scheme)).update(message).digest();
    for (const signature of offered) {
      const same = signature.length === expected.length && timingSafeEqual(signature, expected);
      genuine = same || genuine;
    }
  }
  return genuine && isFromSender(request, scheme) && isTimely(request, scheme, now);
}

/** Signs as a sender does: for our own outgoing webhooks, and for the senders that tests and the local stack play. */
export function sign(body: Buffer, scheme: SignatureScheme, secret: string, message: { readonly id: string; readonly at: Date }): Record<string, string> {
  const seconds = String(Math.floor(message.at.getTime() / 1000));
  const headers: Record<string, string> = scheme.family === 'standard-webhooks' ? { 'webhook-id': message.id, 'webhook-timestamp': seconds } : {};
  const digest = createHmac('sha256', keyOf(secret, scheme)).update(signedBytes({ headers, body }, scheme)).digest();
  if (scheme.family === 'standard-webhooks') return { ...headers, 'webhook-signature': `v1,${digest.toString('base64')}` };
  const sender = scheme.sender === undefined ? {} : { [scheme.sender.header]: scheme.sender.value };
  return { ...sender, [scheme.header]: (scheme.prefix ?? '') + digest.toString(scheme.encoding) };
}

function acceptedSecrets({ current, previous, previousUntil }: SigningSecrets, now: Date): string[] {
  const inGrace = previous !== undefined && previousUntil !== undefined && now.getTime() < Date.parse(previousUntil);
  // An empty secret would let anybody sign.
  return [current, ...(inGrace ? [previous] : [])].filter((secret) => secret !== '');
}

function keyOf(secret: string, scheme: SignatureScheme): Buffer {
  if (scheme.family === 'hmac-body') return Buffer.from(scheme.normalise === undefined ? secret : secret.normalize(scheme.normalise), 'utf8');
  return scheme.key === 'utf8' ? Buffer.from(secret, 'utf8') : Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}

function signedBytes({ headers, body }: Signed, scheme: SignatureScheme): Buffer {
  if (scheme.family === 'hmac-body') return body;
  return Buffer.concat([Buffer.from(`${headers['webhook-id'] ?? ''}.${headers['webhook-timestamp'] ?? ''}.`, 'utf8'), body]);
}

function offeredSignatures({ headers }: Signed, scheme: SignatureScheme): Buffer[] {
  if (scheme.family === 'hmac-body') {
    const offered = headers[scheme.header] ?? '';
    const prefix = scheme.prefix ?? '';
    return offered.startsWith(prefix) ? [decode(offered.slice(prefix.length), scheme.encoding)] : [];
  }
  return (headers['webhook-signature'] ?? '')
    .split(' ')
    .slice(0, 10)
    .filter((part) => part.startsWith('v1,'))
    .map((part) => decode(part.slice(3), 'base64'));
}

/** Decodes strictly: Buffer.from skips characters it does not know, so what does not print back the same is no signature. */
function decode(text: string, encoding: 'base64' | 'hex'): Buffer {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : Buffer.alloc(0);
}

function isFromSender({ headers }: Signed, scheme: SignatureScheme): boolean {
  return scheme.family !== 'hmac-body' || scheme.sender === undefined || headers[scheme.sender.header] === scheme.sender.value;
}

function isTimely({ headers }: Signed, scheme: SignatureScheme, now: Date): boolean {
  if (scheme.family !== 'standard-webhooks') return true;
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp) || !headers['webhook-id']) return false;
  return Math.abs(now.getTime() / 1000 - Number(timestamp)) <= scheme.toleranceSeconds;
}
