import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { failureAlarm } from './alarm.ts';

/** Whose failures a dead-letter queue keeps. */
export interface DeadLettersProps {
  /** What waits for a person while a message lies here, as one sentence without a full stop. */
  readonly failureMeans: string;
  /** Heading in docs/runbook.md that says what to do. */
  readonly runbook: string;
}

/** Work that a person must look at: kept as long as SQS can, and an alarm at the first message. */
export class DeadLetters extends Queue {
  constructor(scope: Construct, id: string, props: DeadLettersProps) {
    super(scope, id, { retentionPeriod: Duration.days(14), encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true });
    const metric = this.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
    failureAlarm(this, 'Alarm', { metric, ...props });
  }
}
