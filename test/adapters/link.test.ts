import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLinkGenuine, type Linked, signLink } from '../../adapters/link.ts';

const NOW = new Date('2026-11-20T09:00:00.000Z');
const LINKED: Linked = { path: 'reports/daily/2026-11-22', format: 'html', expires: NOW.getTime() / 1000 + 60 };

function signatureOf(linked: Linked, secret: string): string {
  return new URL(signLink('https://hub.example.com', linked, secret)).searchParams.get('signature') ?? '';
}

test('a link names what it opens below the public address, with or without a slash at its end', () => {
  const links = ['https://hub.example.com/hub', 'https://hub.example.com/hub/'].map((address) => new URL(signLink(address, LINKED, 'key')));

  expect(links.map(({ pathname }) => pathname)).toEqual(['/hub/reports/daily/2026-11-22', '/hub/reports/daily/2026-11-22']);
  expect(links.map(({ searchParams }) => [searchParams.get('format'), searchParams.get('expires')])).toEqual(Array(2).fill(['html', String(LINKED.expires)]));
});

test('a link is genuine exactly when path, format, end and secret are those it was made with', () => {
  const Part = fc.constantFrom('reports/daily/2026-11-22', 'reports/daily/2026-11-23', 'html', 'csv');
  const Any = fc.record({ path: Part, format: Part, expires: fc.constantFrom(LINKED.expires, LINKED.expires + 1) });
  fc.assert(
    fc.property(Any, Any, fc.constantFrom('key', 'other'), fc.constantFrom('key', 'other'), (made, offered, signedWith, checkedWith) => {
      const same = made.path === offered.path && made.format === offered.format && made.expires === offered.expires && signedWith === checkedWith;

      expect(isLinkGenuine(offered, signatureOf(made, signedWith), checkedWith, NOW)).toBe(same);
    }),
  );
});

test('a link is dead from the second in which it ends', () => {
  const signature = signatureOf(LINKED, 'key');
  const at = (seconds: number) => isLinkGenuine(LINKED, signature, 'key', new Date((LINKED.expires + seconds) * 1000));

  expect([at(-1), at(-0.001), at(0), at(1)]).toEqual([true, true, false, false]);
});

test.each(['', 'é', 'AAAA', signatureOf(LINKED, 'key').toUpperCase(), `${signatureOf(LINKED, 'key')}=`])('a signature %j is none', (signature) => {
  expect(isLinkGenuine(LINKED, signature, 'key', NOW)).toBe(false);
});

test('nobody signs with an empty secret, nor for an end that is no number', () => {
  expect(isLinkGenuine(LINKED, signatureOf(LINKED, ''), '', NOW)).toBe(false);
  const endless = { ...LINKED, expires: Number.NaN };
  expect(isLinkGenuine(endless, signatureOf(endless, 'key'), 'key', NOW)).toBe(false);
});
