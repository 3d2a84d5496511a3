import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { failureOf, type HttpResponse } from '../http.ts';
import type { Call } from './settings.ts';

const GraphqlErrors = z.object({
  errors: z.array(z.object({ message: z.string().nullish(), extensions: z.object({ code: z.string().nullish() }).nullish() })).min(1),
  extensions: z.object({ cost: z.object({ requestedQueryCost: z.number(), throttleStatus: z.object({ currentlyAvailable: z.number(), restoreRate: z.number() }) }) }).nullish(),
});
const Answer = z.object({ data: z.unknown() });
const PASSING_ERRORS = new Set(['THROTTLED', 'INTERNAL_SERVER_ERROR', 'TIMEOUT', 'SERVICE_UNAVAILABLE']);

/**
 * Runs one operation of the Admin API.
 * @throws Unavailable when Shopify is busy, down or not understood; Rejected when it refuses. https://shopify.dev/docs/api/admin-graphql
 */
export async function graphql<Schema extends z.ZodType>(operationName: string, query: string, variables: object, answers: Schema, call: Call): Promise<z.output<Schema>> {
  const { shopDomain, apiVersion, endpoint = `https://${shopDomain}/admin/api/${apiVersion}/graphql.json` } = call.settings;
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'x-shopify-access-token': call.token };
  const response = await call.http({ method: 'POST', url: endpoint, headers, body: JSON.stringify({ query, operationName, variables }) });
  if (response.status < 200 || response.status >= 300) throw failureOf(response, 'storefront');
  const answer = answerOf(response);
  const failed = GraphqlErrors.safeParse(answer).data;
  if (failed !== undefined) throw graphqlFailure(failed);
  const read = answers.safeParse(Answer.safeParse(answer).data?.data);
  if (read.success) return read.data;
  throw new Unavailable('storefront.answer-unreadable', `Shopify's answer to ${operationName} cannot be read; the next try looks first.`, { cause: read.error });
}

function answerOf({ body }: HttpResponse): unknown {
  try {
    // Nothing here is an id in digits: gids are text, and the throttle status has fractions.
    return parseJson(body, 'plain');
  } catch (cause) {
    throw new Unavailable('storefront.answer-unreadable', "Shopify's answer is not readable as JSON; the next try looks first.", { cause });
  }
}

function graphqlFailure({ errors, extensions }: z.infer<typeof GraphqlErrors>): Unavailable | Rejected {
  const code = errors[0]?.extensions?.code ?? 'no code';
  if (!errors.some((error) => PASSING_ERRORS.has(error.extensions?.code ?? ''))) {
    return new Rejected('storefront.refused', `Shopify refused the request (${code}): ${(errors[0]?.message ?? '').slice(0, 200)}`, { seen: code });
  }
  const { requestedQueryCost = 0, throttleStatus: { currentlyAvailable = 0, restoreRate = 0 } = {} } = extensions?.cost ?? {};
  const retryAfterSeconds = restoreRate > 0 ? Math.max(1, Math.ceil((requestedQueryCost - currentlyAvailable) / restoreRate)) : 1;
  return new Unavailable('storefront.unavailable', `Shopify could not answer now (${code}); the request will be repeated later.`, { seen: code, retryAfterSeconds });
}
