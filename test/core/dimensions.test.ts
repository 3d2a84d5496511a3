import { expect, test } from 'vitest';
import { Dimensions, girthOf, longestFirst, toCentimetres, toInches } from '../../core/dimensions.ts';

test('a box is told with its longest side first, however it stands', () => {
  const box = { length: 300, width: 200, height: 100 };

  for (const stood of [box, { length: 100, width: 300, height: 200 }, { length: 200, width: 100, height: 300 }]) expect(longestFirst(stood)).toEqual(box);
});

test('the girth of a box is measured around its shorter sides, however it stands', () => {
  expect(girthOf({ length: 100, width: 300, height: 200 })).toBe(600);
});

test.each([
  [1, 1, 1],
  [100, 1, 4],
  [100, 10, 4],
  [254, 1, 10],
  [255, 1, 11],
  [255, 10, 10.1],
] as const)('%d mm, in %d parts of an inch, are %d in at most', (millimetres, parts, inches) => {
  expect(toInches(millimetres, parts)).toBe(inches);
});

test.each([
  [100, 1, 10],
  [101, 1, 11],
  [101, 10, 10.1],
] as const)('%d mm, in %d parts of a centimetre, are %d cm at most', (millimetres, parts, centimetres) => {
  expect(toCentimetres(millimetres, parts)).toBe(centimetres);
});

test.each([0, 1.5, 10_001])('no side of a box is %d mm', (side) => {
  expect(Dimensions.safeParse({ length: 300, width: 200, height: side }).success).toBe(false);
});
