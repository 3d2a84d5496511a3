import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnSubscription, type ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { DeadLetters } from './dead-letters.ts';
import { type FunctionName, HubFunction, type HubFunctionProps } from './hub-function.ts';
import { HubQueue } from './hub-queue.ts';

/** How a worker takes its work. */
export interface WorkerProps extends Omit<HubFunctionProps, 'lost'> {
  /** What people notice when it fails, as one sentence without a full stop; the text of its alarm. */
  readonly failureMeans: string;
  /** Messages an invocation gets at most. @default 10 */
  readonly batchSize?: number;
  /** How long a batch may wait to fill up. @default - it does not wait */
  readonly batchWindow?: Duration;
  /** Invocations at a time, for each of its queues. */
  readonly maxConcurrency: number;
  /** Attempts before a message is put aside. */
  readonly receives: number;
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
const VISIBILITY_PER_TIMEOUT = 6;

/**
 * A function that works off queues. Whatever it cannot do ends in its dead-letter queue, which wakes a person with the
 * sentence in `failureMeans`: it moves there itself what will never succeed, and SQS moves what failed too often.
 */
export class Worker extends HubFunction {
  readonly deadLetters: DeadLetters;
  private readonly props: WorkerProps;

  constructor(scope: Construct, name: FunctionName, props: WorkerProps) {
    super(scope, name, props);
    this.props = props;
    this.deadLetters = new DeadLetters(this, 'DeadLetters', { failureMeans: props.failureMeans, runbook: this.runbook });
    this.sends(ENV.deadLetterQueue, this.deadLetters);
  }

  /** Gives it a queue to work off. */
  worksOff(id: string): HubQueue {
    const queue = new HubQueue(this, id, {
      visibilityTimeout: Duration.seconds(VISIBILITY_PER_TIMEOUT * this.timeout.toSeconds()),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: this.props.receives },
    });
    this.function.addEventSource(
      new SqsEventSource(queue, {
        batchSize: this.props.batchSize ?? 10,
        maxBatchingWindow: this.props.batchWindow ?? Duration.seconds(0),
        maxConcurrency: this.props.maxConcurrency,
        reportBatchItemFailures: true,
      }),
    );
    return queue;
  }

  /**
   * Has it told of what happened: a queue of its own, subscribed to the events topic.
   * @param filter attribute names and the values to hear of
   */
  hears(id: string, events: ITopic, filter: Readonly<Record<string, readonly string[]>>): this {
    const queue = this.worksOff(id).hears(events);
    new CfnSubscription(queue, 'Subscription', {
      topicArn: events.topicArn,
      protocol: 'sqs',
      endpoint: queue.queueArn,
      rawMessageDelivery: true,
      filterPolicy: filter,
      redrivePolicy: { deadLetterTargetArn: this.deadLetters.hears(events).queueArn },
    });
    return this;
  }
}
