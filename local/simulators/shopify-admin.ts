import type { GraphQLSchema } from 'graphql';
import * as z from 'zod';
import { actualCost, type GraphqlRequest, type Operation, type Roots, readOperation, requestedCost, runOperation } from './graphql.ts';
import type { Answer, Call } from './listen.ts';
import type { Bucket } from './shopify-bucket.ts';

/** The Admin API of one shop. */
export interface AdminApi {
  readonly path: string;
  /** What callers prove themselves with. */
  readonly token: string;
  readonly schema: GraphQLSchema;
  readonly roots: Roots;
  readonly bucket: Bucket;
  /** Takes note of a call that broke the contract. */
  complain(what: string): void;
  /** What goes wrong with a mutation, judged by its variables. */
  takeFault(variables: string): string | undefined;
}

// Shopify serves one document a call. https://shopify.dev/docs/api/admin-graphql
const Request = z.strictObject({ query: z.string(), operationName: z.string().nullish(), variables: z.record(z.string(), z.unknown()).nullish() });
const MAX_QUERY_COST = 1_000;

/** Answers a call of the Admin API: refusals come with status 200, as Shopify's do. */
export function answerAdmin(call: Call, api: AdminApi): Answer {
  if (call.path !== api.path || call.method !== 'POST') {
    api.complain(`${call.method} ${call.path}: no such address.`);
    return { status: 404, json: { errors: 'Not Found' } };
  }
  if (call.headers['x-shopify-access-token'] !== api.token) {
    api.complain('The access token is wrong.');
    return { status: 401, json: { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' } };
  }
  const request = requestOf(call.body);
  if (request === undefined) {
    api.complain('The body is no GraphQL request.');
    return { status: 400, json: { errors: { query: 'Required parameter missing or invalid' } } };
  }
  const operation = readOperation(api.schema, request);
  return 'definition' in operation ? answerOperation(operation, api) : refusal(operation, api);
}

function requestOf(body: string): GraphqlRequest | undefined {
  try {
    return Request.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

interface Told {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

function refusal(errors: readonly Told[], api: AdminApi): Answer {
  for (const { message } of errors) api.complain(message);
  return { status: 200, json: { errors: errors.map(({ message, extensions }) => ({ message, extensions })) } };
}

function answerOperation(operation: Operation, api: AdminApi): Answer {
  const requested = requestedCost(api.schema, operation);
  if (requested > MAX_QUERY_COST) {
    const message = `Query cost is ${requested}, which exceeds the single query max cost limit (${MAX_QUERY_COST}).`;
    return refusal([{ message, extensions: { code: 'MAX_COST_EXCEEDED', cost: requested, maxCost: MAX_QUERY_COST } }], api);
  }
  const fault = operation.definition.operation === 'mutation' ? api.takeFault(JSON.stringify(operation.variables)) : undefined;
  if (fault === 'busy') return { status: 429, headers: { 'retry-after': '1' }, json: { errors: 'Exceeded request limit' } };
  if (fault === 'broken') return { status: 502, bytes: Buffer.from('<html>Bad Gateway</html>') };
  if (fault === 'throttled' || !api.bucket.take(requested, Date.now())) return throttled(requested, api.bucket);
  const { data = null, errors } = runOperation(api.schema, api.roots, operation);
  const actual = Math.min(requested, actualCost(operation, data));
  api.bucket.giveBack(requested - actual, Date.now());
  for (const { message } of errors ?? []) api.complain(message);
  const extensions = costOf(requested, actual, api.bucket);
  const told = errors?.map(({ message, path, extensions: more }) => ({ message, path, extensions: more }));
  return fault === 'hang-after' ? 'hang' : { status: 200, json: { data, ...(told && { errors: told }), extensions } };
}

function throttled(requested: number, bucket: Bucket): Answer {
  const error = { message: 'Throttled', extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/limits' } };
  return { status: 200, json: { errors: [error], extensions: costOf(requested, null, bucket) } };
}

function costOf(requested: number, actual: number | null, bucket: Bucket) {
  return { cost: { requestedQueryCost: requested, actualQueryCost: actual, throttleStatus: bucket.status(Date.now()) } };
}
