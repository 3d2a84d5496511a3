import { createHmac, timingSafeEqual } from 'node:crypto';
import { acceptedSecrets, type SigningSecrets } from './signature.ts';

const TOKEN_CHARACTERS = 32;

/**
 * Where a storefront reaches us as its fulfilment service, below the hub's public address. Its questions are not signed: that the path cannot be
 * guessed is what they prove themselves with. It is made from the connection's signing secret, so that there is no further one to keep.
 */
export function servicePathOf(connectionId: string, signingSecret: string): string {
  return `/services/${connectionId}/${tokenOf(connectionId, signingSecret)}`;
}

/** Whether a token is the one of this connection: in constant time, and against the previous secret too while it is in grace. */
export function isServicePath(connectionId: string, token: string, secrets: SigningSecrets, now: Date): boolean {
  const offered = Buffer.from(token);
  let genuine = false;
  for (const secret of acceptedSecrets(secrets, now)) {
    const expected = Buffer.from(tokenOf(connectionId, secret));
    const same = expected.length === offered.length && timingSafeEqual(expected, offered);
    genuine = same || genuine;
  }
  return genuine;
}

function tokenOf(connectionId: string, secret: string): string {
  return createHmac('sha256', secret).update(`service path of ${connectionId}`).digest('base64url').slice(0, TOKEN_CHARACTERS);
}
