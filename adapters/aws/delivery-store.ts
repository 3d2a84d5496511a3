import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { Unavailable } from '../../core/error.ts';
import { type Delivery, VIAS } from '../delivery.ts';
import type { Bucket } from './object-store.ts';

/** What the name of an archive object says. */
export interface ArchiveObject {
  readonly connectionId: string;
  /** UTC instant at which the first of its deliveries was received. */
  readonly receivedAt: string;
  /** Deliveries in it that were posted to us; those that we fetched or read ourselves say nothing of whether a storefront still posts. */
  readonly posted: number;
}

/** Where the deliveries of a connection that came on a UTC day are kept. */
export function archivePrefix(connectionId: string, day: string): string {
  return `connection=${encodeURIComponent(connectionId)}/day=${day}/`;
}

const OBJECT = /^connection=([^/]+)\/day=[\d-]{10}\/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)-(\d+)-[\w-]+\.ndjson\.gz$/;

/** Reads the name of an archive object; undefined when it is none. */
export function readArchiveName(name: string): ArchiveObject | undefined {
  const [, connectionId, receivedAt, posted] = OBJECT.exec(name) ?? [];
  return connectionId === undefined || receivedAt === undefined ? undefined : { connectionId: decodeURIComponent(connectionId), receivedAt, posted: Number(posted) };
}

/** A delivery with the id of the message that brought it. */
export interface Arrived {
  readonly id: string;
  readonly message: Delivery;
}

/**
 * Keeps deliveries as they came: one object of compressed lines for each connection and UTC day of a batch. The same batch again replaces its
 * objects. docs/decisions/0010
 * @throws Unavailable `archive.unavailable`
 */
export async function archiveDeliveries(bucket: Pick<Bucket, 'put'>, batch: readonly Arrived[]): Promise<void> {
  const groups = Map.groupBy(batch, ({ message }) => archivePrefix(message.connectionId, message.receivedAt.slice(0, 10)));
  try {
    await Promise.all(
      [...groups].map(async ([prefix, group]) => {
        const lines = gzipSync(group.map(({ message }) => lineOf(message)).join(''));
        await bucket.put(`${prefix}${nameOf(group)}.ndjson.gz`, lines, 'application/x-ndjson');
      }),
    );
  } catch (cause) {
    throw new Unavailable('archive.unavailable', `${batch.length} deliveries could not be kept; they are taken from the queue again.`, { cause });
  }
}

function nameOf(group: readonly Arrived[]): string {
  const [first = ''] = group.map(({ message }) => message.receivedAt).sort();
  const posted = group.filter(({ message: { via = 'webhook' } }) => via === 'webhook').length;
  const ids = group.map(({ id }) => id).sort();
  return `${first}-${posted}-${createHash('sha256').update(ids.join('\n')).digest('base64url').slice(0, 16)}`;
}

/** A body is kept as text where that is the same bytes, so that it compresses well and people can read it. */
function lineOf({ body, ...delivery }: Delivery): string {
  const text = body.toString('utf8');
  const kept = Buffer.from(text).equals(body) ? { body: text } : { base64: body.toString('base64') };
  return `${JSON.stringify({ ...delivery, ...kept })}\n`;
}

const Line = z.object({
  connectionId: z.string(),
  receivedAt: z.iso.datetime(),
  via: z.enum(VIAS).default('webhook'),
  absent: z.array(z.string()).exactOptional(),
  headers: z.record(z.string(), z.string()),
  body: z.string().exactOptional(),
  base64: z.base64().exactOptional(),
});

/** An object of the archive, or a line of one, that cannot be read. */
export interface Damage {
  readonly object: string;
  readonly why: string;
}

/** Which deliveries are read back. */
export interface ArchiveRange {
  readonly connectionId: string;
  /** UTC instants; `until` is not in it. */
  readonly since: string;
  readonly until: string;
}

/**
 * Reads back what came by a connection, day by day, in the order of the objects' names; repeats included.
 * @param damaged hears of every object and line that cannot be read: the rest is read all the same
 */
export async function* readDeliveries(bucket: Pick<Bucket, 'list' | 'get'>, range: ArchiveRange, damaged: (damage: Damage) => void): AsyncGenerator<Delivery> {
  for (let day = Date.parse(range.since.slice(0, 10)); day < Date.parse(range.until); day += 86_400_000) {
    for await (const object of bucket.list(archivePrefix(range.connectionId, new Date(day).toISOString().slice(0, 10)))) {
      for (const line of linesOf(await bucket.get(object), object, damaged)) {
        const delivery = deliveryOf(line, object, damaged);
        if (delivery !== undefined && delivery.receivedAt >= range.since && delivery.receivedAt < range.until) yield delivery;
      }
    }
  }
}

function linesOf(bytes: Uint8Array, object: string, damaged: (damage: Damage) => void): string[] {
  try {
    return gunzipSync(bytes)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (cause) {
    damaged({ object, why: `it is not whole, or no archive of ours (${cause instanceof Error ? cause.message : 'not gzip'})` });
    return [];
  }
}

function deliveryOf(line: string, object: string, damaged: (damage: Damage) => void): Delivery | undefined {
  try {
    const { body = '', base64, ...delivery } = Line.parse(JSON.parse(line));
    return { ...delivery, body: base64 === undefined ? Buffer.from(body) : Buffer.from(base64, 'base64') };
  } catch {
    // Neither a syntax error nor a schema's may quote the line: it holds what a customer wrote.
    damaged({ object, why: 'a line of it is no delivery' });
    return undefined;
  }
}

/** What two deliveries of the same content have in common. */
export function contentDigestOf({ body, headers, via = 'webhook', absent = [] }: Delivery): string {
  const named = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([via, absent, named]))
    .update(body)
    .digest('base64url')
    .slice(0, 22);
}
