import { expect, test } from 'vitest';
import { publishedKeys } from '../../../adapters/signatures/published-keys.ts';
import { Unavailable } from '../../../core/error.ts';
import { type Answer, scripted } from '../fixtures.ts';
import { NOW, rsaPair } from './vectors.ts';

const WHERE = { host: 'static.adobeioevents.com', path: '/prod/keys/pub-key-{id}.pem' };
const PEM: Answer = { body: Buffer.from(rsaPair().publicPem) };

const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);

function source(...answers: readonly Answer[]) {
  const { http, asked } = scripted(...answers);
  const keysFor = publishedKeys(http);
  return { look: (name: string, now = NOW) => keysFor({ where: WHERE, names: [name] }, now), asked };
}

test.each(['0a1b-2c', '/prod/keys/pub-key-0a1b-2c.pem'])('a key is fetched from its one place, whether its id or its path is named: %s', async (name) => {
  const { look, asked } = source(PEM);

  expect(await look(name)).toHaveLength(1);
  expect(asked).toEqual([expect.objectContaining({ method: 'GET', url: 'https://static.adobeioevents.com/prod/keys/pub-key-0a1b-2c.pem' })]);
});

test.each([
  'https://evil.example/prod/keys/pub-key-1.pem',
  '//evil.example/key',
  '/prod/keys/pub-key-../../../secret.pem',
  '/prod/keys/pub-key-1.pem?x=.pem',
  '/prod/keys/pub-key-1%2f.pem',
  '/prod/keys/pub-key-.pem',
  '@evil.example',
  '1.evil.example',
  '1\r\nhost: evil.example',
  'x'.repeat(65),
  '',
])('a name that would lead elsewhere is not followed: %j', async (name) => {
  const { look, asked } = source();

  expect(await look(name)).toEqual([]);
  expect(asked).toEqual([]);
});

test('is asked for once a day, however many want it at once', async () => {
  const { look, asked } = source(PEM, PEM);

  await Promise.all([look('1'), look('1'), look('1')]);
  await look('1', later(24 * 3_600_000 - 1));
  expect(asked).toHaveLength(1);

  await look('1', later(24 * 3_600_000));
  expect(asked).toHaveLength(2);
});

test('one that is not there is asked for again after a minute', async () => {
  const { look, asked } = source({ status: 404 }, PEM);

  expect([await look('1'), await look('1', later(59_999)), await look('1', later(60_000))].map((keys) => keys.length)).toEqual([0, 0, 1]);
  expect(asked).toHaveLength(2);
});

test.each<[string, Answer]>([
  ['the host is down', { status: 503 }],
  ['it sends us elsewhere', { status: 302, headers: { location: 'https://evil.example' } }],
  ['there is no answer', new Unavailable('http.timeout', 'no answer')],
])('when %s it is asked for again at once, and nothing is decided meanwhile', async (_what, answer) => {
  const { look } = source(answer, PEM);

  await expect(look('1')).rejects.toBeInstanceOf(Unavailable);
  expect(await look('1')).toHaveLength(1);
});

test('a flood of invented names is no flood of calls, and harms no key that is known', async () => {
  const { look, asked } = source(PEM, ...Array.from({ length: 19 }, () => ({ status: 404 })), PEM);
  await look('known');
  for (let index = 0; index < 19; index++) await look(`invented-${index}`);

  await expect(look('invented-19')).rejects.toMatchObject({ name: 'Unavailable', code: 'keys.too-many' });
  expect(await look('known')).toHaveLength(1);
  expect(asked).toHaveLength(20);
  expect(await look('another', later(60_000))).toHaveLength(1);
});
