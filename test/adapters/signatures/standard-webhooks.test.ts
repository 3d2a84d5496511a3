import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isSigned, type SignatureScheme, type Signed, sign, verdictOn } from '../../../adapters/signature.ts';
import { BODY, edwardsPair, MESSAGE, NOW } from './vectors.ts';

const STANDARD: SignatureScheme = { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 };
const SHARED = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const { whpk, whsk } = edwardsPair();

const renamed = (headers: Signed['headers'], from: string, to: string) => ({ ...headers, 'webhook-signature': headers['webhook-signature']?.replace(from, to) });
const taken = (headers: Signed['headers'], current: string, body = BODY, now = NOW) => isSigned({ headers, body }, STANDARD, { current }, now);

describe('a key of the sender alone', () => {
  const headers = sign(BODY, STANDARD, whsk, MESSAGE);

  test('signs by Ed25519, whether it is written with 32 or with 64 bytes', () => {
    const long = Buffer.concat([Buffer.from(whsk.slice(5), 'base64'), Buffer.from(whpk.slice(5), 'base64')]);

    expect(headers['webhook-signature']).toMatch(/^v1a,/);
    expect(taken(headers, whpk)).toBe(true);
    expect(sign(BODY, STANDARD, `whsk_${long.toString('base64')}`, MESSAGE)).toEqual(headers);
  });

  test('covers body, id and time', () => {
    expect(taken(headers, whpk, Buffer.from('{}'))).toBe(false);
    expect(taken({ ...headers, 'webhook-id': 'msg_2' }, whpk)).toBe(false);
    expect(taken({ ...headers, 'webhook-timestamp': String(NOW.getTime() / 1000 - 1) }, whpk)).toBe(false);
    expect(taken(headers, whpk, BODY, new Date(NOW.getTime() + 301_000))).toBe(false);
    expect(taken(headers, edwardsPair().whpk)).toBe(false);
  });

  test.each([whpk.slice(5), `whsec_${whpk.slice(5)}`])('its public half, which everybody knows, is no shared secret', (known) => {
    const forged = sign(BODY, STANDARD, known, MESSAGE);

    expect(taken(forged, known)).toBe(true);
    expect(taken(forged, whpk)).toBe(false);
    expect(taken(renamed(forged, 'v1,', 'v1a,'), whpk)).toBe(false);
  });

  test('the letters of the public key are no shared secret where keys are raw', () => {
    const raw: SignatureScheme = { ...STANDARD, key: 'utf8' };
    const mac = sign(Buffer.from(`msg_1.${NOW.getTime() / 1000}.${BODY}`), { family: 'hmac-body', header: 'mac', encoding: 'base64' }, whpk, MESSAGE).mac;
    const forged = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(NOW.getTime() / 1000), 'webhook-signature': `v1,${mac}` };

    expect(isSigned({ headers: forged, body: BODY }, raw, { current: whpk }, NOW)).toBe(false);
  });

  test('is no HMAC by another name, and an HMAC is no Ed25519', () => {
    expect(taken(renamed(headers, 'v1a,', 'v1,'), whpk)).toBe(false);
    expect(taken(headers, SHARED)).toBe(false);
    expect(taken(renamed(sign(BODY, STANDARD, SHARED, MESSAGE), 'v1,', 'v1a,'), SHARED)).toBe(false);
  });

  test('may follow a shared secret, with a grace for that', () => {
    const shared = sign(BODY, STANDARD, SHARED, MESSAGE);
    const both = { ...shared, 'webhook-signature': `${shared['webhook-signature']} ${headers['webhook-signature']}` };
    const secrets = { current: whpk, previous: SHARED, previousUntil: '2026-11-21T00:00:00.000Z' };

    for (const offered of [shared, headers, both]) expect(isSigned({ headers: offered, body: BODY }, STANDARD, secrets, NOW)).toBe(true);
    expect(taken(shared, whpk)).toBe(false);
    expect(taken(both, whpk)).toBe(true);
  });

  test.each(['whpk_', 'whpk_AAAA', 'whpk_is no base64', 'whsk_', whsk, 'whsec_', ''])('verifies nothing when the secret is %.12s', (current) => {
    const signed = Buffer.concat([Buffer.from(`msg_1.${NOW.getTime() / 1000}.`), BODY]);
    const empty = { ...headers, 'webhook-signature': `v1,${createHmac('sha256', '').update(signed).digest('base64')}` };

    expect(taken(headers, current)).toBe(false);
    expect(taken(empty, current)).toBe(false);
  });

  test.each([whpk, 'whsk_AAAA', 'whsec_'])('nothing can be signed with %.10s', (secret) => {
    expect(() => sign(BODY, STANDARD, secret, MESSAGE)).toThrow(expect.objectContaining({ name: 'Rejected', code: 'signature.key-unusable' }));
  });
});

describe('senders that keep it less strictly', () => {
  const SECRET = 'bc_client_secret_1';
  const raw: SignatureScheme = { ...STANDARD, key: 'utf8' };
  const lenient: SignatureScheme = { ...raw, late: 'accept' };
  const judged = (scheme: SignatureScheme, ageSeconds: number, secret = SECRET) => {
    const headers = sign(BODY, scheme, secret, { id: 'msg_1', at: new Date(NOW.getTime() - ageSeconds * 1000) });
    return verdictOn({ headers, body: BODY }, scheme, { current: SECRET }, NOW);
  };

  test.each([
    [0, 'genuine', 'genuine'],
    [300, 'genuine', 'genuine'],
    [301, 'late', 'refused'],
    [172_800, 'late', 'refused'],
    // A time that has not come is nobody's retry.
    [-301, 'refused', 'refused'],
  ])('a signature %d seconds old is %s where late ones are accepted, and else %s', (age, accepting, strict) => {
    expect(judged(lenient, age)).toBe(accepting);
    expect(judged(raw, age)).toBe(strict);
    expect(judged(lenient, age, 'guessed')).toBe('refused');
  });

  test('a signature without its version is taken where the scheme says so, and only there', () => {
    const bare: SignatureScheme = { ...STANDARD, bare: true };
    const headers = sign(BODY, STANDARD, SHARED, MESSAGE);
    const judge = (offered: Signed['headers'], scheme: SignatureScheme) => isSigned({ headers: offered, body: BODY }, scheme, { current: SHARED }, NOW);

    expect(judge(renamed(headers, 'v1,', ''), bare)).toBe(true);
    expect(judge(headers, bare)).toBe(true);
    expect(judge(renamed(headers, 'v1,', ''), STANDARD)).toBe(false);
    expect(judge(renamed(headers, 'v1,', 'v2,'), bare)).toBe(false);
  });
});
