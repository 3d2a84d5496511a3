import { writeFacts } from '../../../adapters/aws/object-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { client, dayOfTrade } from '../../core/report-day.ts';
import { memoryBucket } from '../memory-bucket.ts';
import { hubOn } from '../world.ts';

/** When the report of the sample day is due. */
export const DUE = { report: 'daily', scheduledAt: new Date('2026-11-23T05:00:00.000Z') };

/** What happened on the sample day. */
export const EVENTS = dayOfTrade(30);

/** A reporter over the facts of the sample day, with every event in the lake twice, and what it writes. */
export async function openReporter(table: Table) {
  const facts = memoryBucket();
  const reports = memoryBucket();
  for (const size of [100, 250]) {
    for (let from = 0; from < EVENTS.length; from += size) await writeFacts(facts.bucket, EVENTS.slice(from, from + size), `${size}-${from}`);
  }
  const hub = hubOn(table, client);
  hub.pass((DUE.scheduledAt.getTime() - hub.now().getTime()) / 1000);
  return { hub, reporter: { ...hub, facts: facts.bucket, reports: reports.bucket }, objects: reports.objects, types: reports.types };
}
