import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { errorFields, log } from './log.ts';
import { once } from './once.ts';

/**
 * Wraps a consumer of the table's stream as a Lambda. A batch is handled as one; when that fails it is handled record by record,
 * and the first that fails is where the stream starts again, so that what came before is not done twice.
 */
export function stream<Services>(consumer: { readonly services: () => Services; readonly handle: (records: readonly DynamoDBRecord[], services: Services) => Promise<void> }) {
  const services = once(consumer.services);
  return middy(async function streamHandler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
    try {
      await consumer.handle(event.Records, services());
      return { batchItemFailures: [] };
    } catch (error) {
      log('warn', 'stream batch failed, going record by record', { records: event.Records.length, ...errorFields(error) });
    }
    for (const record of event.Records) {
      try {
        await consumer.handle([record], services());
      } catch (error) {
        log('error', 'stream record failed', { eventId: record.eventID, ...errorFields(error) });
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? '' }] };
      }
    }
    return { batchItemFailures: [] };
  });
}
