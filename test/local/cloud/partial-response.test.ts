import { expect, test } from 'vitest';
import type { Outcome } from '../../../local/cloud/functions.ts';
import { failedItems } from '../../../local/cloud/partial-response.ts';

const ALL = ['a', 'b', 'c'];
const failures = (...identifiers: string[]): Outcome => ({ kind: 'result', value: { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) } });

const CASES: ReadonlyArray<readonly [string, Outcome, boolean, readonly string[]]> = [
  ['nothing returned', { kind: 'result', value: null }, true, []],
  ['an empty object', { kind: 'result', value: {} }, true, []],
  ['an empty list', failures(), true, []],
  ['one failure', failures('b'), true, ['b']],
  ['an unknown identifier fails all', failures('b', 'z'), true, ALL],
  ['an empty identifier fails all', failures(''), true, ALL],
  ['an unreadable answer fails all', { kind: 'result', value: { batchItemFailures: 'b' } }, true, ALL],
  ['an error fails all', { kind: 'failed', errorType: 'Error', errorMessage: 'x' }, true, ALL],
  ['a mapping that does not read answers', failures('b'), false, []],
];

test.each(CASES)('%s', (_title, outcome, partial, expected) => {
  expect([...failedItems(outcome, ALL, partial)]).toEqual(expected);
});
