/**
 * Has all workers deal with a story again and again in one process, and tells after each so many times what the heap holds once everything
 * that nobody holds on to was collected: what grows from line to line is never let go of. Logs go to standard output, the figures last.
 * Called with how often, and how many times there are between two figures.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openWorld } from '../proof/explore.ts';
import { copyState } from '../proof/state.ts';
import { STORIES } from '../proof/stories.ts';

/** What the heap held. */
export interface HeapFigure {
  /** Invocations of functions until then. */
  readonly invocations: number;
  readonly bytes: number;
}

const [, , times = '0', every = '1'] = process.argv;
const [story] = STORIES;
if (story === undefined) throw new Error('There is no story to tell.');
setFlagsFromString('--expose_gc');
const collect: () => void = runInNewContext('gc');

const world = await openWorld(story);
const blank = copyState(world.state);
const figures: HeapFigure[] = [];
let invocations = 0;
for (let told = 1; told <= Number(times); told++) {
  world.restore(blank);
  for (const take of story.steps) {
    await take(world);
    await world.rest();
  }
  invocations += world.invoked.length;
  if (told % Number(every) !== 0) continue;
  collect();
  figures.push({ invocations, bytes: process.memoryUsage().heapUsed });
}
process.stdout.write(`\n${JSON.stringify(figures)}\n`);
