import { createPrivateKey, createPublicKey, type KeyObject, sign as signWith, verify } from 'node:crypto';
import { Rejected } from '../../core/error.ts';
import { decode, type Family, MAX_OFFERED, macComparer, macOf, type Offered, type Signed, secretKeys, type Verdict } from './family.ts';

/**
 * https://github.com/standard-webhooks/standard-webhooks: a signature of `id.timestamp.body`. A secret that is a public key, `whpk_` and
 * base64, is verified as `v1a` (Ed25519), any other as `v1` (HMAC-SHA256); signatures of other versions are passed over.
 */
export interface StandardWebhooks {
  /** `base64`: the key is decoded after `whsec_`; `utf8`: the key is the secret's own bytes. */
  readonly key: 'base64' | 'utf8';
  /** How far the signed time may be from ours, in either direction. */
  readonly toleranceSeconds: number;
  /** `accept`: a genuine signature of an older time is taken and counted; for senders that may not sign their retries anew. @default 'refuse' */
  readonly late?: 'accept' | 'refuse';
  /** Also takes a signature without its `v1,`. */
  readonly bare?: true;
}

const PUBLIC_KEY = 'whpk_';
const PRIVATE_KEY = 'whsk_';
const KEY_BYTES = 32;

/** Signs and verifies by a shared secret or by the sender's own key, with id and time. */
export const standardWebhooks: Family<StandardWebhooks> = {
  signedBytes: ({ headers, body }) => Buffer.concat([Buffer.from(`${headers['webhook-id'] ?? ''}.${headers['webhook-timestamp'] ?? ''}.`, 'utf8'), body]),
  offered: ({ headers }, { bare }) =>
    (headers['webhook-signature'] ?? '')
      .split(' ', MAX_OFFERED)
      .map((part) => (bare === true && !part.includes(',') ? `v1,${part}` : part))
      .map((part) => ({ how: part.slice(0, part.indexOf(',')), bytes: decode(part.slice(part.indexOf(',') + 1), 'base64') })),
  keysOf(secret, { key }) {
    // A public key must never serve as a shared one: everybody knows it.
    if (secret.startsWith(PUBLIC_KEY)) return publicKeys(Buffer.from(secret.slice(PUBLIC_KEY.length), 'base64'));
    if (secret.startsWith(PRIVATE_KEY)) return [];
    return secretKeys(key === 'utf8' ? Buffer.from(secret, 'utf8') : Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
  },
  comparer: (message, key) => (key.type === 'secret' ? ofVersion('v1', macComparer(message, key)) : ofVersion('v1a', ({ bytes }) => verify(null, message, key, bytes))),
  standing,
  sign(body, scheme, secret, { id, at }) {
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)) };
    const message = standardWebhooks.signedBytes({ headers, body }, scheme) ?? body;
    return { ...headers, 'webhook-signature': secret.startsWith(PRIVATE_KEY) ? signedPrivately(message, secret) : signedSecretly(message, secret, scheme) };
  },
};

function ofVersion(version: string, compare: (offered: Offered) => boolean): (offered: Offered) => boolean {
  return (offered) => offered.how === version && compare(offered);
}

function standing({ headers }: Signed, { toleranceSeconds, late }: StandardWebhooks, now: Date): Verdict {
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp) || !headers['webhook-id']) return 'refused';
  const age = now.getTime() / 1000 - Number(timestamp);
  if (Math.abs(age) <= toleranceSeconds) return 'genuine';
  return age > 0 && late === 'accept' ? 'late' : 'refused';
}

function signedSecretly(message: Buffer, secret: string, scheme: StandardWebhooks): string {
  const [key] = standardWebhooks.keysOf(secret, scheme);
  if (key?.type !== 'secret') throw new Rejected('signature.key-unusable', 'Nothing can be signed with this key: give the connection a whsec_ secret or a whsk_ private key.');
  return `v1,${macOf(message, key).toString('base64')}`;
}

function signedPrivately(message: Buffer, secret: string): string {
  // The seed comes first, and may be followed by the public key.
  const seed = Buffer.from(secret.slice(PRIVATE_KEY.length), 'base64').subarray(0, KEY_BYTES);
  if (seed.length !== KEY_BYTES) throw new Rejected('signature.key-unusable', 'A whsk_ private key is the base64 of 32 or 64 bytes, and this one is shorter.');
  return `v1a,${signWith(null, message, createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' })).toString('base64')}`;
}

// What stands before the seed of an Ed25519 key in PKCS #8: https://www.rfc-editor.org/rfc/rfc8410#section-7
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

function publicKeys(bytes: Buffer): readonly KeyObject[] {
  return bytes.length === KEY_BYTES ? [createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' })] : [];
}
