import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { jobsOf, openWorkshop } from './jobs.ts';
import { type Proven, proveAll } from './provers.ts';
import { replay } from './replay.ts';
import { failureText, reportOf, reportText } from './report.ts';

const SEEDS = 10;
const HELP = `npm run proof -- [options]

Crashes every function at every call, lets every call fail in every way, plays workers against each other and queues against all of them,
and sees whether every order, label, unit and notice is still there, once. Nothing leaves this process: no network, no files.

  --seeds N       how far chance goes: N interleavings of each moment, 2N histories of each story, 100N of the model (default ${SEEDS})
  --replay TEXT   one run again, as a failure names it; what its functions log is shown
  --json          one JSON object as the last line
  --help          this text

Ends with 1 when something does not hold, or when a worker that is wrong on purpose is not found out.
`;

interface Options {
  readonly seeds: number;
  readonly replay: string | undefined;
  readonly json: boolean;
}

/** Reads the command line. @throws TypeError for an option or a value it does not know */
function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      seeds: { type: 'string', default: String(SEEDS) },
      replay: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (!/^[1-9]\d{0,8}$/.test(values.seeds)) throw new TypeError(`--seeds ${JSON.stringify(values.seeds)} is not a whole number of 1 or more.`);
  return { seeds: Number(values.seeds), replay: values.replay, json: values.json };
}

async function main({ seeds, replay: again, json }: Options): Promise<number> {
  if (again !== undefined) return await proveAgain(again, json);
  const began = performance.now();
  const { moments } = await quietly(openWorkshop);
  const jobs = jobsOf(moments, seeds);
  const processes = Math.min(availableParallelism(), jobs.length);
  const proven = await proveAll(jobs, processes, progressOf(jobs.length));
  const report = reportOf(proven, moments, { seeds, processes, seconds: (performance.now() - began) / 1000 });
  process.stdout.write(`\n${reportText(report)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return report.holds ? 0 : 1;
}

/** Has one run again, with all that its functions log. */
async function proveAgain(text: string, json: boolean): Promise<number> {
  const { runs, failures } = await replay(text, await quietly(openWorkshop));
  process.stdout.write(failures.length === 0 ? `\n${text}: everything held\n` : `${failures.map(failureText).join('\n')}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ runs, failures })}\n`);
  return failures.length > 0 ? 1 : 0;
}

/** Does something whose functions log what nobody asked for. */
async function quietly<Result>(work: () => Promise<Result>): Promise<Result> {
  const { write } = process.stdout;
  process.stdout.write = () => true;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}

const SPEAK_MS = 2_000;
/** Of one job: what fails in one way fails so often. */
const SAID_AT_ONCE = 2;

function progressOf(jobs: number): (proven: Proven) => void {
  let [spoke, ended, runs, failures] = [performance.now(), 0, 0, 0];
  return ({ done }) => {
    ended += 1;
    runs += done.runs;
    failures += done.failures.length;
    for (const failure of done.failures.slice(0, SAID_AT_ONCE)) process.stderr.write(`${failureText(failure)}\n`);
    if (performance.now() - spoke < SPEAK_MS && ended < jobs) return;
    spoke = performance.now();
    process.stderr.write(`  ... ${ended} of ${jobs} jobs, ${runs.toLocaleString('en-US')} runs, ${failures} failures\n`);
  };
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(HELP);
  else process.exitCode = await main(options);
} catch (cause) {
  // A mistake on the command line is a TypeError, ours and Node's own.
  const isUsage = cause instanceof TypeError;
  process.stderr.write(isUsage ? `${cause.message}\n\n${HELP}` : `${cause instanceof Error ? cause.stack : String(cause)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
