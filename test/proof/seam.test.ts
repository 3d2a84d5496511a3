import { describe, expect, test, vi } from 'vitest';
import { type Fault, Invocation, through } from '../../proof/seam.ts';

/** A function of three calls, the last two at once, that notes what it came to. */
async function run(faults: readonly Fault[], notes: string[] = [], more: object = {}) {
  const invocation = new Invocation({ faults, ...more });
  const call = async (name: string) => {
    await through(name, () => void notes.push(`did ${name}`), { throttled: () => Promise.reject(new Error('throttled')) });
    notes.push(`heard ${name}`);
  };
  const work = async () => {
    try {
      await call('a');
      await Promise.all([call('b'), call('c')]);
      notes.push('done');
    } catch {
      notes.push('caught');
    } finally {
      notes.push('tidied');
    }
  };
  const became = await invocation.run(work);
  // Whoever is dead must stay dead: what is still under way is given time to show itself.
  await new Promise((resolve) => setImmediate(resolve));
  return { became, notes, invocation };
}

describe('an invocation', () => {
  test('outside of which nothing is in the way', async () => {
    expect(await through('a', () => 7)).toBe(7);
  });

  test('passes all its calls, and knows which were made alone', async () => {
    const { notes, invocation } = await run([]);

    expect(notes).toEqual(['did a', 'heard a', 'did b', 'did c', 'heard b', 'heard c', 'done', 'tidied']);
    expect(invocation.calls.map(({ name, isAlone }) => [name, isAlone])).toEqual([
      ['a', true],
      ['b', true],
      ['c', false],
    ]);
  });

  test.each<[Fault['kind'], number, string[]]>([
    ['dies-before', 1, []],
    ['dies-after', 1, ['did a']],
    ['dies-before', 3, ['did a', 'heard a', 'did b']],
    ['dies-after', 3, ['did a', 'heard a', 'did b', 'did c']],
  ])('that %s call %i runs no catch and no finally, and nothing of it goes out any more', async (kind, call, expected) => {
    const { became, notes } = await run([{ call, kind }]);

    expect(became).toBe('died');
    expect(notes.filter((note) => !note.startsWith('heard b'))).toEqual(expected);
  });

  test('hears of a call that was refused, and goes on', async () => {
    expect((await run([{ call: 1, kind: 'throttled' }])).notes).toEqual(['caught', 'tidied']);
  });

  test('that is overtaken goes on after the others', async () => {
    const notes: string[] = [];
    const overtake = vi.fn(async () => void notes.push('the other'));
    await run([{ call: 1, kind: 'overtaken-before' }], notes, { overtake });

    expect(notes.slice(0, 3)).toEqual(['the other', 'did a', 'heard a']);
  });
});
