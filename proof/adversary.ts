import type { Item } from '../adapters/aws/table.ts';
import { Rejected } from '../core/error.ts';
import { buyLabels, releasePacked } from './desk.ts';
import { faultsOf } from './explore.ts';
import { itemsOf, tableDifferences } from './invariants.ts';
import { type Random, randomFrom } from './random.ts';
import { FAULT_KINDS, type Fault } from './seam.ts';
import { copyState, type State } from './state.ts';
import type { Story } from './stories.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** Of a hundred invocations, how many meet something. */
const MEET = 15;
const LONGEST_DELAY_MS = 900_000;

/**
 * A whole story in two phases. In the first the queues are against us: messages come twice and three times, in any order, later than anybody
 * expects, again after they were done with, and again from the dead letters; and any call may fail. In the second nothing goes wrong any
 * more, and the hub must come to rest with everything done.
 */
export async function proveAgainstQueues(world: World, blank: State, number: number, story: Story, seed: number, tally: Tally): Promise<void> {
  const random = randomFrom(seed);
  world.restore(copyState(blank));
  const faults: string[] = [];
  try {
    for (const take of story.steps) {
      world.fates = () => fateBy(random);
      await takeIn(world, take);
      for (let turns = random.below(25); turns > 0; turns--) await disturb(world, random);
      world.fates = () => [];
    }
    await heal(world);
    faults.push(...faultsOf(world));
    if (faults.length === 0) faults.push(...(await sendAllAgain(world)));
  } catch (error) {
    faults.push(`E ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    world.fates = () => [];
  }
  tally.runs += 1;
  if (faults.length > 0) tally.failures.push({ replay: `queues:${number} seed:${seed}`, where: `"${story.name}" against the queues`, faults });
}

/** A person who is told that there is no such order yet looks again when the hub has come to rest. */
async function takeIn(world: World, take: Story['steps'][number]): Promise<void> {
  try {
    await take(world);
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    world.fates = () => [];
    await heal(world);
    await take(world);
  }
}

/** Chance has something go wrong at one of the first calls. */
function fateBy(random: Random): Fault[] {
  const kind = random.pick(FAULT_KINDS);
  return random.below(100) < MEET && kind !== undefined ? [{ call: 1 + random.below(12), kind }] : [];
}

/** One thing that a queue may do. */
export async function disturb(world: World, random: Random): Promise<void> {
  const { queues, now } = world.state;
  const waiting = [...queues].filter(([queue, messages]) => queue in world.workers && messages.length > 0);
  const [queue = '', messages = []] = random.pick(waiting) ?? [];
  const message = random.pick(messages);
  const what = random.below(8);
  if (what === 0 && message !== undefined) {
    // It comes twice, or three times.
    world.enqueue(queue, [message.body, message.body].slice(0, 1 + random.below(2)));
    world.state.disturbances += 2;
  } else if (what === 1 && message !== undefined) message.visibleAt = now + random.below(LONGEST_DELAY_MS);
  else if (what === 2) messages.sort(() => random.next() - 0.5);
  else if (what === 3 && message !== undefined) {
    // Done, and the receipt is lost.
    await world.deliver(queue, [message]);
    world.enqueue(queue, [message.body]);
    world.state.disturbances += 1;
  } else if (what === 4) redrive(world);
  else if (what === 5 && world.state.stream.length > 1) await world.tellChanges();
  else await world.step();
}

/** Puts dead letters back where they came from, as an operator does. */
export function redrive(world: World): void {
  const letters = world.state.deadLetters.splice(0).filter(({ queue, body, code }) => {
    const isPoison = body.includes('poison');
    if (isPoison) world.state.deadLetters.push({ queue, body, code });
    return !isPoison;
  });
  for (const { queue, body } of letters) world.enqueue(queue, [body]);
}

/** Nothing goes wrong any more, and people settle what waits for them: everything must come to its end. */
export async function heal(world: World): Promise<void> {
  await world.rest();
  redrive(world);
  await world.rest();
  await releasePacked(world);
  await world.rest();
  await buyLabels(world);
  await world.rest();
}

/** Every message that ever was comes once more: nothing may change by that. */
async function sendAllAgain(world: World): Promise<string[]> {
  const before = lastingItems(world);
  for (const { queue, body } of world.state.sent.splice(0)) if (queue in world.workers && !body.includes('poison')) world.enqueue(queue, [body]);
  await world.rest();
  return tableDifferences(before, lastingItems(world)).map((difference) => `I6 ${difference}`);
}

/** All but the notes on who waits for stock: whoever reads one that is out of date takes it away. */
function lastingItems({ state }: World): Item[] {
  return itemsOf(state).filter(({ entity }) => entity !== 'waiting');
}
