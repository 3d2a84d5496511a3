import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { ParsingJob, ParsingResult } from '../parser.ts';
import type { Bench, Findings } from '../section.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FIXTURES = join(ROOT, 'test', 'fixtures');
const PARSER = join(import.meta.dirname, '..', 'parser.ts');
const ORDERS = 10_000;

/** How fast each storefront's adapter turns recorded bodies into canonical orders, and in how much memory. */
export async function measureParsing({ orders = ORDERS, scratch, say }: Bench): Promise<Findings> {
  const measured: (readonly [string, number, ParsingResult])[] = [];
  for (const job of jobsOf(orders)) {
    const { kind, via, body } = job;
    const name = `${kind}, ${via === 'webhook' ? 'posted' : 'fetched'}`;
    say(`parsing ${orders} bodies of ${body.length} bytes: ${name}`);
    measured.push([name, Buffer.byteLength(body), await parseInOwnProcess(job, join(scratch, `${kind}-${via}.json`))]);
  }
  return {
    rows: measured.flatMap(([name, , { milliseconds, memoryPeak }]) => [
      { name: `${name}: orders parsed`, value: (orders * 1000) / milliseconds, unit: 'orders/s' },
      { name: '  peak memory', value: memoryPeak / 1024 / 1024, unit: 'MB' },
    ]),
    breakdowns: [
      {
        title: 'By body',
        columns: ['', 'bytes', 'CPU us an order', 'MB/s', 'MB before', 'MB at peak'],
        rows: measured.map(([name, bytes, { milliseconds, cpuMilliseconds, memoryBefore, memoryPeak }]) => [
          name,
          bytes,
          (cpuMilliseconds * 1000) / orders,
          (bytes * orders) / milliseconds / 1000,
          memoryBefore / 1024 / 1024,
          memoryPeak / 1024 / 1024,
        ]),
      },
    ],
    notes: ['Bodies are the fixtures of the contract tests, each order with an id of its own, one process for each; what only names an order is read for its reference.'],
  };
}

/** The largest body that each adapter has of either kind. */
function jobsOf(orders: number): ParsingJob[] {
  const kinds = readdirSync(join(ROOT, 'adapters', 'storefronts')).map((file) => basename(file, '.ts'));
  return kinds.sort().flatMap((kind) => {
    const settings: object = JSON.parse(readFileSync(join(FIXTURES, kind, 'settings.json'), 'utf8'));
    return (['webhook', 'fetch'] as const).flatMap((via) => {
      const body = largestOf(kind, via === 'webhook' ? 'order' : 'fetched');
      const [, id] = /"(?:id|order_id|receipt_id)":\s*"?[A-Z-]*(\d{5,19})/.exec(body) ?? /\/(\d{5,19})"/.exec(body) ?? [];
      return body === '' ? [] : [{ kind, settings, via, body, ...(id !== undefined && { id }), orders }];
    });
  });
}

function largestOf(kind: string, prefix: string): string {
  const files = readdirSync(join(FIXTURES, kind)).filter((file) => file.startsWith(prefix));
  return files.map((file) => readFileSync(join(FIXTURES, kind, file), 'utf8')).reduce((largest, text) => (text.length > largest.length ? text : largest), '');
}

async function parseInOwnProcess(job: ParsingJob, file: string): Promise<ParsingResult> {
  writeFileSync(file, JSON.stringify(job));
  const { stdout } = await promisify(execFile)(process.execPath, [PARSER, file], { env: { PATH: process.env.PATH ?? '' } });
  return JSON.parse(stdout);
}
