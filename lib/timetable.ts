import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ContextAttribute, Schedule, type ScheduleExpression, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { HubFunction } from './hub-function.ts';
import { OwnRole } from './own-role.ts';

/** When a function is called, and with what. */
export interface TimetableProps {
  /** What it is for, as one phrase; shown in the Scheduler console. */
  readonly description: string;
  readonly schedule: ScheduleExpression;
  /** How much later it may begin, so that many that are due at once do not begin at once. @default - on time */
  readonly within?: Duration;
  readonly calls: HubFunction;
  /** Handed to the function beside `scheduledAt`, the instant it was due, which a late or repeated call keeps. */
  readonly input?: Readonly<Record<string, string>>;
  /** Keeps calls that failed for good. */
  readonly missed: Queue;
}

/** Calls a function on schedule: three tries within the hour, then somebody is told. */
export class Timetable extends Construct {
  constructor(scope: Construct, id: string, { description, schedule, within, calls, input = {}, missed }: TimetableProps) {
    super(scope, id);
    const role = callerOf(this);
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [calls.function.functionArn] }));
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [missed.queueArn] }));
    new Schedule(this, 'Schedule', {
      description,
      schedule,
      ...(within && { timeWindow: TimeWindow.flexible(within) }),
      target: new LambdaInvoke(calls.function, {
        input: ScheduleTargetInput.fromObject({ ...input, scheduledAt: ContextAttribute.scheduledTime }),
        retryAttempts: 3,
        maxEventAge: Duration.hours(1),
        deadLetterQueue: missed,
        // The target would widen the role to every version of the function.
        role: role.withoutPolicyUpdates(),
      }),
    });
  }
}

/** The one role by which all schedules of a stack call their functions: one each would be a resource more for every schedule, and a stack may hold 500. */
function callerOf(scope: Construct): OwnRole {
  const stack = Stack.of(scope);
  const known = stack.node.tryFindChild('Timekeeper');
  if (known instanceof OwnRole) return known;
  return new OwnRole(stack, 'Timekeeper', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } } }),
    description: 'What schedules may do: call their functions',
  });
}
