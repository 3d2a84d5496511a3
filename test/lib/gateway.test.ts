import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { Gateway } from '../../lib/gateway.ts';

test('the access log holds no address, no path and no query, in which links, orders and tokens of carriers stand', () => {
  const stack = new Stack(new App(), 'Stack');
  new Gateway(stack, 'Gateway', 'sample');

  const stages = Template.fromStack(stack).findResources('AWS::ApiGatewayV2::Stage');
  const Stage = z.object({ Properties: z.object({ AccessLogSettings: z.object({ Format: z.string() }) }) });
  const formats = Object.values(stages).map((stage) => Stage.parse(stage).Properties.AccessLogSettings.Format);

  // Each by its name: what is added is looked at here first. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
  expect(formats.map((format) => format.match(/\$context\.[A-Za-z.]+/g)?.sort())).toEqual([
    [
      '$context.authorizer.claims.sub',
      '$context.integrationErrorMessage',
      '$context.integrationStatus',
      '$context.requestId',
      '$context.requestTime',
      '$context.responseLatency',
      '$context.routeKey',
      '$context.status',
    ],
  ]);
});
