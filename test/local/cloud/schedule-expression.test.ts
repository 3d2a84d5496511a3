import { Cron } from 'croner';
import { expect, test } from 'vitest';
import { readSchedule } from '../../../local/cloud/schedule-expression.ts';

const FROM = new Date('2026-11-22T12:00:00.000Z'); // a Sunday

// Expression, time zone, and the next two times after FROM as AWS would have them.
const CASES: ReadonlyArray<readonly [string, string, readonly [string, string]]> = [
  ['cron(0 6 * * ? *)', 'Europe/Berlin', ['2026-11-23T05:00:00.000Z', '2026-11-24T05:00:00.000Z']],
  ['cron(0 6 * * ? *)', 'America/New_York', ['2026-11-23T11:00:00.000Z', '2026-11-24T11:00:00.000Z']],
  ['cron(0/15 * * * ? *)', 'UTC', ['2026-11-22T12:15:00.000Z', '2026-11-22T12:30:00.000Z']],
  ['cron(30 7 ? * MON-FRI *)', 'UTC', ['2026-11-23T07:30:00.000Z', '2026-11-24T07:30:00.000Z']],
  ['cron(30 7 ? * 2-6 *)', 'UTC', ['2026-11-23T07:30:00.000Z', '2026-11-24T07:30:00.000Z']],
  ['cron(0 9 ? * 1 *)', 'UTC', ['2026-11-29T09:00:00.000Z', '2026-12-06T09:00:00.000Z']],
  ['cron(0 9 ? * 2#1 *)', 'UTC', ['2026-12-07T09:00:00.000Z', '2027-01-04T09:00:00.000Z']],
  ['cron(0 9 ? * 6L *)', 'UTC', ['2026-11-27T09:00:00.000Z', '2026-12-25T09:00:00.000Z']],
  ['cron(0 0 1 * ? *)', 'UTC', ['2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']],
  ['cron(0 0 L * ? *)', 'UTC', ['2026-11-30T00:00:00.000Z', '2026-12-31T00:00:00.000Z']],
  ['cron(0 0 1 1 ? 2028-2030)', 'UTC', ['2028-01-01T00:00:00.000Z', '2029-01-01T00:00:00.000Z']],
];

test.each(CASES)('%s in %s fires when AWS would', (expression, timezone, expected) => {
  const timing = readSchedule(expression);
  const cron = new Cron(timing.kind === 'cron' ? timing.pattern : '', { timezone, paused: true });

  expect(cron.nextRuns(2, FROM).map((at) => at.toISOString())).toEqual(expected);
});

test.each([
  ['rate(5 minutes)', 300_000],
  ['rate(1 hour)', 3_600_000],
  ['rate(2 days)', 172_800_000],
])('%s is a rate', (expression, everyMs) => {
  expect(readSchedule(expression)).toEqual({ kind: 'rate', everyMs });
});

test.each(['cron(0 6 * * *)', 'cron(0 6 * * * *)', 'cron(0 6 ? * ? *)', 'rate(0 minutes)', 'rate(5 weeks)', 'every day', 'cron()'])('%s is refused and quoted', (expression) => {
  expect(() => readSchedule(expression)).toThrow(expression);
});
