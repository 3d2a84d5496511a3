import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import type { Outcome } from './functions.ts';

const PartialResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() });

/**
 * Which items of a batch failed, by Lambda's rules for a batch response: nothing returned means that all succeeded, and
 * an answer that cannot be read or names an unknown item means that all failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 * @param partial whether the mapping declares ReportBatchItemFailures
 */
export function failedItems(outcome: Outcome, identifiers: readonly string[], partial: boolean): ReadonlySet<string> {
  if (outcome.kind === 'failed') return new Set(identifiers);
  if (!partial || isEmpty(outcome.value)) return new Set();
  const response = PartialResponse.safeParse(outcome.value);
  if (!response.success) return new Set(identifiers);
  const failed = (response.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((identifier) => identifiers.includes(identifier)) ? new Set(failed) : new Set(identifiers);
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}
