import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isServicePath, servicePathOf } from '../../adapters/service-path.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
const tokenOf = (connectionId: string, secret: string) => servicePathOf(connectionId, secret).split('/').at(-1) ?? '';

test('a path names its connection and a token that fits a URL', () => {
  expect(servicePathOf('shop', 'hush')).toMatch(/^\/services\/shop\/[A-Za-z0-9_-]{32}$/);
});

test('a token is one of exactly its own connection and secret', () => {
  const Text = fc.string({ minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(Text, Text, Text, Text, (connection, secret, otherConnection, otherSecret) => {
      const same = connection === otherConnection && secret === otherSecret;
      expect(isServicePath(otherConnection, tokenOf(connection, secret), { current: otherSecret }, NOW)).toBe(same);
    }),
  );
});

test('the token of the secret before is taken until its grace ends', () => {
  const secrets = { current: 'new', previous: 'old', previousUntil: '2026-11-20T10:00:00.000Z' };

  expect(isServicePath('shop', tokenOf('shop', 'old'), secrets, NOW)).toBe(true);
  expect(isServicePath('shop', tokenOf('shop', 'new'), secrets, NOW)).toBe(true);
  expect(isServicePath('shop', tokenOf('shop', 'old'), secrets, new Date(secrets.previousUntil))).toBe(false);
});

test('without a secret there is no token', () => {
  expect(isServicePath('shop', tokenOf('shop', ''), { current: '' }, NOW)).toBe(false);
  expect(isServicePath('shop', '', { current: 'hush' }, NOW)).toBe(false);
});
