import { afterEach, describe, expect, test, vi } from 'vitest';
import { ENV, readEnv } from '../../../functions/shell/env.ts';
import { once } from '../../../functions/shell/once.ts';
import { ReportDue, schedule } from '../../../functions/shell/schedule.ts';
import { CONTEXT } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';

const log = useLogLines();
afterEach(() => vi.unstubAllEnvs());

describe('the environment', () => {
  test('gives the variables that were asked for', () => {
    vi.stubEnv(ENV.table, 'hub-table');
    vi.stubEnv(ENV.clientFolder, '/opt');

    expect(readEnv(ENV.table, ENV.clientFolder)).toEqual({ TABLE_NAME: 'hub-table', CLIENT_FOLDER: '/opt' });
  });

  test('names every missing variable in one error, an empty one too', () => {
    vi.stubEnv(ENV.table, 'hub-table');
    vi.stubEnv(ENV.eventsTopic, '');
    vi.stubEnv(ENV.factsBucket, undefined);

    expect(() => readEnv(ENV.table, ENV.eventsTopic, ENV.factsBucket)).toThrow('lacks EVENTS_TOPIC_ARN, FACTS_BUCKET;');
  });
});

describe('scheduled work', () => {
  test('is told what is due and when it was', async () => {
    const done: ReportDue[] = [];
    const handler = schedule({ due: ReportDue, services: () => done, run: async (due, list) => void list.push(due) });

    await handler({ report: 'daily', scheduledAt: '2026-11-23T05:00:00Z' }, CONTEXT);

    expect(done).toEqual([{ report: 'daily', scheduledAt: new Date('2026-11-23T05:00:00.000Z') }]);
  });

  test.each([{}, { report: 'daily' }, { report: 'daily', scheduledAt: 'tomorrow' }, { report: 'daily', scheduledAt: '2026-11-23T05:00:00Z', more: 1 }])(
    'refuses %j',
    async (event) => {
      const handler = schedule({ due: ReportDue, services: () => null, run: async () => {} });

      await expect(handler(event, CONTEXT)).rejects.toThrow();
      expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'scheduled work failed' }));
    },
  );

  test("that fails is the scheduler's to repeat, without a word of what failed it", async () => {
    const handler = schedule({ due: ReportDue, services: () => null, run: () => Promise.reject(new Error('no facts')) });

    await expect(handler({ report: 'daily', scheduledAt: '2026-11-23T05:00:00Z' }, CONTEXT)).rejects.toThrow(/^The scheduled work failed; .*where\.$/);
  });
});

describe('something made once', () => {
  test('is made on first use and kept, and a failure is not kept', () => {
    let calls = 0;
    const make = once(() => {
      calls += 1;
      if (calls === 1) throw new Error('not yet');
      return { calls };
    });

    expect(make).toThrow('not yet');
    expect(make()).toBe(make());
    expect(calls).toBe(2);
  });
});
