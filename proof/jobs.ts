import * as z from 'zod';
import { proveAgainstQueues } from './adversary.ts';
import { provePairs, provePoints } from './crashes.ts';
import { allMoments, type Moment, openWorld } from './explore.ts';
import { proveInterleaving } from './interleavings.ts';
import { KNOWN_BAD, proveKnownBad } from './known-bad.ts';
import { proveModel } from './model.ts';
import { copyState, type State } from './state.ts';
import { STORIES } from './stories.ts';
import { emptyTally } from './tally.ts';
import type { World } from './world.ts';

/** A part of the proof that one process does on its own. */
export const Job = z.discriminatedUnion('part', [
  z.object({ part: z.enum(['points', 'pairs']), moment: z.string() }),
  z.object({ part: z.literal('interleavings'), moment: z.string(), seeds: z.int() }),
  z.object({ part: z.literal('queues'), seed: z.int() }),
  z.object({ part: z.literal('model'), seed: z.int() }),
  z.object({ part: z.literal('known-bad'), name: z.string() }),
]);
export type Job = z.infer<typeof Job>;

/** What a job came to. */
export const Done = z.object({
  runs: z.int(),
  withAPerson: z.int(),
  failures: z.array(z.object({ replay: z.string(), where: z.string(), faults: z.array(z.string()) })),
  /** What told of a bad worker; null where nothing did, or where there was none to tell of. */
  toldBy: z.string().nullable(),
});
export type Done = z.infer<typeof Done>;

/** Runs of the model in one job. */
export const MODEL_RUNS = 100;
/** Every seed of `--seeds` is so many seeds for the queues, and so many jobs for the model. */
const QUEUE_SEEDS = 2;

/** What jobs are done with: the moments of all stories, and a world of each story to have them in. */
export interface Workshop {
  readonly moments: ReadonlyMap<string, Moment>;
  readonly worlds: readonly World[];
  /** Nothing has happened. */
  readonly blank: State;
}

/** Opens one. */
export async function openWorkshop(): Promise<Workshop> {
  const worlds = await Promise.all(STORIES.map(openWorld));
  return { moments: await allMoments(), worlds, blank: copyState(worldOf(worlds, 0).state) };
}

/** The world of a story. @throws Error when there is no such story */
export function worldOf(worlds: readonly World[], story: number): World {
  const world = worlds[story];
  if (world === undefined) throw new Error(`There is no story ${story}; there are ${worlds.length}, from 0 on.`);
  return world;
}

/** Everything there is to prove, the longest first. @param seeds how far chance goes */
export function jobsOf(moments: ReadonlyMap<string, Moment>, seeds: number): Job[] {
  const longest = [...moments.values()].sort((a, b) => b.calls.length - a.calls.length);
  const upTo = (most: number) => Array.from({ length: most }, (_, index) => index + 1);
  return [
    ...longest.map(({ id }): Job => ({ part: 'pairs', moment: id })),
    ...KNOWN_BAD.map(({ name }): Job => ({ part: 'known-bad', name })),
    ...upTo(seeds).map((seed): Job => ({ part: 'model', seed })),
    ...longest.map(({ id }): Job => ({ part: 'points', moment: id })),
    ...upTo(seeds * QUEUE_SEEDS).map((seed): Job => ({ part: 'queues', seed })),
    ...longest.filter(({ queue }) => queue !== undefined).map(({ id }): Job => ({ part: 'interleavings', moment: id, seeds })),
  ];
}

/** Does one. @throws Error when it names a moment or a bad worker that there is not */
export async function carryOut(job: Job, { moments, worlds, blank }: Workshop): Promise<Done> {
  const tally = emptyTally();
  let toldBy: string | null = null;
  switch (job.part) {
    case 'points':
      await having(job.moment, (world, moment) => provePoints(world, moment, tally));
      break;
    case 'pairs':
      await having(job.moment, (world, moment) => provePairs(world, moment, tally));
      break;
    case 'interleavings':
      for (let seed = 1; seed <= job.seeds; seed++) await having(job.moment, (world, moment) => proveInterleaving(world, moment, seed, tally));
      break;
    case 'queues':
      for (const [number, story] of STORIES.entries()) await proveAgainstQueues(worldOf(worlds, number), blank, number, story, job.seed, tally);
      break;
    case 'model':
      await proveModel(worldOf(worlds, 0), blank, { seed: job.seed, runs: MODEL_RUNS }, tally);
      break;
    case 'known-bad':
      toldBy = (await proveKnownBad(job.name, tally)) ?? null;
      break;
    default:
      job satisfies never;
  }
  // What a bad worker breaks is what it is there for.
  return { ...tally, failures: job.part === 'known-bad' ? [] : tally.failures.map((failure) => ({ ...failure, faults: [...failure.faults] })), toldBy };

  async function having(id: string, prove: (world: World, moment: Moment) => Promise<unknown>): Promise<void> {
    const moment = momentAt(moments, id);
    await prove(worldOf(worlds, moment.number), moment);
  }
}

/** The moment of that id. @throws Error when there is none */
export function momentAt(moments: ReadonlyMap<string, Moment>, id: string): Moment {
  const moment = moments.get(id);
  if (moment === undefined) throw new Error(`There is no moment ${id}; there are ${[...moments.keys()].join(', ')}.`);
  return moment;
}
