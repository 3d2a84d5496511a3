import fc from 'fast-check';
import { describe, test } from 'vitest';
import { runs } from '../../runs.ts';
import { NOW } from '../samples.ts';
import { CLIENTS } from './clients.ts';
import { anyCommands, type Command, carryOut } from './commands.ts';
import { checkRest, checkWorld } from './laws.ts';
import { World } from './world.ts';

function live(world: World, commands: readonly Command[]): void {
  for (const command of commands) {
    carryOut(world, command);
    checkWorld(world);
  }
  world.comeToRest();
  checkWorld(world);
  checkRest(world);
}

describe('whatever people, storefronts, carriers and the clock do', () => {
  test.each(CLIENTS)(
    'stock and orders agree: split $split, rules $rules',
    ({ client }) => {
      fc.assert(
        fc.property(anyCommands, (commands) => live(new World(client, NOW), commands)),
        { numRuns: runs(500) },
      );
    },
    120_000,
  );
});
