import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { knowledgeOf } from '../../adapters/aws/knowledge.ts';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { isServicePath } from '../../adapters/service-path.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import { Rejected } from '../../core/error.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { errorResponse } from '../shell/http.ts';
import { errorFields, log } from '../shell/log.ts';
import { once } from '../shell/once.ts';
import { type Hub, openHub } from '../shell/services.ts';

/** Called by storefronts whose fulfilment service we are, behind a path that only they know: what is in stock, what has left. */
export const handler = middy(async (event: APIGatewayProxyEventV2) => await answerQuestion(event, services())).onError(function answerError(request) {
  log(request.error instanceof Rejected ? 'info' : 'error', 'question not answered', errorFields(request.error));
  request.response = errorResponse(request.error);
});

const services = once(() => ({ ...openHub(), secrets: new SecretStore(readEnv(ENV.secretsPrefix)[ENV.secretsPrefix]) }));

/** What answering works with. */
export interface Answering extends Hub {
  readonly secrets: Pick<SecretStore, 'read'>;
}

/** A connection that there is not, a wrong token and a question that nobody knows are answered alike. */
export async function answerQuestion(event: APIGatewayProxyEventV2, { client, table, secrets, now }: Answering): Promise<APIGatewayProxyStructuredResultV2> {
  const { connectionId = '', token = '', question = '' } = event.pathParameters ?? {};
  const connection = client.storefronts.find(({ id }) => id === connectionId);
  const secret = await secrets.read(connection?.id ?? client.storefronts[0]?.id ?? '', now());
  const genuine = isServicePath(connectionId, token, secret?.signing ?? { current: '' }, now());
  if (connection === undefined || !genuine) throw NOBODY;
  const storefront = await loadStorefront(connection.kind);
  const isService = storefront.capabilities(connection.settings).includes('service');
  const answer = isService ? await storefront.answerQuestion?.(question, queryOf(event), knowledgeOf(connection, { client, table, now })) : undefined;
  if (answer === undefined) throw NOBODY;
  return { statusCode: 200, headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }, body: JSON.stringify(answer) };
}

const NOBODY = new Rejected('request.not-found', 'There is nothing here.');

function queryOf({ queryStringParameters = {} }: APIGatewayProxyEventV2): Record<string, string> {
  return Object.fromEntries(Object.entries(queryStringParameters).map(([name, value]) => [name, value ?? '']));
}
