import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';

/** A request as it came in, with the route that answers it. */
export interface GatewayRequest {
  readonly method: string;
  /** Path and query as sent, not decoded. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly protocol: string;
}

/** What the gateway knows beside the request. */
export interface GatewayFacts {
  readonly apiId: string;
  readonly domainName: string;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly authorizer: { readonly claims: Readonly<Record<string, string>>; readonly scopes: readonly string[] | null } | undefined;
}

/** An answer to write to the wire. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

const TEXT_TYPE = /^(text\/|application\/(json|javascript|xml)\b|application\/[^;]+\+(json|xml)\b)/i;

/** Header names lower-case, repeated headers joined by a comma, cookies apart. */
export function readHeaders(headers: IncomingHttpHeaders, raw: readonly string[]): { headers: Record<string, string>; cookies: string[] } {
  const joined: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? '';
    const value = raw[index + 1] ?? '';
    if (name !== 'cookie') joined[name] = joined[name] === undefined ? value : `${joined[name]},${value}`;
  }
  return { headers: joined, cookies: (headers.cookie ?? '').split('; ').filter((cookie) => cookie !== '') };
}

/**
 * The event of an HTTP API, payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function gatewayEvent(request: GatewayRequest, facts: GatewayFacts): Json {
  const [rawPath = '/', ...query] = request.url.split('?');
  const rawQueryString = query.join('?');
  const base64 = needsBase64(request);
  return {
    version: '2.0',
    routeKey: facts.routeKey,
    rawPath,
    rawQueryString,
    ...(request.cookies.length > 0 ? { cookies: [...request.cookies] } : {}),
    headers: { ...request.headers },
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryParameters(rawQueryString) }),
    requestContext: {
      accountId: '000000000000',
      apiId: facts.apiId,
      ...(facts.authorizer ? { authorizer: { jwt: { claims: { ...facts.authorizer.claims }, scopes: facts.authorizer.scopes && [...facts.authorizer.scopes] } } } : {}),
      domainName: facts.domainName,
      domainPrefix: facts.apiId,
      http: { method: request.method, path: rawPath, protocol: request.protocol, sourceIp: request.sourceIp, userAgent: request.headers['user-agent'] ?? '' },
      requestId: facts.requestId,
      routeKey: facts.routeKey,
      stage: '$default',
      time: clfTime(new Date(facts.now)),
      timeEpoch: facts.now,
    },
    ...(Object.keys(facts.pathParameters).length > 0 ? { pathParameters: { ...facts.pathParameters } } : {}),
    ...(request.body.length > 0 ? { body: request.body.toString(base64 ? 'base64' : 'utf8') } : {}),
    isBase64Encoded: base64,
  };
}

// What AWS does with bytes under a text type that are not UTF-8 is not documented; base64 loses none of them.
function needsBase64({ headers, body }: GatewayRequest): boolean {
  if (body.length === 0) return false;
  return !TEXT_TYPE.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined || !isUtf8(body);
}

function queryParameters(query: string): Record<string, string> {
  const values = new URLSearchParams(query);
  return Object.fromEntries([...new Set(values.keys())].map((name) => [name, values.getAll(name).join(',')]));
}

function clfTime(at: Date): string {
  const [, day = '', month = '', year = '', time = ''] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(at.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

const Structured = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * What a function's answer becomes on the wire; a value without a status code is a JSON document, as in AWS.
 * @returns undefined for an answer that API Gateway would refuse
 */
export function gatewayAnswer(value: Json): GatewayAnswer | undefined {
  const structured = value !== null && typeof value === 'object' && !Array.isArray(value) && 'statusCode' in value;
  if (!structured)
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) };
  const parsed = Structured.safeParse(value);
  if (!parsed.success) return undefined;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const lower = Object.fromEntries(Object.entries(headers).map(([name, header]) => [name.toLowerCase(), String(header)]));
  return { status: statusCode, headers: { 'content-type': 'text/plain; charset=utf-8', ...lower }, cookies, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
}
