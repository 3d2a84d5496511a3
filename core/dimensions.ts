import * as z from 'zod';

const Millimetres = z.int().min(1).max(10_000);

/** The outer measures of a box, in whole millimetres, longest first wherever the hub has sorted them. */
export const Dimensions = z.strictObject({ length: Millimetres, width: Millimetres, height: Millimetres });
export type Dimensions = z.infer<typeof Dimensions>;

/** The same box with its longest side as length and its shortest as height, as carriers ask for it. */
export function longestFirst({ length, width, height }: Dimensions): Dimensions {
  const [longest = length, middle = width, shortest = height] = [length, width, height].sort((a, b) => b - a);
  return { length: longest, width: middle, height: shortest };
}

/** Twice the sum of the two shorter sides, in millimetres. */
export function girthOf(box: Dimensions): number {
  const { width, height } = longestFirst(box);
  return 2 * (width + height);
}

/**
 * Millimetres as inches, rounded up to so many parts of an inch: `toInches(100, 1)` is `4`, `toInches(100, 10)` is `4`.
 * @param parts 1 for whole inches
 */
export function toInches(millimetres: number, parts: 1 | 10): number {
  return Math.ceil((millimetres * 10 * parts) / 254) / parts;
}

/** Millimetres as centimetres, rounded up to so many parts of a centimetre: `toCentimetres(101, 1)` is `11`. */
export function toCentimetres(millimetres: number, parts: 1 | 10): number {
  return Math.ceil((millimetres * parts) / 10) / parts;
}
