import { setTimeout as sleep } from 'node:timers/promises';
import { processesOf } from './memory.ts';
import { type Restart, restartText } from './restarts.ts';
import type { Stack } from './stack.ts';

/** How long the stack is left without what was ended, as it takes somebody to notice. */
const UNNOTICED_MS = 3_000;
/** How long a function is waited for that has no process at its turn, because everything was just started again. */
const BEGINS_WITHIN_MS = 15_000;
const LOOK_MS = 250;

/** A restart that was made. */
export interface Restarted extends Restart {
  /** Processes that were ended; none where a function had none at that moment. */
  readonly processes: number;
  /** Seconds until everything ran again; a function's processes begin anew when they are needed. */
  readonly seconds: number;
}

/** Ends processes of the stack as planned, and starts what does not come back by itself. Goes on until all have had their turn. */
export async function restartInTurn(stack: Stack, plan: readonly Restart[], onRestart: (restarted: Restarted) => void): Promise<Restarted[]> {
  const began = performance.now();
  const done: Restarted[] = [];
  for (const restart of plan) {
    await sleep(Math.max(0, restart.atSecond * 1_000 - (performance.now() - began)));
    const from = performance.now();
    const processes = await carryOut(stack, restart);
    const restarted = { ...restart, processes, seconds: (performance.now() - from) / 1_000 };
    done.push(restarted);
    onRestart(restarted);
  }
  return done;
}

/** @returns how many processes it ended */
async function carryOut(stack: Stack, restart: Restart): Promise<number> {
  const { target, ending } = restart;
  if (target.part === 'function') {
    const its = await processesOfFunction(stack, target.name);
    return its.filter((processId) => signal(processId, ending)).length;
  }
  const whole = processesOf(stack).length;
  if (target.part === 'stack') await stack.stop(ending);
  else {
    const processId = target.part === 'emulators' ? stack.ready.emulators : stack.ready.dynamodbProcess;
    if (processId === null || !signal(processId, ending)) throw new Error(`There was no process to be ended: ${restartText(restart)}.`);
    await sleep(UNNOTICED_MS);
    // Nothing that uses it finds its way to another one: whoever sees this starts the stack again.
    await stack.stop('gently');
  }
  await stack.start();
  return whole;
}

async function processesOfFunction(stack: Stack, name: string): Promise<number[]> {
  for (const until = performance.now() + BEGINS_WITHIN_MS; ; await sleep(LOOK_MS)) {
    const its = processesOf(stack).filter(({ role }) => role === name);
    if (its.length > 0 || performance.now() > until) return its.map(({ processId }) => processId);
  }
}

/** @returns whether there was such a process */
function signal(processId: number, ending: Restart['ending']): boolean {
  try {
    return process.kill(processId, ending === 'gently' ? 'SIGTERM' : 'SIGKILL');
  } catch {
    return false;
  }
}
