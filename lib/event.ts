import { Duration } from 'aws-cdk-lib';
import { FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Foundation } from './foundation.ts';
import { HubFunction } from './hub-function.ts';

/** Turns what changed in the table into events, a timeline and facts: whatever is written is also told. */
export class Event extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    const publishChanges = new HubFunction(this, 'event/publish-changes', {
      description: 'Publishes what changed in the table as events, timeline rows and facts.',
      timeout: Duration.seconds(30),
    })
      .appends(hub.table)
      .publishes(ENV.eventsTopic, hub.topics.events)
      .puts(ENV.factsBucket, hub.buckets.facts);
    const lost = new DeadLetters(publishChanges, 'DeadLetters', {
      failureMeans: 'changes of orders and stock are not passed on: labels, notices and reports wait',
      runbook: publishChanges.runbook,
    });
    publishChanges.follows(hub.table).function.addEventSourceMapping('Changes', {
      ...(hub.table.tableStreamArn && { eventSourceArn: hub.table.tableStreamArn }),
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      // Most of what is written tells nobody anything: documents, ledger entries, scans, notices and the timeline itself.
      filters: [FilterCriteria.filter({ dynamodb: { NewImage: { entity: { S: ['order', 'parcel', 'stock', 'supply', 'report'] } } } })],
      maxBatchingWindow: Duration.seconds(1),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      // Without a limit one bad record would hold its shard up until the stream forgets it.
      retryAttempts: 10,
      onFailure: new SqsDlq(lost),
    });
  }
}
