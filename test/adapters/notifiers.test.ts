import { type PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadNotifier, type Message, type Sns } from '../../adapters/notifier.ts';
import { filesIn } from './fixtures.ts';

const MESSAGE: Message = {
  noticeId: 'shop:1001#order.accepted',
  kind: 'order.accepted',
  subject: 'Order #1001: we have it',
  text: 'Thank you, we pack it now.',
  phone: '+49 (341) 555-0199',
  email: 'erika@example.com',
  attributes: { plant: 'mill', empty: '' },
};

function recording(failure?: Error): { readonly sns: Sns; readonly sent: PublishCommand['input'][] } {
  const sent: PublishCommand['input'][] = [];
  async function send(command: PublishCommand): Promise<object> {
    if (failure !== undefined) throw failure;
    sent.push(command.input);
    return {};
  }
  return { sns: { send }, sent };
}

function named(name: string): Error {
  return Object.assign(new Error('Invalid parameter: PhoneNumber Reason: +493415550199'), { name });
}

describe.each(['topic', 'sms'] as const)('notifier %s', (id) => {
  test('is named after its file and made with an SNS client', async () => {
    expect(filesIn('adapters/notifiers')).toContain(id);
    expect((await loadNotifier(id, new SNSClient({ region: 'eu-central-1' }))).id).toBe(id);
  });

  test.each([
    ['ThrottledException', 'Unavailable', 'notification.unavailable'],
    ['TimeoutError', 'Unavailable', 'notification.unavailable'],
    ['InternalErrorException', 'Unavailable', 'notification.unavailable'],
    ['InvalidParameterException', 'Rejected', 'notification.refused'],
    ['OptedOutException', 'Rejected', 'notification.refused'],
  ])('says %s as %s, without the number', async (failure, name, code) => {
    const notifier = await loadNotifier(id, recording(named(failure)).sns);
    const error: unknown = await notifier.send(MESSAGE, 'arn:topic').catch((cause: unknown) => cause);

    expect(error).toMatchObject({ name, code });
    expect(JSON.stringify([String(error), error])).not.toContain('555');
  });
});

describe('by topic', () => {
  test('publishes the message as JSON with attributes to filter by', async () => {
    const { sns, sent } = recording();
    const notifier = await loadNotifier('topic', sns);
    await notifier.send(MESSAGE, 'arn:topic');

    expect(notifier.accepts({ ...MESSAGE, phone: null })).toBe(true);
    const { noticeId, kind, subject, text, phone, email } = MESSAGE;
    expect(JSON.parse(sent[0]?.Message ?? '')).toEqual({ noticeId, kind, subject, text, phone, email });
    expect(sent[0]).toMatchObject({
      TopicArn: 'arn:topic',
      Subject: 'Order #1001: we have it',
      MessageAttributes: { noticeId: { DataType: 'String', StringValue: noticeId }, kind: { StringValue: kind }, plant: { StringValue: 'mill' } },
    });
    expect(sent[0]?.MessageAttributes).not.toHaveProperty('empty');
  });

  test.each([
    ['Bestellung für Zoë – größer', 'Bestellung fur Zoe - grosser'],
    ['two\r\nlines\tand\u0000more', 'two lines and?more'],
    ['東京 🎁', '?? ??'],
    ['   ', 'order.accepted'],
  ])('subject %j goes as %j', async (subject, expected) => {
    const { sns, sent } = recording();
    await (await loadNotifier('topic', sns)).send({ ...MESSAGE, subject }, 'arn:topic');

    expect(sent[0]?.Subject).toBe(expected);
  });

  test('every subject is one that SNS takes', async () => {
    const { sns, sent } = recording();
    const notifier = await loadNotifier('topic', sns);

    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (subject) => {
        await notifier.send({ ...MESSAGE, subject }, 'arn:topic');
        expect(sent.at(-1)?.Subject).toMatch(/^[!-~][ -~]{0,98}$/);
      }),
    );
  });
});

describe('by text message', () => {
  test('goes to the number alone, as a transactional message', async () => {
    const { sns, sent } = recording();
    await (await loadNotifier('sms', sns)).send(MESSAGE, 'arn:topic');

    expect(sent[0]).toEqual({
      PhoneNumber: '+493415550199',
      Message: MESSAGE.text,
      MessageAttributes: { 'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' } },
    });
  });

  test('a long text is cut to two parts', async () => {
    const { sns, sent } = recording();
    await (await loadNotifier('sms', sns)).send({ ...MESSAGE, text: 'x'.repeat(2_000) }, 'arn:topic');

    expect(sent[0]?.Message).toHaveLength(306);
  });

  test.each([null, '', '0341 5550199', '+0123456789', '+49', '+4934155501991234567', 'call me'])('does not go to %j', async (phone) => {
    const notifier = await loadNotifier('sms', recording().sns);

    expect(notifier.accepts({ ...MESSAGE, phone })).toBe(false);
    await expect(notifier.send({ ...MESSAGE, phone }, 'arn:topic')).rejects.toMatchObject({ name: 'Rejected', code: 'notification.phone-invalid' });
  });
});
