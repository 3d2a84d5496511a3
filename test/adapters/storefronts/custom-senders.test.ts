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
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const SENDERS = [
  { language: 'js', file: 'send.mjs', command: process.execPath, needs: [], secret: () => SECRET },
  { language: 'python', file: 'send.py', command: 'python3', needs: ['python3'], secret: () => SECRET },
  { language: 'bash', file: 'send.sh', command: 'bash', needs: ['bash', 'curl', 'openssl'], secret: () => SECRET },
  { language: 'mjs', file: 'send-own-key.mjs', command: process.execPath, needs: ['sh', 'openssl'], secret: makeKey },
];

/** Makes a key as the guide says. @returns its public half, as the hub is told it */
function makeKey(): string {
  return execFileSync('sh', ['-c', block('sh')], { cwd: folder, encoding: 'utf8' }).trim();
}

/** Listens as the hub does. */
async function hub(): Promise<{ readonly url: string; readonly got: readonly Signed[]; close(): void }> {
  const got: Signed[] = [];
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    got.push({ headers, body: Buffer.concat(await Array.fromAsync(request)) });
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hooks/wholesale`, got, close: () => server.close() };
}

describe('the guide', () => {
  test('shows an order that we take', () => {
    expect(custom.parse(delivered(block('json')), SETTINGS)).toMatchObject({ kind: 'orders', orders: [{ sourceId: 'W-2026-0042', total: 4_950 }] });
  });

  for (const { language, file, command, needs, secret } of SENDERS) {
    test.skipIf(!needs.every(isHere))(`shows a sender in ${language} whose signature we take`, async () => {
      const { url, got, close } = await hub();
      writeFileSync(join(folder, file), block(language));
      writeFileSync(join(folder, 'order.json'), block('json').replace('Muster Outdoor', 'Müster 東京 🎁'));
      const current = secret();

      const { stdout } = await promisify(execFile)(command, [file], { cwd: folder, env: { PATH: process.env.PATH, HUB_URL: url, HUB_SECRET: current } });
      close();

      expect(stdout.trim()).toBe('200');
      expect(got).toHaveLength(1);
      for (const request of got) {
        expect(isSigned(request, custom.signature(SETTINGS), { current }, new Date())).toBe(true);
        expect(isSigned({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }, custom.signature(SETTINGS), { current }, new Date())).toBe(false);
        expect(custom.parse(delivered(request.body), SETTINGS)).toMatchObject({ orders: [{ shipTo: { name: 'Müster 東京 🎁' } }] });
      }
    });
  }
});
