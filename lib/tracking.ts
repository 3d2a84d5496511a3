import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { metricAlarms } from './alarm.ts';
import { DeadLetters } from './dead-letters.ts';
import { type Foundation, WORK_INDEX } from './foundation.ts';
import { HubFunction } from './hub-function.ts';
import { Timetable } from './timetable.ts';
import { Worker } from './worker.ts';

/** What the metrics of seeing to subscriptions mean when they are not nothing. */
const SUBSCRIPTIONS = {
  subscriptionLapsing: 'a carrier will not post to us any more, and parcels are only followed by asking for them',
};

/** Queues in which carriers are asked for parcels, by carrier connection. */
type Lookups = Readonly<Record<string, Queue>>;

/** Follows parcels by what carriers report. */
export class Tracking extends Construct {
  private readonly hub: Foundation;

  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    this.hub = hub;
    const applyUpdates = this.applies();
    const updates = applyUpdates.worksOff('updates');
    const lookups = this.looksUp(updates);
    applyUpdates.sendsEach(ENV.lookupsQueue, lookups);
    this.receives(updates);
    if (Object.keys(lookups).length > 0) this.polls(lookups);
    if (hub.carriersThat('subscribe').length > 0) this.renews();
  }

  private applies(): Worker {
    return new Worker(this, 'tracking/apply-updates', {
      description: "Applies carriers' updates to parcels.",
      failureMeans: 'parcels move and neither the hub nor the customer hears of it',
      timeout: Duration.seconds(20),
      // What many parcels need is read and written at once.
      batchSize: 50,
      batchWindow: Duration.seconds(1),
      maxConcurrency: 10,
      // A callback may come before our own note of the label, which a crash delays by the lease of 90 s: the growing pauses must outlast it.
      receives: 10,
    })
      .knows(this.hub.clientLayer)
      .stores(this.hub.table)
      .puts(ENV.deliveriesBucket, this.hub.buckets.deliveries);
  }

  private receives(updates: Queue): void {
    const { gateway, clientLayer, secrets } = this.hub;
    gateway
      .answers(this, 'tracking/receive-update', {
        description: "Verifies a carrier's update and queues it, untouched.",
        failureMeans: "carriers' updates are not taken in; carriers send them again for some hours, then stop",
        timeout: Duration.seconds(5),
        memory: 1024,
      })
      .knows(clientLayer)
      .opens(secrets, secrets.carriers)
      .sends(ENV.updatesQueue, updates);
    gateway
      .answers(this, 'tracking/report-scan', {
        description: 'Takes the word of a person on where a parcel is.',
        failureMeans: 'parcels of carriers that tell us nothing cannot be followed by hand',
        timeout: Duration.seconds(10),
      })
      .knows(clientLayer)
      .stores(this.hub.table);
    if (this.hub.carriersSigning('issued-token').length === 0) return;
    gateway
      .answers(this, 'tracking/issue-token', {
        description: 'Issues the token that a carrier puts on its updates.',
        failureMeans: 'a carrier gets no token, and cannot post its updates; parcels are only followed by asking for them',
        timeout: Duration.seconds(5),
        memory: 1024,
      })
      .knows(clientLayer)
      .opens(secrets, secrets.carriers);
  }

  private looksUp(updates: Queue): Lookups {
    const carriers = this.hub.carriersThat('track');
    if (carriers.length === 0) return {};
    const lookUpParcels = new Worker(this, 'tracking/look-up-parcels', {
      description: 'Asks carriers where parcels are.',
      failureMeans: 'parcels whose callbacks were lost, or prove nothing, are not followed',
      timeout: Duration.seconds(60),
      batchWindow: Duration.seconds(1),
      // A call each: all of them, and the waits for their turns, must fit into the time.
      batchSize: 4,
      // Carriers count our calls.
      maxConcurrency: 2,
      // One that must wait for its turn comes back; a carrier may take one call a minute.
      receives: 20,
    });
    this.calling(lookUpParcels).sends(ENV.updatesQueue, updates);
    // A queue each, so that a carrier that is slow or down holds up only its own parcels.
    return Object.fromEntries(carriers.map(({ id }) => [id, lookUpParcels.worksOff(`lookups-${id}`)]));
  }

  private polls(lookups: Lookups): void {
    const missed = new DeadLetters(this, 'Unpolled', { failureMeans: 'parcels whose callbacks were lost are not asked for', runbook: 'tracking-poll-updates' });
    const pollUpdates = new HubFunction(this, 'tracking/poll-updates', {
      description: 'Has carriers asked about parcels of which nothing was heard for long.',
      timeout: Duration.minutes(5),
      lost: missed,
    })
      .knows(this.hub.clientLayer)
      .stores(this.hub.table)
      .searches(this.hub.table, WORK_INDEX)
      .sendsEach(ENV.lookupsQueue, lookups);
    new Timetable(this, 'Poll', {
      description: `Asking after the silent parcels of ${this.hub.client.name}`,
      schedule: ScheduleExpression.rate(Duration.minutes(30)),
      within: Duration.minutes(10),
      calls: pollUpdates,
      missed,
    });
  }

  private renews(): void {
    const missed = new DeadLetters(this, 'Unrenewed', { failureMeans: 'nobody would notice that a carrier posts no more', runbook: 'tracking-renew-subscriptions' });
    const renewSubscriptions = this.calling(
      new HubFunction(this, 'tracking/renew-subscriptions', {
        description: 'Sees to it that carriers go on posting to us.',
        timeout: Duration.minutes(5),
        lost: missed,
      }),
    );
    metricAlarms(renewSubscriptions, SUBSCRIPTIONS);
    new Timetable(this, 'Renew', {
      description: `The subscriptions of ${this.hub.client.name} at its carriers`,
      schedule: ScheduleExpression.rate(Duration.hours(1)),
      within: Duration.minutes(10),
      calls: renewSubscriptions,
      missed,
    });
  }

  /** A function that calls carriers. */
  private calling<Fn extends HubFunction>(fn: Fn): Fn {
    const { clientLayer, table, secrets, gateway } = this.hub;
    fn.knows(clientLayer).stores(table).opens(secrets, secrets.carriers).isTold(ENV.publicUrl, gateway.url);
    return fn;
  }
}
