import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { type Deed, Diary } from '../../local/day/diary.ts';

const ROOT = join(import.meta.dirname, '../..');
const ORDERS = 60;
/** It ends a day that hangs, and says nothing of speed: three starts, a day, and leases of 150 s that the killed ones held, on a machine as slow as it may be. */
const MOST_MS = 900_000;

const Figures = z.object({
  orders: z.object({ received: z.int(), delivered: z.int() }),
  labelsBought: z.int(),
  checks: z.record(z.string(), z.boolean()),
  problems: z.array(z.object({ name: z.string(), faults: z.array(z.string()) })),
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossdock-kill-'));
  rmSync(folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the hub, the vendors and the day, all in one process group. */
function start(...options: string[]): ChildProcess {
  return spawn(process.execPath, ['local/start.ts', '--once', '--orders', String(ORDERS), '--data', folder, ...options], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Kills the whole group with kill -9 as soon as the day has come so far. */
async function killWhen(child: ChildProcess, figure: 'labelled' | 'delivered', reached: number): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr ?? process.stdin })) {
    said.push(line);
    const count = Number(new RegExp(`(\\d+) ${figure}`).exec(line)?.[1] ?? 0);
    if (count < reached) continue;
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await once(child, 'exit');
    return;
  }
  throw new Error(`The day ended before ${reached} were ${figure}:\n${said.join('\n')}`);
}

/** What people and plants were refused, in words: the figures only say that there was something. */
function refusedDeeds(): Deed[] {
  const diary = new Diary(join(folder, 'diary.sqlite'));
  const deeds = diary.deeds('').filter(({ id, status }) => !id.startsWith('bad/') && (status < 200 || status >= 300));
  diary.close();
  return deeds;
}

async function lastLine(child: ChildProcess): Promise<{ readonly code: number | null; readonly line: string; readonly errors: string }> {
  let out = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, line: out.trimEnd().split('\n').at(-1) ?? '', errors };
}

test(
  'a day that is cut off twice by kill -9 completes with nothing lost and nothing doubled',
  async () => {
    await killWhen(start(), 'labelled', 3);
    await killWhen(start('--resume'), 'delivered', 5);

    const { code, line, errors } = await lastLine(start('--resume', '--json'));

    const { orders, checks, problems } = Figures.parse(JSON.parse(line || `{"problem":${JSON.stringify(errors)}}`));
    expect({ problems, refused: refusedDeeds() }).toEqual({ problems: [], refused: [] });
    expect(Object.keys(checks).length).toBeGreaterThan(20);
    expect(orders.received).toBe(ORDERS);
    expect(orders.delivered).toBeGreaterThan(ORDERS / 2);
    expect(code).toBe(0);
  },
  MOST_MS,
);
