import { expect, test } from 'vitest';
import { columns, time } from '../../bin/terminal.ts';

test('columns line up, and the last one is left as long as it is', () => {
  expect(
    columns([
      ['status', 'held'],
      ['ship to', 'a long address'],
    ]),
  ).toBe('  status   held\n  ship to  a long address');
});

test('an empty list is an empty text', () => {
  expect(columns([])).toBe('');
});

test('instants are read in UTC, to the second', () => {
  expect(time('2026-11-22T13:04:05.678Z')).toBe('2026-11-22 13:04:05 UTC');
});
