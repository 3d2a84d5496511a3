import { Aws, Duration, TimeZone } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Foundation } from './foundation.ts';
import { HubFunction } from './hub-function.ts';

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
    this.runDaily(hub, writeReport, missed);

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

  private runDaily(hub: Foundation, writeReport: HubFunction, missed: Queue): void {
    const [hour, minute] = hub.client.reports.daily.at.split(':').map(Number);
    const role = new Role(this, 'DailyRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } } }),
      description: 'What the schedule of the daily report may do',
    });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [writeReport.function.functionArn] }));
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [missed.queueArn] }));
    new Schedule(this, 'Daily', {
      description: `The daily report of ${hub.client.name}`,
      schedule: ScheduleExpression.cron({ hour: String(hour), minute: String(minute), timeZone: TimeZone.of(hub.client.timeZone) }),
      target: new LambdaInvoke(writeReport.function, {
        input: ScheduleTargetInput.fromObject({ report: 'daily', scheduledAt: ContextAttribute.scheduledTime }),
        retryAttempts: 3,
        maxEventAge: Duration.hours(1),
        deadLetterQueue: missed,
        // The target would widen the role to every version of the function.
        role: role.withoutPolicyUpdates(),
      }),
    });
  }
}
