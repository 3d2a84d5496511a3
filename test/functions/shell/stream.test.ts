import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stream } from '../../../functions/shell/stream.ts';
import { CONTEXT } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';

const log = useLogLines();

const record = (number: number): DynamoDBRecord => ({ eventID: `event-${number}`, dynamodb: { SequenceNumber: String(number) } });
const numbersOf = (records: readonly DynamoDBRecord[]) => records.map(({ dynamodb }) => Number(dynamodb?.SequenceNumber));

test('a batch is handled as one', async () => {
  const handled: number[][] = [];
  const handler = stream({ services: () => handled, handle: async (records, list) => void list.push(numbersOf(records)) });

  expect(await handler({ Records: [record(1), record(2), record(3)] }, CONTEXT)).toEqual({ batchItemFailures: [] });
  expect(handled).toEqual([[1, 2, 3]]);
});

test('whatever fails, the first failing record is named, all before it are done and none after it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), fc.boolean(), async (fails, batchFails) => {
      const done: number[] = [];
      const handle = async (records: readonly DynamoDBRecord[]) => {
        const numbers = numbersOf(records);
        if (numbers.some((number) => fails[number]) || (numbers.length > 1 && batchFails)) throw new Error('refused');
        done.push(...numbers);
      };

      const answer = await stream({ services: () => null, handle })({ Records: fails.map((_, index) => record(index)) }, CONTEXT);

      const first = fails.indexOf(true);
      expect(answer).toEqual({ batchItemFailures: first === -1 ? [] : [{ itemIdentifier: String(first) }] });
      expect(done).toEqual(fails.map((_, index) => index).filter((index) => first === -1 || index < first));
    }),
    { numRuns: 200 },
  );
});

test('services that cannot be opened stop the stream at its first record', async () => {
  const services = () => {
    throw new Error('no topic');
  };

  expect(await stream({ services, handle: async () => {} })({ Records: [record(7), record(8)] }, CONTEXT)).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] });
  expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'stream record failed', eventId: 'event-7' }));
});
