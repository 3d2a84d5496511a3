import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { reportObject } from '../../adapters/aws/report-object.ts';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { signedObject } from '../../adapters/aws/signed-object.ts';
import { isLinkGenuine } from '../../adapters/link.ts';
import { Rejected } from '../../core/error.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { errorResponse } from '../shell/http.ts';
import { errorFields, log } from '../shell/log.ts';
import { once } from '../shell/once.ts';

/** Called by a supply manager who follows the link in an announcement: sends them on to the report, for five minutes. */
export const handler = middy(openReport).onError(function answerError(request) {
  log('info', 'report not opened', errorFields(request.error));
  request.response = errorResponse(request.error);
});

const services = once(() => {
  const env = readEnv(ENV.reportsBucket, ENV.secretsPrefix);
  return { reports: new Bucket(env[ENV.reportsBucket]), secrets: new SecretStore(env[ENV.secretsPrefix]) };
});

async function openReport({ pathParameters, queryStringParameters }: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { report = '', day = '' } = pathParameters ?? {};
  const { format = '', expires = '', signature = '' } = queryStringParameters ?? {};
  const { reports, secrets } = services();
  const now = new Date();
  const secret = await secrets.read('links', now);
  const genuine = isLinkGenuine({ path: `reports/${report}/${day}`, format, expires: Number(expires) }, signature, secret?.signing.current ?? '', now);
  if (!genuine) throw new Rejected('request.forbidden', 'This link is not one of ours, or has expired; ask for the report to be announced again.');
  const location = await signedObject(reports, reportObject(report, day, format), format === 'html' ? 'inline' : 'attachment');
  return {
    statusCode: 302,
    headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
    body: '',
  };
}
