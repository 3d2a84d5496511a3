import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useLogLines } from '../functions/log-lines.ts';
import { allKinds, type Kind } from './all-kinds.ts';
import { bodyFor, genuine, NOW, type Posting, proofIn, secretOfAnother, useEdgeUnderAttack } from './edge-under-attack.ts';

const KINDS = await allKinds();
const edge = useEdgeUnderAttack(KINDS);
const log = useLogLines();

const SIGNING = KINDS.filter(({ proves }) => proves.covers !== 'nothing');
const UNREACHABLE = KINDS.filter(({ proves }) => proves.covers === 'nothing');

/** What a refused post is answered with: by the scheme, and nothing that says why. */
function refusal({ scheme }: Kind) {
  return { statusCode: scheme.refusal === 'silent' ? 200 : 401, body: '' };
}

async function expectRefused(kind: Kind, posting: Posting, why: string): Promise<void> {
  log.lines.length = 0;
  const before = edge.taken().length;
  expect(await edge.post(kind.side, kind.id, posting), why).toEqual(refusal(kind));
  expect(edge.taken().length, why).toBe(before);
  expect(
    log.lines.filter(({ message }) => message === 'signatureRefused'),
    why,
  ).toHaveLength(1);
}

async function expectTaken(kind: Kind, posting: Posting, body: Buffer, why = ''): Promise<void> {
  const before = edge.taken().length;
  expect(await edge.post(kind.side, kind.id, posting), why).toEqual({ statusCode: 200, body: '' });
  expect(edge.taken().length, why).toBe(before + 1);
  expect(edge.taken().at(-1)?.body.equals(body), why).toBe(true);
}

/** A header value in place of the genuine one; undefined where it would be the same. */
const FORGED: Readonly<Record<string, (value: string, notation: string, kind: Kind) => string | undefined>> = {
  empty: () => '',
  'of notation alone': (_value, notation) => notation,
  'short of its last character': (value) => value.slice(0, -1),
  'short of its last four characters': (value) => value.slice(0, -4),
  'of half its length': (value, notation) => value.slice(0, notation.length + Math.floor((value.length - notation.length) / 2)),
  'longer by a character': (value) => `${value}A`,
  'with another first character': (value, notation) => `${notation}${value[notation.length] === 'a' ? 'b' : 'a'}${value.slice(notation.length + 1)}`,
  'twice, as the gateway joins two headers': (value) => `${value},${value}`,
  // Where a header is a list by its standard, a list of genuine ones is one.
  'twice, joined with a space after the comma': (value, _notation, { scheme }) => (scheme.family === 'standard-webhooks' ? undefined : `${value}, ${value}`),
  'behind a forged one': (value, notation) => `${notation}${'A'.repeat(value.length - notation.length)},${value}`,
  'before a forged one': (value, notation) => `${value},${notation}${'A'.repeat(value.length - notation.length)}`,
  'in capitals': (value, notation) => unlike(value, notation + value.slice(notation.length).toUpperCase()),
  'in small letters': (value, notation) => unlike(value, notation + value.slice(notation.length).toLowerCase()),
  'without its notation': (value, notation, { scheme }) => ('bare' in scheme && scheme.bare === true ? undefined : unlike(value, value.slice(notation.length))),
  'with blanks in it': (value, notation) => `${value.slice(0, notation.length + 4)} ${value.slice(notation.length + 4)}`,
  'of zeros': (value, notation) => notation + value.slice(notation.length).replace(/[^=]/g, '0'),
  'of 11 KB': (value) => value.padEnd(11_000, 'A'),
};

/** What anybody can sign: by a key of no bytes. */
function signedByNothing(kind: Kind): Record<string, string> {
  const { header, notation } = proofIn(kind);
  const encoding = /^[0-9a-f]+$/.test(proofIn(kind).value.slice(notation.length)) ? 'hex' : 'base64';
  const body = bodyFor(kind);
  const { [header]: _proof, ...rest } = genuine(kind, body).headers;
  const message = kind.scheme.family === 'standard-webhooks' ? Buffer.concat([Buffer.from(`${rest['webhook-id']}.${rest['webhook-timestamp']}.`), body]) : body;
  return { ...rest, [header]: `${notation}${createHmac('sha256', '').update(message).digest(encoding)}` };
}

function unlike(value: string, changed: string): string | undefined {
  return changed === value ? undefined : changed;
}

test('every kind of storefront and of carrier is under attack here', () => {
  expect(SIGNING.map(({ side }) => side).filter((side) => side === 'storefronts').length).toBeGreaterThan(4);
  expect(SIGNING.length + UNREACHABLE.length).toBe(KINDS.length);
  expect(new Set(KINDS.map(({ id }) => id)).size, 'ids of kinds serve as ids of connections').toBe(KINDS.length);
});

describe.each(SIGNING.map((kind) => [kind.id, kind] as const))('%s', (_id, kind) => {
  test('takes a genuine post, byte for byte, however the gateway hands it on', async () => {
    const body = bodyFor(kind);

    await expectTaken(kind, genuine(kind, body), body);
    await expectTaken(kind, { ...genuine(kind, body), body: body.toString('utf8'), isBase64Encoded: false }, body);
  });

  test('refuses a post without a proof', async () => {
    const { header } = proofIn(kind);
    const { [header]: _proof, ...headers } = genuine(kind).headers;

    await expectRefused(kind, { ...genuine(kind), headers }, 'without its proof');
    await expectRefused(kind, { ...genuine(kind), headers: {} }, 'without any header');
  });

  test.each(Object.entries(FORGED))('refuses a proof that is %s', async (why, forge) => {
    const { header, value, notation } = proofIn(kind);
    const forged = forge(value, notation, kind);
    if (forged !== undefined) await expectRefused(kind, { ...genuine(kind), headers: { ...genuine(kind).headers, [header]: forged } }, why);
  });

  test('refuses a proof by a secret that is guessed, that of any other connection, and any when there is none', async () => {
    await expectRefused(kind, genuine(kind, undefined, { secret: secretOfAnother(kind) }), 'guessed');
    for (const other of KINDS.filter(({ id }) => id !== kind.id)) await expectRefused(kind, genuine(kind, undefined, { secret: other.secret }), `that of ${other.id}`);
    await expectRefused(kind, { ...genuine(kind), headers: signedByNothing(kind) }, 'of no bytes');
  });

  test('takes nothing while its connection has no secret', async () => {
    edge.secrets = {};
    await expectRefused(kind, genuine(kind), 'none at all');
  });

  test('takes nothing while the secret of its connection is empty', async () => {
    edge.secrets = { [kind.id]: { signing: { current: '', previous: '', previousUntil: '2027-01-01T00:00:00Z' } } };
    await expectRefused(kind, genuine(kind), 'an empty one');
    await expectRefused(kind, { ...genuine(kind), headers: signedByNothing(kind) }, 'an empty one, signed by it');
  });

  test('takes the previous secret until its grace ends, and not without an end', async () => {
    const body = bodyFor(kind);
    const signing = { current: secretOfAnother(kind), previous: kind.secret };
    edge.secrets = { [kind.id]: { signing: { ...signing, previousUntil: new Date(NOW.getTime() + 1).toISOString() } } };
    await expectTaken(kind, genuine(kind, body), body, 'in grace');
    await expectTaken(kind, genuine(kind, body, { secret: signing.current }), body, 'the current one');
  });

  test.each([
    ['ended this instant', NOW.toISOString()],
    ['ended long ago', '2026-01-01T00:00:00Z'],
    ['was never said', undefined],
    ['is no time', 'tomorrow'],
  ])('refuses the previous secret when the end of its grace %s', async (why, previousUntil) => {
    edge.secrets = { [kind.id]: { signing: { current: secretOfAnother(kind), previous: kind.secret, ...(previousUntil !== undefined && { previousUntil }) } } };

    await expectRefused(kind, genuine(kind), why);
  });

  test('is verified on raw bytes, whatever they are', async () => {
    const texts = ['\uFEFF', '🎁', '\u2028\u2029', '\u0000', 'Zoe\u0301 und Zoé'];
    for (const text of texts) {
      const body = bodyFor(kind, { text });
      await expectTaken(kind, genuine(kind, body), body, JSON.stringify(text));
    }
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bodyFor(kind)]);
    await expectTaken(kind, genuine(kind, marked), marked, 'a byte order mark');
    if (kind.proves.covers === 'fields') return;
    for (const bytes of [Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.from([0x1f, 0x8b, 0x08, 0x00])]) await expectTaken(kind, genuine(kind, bytes), bytes, bytes.toString('hex'));
  });

  describe('with a body that was changed', () => {
    const body = bodyFor(kind, { total: '12.10', emoji: '🎁' });
    const { headers } = genuine(kind, body);
    const posted = (changed: Buffer): Posting => ({ headers, body: changed.toString('base64'), isBase64Encoded: true });
    const changes: readonly (readonly [string, Buffer])[] = [
      ['by one byte', Buffer.from(body.toString('utf8').replace('"id":1', '"id":2'))],
      ['by one bit of its last byte', Buffer.concat([body.subarray(0, -1), Buffer.from([(body.at(-1) ?? 0) ^ 1])])],
      ['by a blank behind it', Buffer.concat([body, Buffer.from(' ')])],
      ['by a line feed behind it', Buffer.concat([body, Buffer.from('\n')])],
      ['by a byte order mark before it', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body])],
      ['by being written again', Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8')), null, 1))],
      ['by being escaped', Buffer.from(body.toString('utf8').replace('🎁', '\\ud83c\\udf81'))],
      ['to its base64', Buffer.from(body.toString('base64'))],
      ['to nothing', Buffer.alloc(0)],
    ];

    // Fields are signed as the texts that JSON says: what was only written otherwise says the same.
    const same = new Set(['by one byte', 'by a blank behind it', 'by a line feed behind it', 'by a byte order mark before it', 'by being written again', 'by being escaped']);

    test.each(changes)('%s, is refused unless its scheme does not cover that', async (why, changed) => {
      const { covers } = kind.proves;
      if (covers === 'sender' || (covers === 'fields' && same.has(why))) await expectTaken(kind, posted(changed), changed, why);
      else await expectRefused(kind, posted(changed), why);
    });

    test('in a field that is signed, is refused', async () => {
      if (kind.scheme.family !== 'hmac-fields') return;
      for (const field of kind.scheme.fields) {
        await expectRefused(kind, posted(Buffer.from(body.toString('utf8').replace(`the ${field}`, `The ${field}`))), field);
        await expectRefused(kind, posted(Buffer.from(body.toString('utf8').replace(`"the ${field}"`, `["the ${field}"]`))), `${field} in a list`);
        const twice = body
          .toString('utf8')
          .replace('{', `{"${field}":"the ${field}",`)
          .replace(/the ([^"]+)"([\s\S]*)$/, 'the $1"$2');
        await expectTaken(kind, posted(Buffer.from(twice)), Buffer.from(twice), `${field} twice and the same`);
      }
    });

    test('by the flag that says whether it is base64, is refused unless its scheme covers no body', async () => {
      const flags = [
        { headers, body: body.toString('base64'), isBase64Encoded: false },
        { headers, body: body.toString('utf8'), isBase64Encoded: true },
      ];
      for (const posting of flags) {
        const decoded = Buffer.from(posting.body, posting.isBase64Encoded ? 'base64' : 'utf8');
        if (kind.proves.covers === 'sender') await expectTaken(kind, posting, decoded);
        else await expectRefused(kind, posting, String(posting.isBase64Encoded));
      }
    });
  });
});

test.each(UNREACHABLE.map((kind) => [kind.id, kind] as const))('%s is never posted to: every proof is refused', async (_id, kind) => {
  const headers = SIGNING.map((other) => genuine({ ...other, id: kind.id, secret: kind.secret }, bodyFor(other)).headers);

  for (const each of [{}, ...headers]) await expectRefused(kind, { headers: each, body: '{}', isBase64Encoded: false }, Object.keys(each).join());
});
