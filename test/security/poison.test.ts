import { beforeEach, describe, expect, test, vi } from 'vitest';
import { packDelivery } from '../../adapters/delivery.ts';
import { openWorld } from '../../proof/explore.ts';
import { INVARIANTS, itemsOf } from '../../proof/invariants.ts';
import { outcomeOf } from '../../proof/outcome.ts';
import { STORIES, type Story } from '../../proof/stories.ts';
import { WORKERS } from '../../proof/workers.ts';
import type { World } from '../../proof/world.ts';
import { useLogLines } from '../functions/log-lines.ts';

useLogLines();

const delivery = (body: string, connectionId = 'wholesale') => packDelivery({ connectionId, headers: {}, receivedAt: '2026-11-20T08:30:00.000Z', body: Buffer.from(body) });
const event = (more: object) =>
  JSON.stringify({ schema: 1, id: 'poison', type: 'order.authorised', entity: 'order', at: '2026-11-20T08:30:00.000Z', orderId: 'wholesale:poison', ...more });

/** What no worker can read, each with the word by which it is known again among the dead letters. */
const POISON: readonly string[] = [
  ...['poison', '"poison"', '["poison"]', '{"poison":', '{"poison":null}', '{"poison":{"__proto__":{"x":1}}}', '\u0000poison', 'poison\u2028', '<poison/>'],
  ...[`{"poison":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, JSON.stringify({ poison: 'x'.repeat(200_000) }), Buffer.from('H4sIpoison').toString('latin1')],
  ...[event({ type: 'order.invented' }), event({ schema: 99 }), event({ orderId: 1 }), event({ entity: 'poison' }), event({ type: '__proto__' })],
  ...[delivery('{"type":"poison"}'), delivery('poison', 'nobody'), delivery('poison', '__proto__'), delivery('{"poison":true}', 'easypost')],
  ...[
    JSON.stringify({ connectionId: 'poison', request: { wants: 'erase-everything' } }),
    JSON.stringify({ carrierId: 'poison', warehouse: '../poison', day: 'today', closing: 1 }),
  ],
];

function storyOf(name: string): Story {
  const story = STORIES.find((one) => one.name === name);
  if (story === undefined) throw new Error(`there is no story "${name}"`);
  return story;
}

async function tell(world: World, { steps }: Story, between: (step: number) => void = () => {}): Promise<void> {
  for (const [step, take] of steps.entries()) {
    between(step);
    await take(world);
    await world.rest();
  }
}

/** What does not hold, of all that must; dead letters are for the tests. */
function faultsIn(world: World): string[] {
  const items = itemsOf(world.state);
  return INVARIANTS.filter(({ id }) => id !== 'I9').flatMap(({ id, faults }) => faults(world.state, items, world.client).map((fault) => `${id} ${fault}`));
}

beforeEach(() => void vi.spyOn(console, 'log').mockImplementation(() => {}));

describe.each(['an order is delivered', 'a day ends at the dock', 'a parcel comes back, and the customer is forgotten'])('while %s', (name) => {
  test.each(Object.keys(WORKERS))('what %s cannot read is set aside at once, and nothing else waits or is lost for it', async (queue) => {
    const story = storyOf(name);
    const undisturbed = await openWorld(story);
    await tell(undisturbed, story);
    const world = await openWorld(story);

    // Before, between and after what is good, in the same batches.
    await tell(world, story, () => world.enqueue(queue, POISON));
    world.enqueue(queue, POISON);
    await world.rest();

    expect(faultsIn(world)).toEqual([]);
    expect(goodOf(outcomeOf(world.state))).toEqual(goodOf(outcomeOf(undisturbed.state)));
    const dead = world.state.deadLetters.filter(({ body }) => POISON.includes(body));
    expect(dead).toHaveLength(world.state.deadLetters.length);
    // What a worker reads though it is not for it, as another's event or delivery, it may find to be nothing to do.
    const known = new Set(dead.map(({ body }) => body));
    for (const body of POISON.slice(0, 12)) expect(known, body.slice(0, 40)).toContain(body);
    for (const { code } of dead) expect(code).toMatch(/^[a-z-]+\.[a-z-]+$/);
  });
});

/** An outcome without what was set aside. */
function goodOf(outcome: readonly string[]): string[] {
  return outcome.filter((line) => !line.startsWith('dead letter'));
}

describe.each(STORIES.map((story) => [story.name, story] as const))('when every message of "%s" goes to every queue', (_name, story) => {
  test('those that it is not for find nothing to do, or set it aside, and everything holds', async () => {
    const world = await openWorld(story);
    await tell(world, story);
    const bodies = [...new Set(world.state.sent.map(({ body }) => body))];
    const before = world.state.deadLetters.length;
    expect(bodies.length).toBeGreaterThan(3);

    for (const queue of Object.keys(world.workers)) world.enqueue(queue, bodies);
    await world.rest();

    // A notice that was claimed for a message which is a dead letter now stays claimed until that is redriven, or its lease ends.
    const isClaimedOnly = (fault: string) => fault.endsWith('was claimed and never told') && world.state.deadLetters.slice(before).some(({ queue }) => queue === 'write-back');
    expect(faultsIn(world).filter((fault) => !isClaimedOnly(fault))).toEqual([]);
    // A storefront that is to hear of a parcel which has not left waits for that, as often as its queue lets it; all others know at once.
    for (const { queue, code } of world.state.deadLetters.slice(before))
      expect(code, queue).toMatch(queue === 'write-back' ? /^(?:[a-z-]+\.[a-z-]+|received too often)$/ : /^[a-z-]+\.[a-z-]+$/);
  });
});
