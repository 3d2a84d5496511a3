import { createPublicKey, sign as signWith } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isSigned, keysNamedBy, type SignatureScheme, type Signed, sign, verdictOn } from '../../../adapters/signature.ts';
import { BODY, curvePair, MESSAGE, NOW, type Pair, rsaPair } from './vectors.ts';

const PLAIN: SignatureScheme = { family: 'rsa-sha256', signatures: [{ header: 'first' }, { header: 'second' }] };
const COMMERCE: SignatureScheme = { family: 'rsa-sha256', signatures: [{ header: 'x-adobe-commerce-webhook-signature' }], over: 'base64-of-body' };
const EVENTS: SignatureScheme = {
  family: 'rsa-sha256',
  signatures: [
    { header: 'x-adobe-digital-signature-1', key: 'x-adobe-public-key1-path' },
    { header: 'x-adobe-digital-signature-2', key: 'x-adobe-public-key2-path' },
  ],
  keys: { host: 'static.adobeioevents.com', path: '/prod/keys/pub-key-{id}.pem' },
};
const EBAY: SignatureScheme = { family: 'ecdsa', header: 'x-ebay-signature' };
const WIX: SignatureScheme = { family: 'jwt-rs256-body' };

const rsa = rsaPair();
const otherRsa = rsaPair();
const curve = curvePair();

const signed = (scheme: SignatureScheme, { privatePem }: Pair, body = BODY): Signed => ({ headers: sign(body, scheme, privatePem, { ...MESSAGE, id: 'kid-1' }), body });
const taken = (request: Signed, scheme: SignatureScheme, current: string) => isSigned(request, scheme, { current }, NOW);

describe.each<[string, SignatureScheme, Pair, Pair]>([
  ['RSA over the body', PLAIN, rsa, otherRsa],
  ['RSA over the base64 of the body', COMMERCE, rsa, otherRsa],
  ['ECDSA over the body', EBAY, curve, curvePair()],
])('%s', (_name, scheme, ours, theirs) => {
  test('takes what the private key signed, and nothing else', () => {
    const request = signed(scheme, ours);

    expect(taken(request, scheme, ours.publicPem)).toBe(true);
    expect(taken(request, scheme, theirs.publicPem)).toBe(false);
    expect(taken({ ...request, body: Buffer.from('{}') }, scheme, ours.publicPem)).toBe(false);
    expect(taken({ ...request, headers: {} }, scheme, ours.publicPem)).toBe(false);
  });

  test('takes a key among several, and one that lost its line breaks', () => {
    const request = signed(scheme, ours);

    expect(taken(request, scheme, theirs.publicPem + ours.publicPem)).toBe(true);
    expect(taken(request, scheme, ours.publicPem.replaceAll('\n', ''))).toBe(true);
    expect(taken(request, scheme, JSON.stringify({ key: ours.publicPem }))).toBe(true);
  });
});

describe('RSA', () => {
  test('tells the base64 of the body from the body', () => {
    expect(taken(signed({ ...COMMERCE, over: 'body' }, rsa), COMMERCE, rsa.publicPem)).toBe(false);
  });

  test('takes either of two signatures', () => {
    const { first = '' } = sign(BODY, PLAIN, rsa.privatePem, MESSAGE);

    expect(taken({ headers: { first: 'AAAA', second: first }, body: BODY }, PLAIN, rsa.publicPem)).toBe(true);
    expect(taken({ headers: { first, second: 'AAAA' }, body: BODY }, PLAIN, rsa.publicPem)).toBe(true);
    expect(taken({ headers: { first: 'AAAA', second: 'AAAA' }, body: BODY }, PLAIN, rsa.publicPem)).toBe(false);
  });

  test('takes what all customers of a vendor are sent only when it names us', () => {
    const scheme: SignatureScheme = { ...PLAIN, recipient: { field: 'recipientclientid', value: 'ours' } };
    const to = (recipientclientid: unknown) => signed(scheme, rsa, Buffer.from(JSON.stringify({ recipientclientid })));

    expect(taken(to('ours'), scheme, rsa.publicPem)).toBe(true);
    for (const recipient of ['theirs', ['ours'], undefined]) expect(taken(to(recipient), scheme, rsa.publicPem)).toBe(false);
    expect(taken(signed(scheme, rsa, Buffer.from('ours')), scheme, rsa.publicPem)).toBe(false);
  });
});

describe('ECDSA', () => {
  const header = (digest: string, algorithm: string) => {
    const signature = signWith(algorithm, BODY, curve.privatePem).toString('base64');
    return Buffer.from(JSON.stringify({ alg: 'ecdsa', kid: 'k', signature, digest })).toString('base64');
  };

  test.each([
    ['SHA1', 'sha1', true],
    ['SHA256', 'sha256', true],
    ['SHA256', 'sha1', false],
    ['MD5', 'sha1', false],
    ['__proto__', 'sha1', false],
  ])('a header that says %s over %s is taken: %s', (digest, algorithm, isTaken) => {
    expect(taken({ headers: { 'x-ebay-signature': header(digest, algorithm) }, body: BODY }, EBAY, curve.publicPem)).toBe(isTaken);
  });
});

test.each<[string, SignatureScheme, Pair, string]>([
  ['too short', PLAIN, rsaPair(1024), ''],
  ['on another curve', EBAY, curvePair('secp256k1'), ''],
  ['of another kind (RSA)', EBAY, curve, rsa.publicPem],
  ['of another kind (curve)', PLAIN, rsa, curve.publicPem],
  ['private', PLAIN, rsa, rsa.privatePem],
  ['unreadable', PLAIN, rsa, '-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----'],
])('a key that is %s verifies nothing', (_what, scheme, pair, key) => {
  expect(taken(signed(scheme, pair), scheme, key || pair.publicPem)).toBe(false);
});

describe('published keys', () => {
  const request: Signed = { headers: { ...sign(BODY, EVENTS, rsa.privatePem, MESSAGE), 'x-adobe-public-key1-path': '/prod/keys/pub-key-1.pem' }, body: BODY };

  test('are named by the request', () => {
    const keys = { host: 'static.adobeioevents.com', path: '/prod/keys/pub-key-{id}.pem' };

    expect(keysNamedBy(request, EVENTS)).toEqual({ where: keys, names: ['/prod/keys/pub-key-1.pem'] });
    expect(keysNamedBy(signed(EBAY, curve), { ...EBAY, keys })).toEqual({ where: keys, names: ['kid-1'] });
    expect(keysNamedBy({ headers: {}, body: BODY }, EVENTS)).toEqual({ where: keys, names: [] });
    expect(keysNamedBy(request, COMMERCE)).toBeUndefined();
  });

  test('verify as keys of the secret do', () => {
    const judged = (...keys: readonly Pair[]) =>
      verdictOn(
        request,
        EVENTS,
        { current: '' },
        NOW,
        keys.map(({ publicPem }) => createPublicKey(publicPem)),
      );

    expect([judged(rsa), judged(otherRsa, rsa), judged(otherRsa), judged()]).toEqual(['genuine', 'genuine', 'refused', 'refused']);
  });
});

describe('a body that is a token', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const soon = NOW.getTime() / 1000 + 60;
  const token = (claims: unknown, header: unknown = { alg: 'RS256', typ: 'JWT' }, { privatePem } = rsa) => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${signWith('sha256', Buffer.from(text), privatePem).toString('base64url')}`;
  };
  const tokenTaken = (text: string) => taken({ headers: {}, body: Buffer.from(text) }, WIX, rsa.publicPem);

  test('is taken until it expires', () => {
    expect(tokenTaken(token({ data: '{}', exp: soon }))).toBe(true);
    expect(tokenTaken(`${token({ data: '{}', exp: soon })}\n`)).toBe(true);
    for (const claims of [{ exp: NOW.getTime() / 1000 }, { exp: String(soon) }, {}, null]) expect(tokenTaken(token(claims)), JSON.stringify(claims)).toBe(false);
  });

  test.each([{ alg: 'none' }, { alg: 'HS256' }, { alg: 'RS512' }, { alg: 'rs256' }, { alg: ['RS256'] }, { alg: 'RS256', crit: ['b64'], b64: false }, {}, null])(
    'does not choose how it is verified: %j',
    (header) => {
      expect(tokenTaken(token({ exp: soon }, header))).toBe(false);
    },
  );

  test('is not signed with the public key as a shared one', () => {
    const text = `${part({ alg: 'HS256' })}.${part({ exp: soon })}`;
    const { mac = '' } = sign(Buffer.from(text), { family: 'hmac-body', header: 'mac', encoding: 'base64' }, rsa.publicPem, MESSAGE);

    expect(tokenTaken(`${text}.${Buffer.from(mac, 'base64').toString('base64url')}`)).toBe(false);
    expect(tokenTaken(token({ exp: soon }, { alg: 'RS256' }, otherRsa))).toBe(false);
  });

  test.each(['', 'a.b', 'a.b.c.d', '{"id":1}', 'é.é.é', `${part({ alg: 'RS256' })}.${part({ exp: soon })}.`])('%j is none', (text) => {
    expect(tokenTaken(text)).toBe(false);
  });
});
