import { describe, expect, test } from 'vitest';
import { readReport } from '../../../adapters/aws/report-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { writeReport } from '../../../functions/report/write-report.ts';
import { period } from '../../core/report-day.ts';
import { useEmulator } from '../../emulator.ts';
import { itemsOf } from '../../invariants.ts';
import { type CrashPoint, lifeline, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { DUE, EVENTS, openReporter } from './reporter.ts';

const emulator = useEmulator();
useLogLines();

const KEYS = ['html', 'csv', 'json'].map((extension) => `reports/daily/${period.day}.${extension}`);

async function runsIn(table: Table) {
  return (await itemsOf(table)).filter(({ entity }) => entity === 'report');
}

describe('the daily report', () => {
  test('is three objects, and a run on record that says what they rest on', async () => {
    const { reporter, objects, types } = await openReporter(await emulator.freshTable());

    await writeReport(DUE, reporter);

    expect([...objects.keys()].sort()).toEqual(KEYS.toSorted());
    expect(KEYS.map((key) => types.get(key)?.split(';')[0])).toEqual(['text/html', 'text/csv', 'application/json']);
    const report = await readReport(reporter.reports, 'daily', period.day);
    expect(report.facts.counted + report.facts.earlier).toBe(new Set(EVENTS.map(({ id }) => id)).size);
    expect(report.headline.orders.received).toBeGreaterThan(0);
    expect(await runsIn(reporter.table)).toEqual([
      expect.objectContaining({
        report: 'daily',
        day: period.day,
        scheduledAt: '2026-11-23T05:00:00.000Z',
        facts: report.facts.counted,
        objects: KEYS,
        checksum: expect.stringMatching(/^[\w-]{32,}$/),
        change: { type: 'report.written', at: '2026-11-23T05:00:00.000Z', by: 'hub', reason: `the daily report of ${period.day}` },
      }),
    ]);
  });

  test('run again, late, writes the same bytes and the same run', async () => {
    const { hub, reporter, objects } = await openReporter(await emulator.freshTable());
    await writeReport(DUE, reporter);
    const first = new Map(objects);
    const [run] = await runsIn(reporter.table);

    hub.pass(3_600);
    await writeReport(DUE, reporter);

    expect(objects).toEqual(first);
    expect(await runsIn(reporter.table)).toEqual([{ ...run, change: expect.anything() }]);
  });

  test('is whole after an invocation died at any of its writes', async () => {
    const table = await emulator.freshTable();
    const whole = await openReporter(table);
    await writeReport(DUE, whole.reporter);
    const points = [1, 2, 3, 4].flatMap((call): CrashPoint[] => [
      { call, when: 'before' },
      { call, when: 'after' },
    ]);

    for (const point of points) {
      const { reporter, objects } = await openReporter(await emulator.freshTable());
      const line = lifeline(point);
      const dying = emulator.reopen(reporter.table);
      tieTable(dying, line);
      const client = reporter.reports.client.middlewareStack;
      client.add((next, context) => (args) => (context.commandName === 'PutObjectCommand' ? line.through('PutObject', () => next(args)) : next(args)), {
        step: 'initialize',
        name: 'dies',
      });

      expect(await line.run(() => writeReport(DUE, { ...reporter, table: dying }))).toBe('crashed');
      client.remove('dies');
      await writeReport(DUE, reporter);

      expect(objects).toEqual(whole.objects);
      expect(await runsIn(reporter.table)).toEqual(await runsIn(table));
    }
  });
});
