import * as z from 'zod';

/** A weight in whole grams. */
export const Grams = z.int().min(1).max(1_000_000);
export type Grams = z.infer<typeof Grams>;

const MILLIGRAMS_PER_OUNCE = 28_349.523125;

/** Grams as ounces with one decimal, rounded up so that postage is never short: `toOunces(100)` is `3.6`. */
export function toOunces(grams: Grams): number {
  return Math.ceil((grams * 10_000) / MILLIGRAMS_PER_OUNCE) / 10;
}
