import { expect, test } from 'vitest';
import { type GatewayRoute, matchRoute } from '../../../local/cloud/gateway-routes.ts';

const ROUTES: readonly GatewayRoute[] = ['GET /orders/{orderId}', 'GET /orders/open', 'ANY /orders/open', 'GET /files/{path+}', 'POST /orders/{orderId}/pack'].map((key) => ({
  key,
  functionId: key,
  authorizer: undefined,
  scopes: [],
}));

const CASES: ReadonlyArray<readonly [string, string, string | undefined, Record<string, string>]> = [
  ['GET', '/orders/shop%3A1%2F2', 'GET /orders/{orderId}', { orderId: 'shop:1/2' }],
  ['GET', '/orders/open', 'GET /orders/open', {}],
  ['PUT', '/orders/open', 'ANY /orders/open', {}],
  ['GET', '/files/a/b.txt', 'GET /files/{path+}', { path: 'a/b.txt' }],
  ['POST', '/orders/1/pack', 'POST /orders/{orderId}/pack', { orderId: '1' }],
  ['GET', '/orders/', undefined, {}],
  ['GET', '/orders/1/2', undefined, {}],
  ['GET', '/orders/%E0%A4%A', undefined, {}],
  ['DELETE', '/orders/1', undefined, {}],
];

test.each(CASES)('%s %s goes to %s', (method, path, key, pathParameters) => {
  const match = matchRoute(ROUTES, method, path);

  expect(match?.route.key).toBe(key);
  expect(match?.pathParameters ?? {}).toEqual(pathParameters);
});

test('$default takes what nothing else takes', () => {
  const fallback = { key: '$default', functionId: 'f', authorizer: undefined, scopes: [] };

  expect(matchRoute([fallback, ...ROUTES], 'GET', '/orders/open')?.route.key).toBe('GET /orders/open');
  expect(matchRoute([fallback, ...ROUTES], 'GET', '/else')?.route.key).toBe('$default');
});
