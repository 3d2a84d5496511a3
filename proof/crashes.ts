import { explore, type Moment } from './explore.ts';
import { type Call, FAULT_KINDS, type FaultKind } from './seam.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** What only a person can find out: who comes upon it, how it shows, what may differ then, and why. */
const PERSONS: readonly { readonly name: string; readonly meets: RegExp; readonly shows: RegExp; readonly differs: RegExp; readonly why: string }[] = [
  {
    name: 'shipment/buy-label',
    meets: /^\d+:garbled$/,
    shows: /^= instead: order .* held: address/,
    differs: /^= \w+: order /,
    why: 'the label is paid for, and what came instead of its picture is none',
  },
  {
    name: 'shipment/settle-pickups',
    meets: /./,
    shows: /^= instead: pickup .* is unknown/,
    differs: /^= \w+: (pickup|the carrier comes) /,
    why: 'the carrier was asked to come, did not answer, and cannot be asked whether it heard',
  },
];

/** Every single thing that may go wrong at every call of a moment. */
export async function provePoints(world: World, moment: Moment, tally: Tally): Promise<void> {
  for (const [index, { kinds }] of moment.calls.entries()) for (const kind of kinds) await prove(world, moment, [`${index + 1}:${kind}`], tally);
}

/** Death at every call, and death again at every call of the next attempt. */
export async function provePairs(world: World, moment: Moment, tally: Tally): Promise<void> {
  for (const first of deathsOf(moment.calls)) {
    const { invoked } = await explore(world, moment, planOf([first]));
    const next = invoked.find(({ name }, number) => name === moment.name && number > moment.skip);
    for (const second of deathsOf(next?.calls ?? [])) await prove(world, moment, [first, second], tally);
  }
}

/**
 * Every way to die that leaves another world behind: before anything, and around each call that changes something. To die around a call that
 * only reads is to die around the change before it; to die before a call that is made alone is to die after the one before it.
 */
export function deathsOf(calls: readonly Pick<Call, 'name' | 'isAlone'>[]): string[] {
  const around = calls.flatMap(({ name, isAlone }, index) => {
    const before = isAlone && calls[index - 1]?.isAlone !== false ? [] : [`${index + 1}:dies-before`];
    return READS.test(name) ? [] : [...before, `${index + 1}:dies-after`];
  });
  return calls.length === 0 ? [] : [...new Set(['1:dies-before', ...around])];
}

const READS = /^(dynamodb:(GetItem|BatchGetItem|Query|Scan)|s3:(GetObject|ListObjectsV2)|secrets:GetSecretValue|http:GET .*)$/;

/** Proves one plan, written as `3:dies-after`, once for each invocation that meets something. */
export async function prove(world: World, moment: Moment, plan: readonly string[], tally: Tally): Promise<void> {
  const { faults } = await explore(world, moment, planOf(plan));
  tally.runs += 1;
  if (faults.length === 0) return;
  const met = moment.calls[Number.parseInt(plan[0] ?? '', 10) - 1]?.name ?? '';
  const isPersons = PERSONS.some(
    ({ name, meets, shows, differs }) =>
      name === moment.name && meets.test(plan[0] ?? '') && faults.some((fault) => shows.test(fault)) && faults.every((fault) => differs.test(fault)),
  );
  if (isPersons) tally.withAPerson += 1;
  else
    tally.failures.push({
      replay: [moment.id, ...plan].join(' '),
      where: `${moment.name} in "${moment.story}", at ${met}: ${plan.join(', then ')}`,
      faults,
    });
}

function planOf(plan: readonly string[]) {
  return plan.map((text) => {
    const [call = '', kind = ''] = text.split(':');
    return [{ call: Number(call), kind: kindOf(kind) }];
  });
}

/** @throws Error naming the kind that there is not */
function kindOf(text: string): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === text);
  if (kind === undefined) throw new Error(`Nothing goes wrong in the way of ${JSON.stringify(text)}; there are ${FAULT_KINDS.join(', ')}.`);
  return kind;
}
