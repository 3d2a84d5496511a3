import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HeapFigure } from '../heap-runner.ts';
import type { Bench, Findings } from '../section.ts';

const RUNNER = join(import.meta.dirname, '..', 'heap-runner.ts');
const STORIES = 600;
/** Stories between two figures; the first of them warms up. */
const EVERY = 100;
/** Bytes that an invocation may leave behind. At ten invocations a second a container of 512 MB lasts a week with it; Lambda ends it within hours. */
const AIM_BYTES = 100;

/** Measures what invocations leave behind in the memory of a container that is never ended. */
export async function measureHeap({ say }: Bench): Promise<Findings> {
  say(`telling a story ${STORIES} times`);
  const { stdout } = await promisify(execFile)(process.execPath, [RUNNER, String(STORIES), String(EVERY)], { maxBuffer: 512 * 1024 * 1024 });
  const figures: HeapFigure[] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  const [first, last] = [figures[0], figures.at(-1)];
  if (first === undefined || last === undefined || last.invocations === first.invocations) throw new Error('Nothing was invoked, so nothing was measured.');
  return {
    rows: [
      { name: 'invocations', value: last.invocations - first.invocations, unit: '' },
      { name: 'held at first', value: first.bytes / 1e6, unit: 'MB' },
      { name: 'held at last', value: last.bytes / 1e6, unit: 'MB' },
      { name: 'left behind by an invocation', value: (last.bytes - first.bytes) / (last.invocations - first.invocations), unit: 'bytes', atMost: AIM_BYTES },
    ],
    breakdowns: [
      { title: 'What the heap held after a collection', columns: ['invocations', 'MB'], rows: figures.map(({ invocations, bytes }) => [invocations, (bytes / 1e6).toFixed(2)]) },
    ],
    notes: ['All workers of an order from its webhook to its delivery, in one process, with AWS and the carrier in memory (proof/): their code and ours, without sockets.'],
  };
}
