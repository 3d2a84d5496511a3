import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import type { Foundation } from './foundation.ts';
import { Worker } from './worker.ts';

const PACE = { timeout: Duration.seconds(30), batchWindow: Duration.seconds(2), maxConcurrency: 10, receives: 10 };

/** Tells customers how their orders fare, plants what to supply, and supply managers that a report is there. */
export class Notification extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    const notifyCustomer = new Worker(this, 'notification/notify-customer', {
      description: 'Tells a customer what happened to the order, once.',
      failureMeans: 'customers are not told how their orders fare',
      ...PACE,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .publishes(ENV.customersTopic, hub.topics.customers)
      .hears('customers', hub.topics.events, { type: ['order.accepted', 'order.backordered', 'parcel.dispatched', 'parcel.delayed', 'parcel.delivered'] });
    if (hub.client.notifications.customers === 'sms') notifyCustomer.textsPhones();

    new Worker(this, 'notification/notify-plant', {
      description: 'Asks a plant to supply what runs low, once.',
      failureMeans: 'plants are not asked for what runs low, and orders will be backordered',
      ...PACE,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .publishes(ENV.plantsTopic, hub.topics.plants)
      .hears('plants', hub.topics.events, { type: ['stock.low'] });

    new Worker(this, 'notification/notify-manager', {
      description: 'Tells the supply managers that a report is there, once, with links that open it.',
      failureMeans: 'supply managers are not told that their report is there',
      ...PACE,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .opens(hub.secrets, [hub.secrets.links])
      .fetches(ENV.reportsBucket, hub.buckets.reports)
      .publishes(ENV.reportsTopic, hub.topics.reports)
      .isTold(ENV.publicUrl, hub.gateway.url)
      .hears('managers', hub.topics.events, { type: ['report.written'] });
  }
}
