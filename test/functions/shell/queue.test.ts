import { ChangeMessageVisibilityCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { ENV } from '../../../functions/shell/env.ts';
import { each, pauseOf, queue, readEvent, type Worker } from '../../../functions/shell/queue.ts';
import { CONTEXT, QUEUE_NAME, sqsEvent, sqsRecord } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';

const DEAD_LETTERS = 'https://sqs.example.com/hub-dead-letters';
const QUEUE_URL = `https://sqs.example.com/${QUEUE_NAME}`;
const client = new SQSClient({ region: 'eu-central-1' });
const sqs = mockClient(client);
const log = useLogLines();

/** What becomes of one message. */
type Fate =
  | { readonly kind: 'ok' }
  | { readonly kind: 'rejected' | 'unreadable'; readonly message: string; readonly taken: boolean }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number | undefined; readonly taken: boolean }
  | { readonly kind: 'bug' };

// Half of it characters that SQS refuses, or that are cut in two where the text is shortened.
const Reason = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom('\u0000', '\uFFFE', '\uFFFF', '\uD83D', '📦')),
  minLength: 1,
  maxLength: 700,
  size: 'max',
});
const Fates: fc.Arbitrary<Fate> = fc.oneof(
  fc.constant({ kind: 'ok' as const }),
  fc.record({ kind: fc.constantFrom('rejected' as const, 'unreadable' as const), message: Reason, taken: fc.boolean() }),
  fc.record({ kind: fc.constant('unavailable' as const), retryAfterSeconds: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true }), { nil: undefined }), taken: fc.boolean() }),
  fc.constant({ kind: 'bug' as const }),
);
const Batch = fc.array(fc.record({ fate: Fates, receives: fc.integer({ min: 1, max: 1_000 }) }), { minLength: 1, maxLength: 10 });

beforeEach(() => {
  vi.stubEnv(ENV.deadLetterQueue, DEAD_LETTERS);
  sqs.reset();
  sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: QUEUE_URL });
  sqs.on(SendMessageCommand).resolves({});
  sqs.on(ChangeMessageVisibilityCommand).resolves({});
});
afterEach(() => vi.unstubAllEnvs());

function throwFor(fate: Fate | undefined): void {
  if (fate?.kind === 'rejected') throw new Rejected('order.unfit', fate.message);
  if (fate?.kind === 'unavailable') {
    const { retryAfterSeconds } = fate;
    throw new Unavailable('carrier.down', 'The carrier is down.', retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
  }
  if (fate?.kind === 'bug') throw new TypeError('a bug that quotes Erika Muster');
}

function workerFor(fates: ReadonlyMap<string, Fate>): Worker<string, null> {
  return {
    read: (body) => {
      const fate = fates.get(body);
      if (fate?.kind === 'unreadable') throw new Rejected('event.unreadable', fate.message);
      return body;
    },
    handle: each(async (body) => throwFor(fates.get(body))),
    services: () => null,
  };
}

describe('a batch of messages', () => {
  test('names exactly the messages that must come back, whatever became of each', async () => {
    await fc.assert(
      fc.asyncProperty(Batch, async (batch) => {
        const fates = new Map(batch.map(({ fate }, index) => [`body ${index}`, fate]));
        sqs.reset();
        sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: QUEUE_URL });
        sqs.on(SendMessageCommand).callsFake(({ MessageBody }) => failUnlessTaken(fates.get(MessageBody)));
        sqs.on(ChangeMessageVisibilityCommand).callsFake(({ ReceiptHandle }) => failUnlessTaken(fates.get(ReceiptHandle.replace('handle-id', 'body'))));
        const handler = queue(workerFor(fates), client);

        const answer = await handler(sqsEvent(...batch.map(({ receives }, index) => sqsRecord(`id ${index}`, `body ${index}`, receives))), CONTEXT);

        const comeBack = batch.flatMap(({ fate }, index) => (mustComeBack(fate) ? [{ itemIdentifier: `id ${index}` }] : []));
        expect(answer).toEqual({ batchItemFailures: comeBack });
        expectQuarantined(batch.map(({ fate }) => fate));
        expectPaused(batch.map(({ fate }) => fate));
      }),
      { numRuns: 200 },
    );
  });

  test('that fails as a whole comes back as a whole, and nobody is set aside for a bug', async () => {
    const handler = queue({ read: (body) => body, handle: () => Promise.reject(new TypeError('broken')), services: () => null }, client);

    const answer = await handler(sqsEvent(sqsRecord('a', '1'), sqsRecord('b', '2')), CONTEXT);

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'b' }] });
    expect(sqs.commandCalls(SendMessageCommand)).toEqual([]);
    expect(sqs.commandCalls(ChangeMessageVisibilityCommand)).toEqual([]);
  });

  test('whose services cannot be opened comes back, and the next batch opens them again', async () => {
    let opened = 0;
    const services = () => {
      opened += 1;
      if (opened === 1) throw new Error('no table');
      return null;
    };
    const handler = queue({ read: (body) => body, handle: async () => new Map(), services }, client);

    const first = await handler(sqsEvent(sqsRecord('a', '1')), CONTEXT);
    const second = await handler(sqsEvent(sqsRecord('a', '1')), CONTEXT);
    await handler(sqsEvent(sqsRecord('a', '1')), CONTEXT);

    expect([first, second]).toEqual([{ batchItemFailures: [{ itemIdentifier: 'a' }] }, { batchItemFailures: [] }]);
    expect(opened).toBe(2);
  });

  test('of unreadable messages alone never reaches the worker', async () => {
    const handle = vi.fn(async () => new Map<string, unknown>());
    const handler = queue({ read: readEvent, handle, services: () => null }, client);

    const answer = await handler(sqsEvent(sqsRecord('a', 'no event'), sqsRecord('b', '{"entity":"order"}')), CONTEXT);

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(handle).not.toHaveBeenCalled();
    expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(2);
  });

  test('says of a bug where it arose and not what it says', async () => {
    const handler = queue(workerFor(new Map([['1', { kind: 'bug' }]])), client);

    await handler(sqsEvent(sqsRecord('a', '1')), CONTEXT);

    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'message failed', messageId: 'a', error: 'TypeError', at: expect.stringContaining('queue.test') }),
    );
  });
});

describe('a message that met something unavailable', () => {
  /** Seconds that all pauses of a queue add up to, when a message is set aside after so many receives. */
  const sumOf = (receives: number, chance: number, named: { readonly retryAfterSeconds: number | undefined }) =>
    Array.from({ length: receives - 1 }, (_, index) => pauseOf(named, index + 1, chance)).reduce((sum, pause) => sum + pause, 0);

  test.each([
    [5, 40, 80],
    [8, 1_093, 2_186],
    [12, 8_293, 9_386],
    [20, 22_693, 23_786],
  ])('that names no pause is tried %i times over %i to %i seconds', (receives, shortest, longest) => {
    expect(sumOf(receives, 0, { retryAfterSeconds: undefined })).toBe(shortest);
    expect(sumOf(receives, 1, { retryAfterSeconds: undefined })).toBe(longest);
  });

  test('that names 15 minutes is tried 12 times over 11 such pauses', () => {
    expect(sumOf(12, 0, { retryAfterSeconds: 900 })).toBe(11 * 900);
    expect(sumOf(12, 1, { retryAfterSeconds: 900 })).toBe(11 * 900);
  });

  test('that names a day comes back after what SQS allows', () => {
    expect(pauseOf({ retryAfterSeconds: 86_400 }, 1, 0.5)).toBe(42_300);
  });
});

test('messages of one lane are handled one after the other, of different lanes side by side', async () => {
  const begun: string[] = [];
  const ended: string[] = [];
  const handle = each<string, null>(
    async (message) => {
      begun.push(message);
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended.push(message);
      if (message === 'a1') throw new Error('broken');
    },
    ([lane = '']) => lane,
  );

  const failures = await handle(
    ['a1', 'b1', 'a2'].map((message) => ({ id: message, message })),
    null,
  );

  expect([...failures.keys()]).toEqual(['a1']);
  expect(begun).toEqual(['a1', 'b1', 'a2']);
  expect(ended).toEqual(['a1', 'b1', 'a2']);
});

function failUnlessTaken(fate: Fate | undefined): object {
  if (fate !== undefined && 'taken' in fate && !fate.taken) throw new Error('SQS is down');
  return {};
}

function isToSetAside(fate: Fate): fate is Extract<Fate, { kind: 'rejected' | 'unreadable' }> {
  return fate.kind === 'rejected' || fate.kind === 'unreadable';
}

function mustComeBack(fate: Fate): boolean {
  return fate.kind === 'unavailable' || fate.kind === 'bug' || (isToSetAside(fate) && !fate.taken);
}

function expectQuarantined(fates: readonly Fate[]): void {
  const sent = sqs.commandCalls(SendMessageCommand).map((call) => call.args[0].input);
  expect(sent.map(({ MessageBody }) => MessageBody)).toEqual(fates.flatMap((fate, index) => (isToSetAside(fate) ? [`body ${index}`] : [])));
  for (const { QueueUrl, MessageBody, MessageAttributes } of sent) {
    const fate = fates[Number(MessageBody?.replace('body ', ''))];
    expect(QueueUrl).toBe(DEAD_LETTERS);
    expect(MessageAttributes).toMatchObject({
      code: { DataType: 'String', StringValue: fate?.kind === 'unreadable' ? 'event.unreadable' : 'order.unfit' },
      source: { DataType: 'String', StringValue: QUEUE_NAME },
    });
    const message = MessageAttributes?.message?.StringValue ?? '';
    expect(message.length).toBeGreaterThan(0);
    expect(message.length).toBeLessThanOrEqual(500);
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html: what SQS takes in text
    expect(message).toMatch(/^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u);
  }
}

function expectPaused(fates: readonly Fate[]): void {
  const pauses = sqs.commandCalls(ChangeMessageVisibilityCommand).map((call) => call.args[0].input);
  expect(pauses).toHaveLength(fates.filter(({ kind }) => kind === 'unavailable').length);
  for (const { QueueUrl, ReceiptHandle, VisibilityTimeout } of pauses) {
    const fate = fates[Number(ReceiptHandle?.replace('handle-id ', ''))];
    const asked = fate?.kind === 'unavailable' ? fate.retryAfterSeconds : Number.NaN;
    expect(QueueUrl).toBe(QUEUE_URL);
    expect(Number.isInteger(VisibilityTimeout)).toBe(true);
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(Math.max(1, Math.min(asked ?? 0, 42_300)));
    expect(VisibilityTimeout).toBeLessThanOrEqual(asked === undefined ? 1_800 : Math.min(42_300, Math.max(300, Math.ceil(asked))));
  }
}
