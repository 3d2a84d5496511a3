import { sign as signWith, verify } from 'node:crypto';
import { type Family, objectIn, offeredIn } from './family.ts';
import { rsaKeysIn } from './public-key.ts';
import type { PublishedKeys } from './published-keys.ts';

/** RSA-SHA256 (PKCS #1 v1.5) in base64, of which any one must verify: Adobe Commerce, by I/O Events or by its own webhooks. */
export interface RsaSha256 {
  /** The headers that may carry a signature, each with the one that names its key where keys are published. */
  readonly signatures: readonly { readonly header: string; readonly key?: string }[];
  /** @default 'body' */
  readonly over?: 'body' | 'base64-of-body';
  /** A field of the JSON body that must name us: published keys sign what all customers of the vendor are sent. */
  readonly recipient?: { readonly field: string; readonly value: string };
  /** Where the keys are; without it they are in the connection's signing secret, as PEM. */
  readonly keys?: PublishedKeys;
}

/** Verifies by RSA keys, of the secret or published. */
export const rsaSha256: Family<RsaSha256> = {
  signedBytes: ({ body }, { over = 'body' }) => (over === 'body' ? body : Buffer.from(body.toString('base64'), 'latin1')),
  offered: ({ headers }, { signatures }) => signatures.flatMap(({ header }) => offeredIn(headers[header], 'base64')),
  keysOf: rsaKeysIn,
  comparer: (message, key) => (offered) => verify('sha256', message, key, offered.bytes),
  standing: ({ body }, { recipient }) => (recipient === undefined || objectIn(body.toString('utf8'))?.[recipient.field] === recipient.value ? 'genuine' : 'refused'),
  keyNames: ({ headers }, { signatures }) => signatures.flatMap(({ key }) => (key === undefined ? [] : (headers[key] ?? []))),
  sign(body, scheme, secret) {
    const message = rsaSha256.signedBytes({ headers: {}, body }, scheme) ?? body;
    const signature = signWith('sha256', message, secret).toString('base64');
    return Object.fromEntries(scheme.signatures.slice(0, 1).map(({ header }) => [header, signature]));
  },
};
