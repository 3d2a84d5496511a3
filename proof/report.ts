import { tableText } from '../bench/table.ts';
import type { Moment } from './explore.ts';
import { INVARIANTS } from './invariants.ts';
import type { Job } from './jobs.ts';
import type { Proven } from './provers.ts';
import { STORIES } from './stories.ts';
import type { Failure } from './tally.ts';

/** What the whole proof came to, for programs; the text is made of it. */
export interface Report {
  readonly seeds: number;
  readonly processes: number;
  readonly seconds: number;
  readonly invariants: readonly { readonly id: string; readonly says: string }[];
  readonly stories: number;
  readonly handlers: readonly Handler[];
  readonly queues: { readonly runs: number; readonly failures: number };
  readonly model: { readonly runs: number; readonly failures: number };
  readonly knownBad: readonly { readonly name: string; readonly runs: number; readonly toldBy: string | null }[];
  readonly failures: readonly Failure[];
  /** Whether everything held, every bad worker was found out, and nothing was left out. */
  readonly holds: boolean;
}

interface Handler {
  readonly name: string;
  readonly moments: number;
  /** Calls at which something may go wrong. */
  readonly calls: number;
  readonly points: number;
  readonly pairs: number;
  readonly interleavings: number;
  /** Runs that had to end with a person, and did. */
  readonly withAPerson: number;
  readonly failures: number;
}

/** Sums up. */
export function reportOf(proven: readonly Proven[], moments: ReadonlyMap<string, Moment>, { seeds, processes, seconds }: Pick<Report, 'seeds' | 'processes' | 'seconds'>): Report {
  const runsOf = (part: Job['part']) => sumOf(proven.filter(({ job }) => job.part === part));
  const knownBad = proven.flatMap(({ job, done }) => (job.part === 'known-bad' ? [{ name: job.name, runs: done.runs, toldBy: done.toldBy }] : []));
  const failures = proven.flatMap(({ done }) => done.failures);
  const handlers = [...Map.groupBy(moments.values(), ({ name }) => name)].map(([name, its]) => handlerOf(name, its, proven)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const isWhole = handlers.every(({ points, pairs }) => points > 0 && pairs > 0) && runsOf('queues').runs > 0 && runsOf('model').runs > 0 && knownBad.length > 0;
  return {
    seeds,
    processes,
    seconds,
    invariants: INVARIANTS.map(({ id, says }) => ({ id, says })),
    stories: STORIES.length,
    handlers,
    queues: runsOf('queues'),
    model: runsOf('model'),
    knownBad,
    failures,
    holds: failures.length === 0 && isWhole && knownBad.every(({ toldBy }) => toldBy !== null),
  };
}

function handlerOf(name: string, moments: readonly Moment[], proven: readonly Proven[]): Handler {
  const ids = new Set(moments.map(({ id }) => id));
  const its = proven.filter(({ job }) => 'moment' in job && ids.has(job.moment));
  const runs = (part: Job['part']) => sumOf(its.filter(({ job }) => job.part === part)).runs;
  return {
    name,
    moments: moments.length,
    calls: moments.reduce((sum, { calls }) => sum + calls.length, 0),
    points: runs('points'),
    pairs: runs('pairs'),
    interleavings: runs('interleavings'),
    withAPerson: its.reduce((sum, { done }) => sum + done.withAPerson, 0),
    failures: sumOf(its).failures,
  };
}

function sumOf(proven: readonly Proven[]): { readonly runs: number; readonly failures: number } {
  return { runs: proven.reduce((sum, { done }) => sum + done.runs, 0), failures: proven.reduce((sum, { done }) => sum + done.failures.length, 0) };
}

const SHOWN = 20;

/** For people. */
export function reportText(report: Report): string {
  const { handlers, queues, model, knownBad, failures, seeds, processes, seconds, stories } = report;
  const total = (pick: (handler: Handler) => number) => handlers.reduce((sum, handler) => sum + pick(handler), 0);
  const rows = handlers.map(({ name, ...figures }) => [name, figures.moments, figures.calls, figures.points, figures.pairs, figures.interleavings, figures.failures]);
  const sums = ['all', total((one) => one.moments), total((one) => one.calls), total((one) => one.points), total((one) => one.pairs), total((one) => one.interleavings)];
  const table = tableText({
    title: `Crash it anywhere: ${handlers.length} handlers in ${stories} stories`,
    columns: ['handler', 'moments', 'calls', 'single faults', 'pairs of deaths', 'interleavings', 'failures'],
    rows: [...rows, [...sums, total((one) => one.failures)]],
  });
  const persons = total((one) => one.withAPerson);
  const found = knownBad.filter(({ toldBy }) => toldBy !== null).length;
  const bad = tableText({
    title: `Workers that are wrong on purpose: ${found} of ${knownBad.length} found out`,
    columns: ['worker', 'runs', 'found out by'],
    rows: knownBad.map(({ name, runs, toldBy }) => [name, String(runs), toldBy ?? 'NOTHING']),
  });
  return [
    table,
    ...(persons > 0 ? [`  ${persons} of these had to end with a person, and did.`] : []),
    '',
    `Queues against us: ${count(queues.runs)} histories, ${queues.failures} failures`,
    `Beside a model of plain maps: ${count(model.runs)} histories, ${model.failures} failures`,
    '',
    bad,
    ...failures.slice(0, SHOWN).map(failureText),
    ...(failures.length > SHOWN ? [`\n... and ${failures.length - SHOWN} more`] : []),
    '',
    `${report.holds ? 'Everything held' : 'NOT everything held'}: ${seeds} seeds, ${seconds.toFixed(0)} s on ${processes} processes`,
  ].join('\n');
}

/** One failure: what does not hold, where, and how to have it again. */
export function failureText({ replay, where, faults }: Failure): string {
  return [`\nFAILED  ${where}`, ...faults.slice(0, 10).map((fault) => `  ${fault}`), `  again: npm run proof -- --replay '${replay}'`].join('\n');
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
