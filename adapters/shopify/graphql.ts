import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { failureOf, type HttpResponse } from '../http.ts';
import { DOCUMENTS, type Operation } from './documents.ts';
import { Cost, newPace, type Pace } from './pace.ts';
import type { Call } from './settings.ts';

const Answer = z.object({ data: z.unknown().optional(), extensions: z.unknown().optional() });
const Extensions = z.object({ cost: Cost });
const GraphqlErrors = z.object({
  errors: z
    .array(z.object({ message: z.string().nullish(), path: z.array(z.union([z.string(), z.number()])).nullish(), extensions: z.object({ code: z.string().nullish() }).nullish() }))
    .min(1),
});
type GraphqlErrors = z.infer<typeof GraphqlErrors>['errors'];

const PASSING_ERRORS = new Set(['THROTTLED', 'INTERNAL_SERVER_ERROR', 'TIMEOUT', 'SERVICE_UNAVAILABLE']);
/** Fields that a shop withholds from apps without approval for protected data: they come as null, each with an error of its own. */
const WITHHELD = new Set(['email', 'phone', 'shippingAddress', 'firstName', 'lastName', 'name', 'company', 'address1', 'address2', 'city', 'province', 'provinceCode', 'zip']);

const pace = newPace({ clock: () => performance.now(), sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) });

/**
 * Runs one operation of the Admin API, within the points that the shop has left. Part of an answer is no answer, but for personal fields that
 * the shop withholds.
 * @throws Unavailable when Shopify is busy, down or not understood; Rejected when it refuses. https://shopify.dev/docs/api/admin-graphql
 */
export async function graphql<Schema extends z.ZodType>(operation: Operation, variables: object, answers: Schema, call: Call, kept: Pace = pace): Promise<z.output<Schema>> {
  const { shopDomain, apiVersion, endpoint = `https://${shopDomain}/admin/api/${apiVersion}/graphql.json` } = call.settings;
  await kept.enter(endpoint, operation);
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'x-shopify-access-token': call.token };
  const body = JSON.stringify({ query: DOCUMENTS[operation], operationName: operation, variables });
  const response = await call.http({ method: 'POST', url: endpoint, headers, body, maxBytes: MAX_ANSWER_BYTES });
  if (response.status < 200 || response.status >= 300) throw failureOf(response, 'storefront');
  const answer = answerOf(response);
  const { data, extensions } = Answer.safeParse(answer).data ?? {};
  const cost = Extensions.safeParse(extensions).data?.cost;
  if (cost !== undefined) kept.heed(endpoint, operation, cost);
  const errors = GraphqlErrors.safeParse(answer).data?.errors.filter((error) => !isWithheld(error)) ?? [];
  if (errors.length > 0) throw graphqlFailure(errors, cost);
  const read = answers.safeParse(data);
  if (read.success) return read.data;
  throw new Unavailable('storefront.answer-unreadable', `Shopify's answer to ${operation} cannot be read; the next try looks first.`, { cause: read.error });
}

/** A page of orders with long lines is larger than most answers. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

function answerOf({ body }: HttpResponse): unknown {
  try {
    // Nothing here is an id in digits: gids are text, and the throttle status has fractions.
    return parseJson(body, 'plain');
  } catch (cause) {
    throw new Unavailable('storefront.answer-unreadable', "Shopify's answer is not readable as JSON; the next try looks first.", { cause });
  }
}

function isWithheld({ path, extensions }: GraphqlErrors[number]): boolean {
  return extensions?.code === 'ACCESS_DENIED' && WITHHELD.has(String(path?.at(-1)));
}

function graphqlFailure(errors: GraphqlErrors, cost: Cost | undefined): Unavailable | Rejected {
  const code = errors[0]?.extensions?.code ?? 'no code';
  if (!errors.some((error) => PASSING_ERRORS.has(error.extensions?.code ?? ''))) {
    return new Rejected('storefront.refused', `Shopify refused the request (${code}): ${(errors[0]?.message ?? '').slice(0, 200)}`, { seen: code });
  }
  const { currentlyAvailable = 0, restoreRate = 0 } = cost?.throttleStatus ?? {};
  const missing = (cost?.requestedQueryCost ?? 0) - currentlyAvailable;
  const retryAfterSeconds = restoreRate > 0 ? Math.max(1, Math.ceil(missing / restoreRate)) : 1;
  return new Unavailable('storefront.unavailable', `Shopify could not answer now (${code}); the request will be repeated later.`, { seen: code, retryAfterSeconds });
}
