import { type Command, carryOut } from './commands.ts';
import { checkRest, checkWorld } from './laws.ts';
import type { World } from './world.ts';

/** Has a hub live through commands and come to rest. @throws Error naming the law that was broken */
export function live(world: World, commands: readonly Command[]): World {
  for (const command of commands) {
    carryOut(world, command);
    checkWorld(world);
  }
  world.comeToRest();
  checkWorld(world);
  checkRest(world);
  return world;
}
