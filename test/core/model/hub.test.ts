import fc from 'fast-check';
import { describe, test } from 'vitest';
import { runs } from '../../runs.ts';
import { NOW } from '../samples.ts';
import { CLIENTS } from './clients.ts';
import { anyCommands } from './commands.ts';
import { live } from './life.ts';
import { World } from './world.ts';

describe('whatever people, storefronts, carriers and the clock do', () => {
  test.each(CLIENTS)(
    'stock and orders agree: split $split, rules $rules',
    ({ client }) => {
      fc.assert(
        fc.property(anyCommands, (commands) => void live(new World(client, NOW), commands)),
        { numRuns: runs(350) },
      );
    },
    120_000,
  );
});
