import { NOW } from '../test/core/samples.ts';
import { clientWith } from '../test/functions/world.ts';
import { INVARIANTS, itemsOf } from './invariants.ts';
import { differencesOf, outcomeOf } from './outcome.ts';
import type { Call, Fault } from './seam.ts';
import { copyState, type State } from './state.ts';
import { STORIES, type Story } from './stories.ts';
import { WORKERS } from './workers.ts';
import { type Invoked, World } from './world.ts';

/** One invocation of a story, and all that is needed to have it again. */
export interface Moment {
  /** `2.1.7`: the story, the step, and the invocation, each from 0. */
  readonly id: string;
  /** Its story: the number, and the name. */
  readonly number: number;
  readonly story: string;
  readonly name: string;
  readonly calls: readonly Call[];
  /** Whose messages it was given; undefined where it was given none. */
  readonly queue: string | undefined;
  /** Just before it, its messages still to be seen. */
  readonly before: State;
  /** What the step comes to when nothing goes wrong. */
  readonly outcome: readonly string[];
  /** Has the step happen once more, in a world, from before this invocation on. */
  readonly again: (world: World) => Promise<void>;
  /** Its number among the invocations of `again`, from 0. */
  readonly skip: number;
}

/** Opens a world in which nothing has happened. */
export async function openWorld({ client = {} }: Pick<Story, 'client'> = {}): Promise<World> {
  return await World.open(clientWith({ storefronts: [STOREFRONT], carriers: [CARRIER], ...client }), NOW);
}

const CARRIER = { id: 'easypost', kind: 'easypost', settings: { endpoint: 'https://api.easypost.com/v2', carrierAccounts: [], scanForms: ['UPS'], labelFormat: 'PDF' } };
// It hears of parcels and of stock.
const STOREFRONT = { id: 'wholesale', kind: 'custom', settings: { callbackUrl: 'https://wholesale.example.com/crossdock', toleranceSeconds: 300 }, stock: { publish: true } };

/** The moments of all stories, each once for all that are alike. */
export async function allMoments(): Promise<ReadonlyMap<string, Moment>> {
  const seen = new Set<string>();
  const moments = new Map<string, Moment>();
  for (const [number, story] of STORIES.entries()) for (const moment of await momentsOf(number, story, seen)) moments.set(moment.id, moment);
  return moments;
}

/** Tells a story in which nothing goes wrong. @returns its invocations, each once for all that are alike @throws Error when something does not hold */
export async function momentsOf(number: number, story: Story, seen = new Set<string>(), workers?: World['workers']): Promise<Moment[]> {
  const world = await openWorld(story);
  if (workers !== undefined) world.workers = workers;
  const moments: Moment[] = [];
  for (const [step, take] of story.steps.entries()) {
    const begin = copyState(world.state);
    const before: State[] = [];
    world.invoked.length = 0;
    world.onInvoke = () => void before.push(copyState(world.state));
    await take(world);
    await world.rest();
    const outcome = outcomeOf(world.state);
    for (const [invocation, { name, by, calls }] of world.invoked.entries()) {
      const kind = `${name}: ${calls.map((call) => call.name).join(' ')}`;
      if (seen.has(kind)) continue;
      seen.add(kind);
      const state = before[invocation] ?? begin;
      const queue = by === 'queue' ? queueOf(name) : undefined;
      // Who asks is part of the step: it has to be told from its beginning.
      const from = by === 'asked' ? { again: fromState(begin, take), skip: invocation } : { again: fromState(state), skip: 0 };
      moments.push({ id: `${number}.${step}.${invocation}`, number, story: story.name, name, calls: [...calls], queue, before: state, outcome, ...from });
    }
    world.onInvoke = () => {};
  }
  return moments;
}

function fromState(state: State, take: Story['steps'][number] = () => {}): Moment['again'] {
  return async (world) => {
    world.restore(state);
    await take(world);
    await world.rest();
  };
}

function queueOf(name: string): string | undefined {
  return Object.entries(WORKERS).find(([, worker]) => worker.name === name)?.[0];
}

/** What is to go wrong: at a moment's invocation, and when its function is invoked again. */
export type Plan = readonly (readonly Fault[])[];

/** What became of a plan: what does not hold, and how its invocations went. */
export interface Explored {
  readonly faults: readonly string[];
  readonly invoked: readonly Invoked[];
}

/** Has a moment again, with something going wrong in it, and then nothing more; sees what does not hold when the hub has come to rest. */
export async function explore(world: World, moment: Moment, plan: Plan): Promise<Explored> {
  let met = 0;
  world.fates = (number, name) => {
    if (number < moment.skip || name !== moment.name || met >= plan.length) return [];
    met += 1;
    return plan[met - 1] ?? [];
  };
  try {
    await moment.again(world);
  } catch (error) {
    return { faults: [`E ${error instanceof Error ? error.message : String(error)}`], invoked: [...world.invoked] };
  } finally {
    world.fates = () => [];
  }
  return { faults: [...faultsOf(world), ...differencesOf(moment.outcome, outcomeOf(world.state)).map((difference) => `= ${difference}`)], invoked: [...world.invoked] };
}

/** What does not hold of a world at rest. */
export function faultsOf(world: World): string[] {
  const items = itemsOf(world.state);
  return INVARIANTS.flatMap(({ id, faults }) => faults(world.state, items, world.client).map((fault) => `${id} ${fault}`));
}
