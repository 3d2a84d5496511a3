import { expect, test } from 'vitest';
import { takeTurns } from '../../proof/interleavings.ts';
import { randomFrom } from '../../proof/random.ts';

/** Three players who each make four calls, with work of their own length between them. */
async function schedule(seed: number): Promise<string> {
  const play = (length: number) => async (gate: () => Promise<void>) => {
    for (let call = 0; call < 4; call++) {
      await gate();
      for (let turn = 0; turn < length; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return (await takeTurns({ A: play(0), B: play(1), C: play(2) }, randomFrom(seed), () => {})).join('');
}

test('a seed stands for one order of all calls, whatever happens between them, and other seeds for others', async () => {
  const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
  const first = await Promise.all(seeds.map(schedule));
  const again: string[] = [];
  for (const seed of seeds) again.push(await schedule(seed));

  expect(again).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(15);
  for (const one of first) expect([...one].sort().join('')).toBe('AAAABBBBCCCC');
});
