import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { HubFunction } from './hub-function.ts';

/** What an alarm watches, and what to tell the person it wakes. */
export interface FailureAlarmProps {
  /** Goes off at one. */
  readonly metric: IMetric;
  /** What it means for people when this goes off, as one sentence without a full stop. */
  readonly failureMeans: string;
  /** Heading in docs/runbook.md that says what to do. */
  readonly runbook: string;
}

/** Goes off at the first failure: nothing that this hub counts as a failure may happen even once. */
export function failureAlarm(scope: Construct, id: string, { metric, failureMeans, runbook }: FailureAlarmProps): Alarm {
  return new Alarm(scope, id, {
    metric,
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
    alarmDescription: `${failureMeans}. What to do: docs/runbook.md#${runbook}`,
  });
}

/** Wakes a person when a function counts something that must not happen: what each of its metrics means, as one sentence without a full stop. */
export function metricAlarms(fn: HubFunction, meanings: Readonly<Record<string, string>>, { runbook }: Pick<HubFunction, 'runbook'> = fn): void {
  for (const [metricName, failureMeans] of Object.entries(meanings)) {
    const metric = new Metric({ namespace: 'Crossdock', metricName, dimensionsMap: { function: fn.function.functionName }, period: Duration.hours(1), statistic: 'Sum' });
    failureAlarm(fn, metricName, { metric, failureMeans, runbook });
  }
}

/** Sends every alarm of a stack, and its end, to the operators. Call it last: alarms made afterwards stay silent. */
export function sendAlarmsTo(operators: ITopic): void {
  const action = new SnsAction(operators);
  for (const construct of Stack.of(operators).node.findAll()) {
    if (!(construct instanceof Alarm)) continue;
    construct.addAlarmAction(action);
    construct.addOkAction(action);
  }
}
