import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT_CONTEXT } from '../../lib/hub-function.ts';
import { rootWithStubs } from '../lib/synthesized.ts';

const run = promisify(execFile);
const HUB = join(import.meta.dirname, '..', '..', 'bin', 'hub.ts');

describe('bin/hub.ts', { timeout: 60_000 }, () => {
  let outdir: string;
  let root: string;

  beforeAll(() => {
    outdir = mkdtempSync(join(tmpdir(), 'crossdock-out-'));
    root = rootWithStubs();
  });
  afterAll(() => {
    rmSync(outdir, { recursive: true });
    rmSync(root, { recursive: true });
  });

  test('synthesizes the client that is named, without an account and without a word', async () => {
    const { stdout, stderr } = await hub({ CLIENT: 'kiosk' });

    const manifest: { artifacts: Record<string, { type: string }> } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
    const stacks = Object.entries(manifest.artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
    expect(stacks.map(([name]) => name)).toEqual(['crossdock-kiosk']);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  });

  test('names the clients there are, for one that there is not', async () => {
    await expect(hub({ CLIENT: 'nobody' })).rejects.toThrow('There is no clients/nobody.yaml; clients: demo, kiosk.');
  });

  async function hub(env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
    const { CDK_CONTEXT_JSON: _, ...rest } = process.env;
    return await run(process.execPath, [HUB], { env: { ...rest, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ [ROOT_CONTEXT]: root }), ...env } });
  }
});
