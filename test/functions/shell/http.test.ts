import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Rejected, refused, Unavailable } from '../../../core/error.ts';
import { type Answer, answer, http } from '../../../functions/shell/http.ts';
import { authorizedEvent, CONTEXT } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';

const log = useLogLines();
const SCOPE = 'hub/orders.authorise';
const ORDER = { pathParameters: { orderId: 'shop:1001' } };
const Input = z.strictObject({ orderId: z.string(), reason: z.string().trim().min(3).optional(), quantity: z.int().min(1).optional() });

type Handle = (input: z.infer<typeof Input>) => Promise<Answer>;

async function call(event: Parameters<ReturnType<typeof endpointOf>>[0], handle: Handle = async (input) => answer(input)) {
  const { statusCode, body = '', headers } = await endpointOf(handle)(event, CONTEXT);
  return { statusCode, headers, body: JSON.parse(body) };
}

function endpointOf(handle: Handle) {
  return http('order/authorise-order', { input: Input, handle, services: () => null });
}

describe('who may call', () => {
  test.each([undefined, '', 'hub/orders.read', 'hub/orders.authorise.more', 'orders.authorise', 'HUB/ORDERS.AUTHORISE'])('a token with scope %j is refused', async (scope) => {
    expect(await call(authorizedEvent(scope, ORDER))).toMatchObject({ statusCode: 403, body: { code: 'request.forbidden' } });
  });

  test('a route that lost its authorizer stays shut', async () => {
    const event = authorizedEvent(SCOPE, ORDER);
    const { authorizer: _, ...requestContext } = event.requestContext;

    expect(await call(Object.assign(event, { requestContext }))).toMatchObject({ statusCode: 403, body: { code: 'request.forbidden' } });
  });

  test('a token with the scope among others is let through, and its user is the actor', async () => {
    const endpoint = http('order/authorise-order', { input: Input, handle: async (_input, _services, act) => answer({ by: act.by }), services: () => null });

    const { statusCode, body } = await endpoint(authorizedEvent(`openid ${SCOPE} hub/orders.read`, ORDER), CONTEXT);

    expect([statusCode, body]).toEqual([200, '{"by":"manager"}']);
  });
});

describe('what a failure becomes', () => {
  test.each<[string, unknown, number, object]>([
    ['a Rejected', new Rejected('order.unfit', 'It is unfit.'), 400, { code: 'order.unfit', message: 'It is unfit.' }],
    ['something that is not there', new Rejected('order.not-found', 'No such order.'), 404, { code: 'order.not-found' }],
    ['something that was erased', new Rejected('order.document-erased', 'Erased.'), 410, { code: 'order.document-erased' }],
    ['an Unavailable', new Unavailable('table.contended', 'Busy.'), 503, { code: 'table.contended' }],
    ['a bug', new TypeError('reading Erika Muster of undefined'), 500, { code: 'hub.fault' }],
    ['a thrown text', 'Erika Muster', 500, { code: 'hub.fault' }],
  ])('%s', async (_name, error, statusCode, body) => {
    const answered = await call(authorizedEvent(SCOPE, ORDER), () => Promise.reject(error));

    expect(answered).toMatchObject({ statusCode, body });
    expect(JSON.stringify(answered)).not.toContain('Erika');
  });

  test('an Unavailable says when to come again', async () => {
    const told = await call(authorizedEvent(SCOPE, ORDER), () => Promise.reject(new Unavailable('table.contended', 'Busy.', { retryAfterSeconds: 7 })));
    const untold = await call(authorizedEvent(SCOPE, ORDER), () => Promise.reject(new Unavailable('table.contended', 'Busy.')));

    expect([told.headers?.['retry-after'], untold.headers?.['retry-after']]).toEqual(['7', '5']);
  });

  test('a refusal by the rules is 409 with what stands in the way', async () => {
    const answered = await call(authorizedEvent(SCOPE, ORDER), async () => refused('order.held', 'Release the holds first.'));

    expect(answered).toMatchObject({ statusCode: 409, body: { code: 'order.held', message: 'Release the holds first.' } });
  });

  test('services that cannot be opened are a fault without detail', async () => {
    const services = () => {
      throw new Error('secret detail');
    };
    const endpoint = http('order/authorise-order', { input: Input, handle: async () => answer({}), services });

    const { statusCode, body } = await endpoint(authorizedEvent(SCOPE, ORDER), CONTEXT);

    expect(statusCode).toBe(500);
    expect(body).not.toContain('secret');
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'request failed', route: 'order/authorise-order' }));
  });
});

describe('what may be sent', () => {
  test.each<[string, string, string]>([
    ['text that is no JSON', '{"reason":', 'json.unreadable'],
    ['a list', '[1,2]', 'The body must be a JSON object'],
    ['null', 'null', 'The body must be a JSON object'],
    ['a text', '"reason"', 'The body must be a JSON object'],
    ['an unknown field', '{"resaon":"typo"}', 'resaon'],
    ['a prototype', '{"__proto__":{"reason":"sneaked in"}}', '__proto__'],
    ['a field that is too short', '{"reason":"x"}', 'reason: '],
    ['a fraction where a number of units belongs', '{"quantity":1.5}', 'quantity: '],
    ['a number past all numbers', '{"quantity":1e309}', 'quantity: '],
    ['a negative number of units', '{"quantity":-1}', 'quantity: '],
  ])('%s is refused with the field named', async (_name, body, named) => {
    const answered = await call(authorizedEvent(SCOPE, { ...ORDER, body }));

    expect(answered.statusCode).toBe(400);
    expect(JSON.stringify(answered.body)).toContain(named);
  });

  test('nesting deeper than the stack is refused, not a fault', async () => {
    expect(await call(authorizedEvent(SCOPE, { ...ORDER, body: '['.repeat(200_000) }))).toMatchObject({ statusCode: 400 });
  });

  test('bytes that are no UTF-8 are refused', async () => {
    const body = Buffer.from([0x7b, 0xff, 0x7d]).toString('base64');

    expect(await call(authorizedEvent(SCOPE, { ...ORDER, body, isBase64Encoded: true }))).toMatchObject({ statusCode: 400, body: { code: 'json.not-utf8' } });
  });

  test('a base64 body is read as the bytes it stands for', async () => {
    const body = Buffer.from('{"reason":"grüße"}').toString('base64');

    expect(await call(authorizedEvent(SCOPE, { ...ORDER, body, isBase64Encoded: true }))).toMatchObject({ statusCode: 200, body: { orderId: 'shop:1001', reason: 'grüße' } });
  });

  test('no body is an empty object', async () => {
    expect(await call(authorizedEvent(SCOPE, ORDER))).toMatchObject({ statusCode: 200, body: { orderId: 'shop:1001' } });
  });

  test('the path wins over a body that names another order', async () => {
    expect(await call(authorizedEvent(SCOPE, { ...ORDER, body: '{"orderId":"shop:9"}' }))).toMatchObject({ statusCode: 200, body: { orderId: 'shop:1001' } });
  });

  test('an answer is JSON that no cache keeps', async () => {
    const { headers } = await call(authorizedEvent(SCOPE, ORDER));

    expect(headers).toEqual({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
});
