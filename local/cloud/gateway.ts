import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../../core/json.ts';
import type { Outcome } from './functions.ts';
import { type GatewayAnswer, type GatewayRequest, gatewayAnswer, gatewayEvent, readHeaders } from './gateway-event.ts';
import { type GatewayAuthorizer, type GatewayRoute, matchRoute } from './gateway-routes.ts';
import type { Claims } from './issuer.ts';
import { listenOnLoopback } from './loopback.ts';

/** What the gateway serves. */
interface GatewayConfiguration {
  readonly apiId: string;
  readonly routes: readonly GatewayRoute[];
  /** `gone` tells that the caller has hung up or was answered. */
  readonly invoke: (functionId: string, event: Json, gone: AbortSignal) => Promise<Outcome>;
  readonly verify: (token: string, issuer: string) => Promise<Claims>;
}

/** The HTTP API on loopback. */
export interface Gateway {
  readonly url: string;
  /** Answers 503 until this was called. */
  open(configuration: GatewayConfiguration): void;
  close(): Promise<void>;
}

// Fixed limits of an HTTP API: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const MAX_BODY_BYTES = 10 * 1_024 * 1_024;
const MAX_HEADER_BYTES = 10_240;
const INTEGRATION_TIMEOUT_MS = 30_000;
// Node's own limit must lie above ours, or it would cut the connection instead of answering.
const NODE_HEADER_BYTES = 64 * 1_024;
/** Failures of the local cloud itself after which the same request may well succeed. */
const PASSING = new Set(['LocalCloud.Throttled', 'LocalCloud.Stopping']);

type Authorized = { readonly claims: Readonly<Record<string, string>>; readonly scopes: readonly string[] | null };

/** Starts listening; port 0 takes a free one. */
export async function startGateway(port: number, log: (line: string) => void): Promise<Gateway> {
  let configuration: GatewayConfiguration | undefined;
  const listener = await listenOnLoopback(
    (request, response) => {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const answered = configuration ? answer(request, configuration, gone.signal) : Promise.resolve(message(503, 'Service Unavailable'));
      answered
        .catch((error: unknown) => {
          log(`gateway: ${error instanceof Error ? error.message : String(error)}`);
          return message(500, 'Internal Server Error');
        })
        .then((reply) => write(response, reply))
        .catch(() => response.destroy());
    },
    port,
    { maxHeaderSize: NODE_HEADER_BYTES, keepAliveTimeout: 60_000 },
  );
  return {
    url: listener.url,
    open: (opened) => {
      configuration = opened;
    },
    close: listener.close,
  };
}

async function answer(incoming: IncomingMessage, { apiId, routes, invoke, verify }: GatewayConfiguration, gone: AbortSignal): Promise<GatewayAnswer> {
  if (headerBytes(incoming) > MAX_HEADER_BYTES) return message(431, 'Request Header Fields Too Large');
  const body = await readBody(incoming);
  if (!body) return message(413, 'Request Entity Too Large');
  const request = describe(incoming, body);
  const match = matchRoute(routes, request.method, request.url.split('?')[0] ?? '/');
  if (!match) return message(404, 'Not Found');
  const authorized = await authorize(match.route, request.headers, verify);
  if (authorized && 'status' in authorized) return authorized;
  const event = gatewayEvent(request, {
    apiId,
    domainName: request.headers.host ?? 'localhost',
    routeKey: match.route.key,
    pathParameters: match.pathParameters,
    requestId: randomUUID(),
    now: Date.now(),
    authorizer: authorized,
  });
  const outcome = await withinIntegrationTimeout(invoke(match.route.functionId, event, gone));
  if (!outcome || (outcome.kind === 'failed' && PASSING.has(outcome.errorType))) return message(503, 'Service Unavailable');
  return (outcome.kind === 'result' ? gatewayAnswer(outcome.value) : undefined) ?? message(500, 'Internal Server Error');
}

async function authorize(route: GatewayRoute, headers: Readonly<Record<string, string>>, verify: GatewayConfiguration['verify']): Promise<Authorized | GatewayAnswer | undefined> {
  if (!route.authorizer) return undefined;
  const token = bearer(route.authorizer, headers);
  if (token === undefined) return unauthorized();
  const claims = await verify(token, route.authorizer.issuer).catch(() => undefined);
  if (!claims || !audienceFits(claims, route.authorizer.audience)) return unauthorized();
  if (!scopesFit(claims, route.scopes)) return message(403, 'Forbidden');
  return { claims: Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, claimText(value)])), scopes: route.scopes.length > 0 ? route.scopes : null };
}

function bearer({ identityHeaders }: GatewayAuthorizer, headers: Readonly<Record<string, string>>): string | undefined {
  const value = identityHeaders.map((name) => headers[name]).find((header) => header !== undefined);
  return value?.replace(/^Bearer\s+/i, '').trim();
}

// Cognito's access tokens have no `aud`; API Gateway then looks at `client_id`.
function audienceFits(claims: Claims, audience: readonly string[]): boolean {
  const named = [claims.aud ?? claims.client_id].flat();
  return audience.length === 0 || named.some((name) => typeof name === 'string' && audience.includes(name));
}

function scopesFit(claims: Claims, scopes: readonly string[]): boolean {
  const granted = String(claims.scope ?? claims.scp ?? '').split(' ');
  return scopes.length === 0 || scopes.some((scope) => granted.includes(scope));
}

function claimText(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(' ')}]` : String(value);
}

function unauthorized(): GatewayAnswer {
  return { ...message(401, 'Unauthorized'), headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' } };
}

function message(status: number, text: string): GatewayAnswer {
  return { status, headers: { 'content-type': 'application/json' }, cookies: [], body: Buffer.from(JSON.stringify({ message: text })) };
}

function describe(incoming: IncomingMessage, body: Buffer): GatewayRequest {
  return {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    ...readHeaders(incoming.headers, incoming.rawHeaders),
    body,
    sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    protocol: `HTTP/${incoming.httpVersion}`,
  };
}

function headerBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  return method.length + url.length + rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part) + 2, 0);
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    // The rest is read and thrown away, so that the caller gets the answer instead of a reset connection.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

async function withinIntegrationTimeout(outcome: Promise<Outcome>): Promise<Outcome | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), INTEGRATION_TIMEOUT_MS);
  });
  return await Promise.race([outcome, late]).finally(() => clearTimeout(timer));
}

function write(response: ServerResponse, { status, headers, cookies, body }: GatewayAnswer): void {
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...own } = headers;
  response.writeHead(status, { ...own, ...(cookies.length > 0 ? { 'set-cookie': [...cookies] } : {}), ...(status === 204 ? {} : { 'content-length': body.length }) });
  response.end(status === 204 ? undefined : body);
}
