import { PublishCommand } from '@aws-sdk/client-sns';
import { type Message, type Notifier, publish, type Sns } from '../notifier.ts';

// A subject has less than 100 characters: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const SUBJECT_LENGTH = 99;

/** Tells by a topic: subscribers get JSON `{noticeId, kind, subject, text, phone, email}`, and `noticeId` and `kind` as attributes to filter by. */
export default function topicNotifier(sns: Sns): Notifier {
  return {
    id: 'topic',
    accepts: () => true,
    async send(message, topicArn) {
      const { noticeId, kind, subject, text, phone, email } = message;
      const command = new PublishCommand({
        TopicArn: topicArn,
        Subject: subjectOf(message),
        Message: JSON.stringify({ noticeId, kind, subject, text, phone, email }),
        MessageAttributes: attributesOf({ ...message.attributes, noticeId, kind }),
      });
      await publish(sns, command, noticeId);
    },
  };
}

/** The subject in plain ASCII without control characters, as mail subscribers of SNS get it. */
function subjectOf({ subject, kind }: Message): string {
  const plain = subject
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll(/[–—]/g, '-')
    .replace(/\s+/g, ' ')
    .replace(/[^ -~]/g, '?')
    .trim();
  return (plain === '' ? kind : plain).slice(0, SUBJECT_LENGTH);
}

/** SNS refuses empty values. */
function attributesOf(values: Readonly<Record<string, string>>): Record<string, { DataType: 'String'; StringValue: string }> {
  const filled = Object.entries(values).filter(([, value]) => value !== '');
  return Object.fromEntries(filled.map(([name, value]) => [name, { DataType: 'String', StringValue: value }]));
}
