import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { SNSClient } from '@aws-sdk/client-sns';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { Bucket, writeFacts } from '../../adapters/aws/object-store.ts';
import { type Item, isEntity, Table } from '../../adapters/aws/table.ts';
import { timelineRow } from '../../adapters/aws/timeline-store.ts';
import { publishEvents, snsClient } from '../../adapters/aws/topic.ts';
import { eventsOf, type HubEvent, type Image } from '../../core/event.ts';
import { ENV, readEnv } from '../shell/env.ts';
import { stream } from '../shell/stream.ts';

/** Called by the table's stream: what was written becomes timeline rows, facts for reports, and events. */
export const handler = stream({ services: openPublisher, handle: publishChanges });

interface Publisher {
  readonly table: Table;
  readonly facts: Bucket;
  readonly sns: SNSClient;
  readonly eventsTopic: string;
}

function openPublisher(): Publisher {
  const env = readEnv(ENV.table, ENV.eventsTopic, ENV.factsBucket);
  return { table: new Table(env[ENV.table]), facts: new Bucket(env[ENV.factsBucket]), sns: snsClient(), eventsTopic: env[ENV.eventsTopic] };
}

/** Every write can be repeated harmlessly: rows by their key, facts by their stream position, events by their id. */
export async function publishChanges(records: readonly DynamoDBRecord[], { table, facts, sns, eventsTopic }: Publisher): Promise<void> {
  const changes = records.flatMap((record) => changeOf(record) ?? []);
  const events = changes.flatMap(({ before, after }) => eventsOf(before, after));
  if (events.length === 0) return;
  const position = [records.at(0), records.at(-1)].map((record) => record?.dynamodb?.SequenceNumber ?? '').join('-');
  await Promise.all([table.putAll(changes.flatMap(({ before, after }) => timelineRow(before, after) ?? [])), writeFacts(facts, events.filter(isFact), position)]);
  await publishEvents(sns, eventsTopic, events);
}

/** Reports are computed from facts; that one was written is none, or a repeat would differ from the first. */
function isFact(event: HubEvent): boolean {
  return event.entity !== 'report';
}

function changeOf({ dynamodb }: DynamoDBRecord): { readonly before: Image | undefined; readonly after: Image } | undefined {
  const after = imageOf(dynamodb?.NewImage);
  return after === undefined ? undefined : { before: imageOf(dynamodb?.OldImage), after };
}

const IMAGES: readonly Image['entity'][] = ['order', 'parcel', 'stock', 'supply', 'report'];

function imageOf(attributes: NonNullable<DynamoDBRecord['dynamodb']>['NewImage']): Image | undefined {
  const entity = IMAGES.find((known) => attributes?.entity?.S === known);
  if (attributes === undefined || entity === undefined) return undefined;
  // The edge: Lambda's type of an attribute and the SDK's are one format under two names.
  const item: Item = unmarshall(attributes as Record<string, AttributeValue>);
  return isEntity<Image>(item, entity) ? item : undefined;
}
