import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { isSigned, type SignatureScheme, type Signed, sign } from '../../adapters/signature.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
// 70 bytes with an id past 2^53, accents, an en dash, Japanese and an emoji.
const BODY = Buffer.from('{"id":820982911946154508,"name":"#1001","note":"Zoë – 東京 🎁"}', 'utf8');

const SHOPIFY: SignatureScheme = {
  family: 'hmac-body',
  header: 'x-shopify-hmac-sha256',
  encoding: 'base64',
  sender: { header: 'x-shopify-shop-domain', value: 'pine.myshopify.com' },
};
const EASYPOST: SignatureScheme = { family: 'hmac-body', header: 'x-hmac-signature', encoding: 'hex', prefix: 'hmac-sha256-hex=', normalise: 'NFKD' };
const STANDARD: SignatureScheme = { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 };
const RAW_KEY: SignatureScheme = { ...STANDARD, key: 'utf8' };
const SCHEMES = [SHOPIFY, EASYPOST, STANDARD, RAW_KEY];

const at = (seconds: number) => new Date(seconds * 1000);
const message = { id: 'msg_1', at: at(1_700_000_000) };

describe('golden vectors', () => {
  test('Shopify: HMAC-SHA256 of the raw body in base64', () => {
    expect(sign(BODY, SHOPIFY, 'hush', message)['x-shopify-hmac-sha256']).toBe('OPti/sSUreWB+DyjoL+qgU0HB4K6+nheUz0IiYmi664=');
  });

  test('Standard Webhooks: HMAC-SHA256 of id, time and body under the decoded key', () => {
    expect(sign(BODY, STANDARD, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', message)).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': 'v1,sPoaBv3Nnb2FaZ+z87BbxsoVDsrvIsiRBXQ9Tp3bIFA=',
    });
  });

  test('Standard Webhooks under a raw key, as BigCommerce signs', () => {
    expect(sign(BODY, RAW_KEY, 'bc_client_secret_1', message)['webhook-signature']).toBe('v1,tppTCpVbzdEwj1rDgxbSdhqII81NCQl3ePDpgKaFcbI=');
  });

  test("Standard Webhooks: the library's own vector", () => {
    const headers = sign(Buffer.from('{"test": 2432232314}'), STANDARD, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', at: at(1_614_265_330) });

    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('EasyPost: hexadecimal, with the secret NFKD-normalised (vector made with openssl)', () => {
    // printf '%s' BODY | openssl dgst -sha256 -mac HMAC -macopt hexkey:<hex of NFKD("Geheimnisß ﬁ Å")>
    expect(sign(BODY, EASYPOST, 'Geheimnisß ﬁ Å', message)['x-hmac-signature']).toBe('hmac-sha256-hex=b33654a83b6e4e54d60080117713c53958ebe492cc06429f8332bd52658ec1e9');
  });
});

describe('isSigned', () => {
  const signed = (scheme: SignatureScheme, secret: string, when = NOW): Signed => ({ headers: sign(BODY, scheme, secret, { id: 'msg_1', at: when }), body: BODY });

  test.each(SCHEMES)('takes what $family signed, and nothing else', (scheme) => {
    const part = fc.string({ minLength: 1 }).map((text) => Buffer.from(text).toString('base64'));
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

    fc.assert(
      fc.property(part, part, body, body, (secret, otherSecret, one, other) => {
        const headers = sign(one, scheme, secret, { id: 'msg_1', at: NOW });
        const sameKey = Buffer.from(secret, 'base64').equals(Buffer.from(otherSecret, 'base64'));

        expect(isSigned({ headers, body: one }, scheme, { current: secret }, NOW)).toBe(true);
        expect(isSigned({ headers, body: other }, scheme, { current: secret }, NOW)).toBe(one.equals(other));
        expect(isSigned({ headers, body: one }, scheme, { current: otherSecret }, NOW)).toBe(secret === otherSecret || (scheme === STANDARD && sameKey));
      }),
    );
  });

  test('a Standard Webhooks signature covers its id and its time', () => {
    const { headers, body } = signed(STANDARD, 'c2VjcmV0');

    expect(isSigned({ headers: { ...headers, 'webhook-id': 'msg_2' }, body }, STANDARD, { current: 'c2VjcmV0' }, NOW)).toBe(false);
    expect(isSigned({ headers: { ...headers, 'webhook-timestamp': String(NOW.getTime() / 1000 + 1) }, body }, STANDARD, { current: 'c2VjcmV0' }, NOW)).toBe(false);
  });

  test.each([
    [299, true],
    [300, true],
    [301, false],
    [-300, true],
    [-301, false],
  ])('a time %d seconds from ours is taken: %s', (seconds, taken) => {
    const request = signed(STANDARD, 'c2VjcmV0', new Date(NOW.getTime() + seconds * 1000));

    expect(isSigned(request, STANDARD, { current: 'c2VjcmV0' }, NOW)).toBe(taken);
  });

  test.each(['', '1700000000abc', '-1', '1e9', 'NaN'])('a timestamp of %j is never timely', (timestamp) => {
    const headers = { ...signed(STANDARD, 'c2VjcmV0').headers, 'webhook-timestamp': timestamp };

    expect(isSigned({ headers, body: BODY }, STANDARD, { current: 'c2VjcmV0' }, NOW)).toBe(false);
  });

  test('the secret before the current one signs until its grace ends, and only with an end', () => {
    const request = signed(SHOPIFY, 'old');
    const grace = { current: 'new', previous: 'old', previousUntil: '2026-11-20T09:00:00.001Z' };

    expect(isSigned(request, SHOPIFY, grace, NOW)).toBe(true);
    expect(isSigned(request, SHOPIFY, grace, new Date(NOW.getTime() + 1))).toBe(false);
    expect(isSigned(request, SHOPIFY, { current: 'new', previous: 'old' }, NOW)).toBe(false);
  });

  test('one good signature among several, and unknown versions, do for Standard Webhooks', () => {
    const { headers, body } = signed(STANDARD, 'c2VjcmV0');
    const offered = `v1,AAAA v1a,ed25519 ${headers['webhook-signature']}`;

    expect(isSigned({ headers: { ...headers, 'webhook-signature': offered }, body }, STANDARD, { current: 'c2VjcmV0' }, NOW)).toBe(true);
  });

  test('an empty secret signs nothing', () => {
    expect(isSigned(signed(SHOPIFY, ''), SHOPIFY, { current: '' }, NOW)).toBe(false);
  });

  test('another shop under the same secret is a mix-up and refused', () => {
    const { headers, body } = signed(SHOPIFY, 'hush');

    expect(isSigned({ headers: { ...headers, 'x-shopify-shop-domain': 'oak.myshopify.com' }, body }, SHOPIFY, { current: 'hush' }, NOW)).toBe(false);
  });

  test.each<[string, Record<string, string | undefined>]>([
    ['no header', {}],
    ['an empty signature', { 'x-hmac-signature': '' }],
    ['the prefix alone', { 'x-hmac-signature': 'hmac-sha256-hex=' }],
    ['no prefix', { 'x-hmac-signature': sign(BODY, EASYPOST, 'hush', message)['x-hmac-signature']?.slice(16) }],
    ['trailing characters', { 'x-hmac-signature': `${sign(BODY, EASYPOST, 'hush', message)['x-hmac-signature']}zz` }],
    ['half of it', { 'x-hmac-signature': sign(BODY, EASYPOST, 'hush', message)['x-hmac-signature']?.slice(0, 40) }],
  ])('%s is no signature', (_what, headers) => {
    expect(isSigned({ headers, body: BODY }, EASYPOST, { current: 'hush' }, NOW)).toBe(false);
  });

  test('never throws, whatever the headers', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SCHEMES), fc.string(), fc.string(), fc.string(), (scheme, signature, id, timestamp) => {
        const names = scheme.family === 'hmac-body' ? { [scheme.header]: signature } : { 'webhook-signature': `v1,${signature}`, 'webhook-id': id, 'webhook-timestamp': timestamp };
        expect(isSigned({ headers: names, body: BODY }, scheme, { current: 'hush' }, NOW)).toBe(false);
      }),
    );
  });
});

describe('against the standardwebhooks package', () => {
  const secret = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
  const id = fc.stringMatching(/^msg_[A-Za-z0-9]{1,20}$/);

  test('what we sign, it takes; what it signs, we take', () => {
    // The package verifies against the machine's clock, so this test does too.
    const now = new Date();

    fc.assert(
      fc.property(secret, id, fc.json(), (key, name, json) => {
        const body = Buffer.from(json, 'utf8');
        const webhook = new Webhook(key);
        const timestamp = String(Math.floor(now.getTime() / 1000));

        expect(() => webhook.verify(json, sign(body, STANDARD, key, { id: name, at: now }))).not.toThrow();
        const headers = { 'webhook-id': name, 'webhook-timestamp': timestamp, 'webhook-signature': webhook.sign(name, new Date(Number(timestamp) * 1000), json) };
        expect(isSigned({ headers, body }, STANDARD, { current: key }, now)).toBe(true);
      }),
    );
  });
});
