import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../local/cloud/loopback.ts';
import { type StackDepths, type StackQuestion, type StackReady, StackWord, type VendorBooks } from './stack-messages.ts';

const PROCESS = fileURLToPath(new URL('./stack-process.ts', import.meta.url));
const READY_MS = 60_000;
const GENTLY_MS = 30_000;
const ANSWER_MS = 20_000;
const LOOK_MS = 200;

/** The local stack in a process of its own, on one folder and one port however often it is started. */
export interface Stack {
  /** The process that holds the gateway; another after each start. */
  readonly processId: number;
  readonly ready: StackReady;
  /** Starts it where it is down. @throws Error when it is not ready in time */
  start(): Promise<void>;
  /** Ends it, and waits until it has ended. Gently it closes what it has; what does not end in half a minute is killed, which is told. */
  stop(how: 'gently' | 'killed'): Promise<void>;
  depths(): Promise<StackDepths>;
  /** What the simulated vendors wrote down. */
  books(): Promise<VendorBooks>;
  /** Waits until nothing is left to do. @returns seconds that it took @throws Error when it takes longer */
  untilQuiet(limitMs: number): Promise<number>;
}

/** Starts the stack on an empty folder and a free port. */
export async function openStack(dataFolder: string, log: (line: string) => void): Promise<Stack> {
  const port = await freePort();
  let running = await launch(dataFolder, port, log);
  let questions = 0;

  async function ask(question: Pick<StackQuestion, 'ask'>): Promise<StackWord> {
    questions += 1;
    return await answered(running.child, { id: questions, ...question });
  }

  async function isQuiet(): Promise<boolean> {
    const word = await ask({ ask: 'quiet' });
    return word.kind === 'quiet' && word.quiet;
  }

  async function depths(): Promise<StackDepths> {
    const word = await ask({ ask: 'depths' });
    if (word.kind !== 'depths') throw new Error(`The stack does not tell how full its queues are: ${'why' in word ? word.why : word.kind}.`);
    return word.depths;
  }

  return {
    get processId() {
      return running.child.pid ?? 0;
    },
    get ready() {
      return running.ready;
    },
    start: async () => {
      running = await launch(dataFolder, port, log);
    },
    stop: (how) => end(running.child, how, log),
    depths,
    books: async () => {
      const word = await ask({ ask: 'books' });
      if (word.kind !== 'books') throw new Error(`The vendors do not show their books: ${'why' in word ? word.why : word.kind}.`);
      return word.books;
    },
    untilQuiet: async (limitMs) => {
      const began = performance.now();
      // Quiet twice in a row: between a queue and a function a message is in neither for a moment.
      for (let looks = 0; looks < 2; await sleep(LOOK_MS)) {
        looks = (await isQuiet()) ? looks + 1 : 0;
        if (looks < 2 && performance.now() - began > limitMs) throw new Error(`The hub did not come to rest within ${limitMs / 1_000} s. ${fullIn(await depths())}`);
      }
      return (performance.now() - began) / 1_000;
    },
  };
}

function fullIn(depths: StackDepths): string {
  const full = depths.filter(({ waiting, inFlight }) => waiting + inFlight > 0);
  return full.map(({ queue, waiting, inFlight }) => `${queue}: ${waiting} waiting, ${inFlight} in flight`).join('; ');
}

async function launch(dataFolder: string, port: number, log: (line: string) => void): Promise<{ readonly child: ChildProcess; readonly ready: StackReady }> {
  const child = fork(PROCESS, [dataFolder, String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return await new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The stack was not ready after ${READY_MS / 1_000} s.`));
    }, READY_MS);
    child.on('message', (message) => {
      const word = StackWord.parse(message);
      if (word.kind === 'log') log(word.line);
      if (word.kind !== 'ready') return;
      clearTimeout(late);
      resolve({ child, ready: word });
    });
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      reject(new Error(`The stack ended (${signal ?? code}) before it was ready.`));
    });
  });
}

function answered(child: ChildProcess, question: StackQuestion): Promise<StackWord> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      clearTimeout(late);
      child.off('message', heard);
      child.off('exit', ended);
      act();
    };
    const heard = (message: unknown) => {
      const word = StackWord.parse(message);
      if ('id' in word && word.id === question.id) finish(() => resolve(word));
    };
    const ended = () => finish(() => reject(new Error('The stack ended while it was asked.')));
    const late = setTimeout(() => finish(() => reject(new Error(`The stack did not answer within ${ANSWER_MS / 1_000} s.`))), ANSWER_MS);
    child.on('message', heard);
    child.once('exit', ended);
    child.send(question, (error) => error && finish(() => reject(error)));
  });
}

async function end(child: ChildProcess, how: 'gently' | 'killed', log: (line: string) => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(how === 'gently' ? 'SIGTERM' : 'SIGKILL');
  const hangs = setTimeout(() => {
    log(`the stack did not end within ${GENTLY_MS / 1_000} s of SIGTERM, and was killed`);
    child.kill('SIGKILL');
  }, GENTLY_MS);
  await exited;
  clearTimeout(hangs);
}
