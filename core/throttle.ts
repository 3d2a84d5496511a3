/** Calls that may go at once after a pause. */
const BURST = 5;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A line of calls to somebody who takes so many a minute. Its end is the instant up to which calls are promised, in milliseconds since 1970. */
export interface Line {
  /** Milliseconds from one call to the next. */
  readonly intervalMs: number;
}

/**
 * The line of calls to somebody who takes so many a minute: spread evenly, and after a pause five at once. No minute has more than its number;
 * where the number is so small that five are more than half of it, no hour has more than 60 times it.
 * The generic cell rate algorithm: https://www.itu.int/rec/T-REC-I.371
 */
export function lineOf(perMinute: number): Line {
  const [calls, windowMs] = perMinute >= 2 * BURST ? [perMinute, MINUTE_MS] : [perMinute * 60, HOUR_MS];
  // What a burst may take at once is taken off the even flow. Whole microseconds, up: the database adds decimals.
  return { intervalMs: Math.ceil((windowMs * 1_000) / (calls - BURST + 1)) / 1_000 };
}

/** Where a line ends in which nobody stands: so early that a burst need not wait. An end before that is of a line that is over. */
export function emptyEnd({ intervalMs }: Line, now: number): number {
  return now - (BURST - 1) * intervalMs;
}

/** How long a call must wait after which the line ends so, in milliseconds. */
export function waitOf({ intervalMs }: Line, end: number, now: number): number {
  return Math.max(0, Math.round(end - intervalMs - now));
}
