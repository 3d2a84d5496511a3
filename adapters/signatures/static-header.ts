import { decode, type Family, sameDigest, secretKeys } from './family.ts';

/**
 * The secret itself in a header, for senders that offer nothing better. HTTP Basic is one: header `authorization`, prefix `Basic `,
 * encoding `base64`, and `name:password` as the secret. The body is not signed.
 */
export interface StaticHeader {
  readonly header: string;
  /** Text before the secret in the header, such as `Bearer `. */
  readonly prefix?: string;
  /** @default 'utf8' */
  readonly encoding?: 'utf8' | 'base64';
}

/** Compares the secret. */
export const staticHeader: Family<StaticHeader> = {
  signedBytes: () => Buffer.alloc(0),
  offered({ headers }, { header, prefix = '', encoding = 'utf8' }) {
    const value = headers[header];
    if (value === undefined || !value.startsWith(prefix)) return [];
    const text = value.slice(prefix.length);
    return [{ bytes: encoding === 'base64' ? decode(text, 'base64') : Buffer.from(text, 'utf8') }];
  },
  keysOf: (secret) => secretKeys(Buffer.from(secret, 'utf8')),
  comparer(_message, key) {
    const isSecret = sameDigest(key.export());
    return ({ bytes }) => isSecret(bytes);
  },
  sign: (_body, { header, prefix = '', encoding = 'utf8' }, secret) => ({ [header]: `${prefix}${Buffer.from(secret, 'utf8').toString(encoding)}` }),
};
