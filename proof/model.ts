import fc from 'fast-check';
import { type Item, isEntity } from '../adapters/aws/table.ts';
import { Rejected } from '../core/error.ts';
import type { LedgerEntry } from '../core/inventory.ts';
import { isLive, type Order } from '../core/order.ts';
import { idOf } from '../test/functions/world.ts';
import { disturb, heal, redrive } from './adversary.ts';
import { count, decide, receive, release } from './desk.ts';
import { faultsOf } from './explore.ts';
import { itemsOf } from './invariants.ts';
import { askToErase, post, scan } from './outside.ts';
import { randomFrom } from './random.ts';
import { FAULT_KINDS } from './seam.ts';
import type { State } from './state.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

const IDS = ['1', '2', '3'] as const;
const SKUS = ['TENT', 'MUG'] as const;
const id = fc.constantFrom(...IDS);
const sku = fc.constantFrom(...SKUS);
const units = fc.dictionary(sku, fc.integer({ min: 1, max: 3 }), { minKeys: 1, noNullPrototype: true });

const anyCommand = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('place'), id, units, paid: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('edit'), id, units }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel'), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('postAgain'), id }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restock'), sku, quantity: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('count'), sku, quantity: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('scan'), id, journey: fc.constantFrom('plain', 'delayed', 'returned'), scans: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('recall'), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release'), id, kind: fc.constantFrom('address', 'payment', 'stock', 'duplicate') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase'), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump'), minutes: fc.integer({ min: 1, max: 300 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('work'), turns: fc.integer({ min: 1, max: 12 }), seed: fc.nat(1_000_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail'), call: fc.integer({ min: 1, max: 12 }), kind: fc.constantFrom(...FAULT_KINDS) }) },
);
type Command = typeof anyCommand extends fc.Arbitrary<infer C> ? C : never;

/** What the world outside knows, in plain maps. */
interface Model {
  /** The newest version that was posted of each order. */
  readonly posted: Map<string, { readonly version: number; readonly units: Readonly<Record<string, number>>; readonly paid: boolean; readonly cancelled: boolean }>;
  /** Units that came in, by SKU. */
  readonly received: Map<string, number>;
  next: number;
}

async function carryOut(command: Command, world: World, model: Model): Promise<void> {
  switch (command.do) {
    case 'place':
    case 'edit':
    case 'cancel':
    case 'postAgain':
      return say(command, world, model);
    case 'restock':
      model.received.set(command.sku, (model.received.get(command.sku) ?? 0) + command.quantity);
      model.next += 1;
      return await receive(world, `receipt-${model.next}`, { [command.sku]: command.quantity });
    case 'count':
      model.next += 1;
      return await count(world, `count-${model.next}`, command.sku, command.quantity);
    case 'scan':
      return scan(world, command.id, command.journey, command.scans);
    case 'recall':
      return await decide(world, command.id, 'recall');
    case 'release':
      return await release(world, command.id, command.kind);
    case 'erase':
      return askToErase(world, command.id);
    case 'redrive':
      return redrive(world);
    case 'jump':
      world.state.now += command.minutes * 60_000;
      return;
    case 'work': {
      const random = randomFrom(command.seed);
      for (let turn = 0; turn < command.turns; turn++) await disturb(world, random);
      return;
    }
    case 'fail': {
      let left = 1;
      world.fates = () => (left-- > 0 ? [{ call: command.call, kind: command.kind }] : []);
      await world.step();
      world.fates = () => [];
      return;
    }
    default:
      command satisfies never;
  }
}

/** The storefront says something of an order. */
function say(command: Extract<Command, { do: 'place' | 'edit' | 'cancel' | 'postAgain' }>, world: World, model: Model): void {
  const known = model.posted.get(command.id);
  if (command.do !== 'place' && known === undefined) return;
  if (command.do === 'place' && known !== undefined) return;
  const before = known ?? { version: 0, units: {}, paid: false, cancelled: false };
  const changed = {
    ...before,
    ...('units' in command && { units: command.units }),
    ...('paid' in command && { paid: command.paid }),
    ...(command.do === 'cancel' && { cancelled: true }),
    version: command.do === 'postAgain' ? Math.max(1, before.version - 1) : before.version + 1,
  };
  // What was posted before comes as it was: only a new version is news.
  if (command.do === 'postAgain' && changed.version < before.version) return;
  if (before.cancelled && command.do !== 'postAgain') return;
  if (command.do !== 'postAgain') model.posted.set(command.id, changed);
  const { version, units, paid, cancelled } = model.posted.get(command.id) ?? changed;
  post(world, { id: command.id, version, units, paid, status: cancelled ? 'cancelled' : 'open' });
}

/** What the model says of the hub at rest, and the hub does not. */
function disagreements(items: readonly Item[], { posted, received }: Model): string[] {
  const orders = new Map(items.filter((item) => isEntity<Order>(item, 'order')).map((order) => [order.orderId, order]));
  const wrong: string[] = [];
  for (const [name, { units, cancelled }] of posted) {
    const order = orders.get(idOf(name));
    if (order === undefined) {
      wrong.push(`M order ${name} was posted, and is nowhere`);
      continue;
    }
    if (cancelled !== (order.ending === 'cancelled')) wrong.push(`M order ${name} was ${cancelled ? '' : 'not '}cancelled, and is ${order.ending ?? order.status}`);
    const demand = Object.fromEntries(order.demand.map((line) => [line.sku, line.quantity]));
    if (!cancelled && JSON.stringify(sorted(demand)) !== JSON.stringify(sorted(units)))
      wrong.push(`M order ${name} is of ${JSON.stringify(units)}, and the hub has ${JSON.stringify(demand)}`);
  }
  for (const one of SKUS) {
    const movements = items.filter((item) => isEntity<LedgerEntry>(item, 'ledger')).flatMap((entry) => (entry.sku === one ? entry.movements : []));
    const corrected = movements.reduce((sum, { cause, onHand: units }) => sum + (cause.startsWith('count-') ? units : 0), 0);
    const left = [...orders.values()]
      .flatMap(({ parcels }) => parcels.filter(isLive).flatMap(({ units: packed }) => packed))
      .reduce((sum, line) => sum + (line.sku === one ? line.quantity : 0), 0);
    const onHand = items.reduce((sum, item) => sum + (item.entity === 'stock' && item.sku === one ? Number(item.onHand) : 0), 0);
    const expected = (received.get(one) ?? 0) + corrected - left;
    if (onHand !== expected) wrong.push(`M ${one}: ${received.get(one) ?? 0} came in, ${corrected} corrected, ${left} in parcels, and ${onHand} on hand`);
  }
  return wrong;
}

function sorted(units: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(units).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function live(commands: readonly Command[], world: World, blank: State): Promise<string[]> {
  world.restore(blank);
  const model: Model = { posted: new Map(), received: new Map(), next: 0 };
  try {
    for (const command of commands) await carryOut(command, world, model).catch(unlessRefused);
    await heal(world);
  } catch (error) {
    return [`E ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    world.fates = () => [];
  }
  return [...faultsOf(world), ...disagreements(itemsOf(world.state), model)];
}

/** A person may be told that there is no such order, or no such parcel. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof Rejected)) throw error;
}

const COMMANDS = 40;

/** Runs of one seed: how many, or the one at a path that failed before. */
export interface ModelRuns {
  readonly seed: number;
  readonly runs: number;
  readonly path?: string;
}

/** Runs of many commands, each compared with plain maps; what fails is made as short as it can be. */
export async function proveModel(world: World, blank: State, { seed, runs, path }: ModelRuns, tally: Tally): Promise<void> {
  const property = fc.asyncProperty(fc.array(anyCommand, { minLength: 4, maxLength: COMMANDS }), async (commands) => {
    const faults = await live(commands, world, blank);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });
  const details = await fc.check(property, { seed, numRuns: runs, ...(path !== undefined && { path }), endOnFailure: path !== undefined });
  tally.runs += details.numRuns;
  if (!details.failed) return;
  const { counterexamplePath, counterexample, errorInstance } = details;
  const faults = (errorInstance instanceof Error ? errorInstance.message : 'it failed').split('\n');
  tally.failures.push({ replay: `model seed:${seed} path:${counterexamplePath ?? ''}`, where: JSON.stringify(counterexample), faults });
}
