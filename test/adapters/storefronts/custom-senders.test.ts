import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { isSigned, type Signed } from '../../../adapters/signature.ts';
import custom from '../../../adapters/storefronts/custom.ts';
import { delivered } from '../fixtures.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'storefronts', 'custom.md'), 'utf8');
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SETTINGS = custom.settings.parse({ callbackUrl: 'https://wholesale.example.com/crossdock' });
const folder = mkdtempSync(join(tmpdir(), 'custom-senders-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** What the guide shows in a language; the first block of JSON is the order. */
function block(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(GUIDE) ?? [];
  if (text === undefined) throw new Error(`the guide shows nothing in ${language}`);
  return text;
}

function isHere(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const SENDERS = [
  { language: 'js', file: 'send.mjs', command: process.execPath, needs: [] },
  { language: 'python', file: 'send.py', command: 'python3', needs: ['python3'] },
  { language: 'bash', file: 'send.sh', command: 'bash', needs: ['bash', 'curl'] },
];

describe('the guide', () => {
  test('shows an order that we take', () => {
    expect(custom.parse(delivered(block('json')), SETTINGS)).toMatchObject({ kind: 'order', order: { sourceId: 'W-2026-0042', total: 4_950 } });
  });

  for (const { language, file, command, needs } of SENDERS) {
    test.skipIf(!needs.every(isHere))(`shows a sender in ${language} whose signature we take`, async () => {
      const got: Signed[] = [];
      const server = createServer(async (request, response) => {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
        got.push({ headers, body: Buffer.concat(await Array.fromAsync(request)) });
        response.end();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      writeFileSync(join(folder, file), block(language));
      writeFileSync(join(folder, 'order.json'), block('json').replace('Muster Outdoor', 'Müster 東京 🎁'));

      const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hooks/wholesale`;
      const { stdout } = await promisify(execFile)(command, [file], { cwd: folder, env: { PATH: process.env.PATH, HUB_URL: url, HUB_SECRET: SECRET } });
      server.close();

      expect(stdout.trim()).toBe('200');
      expect(got).toHaveLength(1);
      for (const request of got) expect(isSigned(request, custom.signature(SETTINGS), { current: SECRET }, new Date())).toBe(true);
    });
  }
});
