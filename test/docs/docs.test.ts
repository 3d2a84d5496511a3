import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  test('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);

    expect(links.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });

  test('names folders and files that exist', () => {
    const named = [...text.matchAll(/`((?:core|adapters|functions|lib|bin|clients|local|bench|proof|test|docs|biome)\/[\w./-]*)`/g)].map(([, path = '']) => path);

    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const named = [...text.matchAll(/npm run ([a-z-]+)/g)].map(([, name = '']) => name);

    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('the runbook has a section for every function, under its own name', () => {
  const runbook = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');
  const functions = globSync('functions/*/*.ts', { cwd: ROOT }).filter((file) => !file.startsWith('functions/shell/'));
  const headings = functions.map((file) => `## ${file.slice('functions/'.length, -'.ts'.length).replace('/', '-')}`);

  expect(headings.length).toBeGreaterThan(10);
  expect(headings.filter((heading) => !runbook.includes(`${heading}\n`))).toEqual([]);
});
