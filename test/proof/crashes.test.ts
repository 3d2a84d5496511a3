import { expect, test } from 'vitest';
import { deathsOf } from '../../proof/crashes.ts';

const read = { name: 'dynamodb:GetItem', isAlone: true };
const write = { name: 'dynamodb:PutItem', isAlone: true };
const beside = { name: 'sqs:SendMessageBatch', isAlone: false };

test.each([
  ['nothing that calls nobody', [], []],
  ['before all of what only reads', [read, read], ['1:dies-before']],
  ['once around each change that is made alone', [read, write, read, write], ['1:dies-before', '2:dies-after', '4:dies-after']],
  ['on both sides of changes that are made at once', [write, beside, write], ['1:dies-before', '1:dies-after', '2:dies-before', '2:dies-after', '3:dies-before', '3:dies-after']],
])('there is a death for %s', (_what, calls, deaths) => {
  expect(deathsOf(calls)).toEqual(deaths);
});
