import type { APIGatewayProxyEventV2, APIGatewayProxyEventV2WithJWTAuthorizer, Context, SQSEvent, SQSRecord } from 'aws-lambda';

/** What Lambda hands a handler beside its event. */
export const CONTEXT: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'test',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:test',
  memoryLimitInMB: '256',
  awsRequestId: 'request',
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: () => 30_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};

/** The name of the queue that `sqsRecord` comes from. */
export const QUEUE_NAME = 'hub-labels';

/** A message as Lambda hands it to a worker. */
export function sqsRecord(messageId: string, body: string, receives = 1): SQSRecord {
  return {
    messageId,
    receiptHandle: `handle-${messageId}`,
    body,
    attributes: { ApproximateReceiveCount: String(receives), SentTimestamp: '0', SenderId: 'sender', ApproximateFirstReceiveTimestamp: '0' },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:eu-central-1:000000000000:${QUEUE_NAME}`,
    awsRegion: 'eu-central-1',
  };
}

/** A batch of messages. */
export function sqsEvent(...records: SQSRecord[]): SQSEvent {
  return { Records: records };
}

/** A request as API Gateway hands it on, payload format 2.0. */
export function httpEvent(request: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: 'POST /',
    rawPath: '/',
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: requestContext(),
    ...request,
  };
}

/** A request whose token carries a scope, as the JWT authorizer lets it through. */
export function authorizedEvent(
  scope: string | undefined,
  request: { readonly body?: string; readonly isBase64Encoded?: boolean; readonly pathParameters?: Record<string, string> } = {},
): APIGatewayProxyEventV2WithJWTAuthorizer {
  const claims = { sub: 'user-1', username: 'manager', ...(scope !== undefined && { scope }) };
  const authorizer = { principalId: '', integrationLatency: 0, jwt: { claims, scopes: [] } };
  return { ...httpEvent(), ...request, requestContext: { ...requestContext(), authorizer } };
}

function requestContext(): APIGatewayProxyEventV2['requestContext'] {
  return {
    accountId: '000000000000',
    apiId: 'api',
    domainName: 'hub.example.com',
    domainPrefix: 'hub',
    http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    requestId: 'request',
    routeKey: 'POST /',
    stage: '$default',
    time: '',
    timeEpoch: 0,
  };
}
