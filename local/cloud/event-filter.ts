import * as z from 'zod';

/** A pattern: nested keys down to lists of the values that match. */
type Pattern = { readonly [key: string]: Pattern | readonly string[] };

const Pattern: z.ZodType<Pattern> = z.record(z.string(), z.union([z.array(z.string()).min(1), z.lazy(() => Pattern)]));
const Criteria = z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })).min(1) });

/**
 * Reads the filter criteria of an event source mapping: a record passes that matches any one of the patterns.
 * Knows values to be equal to; other operators are an error, as they would silently pass or drop records here.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export function readFilter(criteria: unknown, path: string): (record: object) => boolean {
  const read = Criteria.safeParse(criteria);
  const patterns = read.data?.Filters.map((filter) => Pattern.safeParse(JSON.parse(filter.Pattern)));
  if (patterns === undefined || patterns.some(({ success }) => !success)) {
    throw new Error(`${path} filters with something other than lists of values, which the local cloud does not know: ${JSON.stringify(criteria)}`);
  }
  return (record) => patterns.some(({ data }) => data !== undefined && isMatch(data, record));
}

function isMatch(pattern: Pattern, value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(pattern).every(([key, wanted]) => {
    const found: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
    return isList(wanted) ? wanted.some((one) => one === found) : isMatch(wanted, found);
  });
}

function isList(wanted: Pattern | readonly string[]): wanted is readonly string[] {
  return Array.isArray(wanted);
}
