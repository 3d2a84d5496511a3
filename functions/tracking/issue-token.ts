import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { asksForToken, grantOf, isRegistered, NOT_REGISTERED, type Registered } from '../../adapters/token-endpoint.ts';
import { readSchemes } from '../shell/edge.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { count, errorFields, log } from '../shell/log.ts';
import { once } from '../shell/once.ts';

/** Called by carriers that ask us for a token before they post: the token that their callbacks then carry. */
export const handler = middy(issueToken).onError(function answerUnavailable(request) {
  log('error', 'token not issued', errorFields(request.error));
  request.response = { statusCode: 503, headers: { ...HEADERS, 'retry-after': '5' }, body: '' };
});

const services = once(() => {
  const env = readEnv(ENV.clientFolder, ENV.secretsPrefix);
  const { carriers } = readSchemes(env[ENV.clientFolder]);
  const asking = Object.keys(carriers).filter((id) => carriers[id]?.family === 'issued-token');
  return { asking, secrets: new SecretStore(env[ENV.secretsPrefix]) };
});

/** A carrier that there is not, one that asks for no tokens and a wrong secret are answered alike, with the same work done. */
async function issueToken({ headers, body = '', isBase64Encoded, pathParameters }: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const request = { headers, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
  if (!asksForToken(request)) return answer(400, { error: 'unsupported_grant_type' });
  const { asking, secrets } = services();
  const now = new Date();
  const carrierId = pathParameters?.carrierId ?? '';
  const isKnown = asking.includes(carrierId);
  const measuredAgainst = isKnown ? carrierId : asking[0];
  if (measuredAgainst === undefined) return refuse(now);
  let registered: Registered = (await secrets.read(measuredAgainst, now)) ?? NOT_REGISTERED;
  // The secret may have been rotated a moment ago.
  if (!isRegistered(request, registered, now)) registered = (await secrets.read(measuredAgainst, now, true)) ?? NOT_REGISTERED;
  const genuine = isRegistered(request, registered, now);
  return genuine && isKnown ? answer(200, grantOf(carrierId, registered, now)) : refuse(now);
}

function refuse(now: Date): APIGatewayProxyStructuredResultV2 {
  count('tokenRefused', now);
  return answer(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="token"' });
}

// https://www.rfc-editor.org/rfc/rfc6749#section-5.1
const HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', pragma: 'no-cache' };

function answer(statusCode: number, body: object, headers: Record<string, string> = {}): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) };
}
