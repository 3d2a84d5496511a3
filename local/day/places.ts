import type { EnvName } from '../../functions/shell/env.ts';
import type { Cloud } from '../cloud/cloud.ts';

/** Where something of the stack is, as those functions know it that work with it. @throws Error when none does */
export function placeOf(cloud: Cloud, variable: EnvName): string {
  const found = cloud.functions.map((name) => cloud.functionEnvironment(name)[variable]).find((value) => value !== undefined);
  if (found === undefined) throw new Error(`No function of the stack has ${variable} in its environment.`);
  return found;
}
