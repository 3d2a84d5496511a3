/** A route of the HTTP API. */
export interface GatewayRoute {
  /** As in the template, such as `POST /hooks/{connectionId}` or `$default`. */
  readonly key: string;
  readonly functionId: string;
  /** The authorizer a caller's token must satisfy; undefined for open routes. */
  readonly authorizer: GatewayAuthorizer | undefined;
  readonly scopes: readonly string[];
}

/** A JWT authorizer. */
export interface GatewayAuthorizer {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Headers that may carry the token, lower-case. */
  readonly identityHeaders: readonly string[];
}

/** A route that fits, and what its path parameters are. */
export interface RouteMatch {
  readonly route: GatewayRoute;
  readonly pathParameters: Readonly<Record<string, string>>;
}

const DEFAULT_KEY = '$default';

/**
 * Chooses the route as API Gateway does: the most specific path first, a method before ANY, `$default` last.
 * @returns undefined when none fits, or when a parameter is not decodable
 */
export function matchRoute(routes: readonly GatewayRoute[], method: string, rawPath: string): RouteMatch | undefined {
  const segments = rawPath.split('/').slice(1);
  const fits = routes.flatMap((route) => {
    const match = tryRoute(route, method, segments);
    return match ? [match] : [];
  });
  const [best] = fits.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return best && { route: best.route, pathParameters: best.pathParameters };
}

function tryRoute(route: GatewayRoute, method: string, segments: readonly string[]): (RouteMatch & { rank: string }) | undefined {
  if (route.key === DEFAULT_KEY) return { route, pathParameters: {}, rank: '9' };
  const [routeMethod = '', path = ''] = route.key.split(' ');
  if (routeMethod !== method && routeMethod !== 'ANY') return undefined;
  const pattern = path.split('/').slice(1);
  const greedy = pattern.at(-1)?.endsWith('+}') ?? false;
  if (greedy ? segments.length < pattern.length : segments.length !== pattern.length) return undefined;
  const pathParameters: Record<string, string> = {};
  let rank = '';
  for (const [index, part] of pattern.entries()) {
    const name = /^\{(.+?)(\+?)\}$/.exec(part);
    const segment = segments[index] ?? '';
    if (!name) {
      if (part !== segment) return undefined;
      rank += '0';
      continue;
    }
    const value = decode(name[2] ? segments.slice(index).join('/') : segment);
    if (value === undefined || value === '') return undefined;
    pathParameters[name[1] ?? ''] = value;
    rank += name[2] ? '2' : '1';
  }
  return { route, pathParameters, rank: `${rank}${routeMethod === 'ANY' ? '1' : '0'}` };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
