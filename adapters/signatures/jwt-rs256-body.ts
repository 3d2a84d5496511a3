import { verify } from 'node:crypto';
import { decode, type Family, objectIn } from './family.ts';
import { rsaKeysIn } from './public-key.ts';

/** The body is a JSON Web Token, signed RS256 and nothing else, that says when it expires; the PEM key is the signing secret: Wix. */
export type JwtRs256Body = object;

// Header, claims, signature: https://www.rfc-editor.org/rfc/rfc7515#section-7.1
const TOKEN = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** Verifies a token by RSA keys of the secret. */
export const jwtRs256Body: Family<JwtRs256Body> = {
  signedBytes({ body }) {
    const { header, claims } = partsOf(body);
    const { alg, crit } = objectIn(decode(header, 'base64url').toString('utf8')) ?? {};
    // The token does not choose how it is verified, and what it calls critical we do not know.
    return alg === 'RS256' && crit === undefined ? Buffer.from(`${header}.${claims}`, 'latin1') : undefined;
  },
  offered: ({ body }) => [{ bytes: decode(partsOf(body).signature, 'base64url') }],
  keysOf: rsaKeysIn,
  comparer: (message, key) => (offered) => verify('sha256', message, key, offered.bytes),
  standing({ body }, _scheme, now) {
    const { exp } = objectIn(decode(partsOf(body).claims, 'base64url').toString('utf8')) ?? {};
    return typeof exp === 'number' && now.getTime() / 1000 < exp ? 'genuine' : 'refused';
  },
  // Its sender writes the signature into the body.
  sign: () => ({}),
};

function partsOf(body: Buffer): { readonly header: string; readonly claims: string; readonly signature: string } {
  const [, header = '', claims = '', signature = ''] = TOKEN.exec(body.toString('latin1').trim()) ?? [];
  return { header, claims, signature };
}
