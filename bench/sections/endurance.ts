import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readHoldings } from '../endurance/holdings.ts';
import { findLimit, type Limit, type Step } from '../endurance/limit.ts';
import { type FittedLife, fitted, processesOf, watchMemory } from '../endurance/memory.ts';
import { type PostedOrders, type Reckoning, reckon } from '../endurance/reckoning.ts';
import { type Restarted, restartInTurn } from '../endurance/restarting.ts';
import { planRestarts, restartText } from '../endurance/restarts.ts';
import { surelyAtLeast } from '../endurance/slope.ts';
import { openStack, type Stack } from '../endurance/stack.ts';
import { openStorefront, type Storefront } from '../endurance/storefront.ts';
import type { Posted, PostingOrder, Tally } from '../endurance/storefront-messages.ts';
import { STOREFRONT } from '../packed.ts';
import type { Bench, Breakdown, Findings, Row } from '../section.ts';
import { percentile } from '../statistics.ts';

const MINUTES = 10;
/** Of the time under load: processes are ended in the first part, and left alone in the second, so that they live long enough to be fitted. */
const RESTARTING_SHARE = 0.5;
/** Seconds that restarts may take beyond the time under load. */
const RESTARTING_SECONDS = 600;
const LOAD_SHARE = 0.7;
const FIRST_RATE = 1;
const STEP_SECONDS = 15;
const WARMING_RATE = 2;
const WARMING_SECONDS = 10;
/** Orders of the whole section at most, well within the goods that are booked. */
const MOST_ORDERS = 60_000;
/** Units of each product in each warehouse. */
const UNITS = 10_000;
const ATTEMPTS = 60;
const UNDER_WAY = 500;
const BURST_FACTOR = 20;
const BURST_SECONDS = 60;
/** Connections of the burst at a time: each process may have 20,000 files open here, and the gateway needs some for itself. */
const BURST_UNDER_WAY = 8_000;
const REST_AIM_SECONDS = 120;
/** A message that is tried again with growing pauses may take longer; then the section goes on, and that is a fault. */
const REST_LIMIT_MS = 900_000;
const STORED_LIMIT_MS = 900_000;
const WARM_UP_SECONDS = 60;
/** Two minutes at one sample every five seconds: what lived shorter is shown, and not judged. */
const LEAST_SAMPLES = 24;
/** Growth of one process that noise may pass for, MB an hour. */
const FLAT_MB_PER_HOUR = 60;
const SHOWN_FAULTS = 10;
const SHOWN_COMPLAINTS = 12;
/** Run for the goods that are booked before, and for no order. */
const AT_THE_OPENING = new Set(['inventory/book-stock', 'inventory/fill-backorders']);

/**
 * Whether the stack bears load for long: at 70 % of what it can do, with every process ended in turn, and then at 20 times that for a minute.
 * Whatever was acknowledged must be an order in the end, once. A fault of that kind fails the section, a time or a size does not.
 */
export async function measureEndurance({ minutes = MINUTES, scratch, say, prepare }: Bench): Promise<Findings> {
  if (process.platform !== 'linux') throw new Error('Processes and their memory are read from /proc, which only Linux has.');
  await prepare();
  mkdirSync(scratch, { recursive: true });
  const said = new Map<string, number>();
  const stack = await openStack(join(scratch, 'data'), (line) => note(said, line));
  const storefront = openStorefront();
  try {
    return withComplaints(await new Endurance(stack, storefront, say).measure(minutes), said);
  } finally {
    await storefront.close();
    await stack.stop('gently');
  }
}

/** Counts a line of the stack's log, with those that differ from it in names and figures only. */
function note(said: Map<string, number>, line: string): void {
  const kind = line
    .replace(/arn:\S+/, 'a mapping')
    .replace(/crossdock-\w+-\w+/g, '...')
    .replace(/\d{2,}/g, '..')
    .slice(0, 140);
  said.set(kind, (said.get(kind) ?? 0) + 1);
}

function withComplaints(findings: Findings, said: ReadonlyMap<string, number>): Findings {
  const rows = [...said].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN_COMPLAINTS);
  return { ...findings, breakdowns: [...(findings.breakdowns ?? []), { title: 'What the stack said meanwhile', columns: ['', 'times'], rows }] };
}

class Endurance {
  readonly #stack: Stack;
  readonly #storefront: Storefront;
  readonly #say: (line: string) => void;
  readonly #posted: PostedOrders[] = [];
  #next = 0;

  constructor(stack: Stack, storefront: Storefront, say: (line: string) => void) {
    this.#stack = stack;
    this.#storefront = storefront;
    this.#say = say;
  }

  async measure(minutes: number): Promise<Findings> {
    await this.#open();
    const limit = await findLimit(FIRST_RATE, (rate) => this.#step(rate));
    const rate = limit.rate * LOAD_SHARE;
    this.#say(`limit ${limit.rate.toFixed(2)} orders/s; ${minutes} min at ${rate.toFixed(2)}`);
    const { posted, restarts, seconds, lives } = await this.#sustain(rate, minutes * 60);
    const rest = await this.#restOrFault();
    const deadLetters = await this.#deadLetters();
    const sustained = await this.#reckon('labelled');
    const burst = await this.#burst(rate * BURST_FACTOR);
    const storedSeconds = await this.#untilStored();
    const afterwards = await this.#reckon('stored');
    return findingsOf({
      limit,
      rate,
      posted,
      restarts,
      seconds,
      ...rest,
      lives,
      deadLetters,
      sustained,
      burst,
      storedSeconds,
      afterwards,
      deadLettersAfter: await this.#deadLetters(),
    });
  }

  /** Books goods, and has every function that orders need begun once. */
  async #open(): Promise<void> {
    const { apiUrl, token, warehouses, skus } = this.#stack.ready;
    for (const warehouse of warehouses) {
      const body = JSON.stringify({ kind: 'receipt', id: `endurance-${warehouse}`, warehouse, lines: skus.map((sku) => ({ sku, quantity: UNITS })) });
      const response = await fetch(`${apiUrl}/stock/bookings`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body });
      if (response.status !== 200) throw new Error(`The goods could not be booked: ${response.status} ${await response.text()}`);
    }
    await this.#post({ rate: WARMING_RATE, seconds: WARMING_SECONDS, attempts: ATTEMPTS });
    await this.#rest();
  }

  async #step(rate: number): Promise<Step> {
    const posted = await this.#post({ rate, seconds: STEP_SECONDS, attempts: 1 });
    const restSeconds = await this.#rest();
    const { posted: orders, acknowledged } = posted.tally;
    const step = { rate, seconds: STEP_SECONDS, answeredMs: percentile(posted.latencies, 95), refused: orders - acknowledged, restSeconds };
    this.#say(`${rate.toFixed(2)} orders/s: 95 % answered in ${Math.round(step.answeredMs)} ms, at rest ${restSeconds.toFixed(1)} s later`);
    return step;
  }

  async #sustain(
    rate: number,
    seconds: number,
  ): Promise<{ readonly posted: Posted; readonly restarts: readonly Restarted[]; readonly seconds: number; readonly lives: readonly FittedLife[] }> {
    const functions = [...new Set(processesOf(this.#stack).map(({ role }) => role))].filter((role) => role.includes('/') && !AT_THE_OPENING.has(role));
    const began = performance.now();
    const memory = watchMemory(this.#stack);
    const notes: string[] = [];
    // Longer than planned only where restarts take longer than planned.
    const posting = this.#post({ rate, seconds: seconds * 2 + RESTARTING_SECONDS, attempts: ATTEMPTS }, notes);
    const restarting = restartInTurn(this.#stack, planRestarts(functions, seconds * RESTARTING_SHARE), (restarted) => {
      notes.push(`${restartText(restarted)}: ${restarted.processes} processes, ${restarted.seconds.toFixed(1)} s`);
    });
    const [restarts] = await Promise.all([restarting, sleep(seconds * 1_000)]);
    memory.stop();
    this.#storefront.enough();
    return { posted: await posting, restarts, seconds: (performance.now() - began) / 1_000, lives: fitted(memory.lives(), WARM_UP_SECONDS) };
  }

  async #burst(rate: number): Promise<Posted> {
    return await this.#post({ rate, seconds: BURST_SECONDS, attempts: 1, underWay: BURST_UNDER_WAY, whenFull: 'drop' });
  }

  async #post(job: Pick<PostingOrder, 'rate' | 'seconds' | 'attempts'> & Partial<PostingOrder>, notes: string[] = []): Promise<Posted> {
    const { apiUrl, secret, skus, currency } = this.#stack.ready;
    const from = this.#next;
    const began = performance.now();
    const posted = await this.#storefront.post(
      { url: `${apiUrl}/hooks/${STOREFRONT}`, secret, skus, currency, from, atMost: MOST_ORDERS - from, underWay: UNDER_WAY, whenFull: 'wait', ...job },
      (tally) =>
        this.#say(
          `${Math.round((performance.now() - began) / 1_000)} s at ${job.rate.toFixed(1)}/s: ${progressText(tally)}${notes
            .splice(0)
            .map((note) => `; ${note}`)
            .join('')}`,
        ),
    );
    this.#next += posted.fates.length;
    this.#posted.push({ from, fates: posted.fates });
    return posted;
  }

  async #rest(): Promise<number> {
    return await this.#stack.untilQuiet(REST_LIMIT_MS);
  }

  /** As `#rest`, but for work that does not end: that is told beside what else was found. */
  async #restOrFault(): Promise<{ readonly restSeconds: number; readonly unrest: string | undefined }> {
    const began = performance.now();
    try {
      return { restSeconds: await this.#rest(), unrest: undefined };
    } catch (cause) {
      return { restSeconds: (performance.now() - began) / 1_000, unrest: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  /** Waits until no order waits to be stored, whatever else there is to do. @returns seconds */
  async #untilStored(): Promise<number> {
    const began = performance.now();
    const { inbox } = this.#stack.ready;
    for (let looks = 0; looks < 2; await sleep(1_000)) {
      const waiting = (await this.#stack.depths()).filter(({ queue }) => queue === inbox).reduce((sum, depth) => sum + depth.waiting + depth.inFlight, 0);
      looks = waiting === 0 ? looks + 1 : 0;
      this.#say(`${waiting} orders wait to be stored`);
      if (performance.now() - began > STORED_LIMIT_MS) throw new Error(`${waiting} orders still waited to be stored ${STORED_LIMIT_MS / 1_000} s after the burst.`);
    }
    return (performance.now() - began) / 1_000;
  }

  async #deadLetters(): Promise<Readonly<Record<string, number>>> {
    const dead = (await this.#stack.depths()).filter(({ deadLetter, waiting, inFlight }) => deadLetter && waiting + inFlight > 0);
    return Object.fromEntries(dead.map(({ queue, waiting, inFlight }) => [queue, waiting + inFlight]));
  }

  async #reckon(extent: 'stored' | 'labelled'): Promise<Reckoning & { readonly complaints: readonly string[] }> {
    const [holdings, books] = [await readHoldings(this.#stack.ready), await this.#stack.books()];
    return { ...reckon(this.#posted, holdings, books, extent), complaints: books.complaints };
  }
}

function progressText({ posted, acknowledged, attempts, givenUp, dropped, underWay }: Tally): string {
  const beside = [`${attempts - posted} repeats`, `${underWay} under way`, ...(givenUp > 0 ? [`${givenUp} given up`] : []), ...(dropped > 0 ? [`${dropped} not posted`] : [])];
  return `${posted} posted, ${acknowledged} acknowledged, ${beside.join(', ')}`;
}

interface Found {
  readonly limit: Limit;
  readonly rate: number;
  readonly posted: Posted;
  readonly restarts: readonly Restarted[];
  /** Of load. */
  readonly seconds: number;
  readonly restSeconds: number;
  /** Why it was not at rest then. */
  readonly unrest: string | undefined;
  readonly lives: readonly FittedLife[];
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly sustained: Reckoning & { readonly complaints: readonly string[] };
  readonly burst: Posted;
  readonly storedSeconds: number;
  readonly afterwards: Reckoning;
  readonly deadLettersAfter: Readonly<Record<string, number>>;
}

function findingsOf(found: Found): Findings {
  const { limit, sustained, afterwards, burst, deadLetters, deadLettersAfter, unrest } = found;
  const unexpected = Object.entries(burst.tally.statuses).filter(([status]) => !BURST_STATUSES.has(status));
  return {
    rows: [...sustainedRows(found), ...memoryRows(found.lives), ...burstRows(found)],
    breakdowns: [stepTable(limit), restartTable(found.restarts), statusTable(found), memoryTable(found.lives)],
    notes: NOTES,
    faults: [
      ...(unrest === undefined ? [] : [unrest]),
      ...shown('lost', sustained.lost),
      ...shown('doubled', sustained.doubled),
      ...shown('lost after the burst', afterwards.lost),
      ...shown('doubled after the burst', afterwards.doubled),
      ...shown('broke a contract of a vendor', sustained.complaints),
      ...Object.entries({ ...deadLetters, ...deadLettersAfter }).map(([queue, count]) => `${count} dead letters in ${queue}`),
      ...unexpected.map(([status, count]) => `${count} posts of the burst were answered ${status}`),
    ],
  };
}

/** What a post of the burst may come to; 0 is no answer in a storefront's patience, which is told and no fault. */
const BURST_STATUSES = new Set(['200', '503', '429', '0']);

function shown(what: string, faults: readonly string[]): string[] {
  const more = faults.length - SHOWN_FAULTS;
  return [...faults.slice(0, SHOWN_FAULTS).map((fault) => `${what}: ${fault}`), ...(more > 0 ? [`${what}: ${more} more`] : [])];
}

function sustainedRows({ limit, rate, posted, restarts, seconds, restSeconds, deadLetters, sustained }: Found): Row[] {
  const { tally, latencies } = posted;
  return [
    { name: 'limit', value: limit.rate, unit: 'orders/s' },
    { name: `sustained at ${LOAD_SHARE * 100} %`, value: tally.posted / posted.seconds, unit: 'orders/s', atLeast: rate * 0.98 },
    { name: '  for', value: seconds / 60, unit: 'min' },
    { name: '  processes ended', value: restarts.reduce((sum, { processes }) => sum + processes, 0), unit: 'processes' },
    { name: '  acknowledged', value: tally.acknowledged, unit: 'orders' },
    { name: '  posted, never acknowledged', value: tally.posted - tally.acknowledged, unit: 'orders', atMost: 0 },
    { name: '  repeated posts', value: tally.attempts - tally.posted, unit: 'posts' },
    { name: '  acknowledged after, median', value: percentile(latencies, 50), unit: 'ms' },
    { name: '  acknowledged after, 99th percentile', value: percentile(latencies, 99), unit: 'ms' },
    { name: '  at rest after the load', value: restSeconds, unit: 's', atMost: REST_AIM_SECONDS },
    { name: '  lost', value: sustained.lost.length, unit: 'faults', atMost: 0 },
    { name: '  doubled', value: sustained.doubled.length, unit: 'faults', atMost: 0 },
    { name: '  dead letters', value: total(deadLetters), unit: 'messages', atMost: 0 },
  ];
}

function isJudged({ slope }: FittedLife): boolean {
  return slope !== undefined && slope.samples >= LEAST_SAMPLES;
}

function memoryRows(lives: readonly FittedLife[]): Row[] {
  const judged = lives.filter(isJudged);
  const growth = judged.flatMap(({ slope }) => (slope === undefined ? [] : [surelyAtLeast(slope)]));
  return [
    { name: 'processes whose memory was fitted', value: judged.length, unit: 'processes' },
    ...(growth.length === 0 ? [] : [{ name: '  steepest slope, less two standard errors', value: Math.max(...growth), unit: 'MB/h', atMost: FLAT_MB_PER_HOUR }]),
  ];
}

function burstRows({ rate, burst, storedSeconds, afterwards, deadLettersAfter }: Found): Row[] {
  const { tally } = burst;
  const answered = (status: string) => tally.statuses[status] ?? 0;
  return [
    { name: `burst of ${BURST_SECONDS} s, meant`, value: rate * BURST_FACTOR, unit: 'orders/s' },
    { name: '  posted', value: tally.posted / BURST_SECONDS, unit: 'orders/s' },
    { name: '  of the sustained rate', value: tally.posted / BURST_SECONDS / rate, unit: 'times' },
    { name: '  answered 200', value: answered('200'), unit: 'posts' },
    { name: '  answered 503 or 429', value: answered('503') + answered('429'), unit: 'posts' },
    { name: '  not answered within 5 s', value: answered('0'), unit: 'posts' },
    { name: '  all stored after', value: storedSeconds, unit: 's' },
    { name: '  lost after a 200', value: afterwards.lost.length, unit: 'faults', atMost: 0 },
    { name: '  doubled', value: afterwards.doubled.length, unit: 'faults', atMost: 0 },
    { name: '  dead letters', value: total(deadLettersAfter), unit: 'messages', atMost: 0 },
  ];
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function stepTable({ steps }: Limit): Breakdown {
  const rows = steps.map(({ rate, answeredMs, restSeconds, why }) => [rate.toFixed(2), answeredMs, restSeconds, why ?? 'held']);
  return { title: 'How the limit was found', columns: ['orders/s', '95 % answered in ms', 'at rest after s', ''], rows };
}

function restartTable(restarts: readonly Restarted[]): Breakdown {
  const rows = restarts.map((restart) => [restartText(restart), restart.processes, restart.target.part === 'function' ? '' : restart.seconds.toFixed(1)]);
  return { title: 'What was ended', columns: ['', 'processes', 's until it ran again'], rows };
}

function statusTable({ posted, burst, sustained, afterwards }: Found): Breakdown {
  const answers = (tally: Tally) => Object.entries(tally.statuses).map(([status, count]) => `${count} x ${status === '0' ? 'no answer' : status}`);
  const orders = ({ statuses }: Reckoning) => Object.entries(statuses).map(([status, count]) => `${count} ${status}`);
  return {
    title: 'Answers, and what the orders were then',
    columns: ['', 'answers', 'orders', 'there without an acknowledgement'],
    rows: [
      ['under load', answers(posted.tally).join(', '), orders(sustained).join(', '), String(sustained.keptUnasked)],
      ['in the burst', answers(burst.tally).join(', '), orders(afterwards).join(', '), String(afterwards.keptUnasked)],
    ],
  };
}

/** Of each role the life with most samples, and how many lives there were. */
function memoryTable(lives: readonly FittedLife[]): Breakdown {
  const rows = [...Map.groupBy(lives, ({ role }) => role)].flatMap(([role, those]) => {
    const [longest] = those.toSorted((a, b) => b.samples.length - a.samples.length);
    if (longest === undefined) return [];
    const { samples, slope } = longest;
    const figures = slope === undefined ? ['', '', ''] : [slope.samples, slope.perHour, slope.standardError];
    return [[role, those.length, samples.at(0)?.megabytes ?? 0, samples.at(-1)?.megabytes ?? 0, ...figures, isJudged(longest) ? 'yes' : 'no']];
  });
  return { title: 'Resident memory, the longest life of each', columns: ['', 'lives', 'MB at first', 'MB at last', 'samples', 'MB/h', 'standard error', 'judged'], rows };
}

const NOTES = [
  `A rate is above the limit when an order is not acknowledged at once, one answer in twenty takes over 1 s, or the hub comes to rest later than unloaded by more than a third of the ${STEP_SECONDS} s of load. The rates were 1.5 times each other, so the limit lies between that of the last step that was held and the next.`,
  'One order is one unit of one product, all the way to a bought label; nobody hands parcels over. The gateway, the emulators, the vendors, all functions, the storefront and the bench share this machine: its limit is not that of AWS.',
  'Lost: acknowledged, and there is no order, no reserved unit, no timeline, or (before the burst) no label. Doubled: units, acceptances, parcels or charges more than one, or a counter of stock that is not the sum of its ledger.',
  `Memory is VmRSS every 5 s, a line by least squares after the first ${WARM_UP_SECONDS} s of a process's life, judged from ${LEAST_SAMPLES} samples on: the slope less two standard errors is to be ${FLAT_MB_PER_HOUR} MB/h or less. Samples follow on each other, so the true error is larger than the one shown; a slower leak than that is not excluded.`,
  'A function has no handler for SIGTERM: asked or not, its process ends at once. The emulators cannot be started alone; when one is ended the stack is stopped after 3 s and started again on its folder.',
  'In the burst nothing is repeated, and an order is looked for in the table only: its label was not waited for.',
];
