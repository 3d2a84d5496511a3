import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';

/** SNS as the hub uses it; short timeouts, few attempts. */
export function snsClient(): SNSClient {
  return new SNSClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 } });
}

/** Publishes events, ten to a request, with the attributes that subscriptions filter by. @throws Unavailable `event.not-published` */
export async function publishEvents(client: SNSClient, topicArn: string, events: readonly HubEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += 10) {
    const entries = events.slice(from, from + 10).map((event, index) => ({ Id: String(index), Message: JSON.stringify(event), MessageAttributes: attributesOf(event) }));
    const { Failed = [] } = await client.send(new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }));
    if (Failed.length > 0)
      throw new Unavailable('event.not-published', `${Failed.length} of ${entries.length} events were not taken: ${Failed[0]?.Code ?? 'no code'}; the stream sends them again.`);
  }
}

function attributesOf(event: HubEvent) {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  return { type: text(event.type), ...(event.entity === 'parcel' && { carrierId: text(event.parcel.carrierId), connectionId: text(event.parcel.connectionId) }) };
}
