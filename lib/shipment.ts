import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import type { Foundation } from './foundation.ts';
import { Worker } from './worker.ts';

/** Packs what is authorised and buys the labels. */
export class Shipment extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    hub.gateway
      .answers(this, 'shipment/pack-order', {
        description: 'Takes the record of a packed parcel.',
        failureMeans: 'packed parcels cannot be recorded and get no label',
        timeout: Duration.seconds(10),
      })
      .knows(hub.clientLayer)
      .stores(hub.table);
    if (hub.client.policies.packing === 'confirm') this.packWhole(hub);
    this.buyLabels(hub);
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

  private buyLabels(hub: Foundation): void {
    const buyLabel = new Worker(this, 'shipment/buy-label', {
      description: 'Buys the label of a packed parcel, once.',
      failureMeans: 'paid orders wait without a label',
      timeout: Duration.seconds(60),
      batchSize: 5,
      maxConcurrency: 5,
      receives: 8,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .opens(hub.secrets, hub.secrets.carriers)
      .puts(ENV.labelsBucket, hub.buckets.labels);
    // A queue each, so that a carrier that is down holds up only its own parcels.
    for (const carrier of hub.client.carriers) {
      buyLabel.hears(`labels-${carrier.id}`, hub.topics.events, { type: ['parcel.packed'], carrierId: [carrier.id] });
    }
  }
}
