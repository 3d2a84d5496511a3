/** How a process is ended: asked to (SIGTERM), or without a word (SIGKILL). */
type Ending = 'gently' | 'killed';

/** Something of the stack that is ended under load. */
type Target =
  | { readonly part: 'stack' | 'emulators' | 'dynamodb' }
  /** Every process of one function that runs at that moment. */
  | { readonly part: 'function'; readonly name: string };

/** One restart. */
export interface Restart {
  /** Seconds after the load began; later when an earlier one is still under way. */
  readonly atSecond: number;
  readonly target: Target;
  readonly ending: Ending;
}

const PARTS = ['stack', 'emulators', 'dynamodb'] as const;
const ENDINGS = ['gently', 'killed'] as const;
/** The stack needs this much of the time between two of its restarts to be up again and at work. */
const SETTLING_SHARE = 0.4;
/** Seconds between two restarts of everything at least: what was in flight at five of them in a row would be put aside as a poison message. */
const LEAST_SLOT_SECONDS = 30;

/**
 * Every process in its turn, once each way: the processes without which nothing runs at even distances, and between them the functions, one
 * after another.
 * @param seconds that there are for it; it takes three minutes at least
 */
export function planRestarts(functions: readonly string[], seconds: number): Restart[] {
  const whole = PARTS.flatMap((part) => ENDINGS.map((ending) => ({ target: { part }, ending })));
  const slot = Math.max(LEAST_SLOT_SECONDS, seconds / whole.length);
  const single = functions.flatMap((name) => ENDINGS.map((ending) => ({ target: { part: 'function' as const, name }, ending })));
  const perSlot = Math.ceil(single.length / whole.length);
  const between = (index: number) => SETTLING_SHARE * slot + ((index % perSlot) * (1 - SETTLING_SHARE) * slot) / perSlot;
  return [
    ...whole.map((one, index) => ({ ...one, atSecond: index * slot })),
    ...single.map((one, index) => ({ ...one, atSecond: Math.floor(index / perSlot) * slot + between(index) })),
  ].sort((a, b) => a.atSecond - b.atSecond);
}

/** A restart in a word. */
export function restartText({ target, ending }: Restart): string {
  const what = target.part === 'function' ? target.name : { stack: 'the whole stack', emulators: 'SQS, SNS and S3', dynamodb: 'DynamoDB' }[target.part];
  return `${what} ${ending === 'gently' ? 'ended gently' : 'killed'}`;
}
