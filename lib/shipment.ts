import { Duration, TimeZone } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { metricAlarms } from './alarm.ts';
import { DeadLetters } from './dead-letters.ts';
import { FontLayer } from './font-layer.ts';
import { type Foundation, WORK_INDEX } from './foundation.ts';
import { type FunctionName, HubFunction } from './hub-function.ts';
import { Timetable } from './timetable.ts';
import { Worker, type WorkerProps } from './worker.ts';

/** What people at the packing table and at the dock ask of it. */
const ANSWERS = {
  'shipment/begin-packing': {
    description: 'Takes the word that somebody packs an order.',
    failureMeans: 'nobody sees who packs an order, and two may pack the same one',
    timeout: Duration.seconds(10),
  },
  'shipment/pack-order': {
    description: 'Takes the record of a packed parcel.',
    failureMeans: 'packed parcels cannot be recorded and get no label',
    timeout: Duration.seconds(10),
  },
  'shipment/settle-label': {
    description: 'Takes the word of a person on what was bought for a parcel.',
    failureMeans: 'labels that people buy by hand cannot be recorded, and their parcels wait',
    timeout: Duration.seconds(10),
  },
  'shipment/request-return': {
    description: 'Takes the wish of a customer to send goods back.',
    failureMeans: 'customers who send goods back get no label',
    timeout: Duration.seconds(10),
  },
  'shipment/recall-parcel': {
    description: 'Takes the decision to call a parcel back.',
    failureMeans: 'parcels that must not leave cannot be called back',
    timeout: Duration.seconds(10),
  },
  'shipment/hand-over-parcels': {
    description: 'Takes the record of parcels that a carrier took.',
    failureMeans: 'what a carrier took cannot be recorded, and counts as late though it left',
    timeout: Duration.seconds(20),
  },
};

/** Packs what is authorised, buys the labels, hands parcels over and calls them back. */
export class Shipment extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    this.answers(hub);
    if (hub.client.policies.packing === 'confirm') this.packWhole(hub);
    this.services(hub);
    this.labels(hub);
    this.papers(hub);
    this.nightly(hub);
  }

  private answers(hub: Foundation): void {
    for (const name of [
      'shipment/begin-packing',
      'shipment/pack-order',
      'shipment/recall-parcel',
      'shipment/hand-over-parcels',
      'shipment/settle-label',
      'shipment/request-return',
    ] as const) {
      hub.gateway.answers(this, name, ANSWERS[name]).knows(hub.clientLayer).stores(hub.table);
    }
  }

  private packWhole(hub: Foundation): void {
    new Worker(this, 'shipment/pack-parcels', {
      description: "Confirms authorised orders as packed whole, by the client's policy.",
      failureMeans: 'authorised orders are not packed and get no label',
      timeout: Duration.seconds(30),
      batchWindow: Duration.seconds(1),
      maxConcurrency: 10,
      receives: 10,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .hears('packing', hub.topics.events, { type: ['order.authorised'] });
  }

  private services(hub: Foundation): void {
    this.calling(
      hub,
      new Worker(this, 'shipment/select-service', {
        description: 'Chooses the carrier and the service of a packed parcel.',
        failureMeans: 'packed parcels are given to no carrier and get no label',
        timeout: Duration.seconds(60),
        batchSize: 5,
        maxConcurrency: 10,
        // All carriers that might take a parcel may be down for an hour.
        receives: 12,
      }),
    ).hears('services', hub.topics.events, { type: ['parcel.packed', 'return.requested'] });
  }

  private papers(hub: Foundation): void {
    new Worker(this, 'shipment/write-slip', {
      description: 'Writes the packing slip of a packed parcel.',
      failureMeans: 'parcels leave without a packing slip',
      timeout: Duration.seconds(30),
      // Setting a page is work for the processor alone.
      memory: 1024,
      batchSize: 5,
      maxConcurrency: 5,
      receives: 8,
    })
      .knows(hub.clientLayer)
      .sets(new FontLayer(this, 'Fonts'))
      .reads(hub.table)
      .puts(ENV.labelsBucket, hub.buckets.labels)
      .hears('slips', hub.topics.events, { type: ['parcel.packed'] });
    hub.gateway
      .answers(this, 'shipment/show-documents', {
        description: 'Gives out links to the papers of a parcel: label, packing slip and customs forms.',
        failureMeans: 'people at the packing table cannot print labels, packing slips and customs forms',
        timeout: Duration.seconds(10),
      })
      .knows(hub.clientLayer)
      .reads(hub.table)
      .fetches(ENV.labelsBucket, hub.buckets.labels);
  }

  private nightly(hub: Foundation): void {
    const unreconciled = new DeadLetters(this, 'Unreconciled', {
      failureMeans: 'labels that were charged and that no parcel needs are not found',
      runbook: 'shipment-reconcile-labels',
    });
    const unscored = new DeadLetters(this, 'Unscored', {
      failureMeans: 'services that are often late are chosen as if they were not',
      runbook: 'shipment-score-services',
    });
    const reconcileLabels = this.calling(
      hub,
      new HubFunction(this, 'shipment/reconcile-labels', {
        description: 'Compares the labels that carriers sold with ours, and voids those that nobody needs.',
        timeout: Duration.minutes(15),
        lost: unreconciled,
      }),
    ).searches(hub.table, WORK_INDEX);
    metricAlarms(reconcileLabels, { labelsDiffer: 'a carrier charges for labels that no parcel has, or another price than it had named' });
    const scoreServices = new HubFunction(this, 'shipment/score-services', {
      description: 'Counts how many parcels reached their customers when their carriers had said.',
      timeout: Duration.minutes(15),
      memory: 1024,
      lost: unscored,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .fetches(ENV.factsBucket, hub.buckets.facts);
    const timeZone = TimeZone.of(hub.client.timeZone);
    const night = (minute: string) => ScheduleExpression.cron({ hour: '3', minute, timeZone });
    new Timetable(this, 'Reconcile', { description: `Comparing the labels of ${hub.client.name}`, schedule: night('10'), calls: reconcileLabels, missed: unreconciled });
    new Timetable(this, 'Score', { description: `Scoring the services of ${hub.client.name}`, schedule: night('40'), calls: scoreServices, missed: unscored });
  }

  private labels(hub: Foundation): void {
    const buyLabel = this.dealing(hub, 'shipment/buy-label', {
      description: 'Buys the label of a packed parcel, once.',
      failureMeans: 'paid orders wait without a label',
      // Each wait for another's lease, look-up of a purchase and void of a label that was lost takes one.
      receives: 20,
    });
    const voidLabel = this.dealing(hub, 'shipment/void-label', {
      description: 'Voids the label of a parcel that was called back, and takes its units back in.',
      failureMeans: 'units of parcels that were called back are missing from stock, and their labels cost money',
      // A purchase that is under way is waited for: its lease of 90 s, and what the carrier takes to show it.
      receives: 12,
    });
    // A queue each, so that a carrier that is down holds up only its own parcels.
    for (const carrier of hub.client.carriers) {
      buyLabel.hears(`labels-${carrier.id}`, hub.topics.events, { type: ['parcel.assigned', 'return.assigned'], carrierId: [carrier.id] });
      voidLabel.hears(`recalls-${carrier.id}`, hub.topics.events, { type: ['parcel.recalled'], carrierId: [carrier.id] });
    }
  }

  /** A worker that deals with carriers about labels. */
  private dealing(hub: Foundation, name: FunctionName, props: Pick<WorkerProps, 'description' | 'failureMeans' | 'receives'>): Worker {
    return this.calling(hub, new Worker(this, name, { ...props, timeout: Duration.seconds(60), batchSize: 5, maxConcurrency: 5 })).puts(ENV.labelsBucket, hub.buckets.labels);
  }

  /** A function that calls carriers. */
  private calling<Fn extends HubFunction>(hub: Foundation, fn: Fn): Fn {
    fn.knows(hub.clientLayer).stores(hub.table).opens(hub.secrets, hub.secrets.carriers).isTold(ENV.publicUrl, hub.gateway.url);
    return fn;
  }
}
