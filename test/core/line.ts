import { emptyEnd, lineOf, waitOf } from '../../core/throttle.ts';

/** What it comes to when one call after the other takes its place in a line. */
export function joinLine(end: number | undefined, perMinute: number, now: number): { readonly end: number; readonly waitMs: number } {
  const line = lineOf(perMinute);
  const after = Math.max(end ?? 0, emptyEnd(line, now)) + line.intervalMs;
  return { end: after, waitMs: waitOf(line, after, now) };
}
