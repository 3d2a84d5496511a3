import { faultsOf, type Moment } from './explore.ts';
import { differencesOf, outcomeOf } from './outcome.ts';
import { type Random, randomFrom } from './random.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** A call that waits for its turn. */
interface Parked {
  readonly who: string;
  readonly go: () => void;
}

/** How often the clock jumps over every lease, of a thousand turns. */
const JUMPS = 60;
const JUMP_MS = 400_000;

/**
 * Plays several invocations at once, one call at a time: nobody goes on before everybody waits, and then chance says who does. So a seed
 * stands for one order of all calls, every time.
 */
export async function takeTurns(players: Readonly<Record<string, (gate: () => Promise<void>) => Promise<void>>>, random: Random, jump: () => void): Promise<string[]> {
  const parked: Parked[] = [];
  const live = new Set(Object.keys(players));
  const schedule: string[] = [];
  const gateOf = (who: string) => async () => {
    await new Promise<void>((go) => parked.push({ who, go }));
  };
  const ends = Promise.allSettled(Object.entries(players).map(([who, play]) => play(gateOf(who)).finally(() => live.delete(who))));
  while (live.size > 0) {
    await everybodyWaits(parked, live);
    parked.sort((a, b) => (a.who < b.who ? -1 : 1));
    const next = parked[random.below(parked.length)];
    if (next === undefined) continue;
    if (random.below(1_000) < JUMPS) jump();
    parked.splice(parked.indexOf(next), 1);
    schedule.push(next.who);
    next.go();
  }
  for (const end of await ends) if (end.status === 'rejected') throw end.reason;
  return schedule;
}

/** Turns of the event loop in which nothing new may happen: work that is no call, such as compressing, takes some. */
const QUIET = 3;

async function everybodyWaits(parked: readonly Parked[], live: ReadonlySet<string>): Promise<void> {
  for (let quiet = 0; quiet < QUIET; ) {
    const before = parked.length;
    await new Promise((resolve) => setImmediate(resolve));
    const all = [...live].every((who) => parked.some((one) => one.who === who));
    quiet = all && parked.length === before ? quiet + 1 : 0;
  }
}

/** Two or three workers get the same messages at the same time. @returns the order of their calls */
export async function proveInterleaving(world: World, moment: Moment, seed: number, tally: Tally): Promise<readonly string[]> {
  const random = randomFrom(seed);
  const { queue = '' } = moment;
  world.restore(moment.before);
  const messages = world.ready(queue);
  if (messages.length === 0) throw new Error(`There is nothing on ${queue} at ${moment.id}: nobody could be played.`);
  const players = Object.fromEntries(
    ['A', 'B', 'C'].slice(0, 2 + random.below(2)).map((who) => [who, async (gate: () => Promise<void>) => await world.deliver(queue, messages, { faults: [], gate })]),
  );
  const jump = () => {
    // Whoever stood still that long may tell somebody what another has told meanwhile.
    world.state.now += JUMP_MS;
    world.state.disturbances += 1;
  };
  const schedule = await takeTurns(players, random, jump);
  const faults = await healed(world, moment);
  tally.runs += 1;
  if (faults.length > 0) tally.failures.push({ replay: `${moment.id} seed:${seed}`, where: `${moment.name} in "${moment.story}", ${schedule.join('')}`, faults });
  return schedule;
}

async function healed(world: World, moment: Moment): Promise<string[]> {
  try {
    await world.rest();
  } catch (error) {
    return [`E ${error instanceof Error ? error.message : String(error)}`];
  }
  return [...faultsOf(world), ...differencesOf(moment.outcome, outcomeOf(world.state)).map((difference) => `= ${difference}`)];
}
