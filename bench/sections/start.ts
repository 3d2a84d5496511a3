import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Bench, Findings } from '../section.ts';
import { median } from '../statistics.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const AIM_SECONDS = 15;
const RUNS = 3;
const LIMIT_MS = 90_000;
/** What local/start.ts says when everything runs. */
const READY = /ready after ([\d.]+) s/;

/** Times `npm start` from its first instruction to the moment at which the hub takes orders: build, synthesis and start. */
export async function measureStart({ scratch, say }: Bench): Promise<Findings> {
  const seconds: number[] = [];
  for (let run = 1; run <= RUNS; run++) {
    say(`start ${run} of ${RUNS}`);
    seconds.push(await startOnce(join(scratch, `start-${run}`)));
  }
  return {
    rows: [
      { name: `ready, median of ${RUNS}`, value: median(seconds), unit: 's', atMost: AIM_SECONDS },
      { name: 'ready, slowest', value: Math.max(...seconds), unit: 's' },
    ],
    notes: ['Without `npm ci`; with an empty data folder, and so without compiled code of an earlier run.'],
  };
}

/** @returns seconds until it was ready; it has been stopped, in its own way, when this returns */
async function startOnce(dataFolder: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'local', 'start.ts'), '--orders', '20', '--data', dataFolder], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  try {
    await said(child, READY);
    return (performance.now() - began) / 1_000;
  } finally {
    // It stops by itself as it does for a person; were it to hang, it is ended.
    child.kill('SIGINT');
    const hangs = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(hangs);
  }
}

/** Waits until a process has written something. @throws Error with what it wrote, when it ends before or takes too long */
function said(child: ChildProcess, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error(`npm start was not ready after ${LIMIT_MS / 1_000} s: ${text.slice(-500)}`)), LIMIT_MS);
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!what.test(text)) return;
      clearTimeout(late);
      resolve();
    });
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      reject(new Error(`npm start ended (${signal ?? code}) before it was ready: ${text.slice(-500)}`));
    });
  });
}
