import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { type Foundation, WORK_INDEX } from './foundation.ts';
import { Worker } from './worker.ts';

/** Books stock in, and gives it to the orders that wait for it. */
export class Inventory extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    hub.gateway
      .answers(this, 'inventory/receive-stock', {
        description: 'Books received stock in.',
        failureMeans: 'goods that have arrived cannot be booked in, so orders that wait for them go on waiting',
        timeout: Duration.seconds(10),
      })
      .knows(hub.clientLayer)
      .stores(hub.table);
    new Worker(this, 'inventory/fill-backorders', {
      description: 'Gives new stock to backordered orders, oldest first.',
      failureMeans: 'backordered orders wait although their goods are on the shelf',
      timeout: Duration.seconds(30),
      // The fewer take from one shelf at a time, the fewer have to try again.
      maxConcurrency: 2,
      receives: 10,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .searches(hub.table, WORK_INDEX)
      .hears('backorders', hub.topics.events, { type: ['stock.gained', 'order.backordered'] });
  }
}
