import { beforeEach, describe, expect, test, vi } from 'vitest';
import { servicePathOf } from '../../adapters/service-path.ts';
import { Rejected } from '../../core/error.ts';
import { answerQuestion } from '../../functions/storefront/answer-question.ts';
import { CONTEXT, httpEvent } from '../functions/invoke.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { clientWith } from '../functions/world.ts';
import { allKinds, type Kind } from './all-kinds.ts';
import { genuine, NOW, type Posting, secretOfAnother, useEdgeUnderAttack } from './edge-under-attack.ts';

/** What an attacker's clock could see: digests made and compared. */
const effort = vi.hoisted(() => ({ digests: 0, comparisons: 0 }));
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  const createHmac: typeof real.createHmac = (...from) => {
    effort.digests += 1;
    return real.createHmac(...from);
  };
  const timingSafeEqual: typeof real.timingSafeEqual = (...both) => {
    effort.comparisons += 1;
    return real.timingSafeEqual(...both);
  };
  return { ...real, createHmac, timingSafeEqual, default: { ...real, createHmac, timingSafeEqual } };
});

const KINDS = await allKinds();
const edge = useEdgeUnderAttack(KINDS);
const log = useLogLines();
const SIGNING = KINDS.filter(({ proves }) => proves.covers !== 'nothing');

function greetsUnsigned({ scheme }: Kind): boolean {
  return scheme.handshake?.family === 'unsigned-json';
}

/** Names of connections that there are not, among them such as every object of JavaScript has. */
const NOBODY = ['nobody', '', '__proto__', 'constructor', 'toString', 'a'.repeat(10_000), '../easypost', '%00', 'shop\u0000', 'shop\r\nx: y', '*', '{}'];

beforeEach(() => Object.assign(effort, { digests: 0, comparisons: 0 }));

/** What a call costs and tells, all in all, in a container of its own. */
async function costOf<Answer>(call: () => Promise<Answer>) {
  Object.assign(effort, { digests: 0, comparisons: 0 });
  log.lines.length = 0;
  const [secrets, calls] = [edge.secretReads().length, edge.calls()];
  const answer = await call();
  const said = log.lines.map(({ message }) => message);
  return { answer, ...effort, secrets: edge.secretReads().length - secrets, calls: edge.calls() - calls, said };
}

describe.each(SIGNING.map((kind) => [kind.id, kind] as const))('who looks for a connection of kind %s', (_id, kind) => {
  const attempts: readonly (readonly [string, () => Posting])[] = [
    // Where a sender greets without a signature, nothing is a greeting.
    ...(greetsUnsigned(kind) ? [] : [['nothing', () => ({ headers: {}, body: '', isBase64Encoded: false })] as const]),
    ['a body and no proof', () => ({ ...genuine(kind), headers: {} })],
    ['a proof by a guessed secret', () => genuine(kind, undefined, { secret: secretOfAnother(kind) })],
    [
      'a proof that is another one cut short',
      () => ({ ...genuine(kind), headers: Object.fromEntries(Object.entries(genuine(kind).headers).map(([name, value]) => [name, value.slice(0, -1)])) }),
    ],
  ];

  test.each(attempts)('with %s, is answered alike where there is one and where there is none, with the same work done', async (_what, posting) => {
    edge.knowOnly(kind);
    const known = await costOf(async () => await edge.post(kind.side, kind.id, posting()));
    expect(known.answer).toEqual({ statusCode: kind.scheme.refusal === 'silent' ? 200 : 401, body: '' });

    for (const id of [...NOBODY, kind.id.toUpperCase(), `${kind.id} `, `${kind.id}/`]) {
      edge.knowOnly(kind);
      expect(await costOf(async () => await edge.post(kind.side, id, posting())), id.slice(0, 40)).toEqual({ ...known, answer: { statusCode: 401, body: '' } });
    }
  });

  test('in a flood, makes us look up no more secrets than one request does', async () => {
    edge.knowOnly(kind);
    for (let request = 0; request < 100; request++)
      await edge.post(kind.side, request % 2 === 0 ? kind.id : `nobody-${request}`, genuine(kind, undefined, { secret: secretOfAnother(kind) }));

    expect(edge.secretReads().length).toBeLessThanOrEqual(2);
    expect(new Set(edge.secretReads())).toEqual(new Set([`crossdock/sample/${kind.id}`]));
    expect(edge.taken()).toEqual([]);
  });

  test('leaves no name of his own in the log', async () => {
    for (const id of NOBODY) await edge.post(kind.side, id, genuine(kind));

    for (const id of NOBODY.filter((name) => name.length > 3)) expect(JSON.stringify(log.lines)).not.toContain(id.slice(0, 200));
  });
});

test('a connection tells that there is one only where its storefront or carrier wants no other answer than 200', () => {
  const telling = KINDS.filter((kind) => kind.scheme.refusal === 'silent' || greetsUnsigned(kind)).map(({ id }) => id);

  // BigCommerce blocks a domain whose answers are not 200 for 90 % of its posts; USPS greets a new address without a signature.
  expect(telling).toEqual(['bigcommerce', 'usps']);
});

describe('who asks for a token', () => {
  const asking = KINDS.filter(({ scheme }) => scheme.family === 'issued-token');
  const form = 'grant_type=client_credentials';
  const ask = async (carrierId: string, authorization: string) => {
    const { handler } = await import('../../functions/tracking/issue-token.ts');
    return await handler(httpEvent({ pathParameters: { carrierId }, headers: { authorization }, body: form }), CONTEXT);
  };
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  test.each(asking.map(({ id }) => id))('of %s with a guess, is answered as for a carrier that there is not, with the same work done', async (id) => {
    for (const authorization of ['', basic('guess:guess'), basic(':'), basic('no colon'), 'Bearer x', `Basic ${'A'.repeat(10_000)}`]) {
      edge.knowOnly(...KINDS);
      const known = await costOf(async () => await ask(id, authorization));
      expect(known.answer.statusCode).toBe(401);
      for (const other of [...NOBODY, ...KINDS.filter(({ scheme }) => scheme.family !== 'issued-token').map((kind) => kind.id)]) {
        edge.knowOnly(...KINDS);
        expect(await costOf(async () => await ask(other, authorization)), other.slice(0, 40)).toEqual(known);
      }
    }
  });

  test('gets none by an empty name and an empty secret, where a connection has neither', async () => {
    edge.secrets = Object.fromEntries(asking.map(({ id }) => [id, { apiKey: '', signing: { current: '' } }]));
    for (const { id } of asking) for (const authorization of [basic(':'), basic(''), '']) expect((await ask(id, authorization)).statusCode).toBe(401);
  });
});

describe('who asks what a storefront may ask', () => {
  const SHOPIFY = { shopDomain: 'pine.myshopify.com', apiVersion: '2026-07', paidStatuses: ['paid'], ships: 'assigned', locationIds: ['7'], notifyCustomer: false, service: true };
  const client = clientWith({
    storefronts: [
      { id: 'shop', kind: 'shopify', settings: SHOPIFY },
      { id: 'plain', kind: 'shopify', settings: { ...SHOPIFY, service: false } },
    ],
  });
  const reads: string[] = [];
  const secrets = {
    read: async (id: string) => {
      reads.push(id);
      return { signing: { current: `secret of ${id}` }, token: '', apiKey: '' };
    },
  };
  const untouched = new Proxy(Object.create(null), {
    get: () => {
      throw new Error('the table was read for somebody who proved nothing');
    },
  });
  const ask = async (connectionId: string, token: string, question = 'fetch_stock') => {
    reads.length = 0;
    const hub = { client, table: untouched, newId: () => 'id', now: () => NOW, secrets };
    const refused = await answerQuestion(httpEvent({ pathParameters: { connectionId, token, question } }), hub).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Rejected);
    return { code: refused instanceof Rejected && [refused.code, refused.message], reads: reads.length };
  };
  const tokenOf = (id: string, secret = `secret of ${id}`) => servicePathOf(id, secret).split('/').at(-1) ?? '';

  test('behind a path that he guesses, hears of no connection, and of no question', async () => {
    const known = await ask('shop', 'guess');
    expect(known.code).toEqual(['request.not-found', 'There is nothing here.']);

    for (const id of [...NOBODY, 'plain'])
      for (const token of ['guess', '', tokenOf('shop'), tokenOf('shop').toUpperCase()]) expect(await ask(id, token), id.slice(0, 40)).toEqual(known);
    for (const token of ['', tokenOf('shop', ''), tokenOf('shop', 'other'), tokenOf('plain'), `${tokenOf('shop')} `, tokenOf('shop').slice(1)])
      expect(await ask('shop', token)).toEqual(known);
    expect(await ask('plain', tokenOf('plain')), 'one that is no service').toEqual(known);
    for (const question of ['', '__proto__', 'constructor', '../orders', 'x'.repeat(10_000)])
      expect(await ask('shop', tokenOf('shop'), question), question.slice(0, 40)).toEqual(known);
  });
});
