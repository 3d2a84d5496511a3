import type { PublishCommand } from '@aws-sdk/client-sns';
import { Rejected, Unavailable } from '../core/error.ts';

/** A message to somebody outside: a customer, a plant, the supply managers. */
export interface Message {
  /** Unique per thing to tell: receivers drop repeats by it. */
  readonly noticeId: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  /** E.164 telephone number, where the receiver is one person with a phone. */
  readonly phone: string | null;
  readonly email: string | null;
  /** Filter attributes for subscribers, such as `plant: steelworks`. No personal data. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** One way of telling: its file in `notifiers/` is named after it. */
export interface Notifier {
  readonly id: string;
  /** Whether this message can go this way. */
  accepts(message: Message): boolean;
  /** @throws Unavailable when it should be tried again, Rejected when this message can never go this way */
  send(message: Message, topicArn: string): Promise<void>;
}

/** What notifiers publish with: an `SNSClient`, or a test's own. */
export interface Sns {
  send(command: PublishCommand): Promise<unknown>;
}

/** A notifier is a file in ./notifiers whose name is its id; it exports how it is made. */
export async function loadNotifier(id: 'topic' | 'sms', sns: Sns): Promise<Notifier> {
  const module: { default: (sns: Sns) => Notifier } = await import(`./notifiers/${id}.ts`);
  return module.default(sns);
}

// What SNS says of a message that it will not take however often it is offered.
const FINAL = new Set(['InvalidParameterException', 'InvalidParameterValueException', 'ValidationException', 'OptedOutException']);

/**
 * Publishes through SNS and says a failure in our own two kinds.
 * @throws Unavailable `notification.unavailable` or Rejected `notification.refused`
 */
export async function publish(sns: Sns, command: PublishCommand, noticeId: string): Promise<void> {
  try {
    await sns.send(command);
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown error';
    // The cause is left out: SNS repeats the phone number in its message.
    if (FINAL.has(name)) throw new Rejected('notification.refused', `SNS will not take notice ${noticeId} (${name}).`, { seen: name });
    throw new Unavailable('notification.unavailable', `SNS could not take notice ${noticeId} (${name}); it will be sent later.`, { seen: name });
  }
}
