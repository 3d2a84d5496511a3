import { decode, type Family, macComparer, macOf, type Offered, type Signed, secretKeys } from './family.ts';

/**
 * A bearer token that our own token endpoint issued, for senders that ask their customers for one before they post: UPS Track Alert. It proves who
 * posts, and covers neither body nor time of what is posted. functions/tracking/issue-token.ts
 */
export type IssuedToken = object;

/** How long a token is good for, in seconds. UPS's own tokens last as long. */
export const ISSUED_SECONDS = 14_400;

/** Verifies the tokens that `issueToken` makes: nothing is stored, so that the edge needs no table. */
export const issuedToken: Family<IssuedToken> = {
  signedBytes: (request) => messageOf(request.connectionId ?? '', partsOf(request).expiry),
  offered(request): readonly Offered[] {
    const { mac } = partsOf(request);
    return mac === '' ? [] : [{ bytes: decode(mac, 'base64url') }];
  },
  keysOf: (secret) => secretKeys(Buffer.from(secret, 'utf8')),
  comparer: macComparer,
  standing: (request, _scheme, now) => (now.getTime() / 1000 < Number(partsOf(request).expiry) ? 'genuine' : 'refused'),
  sign: (_body, _scheme, secret, { at, connectionId = '' }) => ({ authorization: `Bearer ${issueToken(connectionId, secret, at)}` }),
};

/** Makes a token that lets its bearer post to one connection: version, end and an HMAC of both and the connection under its signing secret. */
export function issueToken(connectionId: string, signingSecret: string, now: Date): string {
  const expiry = String(Math.floor(now.getTime() / 1000) + ISSUED_SECONDS);
  const [key] = secretKeys(Buffer.from(signingSecret, 'utf8'));
  // Without a secret there is no token: nobody accepts one under an empty key.
  return key === undefined ? '' : `1.${expiry}.${macOf(messageOf(connectionId, expiry), key).toString('base64url')}`;
}

function messageOf(connectionId: string, expiry: string): Buffer {
  return Buffer.from(`issued token 1 for ${connectionId} until ${expiry}`, 'utf8');
}

function partsOf({ headers }: Signed): { readonly expiry: string; readonly mac: string } {
  const [, expiry = '', mac = ''] = /^Bearer 1\.(\d{1,12})\.([A-Za-z0-9_-]{43})$/i.exec(headers.authorization ?? '') ?? [];
  return { expiry, mac };
}
