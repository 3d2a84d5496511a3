import { sign as signWith, verify } from 'node:crypto';
import { decode, type Family, objectIn, type Signed } from './family.ts';
import { curveKeysIn } from './public-key.ts';
import type { PublishedKeys } from './published-keys.ts';

/** ECDSA on P-256 of the raw body; the header is base64 of JSON with `kid`, `signature` (base64 of DER) and `digest`: eBay. */
export interface Ecdsa {
  readonly header: string;
  /** Where the keys are; without it they are in the connection's signing secret, as PEM. */
  readonly keys?: PublishedKeys;
}

/** Digests that the header may name, as OpenSSL calls them. eBay signs with SHA-1 today. */
const DIGESTS: ReadonlyMap<unknown, string> = new Map([
  ['SHA1', 'sha1'],
  ['SHA256', 'sha256'],
]);

/** Verifies by keys on P-256, of the secret or published. */
export const ecdsa: Family<Ecdsa> = {
  signedBytes: ({ body }) => body,
  offered(request, scheme) {
    const { signature, digest } = named(request, scheme);
    const how = DIGESTS.get(digest);
    return typeof signature === 'string' && how !== undefined ? [{ bytes: decode(signature, 'base64'), how }] : [];
  },
  keysOf: curveKeysIn,
  comparer:
    (message, key) =>
    ({ bytes, how = '' }) =>
      verify(how, message, key, bytes),
  keyNames(request, scheme) {
    const { kid } = named(request, scheme);
    return typeof kid === 'string' ? [kid] : [];
  },
  sign(body, { header }, secret, { id }) {
    const signature = signWith('sha1', body, secret).toString('base64');
    return { [header]: Buffer.from(JSON.stringify({ alg: 'ecdsa', kid: id, signature, digest: 'SHA1' })).toString('base64') };
  },
};

function named({ headers }: Signed, { header }: Ecdsa): Readonly<Record<string, unknown>> {
  return objectIn(decode(headers[header] ?? '', 'base64').toString('utf8')) ?? {};
}
