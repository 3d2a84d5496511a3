/** When a schedule fires, in terms that croner and timers understand. */
export type Timing = { readonly kind: 'cron'; readonly pattern: string } | { readonly kind: 'rate'; readonly everyMs: number } | { readonly kind: 'once'; readonly at: string };

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
]);
const MAXIMUM = { minute: '59', hour: '23', dayOfMonth: '31', month: '12', dayOfWeek: '6', year: '2199' } as const;

/**
 * Reads a schedule expression of EventBridge Scheduler.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 * @throws Error that quotes an expression it cannot read
 */
export function readSchedule(expression: string): Timing {
  const [, kind, argument = ''] = /^(cron|rate|at)\((.+)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'cron') return { kind, pattern: toCroner(argument, expression) };
  if (kind === 'rate') return { kind, everyMs: rate(argument, expression) };
  if (kind === 'at') return { kind: 'once', at: argument };
  throw new Error(`"${expression}" is not a schedule expression: write cron(...), rate(...) or at(...).`);
}

// AWS: minutes hours day-of-month month day-of-week year, Sunday is 1. croner: seconds first, Sunday is 0.
function toCroner(fields: string, expression: string): string {
  const parts = fields.trim().split(/\s+/);
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = parts;
  if (parts.length !== 6 || minute === undefined || hour === undefined || dayOfMonth === undefined || month === undefined || dayOfWeek === undefined || year === undefined) {
    throw new Error(`"${expression}" needs six fields: minutes, hours, day of month, month, day of week, year.`);
  }
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) throw new Error(`"${expression}" needs a ? in exactly one of day of month and day of week.`);
  return [
    '0',
    steps(minute, MAXIMUM.minute),
    steps(hour, MAXIMUM.hour),
    steps(any(dayOfMonth), MAXIMUM.dayOfMonth),
    steps(month, MAXIMUM.month),
    steps(weekday(any(dayOfWeek)), MAXIMUM.dayOfWeek),
    steps(year, MAXIMUM.year),
  ].join(' ');
}

function any(field: string): string {
  return field === '?' ? '*' : field;
}

// `5/15` means from 5 on, every 15: croner wants the range written out.
function steps(field: string, maximum: string): string {
  return field.replace(/(^|,)(\w+)\/(\d+)/g, `$1$2-${maximum}/$3`);
}

function weekday(field: string): string {
  return field
    .split(',')
    .map((part) => {
      const [days = '', step] = part.split('/');
      const moved = days.replace(/^(\d)L$/, '$1#L').replace(/(?<!#)\d/g, (day) => String(Number(day) - 1));
      return step === undefined ? moved : `${moved}/${step}`;
    })
    .join(',');
}

function rate(argument: string, expression: string): number {
  const [, count, unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(argument.trim()) ?? [];
  const unitMs = UNIT_MS.get(unit);
  if (count === undefined || unitMs === undefined || Number(count) === 0) throw new Error(`"${expression}" is not a rate: write for instance rate(5 minutes).`);
  return Number(count) * unitMs;
}
