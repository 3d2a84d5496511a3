import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

function start(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['local/start.ts', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

it('explains itself', () => {
  expect(start('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--orders N') });
});

it('refuses an option it does not know, and shows those it does', () => {
  expect(start('--fast')).toMatchObject({ status: 2, stderr: expect.stringMatching(/--fast[\s\S]*--orders N/) });
});

it.each(['19', '1e3'])('refuses --orders=%s', (orders) => {
  expect(start(`--orders=${orders}`)).toMatchObject({ status: 1, stderr: expect.stringContaining('is not a whole number from 20') });
});

it('never empties a folder that is not its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'not-ours-'));
  writeFileSync(join(folder, 'thesis.txt'), 'ten years of work');

  expect(start('--data', folder)).toMatchObject({ status: 1, stderr: expect.stringContaining('choose another folder') });
});
