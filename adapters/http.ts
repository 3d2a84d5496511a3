import { lookup as resolveName } from 'node:dns/promises';
import { Agent as PlainAgent, type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Rejected, Unavailable } from '../core/error.ts';

/** A request to somebody outside. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs?: number;
  /** @default 1 MiB */
  readonly maxBytes?: number;
}

/** What came back, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/**
 * The one way out of the hub. Never retries, never follows a redirect, bounds time and size.
 * @throws Unavailable `http.timeout`, `http.unreachable` or `http.too-large`; whether the request had an effect is then unknown
 * @throws Rejected `http.address-refused` for an address outside `https:` and the trusted origins
 */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;

/** Finds every address of a name, as `dns.lookup` with `all` does. */
export type Resolve = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** How the hub reaches out. */
export interface HttpOptions {
  /**
   * Origins that the client file names, such as `https://api.example.com:8443`: reached at any port, though at public addresses only, as all
   * others. The one exception is a simulator, `http://127.0.0.1:...`: no client file may name it, so no deployed stack trusts it.
   */
  readonly trustedOrigins: readonly string[];
  /** Milliseconds for a whole exchange. @default 10,000 */
  readonly defaultTimeoutMs?: number;
  /** @default the machine's resolver */
  readonly resolve?: Resolve;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1024 * 1024;

/** Makes the one way out of the hub. */
export function httpClient({ trustedOrigins, defaultTimeoutMs = DEFAULT_TIMEOUT_MS, resolve = resolveAll }: HttpOptions): Http {
  const trusted = new Set(trustedOrigins.map((origin) => new URL(origin).origin));
  // No connection is kept: one that the other side closed while Lambda was frozen would leave a purchase's outcome unknown.
  const agents = { simulator: new PlainAgent(), public: new SecureAgent({ lookup: publicLookup(resolve) }) };

  return async function http(request) {
    const url = parseUrl(request.url);
    const isTrusted = trusted.has(url.origin);
    const isSimulator = isTrusted && /^http:\/\/127\.0\.0\.1[:/]/.test(url.href);
    const refusal = isSimulator ? undefined : refusalOf(url, isTrusted);
    if (refusal !== undefined) throw addressRefused(refusal, url.host);
    return await exchange(url, request, isSimulator ? agents.simulator : agents.public, request.timeoutMs ?? defaultTimeoutMs);
  };
}

/**
 * The error that an answer outside 2xx amounts to: 408, 425, 429 and 5xx pass, all others do not.
 * @param noun whose answer it is; the codes are `<noun>.unavailable` and `<noun>.refused`
 * @param reason what the answer's body says, without personal data
 */
export function failureOf(response: HttpResponse, noun: 'storefront' | 'carrier', reason = ''): Unavailable | Rejected {
  const seen = String(response.status);
  const said = `The ${noun} answered ${seen}${reason === '' ? '' : ` (${reason})`}`;
  if (!isPassing(response.status)) return new Rejected(`${noun}.refused`, `${said}; repeating the request will not help, look at the connection's settings and token.`, { seen });
  const retryAfterSeconds = retryAfterOf(response);
  return new Unavailable(`${noun}.unavailable`, `${said}; the request will be repeated later.`, { seen, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
}

/** Whether a status says that the same request may succeed later. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/**
 * Seconds that an answer asks us to wait: `Retry-After` as a number, or as a date, counted from the answer's own `Date`; or BigCommerce's
 * milliseconds until its window begins anew. https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits
 */
export function retryAfterOf({ headers }: HttpResponse): number | undefined {
  const window = headers['x-rate-limit-time-reset-ms'] ?? '';
  if (/^\d{1,9}$/.test(window)) return Math.ceil(Number(window) / 1000);
  const header = headers['retry-after'] ?? '';
  if (/^\d{1,6}$/.test(header)) return Number(header);
  const seconds = Math.ceil((Date.parse(header) - Date.parse(headers.date ?? '')) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw addressRefused('what is given is not an absolute URL', '');
  return url;
}

/**
 * Why the hub does not call an address, as far as it shows without a look-up; undefined where it may.
 * @param anyPort whether an operator chose the port
 */
export function refusalOf(url: URL, anyPort: boolean): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.username !== '' || url.password !== '') return 'it carries a user name or password';
  if (url.protocol !== 'https:') return 'it is not https';
  if (url.port !== '' && !anyPort) return 'its port is not 443';
  // A literal address is never looked up, so it is checked here; URL has turned octal, hex and decimal forms into dotted ones.
  return isIP(host) !== 0 && !isPublicAddress(host) ? 'it is not a public address' : undefined;
}

function addressRefused(why: string, host: string): Rejected {
  return new Rejected(
    'http.address-refused',
    `The hub does not call ${host === '' ? 'this address' : JSON.stringify(host.slice(0, 100))}: ${why}. Use https on port 443 of a public host.`,
    {
      seen: host.slice(0, 100),
    },
  );
}

async function resolveAll(name: string): ReturnType<Resolve> {
  return await resolveName(name, { all: true });
}

/** Resolves and checks in one step, and the socket connects to what was checked: a second, different answer cannot slip in between. */
export function publicLookup(resolve: Resolve): LookupFunction {
  return function lookup(hostname, options, callback) {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(new Error('the name has no address'), '', 0);
        else if (!addresses.every(({ address }) => isPublicAddress(address))) callback(addressRefused('its name leads to an address that is not public', hostname), '', 0);
        else if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (cause: Error) => callback(cause, '', 0),
    );
  };
}

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
const SPECIAL_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
// Within 2000::/3, the only range that is routed in public: protocol assignments with Teredo, documentation, and 6to4.
const SPECIAL_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const special = new BlockList();
for (const [net, prefix] of SPECIAL_IPV4) special.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of SPECIAL_IPV6) special.addSubnet(net, prefix, 'ipv6');
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

/** Whether an address is routed in public: not private, loopback, link-local, carrier-grade NAT, mapped, translated, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && global6.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

async function exchange(url: URL, request: HttpRequest, agent: PlainAgent | SecureAgent, timeoutMs: number): Promise<HttpResponse> {
  const options: RequestOptions = { method: request.method, headers: { 'user-agent': 'crossdock', ...request.headers }, agent, signal: AbortSignal.timeout(timeoutMs) };
  try {
    return await new Promise<HttpResponse>((done, fail) => {
      const outgoing = (url.protocol === 'https:' ? requestSecure : requestPlain)(url, options, (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > (request.maxBytes ?? DEFAULT_MAX_BYTES))
            outgoing.destroy(new Unavailable('http.too-large', `${url.host} answered with more than ${request.maxBytes ?? DEFAULT_MAX_BYTES} bytes.`));
        });
        incoming.on('error', fail);
        // Without `end` the answer was cut off; `error` has told why, or `close` does.
        incoming.on('close', () => fail(new Error('the connection closed in the middle of the answer')));
        incoming.on('end', () => done({ status: incoming.statusCode ?? 0, headers: joined(incoming.headers), body: Buffer.concat(chunks) }));
      });
      outgoing.on('error', fail);
      outgoing.end(request.body);
    });
  } catch (cause) {
    throw asOurs(cause, url, timeoutMs);
  }
}

function joined(headers: NodeJS.Dict<string | string[]>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
}

function asOurs(cause: unknown, url: URL, timeoutMs: number): Unavailable | Rejected {
  if (cause instanceof Unavailable || cause instanceof Rejected) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
  if (code === 'ABORT_ERR') return new Unavailable('http.timeout', `${url.host} did not answer within ${timeoutMs} ms; whether the request had an effect is unknown.`, { cause });
  return new Unavailable('http.unreachable', `${url.host} could not be reached (${code}); whether the request had an effect is unknown.`, { cause, seen: code });
}
