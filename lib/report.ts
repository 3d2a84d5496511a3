import { Duration, TimeZone } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Foundation } from './foundation.ts';
import { HubFunction } from './hub-function.ts';
import { Timetable } from './timetable.ts';

/** Writes the reports on schedule and opens them by signed link. */
export class Report extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    const missed = new DeadLetters(this, 'Missed', { failureMeans: 'supply managers did not get their report', runbook: 'report-write-report' });
    const writeReport = new HubFunction(this, 'report/write-report', {
      description: 'Writes a report from the facts.',
      timeout: Duration.seconds(300),
      memory: 1024,
      lost: missed,
    })
      .knows(hub.clientLayer)
      .appends(hub.table)
      .fetches(ENV.factsBucket, hub.buckets.facts)
      .puts(ENV.reportsBucket, hub.buckets.reports);
    const [hour, minute] = hub.client.reports.daily.at.split(':').map(Number);
    new Timetable(this, 'Daily', {
      description: `The daily report of ${hub.client.name}`,
      schedule: ScheduleExpression.cron({ hour: String(hour), minute: String(minute), timeZone: TimeZone.of(hub.client.timeZone) }),
      calls: writeReport,
      input: { report: 'daily' },
      missed,
    });

    hub.gateway
      .answers(this, 'report/open-report', {
        description: 'Opens a report by its signed link.',
        failureMeans: 'supply managers cannot open their reports',
        timeout: Duration.seconds(10),
      })
      .knows(hub.clientLayer)
      .opens(hub.secrets, [hub.secrets.links])
      .fetches(ENV.reportsBucket, hub.buckets.reports);
  }
}
