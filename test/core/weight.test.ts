import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Grams, toKilograms, toOunces, toPounds } from '../../core/weight.ts';

test.each([
  [1, 0.1],
  [28, 1],
  [29, 1.1],
  [100, 3.6],
  [1_000, 35.3],
  [453_592, 16_000],
])('%d g weigh at most %d oz', (grams, ounces) => {
  expect(toOunces(grams)).toBe(ounces);
});

test('ounces never fall short of the grams, and never exceed them by more than a tenth', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (grams) => {
      const inGrams = toOunces(grams) * 28.349523125;
      expect(inGrams).toBeGreaterThanOrEqual(grams - 1e-6);
      expect(inGrams - grams).toBeLessThan(2.84);
    }),
  );
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001])('%d is no weight', (grams) => {
  expect(Grams.safeParse(grams).success).toBe(false);
});

test.each([
  [1, 1, 1],
  [453, 1, 1],
  [454, 1, 2],
  [500, 16, 1.125],
  [500, 4, 1.25],
  [453_592, 16, 1_000],
] as const)('%d g, in %d parts of a pound, weigh %d lb at most', (grams, parts, pounds) => {
  expect(toPounds(grams, parts)).toBe(pounds);
});

test.each([
  [1, '0.001'],
  [10, '0.01'],
  [101, '0.101'],
  [1_000, '1'],
  [1_250, '1.25'],
  [10_500, '10.5'],
])('%d g are %s kg, to the gram', (grams, kilograms) => {
  expect(toKilograms(grams)).toBe(kilograms);
});
