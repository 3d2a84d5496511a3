import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { isHandshake, isSigned, type SignatureScheme, type Signed, sign } from '../../adapters/signature.ts';
import { BODY, curvePair, edwardsPair, NOW, rsaPair } from './signatures/vectors.ts';

const SHOPIFY: SignatureScheme = {
  family: 'hmac-body',
  header: 'x-shopify-hmac-sha256',
  encoding: 'base64',
  sender: { header: 'x-shopify-shop-domain', value: 'pine.myshopify.com' },
};
const EASYPOST: SignatureScheme = { family: 'hmac-body', header: 'x-hmac-signature', encoding: 'hex', prefix: 'hmac-sha256-hex=', normalise: 'NFKD' };
const STANDARD: SignatureScheme = { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 };
const RAW_KEY: SignatureScheme = { ...STANDARD, key: 'utf8' };
const WOOCOMMERCE: SignatureScheme = { family: 'hmac-body', header: 'x-wc-webhook-signature', encoding: 'base64', key: 'html-entities' };
const SQUARESPACE: SignatureScheme = { family: 'hmac-body', header: 'squarespace-signature', encoding: 'hex', key: 'hex' };
const TIKTOK: SignatureScheme = { family: 'hmac-body', header: 'authorization', encoding: 'hex', before: 'app_key' };
const ECWID: SignatureScheme = { family: 'hmac-fields', header: 'x-ecwid-webhook-signature', encoding: 'base64', fields: ['eventCreated', 'eventId'] };
const AWS: SignatureScheme = { family: 'transport' };
const SCHEMES = [SHOPIFY, EASYPOST, WOOCOMMERCE, TIKTOK, STANDARD, RAW_KEY];

const at = (seconds: number) => new Date(seconds * 1000);
const message = { id: 'msg_1', at: at(1_700_000_000) };

describe('golden vectors', () => {
  test('their body has the bytes they were made for', () => {
    expect(BODY).toHaveLength(70);
    expect(createHash('sha256').update(BODY).digest('hex')).toMatch(/^adc4dd0c1295ef04.*3daf4a46$/);
  });

  test('WooCommerce: under what the HTML entities of the stored secret stand for', () => {
    expect(sign(BODY, WOOCOMMERCE, 'hush', message)).toEqual({ 'x-wc-webhook-signature': 'OPti/sSUreWB+DyjoL+qgU0HB4K6+nheUz0IiYmi664=' });
    expect(sign(BODY, WOOCOMMERCE, 'a&amp;b', message)).toEqual({ 'x-wc-webhook-signature': '1euRjxf8uhFym201G55MiLfPuiLmaKdu+L23+BdBSSk=' });
  });

  test('Squarespace: hexadecimal under a hexadecimal key', () => {
    expect(sign(BODY, SQUARESPACE, 'F3F9B981C78E7A6187E42853F6CE2804177E98206164779423B02DEC981ACD6B', message)).toEqual({
      'squarespace-signature': '940084dea476a2b0a6f1e2580676f4f4abe396e6bad68cff2ab0a3a52cd528ad',
    });
  });

  test("TikTok Shop: the app's key before the body", () => {
    expect(sign(BODY, TIKTOK, 'app_secret', message)).toEqual({ authorization: '614692a56697a66bb8d74b7e742a1e7e3da9152bfdc3c31dea511d7e4f0a542a' });
  });

  test('Ecwid: two fields of the body', () => {
    const body = Buffer.from('{"eventId":"95ed494f-362d-4fca-933d-f5c7064b04bb","storeId":1003,"eventCreated":1634209655}');

    expect(sign(body, ECWID, 'client_secret', message)).toEqual({ 'x-ecwid-webhook-signature': 'tauo8JGE/Ug6z31yWRiTC976EIlF/KxxKDxF5oeaNXU=' });
  });

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

describe('attacks', () => {
  // In every signature of this body there is something that each attack changes.
  const body = Buffer.from('{"id": 8}');
  const key = 'c2VjcmV0';

  test.each<[string, SignatureScheme, string, string]>([
    ['Shopify', SHOPIFY, 'x-shopify-hmac-sha256', ''],
    ['EasyPost', EASYPOST, 'x-hmac-signature', 'hmac-sha256-hex='],
    ['TikTok', TIKTOK, 'authorization', ''],
    ['a custom shop', STANDARD, 'webhook-signature', 'v1,'],
    ['BigCommerce', RAW_KEY, 'webhook-signature', 'v1,'],
  ])('none of the usual ones passes as %s', (_who, scheme, header, prefix) => {
    const headers = sign(body, scheme, key, { id: 'msg_1', at: NOW });
    const signature = headers[header]?.slice(prefix.length) ?? '';
    const judged = (offered: string, bytes = body) => isSigned({ headers: { ...headers, [header]: prefix + offered }, body: bytes }, scheme, { current: key }, NOW);
    const forged = [
      '',
      signature.slice(0, -4),
      signature.slice(1),
      signature + signature,
      `${signature},${signature}`,
      signature.toUpperCase(),
      `${signature}\n`,
      `=${signature}`,
      signature.replaceAll('=', ''),
      Buffer.from(signature).toString('base64'),
    ];

    expect(judged(signature)).toBe(true);
    for (const offered of forged.filter((one) => one !== signature)) expect(judged(offered), offered).toBe(false);
    for (const other of ['{"id": 9}', '{"id":8}', '{"id": 8} ', '{"id": 8}\n', body.toString('base64'), '']) expect(judged(signature, Buffer.from(other)), other).toBe(false);
  });

  test('what only AWS may bring is refused over HTTP, whatever it carries', () => {
    const headers = { ...sign(BODY, SHOPIFY, 'hush', message), ...sign(BODY, STANDARD, 'hush', { id: 'msg_1', at: NOW }), authorization: 'Basic aHVzaA==' };

    expect(isSigned({ headers, body: BODY }, AWS, { current: 'hush' }, NOW)).toBe(false);
    expect(sign(BODY, AWS, 'hush', message)).toEqual({});
  });

  test('any headers, any body and any key are judged without an exception', () => {
    const all: readonly SignatureScheme[] = [
      ...SCHEMES,
      SQUARESPACE,
      ECWID,
      AWS,
      { family: 'rsa-sha256', signatures: [{ header: 'signature' }], recipient: { field: 'to', value: 'us' } },
      { family: 'ecdsa', header: 'signature' },
      { family: 'jwt-rs256-body' },
      { family: 'static-header', header: 'signature', encoding: 'base64' },
    ];
    const names = ['signature', 'webhook-signature', 'webhook-id', 'webhook-timestamp', 'authorization', 'x-hmac-signature'];
    const inBase64 = (text: string) => Buffer.from(text).toString('base64');
    const value = fc.oneof(
      fc.string(),
      fc.json().map(inBase64),
      fc.string().map((text) => `v1a,${inBase64(text)}`),
      fc.string().map((signature) => inBase64(JSON.stringify({ kid: 'k', signature: inBase64(signature), digest: 'SHA1' }))),
    );
    const keys = fc.constantFrom(rsaPair().publicPem, curvePair().publicPem, edwardsPair().whpk, 'whpk_AAAA', 'aa');

    fc.assert(
      fc.property(fc.constantFrom(...all), fc.dictionary(fc.constantFrom(...names), value), fc.uint8Array({ maxLength: 60 }), keys, (scheme, headers, bytes, current) => {
        expect(isSigned({ headers, body: Buffer.from(bytes) }, scheme, { current }, NOW)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a handshake', () => {
  const scheme: SignatureScheme = { ...WOOCOMMERCE, handshake: { family: 'unsigned-ping', field: 'webhook_id' } };
  const ping = (text: string, headers: Signed['headers'] = {}, under = scheme) => isHandshake({ headers, body: Buffer.from(text) }, under);

  test.each(['webhook_id=1', 'webhook_id=12345678901234567890'])('is %s', (text) => {
    expect(ping(text)).toBe(true);
  });

  test.each([
    '',
    'webhook_id=',
    'webhook_id=x',
    'webhook_id=1\n',
    ' webhook_id=1',
    'webhook_id=1&id=2',
    'webhook_id=123456789012345678901',
    'other=1',
    '{"webhook_id":1}',
    `webhook_id=1${' '.repeat(200)}`,
    `webhook_id=1\n${'{}'.repeat(200)}`,
  ])('is not %j', (text) => {
    expect(ping(text)).toBe(false);
  });

  test('carries no signature, and is nothing to senders that have none', () => {
    expect(ping('webhook_id=1', sign(Buffer.from('webhook_id=1'), scheme, 'hush', message))).toBe(false);
    expect(ping('webhook_id=1', {}, WOOCOMMERCE)).toBe(false);
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

  test('of what was changed on the way, both take the same', () => {
    const now = new Date();
    const change = fc.constantFrom('nothing', 'body', 'id', 'timestamp', 'signature', 'version', 'more');
    const json = fc.json().filter((text) => text.length > 2);

    fc.assert(
      fc.property(secret, id, json, change, fc.integer({ min: -400, max: 400 }), (key, name, text, what, age) => {
        const headers = sign(Buffer.from(text), STANDARD, key, { id: name, at: new Date(now.getTime() - age * 1000) });
        const signature = headers['webhook-signature'] ?? '';
        const changes: Record<string, Record<string, string>> = {
          id: { 'webhook-id': `${name}x` },
          timestamp: { 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) },
          signature: { 'webhook-signature': signature.replace(/.{5}$/, 'AAAA=') },
          version: { 'webhook-signature': signature.replace('v1', 'v2') },
          more: { 'webhook-signature': `v1a,AAAA v1,AAAA ${signature}` },
        };
        const changed = { ...headers, ...changes[what] };
        const body = what === 'body' ? ` ${text}` : text;
        // The package has a clock of its own, which may be a second further.
        fc.pre(Math.abs(Math.abs(age) - 300) > 2);

        expect(isSigned({ headers: changed, body: Buffer.from(body) }, STANDARD, { current: key }, now)).toBe(packageTakes(key, body, changed));
      }),
      { numRuns: 300 },
    );
  });

  test('unlike it, we take bytes that are no UTF-8 and a tolerance of our own, and no time with letters', () => {
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    const now = new Date();
    const headers = sign(bytes, STANDARD, key, { id: 'msg_1', at: now });
    const old = sign(BODY, STANDARD, key, { id: 'msg_1', at: new Date(now.getTime() - 3_000_000) });
    const lettered = { ...headers, 'webhook-timestamp': `${headers['webhook-timestamp']}abc` };

    expect(isSigned({ headers, body: bytes }, STANDARD, { current: key }, now)).toBe(true);
    expect(isSigned({ headers: old, body: BODY }, { ...STANDARD, toleranceSeconds: 3_600 }, { current: key }, now)).toBe(true);
    expect(isSigned({ headers: lettered, body: bytes }, STANDARD, { current: key }, now)).toBe(false);
  });

  function packageTakes(key: string, body: string, headers: Record<string, string>): boolean {
    try {
      new Webhook(key).verify(body, headers, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  }
});
