import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { failureAlarm } from './alarm.ts';
import { HubQueue } from './hub-queue.ts';

/** Whose failures a dead-letter queue keeps. */
export interface DeadLettersProps {
  /** What waits for a person while a message lies here, as one sentence without a full stop. */
  readonly failureMeans: string;
  /** Heading in docs/runbook.md that says what to do. */
  readonly runbook: string;
}

/** Work that a person must look at: kept as long as SQS can, and an alarm at the first message. */
export class DeadLetters extends HubQueue {
  constructor(scope: Construct, id: string, props: DeadLettersProps) {
    super(scope, id);
    const metric = this.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
    failureAlarm(this, 'Alarm', { metric, ...props });
  }
}
