import { describe, expect, test } from 'vitest';
import { isSigned, type SignatureScheme, type Signed, sign } from '../../../adapters/signature.ts';
import { BODY, MESSAGE, NOW } from './vectors.ts';

const WOOCOMMERCE: SignatureScheme = { family: 'hmac-body', header: 'signature', encoding: 'base64', key: 'html-entities' };
const ECWID: SignatureScheme = { family: 'hmac-fields', header: 'signature', encoding: 'base64', fields: ['eventCreated', 'eventId'] };
const BEARER: SignatureScheme = { family: 'static-header', header: 'x-hook-token', prefix: 'Bearer ' };
const BASIC: SignatureScheme = { family: 'static-header', header: 'authorization', prefix: 'Basic ', encoding: 'base64' };

describe('a secret that WordPress has stored', () => {
  test.each([
    ['&quot;&#034;&#34;&#x22;&#X0022;', '"""""'],
    ['&#039;&#39;&#x27;&#0039;', "''''"],
    ['&lt;&#060;&#60;&gt;&#062;&#62;', '<<<>>>'],
    ['&amp;&#038;&#38;&#x26;', '&&&&'],
    // Decoded once: what comes out is text.
    ['&amp;lt;&amp;amp;', '&lt;&amp;'],
    ['&#x3c;&nbsp;&eacute;&AMP;&amp', '&#x3c;&nbsp;&eacute;&AMP;&amp'],
    ['Zoë & Söhne', 'Zoë & Söhne'],
  ])('signs with what its entities stand for: %s is %s', (stored, key) => {
    expect(sign(BODY, WOOCOMMERCE, stored, MESSAGE)).toEqual(sign(BODY, { ...WOOCOMMERCE, key: 'utf8' }, key, MESSAGE));
  });
});

describe('a hexadecimal secret', () => {
  const scheme: SignatureScheme = { family: 'hmac-body', header: 'signature', encoding: 'hex', key: 'hex' };

  test('is the same in capital letters, and nothing when it is not hexadecimal to its end', () => {
    const headers = sign(BODY, scheme, 'f3f9b981', MESSAGE);

    expect(isSigned({ headers, body: BODY }, scheme, { current: 'F3F9B981' }, NOW)).toBe(true);
    for (const current of ['f3f9b9811', 'f3f9b981zz', 'f3f9', 'zz', '']) expect(isSigned({ headers, body: BODY }, scheme, { current }, NOW), current).toBe(false);
  });
});

describe('signed fields', () => {
  const body = (fields: object) => Buffer.from(JSON.stringify({ eventId: 'e-1', eventCreated: 1_634_209_655, storeId: 1003, ...fields }));
  const headers = sign(body({}), ECWID, 'hush', MESSAGE);
  const taken = (text: string | Buffer, offered: Signed['headers'] = headers) => isSigned({ headers: offered, body: Buffer.from(text) }, ECWID, { current: 'hush' }, NOW);

  test('cover themselves in whatever order they stand, and nothing else', () => {
    expect(taken(body({}))).toBe(true);
    expect(taken('{"eventCreated":1634209655,"eventId":"e-1"}')).toBe(true);
    expect(taken(body({ storeId: 9 }))).toBe(true);
    expect(taken(body({ eventId: 'e-2' }))).toBe(false);
    expect(taken(body({ eventCreated: 1_634_209_656 }))).toBe(false);
  });

  test('are read digit for digit', () => {
    const big = '{"eventCreated":9007199254740993,"eventId":"e-1"}';
    const offered = sign(Buffer.from(big), ECWID, 'hush', MESSAGE);

    expect(taken(big, offered)).toBe(true);
    expect(taken(big.replace('993', '992'), offered)).toBe(false);
  });

  test.each(['', '[]', 'null', '{}', '{"eventId":"e-1"}', '{"eventId":["e-1"],"eventCreated":1}', '{"__proto__":{"eventId":"e-1","eventCreated":1}}', `"${'x'.repeat(70_000)}"`])(
    'that are not there sign nothing: %.60s',
    (text) => {
      const ofNothing = sign(Buffer.from('.'), WOOCOMMERCE, 'hush', MESSAGE);

      expect(taken(text, ofNothing)).toBe(false);
      expect(taken(text)).toBe(false);
    },
  );
});

describe('a secret in a header', () => {
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const opens = (headers: Signed['headers'], scheme: SignatureScheme, current: string) => isSigned({ headers, body: BODY }, scheme, { current }, NOW);

  test('opens when it is the secret, all of it', () => {
    expect(sign(BODY, BASIC, 'hub:hush', MESSAGE)).toEqual(basic('hub:hush'));
    expect(opens(basic('hub:hush'), BASIC, 'hub:hush')).toBe(true);
    expect(opens({ 'x-hook-token': 'Bearer hush' }, BEARER, 'hush')).toBe(true);
  });

  test.each(['hub:hus', 'hub:hushh', 'hub:', ':hush', 'hub', ''])('does not open when it is %j', (text) => {
    expect(opens(basic(text), BASIC, 'hub:hush')).toBe(false);
  });

  test('does not open without its prefix, its encoding or itself, nor when the secret is empty', () => {
    expect(opens({ authorization: 'Basic hub:hush' }, BASIC, 'hub:hush')).toBe(false);
    expect(opens({ 'x-hook-token': 'hush' }, BEARER, 'hush')).toBe(false);
    expect(opens({}, BEARER, 'hush')).toBe(false);
    expect(opens({ 'x-hook-token': 'Bearer ' }, BEARER, '')).toBe(false);
  });
});
