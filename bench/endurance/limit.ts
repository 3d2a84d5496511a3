/** What a short load at one rate came to. */
export interface Step {
  /** Orders a second. */
  readonly rate: number;
  readonly seconds: number;
  /** The answer that 95 of 100 did not exceed, in milliseconds. */
  readonly answeredMs: number;
  /** Orders that were not acknowledged at the first attempt. */
  readonly refused: number;
  /** Seconds from the last order to when nothing was left to do. */
  readonly restSeconds: number;
}

/** Storefronts give up after seconds; an edge that takes a second for one in twenty is near its end. */
const SLOW_MS = 1_000;
/** So much of a step's time may be needed for catching up: a rate that is a third above what is worked off needs it. */
const CATCH_UP_SHARE = 0.34;
const GROWTH = 1.5;
const MOST_STEPS = 12;

/** Why a rate is above the limit; undefined when it is held. @param unloadedRest seconds until rest after hardly any load */
export function overload({ answeredMs, refused, restSeconds, seconds }: Step, unloadedRest: number): string | undefined {
  if (refused > 0) return `${refused} orders were not acknowledged at the first attempt`;
  if (answeredMs > SLOW_MS) return `one answer in twenty took more than ${Math.round(answeredMs)} ms`;
  const late = restSeconds - unloadedRest;
  return late > CATCH_UP_SHARE * seconds ? `queues grew: at rest ${late.toFixed(1)} s later than unloaded, after ${seconds} s of load` : undefined;
}

/** What a search came to. */
export interface Limit {
  /** The highest rate that was held, orders a second. */
  readonly rate: number;
  readonly steps: readonly (Step & { readonly why: string | undefined })[];
}

/**
 * Raises the rate by half until a step overloads the stack, then tries once between the last that was held and the first that was not.
 * The first step is so light that its rest is taken for that of an unloaded stack.
 * @throws Error when the first step is refused or slow: then there is nothing to measure
 */
export async function findLimit(first: number, attempt: (rate: number) => Promise<Step>): Promise<Limit> {
  const unloaded = await attempt(first);
  const wrong = overload(unloaded, unloaded.restSeconds);
  if (wrong !== undefined) throw new Error(`Even ${first} orders a second are too many: ${wrong}.`);
  const steps: (Step & { readonly why: string | undefined })[] = [{ ...unloaded, why: undefined }];
  let held = first;
  const holds = async (rate: number) => {
    const step = await attempt(rate);
    const why = overload(step, unloaded.restSeconds);
    steps.push({ ...step, why });
    if (why === undefined) held = rate;
    return why === undefined;
  };
  let rate = first * GROWTH;
  while (steps.length < MOST_STEPS && (await holds(rate))) rate *= GROWTH;
  if (steps.at(-1)?.why !== undefined) await holds(Math.sqrt(held * rate));
  return { rate: held, steps };
}
