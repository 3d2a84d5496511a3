import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Endpoints, openMeters } from '../../bench/meter.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An emulator that answers everything alike and keeps what it was asked. */
async function emulator(answer: { status: number; body: object }) {
  const asked: { headers: NodeJS.Dict<string | string[]>; body: Record<string, unknown>; url: string }[] = [];
  const server = createServer(async (request, response) => {
    const text = (await buffer(request)).toString();
    asked.push({ headers: request.headers, url: request.url ?? '', body: text.startsWith('{') ? JSON.parse(text) : { text } });
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

async function metered(url: string): Promise<{ meters: ReturnType<typeof openMeters>; endpoints: Endpoints }> {
  const meters = openMeters();
  closing.push(meters.close);
  return { meters, endpoints: await meters.through({ dynamodb: url, sqs: url, sns: url, s3: url, secretsManager: url }) };
}

const AGENT = 'aws-sdk-js/3 app/order.accept-orders';

describe('meters', () => {
  it('have DynamoDB tell what a request consumed, and count it for the function that asked', async () => {
    const { url, asked } = await emulator({ status: 200, body: { ConsumedCapacity: { CapacityUnits: 2 } } });
    const { meters, endpoints } = await metered(url);
    const body = { TableName: 'hub', Item: { PK: { S: 'O#a' }, SK: { S: 'ORDER' } } };
    for (let time = 0; time < 2; time++)
      await fetch(endpoints.dynamodb, { method: 'POST', headers: { 'x-amz-target': 'DynamoDB_20120810.PutItem', 'user-agent': AGENT }, body: JSON.stringify(body) });
    expect(asked[0]?.body).toEqual({ ...body, ReturnConsumedCapacity: 'INDEXES' });
    expect(meters.tallies()).toEqual([
      { service: 'dynamodb', operation: 'PutItem', caller: 'order/accept-orders', subject: 'order', requests: 2, chunks: 2, readUnits: 0, writeUnits: 4, refused: 0 },
    ]);
  });

  it('pass a refusal on as it is, and count it as refused', async () => {
    const { url } = await emulator({ status: 400, body: { __type: 'ConditionalCheckFailedException' } });
    const { meters, endpoints } = await metered(url);
    const response = await fetch(endpoints.dynamodb, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.PutItem', 'user-agent': AGENT },
      body: JSON.stringify({ Item: { PK: { S: 'O#a' }, SK: { S: 'P#1' } } }),
    });
    expect([response.status, await response.json()]).toEqual([400, { __type: 'ConditionalCheckFailedException' }]);
    expect(meters.tallies()).toMatchObject([{ subject: 'parcel', writeUnits: 1, refused: 1 }]);
  });

  it('count each 64 KB that is sent to a queue, and name the operations of every service', async () => {
    const { url, asked } = await emulator({ status: 200, body: {} });
    const { meters, endpoints } = await metered(url);
    await fetch(endpoints.sqs, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.SendMessage', 'user-agent': AGENT }, body: 'x'.repeat(65 * 1_024) });
    await fetch(endpoints.sns, { method: 'POST', headers: { 'user-agent': AGENT }, body: 'Action=PublishBatch&TopicArn=t' });
    await fetch(`${endpoints.s3}/labels/one.png`, { method: 'PUT', headers: { 'user-agent': AGENT }, body: 'png' });
    await fetch(`${endpoints.s3}/facts?list-type=2&prefix=a`, { headers: { 'user-agent': AGENT } });
    expect(meters.tallies().map(({ service, operation, chunks }) => [service, operation, chunks])).toEqual([
      ['sqs', 'SendMessage', 2],
      ['sns', 'PublishBatch', 1],
      ['s3', 'PutObject', 1],
      ['s3', 'ListObjectsV2', 1],
    ]);
    expect(asked.map((request) => request.url)).toContain('/labels/one.png');
  });

  it('forget what they counted when they are reset', async () => {
    const { url } = await emulator({ status: 200, body: {} });
    const { meters, endpoints } = await metered(url);
    await fetch(endpoints.secretsManager, { method: 'POST', headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' }, body: '{}' });
    expect(meters.tallies()).toMatchObject([{ operation: 'GetSecretValue', caller: 'unknown' }]);
    meters.reset();
    expect(meters.tallies()).toEqual([]);
  });
});
