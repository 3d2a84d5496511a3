import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { ENV } from '../../functions/shell/env.ts';
import { ROUTES, type Route, SCOPE_PREFIX } from '../../functions/shell/routes.ts';
import { authorizedEvent, CONTEXT, httpEvent } from '../functions/invoke.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { clientWith } from '../functions/world.ts';
import { allKinds } from './all-kinds.ts';

useLogLines();
const folder = mkdtempSync(join(tmpdir(), 'routes-under-attack-'));
afterAll(() => rmSync(folder, { recursive: true }));
const KINDS = await allKinds();
const secretsManager = mockClient(SecretsManagerClient);
const clients = [mockClient(DynamoDBClient), mockClient(DynamoDBDocumentClient), mockClient(S3Client), secretsManager, mockClient(SNSClient), mockClient(SQSClient)];
beforeEach(() => {
  for (const client of clients) client.reset();
  secretsManager.on(GetSecretValueCommand).rejects(new ResourceNotFoundException({ message: 'no such secret', $metadata: {} }));
  const of = (wanted: string) => Object.fromEntries(KINDS.filter(({ side }) => side === wanted).map(({ id, scheme }) => [id, scheme]));
  writeFileSync(join(folder, 'edge.json'), JSON.stringify({ storefronts: of('storefronts'), carriers: of('carriers') }));
  writeFileSync(join(folder, 'client.json'), JSON.stringify(clientWith({})));
  for (const name of Object.values(ENV)) vi.stubEnv(name, name.toLowerCase());
  vi.stubEnv(ENV.clientFolder, folder);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
});
afterEach(() => vi.unstubAllEnvs());

const Module = z.object({ handler: z.custom<(event: unknown, context: unknown) => Promise<APIGatewayProxyStructuredResultV2>>((value) => typeof value === 'function') });

async function ask(name: string, event: object): Promise<APIGatewayProxyStructuredResultV2> {
  const { handler } = Module.parse(await import(join(import.meta.dirname, '..', '..', 'functions', `${name}.ts`)));
  return await handler(event, CONTEXT);
}

function callsToAws(): number {
  return clients.reduce((sum, client) => sum + client.calls().length, 0);
}

const ALL = [...new Set(Object.values(ROUTES).flatMap(({ scope }: Route) => (scope === null ? [] : [scope])))];
const GUARDED = Object.entries(ROUTES).flatMap(([name, { path, scope }]: [string, Route]) => (scope === null ? [] : [{ name, path, scope }]));

/** What a token may say that is not the scope `wanted`. */
function lacking(wanted: string): readonly (readonly [string, string | undefined])[] {
  const full = `${SCOPE_PREFIX}/${wanted}`;
  const others = ALL.filter((scope) => scope !== wanted).map((scope) => `${SCOPE_PREFIX}/${scope}`);
  return [
    ['no scope, as a token of identity', undefined],
    ['an empty scope', ''],
    ['every scope but that', others.join(' ')],
    ...others.map((scope) => [`only ${scope}`, scope] as const),
    ['the scope of another API', `other/${wanted}`],
    ['it without its API', wanted],
    ['it in capitals', full.toUpperCase()],
    ['a longer one', `${full}.all`],
    ['a shorter one', full.slice(0, -1)],
    ['all of them by a star', `${SCOPE_PREFIX}/*`],
    ['it among commas', `${full},openid`],
    ['it after a tab', `openid\t${full}`],
    ['it in quotes', `"${full}"`],
    ['a name of JavaScript', '__proto__'],
  ];
}

describe.each(GUARDED.map(({ name, path, scope }) => [name, scope, path] as const))('%s, which wants %s', (name, scope, path) => {
  const pathParameters = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => [parameter, '1']));
  const body = JSON.stringify({ reason: 'let me in', scope: `${SCOPE_PREFIX}/${scope}`, by: 'manager', scopes: [`${SCOPE_PREFIX}/${scope}`] });

  test.each(lacking(scope))('refuses a token that carries %s', async (_what, granted) => {
    const { statusCode, body: said = '' } = await ask(name, authorizedEvent(granted, { body, pathParameters }));

    expect(statusCode).toBe(403);
    expect(JSON.parse(said)).toEqual({ code: 'request.forbidden', message: `The token lacks the scope ${SCOPE_PREFIX}/${scope}.` });
    expect(callsToAws()).toBe(0);
  });

  test('refuses whoever comes past the authorizer, whatever he writes of himself', async () => {
    const headers = { authorization: 'Bearer x', 'x-amzn-oidc-identity': 'manager', 'x-scope': `${SCOPE_PREFIX}/${scope}`, cookie: `scope=${SCOPE_PREFIX}/${scope}` };
    const empty = { ...httpEvent(), requestContext: { ...httpEvent().requestContext, authorizer: {} } };
    const lambda = { ...httpEvent(), requestContext: { ...httpEvent().requestContext, authorizer: { lambda: { scope: `${SCOPE_PREFIX}/${scope}` } } } };
    for (const event of [httpEvent({ body, pathParameters, headers }), { ...empty, body, pathParameters }, { ...lambda, body, pathParameters }])
      expect((await ask(name, event)).statusCode).toBe(403);
    expect(callsToAws()).toBe(0);
  });
});

/** What whoever proves nothing is answered by an open route; the proofs themselves are tried in signatures, probing and links. */
const UNPROVEN: Readonly<Record<string, number>> = {
  'storefront/receive-webhook': 401,
  'storefront/receive-request': 401,
  'storefront/answer-question': 404,
  'tracking/receive-update': 401,
  'tracking/issue-token': 401,
  'report/open-report': 403,
};

test('every other route wants a proof of its own, and is named here', () => {
  const open = Object.entries(ROUTES).flatMap(([name, { scope }]: [string, Route]) => (scope === null ? [name] : []));

  expect(Object.keys(UNPROVEN).sort()).toEqual(open.sort());
});

describe.each(Object.entries(UNPROVEN))('%s, which is open', (name, refusal) => {
  // Those that hear of no refusal are tried in probing.
  const ids = [...KINDS.filter(({ scheme }) => scheme.refusal !== 'silent').map(({ id }) => id), 'nobody', '__proto__', ''];

  test.each([
    ['nothing', {}, {}],
    ['a token of the hub', { authorization: 'Bearer x' }, {}],
    [
      'headers that only the gateway writes',
      { 'x-amzn-trace-id': 'Root=1', 'x-forwarded-for': '127.0.0.1' },
      { requestContext: authorizedEvent('hub/orders.read').requestContext },
    ],
  ])('refuses whoever brings %s, and looks at nothing but a secret', async (_what, headers, more) => {
    for (const id of ids) {
      const pathParameters = {
        connectionId: id,
        carrierId: id,
        token: 'x'.repeat(32),
        question: 'fetch_stock',
        request: 'fulfillment_order_notification',
        report: 'daily',
        day: '2026-11-22',
      };
      const body = name === 'tracking/issue-token' ? 'grant_type=client_credentials' : JSON.stringify({ payload: id, kind: 'FULFILLMENT_REQUEST' });
      const { statusCode, body: said } = await ask(name, { ...httpEvent({ body, pathParameters, headers }), ...more });
      expect(statusCode, id).toBe(refusal);
      expect(said).not.toContain(folder);
    }
    expect(callsToAws() - secretsManager.calls().length).toBe(0);
  });
});
