import type fc from 'fast-check';
import type { Bucket } from '../../adapters/aws/object-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import type { Http } from '../../adapters/http.ts';

/** Where an invocation dies: at its n-th outgoing call, before the call leaves or after it had its effect. */
export interface CrashPoint {
  /** 1 for the first call. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

/** Everything an invocation sends goes through its lifeline; once it is cut, nothing is sent and nothing comes back. */
export interface Lifeline {
  /** Names of the calls made so far, in order. */
  readonly calls: string[];
  through<Answer>(name: string, call: () => Promise<Answer>): Promise<Answer>;
  /** Runs an invocation until it ends or dies. */
  run(invocation: () => Promise<void>): Promise<'done' | 'crashed'>;
}

/** A lifeline that is cut at a point, or never. */
export function lifeline(crash?: CrashPoint, schedule?: fc.Scheduler): Lifeline {
  const calls: string[] = [];
  const death = Promise.withResolvers<'crashed'>();
  let alive = true;
  const die = (): Promise<never> => {
    alive = false;
    death.resolve('crashed');
    return new Promise(() => {});
  };
  return {
    calls,
    async through(name, call) {
      if (!alive) return await die();
      calls.push(name);
      const mine = calls.length;
      await schedule?.schedule(Promise.resolve(), `${name} leaves`);
      if (mine === crash?.call && crash.when === 'before') return await die();
      const answer = await call();
      if (!alive || mine === crash?.call) return await die();
      await schedule?.schedule(Promise.resolve(), `${name} is answered`);
      return answer;
    },
    async run(invocation) {
      return await Promise.race([invocation().then(() => 'done' as const), death.promise]);
    },
  };
}

/** Sends every command to a table through a lifeline. */
export function tieTable({ client }: Table, line: Lifeline): void {
  client.middlewareStack.add((next, context) => (args) => line.through(String(context.commandName), () => next(args)), TIE);
}

/** Sends every command to a bucket through a lifeline. */
export function tieBucket({ client }: Bucket, line: Lifeline): void {
  client.middlewareStack.add((next, context) => (args) => line.through(String(context.commandName), () => next(args)), TIE);
}

// Before the SDK's own retries: a resend is not another call.
const TIE = { step: 'initialize', name: 'lifeline', priority: 'high' } as const;

/** Sends every request through a lifeline. */
export function tied(http: Http, line: Lifeline): Http {
  return (request) => line.through(`${request.method} ${new URL(request.url).pathname}`, () => http(request));
}
