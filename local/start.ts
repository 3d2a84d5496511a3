import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { ReadStream } from 'node:tty';
import { parseArgs } from 'node:util';
import { type DayResult, playDay } from './day/day.ts';
import { Diary } from './day/diary.ts';
import { planDay } from './day/plan.ts';
import { type Display, openDisplay } from './day/progress.ts';
import { bringUpToDate, type Stage, setStage } from './day/stage.ts';
import { summaryOf } from './day/summary.ts';

const CLIENT = 'demo';
const CTRL_C = 0x03;
const HELP = `npm start -- [options]

Builds the hub, synthesizes the demo client's stack, runs it on this machine and plays a day of trade through it.

  --once          end after the day; exit code 0 only if every check held
  --json          nothing but one JSON object with the day's figures, as the last line
  --orders N      orders in the day (default 200, at least 20)
  --seed TEXT     another story with the same rules (default "harbour")
  --data FOLDER   where everything is kept (default .crossdock/${CLIENT}); emptied at the start
  --resume        go on with the day that was cut off in that folder
  --port N        port of the HTTP API (default: a free one)
  --help          this text
`;

/** What was asked for on the command line. */
interface Options {
  readonly once: boolean;
  readonly json: boolean;
  readonly resume: boolean;
  readonly orders: number;
  readonly seed: string;
  readonly data: string;
  readonly port: number;
}

/** Reads the command line. @throws Error for an option or a value it does not know */
function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      resume: { type: 'boolean', default: false },
      orders: { type: 'string', default: '200' },
      seed: { type: 'string', default: 'harbour' },
      data: { type: 'string', default: join('.crossdock', CLIENT) },
      port: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return { ...values, orders: wholeNumber('--orders', values.orders, 20, 100_000), port: wholeNumber('--port', values.port, 0, 65_535), data: resolve(values.data) };
}

function wholeNumber(option: string, text: string, from: number, to: number): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= from && number <= to)) throw new Error(`${option} ${JSON.stringify(text)} is not a whole number from ${from} to ${to}.`);
  return number;
}

/** Empties the data folder, but only one that is ours. */
function prepareFolder({ data, resume }: Options): void {
  const isOurs = existsSync(join(data, 'secrets.json')) || !existsSync(data) || readdirSync(data).length === 0;
  if (!isOurs) throw new Error(`${data} holds something that is not a day of trade; choose another folder with --data.`);
  if (!resume) rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const display = openDisplay(process.stderr, options.json);
  prepareFolder(options);
  const began = performance.now();
  display.say('Building the functions and synthesizing the stack, where they are not up to date ...');
  await bringUpToDate(CLIENT);
  const stage = await setStage({ clientId: CLIENT, dataFolder: options.data, port: options.port, log: display.say });
  display.say(
    `The stack runs on this machine: ${stage.cloud.functions.length} functions, ${stage.cloud.queues.length} queues; ready after ${((performance.now() - began) / 1000).toFixed(1)} s.\n`,
  );
  const interrupted = untilInterrupted();
  try {
    await describe(stage, options);
    const result = await Promise.race([play(stage, options, display), interrupted]);
    if (result === 'interrupted') return 130;
    display.end();
    print(result, stage, options);
    if (!options.once) await Promise.race([interrupted, untilCtrlC(process.stdin)]);
    return options.once && result.checks.some(({ ok }) => !ok) ? 1 : 0;
  } finally {
    display.end();
    await stage.close();
  }
}

async function play(stage: Stage, options: Options, display: Display): Promise<DayResult> {
  const diary = new Diary(join(options.data, 'diary.sqlite'));
  // A day that goes on keeps its plan, whatever is asked for now.
  const orders = Number(diary.remember('orders', String(options.orders)));
  const seed = diary.remember('seed', options.seed);
  const startAt = Number(diary.remember('startAt', String(Math.floor(Date.now() / 1000) * 1000)));
  const plan = planDay({ client: stage.client, orders, seed, startAt });
  try {
    return await playDay({ ...stage, plan, diary, dataFolder: options.data, limitMs: 300_000 + orders * 500, onProgress: (progress) => display.show(progress) });
  } finally {
    diary.close();
  }
}

/** Leaves a note for the operators' command line on where the running stack is. */
async function describe({ cloud, client }: Stage, { data }: Options): Promise<void> {
  const { apiUrl, endpoints, region, env, tableName, topics, buckets, queues } = cloud;
  const scopes = ['orders.read', 'orders.write', 'orders.authorise', 'orders.pack', 'stock.write'].map((scope) => `hub/${scope}`);
  const token = await cloud.issuer.token({ user: 'you', scopes, expiresInSeconds: 86_400 });
  writeFileSync(join(data, 'token'), token, { mode: 0o600 });
  const deadLetterQueues = queues.filter(({ deadLetter }) => deadLetter);
  writeFileSync(
    join(data, 'local.json'),
    `${JSON.stringify({ client: client.id, apiUrl, region, endpoints, env, tableName, topics, buckets, queues, deadLetterQueues, process: process.pid }, null, 2)}\n`,
  );
}

function print(result: DayResult, stage: Stage, options: Options): void {
  if (!options.json) process.stdout.write(`\n${summaryOf(result)}\n\n${whereToLook(result, stage, options)}\n`);
  if (options.json) {
    const checks = Object.fromEntries(result.checks.map(({ name, ok }) => [name, ok]));
    const problems = result.checks.filter(({ ok }) => !ok).map(({ name, figures, faults }) => ({ name, figures, faults }));
    process.stdout.write(`${JSON.stringify({ ...result.figures, checks, problems })}\n`);
  }
}

function whereToLook({ announcements, examples, snapshot }: DayResult, { cloud }: Stage, { data, once }: Options): string {
  const folder = relative(process.cwd(), data) || '.';
  const report = announcements.flatMap((text) => text.match(/https?:\/\/\S+/g) ?? []).find((url) => /html/.test(url));
  if (once) return `  Everything is kept in ${folder}`;
  const order = examples[0]?.orderId ?? snapshot.table.orders[0]?.orderId ?? '';
  return [
    `  API            ${cloud.apiUrl}`,
    `  Daily report   ${report ?? 'was not announced'}`,
    `  Data and logs  ${folder}`,
    `  Try            curl -H "authorization: Bearer $(cat ${join(folder, 'token')})" ${cloud.apiUrl}/orders/${order}`,
    `                 npm run crossdock -- order show ${order}`,
    ...examples.map(({ orderId, shows }) => `                 npm run crossdock -- order explain ${orderId}    # ${shows}`),
    '                 npm run crossdock -- connections list',
    '                 npm run crossdock -- replay --connection shop --since 2h --dry-run',
    '                 npm run crossdock -- dead-letters list',
    '',
    '  The stack stays up. Press Ctrl-C to stop it.',
  ].join('\n');
}

/**
 * Ctrl-C read as a key reaches this process alone. As a signal it would reach npm too, which then ends with 130 however cleanly we end.
 * Where there is no terminal it never comes, and signals do.
 */
function untilCtrlC(terminal: ReadStream): Promise<void> {
  return new Promise((settle) => {
    if (!terminal.isTTY) return;
    terminal.setRawMode(true);
    terminal.on('data', (keys: Buffer) => {
      if (!keys.includes(CTRL_C)) return;
      terminal.setRawMode(false);
      terminal.destroy();
      settle();
    });
  });
}

function untilInterrupted(): Promise<'interrupted'> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => settle('interrupted'));
  });
}

try {
  process.exitCode = await main();
} catch (cause) {
  const isUsage = cause instanceof TypeError && 'code' in cause && String(cause.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n${isUsage ? `\n${HELP}` : ''}`);
  // Whatever still runs after a failure must not keep the process up.
  process.exit(isUsage ? 2 : 1);
}
