import { Duration, TimeZone } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { DeadLetters } from './dead-letters.ts';
import { type Foundation, WORK_INDEX } from './foundation.ts';
import { HubFunction } from './hub-function.ts';
import { Timetable } from './timetable.ts';
import { Worker } from './worker.ts';

/** Books stock in, and gives it to the orders that wait for it. */
export class Inventory extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    hub.gateway
      .answers(this, 'inventory/book-stock', {
        description: 'Books what is received, moved, counted, returned and inspected.',
        failureMeans: 'goods that have arrived, moved or been counted cannot be booked, so stock is not what the hub believes and orders go on waiting',
        timeout: Duration.seconds(10),
      })
      .knows(hub.clientLayer)
      .stores(hub.table);
    new Worker(this, 'inventory/fill-backorders', {
      description: 'Gives new stock to the orders that wait for it, in their turn.',
      failureMeans: 'backordered orders wait although their goods are on the shelf',
      timeout: Duration.seconds(30),
      // The fewer take from one shelf at a time, the fewer have to try again.
      maxConcurrency: 2,
      receives: 10,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .clears(hub.table)
      .hears('backorders', hub.topics.events, { type: ['stock.gained', 'order.waiting'] });
    this.checks(hub);
  }

  private checks(hub: Foundation): void {
    const missed = new DeadLetters(this, 'Missed', {
      failureMeans: 'nobody would notice stock counters that are wrong, and expired lots stay on sale',
      runbook: 'inventory-check-stock',
    });
    const checkStock = new HubFunction(this, 'inventory/check-stock', {
      description: 'Compares the stock counters with their ledger and the orders, and takes expired lots off sale.',
      timeout: Duration.minutes(15),
      memory: 1024,
      lost: missed,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .searches(hub.table, WORK_INDEX);
    new Timetable(this, 'Nightly', {
      description: `The nightly stock check of ${hub.client.name}`,
      schedule: ScheduleExpression.cron({ hour: '2', minute: '30', timeZone: TimeZone.of(hub.client.timeZone) }),
      calls: checkStock,
      missed,
    });
  }
}
