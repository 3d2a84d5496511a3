import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cron } from 'croner';
import type { Json } from '../../core/json.ts';
import { callJson } from './aws-json.ts';
import type { Outcome } from './functions.ts';
import type { Poller } from './queue-mapping.ts';
import { readSchedule } from './schedule-expression.ts';

/** A schedule of EventBridge Scheduler with a function as its target. */
export interface Schedule {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  readonly functionId: string;
  /** JSON text with context attributes such as `<aws.scheduler.scheduled-time>`; undefined for none. */
  readonly input: string | undefined;
  readonly retries: number;
  readonly deadLetterQueueUrl: string | undefined;
}

/** What schedules work with. */
export interface ScheduleContext {
  readonly sqs: string;
  readonly region: string;
  readonly invoke: (functionId: string, event: Json) => Promise<Outcome>;
  readonly log: (line: string) => void;
}

const MAX_BACKOFF_MS = 5_000;

/**
 * Runs a schedule's target as if it were due at the given time, with the retries the template declares.
 * @throws Error when the last attempt failed; the input is then in the schedule's dead-letter queue
 */
export async function runDue(schedule: Schedule, at: Date, context: ScheduleContext): Promise<void> {
  const executionId = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    const input = fillIn(schedule, at, executionId, attempt);
    const outcome = await context.invoke(schedule.functionId, JSON.parse(input));
    if (outcome.kind === 'result') return;
    if (attempt > schedule.retries) {
      await setAside(schedule, input, outcome, attempt, context);
      throw new Error(`Schedule ${schedule.name} failed ${attempt} times: ${outcome.errorType}: ${outcome.errorMessage}`);
    }
    await sleep(Math.min(MAX_BACKOFF_MS, 250 * 2 ** attempt));
  }
}

/** Fires enabled schedules by the clock. */
export function startSchedules(schedules: readonly Schedule[], context: ScheduleContext): Poller {
  const fire = (schedule: Schedule, at: Date) => {
    runDue(schedule, at, context).catch((error: unknown) => context.log(error instanceof Error ? error.message : String(error)));
  };
  const stops = schedules
    .filter(({ enabled }) => enabled)
    .map((schedule) => {
      const timing = readSchedule(schedule.expression);
      if (timing.kind === 'rate') {
        const timer = setInterval(() => fire(schedule, new Date()), timing.everyMs);
        return () => clearInterval(timer);
      }
      const job = new Cron(timing.kind === 'cron' ? timing.pattern : timing.at, { timezone: schedule.timeZone, unref: true }, (self: Cron) =>
        fire(schedule, self.currentRun() ?? new Date()),
      );
      return () => job.stop();
    });
  return {
    stop: async () => {
      for (const stop of stops) stop();
    },
  };
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function fillIn(schedule: Schedule, at: Date, executionId: string, attempt: number): string {
  const attributes: Readonly<Record<string, string>> = {
    'scheduled-time': at.toISOString().replace(/\.\d+Z$/, 'Z'),
    'schedule-arn': schedule.arn,
    'execution-id': executionId,
    'attempt-number': String(attempt),
  };
  return (schedule.input ?? '{}').replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, name: string) => attributes[name] ?? whole);
}

async function setAside(schedule: Schedule, input: string, outcome: Extract<Outcome, { kind: 'failed' }>, attempts: number, context: ScheduleContext): Promise<void> {
  if (schedule.deadLetterQueueUrl === undefined) return;
  const text = (value: string) => ({ DataType: 'String', StringValue: value.slice(0, 1_000) || '-' });
  const MessageAttributes = {
    ERROR_CODE: text(outcome.errorType),
    ERROR_MESSAGE: text(outcome.errorMessage),
    SCHEDULE_ARN: text(schedule.arn),
    RETRY_ATTEMPTS: text(String(attempts - 1)),
    EXHAUSTED_RETRY_CONDITION: text('MaximumRetryAttempts'),
  };
  await callJson(context.sqs, 'AmazonSQS.SendMessage', { QueueUrl: schedule.deadLetterQueueUrl, MessageBody: input, MessageAttributes }, { region: context.region });
}
