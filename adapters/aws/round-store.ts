import { SHARDS } from '../../core/id.ts';
import { type Place, ROUND_LISTS, type Round } from '../../core/round.ts';
import { connectionKey } from './connection-row.ts';
import type { Table } from './table.ts';

/** Reads where the round of a carrier stands. */
export async function readRound(table: Table, carrierId: string): Promise<Round | undefined> {
  return await table.get<Round>(connectionKey(carrierId, 'ROUND'), 'round');
}

/** Writes where a round stands. @returns false when another run was faster */
export async function writeRound(table: Table, round: Round): Promise<boolean> {
  const after = { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': round.version - 1 } };
  const condition = round.version === 1 ? { ConditionExpression: 'attribute_not_exists(PK)' } : after;
  return (await table.transact([{ Put: { TableName: table.name, Item: { ...round, ...connectionKey(round.carrierId, 'ROUND') }, ...condition } }])).written;
}

/** Parcels that are, or may be, on their way, behind a place: list by list, those first that are longest in it. Reads no further than it is asked. */
export async function* onTheirWay(table: Table, behind: Place | null): AsyncGenerator<Place> {
  const first = behind === null ? 0 : ROUND_LISTS.indexOf(behind.list);
  for (const list of ROUND_LISTS.slice(first)) yield* merged(Array.from({ length: SHARDS }, (_, shard) => shardOf(table, list, shard, behind?.list === list ? behind : null)));
}

async function* shardOf(table: Table, list: Place['list'], shard: number, behind: Place | null): AsyncGenerator<Place> {
  const query = {
    TableName: table.name,
    IndexName: 'work',
    KeyConditionExpression: '#work = :work AND since >= :since',
    ExpressionAttributeNames: { '#work': 'work' },
    ExpressionAttributeValues: { ':work': `${list}#${shard}`, ':since': behind?.since ?? '0' },
    Limit: 100,
  };
  const places: Place[] = [];
  for await (const { PK, SK, since } of table.pages(query)) {
    const place = { list, since: String(since), orderId: String(PK).slice('O#'.length), parcel: Number(String(SK).slice('P#'.length)) };
    // Those of one instant come from the index in an order of its own.
    if (places.length > 0 && places[0]?.since !== place.since) yield* places.splice(0).sort(compare);
    if (behind === null || compare(place, behind) > 0) places.push(place);
  }
  yield* places.sort(compare);
}

/** Merges what is sorted into one that is. */
async function* merged(sources: readonly AsyncGenerator<Place>[]): AsyncGenerator<Place> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, head: await source.next() })));
  for (;;) {
    let least: { source: AsyncGenerator<Place>; head: IteratorResult<Place> } | undefined;
    for (const one of heads) if (!one.head.done && (least === undefined || least.head.done || compare(one.head.value, least.head.value) < 0)) least = one;
    if (least === undefined || least.head.done) return;
    yield least.head.value;
    least.head = await least.source.next();
  }
}

function compare(a: Place, b: Place): number {
  if (a.since !== b.since) return a.since < b.since ? -1 : 1;
  if (a.orderId !== b.orderId) return a.orderId < b.orderId ? -1 : 1;
  return a.parcel - b.parcel;
}
