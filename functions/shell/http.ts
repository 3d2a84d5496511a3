import middy from '@middy/core';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';
import { type Refused, Rejected, Unavailable } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import type { Act } from '../../core/order.ts';
import { errorFields, log } from './log.ts';
import { once } from './once.ts';
import { ROUTES, type RouteName, SCOPE_PREFIX } from './routes.ts';

/** What a route answers with: a body that becomes JSON, or a refusal that becomes 409. */
export type Answer = { readonly kind: 'answer'; readonly body: unknown } | Refused;

/** How a route reads and handles its requests. */
export interface Endpoint<Input, Services> {
  /** What path parameters, query and JSON body must hold together; unknown fields are refused. */
  readonly input: z.ZodType<Input>;
  readonly handle: (input: Input, services: Services, act: Act) => Promise<Answer>;
  readonly services: () => Services;
}

/** Wraps an endpoint as a Lambda behind the JWT authorizer. The scope is checked here too: a route that lost its authorizer stays shut. */
export function http<Input, Services>(name: RouteName, endpoint: Endpoint<Input, Services>) {
  const services = once(endpoint.services);
  return middy(async function httpHandler(event: APIGatewayProxyEventV2WithJWTAuthorizer): Promise<APIGatewayProxyStructuredResultV2> {
    const act: Act = { ...actorOf(event, name), now: new Date() };
    const answer = await endpoint.handle(inputOf(event, endpoint.input), services(), act);
    return answer.kind === 'refused' ? respond(409, { code: answer.code, message: answer.why }) : respond(200, answer.body);
  }).onError(function answerError(request) {
    const { reason, ...fields } = errorFields(request.error);
    // Why a request was refused may quote it: that is for its caller, who is told.
    log(request.error instanceof Rejected ? 'info' : 'error', 'request failed', { route: name, ...fields, ...(!(request.error instanceof Rejected) && { reason }) });
    request.response = errorResponse(request.error);
  });
}

/** Wraps an answer's body. */
export function answer(body: unknown): Answer {
  return { kind: 'answer', body };
}

/** The one place in which errors become HTTP statuses. */
export function errorResponse(error: unknown): APIGatewayProxyStructuredResultV2 {
  if (error instanceof Rejected) return respond(statusOf(error.code), { code: error.code, message: error.message });
  if (error instanceof Unavailable)
    return { ...respond(503, { code: error.code, message: error.message }), headers: { ...HEADERS, 'retry-after': String(error.retryAfterSeconds ?? 5) } };
  return respond(500, { code: 'hub.fault', message: 'The hub failed; the fault is logged. Try again, and tell its operator if it stays.' });
}

function statusOf(code: string): number {
  if (code.endsWith('.not-found')) return 404;
  if (code === 'request.forbidden') return 403;
  return code.endsWith('-erased') ? 410 : 400;
}

function actorOf(event: APIGatewayProxyEventV2WithJWTAuthorizer, name: RouteName): Pick<Act, 'by' | 'scopes'> {
  const { claims = {} } = event.requestContext.authorizer?.jwt ?? {};
  const granted = String(claims.scope ?? '').split(' ');
  const { scope } = ROUTES[name];
  if (scope === null || !granted.includes(`${SCOPE_PREFIX}/${scope}`)) throw new Rejected('request.forbidden', `The token lacks the scope ${SCOPE_PREFIX}/${scope ?? ''}.`);
  return { by: String(claims.username ?? claims.sub ?? 'unknown').slice(0, 80), scopes: granted };
}

function inputOf<Input>(event: APIGatewayProxyEventV2WithJWTAuthorizer, schema: z.ZodType<Input>): Input {
  const body = event.body === undefined || event.body === '' ? {} : parseJson(Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8'));
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw new Rejected('request.invalid', 'The body must be a JSON object.');
  const parsed = schema.safeParse({ ...event.queryStringParameters, ...body, ...event.pathParameters });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new Rejected('request.invalid', `The request cannot be used: ${problems.join('; ')}.`);
}

const HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

function respond(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: HEADERS, body: JSON.stringify(body) };
}
