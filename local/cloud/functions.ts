import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import type { FunctionMetrics } from './cloud.ts';

/** A function as the template declares it, its references resolved. */
export interface FunctionDefinition {
  readonly logicalId: string;
  /** Such as `shipment/buy-label`; the logical id of a function that is not the hub's own. */
  readonly name: string;
  readonly arn: string;
  /** Folder of the code asset; undefined for inline code, which is not run here. */
  readonly codeFolder: string | undefined;
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** The template's variables and Lambda's own; nothing else reaches the process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How an invocation ended. */
export type Outcome = { readonly kind: 'result'; readonly value: Json } | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string };

/** Somebody who waits for an invocation, and not for ever. */
interface Caller {
  /** When nobody waits any more: what has not begun by then never does. */
  readonly gone: AbortSignal;
  /** Where so many invocations wait for a free process already, another fails at once, as `LocalCloud.Throttled`. */
  readonly mostWaiting: number;
}

/** Runs functions, each in processes of its own. */
export interface FunctionHost {
  /** @param instances how many processes of this function may run at a time; an invocation waits for a free one */
  invoke(logicalId: string, event: Json, instances?: number, caller?: Caller): Promise<Outcome>;
  /** Invocations that run or wait now, and all that were ever asked for. */
  activity(): { readonly running: number; readonly asked: number };
  metrics(): Readonly<Record<string, FunctionMetrics>>;
  /** Waits for what runs, but not longer than the given time, then ends every process. */
  stop(graceMs: number): Promise<void>;
}

const Reply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('init-error'), errorType: z.string(), errorMessage: z.string() }),
  z.object({ kind: z.literal('result'), id: z.string(), value: z.custom<Json>(() => true), cpuMs: z.number(), peakRssBytes: z.number() }),
  z.object({ kind: z.literal('error'), id: z.string(), errorType: z.string(), errorMessage: z.string(), cpuMs: z.number(), peakRssBytes: z.number() }),
]);
type Reply = z.infer<typeof Reply>;

interface Instance {
  readonly child: ChildProcess;
  readonly ready: Promise<Outcome | undefined>;
  /** Takes the reply to the invocation that runs. */
  settle: ((reply: Reply | { kind: 'exit'; why: string }) => void) | undefined;
}

interface Pool {
  readonly definition: FunctionDefinition;
  readonly instances: Set<Instance>;
  readonly idle: Instance[];
  readonly waiting: Array<() => void>;
  metrics: FunctionMetrics;
}

// AWS gives a function 10 s to load; two cores that start everything at once may need more.
const INIT_TIMEOUT_MS = 30_000;
const RUNTIME = fileURLToPath(new URL('./runtime.ts', import.meta.url));
const NO_METRICS: FunctionMetrics = { invocations: 0, errors: 0, timeouts: 0, coldStarts: 0, coldStartMs: 0, totalMs: 0, cpuMs: 0, peakRssBytes: 0 };

/** Prepares processes for the given functions; they start when first invoked and stay warm. */
export function hostFunctions(
  definitions: readonly FunctionDefinition[],
  options: { dataFolder: string; instances: number; heapMegabytes?: number | undefined; log: (line: string) => void },
): FunctionHost {
  const pools = new Map(definitions.map((definition): [string, Pool] => [definition.logicalId, { definition, instances: new Set(), idle: [], waiting: [], metrics: NO_METRICS }]));
  let running = 0;
  let asked = 0;
  let silent = false;
  let stopping = false;

  async function invoke(logicalId: string, event: Json, instances = options.instances, caller?: Caller): Promise<Outcome> {
    const pool = pools.get(logicalId);
    if (!pool) throw new Error(`There is no function ${logicalId}.`);
    running += 1;
    asked += 1;
    try {
      return await runIn(pool, event, instances, caller);
    } finally {
      running -= 1;
    }
  }

  async function runIn(pool: Pool, event: Json, instances: number, caller: Caller | undefined): Promise<Outcome> {
    if (pool.definition.codeFolder === undefined) return failed('LocalCloud.InlineCode', `${pool.definition.name} has its code in the template; the local cloud runs assets only.`);
    if (caller !== undefined && pool.waiting.length >= caller.mostWaiting)
      return failed('LocalCloud.Throttled', `${pool.waiting.length} invocations of ${pool.definition.name} wait already.`);
    const instance = await acquire(pool, instances, caller?.gone);
    if (instance === undefined) return failed('LocalCloud.CallerGone', `Nobody waits any more for what ${pool.definition.name} had not begun.`);
    if (stopping) return failed('LocalCloud.Stopping', 'The local cloud is stopping.');
    const unready = await instance.ready;
    const started = performance.now();
    const outcome = unready ?? (await run(pool, instance, event));
    note(pool, outcome, performance.now() - started);
    release(pool, instance);
    return outcome;
  }

  async function acquire(pool: Pool, instances: number, gone: AbortSignal | undefined): Promise<Instance | undefined> {
    for (;;) {
      if (gone?.aborted) return undefined;
      const idle = pool.idle.pop();
      if (idle) return idle;
      if (pool.instances.size < instances || stopping) return startInstance(pool);
      if ((await turn(pool, gone)) === 'gone') return undefined;
      // It was its turn, and nobody waits any more: the next one's then.
      if (gone?.aborted) pool.waiting.shift()?.();
    }
  }

  /** Waits for a process to be free, or for nobody to wait. */
  function turn(pool: Pool, gone: AbortSignal | undefined): Promise<'free' | 'gone'> {
    return new Promise((resolve) => {
      const begin = () => {
        gone?.removeEventListener('abort', leave);
        resolve('free');
      };
      const leave = () => {
        const position = pool.waiting.indexOf(begin);
        if (position >= 0) pool.waiting.splice(position, 1);
        resolve('gone');
      };
      pool.waiting.push(begin);
      gone?.addEventListener('abort', leave, { once: true });
    });
  }

  function release(pool: Pool, instance: Instance): void {
    if (pool.instances.has(instance)) pool.idle.push(instance);
    pool.waiting.shift()?.();
  }

  function startInstance(pool: Pool): Instance {
    const { definition } = pool;
    const log = openSync(join(options.dataFolder, 'logs', `${definition.name.replaceAll('/', '-')}.log`), 'a');
    const child = fork(RUNTIME, [join(options.dataFolder, 'compiled')], {
      env: { ...definition.environment },
      execArgv: [`--max-old-space-size=${Math.min(definition.memoryMegabytes, options.heapMegabytes ?? Number.POSITIVE_INFINITY)}`, '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const instance: Instance = { child, ready: ready(pool, child), settle: undefined };
    pool.instances.add(instance);
    child.on('message', (message) => instance.settle?.(Reply.parse(message)));
    child.once('exit', (code, signal) => {
      pool.instances.delete(instance);
      const position = pool.idle.indexOf(instance);
      if (position >= 0) pool.idle.splice(position, 1);
      instance.settle?.({ kind: 'exit', why: `the process ended during the invocation (${signal ?? code})` });
      pool.waiting.shift()?.();
    });
    return instance;
  }

  // Resolves to nothing when the handler is loaded, to a failure when it cannot be.
  function ready(pool: Pool, child: ChildProcess): Promise<Outcome | undefined> {
    const started = performance.now();
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), INIT_TIMEOUT_MS);
      const finish = (outcome: Outcome | undefined) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      child.once('exit', () => finish(failed('Runtime.ExitError', `${pool.definition.name} ended before its handler was loaded.`)));
      child.once('message', (message) => {
        const reply = Reply.parse(message);
        const coldStartMs = performance.now() - started;
        pool.metrics = { ...pool.metrics, coldStarts: pool.metrics.coldStarts + 1, coldStartMs: pool.metrics.coldStartMs + coldStartMs };
        if (reply.kind === 'ready') return finish(undefined);
        child.kill('SIGKILL');
        finish(failed('Runtime.InitError', reply.kind === 'init-error' ? `${reply.errorType}: ${reply.errorMessage}` : `unexpected ${reply.kind}`));
      });
    });
  }

  function run(pool: Pool, instance: Instance, event: Json): Promise<Outcome> {
    const { definition } = pool;
    const id = randomUUID();
    const timeoutMs = definition.timeoutSeconds * 1_000;
    return new Promise((resolve) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        pool.metrics = { ...pool.metrics, timeouts: pool.metrics.timeouts + 1 };
        instance.child.kill('SIGKILL');
      }, timeoutMs);
      instance.settle = (reply) => {
        clearTimeout(timer);
        instance.settle = undefined;
        if (reply.kind === 'exit')
          return resolve(timedOut ? failed('Sandbox.Timedout', `${definition.name} was killed after ${definition.timeoutSeconds} s`) : failed('Runtime.ExitError', reply.why));
        if (reply.kind === 'ready' || reply.kind === 'init-error') return;
        pool.metrics = { ...pool.metrics, cpuMs: pool.metrics.cpuMs + reply.cpuMs, peakRssBytes: Math.max(pool.metrics.peakRssBytes, reply.peakRssBytes) };
        resolve(reply.kind === 'result' ? { kind: 'result', value: reply.value } : failed(reply.errorType, reply.errorMessage));
      };
      instance.child.send({ id, event, deadline: Date.now() + timeoutMs }, (error) => {
        if (error) instance.settle?.({ kind: 'exit', why: error.message });
      });
    });
  }

  function note(pool: Pool, outcome: Outcome, ms: number): void {
    const error = outcome.kind === 'failed' ? 1 : 0;
    pool.metrics = { ...pool.metrics, invocations: pool.metrics.invocations + 1, errors: pool.metrics.errors + error, totalMs: pool.metrics.totalMs + ms };
    if (outcome.kind === 'failed' && !silent) options.log(`${pool.definition.name} failed: ${outcome.errorType}: ${outcome.errorMessage}`);
  }

  async function stop(graceMs: number): Promise<void> {
    // What fails now fails because its surroundings go away.
    silent = true;
    const deadline = Date.now() + graceMs;
    while (running > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    stopping = true;
    await Promise.all([...pools.values()].flatMap(({ instances }) => [...instances].map(({ child }) => end(child))));
  }

  return {
    invoke,
    activity: () => ({ running, asked }),
    metrics: () => Object.fromEntries([...pools.values()].map(({ definition, metrics }) => [definition.name, metrics])),
    stop,
  };
}

function failed(errorType: string, errorMessage: string): Outcome {
  return { kind: 'failed', errorType, errorMessage };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}
