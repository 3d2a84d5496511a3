import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAndSynthesize } from '../local/day/stage.ts';
import { describeMachine } from './machine.ts';
import { type Findings, type Section, verdictOf } from './section.ts';
import { measureAllocation } from './sections/allocation.ts';
import { measureCost } from './sections/cost.ts';
import { measureEdge } from './sections/edge.ts';
import { measureEndurance } from './sections/endurance.ts';
import { measureHeap } from './sections/heap.ts';
import { measureHot } from './sections/hot.ts';
import { measureImport } from './sections/import.ts';
import { measureIntake } from './sections/intake.ts';
import { measureLabels } from './sections/labels.ts';
import { measureParsing } from './sections/parse.ts';
import { measureSize } from './sections/size.ts';
import { measureStart } from './sections/start.ts';
import { measureThread } from './sections/thread.ts';
import { measureTracking } from './sections/tracking.ts';
import { findingsText } from './table.ts';

/** Everything that is measured, in order. What takes long runs only when it is asked for by name. */
const SECTIONS: Readonly<Record<string, { readonly title: string; readonly measure: Section; readonly onlyByName?: true }>> = {
  size: { title: 'Size of bundles', measure: measureSize },
  import: { title: 'Import of the receiving edge', measure: measureImport },
  parse: { title: 'Parsing of orders', measure: measureParsing },
  edge: { title: 'The receiving edge', measure: measureEdge },
  allocation: { title: 'Allocation', measure: measureAllocation },
  hot: { title: 'One SKU that everybody wants', measure: measureHot },
  heap: { title: 'Memory that is not let go of', measure: measureHeap },
  cost: { title: "Cost of one order's life", measure: measureCost },
  intake: { title: 'Intake alone', measure: measureIntake },
  labels: { title: 'Labels', measure: measureLabels },
  tracking: { title: 'Callbacks of carriers', measure: measureTracking },
  thread: { title: 'The whole thread', measure: measureThread },
  start: { title: 'npm start', measure: measureStart },
  endurance: { title: 'Endurance', measure: measureEndurance, onlyByName: true },
};

const BY_DEFAULT = Object.keys(SECTIONS).filter((name) => SECTIONS[name]?.onlyByName !== true);
const ONLY_BY_NAME = Object.keys(SECTIONS).filter((name) => SECTIONS[name]?.onlyByName === true);

const HELP = `npm run bench -- [options]

Measures size, speed and cost, and sets them beside their aims. Only the sizes can fail a build, in the tests.

  --only NAME,...  only these sections: ${BY_DEFAULT.join(', ')};
                   and, which runs only when it is named because it takes twenty minutes: ${ONLY_BY_NAME.join(', ')}
  --orders N       orders in the sections hot, cost, intake, labels, tracking and thread (default: each its own)
  --minutes N      how long the section endurance keeps its load up (default 10)
  --json           one JSON object as the last line
  --help           this text

Ends with 1 when a section could not be measured, or when it lost, doubled or put aside something; never because of a time or a size.
`;

interface Options {
  readonly only: readonly string[];
  readonly orders: number | undefined;
  readonly minutes: number | undefined;
  readonly json: boolean;
}

/** Reads the command line. @throws TypeError for an option or a value it does not know */
function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      only: { type: 'string' },
      orders: { type: 'string' },
      minutes: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const only = values.only?.split(',') ?? BY_DEFAULT;
  const unknown = only.filter((name) => !Object.hasOwn(SECTIONS, name));
  if (unknown.length > 0) throw new TypeError(`There is no section ${unknown.join(', ')}; sections: ${Object.keys(SECTIONS).join(', ')}.`);
  return { only, orders: wholeNumber('--orders', values.orders, 20, 99_999), minutes: wholeNumber('--minutes', values.minutes, 1, 60), json: values.json };
}

function wholeNumber(option: string, text: string | undefined, from: number, to: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= from && number <= to)) throw new TypeError(`${option} ${JSON.stringify(text)} is not a whole number from ${from} to ${to}.`);
  return number;
}

type Outcome = { readonly findings: Findings } | { readonly failure: string };

async function main({ only, orders, minutes, json }: Options): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'crossdock-bench-'));
  const say = (line: string) => void process.stderr.write(`  ... ${line}\n`);
  const prepare = onceOnly(async () => {
    say('building and synthesizing');
    await buildAndSynthesize('demo');
  });
  const outcomes = new Map<string, Outcome>();
  try {
    for (const [name, { title, measure }] of Object.entries(SECTIONS)) {
      if (!only.includes(name)) continue;
      process.stderr.write(`${title}\n`);
      const folder = join(scratch, name);
      mkdirSync(folder);
      const outcome = await attempt(measure, { orders, minutes, scratch: folder, say, prepare });
      outcomes.set(name, outcome);
      process.stdout.write(`\n${'findings' in outcome ? findingsText(title, outcome.findings) : `${title}\n  FAILED: ${outcome.failure}`}\n`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const failed = [...outcomes].filter(([, outcome]) => hasFailed(outcome)).map(([name]) => name);
  const machine = describeMachine();
  process.stdout.write(`\n${machine.cores} cores (${machine.processor}), ${machine.memoryGigabytes} GB, ${machine.platform}, Node ${machine.node}, load ${machine.load}\n`);
  if (failed.length > 0) process.stdout.write(`\nFAILED: ${failed.join(', ')}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ sections: Object.fromEntries([...outcomes].map(([name, outcome]) => [name, jsonOf(outcome)])), failed, machine })}\n`);
  return failed.length > 0 ? 1 : 0;
}

async function attempt(measure: Section, bench: Parameters<Section>[0]): Promise<Outcome> {
  try {
    return { findings: await measure(bench) };
  } catch (cause) {
    return { failure: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  }
}

function hasFailed(outcome: Outcome): boolean {
  return 'failure' in outcome || (outcome.findings.faults ?? []).length > 0;
}

function jsonOf(outcome: Outcome) {
  if ('failure' in outcome) return outcome;
  const { rows, breakdowns = [], faults } = outcome.findings;
  return { values: rows.map((row) => ({ ...row, verdict: verdictOf(row) })), breakdowns, ...(faults !== undefined && { faults }) };
}

function onceOnly(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(HELP);
  else process.exitCode = await main(options);
  // A section that failed may have left something open, which must not keep a build waiting.
  setTimeout(() => process.exit(), 5_000).unref();
} catch (cause) {
  // A mistake on the command line is a TypeError, ours and Node's own.
  const isUsage = cause instanceof TypeError;
  process.stderr.write(isUsage ? `${cause.message}\n\n${HELP}` : `${cause instanceof Error ? cause.stack : String(cause)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
