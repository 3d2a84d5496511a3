import { Rejected, Unavailable } from '../../core/error.ts';

/** What may be logged: ids, codes, counts. Never an event, a body, a header or anything personal. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

type Level = 'info' | 'warn' | 'error';

/** Writes one line of JSON; CloudWatch and the local stack read it. */
export function log(level: Level, message: string, fields: Fields = {}): void {
  write({ level, message, function: functionName(), ...fields });
}

/** What may be logged of an error: ours in full, a foreign one by its name and where it arose, as its message may quote data. */
export function errorFields(error: unknown): Fields {
  if (error instanceof Rejected || error instanceof Unavailable) return { error: error.name, code: error.code, reason: error.message };
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message, stack = '' } = error;
  // A message of several lines may have some that look like frames; a name may come from the answer of a service.
  const frames = stack
    .replace(message, '')
    .split('\n')
    .filter((line) => FRAME.test(line));
  return { error: NAME.test(name) ? name : 'Error', at: frames.slice(0, 6).join(' ').replace(/\s+/g, ' ').trim() };
}

const FRAME = /^ +at (?:[^()]+ \()?(?:async )?(?:file:\/\/|node:|\/|[A-Z]:\\)[^()]*:\d+:\d+\)?$/;
const NAME = /^[A-Za-z][\w.]{0,79}$/;

/**
 * Counts something in CloudWatch, without a call, by the embedded metric format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function count(metric: string, now: Date, fields: Fields = {}, value = 1): void {
  const definition = { Namespace: 'Crossdock', Dimensions: [['function']], Metrics: [{ Name: metric, Unit: 'Count' }] };
  write({ level: 'info', message: metric, function: functionName(), ...fields, [metric]: value, _aws: { Timestamp: now.getTime(), CloudWatchMetrics: [definition] } });
}

function functionName(): string {
  return process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'local';
}

function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
