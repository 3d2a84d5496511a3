import { proveAgainstQueues } from './adversary.ts';
import { prove } from './crashes.ts';
import { proveInterleaving } from './interleavings.ts';
import { MODEL_RUNS, momentAt, type Workshop, worldOf } from './jobs.ts';
import { proveModel } from './model.ts';
import { STORIES } from './stories.ts';
import { emptyTally, type Tally } from './tally.ts';

/**
 * Has one run of the proof again, as a failure names it: `2.1.7 3:dies-after`, `2.1.7 seed:4`, `queues:1 seed:4` or `model seed:4 path:0:1`.
 * @throws TypeError when it names none
 */
export async function replay(text: string, { moments, worlds, blank }: Workshop): Promise<Tally> {
  const tally = emptyTally();
  const [what = '', ...rest] = text.trim().split(/\s+/);
  const seed = numberIn(rest, 'seed');
  const [, story] = /^queues:(\d{1,3})$/.exec(what) ?? [];
  if (what === 'model' && seed !== undefined) {
    const path = rest.find((word) => word.startsWith('path:'))?.slice(5);
    await proveModel(worldOf(worlds, 0), blank, { seed, runs: MODEL_RUNS, ...(path !== undefined && { path }) }, tally);
  } else if (story !== undefined && seed !== undefined) {
    const told = STORIES[Number(story)];
    if (told === undefined) throw new TypeError(`There is no story ${story}; there are ${STORIES.length}.`);
    await proveAgainstQueues(worldOf(worlds, Number(story)), blank, Number(story), told, seed, tally);
  } else if (/^\d+\.\d+\.\d+$/.test(what) && rest.length > 0) {
    const moment = momentAt(moments, what);
    const world = worldOf(worlds, moment.number);
    if (seed !== undefined) await proveInterleaving(world, moment, seed, tally);
    else await prove(world, moment, rest, tally);
  } else throw new TypeError(`${JSON.stringify(text)} names no run: give what stands behind --replay where a failure is printed.`);
  return tally;
}

function numberIn(words: readonly string[], name: string): number | undefined {
  const [, digits] =
    words
      .map((word) => /^(\w+):(\d{1,10})$/.exec(word))
      .find((match) => match?.[1] === name)
      ?.slice(1) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
