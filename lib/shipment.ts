import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import type { Foundation } from './foundation.ts';
import type { FunctionName } from './hub-function.ts';
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
    this.labels(hub);
  }

  private answers(hub: Foundation): void {
    for (const name of ['shipment/begin-packing', 'shipment/pack-order', 'shipment/recall-parcel', 'shipment/hand-over-parcels'] as const) {
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

  private labels(hub: Foundation): void {
    const buyLabel = this.dealing(hub, 'shipment/buy-label', {
      description: 'Buys the label of a packed parcel, once.',
      failureMeans: 'paid orders wait without a label',
      receives: 8,
    });
    const voidLabel = this.dealing(hub, 'shipment/void-label', {
      description: 'Voids the label of a parcel that was called back, and takes its units back in.',
      failureMeans: 'units of parcels that were called back are missing from stock, and their labels cost money',
      // A purchase that is under way is waited for: its lease of 90 s, and what the carrier takes to show it.
      receives: 12,
    });
    // A queue each, so that a carrier that is down holds up only its own parcels.
    for (const carrier of hub.client.carriers) {
      buyLabel.hears(`labels-${carrier.id}`, hub.topics.events, { type: ['parcel.packed'], carrierId: [carrier.id] });
      voidLabel.hears(`recalls-${carrier.id}`, hub.topics.events, { type: ['parcel.recalled'], carrierId: [carrier.id] });
    }
  }

  /** A worker that deals with carriers about labels. */
  private dealing(hub: Foundation, name: FunctionName, props: Pick<WorkerProps, 'description' | 'failureMeans' | 'receives'>): Worker {
    return new Worker(this, name, { ...props, timeout: Duration.seconds(60), batchSize: 5, maxConcurrency: 5 })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .opens(hub.secrets, hub.secrets.carriers)
      .puts(ENV.labelsBucket, hub.buckets.labels);
  }
}
