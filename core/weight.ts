import * as z from 'zod';

/** A weight in whole grams. */
export const Grams = z.int().min(1).max(1_000_000);
export type Grams = z.infer<typeof Grams>;

// The avoirdupois pound, exact: https://www.nist.gov/pml/owm/metric-si/si-units
const MICROGRAMS_PER_POUND = 453_592_370;
const MICROGRAMS_PER_OUNCE = 28_349_523.125;
const MICROGRAMS_PER_GRAM = 1_000_000;

/** Grams as ounces with one decimal, rounded up so that postage is never short: `toOunces(100)` is `3.6`. */
export function toOunces(grams: Grams): number {
  return Math.ceil((grams * MICROGRAMS_PER_GRAM * 10) / MICROGRAMS_PER_OUNCE) / 10;
}

/**
 * Grams as pounds, rounded up to so many parts of a pound: `toPounds(500, 1)` is `2`, `toPounds(500, 16)` is `1.125`.
 * @param parts a power of two, so that the figure is exact
 */
export function toPounds(grams: Grams, parts: 1 | 2 | 4 | 8 | 16): number {
  return Math.ceil((grams * MICROGRAMS_PER_GRAM * parts) / MICROGRAMS_PER_POUND) / parts;
}

/** Grams as a decimal number of kilograms, as text and never rounded: `toKilograms(1250)` is `"1.25"`. */
export function toKilograms(grams: Grams): string {
  const fraction = String(grams % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${Math.floor(grams / 1000)}${fraction === '' ? '' : `.${fraction}`}`;
}
