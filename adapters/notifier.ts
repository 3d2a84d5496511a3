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
  /** @throws Unavailable when it should be tried again */
  send(message: Message, topicArn: string): Promise<void>;
}
