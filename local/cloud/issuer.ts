import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { listenOnLoopback } from './loopback.ts';

/** What a token that passed says. */
export type Claims = Readonly<Record<string, unknown>>;

/** Stands for the user pool: signs access tokens and publishes its keys, on loopback. */
export interface Issuer {
  readonly url: string;
  /** A token as Cognito writes access tokens. */
  sign(token: { issuer: string; clientId: string; user: string; scopes: readonly string[]; expiresInSeconds: number }): Promise<string>;
  /** @throws when the signature, the issuer or the time does not hold */
  verify(token: string, issuer: string): Promise<Claims>;
  close(): Promise<void>;
}

const ALGORITHM = 'RS256';

/**
 * Starts the issuer. It exists only because the runner resolves the template's user pool to it; a deployed stack names
 * Cognito, and nothing in it can be made to trust this key.
 * @param dataFolder keeps the private key, so that tokens outlive a restart
 */
export async function startIssuer(dataFolder: string): Promise<Issuer> {
  const privateJwk = await loadKey(join(dataFolder, 'issuer-key.json'));
  const { kty = '', n = '', e = '' } = privateJwk;
  const kid = await calculateJwkThumbprint({ kty, n, e });
  const keySet = { keys: [{ kty, n, e, kid, alg: ALGORITHM, use: 'sig' }] };
  const key = await importJWK(privateJwk, ALGORITHM);
  const localKeys = createLocalJWKSet(keySet);
  const listener = await listenOnLoopback((request, response) => {
    const [, pool, ...rest] = (request.url ?? '').split('/');
    const issuer = `${listener.url}/${pool}`;
    const pages: Readonly<Record<string, object>> = {
      '.well-known/jwks.json': keySet,
      '.well-known/openid-configuration': {
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        id_token_signing_alg_values_supported: [ALGORITHM],
        subject_types_supported: ['public'],
      },
    };
    const page = pages[rest.join('/')];
    response.writeHead(page ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(page ?? { message: 'Not Found' }));
  });
  return {
    url: listener.url,
    sign: ({ issuer, clientId, user, scopes, expiresInSeconds }) =>
      new SignJWT({ client_id: clientId, token_use: 'access', username: user, scope: scopes.join(' '), version: 2 })
        .setProtectedHeader({ alg: ALGORITHM, kid })
        .setIssuer(issuer)
        .setSubject(user)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInSeconds)
        .sign(key),
    verify: async (token, issuer) => (await jwtVerify(token, localKeys, { issuer, algorithms: [ALGORITHM], requiredClaims: ['exp'] })).payload,
    close: listener.close,
  };
}

async function loadKey(file: string): Promise<JWK> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  writeFileSync(file, JSON.stringify(jwk), { mode: 0o600 });
  return jwk;
}
