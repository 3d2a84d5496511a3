import * as z from 'zod';
import type { CloudQueue } from './cloud.ts';
import type { Messaging } from './emulator-messages.ts';
import type { Resources } from './resources.ts';

const QueueProperties = z.object({
  VisibilityTimeout: z.coerce.string().optional(),
  DelaySeconds: z.coerce.string().optional(),
  MessageRetentionPeriod: z.coerce.string().optional(),
  MaximumMessageSize: z.coerce.string().optional(),
  ReceiveMessageWaitTimeSeconds: z.coerce.string().optional(),
  FifoQueue: z.coerce.string().optional(),
  ContentBasedDeduplication: z.coerce.string().optional(),
});
const Redrive = z.object({ RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() }).optional() });

const TopicProperties = z.object({ FifoTopic: z.coerce.string().optional(), ContentBasedDeduplication: z.coerce.string().optional() });

const SubscriptionProperties = z.object({
  TopicArn: z.string(),
  Protocol: z.string(),
  Endpoint: z.string(),
  RawMessageDelivery: z.coerce.string().optional(),
  FilterPolicy: z.record(z.string(), z.unknown()).optional(),
  FilterPolicyScope: z.string().optional(),
  RedrivePolicy: z.record(z.string(), z.unknown()).optional(),
});

const OnFailure = z.object({ DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }) }).optional() });
const ScheduleTarget = z.object({ Target: z.object({ DeadLetterConfig: z.object({ Arn: z.string() }).optional() }).optional() });
const AsynchronousFailure = z.object({ DeadLetterConfig: z.object({ TargetArn: z.string() }).optional() });

/** The template's queues. A dead-letter queue is one that something names as such. */
export function declaredQueues(resources: Resources): CloudQueue[] {
  const deadLetters = deadLetterArns(resources);
  return resources.ofType('AWS::SQS::Queue').map(({ logicalId, name, ref }) => {
    const arn = String(resources.attribute(logicalId, 'Arn'));
    return { logicalId, name, url: ref, arn, deadLetter: deadLetters.has(arn) };
  });
}

/** What the messaging emulator has to have for the template. */
export function declaredMessaging(resources: Resources, log: (line: string) => void): Messaging {
  return {
    queues: resources.ofType('AWS::SQS::Queue').map(({ name, properties }) => {
      const { RedrivePolicy } = Redrive.parse(properties);
      return { name, attributes: { ...defined(QueueProperties.parse(properties)), ...(RedrivePolicy ? { RedrivePolicy: JSON.stringify(RedrivePolicy) } : {}) } };
    }),
    topics: resources.ofType('AWS::SNS::Topic').map(({ name, properties }) => ({ name, attributes: defined(TopicProperties.parse(properties)) })),
    subscriptions: resources.ofType('AWS::SNS::Subscription').flatMap(({ path, properties }) => {
      const { TopicArn, Protocol, Endpoint, FilterPolicy, RedrivePolicy, ...rest } = SubscriptionProperties.parse(properties);
      if (Protocol !== 'sqs') {
        log(`${path}: a subscription by ${Protocol} has no local effect; read the topic through an observer queue`);
        return [];
      }
      const policies = { ...(FilterPolicy ? { FilterPolicy: JSON.stringify(FilterPolicy) } : {}), ...(RedrivePolicy ? { RedrivePolicy: JSON.stringify(RedrivePolicy) } : {}) };
      return [{ topic: lastPart(TopicArn), queue: lastPart(Endpoint), attributes: { ...defined(rest), ...policies } }];
    }),
    buckets: resources.ofType('AWS::S3::Bucket').map(({ name }) => name),
  };
}

/** Name at the end of an ARN of SQS, SNS or Lambda. */
export function lastPart(arn: string): string {
  return arn.split(':').at(-1) ?? arn;
}

function deadLetterArns(resources: Resources): ReadonlySet<string> {
  const named = [
    ...resources.ofType('AWS::SQS::Queue').map(({ properties }) => Redrive.parse(properties).RedrivePolicy?.deadLetterTargetArn),
    ...resources.ofType('AWS::SNS::Subscription').map(({ properties }) => SubscriptionProperties.parse(properties).RedrivePolicy?.deadLetterTargetArn),
    ...resources.ofType('AWS::Lambda::EventSourceMapping').map(({ properties }) => OnFailure.parse(properties).DestinationConfig?.OnFailure.Destination),
    ...resources.ofType('AWS::Scheduler::Schedule').map(({ properties }) => ScheduleTarget.parse(properties).Target?.DeadLetterConfig?.Arn),
    ...resources.ofType('AWS::Lambda::Function').map(({ properties }) => AsynchronousFailure.parse(properties).DeadLetterConfig?.TargetArn),
  ];
  return new Set(named.filter((arn) => typeof arn === 'string'));
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
