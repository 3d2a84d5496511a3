import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

function crossdock(...args: string[]) {
  const env = { PATH: process.env.PATH ?? '', AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/crossdock.ts', ...args], { cwd: ROOT, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

describe('crossdock client validate', () => {
  test('finds the client files of this checkout valid', () => {
    expect(crossdock('client', 'validate')).toMatchObject({ status: 0, stdout: 'ok    demo.yaml\nok    kiosk.yaml\n' });
  });

  test('names every fault of a file, and ends with 1', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'client-')), 'demo.yaml');
    writeFileSync(file, readFileSync(join(ROOT, 'clients/demo.yaml'), 'utf8').replace('Europe/Berlin', 'Europe/Atlantis').replace('plant: weavery', 'plant: nobody'));

    const { status, stdout } = crossdock('client', 'validate', file);

    expect(status).toBe(1);
    expect(stdout).toContain('timeZone');
    expect(stdout).toContain('Europe/Atlantis');
  });

  test('says so when there is no such file', () => {
    expect(crossdock('client', 'validate', '/nowhere/none.yaml')).toMatchObject({ status: 1, stdout: expect.stringContaining('does not exist') });
  });
});

test('a client that runs nowhere is said so, with what to do; for programs as JSON', () => {
  const { status, stderr } = crossdock('--client', 'nobody', '--json', 'order', 'show', 'shop:1');

  expect(status).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ code: 'stack.not-found', message: expect.stringContaining('npm start') });
});

test('an unknown command is answered with those there are', () => {
  expect(crossdock('ship')).toMatchObject({ status: 1, stderr: expect.stringMatching(/unknown command[\s\S]*dead-letters/) });
});
