import { expect, test } from 'vitest';
import * as z from 'zod';
import { type GatewayFacts, type GatewayRequest, gatewayAnswer, gatewayEvent, readHeaders } from '../../../local/cloud/gateway-event.ts';

const FACTS: GatewayFacts = {
  apiId: 'api1',
  domainName: '127.0.0.1:1',
  routeKey: 'POST /hooks/{connectionId}',
  pathParameters: { connectionId: 'shop' },
  requestId: 'r1',
  now: Date.parse('2026-11-22T09:08:07.006Z'),
  authorizer: undefined,
};

function request(changes: Partial<GatewayRequest>): GatewayRequest {
  return {
    method: 'POST',
    url: '/hooks/shop',
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(''),
    sourceIp: '127.0.0.1',
    protocol: 'HTTP/1.1',
    ...changes,
  };
}

const Event = z.looseObject({ body: z.string().optional(), isBase64Encoded: z.boolean() });

test('an event has the shape of payload format 2.0', () => {
  const event = gatewayEvent(request({ url: '/hooks/a%20b?x=1&y=%C3%A9&x=2', cookies: ['a=1'], body: Buffer.from('{"ü":1}') }), {
    ...FACTS,
    authorizer: { claims: { sub: 'ann' }, scopes: ['hub/x'] },
  });

  expect(event).toEqual({
    version: '2.0',
    routeKey: 'POST /hooks/{connectionId}',
    rawPath: '/hooks/a%20b',
    rawQueryString: 'x=1&y=%C3%A9&x=2',
    cookies: ['a=1'],
    headers: { 'content-type': 'application/json' },
    queryStringParameters: { x: '1,2', y: 'é' },
    requestContext: {
      accountId: '000000000000',
      apiId: 'api1',
      authorizer: { jwt: { claims: { sub: 'ann' }, scopes: ['hub/x'] } },
      domainName: '127.0.0.1:1',
      domainPrefix: 'api1',
      http: { method: 'POST', path: '/hooks/a%20b', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
      requestId: 'r1',
      routeKey: 'POST /hooks/{connectionId}',
      stage: '$default',
      time: '22/Nov/2026:09:08:07 +0000',
      timeEpoch: 1_795_338_487_006,
    },
    pathParameters: { connectionId: 'shop' },
    body: '{"ü":1}',
    isBase64Encoded: false,
  });
});

test('an empty body is absent', () => {
  expect(gatewayEvent(request({}), FACTS)).not.toHaveProperty('body');
});

const BODIES: ReadonlyArray<readonly [string, string | undefined, Buffer, boolean]> = [
  ['JSON', 'application/json; charset=utf-8', Buffer.from('{}'), false],
  ['text', 'text/plain', Buffer.from('x'), false],
  ['a form', 'application/x-www-form-urlencoded', Buffer.from('a=b'), true],
  ['a picture', 'image/png', Buffer.from([0x89, 0x50]), true],
  ['no type', undefined, Buffer.from('x'), true],
  ['JSON that is not UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22]), true],
];

test.each(BODIES)('the bytes of %s arrive whole', (_title, type, body, base64) => {
  const event = Event.parse(gatewayEvent(request({ headers: type === undefined ? {} : { 'content-type': type }, body }), FACTS));

  expect(event.isBase64Encoded).toBe(base64);
  expect(Buffer.from(event.body ?? '', base64 ? 'base64' : 'utf8')).toEqual(body);
});

test('header names are lower-case, repeated headers joined, cookies apart', () => {
  expect(readHeaders({ cookie: 'a=1; b=2' }, ['X-Topic', 'one', 'x-topic', 'two', 'Cookie', 'a=1; b=2'])).toEqual({ headers: { 'x-topic': 'one,two' }, cookies: ['a=1', 'b=2'] });
});

test('an answer without a status code is a JSON document', () => {
  expect(gatewayAnswer({ a: 1 })).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"a":1}') });
});

test('a base64 answer is decoded, its headers lower-cased', () => {
  expect(gatewayAnswer({ statusCode: 201, headers: { 'Content-Type': 'image/png', 'X-N': 1 }, body: 'iVA=', isBase64Encoded: true })).toEqual({
    status: 201,
    headers: { 'content-type': 'image/png', 'x-n': '1' },
    cookies: [],
    body: Buffer.from([0x89, 0x50]),
  });
});

test('an answer that API Gateway would refuse is none', () => {
  expect(gatewayAnswer({ statusCode: 'fine' })).toBeUndefined();
});
