import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHandshake, isSigned, type SignatureScheme, type Signed, secondVerdict, sign } from '../../../adapters/signature.ts';
import { issueToken } from '../../../adapters/signatures/issued-token.ts';

const SHIPPO: SignatureScheme = { family: 'hmac-timestamped', header: 'shippo-auth-signature', orToken: 'token' };
const UPS: SignatureScheme = { family: 'issued-token' };
const USPS: SignatureScheme = {
  family: 'hmac-fields',
  header: 'x-hmac',
  alias: 'hmac-header',
  encoding: 'base64',
  fields: ['timestamp', 'payload'],
  join: '',
  handshake: { family: 'unsigned-json', without: 'payload' },
};
const FEDEX: SignatureScheme = { family: 'hmac-body', header: 'fdx-signature', encoding: 'base64', orEncoding: 'hex' };
const EASYPOST: SignatureScheme = {
  family: 'hmac-body',
  header: 'x-hmac-signature',
  encoding: 'hex',
  prefix: 'hmac-sha256-hex=',
  normalise: 'NFKD',
  second: { header: 'x-hmac-signature-v2', timestamp: 'x-timestamp', path: 'x-path' },
};
const BODY = Buffer.from('{"event":"track_updated"}');
const NOW = new Date('2023-11-14T22:13:20.000Z');
const MESSAGE = { id: 'm', at: NOW, connectionId: 'ups' };
const taken = (request: Signed, scheme: SignatureScheme, now = NOW) => isSigned(request, scheme, { current: 'hush' }, now);

describe('golden vectors, made with openssl', () => {
  test('Shippo: of the time, a dot and the body, in hexadecimal', () => {
    // printf '1700000000.%s' BODY | openssl dgst -sha256 -hmac hush
    expect(sign(BODY, SHIPPO, 'hush', MESSAGE)).toEqual({ 'shippo-auth-signature': 't=1700000000,v1=ec11a53a765415381ac4ac074860274e5d1da6902bee934f38f9fb12503a2514' });
  });

  test('USPS: of two texts of the body as they read, not as they are escaped', () => {
    const payload = '{"trackingNumber":"9400","note":"Grüße \\"x\\""}';
    const body = JSON.stringify({ subscriptionId: 's', timestamp: '2026-06-13T10:00:00Z', payload });

    // printf '%s' '<timestamp><payload>' | openssl dgst -sha256 -hmac hush -binary | base64
    expect(sign(Buffer.from(body), USPS, 'hush', MESSAGE)).toEqual({ 'x-hmac': 'Aaf7UnCCRJaB1s9vj82WQ2WHkaCeo4BFSmSyK9RB8fE=' });
    expect(taken({ headers: { 'hmac-header': 'Aaf7UnCCRJaB1s9vj82WQ2WHkaCeo4BFSmSyK9RB8fE=' }, body: Buffer.from(body.replaceAll('ü', '\\u00fc')) }, USPS)).toBe(true);
  });

  test('FedEx: of the body, in base64 or in small hexadecimal digits', () => {
    expect(sign(BODY, FEDEX, 'hush', MESSAGE)).toEqual({ 'fdx-signature': 'ANcioJag2SqgScOdpMi096GzeJR3+8fHgVnXVAnQSy8=' });
    const hex = '00d722a096a0d92aa049c39da4c8b4f7a1b3789477fbc7c78159d75409d04b2f';

    expect(taken({ headers: { 'fdx-signature': 'ANcioJag2SqgScOdpMi096GzeJR3+8fHgVnXVAnQSy8=' }, body: BODY }, FEDEX)).toBe(true);
    expect(taken({ headers: { 'fdx-signature': hex }, body: BODY }, FEDEX)).toBe(true);
    expect(taken({ headers: { 'fdx-signature': hex.toUpperCase() }, body: BODY }, FEDEX)).toBe(false);
    expect(taken({ headers: { 'fdx-signature': hex }, body: Buffer.from('{}') }, FEDEX)).toBe(false);
  });

  test('UPS: a token of ours, of version, connection and end', () => {
    expect(issueToken('ups', 'hush', NOW)).toBe('1.1700014400.9_fk6t-BiKoVDstI4W_c4HU2aHL3tfv20YOX6cEu8GY');
  });

  test('EasyPost V2, as it is likely: of time, method, path and body', () => {
    const headers = {
      ...sign(BODY, EASYPOST, 'hush', MESSAGE),
      'x-timestamp': 'Tue, 19 Aug 2025 20:37:09 -0000',
      'x-path': '/updates/easypost',
      'x-hmac-signature-v2': 'hmac-sha256-hex=143d0ed4a4ba46df833417f573bddde1c168ad3eb46ba734de3679ccfc798cd4',
    };

    expect(secondVerdict({ headers, body: BODY }, EASYPOST, { current: 'hush' }, NOW)).toBe(true);
    expect(secondVerdict({ headers, body: BODY }, EASYPOST, { current: 'new', previous: 'hush', previousUntil: '2023-11-15T00:00:00.000Z' }, NOW)).toBe(true);
  });
});

describe('a time and a signature of it', () => {
  const { 'shippo-auth-signature': header = '' } = sign(BODY, SHIPPO, 'hush', MESSAGE);
  const [time = '', signature = ''] = header.split(',');
  const told = (value: string, now = NOW, body = BODY) => taken({ headers: { 'shippo-auth-signature': value }, body }, SHIPPO, now);

  test.each([
    ['as it came', header],
    ['in another order', `${signature},${time}`],
    ['with spaces', ` ${time} , ${signature} `],
    ['with another signature before it', `${time},v1=${'0'.repeat(64)},${signature}`],
    ['with a signature of a later version', `${header},v2=ab`],
  ])('is taken %s', (_what, value) => {
    expect(told(value)).toBe(true);
  });

  test.each([
    ['without a time', signature],
    ['without a signature', time],
    ['with two times', `${time},t=1700000001,${signature}`],
    ['with another time', `t=1700000001,${signature}`],
    ['with a time in letters', `t=x,${signature}`],
    ['under another version', header.replace('v1', 'v0')],
    ['in capital letters', header.toUpperCase()],
    ['cut', header.slice(0, -2)],
    ['too far behind', `${time}${',v1=00'.repeat(20)},${signature}`],
    ['as nothing', ''],
  ])('is refused %s', (_what, value) => {
    expect(told(value)).toBe(false);
  });

  test.each([
    [-300, true],
    [300, true],
    [-301, false],
    [301, false],
  ])('is taken %d seconds from our time: %s', (seconds, expected) => {
    expect(told(header, new Date(NOW.getTime() + seconds * 1000))).toBe(expected);
    expect(isSigned({ headers: { 'shippo-auth-signature': header }, body: BODY }, { ...SHIPPO, toleranceSeconds: 400 }, { current: 'hush' }, NOW)).toBe(true);
  });

  test('covers the body', () => {
    expect(told(header, NOW, Buffer.from('{"event":"track_updated" }'))).toBe(false);
  });
});

describe('a token in the address', () => {
  const old = sign(BODY, SHIPPO, 'hush', { id: '', at: new Date(0) });
  const ask = (query: string, headers: Signed['headers'] = {}, scheme = SHIPPO) => taken({ headers, body: BODY, query }, scheme);

  test.each(['token=hush', 'a=b&token=hush', 'token=%68ush'])('is taken: %s', (query) => {
    expect(ask(query)).toBe(true);
    // A wrong signature beside it takes nothing away: who knows the token may post.
    expect(ask(query, old)).toBe(true);
  });

  test.each(['', 'token=', 'token', 'token=hus', 'token=hushh', 'token=HUSH', 'Token=hush', 'token=guessed&token=hush', 'hush'])('is refused: %j', (query) => {
    expect(ask(query)).toBe(false);
    // Nor does it make good what is too old.
    expect(ask(query, old)).toBe(false);
  });

  test('is nothing to a scheme that does not know it, nor under an empty secret', () => {
    expect(ask('token=hush', {}, { family: 'hmac-timestamped', header: 'shippo-auth-signature' })).toBe(false);
    expect(isSigned({ headers: {}, body: BODY, query: 'token=' }, SHIPPO, { current: '' }, NOW)).toBe(false);
  });

  test('is taken during a rotation until its grace ends', () => {
    const secrets = { current: 'new', previous: 'hush', previousUntil: '2023-11-14T23:00:00.000Z' };
    const request = { headers: {}, body: BODY, query: 'token=hush' };

    expect(isSigned(request, SHIPPO, secrets, NOW)).toBe(true);
    expect(isSigned(request, SHIPPO, secrets, new Date('2023-11-14T23:00:00.000Z'))).toBe(false);
  });
});

describe('a token of ours', () => {
  const bearing = (authorization: string | undefined, connectionId = 'ups', now = NOW) => taken({ headers: { authorization }, body: BODY, connectionId }, UPS, now);
  const { authorization = '' } = sign(BODY, UPS, 'hush', MESSAGE);

  test('opens its connection until it ends, whatever is posted', () => {
    expect(bearing(authorization)).toBe(true);
    expect(bearing(authorization.replace('Bearer', 'bearer'))).toBe(true);
    expect(bearing(authorization, 'ups', new Date(NOW.getTime() + 14_399_999))).toBe(true);
    expect(bearing(authorization, 'ups', new Date(NOW.getTime() + 14_400_000))).toBe(false);
    expect(bearing(authorization, 'ups-2')).toBe(false);
  });

  test('is none under an empty secret', () => {
    expect(issueToken('ups', '', NOW)).toBe('');
  });

  test('cannot be changed in any place', () => {
    fc.assert(
      fc.property(fc.nat(authorization.length - 1), fc.constantFrom(...'0129AZaz-_. '), (place, letter) => {
        const changed = authorization.slice(0, place) + letter + authorization.slice(place + 1);
        expect(bearing(changed)).toBe(changed.slice(7) === authorization.slice(7) && /^bearer /i.test(changed));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('fields without anything between them', () => {
  const payload = JSON.stringify({ trackingNumber: '9400', events: [{ code: '01' }] });
  const timestamp = '2026-06-13T10:00:00Z';
  const headers = sign(Buffer.from(JSON.stringify({ timestamp, payload })), USPS, 'hush', MESSAGE);
  const all = timestamp + payload;

  test('may be cut elsewhere, and then no payload is left that can be read', () => {
    for (let cut = 0; cut <= all.length; cut++) {
      const body = Buffer.from(JSON.stringify({ timestamp: all.slice(0, cut), payload: all.slice(cut) }));
      const read = readable(all.slice(cut));
      expect(taken({ headers, body }, USPS)).toBe(true);
      expect(read, all.slice(cut)).toBe(cut === timestamp.length);
    }
  });

  test('hold the history of a parcel, and no more than a quarter of a megabyte', () => {
    const long = (length: number) => Buffer.from(JSON.stringify({ timestamp, payload: 'x'.repeat(length) }));
    const judged = (body: Buffer) => taken({ headers: sign(body, USPS, 'hush', MESSAGE), body }, USPS);

    expect(judged(long(200_000))).toBe(true);
    expect(judged(long(300_000))).toBe(false);
  });
});

function readable(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object';
  } catch {
    return false;
  }
}

describe('a second signature', () => {
  const genuine = sign(BODY, EASYPOST, 'hush', MESSAGE);
  const verdict = (headers: Signed['headers'], scheme = EASYPOST) => secondVerdict({ headers: { ...genuine, ...headers }, body: BODY }, scheme, { current: 'hush' }, NOW);

  test('says nothing where there is none, and false where it is made in another way', () => {
    expect(verdict({})).toBeUndefined();
    expect(verdict({ 'x-hmac-signature-v2': 'hmac-sha256-hex=' })).toBeUndefined();
    expect(verdict({ 'x-hmac-signature-v2': `hmac-sha256-hex=${'0'.repeat(64)}` })).toBe(false);
    expect(verdict({ 'x-hmac-signature-v2': `hmac-sha256-hex=${'0'.repeat(64)}` }, { family: 'hmac-body', header: 'x-hmac-signature', encoding: 'hex' })).toBeUndefined();
  });

  test('refuses nothing and proves nothing', () => {
    const second = { 'x-hmac-signature-v2': `hmac-sha256-hex=${'0'.repeat(64)}` };

    expect(taken({ headers: { ...genuine, ...second }, body: BODY }, EASYPOST)).toBe(true);
    expect(taken({ headers: { 'x-hmac-signature-v2': genuine['x-hmac-signature'] }, body: BODY }, EASYPOST)).toBe(false);
  });
});

describe("a carrier's challenge", () => {
  const challenge = (text: string, headers: Signed['headers'] = {}) => isHandshake({ headers, body: Buffer.from(text) }, USPS);

  test.each(['', '{}', '{"challenge":"abc"}', '{"subscriptionId":"s","timestamp":"2026-06-13T10:00:00Z"}'])('is %j', (text) => {
    expect(challenge(text)).toBe(true);
  });

  test.each(['{"payload":"{}"}', '{"payload":null,"challenge":1}', 'challenge=abc', 'null', '"text"', '1', '{', `{"a":"${'x'.repeat(5_000)}"}`])('is not %j', (text) => {
    expect(challenge(text)).toBe(false);
  });

  test('carries no signature', () => {
    expect(challenge('{}', { 'x-hmac': 'AAAA' })).toBe(false);
    expect(challenge('{}', { 'hmac-header': 'AAAA' })).toBe(false);
  });
});

test('any headers, any query, any body and any secret are judged without an exception, and never taken', () => {
  const value = fc.oneof(
    fc.string(),
    fc.string().map((text) => `t=1700000000,v1=${Buffer.from(text).toString('hex')}`),
    fc.string().map((text) => `Bearer 1.${text}`),
    fc.constant(`Bearer 1.1800000000.${'A'.repeat(43)}`),
    fc.constant(`t=1700000000,v1=${'0'.repeat(64)}`),
  );
  const names = ['shippo-auth-signature', 'authorization', 'x-hmac', 'hmac-header', 'fdx-signature', 'x-hmac-signature', 'x-hmac-signature-v2'];
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(json)),
  );

  fc.assert(
    fc.property(
      fc.constantFrom(SHIPPO, UPS, USPS, FEDEX, EASYPOST),
      fc.dictionary(fc.constantFrom(...names), value),
      body,
      fc.string(),
      fc.uuid(),
      (scheme, headers, bytes, query, current) => {
        expect(isSigned({ headers, body: bytes, query, connectionId: 'ups' }, scheme, { current }, NOW)).toBe(false);
        expect(secondVerdict({ headers, body: bytes }, scheme, { current }, NOW)).not.toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});
