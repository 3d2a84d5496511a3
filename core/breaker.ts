/** Whether somebody is called who has not answered lately. */
export interface Breaker {
  /** Failures in a row. */
  readonly failures: number;
  /** When the first of them was, in milliseconds since 1970. Not called `since`: that is a text in every row, by which work lists are read. */
  readonly failingSince: number;
  /** Until then nobody calls; 0 while it is closed. */
  readonly openUntil: number;
  /** How often it opened in a row without an answer between. */
  readonly opened: number;
}

/** Nothing went wrong. */
export const CLOSED: Breaker = { failures: 0, failingSince: 0, openUntil: 0, opened: 0 };

const FAILURES = 5;
const FIRST_PAUSE_MS = 20_000;
const LONGEST_PAUSE_MS = 300_000;

/** Whether somebody may be called now. Once its pause is over one failure is enough to open it again. */
export function mayCall(breaker: Breaker | undefined, now: number): boolean {
  return breaker === undefined || breaker.openUntil <= now;
}

/** The breaker after a call. @returns the same object when nothing changed */
export function afterCall(breaker: Breaker, answered: boolean, now: number): Breaker {
  if (answered) return breaker.failures === 0 ? breaker : CLOSED;
  // A call that was under way when it opened tells nothing new: of many at once each would make the pause longer.
  if (!mayCall(breaker, now)) return breaker;
  const failures = breaker.failures + 1;
  const failingSince = breaker.failures === 0 ? now : breaker.failingSince;
  if (failures < FAILURES) return { ...breaker, failures, failingSince };
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** breaker.opened, LONGEST_PAUSE_MS);
  return { failures, failingSince, openUntil: now + pause, opened: breaker.opened + 1 };
}
