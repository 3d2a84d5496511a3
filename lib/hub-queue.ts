import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnQueuePolicy, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** A queue of the hub: encrypted, reached over TLS alone, and kept for as long as SQS can. */
export class HubQueue extends Queue {
  constructor(scope: Construct, id: string, props: Pick<QueueProps, 'visibilityTimeout' | 'deadLetterQueue'> = {}) {
    super(scope, id, { retentionPeriod: Duration.days(14), encryption: QueueEncryption.SQS_MANAGED, ...props });
    QueuePolicy.of(this).covers(this);
  }

  /** Lets a topic send to it. */
  hears(topic: ITopic): this {
    QueuePolicy.of(this).lets(topic);
    return this;
  }
}

/** The one policy of all queues of a stack: one each would be a resource more for every queue, and a stack may hold 500. */
class QueuePolicy extends Construct {
  private readonly topics = new Set<ITopic>();
  private readonly policy: CfnQueuePolicy;

  private constructor(scope: Construct) {
    super(scope, 'QueuePolicy');
    this.policy = new CfnQueuePolicy(this, 'Policy', { queues: [], policyDocument: Lazy.any({ produce: () => this.document() }) });
  }

  static of(queue: Construct): QueuePolicy {
    const stack = Stack.of(queue);
    const known = stack.node.tryFindChild('QueuePolicy');
    return known instanceof QueuePolicy ? known : new QueuePolicy(stack);
  }

  covers(queue: Queue): void {
    this.policy.queues = [...this.policy.queues, queue.queueUrl];
  }

  lets(topic: ITopic): void {
    this.topics.add(topic);
  }

  /** A queue's policy is about that queue alone, whatever resource it names. */
  private document(): PolicyDocument {
    const overTls = new PolicyStatement({
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['sqs:*'],
      resources: ['*'],
      conditions: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    const fromTopics = new PolicyStatement({
      principals: [new ServicePrincipal('sns.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: ['*'],
      conditions: { ArnEquals: { 'aws:SourceArn': [...this.topics].map(({ topicArn }) => topicArn) } },
    });
    return new PolicyDocument({ statements: this.topics.size === 0 ? [overTls] : [overTls, fromTopics] });
  }
}
