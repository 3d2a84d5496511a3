import { PublishCommand } from '@aws-sdk/client-sns';
import { Rejected } from '../../core/error.ts';
import { type Notifier, publish, type Sns } from '../notifier.ts';

// https://en.wikipedia.org/wiki/E.164
const E164 = /^\+[1-9]\d{7,14}$/;
// Two parts of GSM text: a longer message costs more than it tells.
const TEXT_LENGTH = 306;

/** Tells a customer by text message, straight to the phone. */
export default function smsNotifier(sns: Sns): Notifier {
  return {
    id: 'sms',
    accepts: ({ phone }) => numberOf(phone) !== undefined,
    async send({ noticeId, phone, text }) {
      const number = numberOf(phone);
      if (number === undefined)
        throw new Rejected('notification.phone-invalid', `Notice ${noticeId} has no phone number in international form, such as +49...; it cannot go by text message.`);
      const command = new PublishCommand({
        PhoneNumber: number,
        Message: text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 3)}...`,
        MessageAttributes: { 'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' } },
      });
      await publish(sns, command, noticeId);
    },
  };
}

/** The number without the spaces, dashes, dots and brackets that people write. */
function numberOf(phone: string | null): string | undefined {
  const number = (phone ?? '').replace(/[\s().\-/]/g, '');
  return E164.test(number) ? number : undefined;
}
