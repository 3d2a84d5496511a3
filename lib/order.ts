import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Foundation } from './foundation.ts';
import type { Storefront } from './storefront.ts';
import { Worker } from './worker.ts';

const ANSWER_WITHIN = Duration.seconds(10);

/** Takes orders in, and lets people see, correct, release and authorise them. */
export class Order extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation, storefront: Storefront) {
    super(scope, id);
    const acceptOrders = new Worker(this, 'order/accept-orders', {
      description: 'Turns deliveries into orders, checks them and reserves their stock.',
      failureMeans: 'paid orders have reached us and are not in the hub',
      timeout: Duration.seconds(30),
      memory: 1024,
      batchSize: 100,
      batchWindow: Duration.seconds(1),
      // More would only contend for the same stock counters.
      maxConcurrency: 4,
      receives: 5,
    })
      .knows(hub.clientLayer)
      .stores(hub.table);
    storefront.deliversTo(acceptOrders.worksOff('inbox'));

    hub.gateway
      .answers(this, 'order/show-order', { description: 'Shows an order.', failureMeans: 'people cannot see orders', timeout: ANSWER_WITHIN })
      .knows(hub.clientLayer)
      .reads(hub.table);
    hub.gateway
      .answers(this, 'order/correct-address', {
        description: "Corrects an order's address.",
        failureMeans: 'orders with a bad address cannot be mended and stay held',
        timeout: ANSWER_WITHIN,
      })
      .knows(hub.clientLayer)
      .stores(hub.table);
    hub.gateway
      .answers(this, 'order/release-hold', { description: 'Releases a hold.', failureMeans: 'held orders stay held', timeout: ANSWER_WITHIN })
      .knows(hub.clientLayer)
      .stores(hub.table);
    hub.gateway
      .answers(this, 'order/authorise-order', {
        description: 'Authorises an order to be packed.',
        failureMeans: 'orders that wait for a person cannot be authorised and are not packed',
        timeout: ANSWER_WITHIN,
      })
      .knows(hub.clientLayer)
      .stores(hub.table);
  }
}
