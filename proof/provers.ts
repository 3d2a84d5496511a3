import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as z from 'zod';
import { Done, type Job } from './jobs.ts';

/** A job, and what it came to. */
export interface Proven {
  readonly job: Job;
  readonly done: Done;
}

const Said = z.union([z.object({ ready: z.literal(true) }), z.object({ done: Done }), z.object({ failed: z.string() })]);

/**
 * Has processes prove jobs side by side, each the next one as soon as it has done one.
 * @throws Error when a process fails in another way than by finding something
 */
export async function proveAll(jobs: readonly Job[], processes: number, progress: (proven: Proven) => void): Promise<Proven[]> {
  const waiting = [...jobs];
  const proven: Proven[] = [];
  const work = async () => {
    // What functions log would hide what the proof says.
    const prover = fork(join(import.meta.dirname, 'prover.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    try {
      await answerOf(prover);
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        prover.send(job);
        const said = await answerOf(prover);
        if (!('done' in said)) throw new Error(`A job of the proof broke down, ${JSON.stringify(job)}: ${'failed' in said ? said.failed : 'it was not begun'}`);
        proven.push({ job, done: said.done });
        progress({ job, done: said.done });
      }
    } finally {
      prover.kill();
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return proven;
}

/** @throws Error when the process ends instead of answering */
async function answerOf(prover: ChildProcess): Promise<z.infer<typeof Said>> {
  const abort = new AbortController();
  const ended = once(prover, 'exit', abort).then(([code, signal]) => {
    throw new Error(`A process of the proof ended, with ${code ?? signal}.`);
  });
  try {
    const [message] = await Promise.race([once(prover, 'message', abort), ended]);
    return Said.parse(message);
  } finally {
    abort.abort();
    await ended.catch(() => {});
  }
}
