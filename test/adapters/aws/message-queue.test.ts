import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { MessageQueue } from '../../../adapters/aws/message-queue.ts';

const client = new SQSClient({ region: 'eu-central-1' });
const sqs = mockClient(client);
const queue = new MessageQueue('https://sqs.example.com/inbox', client);

beforeEach(() => {
  sqs.reset();
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
});

const batches = () => sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => (args[0].input.Entries ?? []).map(({ MessageBody = '' }) => MessageBody));

test('sends every message once, in order, as many at a time as SQS takes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(1, 40, 120_000, 500_000, 1_000_000), { maxLength: 25 }), async (sizes) => {
      sqs.resetHistory();
      const messages = sizes.map((size, index) => `${index}:`.padEnd(size, 'x'));

      await queue.send(messages);

      expect(batches().flat()).toEqual(messages);
      for (const batch of batches()) {
        expect(batch.length).toBeLessThanOrEqual(10);
        expect(batch.reduce((bytes, message) => bytes + Buffer.byteLength(message), 0)).toBeLessThanOrEqual(1_048_576);
      }
    }),
    { numRuns: 50 },
  );
});

test('sends again what SQS could not take, and only that', async () => {
  sqs
    .on(SendMessageBatchCommand)
    .resolvesOnce({ Successful: [], Failed: [{ Id: '1', SenderFault: false, Code: 'InternalError' }] })
    .resolves({ Successful: [], Failed: [] });

  await queue.send(['a', 'b', 'c']);

  expect(batches()).toEqual([['a', 'b', 'c'], ['b']]);
});

test('gives up on what SQS does not take, and on what it never will', async () => {
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [{ Id: '0', SenderFault: false, Code: 'InternalError' }] });
  await expect(queue.send(['a'])).rejects.toMatchObject({ name: 'Unavailable', code: 'queue.unavailable' });

  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [{ Id: '0', SenderFault: true, Code: 'InvalidMessageContents' }] });
  await expect(queue.send(['a'])).rejects.toMatchObject({ name: 'Rejected', code: 'queue.message-refused', seen: 'InvalidMessageContents' });
});
