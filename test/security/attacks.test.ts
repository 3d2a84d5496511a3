import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesIn } from '../adapters/fixtures.ts';
import { ATTACKS } from './attacks.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test('every attack has a name of its own, and a test or what it waits for', () => {
  expect(new Set(ATTACKS.map(({ id }) => id)).size).toBe(ATTACKS.length);
  for (const { id, tested, waits } of ATTACKS) expect(tested === null ? waits : waits === undefined, id).toBeTruthy();
});

test('every suite of attacks is named by one, and is there', () => {
  const suites = new Set(ATTACKS.flatMap(({ tested }) => tested ?? []));
  for (const suite of suites) expect(readFileSync(join(ROOT, suite), 'utf8'), suite).toMatch(/\bexpect\(/);

  const here = filesIn('test/security')
    .filter((name) => name.endsWith('.test'))
    .map((name) => `test/security/${name}.ts`);
  expect(here.length).toBeGreaterThan(10);
  expect(here.filter((suite) => suite !== 'test/security/attacks.test.ts' && !suites.has(suite))).toEqual([]);
});

test('the page on security tells of every suite', () => {
  const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
  for (const suite of new Set(ATTACKS.flatMap(({ tested }) => tested ?? []))) expect(page).toContain(suite);
});
