// Run as a process of its own, so that its memory is that of one adapter: `node bench/parser.ts <job file>`.
import { readFileSync } from 'node:fs';
import { loadStorefront } from '../adapters/storefront.ts';

/** What one adapter is to parse. */
export interface ParsingJob {
  readonly kind: string;
  readonly settings: object;
  readonly via: 'webhook' | 'fetch';
  /** A recorded body. */
  readonly body: string;
  /** The digits in it that are its id, where there are any: each order gets others. */
  readonly id?: string;
  readonly orders: number;
}

/** What parsing came to. */
export interface ParsingResult {
  readonly orders: number;
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** Largest resident set of the process, before and at the end. */
  readonly memoryBefore: number;
  readonly memoryPeak: number;
}

const WARM_UP = 500;
const KILOBYTE = 1024;

if (process.argv[1] === import.meta.filename) {
  const job: ParsingJob = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
  process.stdout.write(JSON.stringify(await run(job)));
}

async function run({ kind, settings: told, via, body, id, orders }: ParsingJob): Promise<ParsingResult> {
  const storefront = await loadStorefront(kind);
  const settings = storefront.settings.parse(told);
  const parse = (index: number) => {
    const bytes = Buffer.from(id === undefined ? body : body.replaceAll(id, String(BigInt(id) + BigInt(index))));
    const parsed = storefront.parse({ connectionId: 'bench', headers: {}, body: bytes, receivedAt: '2026-11-20T09:00:00.000Z', via }, settings);
    if (parsed.kind !== 'orders' && parsed.kind !== 'reference') throw new Error(`Order ${index} of ${kind} was taken for ${parsed.kind}.`);
  };
  for (let index = 0; index < WARM_UP; index++) parse(index);
  const memoryBefore = process.resourceUsage().maxRSS * KILOBYTE;
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  for (let index = 0; index < orders; index++) parse(WARM_UP + index);
  const { user, system } = process.cpuUsage(cpu);
  return { orders, milliseconds: performance.now() - began, cpuMilliseconds: (user + system) / 1000, memoryBefore, memoryPeak: process.resourceUsage().maxRSS * KILOBYTE };
}
