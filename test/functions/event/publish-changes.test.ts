import { gunzipSync } from 'node:zlib';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { readFacts } from '../../../adapters/aws/object-store.ts';
import type { Item } from '../../../adapters/aws/table.ts';
import { readTimeline } from '../../../adapters/aws/timeline-store.ts';
import { HubEvent } from '../../../core/event.ts';
import { publishChanges } from '../../../functions/event/publish-changes.ts';
import { useEmulator } from '../../emulator.ts';
import { itemsOf } from '../../invariants.ts';
import { PERSONAL, useLogLines } from '../log-lines.ts';
import { memoryBucket } from '../memory-bucket.ts';
import { accept, hubOn, idOf, packed, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();
const client = new SNSClient({ region: 'eu-central-1' });
const sns = mockClient(client);

beforeEach(() => {
  sns.reset();
  sns.on(PublishBatchCommand).resolves({});
});

let sequence = 0;

/** The records by which the table's stream tells of the step from one dump to the next. */
function recordsOf(before: readonly Item[], after: readonly Item[]): DynamoDBRecord[] {
  const keyOf = ({ PK, SK }: Item) => `${PK} ${SK}`;
  const known = new Map(before.map((item) => [keyOf(item), item]));
  return after.flatMap((item) => {
    const old = known.get(keyOf(item));
    if (JSON.stringify(old) === JSON.stringify(item)) return [];
    sequence += 1;
    return [{ eventID: `e${sequence}`, dynamodb: { SequenceNumber: String(sequence), NewImage: imageOf(item), ...(old !== undefined && { OldImage: imageOf(old) }) } }];
  });
}

type StreamImage = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;

/** As Lambda hands it on: the same format under another type. */
function imageOf(item: Item): StreamImage {
  return JSON.parse(JSON.stringify(marshall(item, { removeUndefinedValues: true })));
}

async function publisherOn(hub: TestHub) {
  const { bucket, objects, types } = memoryBucket();
  return { objects, types, publisher: { table: hub.table, facts: bucket, sns: client, eventsTopic: 'arn:events' } };
}

interface Published {
  readonly event: HubEvent;
  readonly attributes: Record<string, string | undefined>;
}

function published(): Published[] {
  return sns.commandCalls(PublishBatchCommand).flatMap((call) =>
    (call.args[0].input.PublishBatchRequestEntries ?? []).map(({ Message, MessageAttributes = {} }) => ({
      event: HubEvent.parse(JSON.parse(Message ?? '')),
      attributes: Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue])),
    })),
  );
}

/** A day in two steps: an order taken in, then packed; with the records of each. */
async function twoSteps() {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 3 });
  const start = await itemsOf(hub.table);
  await accept(hub, { id: '1' });
  const accepted = await itemsOf(hub.table);
  await packed(hub, '1');
  const end = await itemsOf(hub.table);
  return { hub, first: recordsOf(start, accepted), second: recordsOf(accepted, end), ...(await publisherOn(hub)) };
}

describe('what the stream tells', () => {
  test('becomes events with the attributes that subscriptions filter by', async () => {
    const { first, second, publisher } = await twoSteps();

    await publishChanges(first, publisher);
    await publishChanges(second, publisher);

    const types = published().map(({ event }) => event.type);
    expect(types.toSorted()).toEqual(['order.accepted', 'order.authorised', 'order.packed', 'parcel.packed', 'stock.low', 'stock.moved', 'stock.moved'].toSorted());
    for (const { event, attributes } of published()) {
      expect(attributes).toEqual(event.entity === 'parcel' ? { type: event.type, carrierId: 'easypost', connectionId: 'wholesale' } : { type: event.type });
    }
    expect(new Set(published().map(({ event }) => event.id)).size).toBe(types.length);
    expect(JSON.stringify(published())).not.toMatch(PERSONAL);
  });

  test('becomes rows of the timeline that say who, when and why, and say each thing once', async () => {
    const { hub, first, second, publisher } = await twoSteps();

    await publishChanges([...first, ...second], publisher);

    expect((await readTimeline(hub.table, idOf('1'))).map(({ subject, before, after, change }) => [subject, before, after, change.type, change.by])).toEqual([
      ['order', '', 'authorised', 'order.accepted', 'wholesale'],
      ['parcel 1', '', 'packed', 'parcel.packed', 'hub'],
    ]);
  });

  test('becomes facts by day, in an object named after the position in the stream', async () => {
    const { first, publisher, objects, types } = await twoSteps();

    await publishChanges(first, publisher);

    const [from, to] = [first[0]?.dynamodb?.SequenceNumber, first.at(-1)?.dynamodb?.SequenceNumber];
    const key = `facts/day=2026-11-20/${from}-${to}.ndjson.gz`;
    expect([...objects.keys()]).toEqual([key]);
    expect(types.get(key)).toBe('application/x-ndjson');
    const lines = gunzipSync(objects.get(key) ?? Buffer.alloc(0))
      .toString()
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(published().map(({ event }) => event));
    expect(await Array.fromAsync(readFacts(publisher.facts, '2026-11-20T00:00:00.000Z', '2026-11-20T23:59:59.000Z'))).toEqual(published().map(({ event }) => event));
  });

  test('again is written over itself and told with the same ids', async () => {
    const { hub, first, publisher, objects } = await twoSteps();
    await publishChanges(first, publisher);
    const rows = await itemsOf(hub.table);
    const facts = new Map(objects);
    const ids = published().map(({ event }) => event.id);
    sns.resetHistory();

    await publishChanges(first, publisher);

    expect(await itemsOf(hub.table)).toEqual(rows);
    expect([...objects.keys()]).toEqual([...facts.keys()]);
    for (const [key, object] of objects) expect(gunzipSync(object)).toEqual(gunzipSync(facts.get(key) ?? Buffer.alloc(0)));
    expect(published().map(({ event }) => event.id)).toEqual(ids);
  });

  test('of rows that are no news makes nothing, not even an empty object', async () => {
    const { hub, first, second, publisher, objects } = await twoSteps();
    await publishChanges([...first, ...second], publisher);
    const rows = recordsOf(
      [],
      (await itemsOf(hub.table)).filter(({ entity }) => entity !== 'order' && entity !== 'parcel' && entity !== 'stock'),
    );
    const removed: DynamoDBRecord = { eventID: 'r', dynamodb: { SequenceNumber: '9', OldImage: first[0]?.dynamodb?.NewImage ?? {} } };
    sns.resetHistory();
    objects.clear();

    await publishChanges([...rows, removed], publisher);

    expect(rows.map(({ dynamodb }) => dynamodb?.NewImage?.entity?.S)).toContain('timeline');
    expect(published()).toEqual([]);
    expect([...objects.keys()]).toEqual([]);
  });

  test('in a large batch is published ten at a time', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 100 });
    const before = await itemsOf(hub.table);
    await accept(hub, ...Array.from({ length: 60 }, (_, index) => ({ id: String(index) })));
    const { publisher } = await publisherOn(hub);

    await publishChanges(recordsOf(before, await itemsOf(hub.table)), publisher);

    expect(sns.commandCalls(PublishBatchCommand).map((call) => call.args[0].input.PublishBatchRequestEntries?.length)).toEqual([...Array(12).fill(10), 1]);
    expect((await readTimeline(hub.table, idOf('59'))).map(({ after }) => after)).toEqual(['authorised']);
  });

  test('that SNS takes in part is sent again', async () => {
    const { first, publisher } = await twoSteps();
    sns.on(PublishBatchCommand).resolves({ Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] });

    await expect(publishChanges(first, publisher)).rejects.toMatchObject({ name: 'Unavailable', code: 'event.not-published' });
  });
});

describe('facts', () => {
  test('of a period are read over all its days and all their objects', async () => {
    const { first, publisher } = await twoSteps();
    const events = first.length;
    for (let copy = 0; copy < 8; copy++) {
      const records = first.map((record) => ({ ...record, dynamodb: { ...record.dynamodb, SequenceNumber: `${copy}-${record.dynamodb?.SequenceNumber}` } }));
      await publishChanges(records, publisher);
    }

    const read = await Array.fromAsync(readFacts(publisher.facts, '2026-11-19T23:00:00.000Z', '2026-11-20T23:00:00.000Z'));
    const none = await Array.fromAsync(readFacts(publisher.facts, '2026-11-17T00:00:00.000Z', '2026-11-19T23:59:59.999Z'));

    expect(events).toBeGreaterThan(0);
    expect(read).toHaveLength(8 * new Set(read.map(({ id }) => id)).size);
    expect(none).toEqual([]);
  });
});
